//! A program together with everything it starts, so that nothing outlives a test.

use std::io;

use tokio::process::{Child, Command};

/// The processes of one started program.
pub(crate) struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

/// How a group is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Its processes are asked to end.
    Asked,
    /// They are ended.
    Forced,
}

#[cfg(unix)]
impl Group {
    /// Starts `command` as the leader of a new group.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        let number = child.id().and_then(|id| i32::try_from(id).ok());
        Ok((child, Self { leader: number.and_then(rustix::process::Pid::from_raw) }))
    }

    /// The group of a process that leads one.
    pub(crate) fn led_by(process: u32) -> Self {
        let number = i32::try_from(process).ok();
        Self { leader: number.and_then(rustix::process::Pid::from_raw) }
    }

    /// Ends what is left of the group; nothing left is fine.
    pub(crate) fn end(&self, how: Ending) {
        let signal = match how {
            Ending::Asked => rustix::process::Signal::TERM,
            Ending::Forced => rustix::process::Signal::KILL,
        };
        if let Some(leader) = self.leader {
            // Fails when all of them are gone already, which is what is wanted.
            let _gone = rustix::process::kill_process_group(leader, signal);
        }
    }
}

#[cfg(not(unix))]
impl Group {
    /// Starts `command`; dropping it ends that one process, which ends its own children.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        Ok((command.kill_on_drop(true).spawn()?, Self {}))
    }

    /// There are no groups here.
    pub(crate) fn led_by(_process: u32) -> Self {
        Self {}
    }

    /// Does nothing: see [`Self::spawn`].
    pub(crate) fn end(&self, _how: Ending) {}
}
