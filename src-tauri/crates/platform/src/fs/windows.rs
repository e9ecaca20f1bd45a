#![expect(unsafe_code, reason = "std has no write-through rename")]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;

use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_CALL_NOT_IMPLEMENTED, ERROR_INVALID_FUNCTION, ERROR_INVALID_HANDLE,
    ERROR_INVALID_PARAMETER, ERROR_LOCK_VIOLATION, ERROR_NOT_SUPPORTED, ERROR_SHARING_VIOLATION,
    ERROR_USER_MAPPED_FILE,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_BACKUP_SEMANTICS, MOVEFILE_REPLACE_EXISTING, MOVEFILE_WRITE_THROUGH, MoveFileExW,
};

use super::Durability;
use crate::paths;
use crate::wide::wide;

/// Std's `sync_all` is `FlushFileBuffers`.
pub(super) fn sync_file(file: &File) -> io::Result<Durability> {
    file.sync_all().map(|()| Durability::Strong)
}

/// NTFS flushes folders like files; FAT, exFAT and most shares refuse.
pub(super) fn sync_folder(folder: &Path) -> io::Result<Durability> {
    let refusals = [ERROR_ACCESS_DENIED, ERROR_INVALID_HANDLE, ERROR_SHARING_VIOLATION];
    let refused = |e: &io::Error| has_code(e, &refusals) || no_such_call(e);
    let mut options = OpenOptions::new();
    options.write(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
    match options.open(folder).and_then(|folder| folder.sync_all()) {
        Ok(()) => Ok(Durability::Strong),
        Err(e) if refused(&e) => Ok(Durability::weak("the folder was not flushed", &e)),
        Err(e) => Err(e),
    }
}

/// A new link is in the file's own record, so the file is flushed through it.
pub(super) fn sync_name(name: &Path) -> io::Result<Durability> {
    sync_file(&super::while_held(|| OpenOptions::new().write(true).open(name))?)
}

pub(super) fn move_new(temp: &Path, name: &Path) -> io::Result<()> {
    move_file(temp, name, MOVEFILE_WRITE_THROUGH)
}

pub(super) fn move_over(temp: &Path, name: &Path) -> io::Result<()> {
    move_file(temp, name, MOVEFILE_WRITE_THROUGH | MOVEFILE_REPLACE_EXISTING)
}

fn move_file(temp: &Path, name: &Path, flags: u32) -> io::Result<()> {
    let (from, to) = (wide(paths::verbatim(temp)), wide(paths::verbatim(name)));
    // SAFETY: both are zero-terminated and live through the call.
    if unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), flags) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

pub(super) fn links_unsupported(error: &io::Error) -> bool {
    no_such_call(error)
}

fn no_such_call(error: &io::Error) -> bool {
    let refusals = [
        ERROR_INVALID_FUNCTION,
        ERROR_NOT_SUPPORTED,
        ERROR_CALL_NOT_IMPLEMENTED,
        ERROR_INVALID_PARAMETER,
    ];
    has_code(error, &refusals)
}

/// "Access denied" is also what a file says that is being deleted or scanned.
pub(super) fn is_held(error: &io::Error) -> bool {
    let held = [
        ERROR_SHARING_VIOLATION,
        ERROR_LOCK_VIOLATION,
        ERROR_USER_MAPPED_FILE,
        ERROR_ACCESS_DENIED,
    ];
    has_code(error, &held)
}

fn has_code(error: &io::Error, codes: &[u32]) -> bool {
    codes.iter().any(|code| error.raw_os_error() == i32::try_from(*code).ok())
}
