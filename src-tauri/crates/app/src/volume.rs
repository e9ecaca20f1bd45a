//! Room on volumes.

use std::path::Path;

use kuramori_platform::volume::{self, Room};

/// Returns the room of the volume a path is or will be on, where the system tells.
pub(crate) fn room(path: &Path) -> Option<Room> {
    volume::room(path)
        .inspect_err(|error| tracing::debug!(path = %path.display(), %error, "room is unknown"))
        .ok()
}
