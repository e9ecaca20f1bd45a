//! A store in memory, for tests and for trying things out.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use super::{BlobEntry, BlobName, BlobStore, Capabilities, StoreError};

/// Keeps all objects in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl MemoryStore {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a second store with the same content.
    pub fn duplicate(&self) -> Self {
        Self { objects: Mutex::new(self.lock().clone()) }
    }

    /// Replaces the bytes of an object, as damage does.
    pub fn overwrite(&self, name: &BlobName, bytes: Vec<u8>) {
        self.lock().insert(name.as_str().to_owned(), bytes);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.objects.lock().expect("no holder of this lock panics")
    }

    fn not_found(&self, name: &BlobName) -> StoreError {
        StoreError::NotFound { location: self.location(), name: name.to_string() }
    }
}

impl BlobStore for MemoryStore {
    fn location(&self) -> String {
        "memory".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { exclusive_create: true, durable: true }
    }

    fn prepare(&self) -> Result<(), StoreError> {
        match self.lock().keys().next() {
            None => Ok(()),
            Some(found) => {
                Err(StoreError::Occupied { location: self.location(), found: found.clone() })
            }
        }
    }

    fn put(&self, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        let mut objects = self.lock();
        match objects.get(name.as_str()) {
            Some(there) if there.len() == bytes.len() => {}
            _ => {
                objects.insert(name.as_str().to_owned(), bytes.to_vec());
            }
        }
        Ok(())
    }

    fn put_new(&self, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        let mut objects = self.lock();
        if objects.contains_key(name.as_str()) {
            return Err(StoreError::Exists { location: self.location(), name: name.to_string() });
        }
        objects.insert(name.as_str().to_owned(), bytes.to_vec());
        Ok(())
    }

    fn get(&self, name: &BlobName, limit: u64) -> Result<Vec<u8>, StoreError> {
        let objects = self.lock();
        let bytes = objects.get(name.as_str()).ok_or_else(|| self.not_found(name))?;
        let size = bytes.len() as u64;
        if size > limit {
            let name = name.to_string();
            return Err(StoreError::TooLarge { location: self.location(), name, size });
        }
        Ok(bytes.clone())
    }

    fn get_range(&self, name: &BlobName, offset: u64, len: usize) -> Result<Vec<u8>, StoreError> {
        let objects = self.lock();
        let bytes = objects.get(name.as_str()).ok_or_else(|| self.not_found(name))?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        bytes
            .get(start..start.saturating_add(len))
            .map(<[u8]>::to_vec)
            .ok_or_else(|| StoreError::Short { location: self.location(), name: name.to_string() })
    }

    fn size(&self, name: &BlobName) -> Result<u64, StoreError> {
        let objects = self.lock();
        objects.get(name.as_str()).map(|b| b.len() as u64).ok_or_else(|| self.not_found(name))
    }

    fn list(&self, prefix: &str) -> Result<Vec<BlobEntry>, StoreError> {
        let objects = self.lock();
        let found = objects.iter().filter(|(name, _)| name.starts_with(prefix));
        Ok(found
            .filter_map(|(name, bytes)| {
                Some(BlobEntry { name: BlobName::new(name.clone())?, size: bytes.len() as u64 })
            })
            .collect())
    }

    fn set_aside(&self, name: &BlobName, to: &BlobName) -> Result<(), StoreError> {
        let mut objects = self.lock();
        let bytes = objects.remove(name.as_str()).ok_or_else(|| self.not_found(name))?;
        objects.insert(to.as_str().to_owned(), bytes);
        Ok(())
    }

    fn delete(&self, name: &BlobName) -> Result<(), StoreError> {
        self.lock().remove(name.as_str()).map(|_| ()).ok_or_else(|| self.not_found(name))
    }
}
