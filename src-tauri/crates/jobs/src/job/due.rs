//! What is to be done about jobs at a moment. A pure function: what it names is done, and recorded,
//! by the caller.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Job, When};
use crate::schedule::{Due, Schedule};
use crate::{JobId, Outcome, RunId, ScheduleId};

/// Clocks may be set back by this much without anything being made of it.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// A job and what is known of its runs.
#[derive(Clone, Copy, Debug)]
pub struct JobState<'a> {
    /// The job.
    pub job: &'a Job,
    /// Up to when each of its schedules was dealt with. One that is not in here was dealt with up to
    /// now: nothing is due from before somebody wished for it.
    pub handled: &'a BTreeMap<ScheduleId, DateTime<Utc>>,
    /// Whether a run of it is under way.
    pub running: bool,
    /// Its last run that ended.
    pub last: Option<LastRun>,
}

/// How the last run of a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastRun {
    /// Its id.
    pub run: RunId,
    /// When.
    pub ended: DateTime<Utc>,
    /// How; `None` when it was cut off.
    pub outcome: Option<Outcome>,
    /// How many tries to make good for a failure it was, counting itself.
    pub attempt: u32,
    /// Whether anything of it ended well.
    pub saved: bool,
}

impl LastRun {
    fn failed(&self) -> bool {
        matches!(self.outcome, None | Some(Outcome::Failed))
    }

    fn succeeded(&self) -> bool {
        self.outcome.is_some_and(Outcome::is_success)
    }
}

/// Why a run of a job begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "kebab-case")]
pub enum Cause {
    /// Its time has come.
    Due,
    /// Its time had come while nobody was there.
    CaughtUp {
        /// Slots that one run stands for besides the newest.
        missed: u32,
    },
    /// Another job ended.
    After {
        /// Which.
        job: JobId,
    },
    /// What failed is tried again.
    Retry {
        /// The first is 1.
        attempt: u32,
    },
    /// Somebody asked for all of it.
    Asked,
    /// Somebody asked for a part of it: what became of the rest is as before.
    AskedForPart,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Begin a run.
    Begin {
        /// Of which job.
        job: JobId,
        /// Why.
        cause: Cause,
        /// The schedules it counts for, each with the slot that is dealt with by it.
        slots: Vec<(ScheduleId, DateTime<Utc>)>,
    },
    /// A slot passed and is too long ago: say so, and count it as dealt with.
    Pass {
        /// Of which job.
        job: JobId,
        /// Of which schedule.
        schedule: ScheduleId,
        /// The newest slot that passed.
        slot: DateTime<Utc>,
        /// How many passed before it.
        missed: u32,
    },
    /// Count a schedule as dealt with up to now: it is new, or the clock was set back.
    Settle {
        /// Of which job.
        job: JobId,
        /// Which.
        schedule: ScheduleId,
    },
}

/// Returns what is to be done now, what is most urgent first.
pub fn acts(jobs: &[JobState<'_>], now: DateTime<Utc>) -> Vec<Act> {
    let mut acts = Vec::new();
    let mut begins = Vec::new();
    for state in jobs {
        if let Some(begin) = of_job(state, jobs, now, &mut acts) {
            let rpo = state.job.rpo_minutes.unwrap_or(u32::MAX);
            begins.push((rpo, begin));
        }
    }
    begins.sort_by_key(|(rpo, _)| *rpo);
    acts.extend(begins.into_iter().map(|(_, begin)| begin));
    acts
}

fn of_job(
    state: &JobState<'_>,
    jobs: &[JobState<'_>],
    now: DateTime<Utc>,
    acts: &mut Vec<Act>,
) -> Option<Act> {
    let job = state.job;
    let (mut slots, mut cause) = (Vec::new(), None);
    for schedule in &job.schedules {
        let handled = state.handled.get(&schedule.id).filter(|h| **h <= now + SKEW);
        let Some(handled) = handled else {
            acts.push(Act::Settle { job: job.id, schedule: schedule.id });
            continue;
        };
        // Somebody looks every few seconds only: a slot that has just come is not missed.
        let patience = TimeDelta::hours(i64::from(job.catch_up_hours)).max(SKEW);
        if is_paused(job, now) {
            // What falls into a pause is not missed.
            if matches!(&schedule.when, When::Time(time) if time.due(*handled, now, patience).is_some())
            {
                acts.push(Act::Settle { job: job.id, schedule: schedule.id });
            }
            continue;
        }
        match &schedule.when {
            When::Time(time) => match time.due(*handled, now, patience) {
                // Nobody was away: the run before took this long.
                Some(Due { run: false, .. }) if state.running => {
                    acts.push(Act::Settle { job: job.id, schedule: schedule.id });
                }
                Some(Due { slot, missed, run: false }) => {
                    acts.push(Act::Pass { job: job.id, schedule: schedule.id, slot, missed });
                }
                Some(due) if time.allowed.allow(now, time.zone) => {
                    slots.push((schedule.id, due.slot));
                    cause = Some(more_telling(cause, of_due(due, now)));
                }
                _ => {}
            },
            When::After { job: before, only_success } => {
                let last = jobs.iter().find(|other| other.job.id == *before).and_then(|o| o.last);
                // One that ended ahead of the clock would be followed again and again.
                let fits = |l: &LastRun| {
                    l.ended > *handled && l.ended <= now + SKEW && (!only_success || l.succeeded())
                };
                if let Some(last) = last.filter(fits) {
                    slots.push((schedule.id, last.ended));
                    cause = cause.or(Some(Cause::After { job: *before }));
                }
            }
        }
    }
    if state.running || is_paused(job, now) {
        return None;
    }
    let cause = cause.or_else(|| retry(state, now))?;
    Some(Act::Begin { job: job.id, cause, slots })
}

/// A slot counts as caught up when it came long before anybody looked.
fn of_due(due: Due, now: DateTime<Utc>) -> Cause {
    if due.missed > 0 || now - due.slot > SKEW {
        Cause::CaughtUp { missed: due.missed }
    } else {
        Cause::Due
    }
}

/// Of why several schedules are due, that one was missed says most.
fn more_telling(before: Option<Cause>, now: Cause) -> Cause {
    match (before, now) {
        (Some(Cause::CaughtUp { missed: a }), Cause::CaughtUp { missed: b }) => {
            Cause::CaughtUp { missed: a.max(b) }
        }
        (Some(caught_up @ Cause::CaughtUp { .. }), _) => caught_up,
        (_, now) => now,
    }
}

fn is_paused(job: &Job, now: DateTime<Utc>) -> bool {
    job.paused.is_some_and(|paused| paused.until.is_none_or(|until| until > now))
}

fn retry(state: &JobState<'_>, now: DateTime<Utc>) -> Option<Cause> {
    (retry_at(state)? <= now).then_some(())?;
    // Not in hours in which none of its schedules may work.
    let mut times = times(state.job).peekable();
    let allowed = times.peek().is_none() || times.any(|t| t.allowed.allow(now, t.zone));
    let attempt = state.last.map_or(0, |last| last.attempt).saturating_add(1);
    allowed.then_some(Cause::Retry { attempt })
}

fn times(job: &Job) -> impl Iterator<Item = &Schedule> {
    job.schedules.iter().filter_map(|schedule| match &schedule.when {
        When::Time(time) => Some(time),
        When::After { .. } => None,
    })
}

fn retry_at(state: &JobState<'_>) -> Option<DateTime<Utc>> {
    let last = state.last.filter(LastRun::failed)?;
    if last.outcome.is_none() && last.attempt == 0 && !state.job.retries.is_empty() {
        // Nothing was wrong with it: it was cut off, and somebody is there again.
        return Some(last.ended);
    }
    let minutes = state.job.retries.get(usize::try_from(last.attempt).ok()?)?;
    last.ended.checked_add_signed(TimeDelta::minutes(i64::from(*minutes)))
}

/// Returns when to look again at the latest, if nothing else happens before: at the next slot, the
/// next try, the end of a pause or the beginning of allowed hours. `None` when nothing is to come.
pub fn next_look(jobs: &[JobState<'_>], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let of_job = |state: &JobState<'_>| {
        if let Some(paused) = state.job.paused.filter(|_| is_paused(state.job, now)) {
            return paused.until;
        }
        let moments = times(state.job)
            .flat_map(|time| [time.next_slot(now), time.allowed.opens(now, time.zone)]);
        moments.flatten().chain(retry_at(state)).filter(|moment| *moment > now).min()
    };
    jobs.iter().filter_map(of_job).min()
}
