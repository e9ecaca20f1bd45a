//! A store that can be read and takes nothing new.

use std::sync::Arc;

use super::faulty::{Fault, FaultyStore, When};
use crate::store::{BlobEntry, BlobName, BlobStore, Capabilities, StoreError};

/// Refuses whatever would change a store.
pub struct ReadOnlyStore {
    inner: Arc<dyn BlobStore>,
    refuses: FaultyStore,
}

impl ReadOnlyStore {
    /// Puts it in front of a store. `fault` is what writes fail with.
    pub fn new(inner: Arc<dyn BlobStore>, fault: Fault) -> Self {
        let refuses = FaultyStore::new(Arc::clone(&inner), When::Crash(0), fault);
        Self { inner, refuses }
    }
}

impl BlobStore for ReadOnlyStore {
    fn location(&self) -> String {
        self.inner.location()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn prepare(&self) -> Result<(), StoreError> {
        self.refuses.prepare()
    }

    fn put(&self, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        self.refuses.put(name, bytes)
    }

    fn put_new(&self, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        self.refuses.put_new(name, bytes)
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
        self.inner.list(prefix)
    }

    fn set_aside(&self, name: &BlobName, to: &BlobName) -> Result<(), StoreError> {
        self.refuses.set_aside(name, to)
    }

    fn delete(&self, name: &BlobName) -> Result<(), StoreError> {
        self.refuses.delete(name)
    }
}
