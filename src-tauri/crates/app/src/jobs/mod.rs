//! Jobs: kept, shown, run when they are due, and cleaned up after.

mod begin;
mod clock;
mod draft;
mod keeping;
mod members;
mod plan;
mod presets;
mod reach;
mod rules;
#[cfg(test)]
mod tests;
mod view;
#[cfg(test)]
mod year;

use chrono::{DateTime, Utc};
use kuramori_jobs::job::{Job, JobSchedule, When};
use kuramori_jobs::schedule::Schedule;
use kuramori_jobs::{JobId, LogError};
use serde::{Deserialize, Serialize};

pub(crate) use begin::{Asked, begin};
pub(crate) use draft::{preview, to_job};
pub(crate) use plan::plan;
pub(crate) use presets::{duplicate, presets, propose};
pub(crate) use view::job_view;

use crate::app::App;
use crate::dto::{DiskChoiceView, ErrorCode, SourceView, Topic};
use crate::error::AppError;
use crate::exported;

/// What a job saves and where to, as its record holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct JobWork {
    pub(crate) sources: Vec<SourceView>,
    pub(crate) leave_out: Vec<String>,
    #[serde(default)]
    pub(crate) without: Vec<SourceView>,
    #[serde(default)]
    pub(crate) leave_out_disks: Vec<DiskChoiceView>,
    /// The repository's own id.
    pub(crate) repository: String,
    /// Mebibytes a second that its runs may read.
    #[serde(default)]
    pub(crate) limit: Option<u32>,
}

impl JobWork {
    /// Returns what a job saves.
    ///
    /// # Errors
    /// [`ErrorCode::StateDamaged`] for a record that this version cannot read.
    pub(crate) fn of(job: &Job) -> Result<Self, AppError> {
        serde_json::from_value(job.work.clone())
            .map_err(|e| AppError::new(ErrorCode::StateDamaged, &job.name).because(&e))
    }
}

/// Returns all jobs that can be read, by name. Blocks.
pub(crate) fn all(app: &App) -> Result<Vec<Job>, AppError> {
    Ok(app.inner.log.jobs().map_err(|e| failed(&e))?.jobs)
}

/// Returns a job by its id or name. Blocks.
pub(crate) fn find(app: &App, wanted: &str) -> Result<Job, AppError> {
    let id: Option<JobId> = wanted.parse().ok();
    let is_it = |job: &Job| Some(job.id) == id || job.name == wanted;
    let found = all(app)?.into_iter().find(is_it);
    found.ok_or_else(|| AppError::new(ErrorCode::JobNotFound, wanted))
}

/// Keeps a job, new or changed. What is new of it counts from now on, and not from whenever
/// somebody looks next, or from when it was meant for another time. Blocks.
pub(crate) fn keep(app: &App, job: &Job) -> Result<(), AppError> {
    let before = all(app)?.into_iter().find(|before| before.id == job.id);
    app.inner.log.save_job(job).map_err(|e| failed(&e))?;
    let handled = app.inner.log.handled().map_err(|e| failed(&e))?;
    let known = before.map(|before| before.schedules).unwrap_or_default();
    let now = app.inner.clock.now();
    for schedule in &job.schedules {
        let before = known.iter().find(|before| before.id == schedule.id);
        let since = handled.get(&schedule.id).filter(|since| {
            before.is_some_and(|before| !is_moved(before, schedule) || is_due(before, **since, now))
        });
        if since.is_none() {
            app.inner.log.set_handled(schedule.id, now).map_err(|e| failed(&e))?;
        }
    }
    app.inner.events.changed(Topic::Jobs, Some(job.id.to_string()));
    Ok(())
}

/// Returns whether a schedule is meant for other times than before.
fn is_moved(before: &JobSchedule, schedule: &JobSchedule) -> bool {
    match (&before.when, &schedule.when) {
        (When::Time(before), When::Time(now)) => {
            let times = |s: &Schedule| (s.rhythm.clone(), s.zone, s.effective_from);
            times(before) != times(now)
        }
        (before, now) => before != now,
    }
}

/// Returns whether something of it still waits for its run.
fn is_due(schedule: &JobSchedule, since: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    matches!(&schedule.when, When::Time(time) if time.slots(since, now).next().is_some())
}

/// Leaves the settings with what changed about a job in repositories. Blocks.
pub(crate) fn export(app: &App, job: &Job) {
    match JobWork::of(job) {
        Ok(work) => exported::export_change(app, &work.repository),
        Err(error) => tracing::warn!(%error, "a job is not left in its repository"),
    }
}

/// Refuses where another job runs after this one: it would never run again. Blocks.
pub(crate) fn nothing_follows(app: &App, job: &Job) -> Result<(), AppError> {
    let follows = |other: &&Job| {
        let after = other.schedules.iter();
        other.id != job.id && after.map(|s| &s.when).any(|when| when.is_after(job.id))
    };
    match all(app)?.iter().find(follows) {
        None => Ok(()),
        Some(other) => {
            let what = format!("deleting {}, after which {} runs", job.name, other.name);
            Err(AppError::new(ErrorCode::InvalidInput, what))
        }
    }
}

/// An error of the file of jobs and runs.
pub(crate) fn failed(error: &LogError) -> AppError {
    let code = match error {
        LogError::NameTaken { .. } => ErrorCode::InvalidInput,
        _ => ErrorCode::StateDamaged,
    };
    let subject = match error {
        LogError::NameTaken { name } => name.as_str(),
        _ => "runs.sqlite",
    };
    AppError::new(code, subject).because(error)
}
