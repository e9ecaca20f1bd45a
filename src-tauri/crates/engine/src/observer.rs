//! Who hears what the engine does, and where tests cut it off.

use kuramori_jobs::{Level, Stage};

use crate::report::RunEvent;

/// Points in the work where a crash would leave something behind. Tests cut the work off there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The intent is written, the guest not yet asked to shut down.
    ShuttingDown,
    /// The VM is off, nothing was read.
    SwitchedOff,
    /// The intent is written, the snapshot not yet asked for.
    BeforeSnapshot,
    /// The snapshot exists, nothing was read.
    AfterSnapshot,
    /// The intent is written, the disk not yet attached to the VM of this computer.
    BeforeAttach,
    /// It is attached, nothing was read.
    Attached,
    /// Reading it is over, it still hangs there.
    BeforeDetach,
    /// It is detached, the snapshot still there.
    Detached,
    /// Some bytes were read and saved.
    MidRead,
    /// Everything is saved, the recovery point not yet committed.
    BeforeCommit,
    /// The recovery point is committed, the snapshot still there.
    AfterCommit,
    /// The snapshot is about to be removed.
    BeforeRemove,
}

/// Hears what happens to one VM. Implementations return at once.
pub trait Observer: Send + Sync {
    /// The work entered a stage.
    fn stage(&self, stage: Stage);

    /// Something happened that people want to know.
    fn event(&self, level: Level, event: RunEvent);

    /// The work reached a named step.
    fn step(&self, _step: Step) {}
}
