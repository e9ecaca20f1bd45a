//! Jobs as they are shown.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kuramori_jobs::ScheduleId;
use kuramori_jobs::job::{Job, JobState, next_look};

use super::{JobWork, draft, failed};
use crate::app::App;
use crate::dto::JobView;
use crate::error::AppError;
use crate::messages;
use crate::runs::summary;

/// Shows a job. Blocks.
pub(crate) fn job_view(
    app: &App,
    job: &Job,
    all: &[Job],
    handled: &BTreeMap<ScheduleId, DateTime<Utc>>,
) -> Result<JobView, AppError> {
    let work = JobWork::of(job)?;
    let settings = app.inner.settings.get();
    let repository = settings.repository(&work.repository).ok().map(|r| r.name.clone());
    let last = app.inner.log.newest_run_of(job.id).map_err(|e| failed(&e))?;
    let last = last.map(|run| app.inner.runs.get(run.id).map_or(run, |live| live.record()));
    let now = app.inner.clock.now();
    let state = JobState { job, handled, running: false, last: None };
    let paused = job.paused.filter(|p| p.until.is_none_or(|until| until > now));
    let name = |id| all.iter().find(|other| other.id == id).map_or("", |other| &other.name);
    let plan = job.schedules.iter().map(|s| messages::schedule(s, &name, app.language()));
    Ok(JobView {
        id: job.id.to_string(),
        draft: draft::of_job(job, work),
        repository_name: repository,
        plan: plan.collect(),
        paused: paused.is_some(),
        paused_until: paused.and_then(|paused| paused.until),
        next_at: next_look(&[state], now).filter(|_| paused.is_none()),
        last_run: last.map(|run| summary(&run, app.language())),
    })
}
