use chrono::{DateTime, Utc};
use kuramori_base::Counters;
use serde::{Deserialize, Serialize};

use crate::job::Cause;
use crate::{JobId, RunId, ScheduleId};

/// How a run or one of its items ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All well.
    Succeeded,
    /// Done, with something to look at.
    SucceededWithWarnings,
    /// Not done.
    Failed,
    /// Stopped by somebody.
    Cancelled,
}

impl Outcome {
    /// Returns whether what was asked for was done.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Succeeded | Self::SucceededWithWarnings)
    }

    /// Returns the outcome of a run whose items ended as given.
    pub fn of_items(items: impl IntoIterator<Item = Self>) -> Self {
        items.into_iter().fold(Self::Succeeded, |worst, next| {
            let rank = |o| match o {
                Self::Succeeded => 0,
                Self::SucceededWithWarnings => 1,
                Self::Cancelled => 2,
                Self::Failed => 3,
            };
            if rank(next) > rank(worst) { next } else { worst }
        })
    }
}

/// Where the work on an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Has not begun.
    Waiting,
    /// Looks whether it can work.
    Check,
    /// The server makes the snapshot.
    Snapshot,
    /// Bytes move.
    Read,
    /// The result is made final.
    Store,
    /// The snapshot is removed.
    Remove,
    /// Ended.
    Done,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Waits for its turn.
    Queued,
    /// Works.
    Running,
    /// Ended.
    Done(Outcome),
    /// Was cut off: the program or the machine stopped.
    Interrupted,
    /// Ended with its window, before it had begun all of it: another run goes on with the rest.
    Paused,
}

impl RunState {
    /// Returns whether nothing more comes of the run.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done(_) | Self::Interrupted | Self::Paused)
    }
}

/// How weighty a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// For information.
    Info,
    /// Done well.
    Good,
    /// Worth a look.
    Warning,
    /// Failed.
    Error,
}

/// A run to begin.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// What kind of work it is; interpreted by the writer.
    pub kind: String,
    /// What was asked, as JSON; interpreted by the writer.
    pub spec: serde_json::Value,
    /// Names of its items.
    pub items: Vec<String>,
    /// The job it is a run of, if any.
    pub job: Option<OfJob>,
}

/// What makes a run one of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfJob {
    /// The job.
    pub job: JobId,
    /// Why it begins.
    pub cause: Cause,
    /// The schedules it counts for, each with the slot that is dealt with by it.
    pub slots: Vec<(ScheduleId, DateTime<Utc>)>,
}

/// A run as it was logged.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// Its id.
    pub id: RunId,
    /// What kind of work it is.
    pub kind: String,
    /// What was asked.
    pub spec: serde_json::Value,
    /// Where it stands.
    pub state: RunState,
    /// When it was begun.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Its items, in the order given.
    pub items: Vec<ItemRecord>,
    /// The job it is a run of, if any, and why it began.
    pub job: Option<(JobId, Cause)>,
}

/// One item of a run as it was logged.
#[derive(Clone, Debug)]
pub struct ItemRecord {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub stage: Stage,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Bytes of work announced.
    pub total: u64,
    /// Sums.
    pub counters: Counters,
    /// What came of it and why it failed, as JSON; interpreted by the writer.
    pub detail: serde_json::Value,
}

/// What changed about an item.
#[derive(Clone, Debug)]
pub struct ItemUpdate {
    /// Where it stands.
    pub stage: Stage,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Bytes of work announced.
    pub total: u64,
    /// Sums.
    pub counters: Counters,
    /// What came of it and why it failed.
    pub detail: serde_json::Value,
}

/// One line of a run's log.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// How weighty.
    pub level: Level,
    /// Position of the item it is about.
    pub item: Option<u32>,
    /// What happened, as JSON; interpreted by the writer.
    pub event: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_item_decides_the_outcome() {
        use Outcome::{Cancelled, Failed, Succeeded, SucceededWithWarnings};
        assert_eq!(Outcome::of_items([]), Succeeded);
        assert_eq!(Outcome::of_items([Succeeded, SucceededWithWarnings]), SucceededWithWarnings);
        assert_eq!(Outcome::of_items([Failed, Cancelled, Succeeded]), Failed);
    }
}
