//! Jobs that were lost, from the settings that this installation left in repositories.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kuramori_jobs::JobId;
use kuramori_jobs::job::Job;

use crate::access;
use crate::app::App;
use crate::error::AppError;
use crate::jobs::{all, failed};
use crate::place::Place;

/// Takes back the jobs of the newest settings of this installation in any of the repositories, as
/// they were. Returns their names.
pub(super) fn take_back(
    app: &App,
    places: &[Place],
    lost_at: DateTime<Utc>,
) -> Result<Vec<String>, AppError> {
    let ours = access::writer(app)?;
    let mut newest: Option<(DateTime<Utc>, Vec<Job>)> = None;
    for place in places {
        for (left, exported) in place.exported()? {
            let newer = newest.as_ref().is_none_or(|(time, _)| left.time > *time);
            if left.writer == ours && newer {
                newest = Some((left.time, exported.jobs));
            }
        }
    }
    let Some((left_at, jobs)) = newest else { return Ok(Vec::new()) };
    let known = all(app)?;
    let is_new = |job: &Job| known.iter().all(|k| k.id != job.id && k.name != job.name);
    let mut names = Vec::new();
    for job in jobs.into_iter().filter(is_new) {
        app.inner.log.save_job(&job).map_err(|e| failed(&e))?;
        // Until recovery points tell more; nothing is due from before they were left.
        let handled = app.inner.log.handled().map_err(|e| failed(&e))?;
        for schedule in job.schedules.iter().filter(|s| !handled.contains_key(&s.id)) {
            let until = left_at.min(lost_at);
            app.inner.log.set_handled(schedule.id, until).map_err(|e| failed(&e))?;
        }
        names.push(job.name);
    }
    Ok(names)
}

/// Counts the schedules of all jobs as dealt with up to the newest recovery point that was made for
/// them: what passed since then is caught up, once. Returns the jobs.
pub(super) fn count_handled(
    app: &App,
    places: &[Place],
    lost_at: DateTime<Utc>,
) -> Result<BTreeMap<String, JobId>, AppError> {
    let mut newest: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
    for place in places {
        for point in place.raw_points()? {
            let of = point.made_for.iter().flat_map(|made| &made.schedules);
            for schedule in of {
                let time = newest.entry(schedule.clone()).or_insert(point.started);
                *time = point.started.max(*time);
            }
        }
    }
    let log = &app.inner.log;
    let handled = log.handled().map_err(|e| failed(&e))?;
    let (mut jobs, now) = (BTreeMap::new(), app.inner.clock.now());
    for job in all(app)? {
        for schedule in &job.schedules {
            let made = newest.get(&schedule.id.to_string()).copied().unwrap_or_default();
            let known = handled.get(&schedule.id).copied();
            // Never further than it was lost: a clock that was ahead would swallow what is due.
            let went_on = known.filter(|known| *known > lost_at && *known <= now);
            let until = made.max(known.unwrap_or_default()).min(lost_at);
            let until = went_on.unwrap_or(until);
            let until =
                if made == DateTime::<Utc>::default() && known.is_none() { lost_at } else { until };
            if known != Some(until) {
                log.set_handled(schedule.id, until).map_err(|e| failed(&e))?;
            }
        }
        jobs.insert(job.id.to_string(), job.id);
    }
    Ok(jobs)
}
