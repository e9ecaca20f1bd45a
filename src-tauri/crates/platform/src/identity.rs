//! How the system names us: in notices, in its task bar and in its lists of what holds it up.
//!
//! | system | who reads it |
//! |---|---|
//! | Windows | toasts carry the name and icon registered for the AppUserModelID |
//! | macOS | notices carry those of the bundle with this identifier |
//! | Linux | notices carry those of the desktop entry with this name |

use std::io;
use std::path::Path;

/// Our identifier: bundle, AppUserModelID and desktop entry.
pub const APP_ID: &str = "app.kuramori.desktop";
/// Our name for people.
pub const APP_NAME: &str = "Kuramori";

/// Tells the system who this process is. To be called once, before the first window or notice.
/// On Windows it also registers name and icon for this user; elsewhere the installed files do.
///
/// # Errors
/// What the system refused; notices then come from nobody in particular.
pub fn announce(icon: Option<&Path>) -> io::Result<()> {
    system::announce(icon)
}

#[cfg(not(windows))]
mod system {
    use super::{Path, io};

    #[expect(clippy::unnecessary_wraps, reason = "its twin can fail")]
    pub(super) fn announce(_icon: Option<&Path>) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(windows)]
mod system {
    #![expect(unsafe_code, reason = "std knows no AppUserModelID")]

    use windows_sys::Win32::UI::Shell::SetCurrentProcessExplicitAppUserModelID;
    use winreg::RegKey;
    use winreg::enums::HKEY_CURRENT_USER;

    use super::{APP_ID, APP_NAME, Path, io};
    use crate::wide::wide;

    pub(super) fn announce(icon: Option<&Path>) -> io::Result<()> {
        let id = wide(APP_ID);
        // SAFETY: the text is zero-terminated and lives through the call.
        let code = unsafe { SetCurrentProcessExplicitAppUserModelID(id.as_ptr()) };
        if code < 0 {
            return Err(io::Error::other(format!("code {code:#010x}")));
        }
        let classes = format!(r"Software\Classes\AppUserModelId\{APP_ID}");
        let (key, _) = RegKey::predef(HKEY_CURRENT_USER).create_subkey(classes)?;
        key.set_value("DisplayName", &APP_NAME)?;
        match icon {
            Some(icon) => key.set_value("IconUri", &icon.as_os_str()),
            None => Ok(()),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn name_and_icon_are_registered_for_this_user() {
            announce(Some(Path::new(r"C:\Kuramori\icon.png"))).unwrap();
            let path = format!(r"Software\Classes\AppUserModelId\{APP_ID}");
            let key = RegKey::predef(HKEY_CURRENT_USER).open_subkey(path).unwrap();
            let value = |name| key.get_value::<String, _>(name).unwrap();
            assert_eq!(value("DisplayName"), "Kuramori");
            assert_eq!(value("IconUri"), r"C:\Kuramori\icon.png");
        }
    }
}
