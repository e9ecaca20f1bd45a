//! What the jobs of the shop are to do, written anew from what is promised to people: one run for
//! each slot; one run for those that were slept through, for twelve hours; a word about those that
//! were slept through for longer; nothing about those that fell into a pause; one more try.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::calendar::Rhythm;

type Moment = DateTime<Utc>;

/// A clock may be wrong by this much without anything being made of it.
pub(super) const SKEW: TimeDelta = TimeDelta::minutes(5);
const CATCH_UP: TimeDelta = TimeDelta::hours(12);
pub(super) const RETRY: TimeDelta = TimeDelta::minutes(10);

/// What makes a job run.
#[derive(Clone, Debug)]
pub(super) enum When {
    Time(Rhythm),
    After(&'static str),
}

/// A run that ended.
#[derive(Clone, Debug)]
pub(super) struct Last {
    /// Its number among all of the year.
    pub(super) number: usize,
    pub(super) ended: Moment,
    pub(super) failed: Vec<String>,
    pub(super) saved: bool,
    pub(super) retry: bool,
    /// The schedules it counted for.
    pub(super) schedules: Vec<usize>,
}

/// A job as people think of it.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) when: Vec<When>,
    /// Up to when each of those was dealt with.
    pub(super) dealt: Vec<Moment>,
    pub(super) paused: Option<Moment>,
    pub(super) last: Option<Last>,
}

/// Why a run is to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    Due,
    CaughtUp(u32),
    After,
    Retry,
    /// No run: slots are told as missed.
    Missed(u32),
    /// No run: that could not be deleted is told.
    NotTidied,
}

/// Something that is to happen at a look.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) job: &'static str,
    pub(super) why: Why,
    pub(super) schedules: Vec<usize>,
}

/// How slots were dealt with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slots {
    pub(super) run: u32,
    pub(super) stood_for: u32,
    pub(super) told: u32,
    pub(super) paused: u32,
    /// While the clock stood wrong.
    pub(super) taken_back: u32,
}

#[derive(Default)]
pub(super) struct Reference {
    pub(super) plans: BTreeMap<&'static str, Plan>,
    pub(super) slots: Slots,
}

impl Plan {
    pub(super) fn new(when: Vec<When>, now: Moment) -> Self {
        let dealt = vec![now; when.len()];
        Self { when, dealt, paused: None, last: None }
    }

    fn retry_at(&self) -> Option<Moment> {
        let last = self.last.as_ref().filter(|last| !last.failed.is_empty() && !last.retry)?;
        Some(last.ended + RETRY)
    }

    fn rhythms(&self) -> impl Iterator<Item = &Rhythm> {
        self.when.iter().filter_map(|when| match when {
            When::Time(rhythm) => Some(rhythm),
            When::After(_) => None,
        })
    }

    /// Returns when there is something to do again.
    fn next(&self, now: Moment) -> Option<Moment> {
        if let Some(until) = self.paused.filter(|until| *until > now) {
            return Some(until);
        }
        let slots = self.rhythms().flat_map(|r| [r.next(now), r.opens(now)]);
        slots.chain(self.retry_at()).filter(|moment| *moment > now).min()
    }
}

impl Reference {
    /// Returns when there is something to do again.
    pub(super) fn next(&self, now: Moment) -> Option<Moment> {
        self.plans.values().filter_map(|plan| plan.next(now)).min()
    }

    /// Says what is to happen now, and counts it as done but for how runs end.
    pub(super) fn look(&mut self, now: Moment) -> Vec<Expected> {
        let before = self.plans.clone();
        let mut all = Vec::new();
        for (job, plan) in &mut self.plans {
            let mut run: Option<(Why, Vec<usize>)> = None;
            let paused = plan.paused.is_some_and(|until| until > now);
            for number in 0..plan.when.len() {
                if plan.dealt[number] > now + SKEW {
                    plan.dealt[number] = now;
                    self.slots.taken_back += 1;
                    continue;
                }
                let Some((why, dealt)) = due(plan, number, now, paused, &before) else { continue };
                match why {
                    None => self.slots.paused += 1,
                    Some(Why::Missed(more)) => {
                        self.slots.told += more + 1;
                        let why = Why::Missed(more);
                        all.push(Expected { job, why, schedules: Vec::new() });
                    }
                    Some(why) => {
                        self.slots.run += 1;
                        self.slots.stood_for += if let Why::CaughtUp(n) = why { n } else { 0 };
                        let (told, schedules) = run.get_or_insert((why, Vec::new()));
                        *told = more_telling(*told, why);
                        schedules.push(number);
                    }
                }
                plan.dealt[number] = dealt;
            }
            let retry = !paused && plan.retry_at().is_some_and(|at| at <= now);
            let open = plan.rhythms().next().is_none() || plan.rhythms().any(|r| r.allows(now));
            if run.is_none() && retry && open {
                run = Some((Why::Retry, Vec::new()));
            }
            if let Some((why, schedules)) = run {
                all.push(Expected { job, why, schedules });
            }
        }
        all
    }
}

/// What is to be made of a schedule now, and up to when it is dealt with then. Without a reason it
/// fell into a pause.
fn due(
    plan: &Plan,
    number: usize,
    now: Moment,
    paused: bool,
    before: &BTreeMap<&'static str, Plan>,
) -> Option<(Option<Why>, Moment)> {
    let rhythm = match &plan.when[number] {
        When::After(job) => {
            let last = before.get(job)?.last.as_ref()?;
            let new = last.ended > plan.dealt[number] && last.ended <= now + SKEW;
            return (new && !paused).then_some((Some(Why::After), last.ended));
        }
        When::Time(rhythm) => rhythm,
    };
    // What fell into a pause that is over needs no word.
    let since = plan
        .paused
        .filter(|until| *until <= now)
        .map_or(plan.dealt[number], |until| plan.dealt[number].max(until));
    let slots = rhythm.slots(since, now);
    let newest = *slots.last()?;
    let more = u32::try_from(slots.len() - 1).unwrap();
    if paused {
        Some((None, now))
    } else if now - newest > CATCH_UP {
        Some((Some(Why::Missed(more)), newest))
    } else if !rhythm.allows(now) {
        None
    } else if more > 0 || now - newest > SKEW {
        Some((Some(Why::CaughtUp(more)), newest))
    } else {
        Some((Some(Why::Due), newest))
    }
}

fn more_telling(a: Why, b: Why) -> Why {
    match (a, b) {
        (Why::CaughtUp(a), Why::CaughtUp(b)) => Why::CaughtUp(a.max(b)),
        (caught_up @ Why::CaughtUp(_), _) | (_, caught_up @ Why::CaughtUp(_)) => caught_up,
        (_, Why::Due) => Why::Due,
        (a, _) => a,
    }
}
