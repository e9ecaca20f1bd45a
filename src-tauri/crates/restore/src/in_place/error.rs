use kuramori_base::Hint;
use kuramori_jobs::LogError;
use kuramori_vsphere::VsphereError;

use crate::vm::VmRestoreError;

/// The state as it is could not be made a recovery point. Whoever was asked for it knows why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no recovery point of the VM as it is now could be made")]
pub struct SafetyPointFailed;

/// Why a VM could not be restored over the original. Unless said otherwise the original has the
/// disks it had.
#[derive(Debug, thiserror::Error)]
pub enum InPlaceError {
    /// As in every restore.
    #[error(transparent)]
    Restore(#[from] VmRestoreError),
    /// The server has no VM with the identity in the recovery point.
    #[error("the server has no VM with the identity of “{0}” any more")]
    OriginalGone(String),
    /// The VM's identity is not one VM's alone.
    #[error("{0} VMs of the server have the identity of the original")]
    Ambiguous(usize),
    /// It runs, and nobody allowed to stop it.
    #[error("the VM runs, and its disks can be exchanged only while it is off")]
    Running,
    /// It cannot be asked to shut down.
    #[error("VMware Tools do not run in the guest, so it cannot be asked to shut down")]
    NoTools,
    /// It was asked to, and did not.
    #[error("the guest was asked to shut down and still runs after {0} minutes")]
    StillRunning(u64),
    /// It is suspended: its memory belongs to the disks it has.
    #[error("the VM is suspended")]
    Suspended,
    /// Snapshots of others rest on the disks it has.
    #[error("the VM has snapshots ({0}), which rest on the disks it has now")]
    Snapshots(String),
    /// A disk has no place in the original.
    #[error("“{disk}” has no place in the VM as it is now: {why}")]
    NoPlace {
        /// The disk in the recovery point.
        disk: String,
        /// Why.
        why: String,
    },
    /// There is no recovery point to go back to.
    #[error(transparent)]
    Safety(#[from] SafetyPointFailed),
    /// The intent could not be made durable.
    #[error("the run log could not be written, so the VM was left alone")]
    Journal(#[from] LogError),
    /// What was sent is not what lies on the datastore.
    #[error("“{disk}” was sent, and other bytes lie on the datastore (at byte {at})")]
    NotWritten {
        /// The disk.
        disk: String,
        /// Where the first of them is, in bytes.
        at: u64,
    },
    /// Somebody changed the VM, or switched it on, meanwhile.
    #[error("the VM was changed or switched on by somebody else meanwhile")]
    Changed,
    /// What an earlier restore over the VM left could not be put in order.
    #[error("an earlier restore over this VM is not in order yet")]
    Unfinished(#[source] Box<InPlaceError>),
    /// What is on the server cannot be put in order now; it is tried again.
    #[error("what was begun on the server is not put in order yet: {0}")]
    Unclear(String),
}

impl From<VsphereError> for InPlaceError {
    fn from(error: VsphereError) -> Self {
        match error {
            VsphereError::Cancelled(cancelled) => VmRestoreError::Cancelled(cancelled).into(),
            error => VmRestoreError::Server(error).into(),
        }
    }
}

impl InPlaceError {
    /// Returns whether this is an answer to somebody's wish to stop.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Restore(VmRestoreError::Cancelled(_)))
    }
}

impl Hint for InPlaceError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Restore(e) => e.hints(),
            Self::Journal(e) => e.hints(),
            _ => Vec::new(),
        }
    }
}
