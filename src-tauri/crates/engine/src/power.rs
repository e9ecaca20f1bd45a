//! Guests that were shut down for a copy: the intent before, being switched on afterwards, and
//! what a crash left off.

use std::time::Duration;

use chrono::TimeDelta;
use kuramori_base::Clock;
use kuramori_jobs::{IntentId, RunLog};
use kuramori_vsphere::{Client, PowerState, VsphereError};

use crate::backup::{VmBackup, Warnings, causes};
use crate::error::EngineError;
use crate::policy::Cold;
use crate::report::RunEvent;
use crate::snapshot::{Intent, OpenIntent};

/// Marks these intents in the run log.
pub(crate) const TAG: &str = "switch-on";
/// After this long no guest that was asked to shut down is still about to. What switches its VM
/// off later is somebody else.
const SETTLED: TimeDelta = TimeDelta::minutes(30);
/// How long a guest that is shutting down is waited for once nobody needs it off any more.
const LINGER: Duration = Duration::from_mins(2);
/// How often it is looked at meanwhile whether it is off.
const STEP: Duration = Duration::from_secs(1);

/// Sees to it that a VM that was shut down runs again.
pub(crate) struct PowerGuard<'a> {
    job: &'a VmBackup<'a>,
    cold: Cold,
    /// The intent, once it is written.
    intent: Option<IntentId>,
    /// Whether the guest may be shutting down, or has.
    asked: bool,
    /// Whether the VM was seen off since.
    off: bool,
}

/// What became of a VM that was to be switched on again.
enum Again {
    /// It was off and was switched on.
    SwitchedOn,
    /// It had been off, and somebody else switched it on.
    ByOthers,
    /// It never went off, and may still.
    NeverOff,
}

impl<'a> PowerGuard<'a> {
    pub(crate) fn new(job: &'a VmBackup<'a>, cold: Cold) -> Self {
        Self { job, cold, intent: None, asked: false, off: false }
    }

    /// Makes the promise durable. The guest may be shut down only after this returned.
    pub(crate) fn write_intent(&mut self) -> Result<(), EngineError> {
        let id = IntentId::random();
        let intent = Intent { server_id: self.job.server_id.to_owned(), vm: self.job.vm.clone() };
        let payload = serde_json::to_value(intent).map_err(EngineError::Config)?;
        self.job.log.add_intent(id, self.job.run, TAG, &payload)?;
        self.intent = Some(id);
        Ok(())
    }

    /// Asks the guest to shut down.
    pub(crate) fn shut_down(&mut self) -> Result<(), EngineError> {
        let asked = self.job.wait(self.job.client.shut_down_guest(self.job.vm));
        // After anything but a plain refusal the guest may go down nevertheless.
        let refused = |error: &VsphereError| {
            error.fault().is_some() || matches!(error, VsphereError::RestrictedVersion { .. })
        };
        self.asked = !asked.as_ref().is_err_and(refused);
        asked.map_err(EngineError::ShutDown)
    }

    /// Remembers that the guest did shut down: whoever runs the VM from now on wants it to run.
    pub(crate) fn is_off(&mut self) {
        self.off = true;
    }

    /// Switches the VM on again and forgets the intent. A failure is a visible warning, and the
    /// intent stays.
    pub(crate) fn release(self, warnings: &mut Warnings<'_>) {
        let Some(intent) = self.intent else { return };
        if !self.asked {
            return forget(self.job, intent, warnings);
        }
        match self.switch_on() {
            Ok(Again::SwitchedOn) => {
                warnings.good(RunEvent::SwitchedOn);
                forget(self.job, intent, warnings);
            }
            // What is promised is kept. Were it kept in mind, the next time that somebody shuts
            // the VM down would be undone.
            Ok(Again::ByOthers) => forget(self.job, intent, warnings),
            Ok(Again::NeverOff) => {}
            Err(e) => warnings.warn(RunEvent::NotSwitchedOn { reason: causes(&e) }),
        }
    }

    /// Never cancelled: a VM that stays off is worse than a wait.
    fn switch_on(&self) -> Result<Again, VsphereError> {
        let (client, vm) = (self.job.client, self.job.vm);
        let mut left = LINGER.min(self.cold.patience);
        loop {
            if self.job.wait(client.power(vm))?.power != PowerState::On {
                return self.job.wait(client.power_on(vm)).map(|()| Again::SwitchedOn);
            }
            if self.off {
                return Ok(Again::ByOthers);
            }
            if left.is_zero() {
                return Ok(Again::NeverOff);
            }
            let step = STEP.min(left);
            std::thread::sleep(step);
            left = left.saturating_sub(step);
        }
    }
}

fn forget(job: &VmBackup<'_>, intent: IntentId, warnings: &mut Warnings<'_>) {
    // Trying once more at the next start does no harm.
    if let Err(e) = job.log.clear_intent(intent) {
        warnings.warn(RunEvent::NotSwitchedOn { reason: causes(&e) });
    }
}

/// Switches a VM on that a run cut off by a crash had shut down, then forgets the intent. Returns
/// whether it was off. While the intent is young, a VM that runs may still be about to go down.
pub(crate) async fn recover(
    client: &Client,
    log: &RunLog,
    intent: &OpenIntent,
    clock: &dyn Clock,
    free: &(dyn Fn() -> bool + Sync),
) -> Result<bool, EngineError> {
    let power = match client.power(intent.vm()).await {
        Ok(stamp) => stamp.power,
        // The VM is gone.
        Err(VsphereError::NotFound { .. }) => {
            log.clear_intent(intent.id)?;
            return Ok(false);
        }
        Err(error) => return Err(EngineError::SwitchOn(error)),
    };
    let off = power == PowerState::Off;
    if !free() {
        return Ok(false);
    }
    if off {
        client.power_on(intent.vm()).await.map_err(EngineError::SwitchOn)?;
    }
    if off || clock.now() - intent.made_at() > SETTLED {
        log.clear_intent(intent.id)?;
    }
    Ok(off)
}
