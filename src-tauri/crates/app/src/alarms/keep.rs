//! Looking after each run, every hour, and at the minute at which a VM becomes late.

use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;

use crate::app::App;
use crate::dto::{RunStateView, Topic};

/// How often it is looked at least.
const EVERY: Duration = Duration::from_hours(1);
/// How often at most for the sake of a deadline.
const SOONEST: Duration = Duration::from_secs(5);

impl App {
    /// Raises and ends alarms for as long as the program lives.
    pub(crate) async fn keep_alarms(&self) {
        let mut events = self.subscribe();
        loop {
            let next = self.blocking(super::look).await.unwrap_or_else(|error| {
                tracing::error!(%error, causes = ?error.causes, "the alarms could not be looked at");
                None
            });
            let until = next.and_then(|next| (next - self.inner.clock.now()).to_std().ok());
            let wait = until.map_or(EVERY, |until| until.clamp(SOONEST, EVERY));
            let run_ended = async {
                loop {
                    let event = match events.recv().await {
                        Ok(event) => event,
                        // What came meanwhile is seen at the next look.
                        Err(RecvError::Lagged(_)) => continue,
                        Err(RecvError::Closed) => std::future::pending().await,
                    };
                    let state = event.run.map(|run| run.summary.state);
                    let ended = matches!(
                        state,
                        Some(RunStateView::Done | RunStateView::Interrupted | RunStateView::Paused)
                    );
                    if event.topic == Topic::Run && ended {
                        break;
                    }
                }
            };
            // Whichever is first; an event missed is made good for by the next look.
            drop(tokio::time::timeout(wait, run_ended).await);
        }
    }
}
