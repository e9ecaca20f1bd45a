//! Jobs as somebody wishes them and as they are kept.

use std::collections::BTreeSet;

use chrono::{TimeDelta, Weekday};
use chrono_tz::Tz;
use kuramori_jobs::job::{Job, JobSchedule, When};
use kuramori_jobs::retention::{KeepFor, Spans};
use kuramori_jobs::schedule::{AllowedHours, MonthDay, Rhythm, Schedule};
use kuramori_jobs::{JobId, ScheduleId};

use super::{JobWork, all, find};
use crate::app::App;
use crate::dto::{
    ConditionView, ErrorCode, JobDraft, KeepForView, MonthDayView, PickView, PowerView,
    PreviewScheduleRequest, SchedulePreview, ScheduleView, SlotView, SourceView, SpansView,
    WhenView,
};
use crate::error::AppError;
use crate::retention::local_zone;
use crate::settings::Settings;

/// Longest time that a preview looks ahead, in days.
const FURTHEST: u32 = 400;
/// Most moments of a preview.
const MOST: usize = 1000;

/// Makes the job that somebody wishes, checked among the others. Blocks.
///
/// # Errors
/// [`ErrorCode::InvalidInput`] says what makes no sense; [`ErrorCode::JobNotFound`] for one to
/// change that is not there, and what is wrong with servers and repository.
pub(crate) fn to_job(app: &App, wanted: Option<&str>, draft: &JobDraft) -> Result<Job, AppError> {
    let before = wanted.map(|wanted| find(app, wanted)).transpose()?;
    let settings = app.inner.settings.get();
    if draft.limit == Some(0) {
        return Err(wrong("a limit of 0, which would stop the job"));
    }
    if draft.sources.is_empty() {
        return Err(wrong("a job that saves no VM"));
    }
    let mut leave_out_disks = draft.leave_out_disks.clone();
    for disk in &mut leave_out_disks {
        disk.server_id.clone_from(&settings.server(&disk.server_id)?.id);
    }
    let work = JobWork {
        sources: to_sources(&settings, &draft.sources)?,
        leave_out: draft.leave_out.clone(),
        without: to_sources(&settings, &draft.without)?,
        leave_out_disks,
        repository: settings.repository(&draft.repository_id)?.id.clone(),
        limit: draft.limit,
    };
    let zone = zone_of(draft.zone.as_deref())?;
    let schedules = draft.schedules.iter().map(|s| to_schedule(app, s, zone));
    let work = serde_json::to_value(&work)
        .map_err(|e| AppError::new(ErrorCode::Internal, "").because(&e))?;
    let job = Job {
        id: before.as_ref().map_or_else(JobId::random, |job| job.id),
        name: draft.name.trim().to_owned(),
        work,
        schedules: schedules.collect::<Result<_, _>>()?,
        spans: to_spans(draft.spans),
        zone,
        paused: before.and_then(|job| job.paused),
        retries: draft.retry_minutes.clone(),
        catch_up_hours: draft.catch_up_hours,
        rpo_minutes: draft.rpo_minutes,
    };
    let others: Vec<Job> = all(app)?.into_iter().filter(|other| other.id != job.id).collect();
    job.check(&others).map_err(|e| wrong(format!("the job {}", draft.name)).because(&e))?;
    Ok(job)
}

/// Names each server by its id, and refuses rules that say nothing.
fn to_sources(settings: &Settings, wanted: &[SourceView]) -> Result<Vec<SourceView>, AppError> {
    let checked = wanted.iter().map(|source| {
        if let PickView::Rule { conditions } = &source.pick {
            let empty = |condition: &ConditionView| match condition {
                ConditionView::Name { pattern: text }
                | ConditionView::Datastore { pattern: text }
                | ConditionView::System { pattern: text }
                | ConditionView::Tag { tag: text, .. }
                | ConditionView::Place { id: text, .. } => text.trim().is_empty(),
                ConditionView::Power { is } => *is == PowerView::Unknown,
            };
            if conditions.is_empty() || conditions.iter().any(empty) {
                return Err(wrong("a rule with an empty condition"));
            }
        }
        let server_id = settings.server(&source.server_id)?.id.clone();
        Ok(SourceView { server_id, pick: source.pick.clone() })
    });
    checked.collect()
}

pub(super) fn wrong(what: impl Into<String>) -> AppError {
    AppError::new(ErrorCode::InvalidInput, what.into())
}

pub(super) fn zone_of(name: Option<&str>) -> Result<Tz, AppError> {
    let Some(name) = name else { return local_zone() };
    name.parse().map_err(|e| wrong(format!("“{name}” as a time zone")).because(&e))
}

/// Says when schedules would be due.
///
/// # Errors
/// [`ErrorCode::InvalidInput`].
pub(crate) fn preview(
    app: &App,
    request: &PreviewScheduleRequest,
) -> Result<SchedulePreview, AppError> {
    let zone = zone_of(request.zone.as_deref())?;
    let now = app.inner.clock.now();
    let until = now + TimeDelta::days(i64::from(request.days.min(FURTHEST)));
    let mut slots = Vec::new();
    for (place, schedule) in (0..).zip(&request.schedules) {
        if let When::Time(time) = to_schedule(app, schedule, zone)?.when {
            time.check().map_err(|e| wrong(format!("schedule {}", place + 1)).because(&e))?;
            let due = time.slots(now, until).take(MOST);
            slots.extend(due.map(|at| SlotView { at, schedule: place }));
        }
    }
    slots.sort_by_key(|slot| slot.at);
    slots.truncate(MOST);
    Ok(SchedulePreview { zone: zone.name().to_owned(), slots })
}

fn to_schedule(app: &App, view: &ScheduleView, zone: Tz) -> Result<JobSchedule, AppError> {
    let id = match &view.id {
        Some(id) => id.parse().map_err(|e| wrong(format!("“{id}” as a schedule")).because(&e))?,
        None => ScheduleId::random(),
    };
    let keep = view.keep.map(to_keep);
    let rhythm = match &view.when {
        WhenView::Week { days, at } => {
            Rhythm::Week { days: days.iter().copied().collect::<BTreeSet<_>>(), at: *at }
        }
        WhenView::Month { on, at } => Rhythm::Month { on: to_day(*on), at: *at },
        WhenView::Year { month, on, at } => {
            Rhythm::Year { month: *month, on: to_day(*on), at: *at }
        }
        WhenView::Interval { minutes } => Rhythm::Interval { minutes: *minutes },
        WhenView::After { job_id, only_success } => {
            let when = When::After { job: find(app, job_id)?.id, only_success: *only_success };
            return Ok(JobSchedule { id, when, keep });
        }
        WhenView::Plugged { gap_minutes } => {
            return Ok(JobSchedule { id, when: When::Plugged { gap_minutes: *gap_minutes }, keep });
        }
    };
    let allowed = view.allowed.as_deref().map_or_else(|| Ok(AllowedHours::default()), to_hours)?;
    let (effective_from, until) = (view.effective_from, view.until);
    let schedule = Schedule { rhythm, zone, effective_from, allowed, until };
    Ok(JobSchedule { id, when: When::Time(schedule), keep })
}

fn to_hours(days: &[u32]) -> Result<AllowedHours, AppError> {
    if days.len() != 7 {
        return Err(wrong("allowed hours of other than seven days"));
    }
    let mut hours = AllowedHours::none();
    for (number, bits) in (0u8..).zip(days) {
        let day = Weekday::try_from(number).map_err(|e| wrong("a day").because(&e))?;
        (0..24).for_each(|hour| hours.set(day, hour, bits >> hour & 1 == 1));
    }
    Ok(hours)
}

fn from_hours(hours: &AllowedHours) -> Option<Vec<u32>> {
    let of_day = |number: u8| {
        let day = Weekday::try_from(number).unwrap_or(Weekday::Mon);
        (0..24).filter(|hour| hours.has(day, *hour)).fold(0, |bits, hour| bits | 1 << hour)
    };
    (!hours.is_always()).then(|| (0..7).map(of_day).collect())
}

fn to_day(view: MonthDayView) -> MonthDay {
    match view {
        MonthDayView::Date { date } => MonthDay::Date(date),
        MonthDayView::Last => MonthDay::Last,
        MonthDayView::LastWorkingDay => MonthDay::LastWorkingDay,
        MonthDayView::Nth { nth, weekday } => MonthDay::Nth { nth, weekday },
        MonthDayView::LastOf { weekday } => MonthDay::LastOf { weekday },
    }
}

fn from_day(day: MonthDay) -> MonthDayView {
    match day {
        MonthDay::Date(date) => MonthDayView::Date { date },
        MonthDay::Last => MonthDayView::Last,
        MonthDay::LastWorkingDay => MonthDayView::LastWorkingDay,
        MonthDay::Nth { nth, weekday } => MonthDayView::Nth { nth, weekday },
        MonthDay::LastOf { weekday } => MonthDayView::LastOf { weekday },
    }
}

fn to_keep(view: KeepForView) -> KeepFor {
    match view {
        KeepForView::Days { count } => KeepFor::Days(count),
        KeepForView::Weeks { count } => KeepFor::Weeks(count),
        KeepForView::Months { count } => KeepFor::Months(count),
        KeepForView::Years { count } => KeepFor::Years(count),
        KeepForView::Forever => KeepFor::Forever,
    }
}

fn from_keep(keep: KeepFor) -> KeepForView {
    match keep {
        KeepFor::Days(count) => KeepForView::Days { count },
        KeepFor::Weeks(count) => KeepForView::Weeks { count },
        KeepFor::Months(count) => KeepForView::Months { count },
        KeepFor::Years(count) => KeepForView::Years { count },
        KeepFor::Forever => KeepForView::Forever,
    }
}

fn to_spans(view: SpansView) -> Spans {
    let SpansView { last, daily, weekly, monthly, yearly } = view;
    Spans { last, daily, weekly, monthly, yearly }
}

pub(super) fn from_spans(spans: Spans) -> SpansView {
    let Spans { last, daily, weekly, monthly, yearly } = spans;
    SpansView { last, daily, weekly, monthly, yearly }
}

/// Shows a job as somebody may wish it anew.
pub(super) fn of_job(job: &Job, work: JobWork) -> JobDraft {
    JobDraft {
        name: job.name.clone(),
        sources: work.sources,
        leave_out: work.leave_out,
        without: work.without,
        leave_out_disks: work.leave_out_disks,
        repository_id: work.repository,
        limit: work.limit,
        schedules: job.schedules.iter().map(of_schedule).collect(),
        spans: from_spans(job.spans),
        zone: Some(job.zone.name().to_owned()),
        retry_minutes: job.retries.clone(),
        catch_up_hours: job.catch_up_hours,
        rpo_minutes: job.rpo_minutes,
    }
}

pub(super) fn of_schedule(schedule: &JobSchedule) -> ScheduleView {
    let (when, time) = match &schedule.when {
        When::After { job, only_success } => {
            (WhenView::After { job_id: job.to_string(), only_success: *only_success }, None)
        }
        When::Plugged { gap_minutes } => (WhenView::Plugged { gap_minutes: *gap_minutes }, None),
        When::Time(time) => (of_rhythm(&time.rhythm), Some(time)),
    };
    ScheduleView {
        id: Some(schedule.id.to_string()),
        when,
        effective_from: time.and_then(|time| time.effective_from),
        allowed: time.and_then(|time| from_hours(&time.allowed)),
        until: time.and_then(|time| time.until),
        keep: schedule.keep.map(from_keep),
    }
}

fn of_rhythm(rhythm: &Rhythm) -> WhenView {
    match rhythm {
        Rhythm::Week { days, at } => {
            WhenView::Week { days: days.iter().copied().collect(), at: *at }
        }
        Rhythm::Month { on, at } => WhenView::Month { on: from_day(*on), at: *at },
        Rhythm::Year { month, on, at } => {
            WhenView::Year { month: *month, on: from_day(*on), at: *at }
        }
        Rhythm::Interval { minutes } => WhenView::Interval { minutes: *minutes },
    }
}
