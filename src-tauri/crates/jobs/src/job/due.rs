//! What is to be done about jobs at a moment. A pure function: what it names is done, and recorded,
//! by the caller.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Job, JobSchedule, When};
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
    /// Since when its repository can be reached, if it could not be before. `None` while it cannot,
    /// and where it was there from the beginning.
    pub plugged: Option<DateTime<Utc>>,
}

/// How the last run of a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastRun {
    /// Its id.
    pub run: RunId,
    /// When.
    pub ended: DateTime<Utc>,
    /// How; `None` when it was cut off, or paused.
    pub outcome: Option<Outcome>,
    /// Whether its window ended before it had begun all of it.
    pub paused: bool,
    /// How many tries to make good for a failure it was, counting itself.
    pub attempt: u32,
    /// Whether anything of it ended well.
    pub saved: bool,
}

impl LastRun {
    fn failed(&self) -> bool {
        !self.paused && matches!(self.outcome, None | Some(Outcome::Failed))
    }

    /// Returns whether the program or the computer stopped in the middle of it.
    fn was_cut_off(&self) -> bool {
        !self.paused && self.outcome.is_none()
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
    /// The window is open again that ended before the last run had begun all of it.
    Continued,
    /// The disk of its repository was plugged in.
    Plugged,
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
            if passed(state, &schedule.when, *handled, now) {
                acts.push(Act::Settle { job: job.id, schedule: schedule.id });
            }
            continue;
        }
        match &schedule.when {
            When::Time(time) => match time.due(after_pause(job, *handled, now), now, patience) {
                // Nobody was away: the run before took this long.
                Some(Due { run: false, .. }) if state.running => {
                    acts.push(Act::Settle { job: job.id, schedule: schedule.id });
                }
                Some(Due { slot, missed, run: false }) => {
                    acts.push(Act::Pass { job: job.id, schedule: schedule.id, slot, missed });
                }
                Some(due) if time.is_open(now) => {
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
            When::Plugged { gap_minutes } => match plugged(state, *handled, *gap_minutes, now) {
                Some(Plug::Run(at)) => {
                    slots.push((schedule.id, at));
                    cause = cause.or(Some(Cause::Plugged));
                }
                Some(Plug::TooSoon) => {
                    acts.push(Act::Settle { job: job.id, schedule: schedule.id });
                }
                None => {}
            },
        }
    }
    if state.running || is_paused(job, now) {
        return None;
    }
    let cause = cause.or_else(|| continued(state, now)).or_else(|| retry(state, now))?;
    Some(Act::Begin { job: job.id, cause, slots })
}

/// Returns whether something came for a schedule of a job that waits.
fn passed(state: &JobState<'_>, when: &When, handled: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    match when {
        When::Time(time) => time.due(handled, now, SKEW).is_some(),
        When::Plugged { .. } => state.plugged.is_some_and(|plugged| plugged > handled),
        When::After { .. } => false,
    }
}

/// What a disk that was plugged in asks for.
enum Plug {
    Run(DateTime<Utc>),
    TooSoon,
}

/// Each time a disk is plugged in is dealt with once. While a run goes on it waits: only its end
/// tells whether there is anything left to do.
fn plugged(
    state: &JobState<'_>,
    handled: DateTime<Utc>,
    gap_minutes: u32,
    now: DateTime<Utc>,
) -> Option<Plug> {
    let at = state.plugged.filter(|at| *at > handled && *at <= now + SKEW && !state.running)?;
    let gap = TimeDelta::minutes(i64::from(gap_minutes));
    let saved = state.last.filter(|last| last.succeeded() && last.ended <= now + SKEW);
    let too_soon = saved.is_some_and(|last| at - last.ended < gap);
    Some(if too_soon { Plug::TooSoon } else { Plug::Run(at) })
}

/// What was not begun when a window ended goes on when one opens; at once when none is left.
fn continued(state: &JobState<'_>, now: DateTime<Utc>) -> Option<Cause> {
    state.last.filter(|last| last.paused)?;
    may_work(state.job, now).then_some(Cause::Continued)
}

/// A job whose schedules have no hours may work at any time.
fn may_work(job: &Job, now: DateTime<Utc>) -> bool {
    let mut times = times(job).peekable();
    times.peek().is_none() || times.any(|time| time.is_open(now))
}

/// Returns when a run that begins now has to pause, or `None` when it need not: somebody asked for
/// it, or none of the schedules that it counts for has hours or a window. A retry and what goes on
/// count for all that may work now.
pub fn pauses_at(
    job: &Job,
    cause: Cause,
    slots: &[(ScheduleId, DateTime<Utc>)],
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let counts = |schedule: &&JobSchedule| slots.iter().any(|(id, _)| *id == schedule.id);
    let time = |schedule: &'_ JobSchedule| match &schedule.when {
        When::Time(time) if time.is_open(now) => Some(time.closes(now)),
        When::Time(_) => None,
        // It may work at any time.
        When::After { .. } | When::Plugged { .. } => Some(None),
    };
    let ends: Vec<_> = match cause {
        Cause::Asked | Cause::AskedForPart => return None,
        Cause::Retry { .. } | Cause::Continued => {
            times(job).filter(|t| t.is_open(now)).map(|t| t.closes(now)).collect()
        }
        Cause::Due | Cause::CaughtUp { .. } | Cause::After { .. } | Cause::Plugged => {
            job.schedules.iter().filter(counts).filter_map(time).collect()
        }
    };
    ends.into_iter().collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// Returns when what was not begun before a window ended goes on; `None` when there is no such
/// thing, or no window to come.
pub fn continues_at(job: &Job, last: Option<LastRun>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    last.filter(|last| last.paused)?;
    opens_at(job, now)
}

/// Returns when work of a job may go on, from a moment on; `None` when there is no such moment
/// within two weeks.
pub fn opens_at(job: &Job, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if times(job).next().is_none() {
        return Some(from);
    }
    times(job).filter_map(|time| time.opens(from)).min()
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

/// What fell into a pause that is over was dealt with, also when nobody looked meanwhile.
fn after_pause(job: &Job, handled: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    let over = job.paused.and_then(|paused| paused.until).filter(|until| *until <= now);
    over.map_or(handled, |until| until.max(handled))
}

fn retry(state: &JobState<'_>, now: DateTime<Utc>) -> Option<Cause> {
    (retry_at(state)? <= now).then_some(())?;
    // Not in hours in which none of its schedules may work.
    let attempt = state.last.map_or(0, |last| last.attempt).saturating_add(1);
    may_work(state.job, now).then_some(Cause::Retry { attempt })
}

fn times(job: &Job) -> impl Iterator<Item = &Schedule> {
    job.schedules.iter().filter_map(|schedule| match &schedule.when {
        When::Time(time) => Some(time),
        When::After { .. } | When::Plugged { .. } => None,
    })
}

fn retry_at(state: &JobState<'_>) -> Option<DateTime<Utc>> {
    let last = state.last.filter(LastRun::failed)?;
    if last.was_cut_off() && last.attempt == 0 {
        // Nothing was wrong with it, and somebody is there again. This is made good for once,
        // whatever is wished about failures.
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
        let moments = times(state.job).flat_map(|time| [time.next_slot(now), time.opens(now)]);
        moments.flatten().chain(retry_at(state)).filter(|moment| *moment > now).min()
    };
    jobs.iter().filter_map(of_job).min()
}
