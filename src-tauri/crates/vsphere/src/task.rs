use std::time::Duration;

use kuramori_base::{CancelToken, Cancelled};

use crate::client::{Client, cancellable};
use crate::error::VsphereError;
use crate::fault::Fault;
use crate::refs::{MoRef, VmRef};
use crate::xml::Node;

/// Removing a large snapshot takes hours; nothing takes a day.
const LONGEST: Duration = Duration::from_hours(24);
/// How long a cancelled task may take to notice.
const GRACE: Duration = Duration::from_mins(1);
/// Most tasks of a small VM take a few hundredths of a second.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

const PATHS: &[&str] = &["info.state", "info.progress", "info.result", "info.error"];

/// Receives the progress of a task in percent.
pub type OnPercent<'a> = &'a (dyn Fn(u8) + Send + Sync);

impl Client {
    /// Returns whether the server is at work on a VM, or is about to be. A VM that is gone has
    /// none.
    ///
    /// # Errors
    /// As every call.
    pub async fn has_running_task(&self, vm: &VmRef) -> Result<bool, VsphereError> {
        const ACTION: &str = "look whether the server is at work on a VM";
        let found = match self.properties(ACTION, &vm.mo(), &["recentTask"]).await {
            Err(VsphereError::NotFound { .. }) => return Ok(false),
            answer => answer?,
        };
        for task in found.mos("recentTask") {
            let state = match self.properties(ACTION, &task, &["info.state"]).await {
                // The server has forgotten it, as it does with old ones.
                Err(VsphereError::NotFound { .. }) => continue,
                answer => answer?,
            };
            if matches!(state.text("info.state"), Some("queued" | "running")) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Waits for the task a call returned, and gives back its result.
    ///
    /// # Cancellation
    /// The task is asked to stop. One that ends well nevertheless counts as done, so that nothing
    /// it made gets lost; one that does not end within a minute is left to itself.
    pub(crate) async fn finish_task(
        &self,
        action: &str,
        reply: &Node,
        on_percent: OnPercent<'_>,
        cancel: &CancelToken,
    ) -> Result<Option<Node>, VsphereError> {
        let task =
            reply.mo_at("returnval").ok_or_else(|| VsphereError::missing(action, "a task"))?;
        let waited = self.poll(action, &task, on_percent);
        match cancellable(cancel, tokio::time::timeout(LONGEST, waited)).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(VsphereError::TimedOut { action: action.to_owned(), after: LONGEST }),
            Err(Cancelled) => self.stop(action, &task).await,
        }
    }

    async fn stop(&self, action: &str, task: &MoRef) -> Result<Option<Node>, VsphereError> {
        if let Err(error) = self.change("cancel a task", "CancelTask", task, |_| {}).await {
            tracing::debug!(%error, %task, "the task could not be cancelled");
        }
        match tokio::time::timeout(GRACE, self.poll(action, task, &|_| {})).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => {
                tracing::debug!(%error, %task, "the cancelled task ended");
                Err(Cancelled.into())
            }
            Err(_) => Err(Cancelled.into()),
        }
    }

    /// Polling needs nothing on the server, so it outlives a lost session.
    async fn poll(
        &self,
        action: &str,
        task: &MoRef,
        on_percent: OnPercent<'_>,
    ) -> Result<Option<Node>, VsphereError> {
        let mut pause = FIRST_PAUSE;
        let mut shown = None;
        loop {
            let info = self.properties(action, task, PATHS).await?;
            match info.text("info.state") {
                Some("success") => return Ok(info.get("info.result").cloned()),
                Some("error") => {
                    let fault = info.get("info.error").map(Fault::from_localized);
                    let fault = fault.unwrap_or_else(|| Fault::of("MethodFault"));
                    return Err(VsphereError::from_fault(action, fault, true));
                }
                Some("queued" | "running") => {}
                _ => return Err(VsphereError::missing(action, "the state of its task")),
            }
            let percent = info.number::<u8>("info.progress").map(|p| p.min(100));
            if percent.is_some() && percent != shown {
                shown = percent;
                on_percent(percent.unwrap_or(0));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }
}
