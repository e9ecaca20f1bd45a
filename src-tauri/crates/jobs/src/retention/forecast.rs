//! What the rules will do with recovery points that are there and with those to come.

use chrono::{DateTime, Utc};

use super::{PointFacts, Retention, judge};
use crate::ScheduleId;

/// A recovery point that a schedule will make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coming {
    /// When.
    pub time: DateTime<Utc>,
    /// For which schedules.
    pub schedules: Vec<ScheduleId>,
}

/// What will become of the recovery points of one VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast<Id> {
    /// The recovery points that are there, oldest first, each with the run after which it goes;
    /// `None` when it stays beyond all that was looked at.
    pub goes: Vec<(Id, Option<DateTime<Utc>>)>,
    /// After each run to come, how many recovery points there are.
    pub counts: Vec<(DateTime<Utc>, usize)>,
}

/// Lets time pass: each coming run makes a good recovery point, and then the rules are kept.
/// `coming` is in the order of time.
pub fn forecast<Id: Copy>(
    points: &[PointFacts<Id>],
    rule: &Retention,
    now: DateTime<Utc>,
    coming: &[Coming],
) -> Forecast<Id> {
    let mut goes: Vec<_> = points.iter().map(|p| (p.id, None)).collect();
    // Those that are there go by their place, those to come by none.
    let there = points.iter().enumerate();
    let mut left: Vec<PointFacts<Option<usize>>> =
        there.map(|(place, p)| with_id(p, Some(place))).collect();
    let mut counts = Vec::with_capacity(coming.len());
    let mut pass = |at: DateTime<Utc>, made: Option<&Coming>| {
        left.extend(made.map(made_then));
        let verdicts = judge(&left, rule, at, None);
        let mut kept = verdicts.iter().map(super::Verdict::is_kept);
        left.retain(|point| {
            let kept = kept.next().unwrap_or(true);
            let gone = point.id.filter(|_| !kept).and_then(|place| goes.get_mut(place));
            if let Some((_, when)) = gone {
                *when = Some(at);
            }
            kept
        });
        left.len()
    };
    pass(now, None);
    for run in coming {
        counts.push((run.time, pass(run.time, Some(run))));
    }
    Forecast { goes, counts }
}

fn made_then(run: &Coming) -> PointFacts<Option<usize>> {
    PointFacts {
        id: None,
        time: run.time,
        schedules: run.schedules.clone(),
        promised: None,
        good: true,
        verified: false,
        held: false,
        locked_until: None,
        doubtful_time: false,
    }
}

fn with_id<A, B>(point: &PointFacts<A>, id: B) -> PointFacts<B> {
    PointFacts {
        id,
        time: point.time,
        schedules: point.schedules.clone(),
        promised: point.promised,
        good: point.good,
        verified: point.verified,
        held: point.held,
        locked_until: point.locked_until,
        doubtful_time: point.doubtful_time,
    }
}
