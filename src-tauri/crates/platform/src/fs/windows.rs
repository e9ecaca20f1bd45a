#![expect(unsafe_code, reason = "std has no write-through rename")]

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::Path;

use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_CALL_NOT_IMPLEMENTED, ERROR_INVALID_FUNCTION, ERROR_INVALID_HANDLE,
    ERROR_INVALID_PARAMETER, ERROR_LOCK_VIOLATION, ERROR_MORE_DATA, ERROR_NOT_SUPPORTED,
    ERROR_SHARING_VIOLATION, ERROR_USER_MAPPED_FILE,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_BACKUP_SEMANTICS, MOVEFILE_REPLACE_EXISTING, MOVEFILE_WRITE_THROUGH, MoveFileExW,
};
use windows_sys::Win32::System::IO::DeviceIoControl;
use windows_sys::Win32::System::Ioctl::{
    FILE_ALLOCATED_RANGE_BUFFER, FSCTL_QUERY_ALLOCATED_RANGES,
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

pub(super) fn data_areas(file: &File) -> io::Result<Option<Vec<Range<u64>>>> {
    let end = file.metadata()?.len();
    let (mut areas, mut at) = (Vec::new(), 0);
    loop {
        let (found, more) = match allocated_ranges(file, at..end) {
            Err(e) if no_such_call(&e) => return Ok(None),
            other => other?,
        };
        let last = found.last().map(|area| area.end);
        areas.extend(found);
        match last {
            _ if !more => break,
            Some(last) if last > at => at = last,
            // More, and no way to ask for it.
            _ => return Ok(None),
        }
    }
    // Of a file that changes meanwhile nothing is known.
    Ok((file.metadata()?.len() == end).then_some(areas))
}

/// Asks for a bounded number of ranges; also says whether there are more behind them.
fn allocated_ranges(file: &File, within: Range<u64>) -> io::Result<(Vec<Range<u64>>, bool)> {
    const ROOM: usize = 512;
    let number = |n: u64| i64::try_from(n).map_err(|_| io::ErrorKind::InvalidInput);
    let asked = FILE_ALLOCATED_RANGE_BUFFER {
        FileOffset: number(within.start)?,
        Length: number(within.end.saturating_sub(within.start))?,
    };
    let size = size_of::<FILE_ALLOCATED_RANGE_BUFFER>();
    let mut answer = vec![FILE_ALLOCATED_RANGE_BUFFER::default(); ROOM];
    let (len, mut got) = (|n: usize| u32::try_from(n).unwrap_or(u32::MAX), 0);
    // SAFETY: both buffers are as long as said and live through the call, which is not overlapped.
    let done = unsafe {
        DeviceIoControl(
            file.as_raw_handle(),
            FSCTL_QUERY_ALLOCATED_RANGES,
            (&raw const asked).cast(),
            len(size),
            answer.as_mut_ptr().cast(),
            len(size * ROOM),
            &raw mut got,
            std::ptr::null_mut(),
        )
    };
    let failed = (done == 0).then(io::Error::last_os_error);
    let more = failed.as_ref().is_some_and(|e| has_code(e, &[ERROR_MORE_DATA]));
    match failed {
        Some(error) if !more => Err(error),
        _ => {
            answer.truncate(got as usize / size);
            let range = |area: FILE_ALLOCATED_RANGE_BUFFER| {
                let number = |n: i64| u64::try_from(n).unwrap_or_default();
                let start = number(area.FileOffset);
                start..start.saturating_add(number(area.Length)).min(within.end)
            };
            Ok((answer.into_iter().map(range).collect(), more))
        }
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
