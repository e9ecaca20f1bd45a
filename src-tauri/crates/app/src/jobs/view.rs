//! Jobs as they are shown.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kuramori_jobs::ScheduleId;
use kuramori_jobs::job::{Job, JobState, continues_at, next_look};

use super::{JobWork, draft, failed};
use crate::app::App;
use crate::dto::{DiskChoiceView, JobView, SourceView};
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
    let ended = app.inner.log.last_run_of(job.id).map_err(|e| failed(&e))?;
    let state = JobState { job, handled, running: false, last: None, plugged: None };
    let continues_at = continues_at(job, ended, now);
    let paused = job.paused.filter(|p| p.until.is_none_or(|until| until > now));
    let name = |id| all.iter().find(|other| other.id == id).map_or("", |other| &other.name);
    let plan = job.schedules.iter().map(|s| messages::schedule(s, &name, app.language()));
    let words = |source: &SourceView| messages::pick(&source.pick, app.language());
    let disk = |disk: &DiskChoiceView| format!("{} ({})", disk.label, disk.vm_name);
    let leaves_out = work.leave_out.iter().cloned().chain(work.without.iter().map(words));
    let leaves_out = leaves_out.chain(work.leave_out_disks.iter().map(disk)).collect();
    let saves = work.sources.iter().map(words).collect();
    Ok(JobView {
        id: job.id.to_string(),
        draft: draft::of_job(job, work),
        repository_name: repository,
        saves,
        leaves_out,
        plan: plan.collect(),
        paused: paused.is_some(),
        paused_until: paused.and_then(|paused| paused.until),
        next_at: next_look(&[state], now).filter(|_| paused.is_none()),
        continues_at,
        continues: continues_at.map(|at| messages::continues(at, now, job.zone, app.language())),
        last_run: last.map(|run| summary(&run, app.language())),
    })
}
