//! What a run tells of the job it is of.

use kuramori_jobs::job::Cause;
use serde::{Deserialize, Serialize};

/// Something about the job that a run is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of-job", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum JobEvent {
    /// A run of a job begins.
    Began {
        /// The job.
        job: String,
        /// Why.
        cause: Cause,
    },
    /// A VM in a container that a job saves is left out.
    MemberLeftOut {
        /// Its name.
        name: String,
        /// Why it cannot be saved.
        reason: String,
    },
    /// Recovery points that a job's rule does not keep were moved to the recycle bin.
    PointsDeleted {
        /// How many.
        count: u32,
    },
    /// Room was given back.
    SpaceFreed {
        /// How much.
        bytes: u64,
    },
    /// Recovery points that a job's rule does not keep could not be deleted.
    TidyFailed {
        /// Why.
        reason: String,
    },
}
