//! Switching the original off, in the way that was allowed.

use std::time::Duration;

use kuramori_vsphere::{PowerState, VmRef, VsphereError};

use super::error::InPlaceError;
use super::helper::go_on;
use super::promise::{Journal, Promise};
use super::run::InPlace;
use super::survey::{Consent, InPlacePlan};

/// How long a guest may take to shut down.
const SHUT_DOWN: Duration = Duration::from_mins(10);
/// How long one that is shutting down is waited for once nobody needs it off any more.
const LINGER: Duration = Duration::from_mins(2);
/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(500);

/// Waits a while for a guest that may be shutting down although nobody needs it off any more. What
/// goes down later is the guardian's.
pub(super) fn linger(job: &InPlace<'_>, vm: &VmRef) {
    let began = job.clock.monotonic();
    let goes = || job.client.handle().block_on(job.client.power(vm));
    while goes().is_ok_and(|stamp| stamp.power == PowerState::On)
        && job.clock.monotonic().saturating_sub(began) < LINGER
    {
        std::thread::sleep(LOOK);
    }
}

/// Turns the VM off in the way that was allowed.
pub(super) fn stop(
    job: &InPlace<'_>,
    plan: &InPlacePlan,
    journal: &Journal<'_>,
    promise: &mut Promise,
) -> Result<(), InPlaceError> {
    match (plan.power, job.consent) {
        (PowerState::On, Consent::PowerOff) => {
            job.client.handle().block_on(job.client.power_off(&plan.vm))?;
        }
        (PowerState::On, Consent::ShutDown) => {
            promise.stopping = true;
            journal.update(promise)?;
            shut_down(job, plan, promise)?;
            promise.stopping = false;
            journal.update(promise)?;
        }
        (PowerState::On, Consent::None) => return Err(InPlaceError::Running),
        (PowerState::Off | PowerState::Suspended, _) => {}
    }
    Ok(())
}

/// Asks the guest to shut down, and waits until it has.
fn shut_down(
    job: &InPlace<'_>,
    plan: &InPlacePlan,
    promise: &mut Promise,
) -> Result<(), InPlaceError> {
    let asked = job.client.handle().block_on(job.client.shut_down_guest(&plan.vm));
    // After anything but a plain refusal the guest may go down nevertheless.
    promise.stopping = !asked.as_ref().is_err_and(|error| {
        error.fault().is_some() || matches!(error, VsphereError::RestrictedVersion { .. })
    });
    asked?;
    let began = job.clock.monotonic();
    while job.client.handle().block_on(job.client.power(&plan.vm))?.power == PowerState::On {
        go_on(job.cancel)?;
        if job.clock.monotonic().saturating_sub(began) > SHUT_DOWN {
            return Err(InPlaceError::StillRunning(SHUT_DOWN.as_secs() / 60));
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}
