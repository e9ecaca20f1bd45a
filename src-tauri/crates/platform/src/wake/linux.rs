use std::os::fd::OwnedFd;
use std::time::{Duration, SystemTime};

use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use super::WakeError;

pub(super) type Timer = OwnedFd;

pub(super) fn set(when: SystemTime) -> Result<Timer, WakeError> {
    let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
    let timer = timerfd_create(TimerfdClockId::RealtimeAlarm, flags).map_err(failed)?;
    let since = when.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let at = Timespec::try_from(since).map_err(|_| failed(Errno::OVERFLOW))?;
    let once = Itimerspec { it_interval: Timespec::default(), it_value: at };
    timerfd_settime(&timer, TimerfdTimerFlags::ABSTIME, &once).map_err(failed)?;
    Ok(timer)
}

fn failed(error: Errno) -> WakeError {
    match error {
        Errno::PERM => WakeError::NotPermitted { why: "it takes the right CAP_WAKE_ALARM" },
        Errno::INVAL | Errno::OPNOTSUPP => {
            WakeError::Unsupported { why: "it has no clock that can wake it" }
        }
        other => WakeError::Failed(other.into()),
    }
}

/// Returns how long a timer still runs.
#[cfg(test)]
pub(super) fn left(timer: &Timer) -> Duration {
    let left = rustix::time::timerfd_gettime(timer).unwrap().it_value;
    Duration::try_from(left).unwrap()
}
