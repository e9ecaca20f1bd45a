//! Files and names that survive a power cut.
//!
//! | step | Linux | macOS | Windows |
//! |---|---|---|---|
//! | content | `fsync` | `F_FULLFSYNC`, else `fsync` (weak) | `FlushFileBuffers` |
//! | name | `fsync` of the folder | the same | `MoveFileEx` write-through, then a flush of the folder |
//! | name nobody has | `link`, else `renameat2` | `link`, else `renamex_np` | `CreateHardLink`, else `MoveFileEx` without replace |
//! | replace | `rename` | `rename` | `MoveFileEx` with replace |
//!
//! A file that another program holds (a virus scanner, an indexer) is tried again for about
//! [`PATIENCE`], then the call fails. Nothing is ever deleted to make room for a rename.

// `fs_err` hides the system's error codes, by which causes are told apart here.
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

#[cfg_attr(not(feature = "testing"), expect(unreachable_pub, reason = "tests watch the steps"))]
mod steps;
#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

#[cfg(not(feature = "testing"))]
use self::steps::Step;
use self::steps::take;
#[cfg(feature = "testing")]
pub use self::steps::{Step, Watch, Watcher, watch};

/// How long a file that another program holds is waited for, in all.
pub const PATIENCE: Duration = Duration::from_millis(10 * (1 << TRIES));
/// First pause; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// Pauses before the last try.
const TRIES: u32 = 8;
const PIECE: usize = 256 << 10;

/// Whether something survives a power cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub enum Durability {
    /// The system says that it is on the medium.
    #[default]
    Strong,
    /// It was written, but the system would not say more.
    Weak {
        /// What the system refused, for people who look after it.
        reason: String,
    },
}

impl Durability {
    fn weak(what: &str, error: &io::Error) -> Self {
        Self::Weak { reason: format!("{what}: {error}") }
    }

    /// Returns the weaker of two.
    pub fn and(self, other: Self) -> Self {
        if self == Self::Strong { other } else { self }
    }

    /// Returns whether nothing was refused.
    pub fn is_strong(&self) -> bool {
        *self == Self::Strong
    }
}

/// What to do for a name that nobody may have where the file system has no hard links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithoutLinks {
    /// Take the name first and fill it then: exactly one caller wins, and a crash in between
    /// leaves a short file.
    CreateInPlace,
    /// Move the file there: whole at every moment, but some network file systems let two callers
    /// both win. Only for files whose name says their content.
    Move,
}

/// Brings what was written to a file onto the medium. The file must be open for writing. A call
/// that failed must not be repeated on the same file: the system may forget what it lost.
///
/// # Errors
/// When the medium refused the bytes.
pub fn sync_file(file: &File) -> io::Result<Durability> {
    system::sync_file(file)
}

/// Returns the parts of a file that may hold anything but zeros, in rising order, or `None` where
/// the file system does not say, or is not known to say it reliably. Moves the file's position.
///
/// # Errors
/// What the medium refused.
pub fn data_areas(file: &File) -> io::Result<Option<Vec<Range<u64>>>> {
    system::data_areas(file)
}

/// Makes the names in a folder durable.
///
/// # Errors
/// When the folder cannot be opened or the medium failed; a file system that has no such call
/// gives [`Durability::Weak`].
pub fn sync_folder(folder: &Path) -> io::Result<Durability> {
    take(Step::SyncFolder(folder), || system::sync_folder(folder))
}

/// Makes a folder. Its name lasts once the folder around it was synced.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] and whatever else stood in the way.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    take(Step::MakeFolder(folder), || std::fs::create_dir(folder))
}

/// Makes a folder and its name durable.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] and whatever else stood in the way.
pub fn create_folder(folder: &Path) -> io::Result<Durability> {
    make_folder(folder)?;
    sync_folder(parent(folder))
}

/// Gives a finished and synced file a name that nobody has, durably, and takes its old name away.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when somebody has the name; `temp` is gone then too.
pub fn publish(temp: &Path, name: &Path, second: WithoutLinks) -> io::Result<Durability> {
    let link = || take(Step::Link { from: temp, to: name }, || std::fs::hard_link(temp, name));
    let linked = match while_held(link) {
        Err(e) if system::links_unsupported(&e) => publish_without_links(temp, name, second),
        Ok(()) => system::sync_name(name).and_then(|one| Ok(one.and(sync_folder(parent(name))?))),
        Err(e) => Err(e),
    };
    discard(temp);
    linked
}

/// The second choice of [`publish`], for file systems without hard links.
///
/// # Errors
/// As [`publish`]; `temp` stays where it is, unless it was moved.
pub fn publish_without_links(
    temp: &Path,
    name: &Path,
    second: WithoutLinks,
) -> io::Result<Durability> {
    let filled = match second {
        WithoutLinks::Move => {
            let step = Step::Rename { from: temp, to: name };
            while_held(|| take(step, || system::move_new(temp, name)))?;
            Durability::Strong
        }
        WithoutLinks::CreateInPlace => {
            let mut from = File::open(temp)?;
            let mut to = create_new(name)?;
            take(Step::Copy { from: temp, to: name }, || io::copy(&mut from, &mut to))?;
            take(Step::SyncFile(name), || sync_file(&to))?
        }
    };
    Ok(filled.and(sync_folder(parent(name))?))
}

/// Gives a finished and synced file a name, durably, in the place of any file that has it. At
/// every moment the name stands for the old file or the new one, whole.
///
/// # Errors
/// When another program held the old file for longer than [`PATIENCE`], or for any other cause;
/// the old file then stays, and so does `temp`.
pub fn replace(temp: &Path, name: &Path) -> io::Result<Durability> {
    let step = Step::Rename { from: temp, to: name };
    while_held(|| take(step, || system::move_over(temp, name)))?;
    sync_folder(parent(name))
}

/// Removes a file and its name durably.
///
/// # Errors
/// [`io::ErrorKind::NotFound`] and whatever else stood in the way.
pub fn remove(name: &Path) -> io::Result<Durability> {
    while_held(|| unlink(name))?;
    sync_folder(parent(name))
}

/// Removes a temporary file. One that cannot be removed is left, which costs room and no more.
pub fn discard(temp: &Path) {
    match while_held(|| unlink(temp)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::debug!(%error, "a temporary file stays behind");
        }
        _ => {}
    }
}

/// Writes a new file and brings it onto the medium.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] and whatever else stood in the way.
pub fn write_new(name: &Path, bytes: &[u8]) -> io::Result<Durability> {
    let mut file = create_new(name)?;
    take(Step::Write(name, bytes), || file.write_all(bytes))?;
    take(Step::SyncFile(name), || sync_file(&file))
}

fn create_new(name: &Path) -> io::Result<File> {
    let mut file = None;
    take(Step::Create(name), || {
        file = Some(OpenOptions::new().write(true).create_new(true).open(name)?);
        Ok(())
    })?;
    file.ok_or_else(|| io::Error::other("the file was not made"))
}

/// Compares a file with what was written, through a handle of its own.
///
/// # Errors
/// When it cannot be read.
pub fn reads_back(name: &Path, bytes: &[u8]) -> io::Result<bool> {
    let mut file = while_held(|| File::open(name))?;
    if file.metadata()?.len() != bytes.len() as u64 {
        return Ok(false);
    }
    let mut piece = vec![0; PIECE.min(bytes.len())];
    for expected in bytes.chunks(PIECE) {
        let piece = &mut piece[..expected.len()];
        file.read_exact(piece)?;
        if piece != expected {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads a file that other programs replace or scan.
///
/// # Errors
/// [`io::ErrorKind::NotFound`] and whatever else stood in the way.
#[expect(clippy::disallowed_methods, reason = "the error code decides whether to try again")]
pub fn read(name: &Path) -> io::Result<Vec<u8>> {
    while_held(|| std::fs::read(name))
}

/// Removes a folder with all that is in it; not durable.
///
/// # Errors
/// [`io::ErrorKind::NotFound`] and whatever else stood in the way; part of it may be gone then.
pub fn remove_tree(folder: &Path) -> io::Result<()> {
    while_held(|| std::fs::remove_dir_all(folder))
}

/// Repeats a call while another program holds the file, for about [`PATIENCE`].
fn while_held<T>(call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    retry(call, system::is_held, std::thread::sleep)
}

fn retry<T>(
    mut call: impl FnMut() -> io::Result<T>,
    held: impl Fn(&io::Error) -> bool,
    mut pause: impl FnMut(Duration),
) -> io::Result<T> {
    for n in 0..TRIES {
        match call() {
            Err(e) if held(&e) => pause(FIRST_PAUSE * (1 << n)),
            other => return other,
        }
    }
    call()
}

#[expect(clippy::disallowed_methods, reason = "the error code decides whether to try again")]
fn unlink(name: &Path) -> io::Result<()> {
    take(Step::Remove(name), || std::fs::remove_file(name))
}

/// Returns the folder of a name. A bare name has an empty parent, which is no folder to a system.
fn parent(name: &Path) -> &Path {
    name.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests;
