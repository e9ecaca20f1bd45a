use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, SeekFrom, renameat_with};
use rustix::io::Errno;

use super::Durability;

/// Std's `sync_all` asks for `F_FULLFSYNC` on macOS, which shares and some disks do not know.
#[cfg(target_os = "macos")]
pub(super) fn sync_file(file: &File) -> io::Result<Durability> {
    match file.sync_all() {
        Ok(()) => Ok(Durability::Strong),
        Err(e) if no_such_call(&e) => {
            rustix::fs::fsync(file)?;
            Ok(Durability::weak("the disk's own cache was not flushed", &e))
        }
        Err(e) => Err(e),
    }
}

#[cfg(not(target_os = "macos"))]
pub(super) fn sync_file(file: &File) -> io::Result<Durability> {
    file.sync_all().map(|()| Durability::Strong)
}

pub(super) fn sync_folder(folder: &Path) -> io::Result<Durability> {
    match sync_file(&File::open(folder)?) {
        // Some shares cannot sync folders; names are then as durable as the server makes them.
        Err(e) if no_such_call(&e) => Ok(Durability::weak("the folder was not synced", &e)),
        other => other,
    }
}

pub(super) fn data_areas(file: &File) -> io::Result<Option<Vec<Range<u64>>>> {
    let mut areas = Vec::new();
    let mut at = 0;
    loop {
        let start = match rustix::fs::seek(file, SeekFrom::Data(at)) {
            Ok(start) => start,
            // Nothing but a hole up to the end.
            Err(Errno::NXIO) => return Ok(Some(areas)),
            Err(Errno::INVAL | Errno::NOTSUP | Errno::SPIPE) => return Ok(None),
            Err(e) => return Err(e.into()),
        };
        at = rustix::fs::seek(file, SeekFrom::Hole(start))?;
        if at <= start {
            // Only a file that shrinks meanwhile does that.
            return Ok(None);
        }
        areas.push(start..at);
    }
}

/// The folder's sync does it here.
#[expect(clippy::unnecessary_wraps, reason = "its twin can fail")]
pub(super) fn sync_name(_name: &Path) -> io::Result<Durability> {
    Ok(Durability::Strong)
}

/// Moves a file to a name that nobody has, in one step where the file system can.
pub(super) fn move_new(temp: &Path, name: &Path) -> io::Result<()> {
    match renameat_with(CWD, temp, CWD, name, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) if name.try_exists()? => {
            Err(io::ErrorKind::AlreadyExists.into())
        }
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => move_over(temp, name),
        Err(e) => Err(e.into()),
    }
}

pub(super) fn move_over(temp: &Path, name: &Path) -> io::Result<()> {
    Ok(rustix::fs::rename(temp, name)?)
}

pub(super) fn links_unsupported(error: &io::Error) -> bool {
    // EPERM is how Linux says it for FAT and some shares; EMLINK cannot happen to a new file.
    error.kind() == io::ErrorKind::PermissionDenied || no_such_call(error)
}

fn no_such_call(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
        || [Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOSYS, Errno::NOTTY]
            .iter()
            .any(|e| code == Some(e.raw_os_error()))
}

/// Open files stand in nobody's way here; a busy one belongs to a network or FUSE server.
pub(super) fn is_held(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ResourceBusy
}
