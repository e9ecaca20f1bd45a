use std::convert::Infallible;
use std::time::SystemTime;

use super::WakeError;

pub(super) type Timer = Infallible;

/// `IOPMSchedulePowerEvent` exists, but asks for the administrator.
pub(super) fn set(_when: SystemTime) -> Result<Timer, WakeError> {
    Err(WakeError::Unsupported { why: "macOS takes such requests from administrators only" })
}
