#![expect(unsafe_code, reason = "power assertions are calls of IOKit")]

use std::io;

use objc2_core_foundation::CFString;
use objc2_io_kit::{
    IOPMAssertionCreateWithName, IOPMAssertionID, IOPMAssertionLevel, IOPMAssertionRelease,
};

use super::AwakeError;

/// `kIOPMAssertionTypePreventUserIdleSystemSleep`
const KIND: &str = "PreventUserIdleSystemSleep";
/// `kIOPMAssertionLevelOn`
const ON: IOPMAssertionLevel = 255;

#[derive(Debug)]
pub(super) struct Held(IOPMAssertionID);

pub(super) fn hold(reason: &str) -> Result<Held, AwakeError> {
    let (kind, name) = (CFString::from_str(KIND), CFString::from_str(reason));
    let mut id = 0;
    // SAFETY: both texts live through the call, and the out-pointer is valid.
    let code = unsafe { IOPMAssertionCreateWithName(Some(&kind), ON, Some(&name), &raw mut id) };
    if code == 0 {
        return Ok(Held(id));
    }
    let source = Box::new(io::Error::other(format!("code {code:#x}")));
    Err(AwakeError { asked: "IOPMAssertionCreateWithName", source })
}

impl Drop for Held {
    fn drop(&mut self) {
        let code = IOPMAssertionRelease(self.0);
        if code != 0 {
            tracing::warn!(code, "the computer is kept awake until the program ends");
        }
    }
}
