//! What is told of what this installation knew, was lost, and comes back.

use serde::{Deserialize, Serialize};

/// Something about what was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of-loss", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum LossEvent {
    /// Jobs came back from a repository.
    JobsCameBack {
        /// Their names.
        names: Vec<String>,
    },
    /// Runs are known again from their recovery points.
    RunsCameBack {
        /// How many.
        count: u32,
    },
    /// A VM has a snapshot of ours that nothing told of any more; it will be removed.
    SnapshotFound {
        /// The VM.
        name: String,
    },
    /// A VM has a snapshot of ours that has to stay, since a disk of it hangs on another VM.
    SnapshotKept {
        /// The VM.
        name: String,
    },
}
