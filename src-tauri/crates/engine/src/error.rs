use kuramori_base::{Cancelled, Hint};
use kuramori_jobs::LogError;
use kuramori_repo::RepoError;
use kuramori_vsphere::{VmObstacle, VsphereError};

use crate::pipeline::PipelineError;

/// Why a VM could not be backed up.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The server refused or failed before the snapshot existed.
    #[error("looking at the VM failed")]
    Check(#[source] VsphereError),
    /// The VM cannot be backed up as it is.
    #[error("the VM cannot be backed up: {0}")]
    NotSupported(VmObstacle),
    /// A snapshot would do harm now.
    #[error("a snapshot now would do harm: {0}")]
    Guard(Obstacle),
    /// A VM is copied without a snapshot only while it is off.
    #[error("the VM runs, and without a snapshot only one that is off can be copied")]
    Runs,
    /// It was switched on or changed while it was copied.
    #[error("the VM was switched on or changed while it was copied, so nothing was kept")]
    WokeUp,
    /// The guest could not be asked to shut down.
    #[error("the guest could not be shut down")]
    ShutDown(#[source] VsphereError),
    /// A VM that an earlier run had shut down could not be switched on again.
    #[error("the VM could not be switched on again")]
    SwitchOn(#[source] VsphereError),
    /// The guest did not shut down in time.
    #[error("the guest did not shut down within {minutes} minutes")]
    StillRuns {
        /// How long it was waited for.
        minutes: u64,
    },
    /// The guest could not be made as quiet as the job insists on.
    #[error("the guest could not be made as quiet as this backup insists on: {0}")]
    NotQuiet(String),
    /// The intent could not be made durable, so no snapshot was made.
    #[error("the run log could not be written, so no snapshot was made")]
    Journal(#[from] LogError),
    /// The snapshot could not be made.
    #[error("the snapshot could not be made")]
    Snapshot(#[source] VsphereError),
    /// A disk that was attached to the VM of this computer could not be detached, so its snapshot
    /// has to stay.
    #[error("a disk that was attached to the VM of this computer could not be detached")]
    Detach(#[source] VsphereError),
    /// A disk hangs on the VM of this computer, or may soon, of which it is not certain that it is
    /// ours. The snapshot has to stay.
    #[error("a disk may still hang on the VM of this computer: {0}")]
    MayHang(String),
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

/// Why a snapshot would do harm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// Changes of the running VM need room while a snapshot exists.
    #[error("the datastore {datastore} has only {free} bytes free, and {floor} are the least")]
    DatastoreFull {
        /// Name of the datastore.
        datastore: String,
        /// Bytes free.
        free: u64,
        /// Bytes that have to be free.
        floor: u64,
    },
    /// Hosts allow 32 in a row.
    #[error("the VM has {count} snapshots in a row, and a host allows 32")]
    ManySnapshots {
        /// How many.
        count: usize,
    },
    /// Links of snapshots that are gone could not be merged, and each backup would add one.
    #[error("the VM runs on {count} links that no snapshot owns and that could not be merged")]
    StrayLinks {
        /// How many.
        count: usize,
    },
}

impl Hint for Obstacle {
    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::DatastoreFull { .. } => "Free some space on the datastore.",
            Self::ManySnapshots { .. } => "Remove older snapshots of this VM.",
            Self::StrayLinks { .. } => {
                "Consolidate the disks of this VM on its host, then back it up."
            }
        };
        vec![hint.to_owned()]
    }
}

impl EngineError {
    /// Returns whether this is an answer to somebody's wish to stop.
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::Cancelled(_)
            | Self::Read { source: PipelineError::Cancelled(_), .. }
            | Self::Check(VsphereError::Cancelled(_))
            | Self::ShutDown(VsphereError::Cancelled(_))
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
            Self::Check(e)
            | Self::Snapshot(e)
            | Self::ShutDown(e)
            | Self::SwitchOn(e)
            | Self::Detach(e) => e.hints(),
            Self::Repository(e) | Self::Read { source: PipelineError::Repository(e), .. } => {
                e.hints()
            }
            Self::Journal(e) => e.hints(),
            Self::Guard(e) => e.hints(),
            Self::Runs => vec![
                "Shut the guest down first, or let this backup do it and switch the VM on again."
                    .to_owned(),
            ],
            Self::NotQuiet(_) => vec![
                "Check VMware Tools in the guest, or let this backup go on without a quiet guest."
                    .to_owned(),
            ],
            _ => Vec::new(),
        }
    }
}
