//! One disk on the VM of this computer, from the promise to the end.

use std::time::Duration;

use kuramori_jobs::IntentId;
use kuramori_vsphere::{DiskConfig, Sight, VmSummary, VsphereError};

use super::promise::{BUSY, Ended, Promise, TAG};
use super::{Device, appear, berth, failed, find, refused};
use crate::backup::{VmBackup, Warnings, causes};
use crate::disk::{WayError, Work};
use crate::error::EngineError;
use crate::guards::{pause, pause_for};
use crate::observer::Step;
use crate::report::RunEvent;

/// Between two looks whether it is this run's turn.
const LOOK: Duration = Duration::from_millis(100);

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

/// Why a disk was not attached just now.
enum NotYet {
    /// Others change the VM of this computer.
    Busy(VsphereError),
    Failed(WayError),
}

impl From<WayError> for NotYet {
    fn from(error: WayError) -> Self {
        Self::Failed(error)
    }
}

/// Sees to it that an attached disk is detached again.
pub(super) struct Visit<'a> {
    job: &'a VmBackup<'a>,
    own: VmSummary,
    promised: Option<(IntentId, Promise)>,
    asked: Asked,
}

impl<'a> Visit<'a> {
    pub(super) fn new(job: &'a VmBackup<'a>, own: VmSummary) -> Self {
        Self { job, own, promised: None, asked: Asked::No }
    }

    /// Attaches the disk and opens it. Waits for others who change the VM of this computer, and for
    /// other runs: from the look that nothing like it is here until it is open and seen to be the
    /// only one, no other run attaches any. So no disk is ever taken for another one.
    pub(super) fn attach(
        &mut self,
        work: &Work<'_>,
        disk: &DiskConfig,
    ) -> Result<Device, WayError> {
        let (job, mut waited) = (self.job, Duration::ZERO);
        loop {
            let attempt = {
                let _turn = loop {
                    if let Some(turn) = job.hot_add.try_turn() {
                        break turn;
                    }
                    pause_for(job, LOOK).map_err(WayError::Fatal)?;
                };
                self.attempt(work, disk)
            };
            match attempt {
                Ok(device) => return Ok(device),
                Err(NotYet::Failed(error)) => return Err(error),
                Err(NotYet::Busy(error)) => {
                    waited += job.policy.pause;
                    if waited > job.policy.task_patience {
                        return Err(failed(&error));
                    }
                }
            }
            pause(job).map_err(WayError::Fatal)?;
        }
    }

    fn attempt(&mut self, work: &Work<'_>, disk: &DiskConfig) -> Result<Device, NotYet> {
        let job = self.job;
        if find(job, disk)?.is_some() {
            return Err(refused("this computer has a disk of the same UUID already").into());
        }
        let berth = berth(work, &self.own, disk)?;
        let promise = Promise::new(job, &self.own, disk, &berth);
        self.promise(promise).map_err(WayError::Fatal)?;
        job.observer.step(Step::BeforeAttach);
        self.asked = Asked::Unknown;
        let attached = job.client.attach_frozen(&self.own.reference, disk, &berth);
        if let Err(failure) = job.wait(attached) {
            if failure.settled {
                self.asked = Asked::No;
            }
            let busy = failure.settled && is_busy(&failure.error);
            if busy {
                return Err(NotYet::Busy(failure.error));
            }
            return Err(failed(&failure.error).into());
        }
        self.asked = Asked::Attached;
        job.observer.step(Step::Attached);
        let device = appear(job, disk, berth.place().unit)?;
        self.is_alone()?;
        Ok(device)
    }

    /// Makes the promise durable. The disk may be attached only after this returned. One of an
    /// attempt that certainly came to nothing is forgotten.
    fn promise(&mut self, promise: Promise) -> Result<(), EngineError> {
        let job = self.job;
        if let Some((before, _)) = self.promised.take() {
            job.log.clear_intent(before)?;
        }
        let intent = IntentId::random();
        let payload = serde_json::to_value(&promise).map_err(EngineError::Config)?;
        job.log.add_intent(intent, job.run, TAG, &payload)?;
        self.promised = Some((intent, promise));
        Ok(())
    }

    /// Makes sure, once a disk is open here, that it can be no other: the server shows ours at the
    /// place that was meant, and none that resembles it.
    fn is_alone(&self) -> Result<(), WayError> {
        let visit = self.promised.as_ref().and_then(|(_, promise)| promise.visit());
        let visit = visit.ok_or_else(|| refused("its file has no path"))?;
        let seen = self.job.wait(self.job.client.look_for(&self.own.reference, &visit));
        match seen.map_err(|e| failed(&e))? {
            Sight::Here { alone: true } => Ok(()),
            Sight::Here { alone: false } => {
                Err(refused("another disk of the same UUID came to this computer meanwhile"))
            }
            Sight::NotThere { .. } => Err(refused("the server shows it attached no more")),
            Sight::Doubtful(file) => Err(refused(&format!("the server shows “{file}” instead"))),
        }
    }

    /// Detaches the disk and forgets the intent. A failure is a visible warning, and the intent
    /// stays. Never cancelled: a disk that stays keeps the snapshot from being removed.
    pub(super) fn end(mut self, warnings: &mut Warnings<'_>) {
        let Some((intent, promise)) = self.promised.take() else { return };
        let reason = match self.detached(&promise) {
            Ok(Ended::Gone) if self.asked == Asked::Attached => {
                Some("somebody else detached it, or the server shows it no more".to_owned())
            }
            // Trying the clean-up once more at the next start does no harm.
            Ok(Ended::Detached | Ended::Gone) => {
                self.job.log.clear_intent(intent).err().map(|e| causes(&e))
            }
            // What was never attached is not what resembles it.
            Ok(Ended::Unknown(_)) if self.asked == Asked::No => {
                self.job.log.clear_intent(intent).err().map(|e| causes(&e))
            }
            Ok(Ended::Unknown(why)) => Some(why),
            Ok(Ended::Busy) => Some(BUSY.to_owned()),
            Ok(Ended::Taken) => Some("another run has the VM".to_owned()),
            Err(error) => Some(causes(&error)),
        };
        if let Some(reason) = reason {
            warnings.warn(RunEvent::StillAttached { reason });
        }
    }

    /// Tries for as long as others change the VM of this computer. Other runs have their turns
    /// between two tries.
    fn detached(&self, promise: &Promise) -> Result<Ended, VsphereError> {
        let (job, mut waited) = (self.job, Duration::ZERO);
        loop {
            let ended = {
                let _turn = job.hot_add.turn();
                let refused = self.asked == Asked::No;
                job.wait(promise.end(job.client, (refused, false), Duration::ZERO, &|| true))
            };
            let again = match &ended {
                Ok(Ended::Busy) => true,
                Ok(_) => false,
                Err(error) => is_busy(error),
            };
            if !again || waited >= job.policy.task_patience {
                return ended;
            }
            std::thread::sleep(job.policy.pause);
            waited += job.policy.pause;
        }
    }
}

/// Whether trying again may help: somebody else is changing the VM just now.
fn is_busy(error: &VsphereError) -> bool {
    error.fault().is_some_and(|f| f.is("ConcurrentAccess") || f.is("TaskInProgress"))
}
