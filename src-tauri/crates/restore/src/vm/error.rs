//! Why a VM could not be restored.

use kuramori_base::{CancelToken, Cancelled, Hint};
use kuramori_block::{ByteLen, ReadError};
use kuramori_repo::RepoError;
use kuramori_vsphere::transport::ImportError;
use kuramori_vsphere::{VersionTooLow, VsphereError};

/// Why a VM could not be restored. Nothing of it stays on the server.
#[derive(Debug, thiserror::Error)]
pub enum VmRestoreError {
    /// The server refused or failed.
    #[error("the server could not take the VM")]
    Server(#[source] VsphereError),
    /// The server refused or failed while the VM was sent.
    #[error(transparent)]
    Import(ImportError),
    /// The repository refused.
    #[error(transparent)]
    Repository(#[from] RepoError),
    /// The recovery point could not be read.
    #[error("the recovery point could not be read")]
    Read(#[from] ReadError),
    /// There is a VM of this name already.
    #[error("the server has a VM called “{name}” already; “{free}” is free")]
    NameTaken {
        /// The name.
        name: String,
        /// One that is free.
        free: String,
    },
    /// A datastore was chosen for a disk that the recovery point does not have.
    #[error("the recovery point has no disk with the key {0}")]
    NoSuchDisk(i32),
    /// No host could run the VM with its disks where they are to lie.
    #[error("no host mounts all of these datastores: {0}")]
    NoCommonHost(String),
    /// The target's virtual hardware has no place for the disks.
    #[error("the VM cannot be made with the virtual hardware of the target")]
    Hardware(#[from] VersionTooLow),
    /// There is no such datastore.
    #[error("the server has no datastore called “{0}” that can be used")]
    NoDatastore(String),
    /// The datastore is too small.
    #[error("the datastore “{datastore}” has {free} free, the disks need {needed}")]
    NoRoom {
        /// The datastore.
        datastore: String,
        /// What is free.
        free: ByteLen,
        /// What the disks need with the data they hold.
        needed: ByteLen,
    },
    /// The recovery point was made of a disk image.
    #[error("this recovery point is of a disk image, not of a VM")]
    NotAVm,
    /// The configuration in the recovery point cannot be used.
    #[error("the VM's configuration in the recovery point cannot be used: {0}")]
    Config(String),
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Hint for VmRestoreError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Server(e) => e.hints(),
            Self::Import(e) => e.hints(),
            Self::Repository(e) => e.hints(),
            _ => Vec::new(),
        }
    }
}

/// Finds what really went wrong behind a failed import: a body that could not be read is a fault
/// of the repository, and a stop shows itself in many ways.
pub(crate) fn import_failed(error: ImportError, cancel: &CancelToken) -> VmRestoreError {
    if let Err(cancelled) = cancel.check() {
        return cancelled.into();
    }
    match error {
        ImportError::Cancelled(e) => e.into(),
        ImportError::Call(e) => VmRestoreError::Server(e),
        ImportError::Body { source, .. } => {
            VmRestoreError::Read(ReadError::source(kuramori_block::ByteOffset::ZERO, source))
        }
        other => VmRestoreError::Import(other),
    }
}
