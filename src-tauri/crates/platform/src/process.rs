//! Processes that outlive the one that starts them.

use std::io;
use std::process::Command;

/// Makes `command` start a process that stands on its own: what ends this process does not end
/// it, no console window opens for it, and whoever waits for the end of this process's output does
/// not wait for it too.
///
/// # Errors
/// Standard input or output of this process cannot be kept from it; Windows only.
pub fn on_its_own(command: &mut Command) -> io::Result<()> {
    system::on_its_own(command)
}

#[cfg(unix)]
mod system {
    use std::os::unix::process::CommandExt;

    use super::{Command, io};

    #[expect(clippy::unnecessary_wraps, reason = "its twin can fail")]
    pub(super) fn on_its_own(command: &mut Command) -> io::Result<()> {
        command.process_group(0);
        Ok(())
    }
}

#[cfg(windows)]
mod system {
    #![expect(unsafe_code, reason = "std hands all inheritable handles on")]

    use std::os::windows::io::AsRawHandle;
    use std::os::windows::process::CommandExt;

    use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation};
    use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW};

    use super::{Command, io};

    pub(super) fn on_its_own(command: &mut Command) -> io::Result<()> {
        // A child gets every handle that is marked as inheritable, besides the three it is given;
        // this process got its own three that way.
        let own = [
            io::stdin().as_raw_handle(),
            io::stdout().as_raw_handle(),
            io::stderr().as_raw_handle(),
        ];
        for handle in own.into_iter().filter(|handle| !handle.is_null()) {
            // SAFETY: a handle of this process, which no call here closes.
            if unsafe { SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0) } == 0 {
                return Err(io::Error::last_os_error());
            }
        }
        command.creation_flags(CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW);
        Ok(())
    }
}
