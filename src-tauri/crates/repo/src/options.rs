//! What callers choose.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use kuramori_base::{CancelToken, NoProgress, Progress, Secret};
use kuramori_block::ByteLen;

use crate::crypto::{self, KdfCost};
use crate::error::RepoError;
use crate::format::slot::SlotKind;
use crate::ids::{RepositoryId, WriterId};

/// What opens a repository.
#[derive(Debug)]
pub enum Unlock {
    /// The passphrase, byte for byte as it was set.
    Passphrase(Secret<String>),
    /// The printed recovery key as somebody typed it.
    RecoveryKey(Secret<String>),
    /// The bytes of a key file; 32 to 1 MiB of them. Costs no key derivation.
    KeyFile(Secret<Vec<u8>>),
    /// What a computer keeps in its keychain. Costs no key derivation.
    Device(Secret<[u8; 32]>),
}

impl Unlock {
    /// Makes a key for a computer to keep.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn new_device() -> Result<Self, RepoError> {
        crypto::random().map(|bytes| Self::Device(Secret::new(bytes)))
    }

    pub(crate) fn kind(&self) -> SlotKind {
        match self {
            Self::Passphrase(_) => SlotKind::Passphrase,
            Self::RecoveryKey(_) => SlotKind::RecoveryKey,
            Self::KeyFile(_) => SlotKind::KeyFile,
            Self::Device(_) => SlotKind::Device,
        }
    }
}

/// How a new repository is to be.
#[derive(Clone, Debug)]
pub struct CreateOptions {
    /// Its name for people. Sealed: nobody reads it without a key.
    pub name: String,
    /// Size of a chunk: a power of two from 4 KiB to 1 MiB.
    pub chunk_len: ByteLen,
    /// Work of the key derivation of a passphrase.
    pub kdf: KdfCost,
    /// Settings of the opened repository.
    pub open: OpenOptions,
}

impl CreateOptions {
    /// Takes a name, chunks of 256 KiB and the standard key derivation.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            chunk_len: ByteLen::new(256 << 10),
            kdf: KdfCost::STANDARD,
            open: OpenOptions::default(),
        }
    }
}

/// Settings of an opened repository.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// Bytes of data that may wait for compression, for all sessions together.
    pub write_budget: ByteLen,
    /// Size at which a pack is closed.
    pub pack_len: ByteLen,
    /// Threads that hash and compress; `None` takes one for each core.
    pub workers: Option<usize>,
    /// Where the lock file of this computer lies; `None` takes the system's temporary folder.
    pub lock_folder: Option<PathBuf>,
    /// Folder of this computer for what would take much memory of the index; `None` keeps all in
    /// memory, 150 MB for each TiB. What lies there may be deleted while nobody uses it.
    pub index_folder: Option<PathBuf>,
    /// Entries of the index that stay in memory before any go to that folder; 32 bytes each.
    pub index_in_memory: u64,
    /// Time between two signs of life of a session.
    pub beat: Duration,
    /// A rule of the protocol to leave out.
    #[cfg(feature = "testing")]
    pub without: Option<crate::guard::Guard>,
}

impl OpenOptions {
    /// Whether a rule is kept: always, outside of tests.
    #[cfg(feature = "testing")]
    pub(crate) fn keeps(&self, guard: crate::guard::Guard) -> bool {
        self.without != Some(guard)
    }

    /// Whether a rule is kept: always.
    #[cfg(not(feature = "testing"))]
    #[expect(clippy::unused_self, reason = "tests ask for more")]
    pub(crate) fn keeps(&self, _: crate::guard::Guard) -> bool {
        true
    }
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            write_budget: ByteLen::from_mib(16),
            pack_len: ByteLen::from_mib(24),
            workers: None,
            lock_folder: None,
            index_folder: None,
            index_in_memory: 1 << 20,
            beat: Duration::from_mins(1),
            #[cfg(feature = "testing")]
            without: None,
        }
    }
}

/// Who writes in a session, who watches, and who may stop it.
#[derive(Clone)]
pub struct SessionOptions {
    /// The installation that writes. Keep it: it links this writer's recovery points.
    pub writer: WriterId,
    /// Told of new and stored bytes as chunks are placed.
    pub progress: Arc<dyn Progress>,
    /// Ends waits, and the commit before its last step.
    pub cancel: CancelToken,
}

impl SessionOptions {
    /// Takes a writer; nobody watches and nobody stops it.
    pub fn new(writer: WriterId) -> Self {
        Self { writer, progress: Arc::new(NoProgress), cancel: CancelToken::new() }
    }
}

/// What can be known about a repository without a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryStub {
    /// Its id.
    pub id: RepositoryId,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// Size of its chunks.
    pub chunk_len: ByteLen,
    /// What can open it.
    pub slots: Vec<SlotKind>,
}

/// What is known about an open repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryInfo {
    /// Its id.
    pub id: RepositoryId,
    /// Its name for people.
    pub name: String,
    /// Where it lies.
    pub location: String,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// Size of its chunks.
    pub chunk_len: ByteLen,
    /// Number of committed recovery points.
    pub points: usize,
    /// Number of objects that cannot be read among them.
    pub damaged: usize,
    /// Number of packs.
    pub packs: usize,
    /// Bytes of all files.
    pub stored: ByteLen,
}
