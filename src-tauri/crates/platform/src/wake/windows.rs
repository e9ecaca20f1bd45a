#![expect(unsafe_code, reason = "waitable timers are calls of the system")]

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr::null;
use std::time::{Duration, SystemTime};

use windows_sys::Win32::Foundation::{ERROR_NOT_SUPPORTED, GetLastError, SetLastError};
use windows_sys::Win32::System::Threading::{CreateWaitableTimerW, SetWaitableTimer};

use super::WakeError;

pub(super) type Timer = OwnedHandle;

/// Time between Windows' first day (1601) and that of `UNIX_EPOCH`.
const BETWEEN_EPOCHS: Duration = Duration::from_secs(11_644_473_600);

pub(super) fn set(when: SystemTime) -> Result<Timer, WakeError> {
    let failed = || WakeError::Failed(io::Error::last_os_error());
    let due = ticks(when);
    // SAFETY: no attributes and no name are allowed.
    let handle = unsafe { CreateWaitableTimerW(null(), 1, null()) };
    if handle.is_null() {
        return Err(failed());
    }
    // SAFETY: the handle is valid and nobody else's.
    let timer = unsafe { OwnedHandle::from_raw_handle(handle) };
    // SAFETY: the handle and the time are valid; no routine is named. The call succeeds and sets
    // a last error when the computer cannot be woken, so that is cleared first.
    let (set, told) = unsafe {
        SetLastError(0);
        let set = SetWaitableTimer(timer.as_raw_handle(), &raw const due, 0, None, null(), 1);
        (set, GetLastError())
    };
    match (set, told) {
        (_, ERROR_NOT_SUPPORTED) => {
            Err(WakeError::Unsupported { why: "it has no clock that can wake it" })
        }
        (0, _) => Err(failed()),
        _ => Ok(timer),
    }
}

/// Returns a time as Windows counts it: 100 ns since 1601.
fn ticks(when: SystemTime) -> i64 {
    let since = when.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from((since + BETWEEN_EPOCHS).as_nanos() / 100).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_from_1601() {
        assert_eq!(ticks(SystemTime::UNIX_EPOCH), 116_444_736_000_000_000);
        let second = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        assert_eq!(ticks(second), 116_444_736_010_000_000);
    }
}
