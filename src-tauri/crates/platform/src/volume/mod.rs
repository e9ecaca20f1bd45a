//! Volumes: which one a path is on, what names it, its room, and which come and go.

mod watch;

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
use std::path::{Path, PathBuf};

pub use watch::{VolumeChange, VolumeWatcher};

/// What a volume lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolumeKind {
    /// A disk that stays.
    Fixed,
    /// A disk or card that people take away.
    Removable,
    /// Another computer.
    Network,
    /// Memory, an optical disc, or something the system does not tell.
    Other,
}

/// A volume that is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Names the file system wherever it is attached: a UUID or serial number with its kind in
    /// front. `None` where the system tells none, as for most shares.
    pub id: Option<String>,
    /// The name people gave it.
    pub label: Option<String>,
    /// Where it begins in the tree of files.
    pub mount: PathBuf,
    /// The file system as the system calls it, such as `ext4` or `NTFS`; empty when unknown.
    pub file_system: String,
    /// What it lies on.
    pub kind: VolumeKind,
}

/// Room of a volume, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// What this user may still fill.
    pub free: u64,
    /// All of it.
    pub total: u64,
}

/// Returns the volume a path is or will be on. May wait for a share that does not answer.
///
/// # Errors
/// When no part of the path exists, or the system does not tell.
pub fn of(path: &Path) -> io::Result<Volume> {
    system::of(&existing(path)?)
}

/// Returns the room of the volume a path is or will be on. May wait for a share that does not
/// answer.
///
/// # Errors
/// As [`of`].
pub fn room(path: &Path) -> io::Result<Room> {
    system::room(&existing(path)?)
}

/// Returns the volumes that can hold files of the user, without asking shares or drives for more
/// than the system knows already.
///
/// # Errors
/// When the system does not tell.
pub fn list() -> io::Result<Vec<Volume>> {
    system::list()
}

/// Returns the part of a path that exists, in full.
fn existing(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let found = path.ancestors().find(|p| p.exists());
    found.map(Path::to_owned).ok_or_else(|| io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_will_be_has_a_volume_and_room() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("not yet").join("there");
        let room = room(&path).unwrap();
        assert!(room.free <= room.total && room.total > 0, "{room:?}");
        let volume = of(&path).unwrap();
        let real = fs_err::canonicalize(dir.path()).unwrap();
        let mount = fs_err::canonicalize(&volume.mount).unwrap();
        assert!(real.starts_with(&mount), "{volume:?}");
        assert!(!volume.file_system.is_empty(), "{volume:?}");
        assert_eq!(of(&path).unwrap(), volume, "the same volume is told the same way");
    }

    #[test]
    fn the_list_names_each_volume_once() {
        let mut mounts: Vec<PathBuf> = list().unwrap().into_iter().map(|v| v.mount).collect();
        let all = mounts.len();
        mounts.sort();
        mounts.dedup();
        assert_eq!(mounts.len(), all);
    }
}
