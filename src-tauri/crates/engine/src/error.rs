use kuramori_base::{Cancelled, Hint};
use kuramori_jobs::LogError;
use kuramori_repo::RepoError;
use kuramori_vsphere::VsphereError;

use crate::pipeline::PipelineError;

/// Why a VM could not be backed up.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The server refused or failed before the snapshot existed.
    #[error("looking at the VM failed")]
    Check(#[source] VsphereError),
    /// The VM cannot be backed up as it is.
    #[error("the VM cannot be backed up: {0}")]
    NotSupported(String),
    /// The intent could not be made durable, so no snapshot was made.
    #[error("the run log could not be written, so no snapshot was made")]
    Journal(#[from] LogError),
    /// The snapshot could not be made.
    #[error("the snapshot could not be made")]
    Snapshot(#[source] VsphereError),
    /// No way to read a disk worked.
    #[error("“{disk}” could not be read in any way: {tried}")]
    NoWay {
        /// The disk.
        disk: String,
        /// The ways and why each failed.
        tried: String,
    },
    /// A disk could not be read to the end.
    #[error("“{disk}” could not be read to the end")]
    Read {
        /// The disk.
        disk: String,
        /// Why.
        #[source]
        source: PipelineError,
    },
    /// The repository failed.
    #[error("the repository could not take the recovery point")]
    Repository(#[from] RepoError),
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The VM's configuration could not be put into the recovery point.
    #[error("the VM's configuration could not be recorded")]
    Config(#[source] serde_json::Error),
    /// A fault of ours.
    #[error("the backup of this VM broke off inside the program: {0}")]
    Panicked(String),
}

impl EngineError {
    /// Returns whether this is an answer to somebody's wish to stop.
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::Cancelled(_)
            | Self::Read { source: PipelineError::Cancelled(_), .. }
            | Self::Check(VsphereError::Cancelled(_))
            | Self::Snapshot(VsphereError::Cancelled(_)) => true,
            Self::Repository(e) | Self::Read { source: PipelineError::Repository(e), .. } => {
                matches!(e, RepoError::Cancelled(_))
            }
            _ => false,
        }
    }
}

impl Hint for EngineError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Check(e) | Self::Snapshot(e) => e.hints(),
            Self::Repository(e) | Self::Read { source: PipelineError::Repository(e), .. } => {
                e.hints()
            }
            Self::Journal(e) => e.hints(),
            _ => Vec::new(),
        }
    }
}
