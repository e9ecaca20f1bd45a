use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};
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

/// Asked only of file systems that are known to tell the truth about files just written: APFS and
/// ZFS have called data holes, and nothing here is worth a byte.
#[cfg(target_os = "linux")]
pub(super) fn data_areas(file: &File) -> io::Result<Option<Vec<Range<u64>>>> {
    use rustix::fs::{SeekFrom, fstatfs, seek};

    /// The magic numbers of ext2 to ext4, XFS and tmpfs.
    const HONEST: [i64; 3] = [0xEF53, 0x5846_5342, 0x0102_1994];

    if !HONEST.contains(&fstatfs(file)?.f_type) {
        return Ok(None);
    }
    let end = file.metadata()?.len();
    let mut areas = Vec::new();
    let mut at = 0;
    while at < end {
        let start = match seek(file, SeekFrom::Data(at)) {
            Ok(start) => start,
            // Nothing but a hole up to the end.
            Err(Errno::NXIO) => break,
            Err(Errno::INVAL | Errno::NOTSUP | Errno::SPIPE) => return Ok(None),
            Err(e) => return Err(e.into()),
        };
        at = seek(file, SeekFrom::Hole(start))?;
        if at <= start {
            return Ok(None);
        }
        areas.push(start..at);
    }
    // Of a file that changes meanwhile nothing is known.
    Ok((file.metadata()?.len() == end).then_some(areas))
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "its twins can fail")]
pub(super) fn data_areas(_file: &File) -> io::Result<Option<Vec<Range<u64>>>> {
    Ok(None)
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
