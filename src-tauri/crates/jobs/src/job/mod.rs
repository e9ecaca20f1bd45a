//! Jobs: what to save, where to, when, and how long to keep it.

#[cfg(test)]
mod chain_tests;
mod due;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use due::{Act, Cause, JobState, LastRun, acts, next_look};
pub use store::Jobs;

use crate::retention::{KeepFor, Retention, RetentionError, Spans};
use crate::schedule::{RhythmError, Schedule};
use crate::{JobId, ScheduleId};

/// A saved intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What people call it; no two jobs are called the same.
    pub name: String,
    /// What to save and where to; only the writer interprets it.
    pub work: serde_json::Value,
    /// When. None of them: only when somebody asks.
    pub schedules: Vec<JobSchedule>,
    /// Of which spans of the calendar the newest recovery point is kept.
    pub spans: Spans,
    /// Where the days of those spans begin.
    pub zone: Tz,
    /// Whether it waits.
    pub paused: Option<Paused>,
    /// After how many minutes what failed is tried again, once for each.
    pub retries: Vec<u32>,
    /// For how many hours a missed run is caught up; later the next slot is waited for.
    pub catch_up_hours: u32,
    /// How old the newest recovery point may become, in minutes. The shorter, the sooner its turn.
    pub rpo_minutes: Option<u32>,
}

/// A schedule of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSchedule {
    /// Its id; recovery points remember it.
    pub id: ScheduleId,
    /// When it is due.
    pub when: When,
    /// For how long what it makes is kept.
    pub keep: Option<KeepFor>,
}

/// What makes a schedule due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum When {
    /// Time.
    Time(Schedule),
    /// The end of another job.
    After {
        /// Which.
        job: JobId,
        /// Whether it must have ended well.
        only_success: bool,
    },
}

impl When {
    /// Returns whether it is the end of this job.
    pub fn is_after(&self, wanted: JobId) -> bool {
        matches!(self, Self::After { job, .. } if *job == wanted)
    }
}

/// A job that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Until when; until somebody says otherwise when there is no time.
    pub until: Option<DateTime<Utc>>,
}

/// Why a job makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// It has no name.
    #[error("it has no name")]
    NoName,
    /// A schedule makes no sense.
    #[error("schedule {number} makes no sense")]
    Schedule {
        /// Which, from 1.
        number: usize,
        /// What is wrong.
        #[source]
        why: RhythmError,
    },
    /// Two schedules have one id.
    #[error("two of its schedules have one id")]
    Twice,
    /// Its rule of retention makes no sense.
    #[error("its rule of retention makes no sense")]
    Retention(#[source] RetentionError),
    /// A schedule keeps nothing, and neither does a span.
    #[error("what schedule {number} makes would be kept by nothing")]
    KeptByNothing {
        /// Which, from 1.
        number: usize,
    },
    /// Jobs follow each other in a circle, or one that is not there.
    #[error("it would run after itself: {}", names.join(" → "))]
    Circle {
        /// The jobs in their order.
        names: Vec<String>,
    },
    /// The job that it follows is not there.
    #[error("it runs after a job that is not there")]
    NothingBefore,
}

impl Job {
    /// Returns how its recovery points are kept.
    pub fn retention(&self) -> Retention {
        let kept = self.schedules.iter().filter_map(|s| Some((s.id, s.keep?)));
        Retention { zone: self.zone, spans: self.spans, by_schedule: kept.collect() }
    }

    /// Checks that it makes sense among `others`, which may hold an older version of itself.
    ///
    /// # Errors
    /// [`JobError`] says what is wrong.
    pub fn check(&self, others: &[Self]) -> Result<(), JobError> {
        if self.name.trim().is_empty() {
            return Err(JobError::NoName);
        }
        let mut ids = HashSet::new();
        for (number, schedule) in (1..).zip(&self.schedules) {
            if !ids.insert(schedule.id) {
                return Err(JobError::Twice);
            }
            match &schedule.when {
                When::Time(time) => {
                    time.check().map_err(|why| JobError::Schedule { number, why })?;
                }
                When::After { job, .. } => {
                    if *job != self.id && others.iter().all(|other| other.id != *job) {
                        return Err(JobError::NothingBefore);
                    }
                }
            }
            if schedule.keep.is_none() && self.spans.is_empty() {
                return Err(JobError::KeptByNothing { number });
            }
        }
        self.retention().check().map_err(JobError::Retention)?;
        self.check_chain(others)
    }

    /// Follows what it runs after, and what those run after, back to itself.
    fn check_chain(&self, others: &[Self]) -> Result<(), JobError> {
        let jobs: BTreeMap<JobId, &Self> =
            others.iter().map(|job| (job.id, job)).chain([(self.id, self)]).collect();
        let before = |job: &Self| -> Vec<JobId> {
            let after = job.schedules.iter().filter_map(|s| match &s.when {
                When::After { job, .. } => Some(*job),
                When::Time(_) => None,
            });
            after.collect()
        };
        // Each way back, with the jobs on it.
        let mut ways: Vec<Vec<JobId>> = before(self).into_iter().map(|id| vec![id]).collect();
        let mut seen = HashSet::new();
        while let Some(way) = ways.pop() {
            let Some(last) = way.last().copied() else { continue };
            if last == self.id {
                let name = |id: &JobId| jobs.get(id).map_or_else(String::new, |j| j.name.clone());
                let circle = way.iter().rev().chain([&self.id]);
                return Err(JobError::Circle { names: circle.map(name).collect() });
            }
            if seen.insert(last) {
                let next = jobs.get(&last).map(|job| before(job)).unwrap_or_default();
                ways.extend(next.into_iter().map(|id| [&way[..], &[id]].concat()));
            }
        }
        Ok(())
    }
}
