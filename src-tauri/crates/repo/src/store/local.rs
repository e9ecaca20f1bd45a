//! A store in a folder of a local disk or a share.
//!
//! An object gets its name only when its bytes are on the disk: written under `tmp/`, synced, read
//! back through a new handle and compared, then linked to its name, then the folder synced.

mod sweep;

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use fs_err as fs;
use kuramori_platform::fs::{self as durable, Durability, WithoutLinks};
use kuramori_platform::paths;

use super::{BlobEntry, BlobName, BlobStore, Capabilities, StoreError, Swept};

/// Folders that exist from the beginning. None is ever made later, so that an unmounted share is
/// an error and not a fresh, empty place.
const FOLDERS: [&str; 10] =
    ["tmp", "keys", "packs", "index", "points", "sessions", "tombs", "holds", "gc", "trash"];
/// Made when it is used, which a creation that was cut short may have done.
const LATER: &str = "meta";
/// What systems leave in an empty disk or folder.
const NOT_OURS: [&str; 5] =
    ["lost+found", ".DS_Store", ".Trashes", "System Volume Information", "desktop.ini"];

/// A store in a folder.
#[derive(Debug)]
pub struct LocalStore {
    /// As it was given, for people.
    root: PathBuf,
    /// In the form that takes names of any length.
    base: PathBuf,
    /// What the place refused that would make writes survive a power cut.
    weak: OnceLock<String>,
}

impl LocalStore {
    /// Takes the folder; nothing is touched yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self { base: paths::verbatim(&root), root, weak: OnceLock::new() }
    }

    /// Returns the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Remembers what the place does not guarantee, and says so once.
    fn note(&self, durability: Durability) {
        if let Durability::Weak { reason } = durability
            && self.weak.set(reason.clone()).is_ok()
        {
            let place = self.location();
            tracing::warn!(place, reason, "this place does not promise to survive a power cut");
        }
    }

    fn path(&self, name: &BlobName) -> PathBuf {
        name.as_str().split('/').fold(self.base.clone(), |path, part| path.join(part))
    }

    /// Visits the objects whose names begin with `prefix`.
    fn walk(&self, prefix: &str, visit: Visit<'_>) -> Result<(), StoreError> {
        self.present()?;
        let top = prefix.split_once('/').map_or("", |(top, _)| top);
        let folder = if top.is_empty() { self.base.clone() } else { self.base.join(top) };
        let visited = walk(&folder, top, &mut |name, entry| {
            if name.as_str().starts_with(prefix) { visit(name, entry) } else { Ok(()) }
        });
        match visited {
            // Folders of later features are made when they are used.
            Err(e) if e.kind() == io::ErrorKind::NotFound && !FOLDERS.contains(&top) => Ok(()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(self.gone(e)),
            Err(e) => Err(self.error("listing", prefix, 0, e)),
            Ok(()) => Ok(()),
        }
    }

    fn error(&self, action: &'static str, name: &str, size: u64, source: io::Error) -> StoreError {
        let location = self.location();
        let name = name.to_owned();
        let kind = source.kind();
        let source = Arc::new(source);
        match kind {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                StoreError::Full { location, name, size, source }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                StoreError::Denied { location, name, source }
            }
            io::ErrorKind::StaleNetworkFileHandle
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::NotConnected
            | io::ErrorKind::TimedOut => StoreError::Unreachable { location, source },
            _ => StoreError::Io { location, action, name, source },
        }
    }

    /// Tells a missing object from a missing place.
    fn read_error(&self, name: &BlobName, source: io::Error) -> StoreError {
        let location = self.location();
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => match self.present() {
                Ok(()) => StoreError::NotFound { location, name: name.to_string() },
                Err(error) => error,
            },
            io::ErrorKind::UnexpectedEof => StoreError::Short { location, name: name.to_string() },
            _ => self.error("reading", name.as_str(), 0, source),
        }
    }

    fn removal_error(&self, name: &BlobName, source: io::Error) -> StoreError {
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => self.read_error(name, source),
            _ => self.error("removing", name.as_str(), 0, source),
        }
    }

    /// Fails with [`StoreError::Unreachable`] when the place is not there.
    fn present(&self) -> Result<(), StoreError> {
        match fs::metadata(&self.base) {
            Ok(meta) if meta.is_dir() => Ok(()),
            Ok(_) => Err(self.gone(io::ErrorKind::NotADirectory.into())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(self.gone(e)),
            Err(e) => Err(self.error("looking for", ".", 0, e)),
        }
    }

    fn gone(&self, source: io::Error) -> StoreError {
        StoreError::Unreachable { location: self.location(), source: Arc::new(source) }
    }

    /// Writes, syncs and compares a file under `tmp/`. One that failed is thrown away, since a
    /// second sync of the same file may lie; another file is tried once.
    fn write_temp(&self, name: &BlobName, bytes: &[u8]) -> Result<PathBuf, StoreError> {
        match self.try_temp(name, bytes) {
            Err(StoreError::Io { .. } | StoreError::ReadBack { .. }) => self.try_temp(name, bytes),
            other => other,
        }
    }

    fn try_temp(&self, name: &BlobName, bytes: &[u8]) -> Result<PathBuf, StoreError> {
        // Random, since several computers may write to one share.
        let number = getrandom::u64()
            .map_err(|e| self.error("naming", name.as_str(), 0, io::Error::other(e.to_string())))?;
        let temp = self.base.join("tmp").join(format!("{number:016x}"));
        let result = self.fill_temp(&temp, name, bytes);
        if result.is_err() && temp.exists() {
            durable::discard(&temp);
        }
        result.map(|()| temp)
    }

    fn fill_temp(&self, temp: &Path, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        let failed = |e| self.write_error(name, bytes, e);
        self.note(durable::write_new(temp, bytes).map_err(failed)?);
        let same = durable::reads_back(temp, bytes).map_err(failed)?;
        let location = self.location();
        if same { Ok(()) } else { Err(StoreError::ReadBack { location, name: name.to_string() }) }
    }

    /// A folder that is missing while writing means that the place is gone.
    fn write_error(&self, name: &BlobName, bytes: &[u8], source: io::Error) -> StoreError {
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => self.gone(source),
            _ => self.error("writing", name.as_str(), bytes.len() as u64, source),
        }
    }

    /// Makes the one folder between a top folder and the object.
    fn make_parent(&self, path: &Path) -> io::Result<()> {
        let Some(parent) = path.parent() else { return Ok(()) };
        if parent == self.base {
            return Ok(());
        }
        match durable::create_folder(parent) {
            Ok(durability) => self.note(durability),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
        Ok(())
    }

    /// Gives a finished temporary file its name, unless somebody has it.
    fn publish(
        &self,
        temp: &Path,
        name: &BlobName,
        bytes: &[u8],
        second: WithoutLinks,
    ) -> Result<(), StoreError> {
        let path = self.path(name);
        let published =
            self.make_parent(&path).and_then(|()| durable::publish(temp, &path, second));
        match published {
            Ok(durability) => {
                self.note(durability);
                Ok(())
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                let location = self.location();
                Err(StoreError::Exists { location, name: name.to_string() })
            }
            Err(e) => {
                durable::discard(temp);
                Err(self.write_error(name, bytes, e))
            }
        }
    }
}

/// Hands over an object that was met, by its name.
type Visit<'a> = &'a mut dyn FnMut(BlobName, &fs::DirEntry) -> io::Result<()>;

/// Visits the files of a folder and of the folders in it.
fn walk(folder: &Path, at: &str, visit: Visit<'_>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file_name = entry.file_name();
        let Some(part) = file_name.to_str() else { continue };
        let name = if at.is_empty() { part.to_owned() } else { format!("{at}/{part}") };
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            // Removed while we looked.
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(e),
        };
        if kind.is_dir() {
            if name != "tmp" {
                walk(&entry.path(), &name, visit)?;
            }
        } else if let Some(name) = BlobName::new(name) {
            visit(name, &entry)?;
        }
    }
    Ok(())
}

impl BlobStore for LocalStore {
    fn location(&self) -> String {
        self.root.display().to_string()
    }

    fn capabilities(&self) -> Capabilities {
        // Nothing was refused yet in a store that nobody has written to, so it is tried.
        if let (None, Ok(durability)) = (self.weak.get(), durable::sync_folder(&self.base)) {
            self.note(durability);
        }
        Capabilities { exclusive_create: true, durable: self.weak.get().is_none() }
    }

    fn prepare(&self) -> Result<(), StoreError> {
        let failed = |e| self.error("preparing", ".", 0, e);
        match durable::create_folder(&self.base) {
            Ok(durability) => self.note(durability),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(self.gone(e)),
            Err(e) => return Err(failed(e)),
        }
        for entry in fs::read_dir(&self.base).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let name = name.to_string_lossy();
            let ours = FOLDERS.contains(&name.as_ref()) || name == LATER;
            if !NOT_OURS.contains(&name.as_ref()) && !ours {
                let found = name.into_owned();
                return Err(StoreError::Occupied { location: self.location(), found });
            }
        }
        for folder in FOLDERS {
            match durable::make_folder(&self.base.join(folder)) {
                Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(failed(e)),
                _ => {}
            }
        }
        self.note(durable::sync_folder(&self.base).map_err(failed)?);
        Ok(())
    }

    fn put(&self, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        let temp = self.write_temp(name, bytes)?;
        match self.publish(&temp, name, bytes, WithoutLinks::Move) {
            Err(StoreError::Exists { .. }) if self.size(name)? == bytes.len() as u64 => Ok(()),
            // Its name says its content, so what is there with another size is broken.
            Err(StoreError::Exists { .. }) => {
                let temp = self.write_temp(name, bytes)?;
                let replaced = durable::replace(&temp, &self.path(name));
                self.note(replaced.map_err(|e| {
                    durable::discard(&temp);
                    self.write_error(name, bytes, e)
                })?);
                Ok(())
            }
            other => other,
        }
    }

    fn put_new(&self, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        let temp = self.write_temp(name, bytes)?;
        self.publish(&temp, name, bytes, WithoutLinks::CreateInPlace)
    }

    fn get(&self, name: &BlobName, limit: u64) -> Result<Vec<u8>, StoreError> {
        let failed = |e| self.read_error(name, e);
        let file = fs::File::open(self.path(name)).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        if size > limit {
            let (location, name) = (self.location(), name.to_string());
            return Err(StoreError::TooLarge { location, name, size });
        }
        let mut bytes = Vec::new();
        bytes.reserve_exact(usize::try_from(size).unwrap_or_default());
        file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }

    fn get_range(&self, name: &BlobName, offset: u64, len: usize) -> Result<Vec<u8>, StoreError> {
        let failed = |e| self.read_error(name, e);
        let mut file = fs::File::open(self.path(name)).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        if offset.checked_add(len as u64).is_none_or(|end| end > size) {
            return Err(failed(io::ErrorKind::UnexpectedEof.into()));
        }
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        let mut bytes = vec![0; len];
        file.read_exact(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }

    fn size(&self, name: &BlobName) -> Result<u64, StoreError> {
        fs::metadata(self.path(name)).map(|m| m.len()).map_err(|e| self.read_error(name, e))
    }

    fn list(&self, prefix: &str) -> Result<Vec<BlobEntry>, StoreError> {
        let mut found = Vec::new();
        self.walk(prefix, &mut |name, entry| {
            match entry.metadata() {
                Ok(meta) => found.push(BlobEntry { name, size: meta.len() }),
                // Removed while we looked.
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
            Ok(())
        })?;
        found.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    fn list_names(&self, prefix: &str) -> Result<Vec<BlobName>, StoreError> {
        let mut found = Vec::new();
        self.walk(prefix, &mut |name, _| {
            found.push(name);
            Ok(())
        })?;
        found.sort_unstable();
        Ok(found)
    }

    fn set_aside(&self, name: &BlobName, to: &BlobName) -> Result<(), StoreError> {
        let path = self.path(to);
        // The folder of a kind, then the one in it.
        let made = path.parent().map_or(Ok(()), |folder| {
            self.make_parent(folder).and_then(|()| self.make_parent(&path))
        });
        let moved = made.and_then(|()| durable::replace(&self.path(name), &path));
        self.note(moved.map_err(|e| self.removal_error(name, e))?);
        Ok(())
    }

    fn delete(&self, name: &BlobName) -> Result<(), StoreError> {
        let removed = durable::remove(&self.path(name));
        self.note(removed.map_err(|e| self.removal_error(name, e))?);
        Ok(())
    }

    fn sweep(&self, now: DateTime<Utc>) -> Result<Swept, StoreError> {
        self.present()?;
        let tmp = self.base.join("tmp");
        sweep::sweep(&tmp, now).map_err(|e| self.error("looking at", "tmp", 0, e))
    }
}

#[cfg(test)]
mod tests;
