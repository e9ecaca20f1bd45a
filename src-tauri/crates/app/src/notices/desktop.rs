//! Notices of the desktop.

use std::sync::Once;

use kuramori_platform::identity::{self, APP_NAME};

use super::error::SendError;

/// Shows a notice. Blocks until the desktop has it; not to be called where async work runs.
///
/// # Errors
/// When the desktop shows none.
pub(super) fn show(title: &str, body: &str) -> Result<(), SendError> {
    announce();
    let mut notice = notify_rust::Notification::new();
    notice.appname(APP_NAME).summary(title).body(body).timeout(notify_rust::Timeout::Never);
    signed(&mut notice).show().map(drop).map_err(|e| SendError::Desktop(Box::new(e)))
}

/// Tells the system the program's name, for its windows and notices. To be called before the first
/// window; later calls do nothing. What it refuses goes to the log: everything works without.
pub fn announce() {
    static ONCE: Once = Once::new();
    ONCE.call_once(name_us);
}

fn name_us() {
    if let Err(error) = identity::announce(None) {
        tracing::warn!(%error, "notices come without our name");
    }
    #[cfg(target_os = "macos")]
    if let Err(error) = notify_rust::set_application(identity::APP_ID) {
        tracing::warn!(%error, "notices come without our name");
    }
}

/// Puts our identity on a notice, in the way of the system.
fn signed(notice: &mut notify_rust::Notification) -> &mut notify_rust::Notification {
    #[cfg(windows)]
    notice.app_id(identity::APP_ID);
    #[cfg(target_os = "linux")]
    notice.hint(notify_rust::Hint::DesktopEntry(identity::APP_ID.to_owned()));
    notice
}
