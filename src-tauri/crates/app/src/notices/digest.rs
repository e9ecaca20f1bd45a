//! The sum of a week, also when nothing happened in it: whoever gets none knows that nobody is there.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, Local, NaiveDate, TimeDelta, TimeZone, Utc};
use kuramori_engine::{JobEvent, RunEvent};
use kuramori_jobs::job::{Job, JobState, next_look};
use kuramori_jobs::{Outcome, RunRecord, Told};

use super::{Notice, Weight};
use crate::app::App;
use crate::dto::{DigestNotices, Language, RunKind};
use crate::error::AppError;
use crate::jobs;
use crate::messages::digest as words;
use crate::runs::{RunSpec, error_of};
use crate::volume;

/// Under which key it is known when the last one was written.
const KEY: &str = "digest";
const WEEK: TimeDelta = TimeDelta::days(7);

/// What a week came to.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Week {
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
    /// Runs that ended.
    pub(crate) runs: usize,
    /// Times a VM was saved, and how many VMs that were.
    pub(crate) saved: (usize, usize),
    /// VMs that failed, each with why it did last, and whether it was saved since.
    pub(crate) failed: BTreeMap<String, (String, bool)>,
    /// Jobs whose time passed while nobody was there.
    pub(crate) missed: BTreeSet<String>,
    /// Jobs whose last good run is longer ago than they promise.
    pub(crate) late: Vec<String>,
    /// Bytes written, and given back.
    pub(crate) written: u64,
    pub(crate) freed: u64,
    /// Recovery points moved to the recycle bin by rules.
    pub(crate) deleted: u32,
    /// Each repository with the free and all bytes of its place, where that can be told.
    pub(crate) places: Vec<(String, Option<(u64, u64)>)>,
    /// Jobs with when they run next.
    pub(crate) next: Vec<(String, Option<DateTime<Utc>>)>,
}

/// Writes the digest where it is due. One whose time passed while nobody was there comes late, once.
pub(super) async fn post_if_due(app: &App) {
    let settings = app.inner.settings.get().notices.digest;
    let now = app.inner.clock.now();
    let written = app
        .blocking(move |app| {
            let log = &app.inner.log;
            let told = log.told(KEY).map_err(|e| jobs::failed(&e))?;
            let is_on = settings.mail || settings.webhook;
            let due = match &told {
                Some(told) => {
                    last(settings, now.with_timezone(&Local)).is_some_and(|slot| told.at < slot)
                }
                None => false,
            };
            let then = match (is_on, told) {
                // From now on, not for what was before.
                (true, Some(_)) if !due => return Ok(()),
                (true, _) => Some(Told { what: serde_json::Value::Null, at: now }),
                (false, Some(_)) => None,
                (false, None) => return Ok(()),
            };
            if is_on && due {
                let (title, body) = words::text(&sum(app, now)?, app.language());
                post(app, settings, title, body);
            }
            log.set_told(KEY, then.as_ref()).map_err(|e| jobs::failed(&e))
        })
        .await;
    if let Err(error) = written {
        tracing::error!(%error, causes = ?error.causes, "the digest could not be written");
    }
}

fn post(app: &App, settings: DigestNotices, title: String, body: String) {
    let notice = Notice { key: KEY.to_owned(), weight: Weight::Digest, title, body, run: None };
    let channels = [("mail", settings.mail), ("webhook", settings.webhook)];
    let channels: Vec<_> = channels.iter().filter(|(_, on)| *on).map(|(way, _)| *way).collect();
    let message = app.inner.notices.message(notice);
    app.inner.notices.post(&channels, &message);
}

/// Returns the newest moment at or before `now` at which a digest is due.
pub(super) fn last<Z: TimeZone>(
    settings: DigestNotices,
    now: DateTime<Z>,
) -> Option<DateTime<Utc>> {
    let (today, zone) = (now.date_naive(), now.timezone());
    let back = (7 + today.weekday().number_from_monday() - u32::from(settings.weekday)) % 7;
    let day = today.checked_sub_days(Days::new(back.into()))?;
    let this = moment(&zone, day, settings.hour)?;
    if this <= now.with_timezone(&Utc) {
        return Some(this);
    }
    moment(&zone, day.checked_sub_days(Days::new(7))?, settings.hour)
}

/// Returns when the next digest is due; `None` while it is off.
pub(super) fn next(settings: DigestNotices, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let now = now.with_timezone(&Local);
    let after = last(settings, now)?.with_timezone(&Local).date_naive();
    let day = after.checked_add_days(Days::new(7))?;
    moment(&Local, day, settings.hour).filter(|_| settings.mail || settings.webhook)
}

/// Returns when clocks show an hour of a day; one that is skipped there is the next.
fn moment<Z: TimeZone>(zone: &Z, day: NaiveDate, hour: u8) -> Option<DateTime<Utc>> {
    let at = |hour: u32| zone.from_local_datetime(&day.and_hms_opt(hour, 0, 0)?).earliest();
    let hour = u32::from(hour);
    at(hour).or_else(|| at(hour + 1)).map(|at| at.with_timezone(&Utc))
}

/// Sums up the week before `now`. Blocks.
fn sum(app: &App, now: DateTime<Utc>) -> Result<Week, AppError> {
    let from = now - WEEK;
    let failed = |e: &_| jobs::failed(e);
    let log = &app.inner.log;
    let mut week = Week { from, to: now, ..Week::default() };
    let mut saved = BTreeSet::new();
    for run in log.runs_since(from).map_err(|e| failed(&e))? {
        let lines = log.lines(run.id).map_err(|e| failed(&e))?;
        add(&mut week, &mut saved, &run, app.language());
        let events = lines.iter().filter_map(|l| serde_json::from_value(l.event.clone()).ok());
        for event in events {
            match event {
                RunEvent::Job(JobEvent::PointsDeleted { count }) => week.deleted += count,
                RunEvent::Job(JobEvent::SpaceFreed { bytes }) => week.freed += bytes,
                _ => {}
            }
        }
    }
    week.saved.1 = saved.len();
    let settings = app.inner.settings.get();
    week.places = settings
        .repositories
        .iter()
        .map(|r| (r.name.clone(), volume::room(&r.path).map(|room| (room.free, room.total))))
        .collect();
    let handled = log.handled().map_err(|e| failed(&e))?;
    for job in jobs::all(app)? {
        let state =
            JobState { job: &job, handled: &handled, running: false, last: None, plugged: None };
        week.next.push((job.name.clone(), next_look(&[state], now)));
        if is_late(app, &job, now)? {
            week.late.push(job.name);
        }
    }
    Ok(week)
}

/// Adds a run to its week.
fn add(week: &mut Week, saved: &mut BTreeSet<String>, run: &RunRecord, language: Language) {
    let spec: Option<RunSpec> = serde_json::from_value(run.spec.clone()).ok();
    let is_backup = spec.as_ref().is_some_and(|spec| spec.kind == RunKind::Backup);
    if run.ended_at.is_none() || !is_backup {
        return;
    }
    week.runs += 1;
    for item in &run.items {
        week.written += item.counters.stored;
        match item.outcome {
            Some(outcome) if outcome.is_success() => {
                week.saved.0 += 1;
                saved.insert(item.name.clone());
                if let Some((_, since)) = week.failed.get_mut(&item.name) {
                    *since = true;
                }
            }
            Some(Outcome::Failed) => {
                let Some(error) = error_of(item) else { continue };
                if error.code == crate::dto::ErrorCode::SlotMissed {
                    week.missed.insert(item.name.clone());
                } else {
                    week.failed.insert(item.name.clone(), (error.view(language).title, false));
                }
            }
            _ => {}
        }
    }
}

/// Returns whether the last good run of a job is longer ago than the job promises.
fn is_late(app: &App, job: &Job, now: DateTime<Utc>) -> Result<bool, AppError> {
    let Some(minutes) = job.rpo_minutes else { return Ok(false) };
    let good = app.inner.log.last_good_run_of(job.id).map_err(|e| jobs::failed(&e))?;
    let promised = TimeDelta::minutes(i64::from(minutes));
    Ok(good.is_none_or(|ended| now - ended > promised))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: chrono_tz::Tz = chrono_tz::Europe::Berlin;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn it_is_due_once_a_week_at_its_hour() {
        let sunday = DigestNotices { weekday: 7, hour: 8, mail: true, webhook: false };
        let last = |now: &str| last(sunday, at(now).with_timezone(&BERLIN)).unwrap();
        // Sunday 10 May 2026, summer time.
        assert_eq!(last("2026-05-10T06:00:00Z"), at("2026-05-10T06:00:00Z"));
        assert_eq!(last("2026-05-10T05:59:59Z"), at("2026-05-03T06:00:00Z"));
        assert_eq!(last("2026-05-16T22:30:00Z"), at("2026-05-10T06:00:00Z"));
        // The clocks go back in between.
        assert_eq!(last("2026-10-25T07:00:00Z"), at("2026-10-25T07:00:00Z"));
        assert_eq!(last("2026-10-25T06:59:00Z"), at("2026-10-18T06:00:00Z"));
        // An hour that is skipped.
        let skipped = DigestNotices { hour: 2, ..sunday };
        let slot = super::last(skipped, at("2026-03-29T12:00:00Z").with_timezone(&BERLIN));
        assert_eq!(slot, Some(at("2026-03-29T01:00:00Z")));
    }

    #[test]
    fn the_next_one_is_a_week_after_the_last_unless_it_is_off() {
        let on = DigestNotices { weekday: 3, hour: 23, mail: true, webhook: false };
        let now = at("2026-05-10T06:00:00Z");
        let next_one = next(on, now).unwrap();
        assert!(next_one > now && next_one <= now + WEEK + TimeDelta::hours(1), "{next_one}");
        assert_eq!(next(DigestNotices { mail: false, ..on }, now), None);
    }
}
