//! Files and folders that only their user can read: mode 0600 and 0700 on Linux and macOS; on
//! Windows a protected access list of the user, the system and the administrators.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::fs::{self, Durability};

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

#[cfg(windows)]
pub(crate) use system::user_sddl as of_this_user;

/// A file or folder that others could read until now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// Which.
    pub path: PathBuf,
    /// Who could: a mode, or accounts.
    pub to: String,
}

/// Makes a folder that only its user can enter, or takes an existing one away from everybody else
/// together with the files directly in it. Returns what others could read; empty when all is well.
///
/// # Errors
/// When it can't be made, or belongs to somebody else.
pub fn folder(path: &Path) -> io::Result<Vec<Exposed>> {
    if system::make_folder(path)? {
        return Ok(Vec::new());
    }
    let mut exposed = Vec::new();
    mend(path, &mut exposed)?;
    if exposed.is_empty() {
        return Ok(exposed);
    }
    for entry in fs_err::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            mend(&entry.path(), &mut exposed)?;
        }
    }
    Ok(exposed)
}

/// Makes an empty file that only its user can read where there is none, and takes an existing one
/// away from everybody else. Returns what others could read.
///
/// # Errors
/// When it can't be made, or belongs to somebody else.
pub fn file(path: &Path) -> io::Result<Option<Exposed>> {
    match create_new(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            let mut exposed = Vec::new();
            mend(path, &mut exposed)?;
            Ok(exposed.pop())
        }
        made => made.map(|_| None),
    }
}

/// Makes a file that nobody else could read at any moment, open for writing.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] and whatever else stood in the way.
pub fn create_new(path: &Path) -> io::Result<File> {
    system::create_new(path)
}

/// Replaces a file, so that a crash leaves the old content or the new, never a mix, and nobody
/// else could read it at any moment.
///
/// # Errors
/// When the folder cannot be written or another program holds the file; the old content stays.
pub fn write(path: &Path, content: &[u8]) -> io::Result<Durability> {
    let number = getrandom::u64().map_err(|e| io::Error::other(e.to_string()))?;
    let temp = path.with_file_name(format!(".kuramori-{number:016x}"));
    let written = write_and_move(&temp, path, content);
    if written.is_err() {
        fs::discard(&temp);
    }
    written
}

fn write_and_move(temp: &Path, path: &Path, content: &[u8]) -> io::Result<Durability> {
    let mut file = create_new(temp)?;
    file.write_all(content)?;
    let content = fs::sync_file(&file)?;
    drop(file);
    Ok(content.and(fs::replace(temp, path)?))
}

fn mend(path: &Path, exposed: &mut Vec<Exposed>) -> io::Result<()> {
    let Some(to) = system::exposed_to(path)? else { return Ok(()) };
    system::restrict(path)?;
    exposed.push(Exposed { path: path.to_owned(), to });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets everybody read.
    fn expose(path: &Path) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = if path.is_dir() { 0o755 } else { 0o644 };
            fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        #[cfg(windows)]
        system::set_access(path, "D:P(A;OICI;FA;;;WD)").unwrap();
    }

    #[test]
    fn what_is_made_here_is_private_from_the_beginning() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a").join("状態");
        assert_eq!(folder(&inner).unwrap(), []);
        assert_eq!(system::exposed_to(&inner).unwrap(), None);
        assert_eq!(folder(&inner).unwrap(), [], "an existing private folder needs no mending");
        let path = inner.join("f");
        assert_eq!(file(&path).unwrap(), None);
        assert_eq!(system::exposed_to(&path).unwrap(), None);
        assert_eq!(create_new(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn an_open_folder_is_mended_with_its_files_and_said() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        let inside = state.join("settings.json");
        fs_err::create_dir(&state).unwrap();
        fs_err::write(&inside, b"x").unwrap();
        expose(&state);
        expose(&inside);
        let exposed = folder(&state).unwrap();
        assert_eq!(exposed[0].path, state);
        assert!(!exposed[0].to.is_empty());
        for path in [&state, &inside] {
            assert_eq!(system::exposed_to(path).unwrap(), None, "{}", path.display());
        }
        assert_eq!(folder(&state).unwrap(), [], "once is enough");
        assert_eq!(fs_err::read(&inside).unwrap(), b"x");
    }

    #[test]
    fn a_replaced_file_is_whole_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        fs_err::write(&path, b"old").unwrap();
        expose(&path);
        assert!(file(&path).unwrap().is_some(), "an open file is mended and said");
        expose(&path);
        let durable = write(&path, b"new").unwrap();
        assert!(durable.is_strong() || cfg!(windows), "{durable:?}");
        assert_eq!(fs_err::read(&path).unwrap(), b"new");
        assert_eq!(system::exposed_to(&path).unwrap(), None);
        assert_eq!(fs_err::read_dir(dir.path()).unwrap().count(), 1, "nothing is left behind");
        assert!(write(&dir.path().join("no folder").join("s"), b"x").is_err());
    }
}
