//! A store that does not do what stores promise, as some shares and file systems.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::store::{BlobEntry, BlobName, BlobStore, Capabilities, StoreError};

/// What a store is untruthful about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Creating replaces what is there.
    CreateReplaces,
    /// The first two that create a name are told that they were first.
    TwoWinners,
    /// Of what is written, the end is lost.
    LosesEnds,
    /// What was just written is in no list.
    ListsLate,
    /// Removed objects stay in lists.
    ListsRemoved,
    /// Renaming leaves the old name.
    RenameCopies,
    /// Names of more than 100 characters are refused.
    ShortNames,
}

/// Puts a lie in front of a truthful store.
pub struct LyingStore {
    inner: Arc<dyn BlobStore>,
    lie: Lie,
    /// How often each name was created.
    created: Mutex<HashMap<String, u32>>,
    removed: Mutex<Vec<BlobEntry>>,
}

impl LyingStore {
    /// Puts a lie in front of a store.
    pub fn new(inner: Arc<dyn BlobStore>, lie: Lie) -> Self {
        Self { inner, lie, created: Mutex::default(), removed: Mutex::default() }
    }

    fn count(&self, name: &BlobName) -> u32 {
        let mut created = self.created.lock().expect("no holder of this lock panics");
        let count = created.entry(name.to_string()).or_default();
        *count += 1;
        *count
    }

    fn replace(&self, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        match self.inner.delete(name) {
            Ok(()) | Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        self.inner.put(name, bytes)
    }
}

impl BlobStore for LyingStore {
    fn location(&self) -> String {
        self.inner.location()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn prepare(&self) -> Result<(), StoreError> {
        self.inner.prepare()
    }

    fn put(&self, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        self.inner.put(name, bytes)
    }

    fn put_new(&self, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        let kept = bytes.split_at(bytes.len().saturating_sub(1)).0;
        match self.lie {
            Lie::CreateReplaces => self.replace(name, bytes),
            Lie::TwoWinners if self.count(name) <= 2 => self.replace(name, bytes),
            Lie::LosesEnds => self.inner.put_new(name, kept),
            Lie::ShortNames if name.as_str().len() > 100 => Err(StoreError::Io {
                location: self.location(),
                action: "writing",
                name: name.to_string(),
                source: Arc::new(std::io::Error::from(std::io::ErrorKind::InvalidFilename)),
            }),
            _ => self.inner.put_new(name, bytes),
        }
    }

    fn get(&self, name: &BlobName, limit: u64) -> Result<Vec<u8>, StoreError> {
        self.inner.get(name, limit)
    }

    fn get_range(&self, name: &BlobName, offset: u64, len: usize) -> Result<Vec<u8>, StoreError> {
        self.inner.get_range(name, offset, len)
    }

    fn size(&self, name: &BlobName) -> Result<u64, StoreError> {
        self.inner.size(name)
    }

    fn list(&self, prefix: &str) -> Result<Vec<BlobEntry>, StoreError> {
        let mut found = match self.lie {
            Lie::ListsLate => Vec::new(),
            _ => self.inner.list(prefix)?,
        };
        if self.lie == Lie::ListsRemoved {
            found.extend(self.removed.lock().expect("no holder of this lock panics").clone());
        }
        Ok(found)
    }

    fn set_aside(&self, name: &BlobName, to: &BlobName) -> Result<(), StoreError> {
        if self.lie == Lie::RenameCopies {
            let bytes = self.inner.get(name, u64::MAX)?;
            return self.inner.put(to, &bytes);
        }
        self.inner.set_aside(name, to)
    }

    fn delete(&self, name: &BlobName) -> Result<(), StoreError> {
        let size = self.inner.size(name)?;
        let entry = BlobEntry { name: name.clone(), size };
        self.removed.lock().expect("no holder of this lock panics").push(entry);
        self.inner.delete(name)
    }
}
