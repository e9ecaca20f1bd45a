#![expect(unsafe_code, reason = "power requests are calls of the system")]

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::System::Power::{
    PowerClearRequest, PowerCreateRequest, PowerRequestExecutionRequired,
    PowerRequestSystemRequired, PowerSetRequest,
};
use windows_sys::Win32::System::SystemServices::POWER_REQUEST_CONTEXT_VERSION;
use windows_sys::Win32::System::Threading::{
    POWER_REQUEST_CONTEXT_SIMPLE_STRING, REASON_CONTEXT, REASON_CONTEXT_0,
};

use super::AwakeError;
use crate::wide::wide;

/// Closing the handle takes its requests back as well; so does the end of the process.
#[derive(Debug)]
pub(super) struct Held(OwnedHandle);

pub(super) fn hold(reason: &str) -> Result<Held, AwakeError> {
    let failed = |asked| AwakeError { asked, source: Box::new(io::Error::last_os_error()) };
    let mut reason = wide(reason);
    let context = REASON_CONTEXT {
        Version: POWER_REQUEST_CONTEXT_VERSION,
        Flags: POWER_REQUEST_CONTEXT_SIMPLE_STRING,
        Reason: REASON_CONTEXT_0 { SimpleReasonString: reason.as_mut_ptr() },
    };
    // SAFETY: the context and the zero-terminated text it names live through the call.
    let handle = unsafe { PowerCreateRequest(&raw const context) };
    if handle.is_null() || handle == INVALID_HANDLE_VALUE {
        return Err(failed("PowerCreateRequest"));
    }
    // SAFETY: the handle is valid and nobody else's.
    let held = Held(unsafe { OwnedHandle::from_raw_handle(handle) });
    // SAFETY: the handle is valid.
    if unsafe { PowerSetRequest(held.0.as_raw_handle(), PowerRequestSystemRequired) } == 0 {
        return Err(failed("PowerSetRequest"));
    }
    // Computers with modern standby do not sleep but stop programs; this keeps ours going.
    // SAFETY: the handle is valid.
    if unsafe { PowerSetRequest(held.0.as_raw_handle(), PowerRequestExecutionRequired) } == 0 {
        tracing::debug!(error = %io::Error::last_os_error(), "no execution request");
    }
    Ok(held)
}

impl Drop for Held {
    fn drop(&mut self) {
        for request in [PowerRequestSystemRequired, PowerRequestExecutionRequired] {
            // SAFETY: the handle is valid. A request that was not made cannot be taken back,
            // which hurts nobody.
            unsafe { PowerClearRequest(self.0.as_raw_handle(), request) };
        }
    }
}
