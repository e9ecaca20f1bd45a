//! A store in a folder of a local disk or a share.
//!
//! An object gets its name only when its bytes are on the disk: written under `tmp/`, synced, read
//! back through a new handle and compared, then linked to its name, then the folder synced.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fs_err as fs;

use super::{BlobEntry, BlobName, BlobStore, Capabilities, StoreError};

/// Folders that exist from the beginning. None is ever made later, so that an unmounted share is
/// an error and not a fresh, empty place.
const FOLDERS: [&str; 6] = ["tmp", "keys", "packs", "index", "points", "sessions"];
/// What systems leave in an empty disk or folder.
const NOT_OURS: [&str; 5] =
    ["lost+found", ".DS_Store", ".Trashes", "System Volume Information", "desktop.ini"];
const COMPARE_PIECE: usize = 256 << 10;

/// A store in a folder.
#[derive(Debug)]
pub struct LocalStore {
    root: PathBuf,
}

impl LocalStore {
    /// Takes the folder; nothing is touched yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Returns the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn path(&self, name: &BlobName) -> PathBuf {
        name.as_str().split('/').fold(self.root.clone(), |path, part| path.join(part))
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

    /// Fails with [`StoreError::Unreachable`] when the place is not there.
    fn present(&self) -> Result<(), StoreError> {
        match fs::metadata(&self.root) {
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
        let temp = self.root.join("tmp").join(format!("{number:016x}"));
        let result = self.fill_temp(&temp, name, bytes);
        if result.is_err() && temp.exists() {
            discard(&temp);
        }
        result.map(|()| temp)
    }

    fn fill_temp(&self, temp: &Path, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        let failed = |e| self.write_error(name, bytes, e);
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).open(temp).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        drop(file);
        let same = reads_back(temp, bytes).map_err(failed)?;
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
        if parent == self.root {
            return Ok(());
        }
        match fs::create_dir(parent) {
            Ok(()) => sync_folder(parent.parent().unwrap_or(&self.root)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(e) => Err(e),
        }
    }

    /// Gives a finished temporary file its name, unless somebody has it.
    fn publish(
        &self,
        temp: &Path,
        name: &BlobName,
        bytes: &[u8],
        without_links: fn(&Path, &Path, &[u8]) -> io::Result<()>,
    ) -> Result<(), StoreError> {
        let path = self.path(name);
        let result = self.make_parent(&path).and_then(|()| match fs::hard_link(temp, &path) {
            Err(e) if links_unsupported(&e) => without_links(temp, &path, bytes),
            other => other,
        });
        if temp.exists() {
            discard(temp);
        }
        match result {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                let location = self.location();
                return Err(StoreError::Exists { location, name: name.to_string() });
            }
            Err(e) => return Err(self.write_error(name, bytes, e)),
        }
        let folder = path.parent().unwrap_or(&self.root);
        sync_folder(folder).map_err(|e| self.write_error(name, bytes, e))
    }
}

/// Collects the files of a folder and the folders in it, under their names.
fn walk(folder: &Path, at: &str, found: &mut Vec<BlobEntry>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file_name = entry.file_name();
        let Some(part) = file_name.to_str() else { continue };
        let name = if at.is_empty() { part.to_owned() } else { format!("{at}/{part}") };
        let meta = match entry.metadata() {
            Ok(meta) => meta,
            // Removed while we looked.
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(e),
        };
        if meta.is_dir() {
            if name != "tmp" {
                walk(&entry.path(), &name, found)?;
            }
        } else if let Some(name) = BlobName::new(name) {
            found.push(BlobEntry { name, size: meta.len() });
        }
    }
    Ok(())
}

fn discard(temp: &Path) {
    if let Err(error) = fs::remove_file(temp) {
        tracing::debug!(%error, "a temporary file stays behind");
    }
}

/// Compares a file with what was written, through a handle of its own.
fn reads_back(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let mut file = fs::File::open(path)?;
    if file.metadata()?.len() != bytes.len() as u64 {
        return Ok(false);
    }
    let mut piece = vec![0; COMPARE_PIECE.min(bytes.len())];
    for expected in bytes.chunks(COMPARE_PIECE) {
        let piece = &mut piece[..expected.len()];
        file.read_exact(piece)?;
        if piece != expected {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The second choice where there are no hard links: the name is taken first and filled then. A
/// crash in between leaves a short object, which readers take for damaged, never for valid.
fn create_in_place(_temp: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The second choice for objects whose names say their content: replacing one changes nothing.
fn move_over(temp: &Path, path: &Path, _bytes: &[u8]) -> io::Result<()> {
    if path.exists() { Err(io::ErrorKind::AlreadyExists.into()) } else { fs::rename(temp, path) }
}

fn links_unsupported(error: &io::Error) -> bool {
    // EPERM is how Linux says it for FAT and some shares; EMLINK cannot happen to a new file.
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied)
        || matches!(error.raw_os_error(), Some(1 | 45 | 50 | 95))
}

/// Makes a new name in a folder survive a power cut.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match fs::File::open(folder)?.sync_all() {
        // Some shares cannot sync folders; names are then as durable as the server makes them.
        Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        other => other,
    }
}

/// Windows makes names durable with the file's own flush; folders cannot be flushed.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

impl BlobStore for LocalStore {
    fn location(&self) -> String {
        self.root.display().to_string()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { exclusive_create: true, durable: cfg!(unix) }
    }

    fn prepare(&self) -> Result<(), StoreError> {
        let failed = |e| self.error("preparing", ".", 0, e);
        match fs::create_dir(&self.root) {
            Ok(()) => {
                let parent = self.root.parent().filter(|p| !p.as_os_str().is_empty());
                sync_folder(parent.unwrap_or(Path::new("."))).map_err(failed)?;
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(self.gone(e)),
            Err(e) => return Err(failed(e)),
        }
        for entry in fs::read_dir(&self.root).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let name = name.to_string_lossy();
            if !NOT_OURS.contains(&name.as_ref()) && !FOLDERS.contains(&name.as_ref()) {
                let found = name.into_owned();
                return Err(StoreError::Occupied { location: self.location(), found });
            }
        }
        for folder in FOLDERS {
            match fs::create_dir(self.root.join(folder)) {
                Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(failed(e)),
                _ => {}
            }
        }
        sync_folder(&self.root).map_err(failed)
    }

    fn put(&self, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        let temp = self.write_temp(name, bytes)?;
        match self.publish(&temp, name, bytes, move_over) {
            Err(StoreError::Exists { .. }) if self.size(name)? == bytes.len() as u64 => Ok(()),
            // Its name says its content, so what is there with another size is broken.
            Err(StoreError::Exists { .. }) => {
                let temp = self.write_temp(name, bytes)?;
                let path = self.path(name);
                fs::rename(&temp, &path).map_err(|e| self.write_error(name, bytes, e))?;
                sync_folder(path.parent().unwrap_or(&self.root))
                    .map_err(|e| self.write_error(name, bytes, e))
            }
            other => other,
        }
    }

    fn put_new(&self, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        let temp = self.write_temp(name, bytes)?;
        self.publish(&temp, name, bytes, create_in_place)
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
        self.present()?;
        let top = prefix.split_once('/').map_or("", |(top, _)| top);
        let folder = if top.is_empty() { self.root.clone() } else { self.root.join(top) };
        let mut found = Vec::new();
        match walk(&folder, top, &mut found) {
            Ok(()) => {}
            // Folders of later features are made when they are used.
            Err(e) if e.kind() == io::ErrorKind::NotFound && !FOLDERS.contains(&top) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(self.gone(e)),
            Err(e) => return Err(self.error("listing", prefix, 0, e)),
        }
        found.retain(|entry| entry.name.as_str().starts_with(prefix));
        found.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    fn delete(&self, name: &BlobName) -> Result<(), StoreError> {
        let path = self.path(name);
        fs::remove_file(&path).map_err(|e| self.read_error(name, e))?;
        sync_folder(path.parent().unwrap_or(&self.root))
            .map_err(|e| self.error("removing", name.as_str(), 0, e))
    }
}

#[cfg(test)]
mod tests;
