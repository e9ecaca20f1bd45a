use zbus::blocking::{Connection, Proxy};
use zbus::zvariant::OwnedFd;

use super::AwakeError;
use crate::login1;

/// Closing it lets the computer sleep again.
pub(super) type Held = OwnedFd;

pub(super) fn hold(reason: &str) -> Result<Held, AwakeError> {
    let failed = |e: zbus::Error| AwakeError { asked: "login1 Inhibit", source: Box::new(e) };
    let bus: Connection = login1::connect().map_err(failed)?;
    let manager: Proxy<'_> = login1::manager(&bus).map_err(failed)?;
    take(&manager, reason).map_err(failed)
}

fn take(manager: &Proxy<'_>, reason: &str) -> zbus::Result<Held> {
    login1::inhibit(manager, "sleep:idle", reason, "block")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_is_blocked_until_the_guard_goes() {
        let login = login1::fake::Login::default();
        let (bus, _server) = login.start();
        let held = take(&login1::manager(&bus).unwrap(), "A backup runs.").unwrap();
        let asked = login.asked.lock().unwrap().clone();
        assert_eq!(asked, [["sleep:idle", "Kuramori", "A backup runs.", "block"]]);
        drop(held);
        login.wait_released(0);
    }
}
