//! A disk that hangs on the VM of this computer: the intent before, the detaching after, and what a
//! crash left hanging.
//!
//! A disk is ours if and only if an intent names its file and its UUID, and it keeps no writes.
//! Nothing else is ever detached.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kuramori_base::Clock;
use kuramori_jobs::{IntentId, RunLog};
use kuramori_vsphere::{Client, DiskConfig, DiskMode, VmRef, VsphereError};
use serde::{Deserialize, Serialize};

use super::{is_busy, is_settled};
use crate::backup::{VmBackup, Warnings, causes};
use crate::disk::WayError;
use crate::error::EngineError;
use crate::guards::pause;
use crate::report::RunEvent;

/// Marks these intents in the run log.
pub(crate) const TAG: &str = "hot-add";
/// After this long no task of a process that is gone can still attach a disk.
const SETTLED: TimeDelta = TimeDelta::hours(1);
/// How long the clean-up waits for others who change the VM of this computer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether no run has taken the VM whose disk it is.
type Free<'a> = &'a (dyn Fn() -> bool + Sync);

/// What an intent records: a disk of a VM may hang on ours.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Promise {
    pub(crate) server_id: String,
    /// Whose disk it is.
    pub(crate) vm: VmRef,
    /// The VM of this computer.
    own: VmRef,
    /// The frozen link.
    file: String,
    uuid: String,
}

impl Promise {
    fn is_about(&self, disk: &DiskConfig) -> bool {
        let mut links = disk.backing.file.iter().chain(&disk.backing.parents);
        disk.mode == DiskMode::IndependentNonpersistent
            && disk.uuid.as_ref().is_some_and(|uuid| uuid.eq_ignore_ascii_case(&self.uuid))
            && links.any(|link| link.to_string() == self.file)
    }

    /// Detaches the disk if it hangs there. Returns whether it did.
    async fn detach(
        &self,
        client: &Client,
        patience: Duration,
        free: Free<'_>,
    ) -> Result<bool, VsphereError> {
        let is_ours = |disk: &DiskConfig| self.is_about(disk) && free();
        let detached = client.detach(&self.own, is_ours, patience).await?;
        Ok(detached > 0)
    }
}

/// Where a disk stands between the promise and its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// It certainly does not hang there.
    No,
    /// It may, or may soon.
    Unknown,
    /// It does.
    Attached,
}

/// Sees to it that an attached disk is detached again.
pub(super) struct Visit<'a> {
    job: &'a VmBackup<'a>,
    intent: IntentId,
    promise: Promise,
    asked: Asked,
}

impl<'a> Visit<'a> {
    /// Makes the promise durable. The disk may be attached only after this returned.
    pub(super) fn promise(
        job: &'a VmBackup<'a>,
        own: &VmRef,
        disk: &DiskConfig,
    ) -> Result<Self, EngineError> {
        let promise = Promise {
            server_id: job.server_id.to_owned(),
            vm: job.vm.clone(),
            own: own.clone(),
            file: disk.backing.file.as_ref().map(ToString::to_string).unwrap_or_default(),
            uuid: disk.uuid.clone().unwrap_or_default(),
        };
        let intent = IntentId::random();
        let payload = serde_json::to_value(&promise).map_err(EngineError::Config)?;
        job.log.add_intent(intent, job.run, TAG, &payload)?;
        Ok(Self { job, intent, promise, asked: Asked::No })
    }

    /// Attaches the disk. Waits for others who change the VM of this computer.
    pub(super) fn attach(&mut self, disk: &DiskConfig) -> Result<(), WayError> {
        let (job, mut waited) = (self.job, Duration::ZERO);
        loop {
            self.asked = Asked::Unknown;
            let attached = {
                let _turn = job.hot_add.turn();
                job.wait(job.client.attach_frozen(&self.promise.own, disk))
            };
            let error = match attached {
                Ok(()) => {
                    self.asked = Asked::Attached;
                    return Ok(());
                }
                Err(error) => error,
            };
            if is_settled(&error) {
                self.asked = Asked::No;
            }
            waited += job.policy.pause;
            if !is_busy(&error) || waited > job.policy.task_patience {
                return Err(WayError::Refused(causes(&error)));
            }
            pause(job).map_err(WayError::Fatal)?;
        }
    }

    /// Detaches the disk and forgets the intent. A failure is a visible warning, and the intent
    /// stays. Never cancelled: a disk that stays keeps the snapshot from being removed.
    pub(super) fn end(self, warnings: &mut Warnings<'_>) {
        let job = self.job;
        let detached = {
            let _turn = job.hot_add.turn();
            job.wait(self.promise.detach(job.client, job.policy.task_patience, &|| true))
        };
        let reason = match detached {
            // The server may still be at work on it, so it is looked at again later.
            Ok(false) if self.asked == Asked::Unknown => return,
            // Trying the clean-up once more at the next start does no harm.
            Ok(_) => job.log.clear_intent(self.intent).err().map(|e| causes(&e)),
            Err(error) => Some(causes(&error)),
        };
        if let Some(reason) = reason {
            warnings.warn(RunEvent::StillAttached { reason });
        }
    }
}

/// Detaches a disk that a run cut off by a crash left attached, then forgets the intent. Returns
/// whether it hung there. While the intent is young, it may still be about to.
///
/// `free` is asked right before: a run that has taken the VM meanwhile may have attached the same
/// disk once more, and clears up itself.
pub(crate) async fn recover(
    client: &Client,
    log: &RunLog,
    (intent, made_at, promise): (IntentId, DateTime<Utc>, &Promise),
    clock: &dyn Clock,
    free: Free<'_>,
) -> Result<bool, EngineError> {
    let detached = promise.detach(client, PATIENCE, free).await.map_err(EngineError::Detach)?;
    if !detached && !free() {
        return Ok(false);
    }
    if detached || clock.now() - made_at > SETTLED {
        log.clear_intent(intent)?;
    }
    Ok(detached)
}

/// Returns whether a disk of the VM to back up only visits it, because it is the VM of this computer
/// and another run reads the disk there.
pub(crate) fn only_visits(job: &VmBackup<'_>, disk: &DiskConfig) -> Result<bool, EngineError> {
    for intent in job.log.intents()?.into_iter().filter(|intent| intent.tag == TAG) {
        let promise: Promise =
            serde_json::from_value(intent.payload).map_err(EngineError::Config)?;
        let here = promise.server_id == job.server_id && promise.own == *job.vm;
        if here && promise.is_about(disk) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Detaches whatever disks of a VM hang on the VM of this computer by our doing. Its snapshot may be
/// removed only after this returned: a link that somebody reads is not merged.
pub(crate) async fn detach_all(
    client: &Client,
    log: &RunLog,
    (server_id, vm): (&str, &VmRef),
    clock: &dyn Clock,
    free: Free<'_>,
) -> Result<usize, EngineError> {
    let mut detached = 0;
    for intent in log.intents()?.into_iter().filter(|intent| intent.tag == TAG) {
        let promise: Promise =
            serde_json::from_value(intent.payload).map_err(EngineError::Config)?;
        if promise.server_id == server_id && promise.vm == *vm {
            let of = (intent.id, intent.made_at, &promise);
            let did = recover(client, log, of, clock, free).await?;
            detached += usize::from(did);
        }
    }
    Ok(detached)
}
