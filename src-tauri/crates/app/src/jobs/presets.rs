//! Rules and schedules to begin with, schedules for an RPO, and jobs like another one.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use kuramori_jobs::job::{Job, JobSchedule, Paused, When};
use kuramori_jobs::retention::Preset;
use kuramori_jobs::schedule::{self, Proposal, Schedule};
use kuramori_jobs::{JobId, ScheduleId};

use super::draft::{from_spans, of_schedule, wrong, zone_of};
use super::{all, find};
use crate::app::App;
use crate::dto::{
    DuplicateJobRequest, PresetsView, ProposeSchedulesRequest, RetentionPresetView,
    SchedulePresetView, ScheduleView, SchedulesProposed,
};
use crate::error::AppError;
use crate::messages;
use crate::retention::local_zone;

/// Returns rules and schedules to begin with. Blocks.
///
/// # Errors
/// [`crate::dto::ErrorCode::StateDamaged`].
pub(crate) fn presets(app: &App) -> Result<PresetsView, AppError> {
    // What is proposed has no zone; it only says when other jobs begin.
    let (zone, language) = (local_zone().unwrap_or(Tz::UTC), app.language());
    let taken = taken(app, zone)?;
    let retention = Preset::ALL.into_iter().map(|preset| RetentionPresetView {
        id: match preset {
            Preset::Small => "small",
            Preset::Article => "article",
            Preset::Legal => "legal",
            Preset::Lab => "lab",
        }
        .to_owned(),
        name: messages::retention_preset(preset, language).to_owned(),
        spans: from_spans(preset.spans()),
    });
    let schedules = [
        ("working-days-evening", Schedule::working_days_evening(zone)),
        ("office-hours", Schedule::office_hours(zone)),
        ("month-end", Schedule::month_end(zone)),
    ];
    let schedules = schedules.into_iter().map(|(id, schedule)| SchedulePresetView {
        id: id.to_owned(),
        name: messages::schedule_preset(id, language).to_owned(),
        schedule: view(spread(schedule, &taken)),
    });
    Ok(PresetsView { retention: retention.collect(), schedules: schedules.collect() })
}

/// Proposes schedules that keep to an RPO and begin when no other job does. Blocks.
///
/// # Errors
/// [`crate::dto::ErrorCode::InvalidInput`] for an RPO that nothing keeps to.
pub(crate) fn propose(
    app: &App,
    request: &ProposeSchedulesRequest,
) -> Result<SchedulesProposed, AppError> {
    let zone = zone_of(request.zone.as_deref())?;
    let proposal = schedule::propose(request.rpo_minutes, zone);
    let Proposal { schedules, worst_gap_minutes } =
        proposal.ok_or_else(|| wrong("an RPO of less than 5 minutes"))?;
    // All by the same time: what lies between them stays as it is.
    let by = schedules.first().map_or(TimeDelta::zero(), |first| match taken(app, zone) {
        Ok(taken) => away(first, &taken),
        Err(_) => TimeDelta::zero(),
    });
    let moved = |s: Schedule| Schedule { rhythm: s.rhythm.clone().moved(by), ..s };
    let schedules: Vec<_> = schedules.into_iter().map(moved).map(of_time).collect();
    let language = app.language();
    let words = |s: &JobSchedule| messages::schedule(s, &|_| "", language);
    let plans: Vec<_> = schedules.iter().map(words).collect();
    let sentence = messages::proposal(request.rpo_minutes, worst_gap_minutes, &plans, language);
    let schedules = schedules.iter().map(|s| ScheduleView { id: None, ..of_schedule(s) }).collect();
    Ok(SchedulesProposed { schedules, worst_gap_minutes, sentence })
}

/// Makes a job like another one, which waits until somebody lets it go on. Blocks.
///
/// # Errors
/// [`crate::dto::ErrorCode::JobNotFound`].
pub(crate) fn duplicate(app: &App, request: &DuplicateJobRequest) -> Result<Job, AppError> {
    let job = find(app, &request.job_id)?;
    let names: Vec<String> = all(app)?.into_iter().map(|job| job.name).collect();
    // One of so many is free: there are fewer jobs.
    let numbers = 2..=names.len().saturating_add(2);
    let numbered =
        || numbers.map(|n| format!("{} {n}", job.name)).find(|name| !names.contains(name));
    let name = request.name.clone().or_else(numbered).unwrap_or_default();
    let fresh = |s: &JobSchedule| JobSchedule { id: ScheduleId::random(), ..s.clone() };
    let schedules = job.schedules.iter().map(fresh).collect();
    let copy = Job {
        id: JobId::random(),
        name: name.trim().to_owned(),
        schedules,
        paused: Some(Paused { until: None }),
        ..job
    };
    copy.check(&all(app)?).map_err(|e| wrong(format!("the job {name}")).because(&e))?;
    Ok(copy)
}

/// Returns at which times of day jobs begin, by the clocks of a zone.
fn taken(app: &App, zone: Tz) -> Result<Vec<NaiveTime>, AppError> {
    let now = app.inner.clock.now();
    Ok(all(app)?
        .iter()
        .flat_map(|job| &job.schedules)
        .filter_map(|s| begins(s, now, zone))
        .collect())
}

fn begins(schedule: &JobSchedule, now: DateTime<Utc>, zone: Tz) -> Option<NaiveTime> {
    let When::Time(time) = &schedule.when else { return None };
    time.rhythm.at()?;
    Some(time.next_slot(now)?.with_timezone(&zone).time())
}

/// Returns by how much a schedule is moved so that it begins when no other does.
fn away(schedule: &Schedule, taken: &[NaiveTime]) -> TimeDelta {
    schedule.rhythm.at().map_or(TimeDelta::zero(), |at| schedule::spread(at, taken) - at)
}

fn spread(schedule: Schedule, taken: &[NaiveTime]) -> Schedule {
    let by = away(&schedule, taken);
    Schedule { rhythm: schedule.rhythm.moved(by), ..schedule }
}

fn of_time(schedule: Schedule) -> JobSchedule {
    JobSchedule { id: ScheduleId::random(), when: When::Time(schedule), keep: None }
}

/// Shows a schedule that is none of a job yet.
fn view(schedule: Schedule) -> ScheduleView {
    ScheduleView { id: None, ..of_schedule(&of_time(schedule)) }
}
