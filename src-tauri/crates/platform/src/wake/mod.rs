//! Waking the computer at a time.

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

use std::io;
use std::time::SystemTime;

/// Why the computer will not wake.
#[derive(Debug, thiserror::Error)]
pub enum WakeError {
    /// This system or computer cannot be asked.
    #[error("the computer cannot be woken by a program: {why}")]
    Unsupported {
        /// What stands in the way.
        why: &'static str,
    },
    /// It can, but this user may not ask.
    #[error("the computer may not be woken by this user: {why}")]
    NotPermitted {
        /// What is missing.
        why: &'static str,
    },
    /// Something else.
    #[error("the system set no wake timer")]
    Failed(#[source] io::Error),
}

impl kuramori_base::Hint for WakeError {
    fn hints(&self) -> Vec<String> {
        vec!["Plan backups for times at which the computer is on.".to_owned()]
    }
}

/// A request to wake, in force until it is dropped.
#[derive(Debug)]
pub struct WakeTimer {
    _timer: system::Timer,
}

impl WakeTimer {
    /// Asks for the computer to be awake at `when`. It may be woken earlier, and nothing keeps it
    /// awake afterwards. A time in the past asks for nothing.
    ///
    /// # Errors
    /// Why it will not wake.
    pub fn at(when: SystemTime) -> Result<Self, WakeError> {
        system::set(when).map(|timer| Self { _timer: timer })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn in_an_hour() -> SystemTime {
        use kuramori_base::Clock;
        SystemTime::from(kuramori_base::SystemClock::new().now()) + Duration::from_hours(1)
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn whoever_may_wake_the_computer_gets_a_timer() {
        const CAP_WAKE_ALARM: u32 = 35;
        let status = fs_err::read_to_string("/proc/self/status").unwrap();
        let held = status.lines().find_map(|l| l.strip_prefix("CapEff:")).unwrap();
        let may = u64::from_str_radix(held.trim(), 16).unwrap() >> CAP_WAKE_ALARM & 1 == 1;
        match system::set(in_an_hour()) {
            Ok(timer) => assert!(may && system::left(&timer).as_secs() > 3500),
            Err(WakeError::NotPermitted { why }) => assert!(!may && why.contains("CAP_WAKE_ALARM")),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[cfg(windows)]
    #[test]
    fn a_timer_is_set_or_the_computer_cannot() {
        let told = WakeTimer::at(in_an_hour());
        assert!(matches!(told, Ok(_) | Err(WakeError::Unsupported { .. })), "{told:?}");
    }

    #[cfg(target_os = "macos")]
    #[test]
    fn the_system_says_why_not() {
        assert!(matches!(WakeTimer::at(in_an_hour()), Err(WakeError::Unsupported { .. })));
    }
}
