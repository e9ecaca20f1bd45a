//! Files of a folder, and what keeps them in it.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use kuramori_vdisk::hosted::{FileSet, FileSetError, SetFile};

use super::LocalError;
use crate::image::ImageFile;

/// The files of a folder and of those below it.
///
/// A name that a descriptor or a vmx gives is followed only to a plain file that lies in the
/// folder once all links are resolved, whether the name is relative or absolute: files from
/// strangers must not be able to have others saved with them.
pub(super) struct Folder {
    root: PathBuf,
    opened: Mutex<Vec<Stamp>>,
}

/// How a file looked when it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    path: PathBuf,
    len: u64,
    changed: Option<SystemTime>,
}

impl Stamp {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs_err::metadata(path)?;
        let changed = metadata.modified().ok();
        Ok(Self { path: path.to_owned(), len: metadata.len(), changed })
    }

    /// Returns whether the file goes by that name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.path.file_name().is_some_and(|known| known == name)
    }

    /// Checks that the file looks as it did.
    pub(crate) fn check(&self) -> Result<(), LocalError> {
        match Self::of(&self.path) {
            Ok(now) if now == *self => Ok(()),
            _ => Err(LocalError::Changed { file: self.path.clone() }),
        }
    }
}

impl Folder {
    /// The folder, all of whose links are resolved.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        Ok(Self { root: fs_err::canonicalize(path)?, opened: Mutex::default() })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns how the files that were opened looked.
    pub(super) fn stamps(&self) -> Vec<Stamp> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Finds the file that another one calls `name`.
    fn find(&self, by: &str, name: &str) -> Result<PathBuf, FileSetError> {
        let outside = || FileSetError::Outside { name: name.to_owned() };
        if name.trim().is_empty() || name.contains('\0') {
            return Err(outside());
        }
        // Written on another system, paths may have its separators.
        let native: PathBuf =
            name.replace('\\', "/").split('/').fold(PathBuf::new(), |path, part| {
                if path.as_os_str().is_empty() && part.is_empty() {
                    "/".into()
                } else {
                    path.join(part)
                }
            });
        let drive = name.as_bytes().get(1) == Some(&b':');
        if drive && !native.is_absolute() {
            return Err(outside());
        }
        let beside = Path::new(by).parent().unwrap_or(Path::new(""));
        let path = self.root.join(beside).join(native);
        let found = fs_err::canonicalize(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                FileSetError::Missing { name: name.to_owned() }
            }
            _ => FileSetError::Unreadable { name: name.to_owned(), source },
        });
        // What lies elsewhere is not even told to be there or not.
        match found {
            Ok(found) if found.starts_with(&self.root) => Ok(found),
            Ok(_) => Err(outside()),
            Err(_) if self.leads_out(by, name) => Err(outside()),
            Err(error) => Err(error),
        }
    }

    /// Whether a name leaves the folder by what it says alone.
    fn leads_out(&self, by: &str, name: &str) -> bool {
        if name.starts_with(['/', '\\']) || name.as_bytes().get(1) == Some(&b':') {
            return !Path::new(name).starts_with(&self.root);
        }
        let mut depth = Path::new(by).components().count().saturating_sub(1);
        for part in name.split(['/', '\\']) {
            match part {
                ".." if depth == 0 => return true,
                ".." => depth -= 1,
                "." | "" => {}
                _ => depth += 1,
            }
        }
        false
    }
}

impl FileSet for Folder {
    fn open(&self, by: &str, name: &str) -> Result<SetFile, FileSetError> {
        let path = self.find(by, name)?;
        let unreadable = |source| FileSetError::Unreadable { name: name.to_owned(), source };
        let stamp = Stamp::of(&path).map_err(unreadable)?;
        if !fs_err::metadata(&path).map_err(unreadable)?.is_file() {
            let why = "it is no plain file";
            return Err(unreadable(io::Error::new(io::ErrorKind::InvalidInput, why)));
        }
        let file = ImageFile::open(&path).map_err(|e| match e {
            crate::ImageError::Open { source, .. } => unreadable(source),
            other => unreadable(io::Error::other(other)),
        })?;
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).push(stamp);
        let relative = path.strip_prefix(&self.root).unwrap_or(&path);
        let parts: Vec<_> = relative.iter().map(OsStr::to_string_lossy).collect();
        Ok(SetFile { name: parts.join("/"), bytes: Box::new(file) })
    }
}

/// Finds a lock that a running VM holds: folders such as `disk.vmdk.lck` with a file in them, at the
/// top of the folder and beside every file that was opened.
///
/// A VM that is merely shown in a window locks its vmx, but neither disks nor memory.
pub(super) fn check_locks(folder: &Path, opened: &[Stamp]) -> Result<(), LocalError> {
    let failed = |source| LocalError::Open { path: folder.to_owned(), source };
    for entry in fs_err::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        if name.ends_with(".vmdk.lck") || name.ends_with(".vmem.lck") {
            free(path)?;
        }
    }
    let shown = |path: &Path| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("vmx"));
    for stamp in opened.iter().filter(|stamp| !shown(&stamp.path)) {
        let mut lock = stamp.path.clone().into_os_string();
        lock.push(".lck");
        free(lock.into())?;
    }
    Ok(())
}

/// Checks that nobody holds a lock. Without rights on it, or as a plain file, it is one as well.
fn free(lock: PathBuf) -> Result<(), LocalError> {
    let held = match fs_err::read_dir(&lock) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    };
    if held { Err(LocalError::InUse { lock }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(root: &Path, files: &[&str]) {
        for file in files {
            let path = root.join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, file.as_bytes()).unwrap();
        }
    }

    fn opened(folder: &Folder, by: &str, name: &str) -> Result<String, FileSetError> {
        folder.open(by, name).map(|file| file.name)
    }

    #[test]
    fn only_files_of_the_folder_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path(), &["vm/disk.vmdk", "vm/below/disk.vmdk", "vm/below/other.vmdk", "secret"]);
        let folder = Folder::new(&dir.path().join("vm")).unwrap();
        let within = folder.root().join("below").join("disk.vmdk");
        for (by, name, found) in [
            ("", "disk.vmdk", "disk.vmdk"),
            ("disk.vmdk", "below/disk.vmdk", "below/disk.vmdk"),
            ("disk.vmdk", "below\\disk.vmdk", "below/disk.vmdk"),
            ("below/disk.vmdk", "other.vmdk", "below/other.vmdk"),
            ("below/disk.vmdk", "../disk.vmdk", "disk.vmdk"),
            ("", within.to_str().unwrap(), "below/disk.vmdk"),
        ] {
            assert_eq!(opened(&folder, by, name).unwrap(), found, "{name} by {by}");
        }
        let secret = fs_err::canonicalize(dir.path().join("secret")).unwrap();
        for name in [
            "../secret",
            "below/../../secret",
            secret.to_str().unwrap(),
            "C:\\disk.vmdk",
            "/etc/passwd",
            "/not/there",
            "../not-there",
            "\\\\.\\PhysicalDrive0",
            "",
            "a\0b",
        ] {
            let refused = opened(&folder, "", name).unwrap_err();
            assert!(matches!(refused, FileSetError::Outside { .. }), "{name}: {refused}");
        }
        assert!(matches!(opened(&folder, "", "no.vmdk"), Err(FileSetError::Missing { .. })));
        assert!(matches!(opened(&folder, "", "below"), Err(FileSetError::Unreadable { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_out_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path(), &["vm/disk.vmdk", "secret"]);
        let link = |to: &str, name: &str| {
            std::os::unix::fs::symlink(dir.path().join(to), dir.path().join("vm").join(name))
                .unwrap();
        };
        link("secret", "out.vmdk");
        link("vm/disk.vmdk", "in.vmdk");
        let folder = Folder::new(&dir.path().join("vm")).unwrap();
        assert!(matches!(opened(&folder, "", "out.vmdk"), Err(FileSetError::Outside { .. })));
        assert_eq!(opened(&folder, "", "in.vmdk").unwrap(), "disk.vmdk");
    }

    #[test]
    fn changes_and_locks_are_seen() {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path(), &["disk.vmdk", "web.vmx.lck/M1.lck"]);
        let folder = Folder::new(dir.path()).unwrap();
        folder.open("", "disk.vmdk").unwrap();
        check_locks(folder.root(), &[]).unwrap();
        folder.stamps().iter().for_each(|stamp| stamp.check().unwrap());
        fs_err::write(dir.path().join("disk.vmdk"), b"another length").unwrap();
        let changed = folder.stamps().first().unwrap().check();
        assert!(matches!(changed, Err(LocalError::Changed { .. })));
        fs_err::create_dir(dir.path().join("disk.vmdk.lck")).unwrap();
        check_locks(folder.root(), &[]).unwrap();
        make(dir.path(), &["disk.vmdk.lck/M2.lck"]);
        assert!(matches!(check_locks(folder.root(), &[]), Err(LocalError::InUse { .. })));
    }

    #[test]
    fn locks_are_found_beside_every_file_that_was_opened() {
        let dir = tempfile::tempdir().unwrap();
        let below = ["data/disk.vmdk", "data/disk-s001.vmdk", "data/web.vmx", "data/other.vmdk"];
        make(dir.path(), &below);
        let folder = Folder::new(dir.path()).unwrap();
        for name in below.iter().take(3) {
            folder.open("", name).unwrap();
        }
        let locked = || check_locks(folder.root(), &folder.stamps());
        make(dir.path(), &["data/web.vmx.lck/M1.lck", "data/other.vmdk.lck/M1.lck"]);
        locked().unwrap();
        fs_err::create_dir(dir.path().join("data/disk-s001.vmdk.lck")).unwrap();
        locked().unwrap();
        make(dir.path(), &["data/disk-s001.vmdk.lck/M2.lck"]);
        let lock = folder.root().join("data").join("disk-s001.vmdk.lck");
        assert!(matches!(locked(), Err(LocalError::InUse { lock: found }) if found == lock));
    }
}
