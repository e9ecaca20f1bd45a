//! Where the objects of a repository lie.

mod error;
pub mod local;
mod lock;
pub mod memory;
mod name;
mod probe;

use chrono::{DateTime, Utc};
pub use error::StoreError;
pub use local::LocalStore;
pub(crate) use lock::WriteLock;
pub use memory::MemoryStore;
pub use name::BlobName;
pub use probe::BrokenPromise;
pub(crate) use probe::probe;

/// What a store really guarantees; found out, not assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Of several writers that create the same name, exactly one wins, and its content is whole.
    pub exclusive_create: bool,
    /// A finished write survives a power cut, its name included.
    pub durable: bool,
}

/// Half-written objects that were removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many.
    pub files: u64,
    /// Their bytes together.
    pub bytes: u64,
}

/// One object of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobEntry {
    /// Its name.
    pub name: BlobName,
    /// Its size in bytes.
    pub size: u64,
}

/// A place that keeps named, immutable objects.
///
/// Calls block, may come from several threads, and are durable when they return. An object is
/// never changed once it has its name. Every failure says what it was about ([`StoreError`]).
pub trait BlobStore: Send + Sync {
    /// Returns the place in words, for messages.
    fn location(&self) -> String;

    /// Returns what the store guarantees.
    fn capabilities(&self) -> Capabilities;

    /// Makes the place ready for a new repository. It must be empty or not exist.
    ///
    /// No other call ever creates the place: a vanished share must not turn into a folder.
    ///
    /// # Errors
    /// [`StoreError::Occupied`] when anything lies there.
    fn prepare(&self) -> Result<(), StoreError>;

    /// Stores an object whose name says its content. An object that is there with the same size
    /// is taken for the same and left alone.
    ///
    /// # Errors
    /// By cause; afterwards the object is there whole or not at all.
    fn put(&self, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError>;

    /// Creates an object only where none has this name: the register that decides a race.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when somebody was first. After any other error it is unknown
    /// whether the object exists; read it to find out.
    fn put_new(&self, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError>;

    /// Returns a whole object.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::TooLarge`] past `limit` bytes, before reading it.
    fn get(&self, name: &BlobName, limit: u64) -> Result<Vec<u8>, StoreError>;

    /// Returns exactly `len` bytes from `offset` on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Short`] when the object ends earlier.
    fn get_range(&self, name: &BlobName, offset: u64, len: usize) -> Result<Vec<u8>, StoreError>;

    /// Returns the size of an object in bytes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    fn size(&self, name: &BlobName) -> Result<u64, StoreError>;

    /// Returns all objects whose names begin with `prefix`, sorted by name. Files that are not
    /// objects are left out. An empty list is never returned in place of an error.
    ///
    /// # Errors
    /// By cause; a list is whole or an error.
    fn list(&self, prefix: &str) -> Result<Vec<BlobEntry>, StoreError>;

    /// As [`BlobStore::list`], without the sizes, which some stores have to ask for one by one.
    ///
    /// # Errors
    /// As [`BlobStore::list`].
    fn list_names(&self, prefix: &str) -> Result<Vec<BlobName>, StoreError> {
        Ok(self.list(prefix)?.into_iter().map(|entry| entry.name).collect())
    }

    /// Gives an object another name, at once where the store can: it is under one of the two at
    /// every moment, and may be under both for a moment. An object that has the new name already
    /// is taken for the same.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    fn set_aside(&self, name: &BlobName, to: &BlobName) -> Result<(), StoreError>;

    /// Removes an object.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    fn delete(&self, name: &BlobName) -> Result<(), StoreError>;

    /// Removes what writers that died left half written, where nobody can be at work on it any
    /// more. A store that has no half-written objects has nothing to do.
    ///
    /// # Errors
    /// By cause; what was removed until then is gone.
    fn sweep(&self, _now: DateTime<Utc>) -> Result<Swept, StoreError> {
        Ok(Swept::default())
    }
}
