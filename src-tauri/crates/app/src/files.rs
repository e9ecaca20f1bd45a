//! Small files of the state folder: written whole or not at all, readable by their user only.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use kuramori_platform::private::{self, Exposed};

/// Replaces a file so that a crash leaves the old content or the new, never a mix.
///
/// # Errors
/// When the folder cannot be written; the old content then stays.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let durability = private::write(path, content)?;
    if !durability.is_strong() {
        tracing::debug!(path = %path.display(), ?durability, "a power cut may bring back the old content");
    }
    Ok(())
}

/// Makes a folder that only its user can enter, and closes one that stood open to others.
///
/// # Errors
/// When it can't be made, or belongs to somebody else.
pub(crate) fn make_private_folder(path: &Path) -> io::Result<()> {
    private::folder(path)?.iter().for_each(say);
    Ok(())
}

/// Makes a file that only its user can read, where there is none, and closes one that stood open
/// to others.
///
/// # Errors
/// When it can't be made, or belongs to somebody else.
pub(crate) fn make_private_file(path: &Path) -> io::Result<()> {
    private::file(path)?.iter().for_each(say);
    Ok(())
}

/// Makes a new file that only its user can read, open for writing.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] and whatever else stood in the way.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    private::create_new(path)
}

/// Writes a file that was just made, to the disk.
///
/// # Errors
/// When there is no room, among others.
pub(crate) fn fill(mut file: File, content: &[u8]) -> io::Result<()> {
    file.write_all(content)?;
    file.sync_all()
}

/// Moves a file that cannot be used out of the way, with what a database keeps beside it. Returns
/// where it lies now; `None` when it was not there.
///
/// # Errors
/// When something could not be moved. What belongs to a file goes before it, so that after a crash
/// in between nothing of the old is taken for the new.
pub(crate) fn set_aside(path: &Path, now: DateTime<Utc>) -> io::Result<Option<PathBuf>> {
    let aside = path.with_extension(format!("damaged-{}", now.format("%Y%m%dT%H%M%S%3f")));
    for part in ["-wal", "-shm"] {
        move_away(&with(path, part), &with(&aside, part))?;
    }
    Ok(move_away(path, &aside)?.then_some(aside))
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn move_away(from: &Path, to: &Path) -> io::Result<bool> {
    match fs_err::rename(from, to) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

fn say(exposed: &Exposed) {
    let Exposed { path, to } = exposed;
    tracing::warn!(path = %path.display(), to, "others could read this; now only its user can");
}
