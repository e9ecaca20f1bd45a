//! Room on volumes.

use std::path::Path;

/// Room of a volume, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) free: u64,
    pub(crate) total: u64,
}

/// Returns the room of the volume a path is or will be on, where the system tells.
pub(crate) fn room(path: &Path) -> Option<Room> {
    let existing = path.ancestors().find(|p| p.exists())?;
    let free = fs4::available_space(existing).ok()?;
    let total = fs4::total_space(existing).ok()?;
    Some(Room { free, total })
}
