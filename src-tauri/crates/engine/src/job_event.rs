//! What a run tells of the job it is of.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use kuramori_jobs::job::Cause;
use serde::{Deserialize, Serialize};

/// A moment and the zone whose clocks people look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    pub at: DateTime<Utc>,
    /// Where.
    pub zone: Tz,
}

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
    /// No VM fits a rule by which a job chooses what it saves.
    RuleFitsNothing {
        /// The rule in words.
        rule: String,
    },
    /// Whether a rule fits cannot be told, so it leaves nothing out.
    RuleUnknown {
        /// The rule in words.
        rule: String,
        /// Why.
        reason: String,
    },
    /// A disk is left out, as somebody chose.
    DiskLeftOut {
        /// The disk.
        disk: String,
    },
    /// A disk that somebody chose to leave out is none of the VM any more.
    DiskChoiceGone {
        /// The VM.
        vm: String,
        /// The disk.
        disk: String,
    },
    /// Another run works on a VM, so it waits for its turn.
    WaitsForRun,
    /// The window ended before all was begun.
    WindowEnded {
        /// How many VMs were not begun.
        left: u32,
        /// When they are; `None` when no window is to come.
        continues: Option<Moment>,
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
