//! Which recovery points are kept, why, and when they will go.
//!
//! Everything here is a pure function of its arguments; nothing is deleted here. The list that a
//! preview shows and the list that is deleted come from the same call, so they are equal.
//!
//! There is one engine for two ways to say it: spans of the calendar of which each keeps its newest
//! recovery point (grandfather, father, son), and a time for which a schedule's recovery points are
//! kept. What any part keeps is kept.
//!
//! Invariant guarded: whatever the rules say, the newest recovery point of a VM, its newest good one
//! and its newest verified one are kept, and so is one that is held, locked or from the future. Time
//! that cannot be believed ends nothing.

mod forecast;
mod presets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use forecast::{Coming, Forecast, forecast};
pub use presets::Preset;

use crate::ScheduleId;

/// How recovery points are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Where days, weeks, months and years begin.
    pub zone: Tz,
    /// Spans of the calendar.
    #[serde(default)]
    pub spans: Spans,
    /// For how long what a schedule makes is kept.
    #[serde(default)]
    pub by_schedule: BTreeMap<ScheduleId, KeepFor>,
}

/// Of how many spans of the calendar the newest recovery point is kept. Spans without any do not
/// count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spans {
    /// The newest ones, whatever their time.
    pub last: u32,
    /// Days.
    pub daily: u32,
    /// Weeks, which begin on Monday.
    pub weekly: u32,
    /// Months.
    pub monthly: u32,
    /// Years.
    pub yearly: u32,
}

impl Spans {
    /// Returns whether they keep nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// For how long a recovery point is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeepFor {
    /// Days of 24 hours.
    Days(u32),
    /// Weeks of seven of them.
    Weeks(u32),
    /// Months of the calendar; a day that a month lacks is its last.
    Months(u32),
    /// Years of the calendar.
    Years(u32),
    /// For ever.
    Forever,
}

impl KeepFor {
    /// Returns until when something of `time` is kept, or `None` when that is for ever, or beyond
    /// what a calendar holds.
    pub fn until(self, time: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let days = |n: i64| time.checked_add_signed(TimeDelta::try_days(n)?);
        let months = |n: u32| {
            let local = time.with_timezone(&zone).naive_local();
            let then = local.checked_add_months(Months::new(n))?;
            Some(crate::schedule::moment(then, zone))
        };
        match self {
            Self::Days(n) => days(n.into()),
            Self::Weeks(n) => days(i64::from(n) * 7),
            Self::Months(n) => months(n),
            Self::Years(n) => months(n.checked_mul(12)?),
            Self::Forever => None,
        }
    }

    fn is_nothing(self) -> bool {
        matches!(self, Self::Days(0) | Self::Weeks(0) | Self::Months(0) | Self::Years(0))
    }
}

/// Why a rule is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RetentionError {
    /// It keeps nothing.
    #[error("it keeps nothing")]
    KeepsNothing,
    /// A schedule keeps its recovery points for no time, and no span of the calendar keeps them.
    #[error("a schedule keeps its recovery points for no time")]
    NoTime,
}

impl Retention {
    /// Makes a rule of spans alone.
    pub fn of_spans(spans: Spans, zone: Tz) -> Self {
        Self { zone, spans, by_schedule: BTreeMap::new() }
    }

    /// Checks that it makes sense.
    ///
    /// # Errors
    /// [`RetentionError`] says what is wrong.
    pub fn check(&self) -> Result<(), RetentionError> {
        if self.spans.is_empty() {
            if self.by_schedule.is_empty() {
                return Err(RetentionError::KeepsNothing);
            }
            if self.by_schedule.values().any(|keep| keep.is_nothing()) {
                return Err(RetentionError::NoTime);
            }
        }
        Ok(())
    }
}

/// What retention knows of a recovery point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointFacts<Id> {
    /// Which one it is.
    pub id: Id,
    /// When its state was frozen.
    pub time: DateTime<Utc>,
    /// The schedules that it was made for.
    pub schedules: Vec<ScheduleId>,
    /// What was promised when it was made. It holds where a schedule of then is no more.
    pub promised: Option<Promised>,
    /// Nothing is known to be wrong with it.
    pub good: bool,
    /// It was read and found whole, or more.
    pub verified: bool,
    /// Somebody protects it.
    pub held: bool,
    /// Until when the place where it lies refuses to delete it.
    pub locked_until: Option<DateTime<Utc>>,
    /// The clock was not believed when it was made.
    pub doubtful_time: bool,
}

/// For how long a recovery point was promised to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promised {
    /// Until then.
    Until(DateTime<Utc>),
    /// For ever.
    Forever,
}

/// Why no rule may end anything for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pause {
    /// The clock of this computer is not believed.
    Clock,
    /// So much changed at once that it may be ransomware's work; nobody has looked yet.
    Alarm,
}

/// Why a recovery point is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Reason {
    /// It is the newest of its VM.
    Newest,
    /// It is the newest with which nothing is known to be wrong.
    NewestGood,
    /// It is the newest that was verified.
    NewestVerified,
    /// Somebody protects it.
    Held,
    /// It cannot be deleted where it lies.
    Locked {
        /// Until then.
        until: DateTime<Utc>,
    },
    /// Its time lies ahead, or was doubtful: no rule counts it, and none ends it.
    DoubtfulTime,
    /// Nothing is deleted for now.
    Paused {
        /// Why.
        by: Pause,
    },
    /// It was promised for this long, by its schedule or by whoever asked for it.
    Until {
        /// Until then; `None` for ever.
        until: Option<DateTime<Utc>>,
    },
    /// It is among the newest.
    Last {
        /// 1 is the newest.
        number: u32,
    },
    /// It is the newest of a day.
    Daily {
        /// 1 is the newest day.
        number: u32,
    },
    /// It is the newest of a week.
    Weekly {
        /// 1 is the newest week.
        number: u32,
    },
    /// It is the newest of a month.
    Monthly {
        /// 1 is the newest month.
        number: u32,
    },
    /// It is the newest of a year.
    Yearly {
        /// 1 is the newest year.
        number: u32,
    },
}

/// What is to become of a recovery point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict<Id> {
    /// Which one.
    pub id: Id,
    /// Why it is kept; none when it goes.
    pub reasons: Vec<Reason>,
}

impl<Id> Verdict<Id> {
    /// Returns whether it stays.
    pub fn is_kept(&self) -> bool {
        !self.reasons.is_empty()
    }
}

/// Judges the recovery points of one VM, which are given in the order of their repository, oldest
/// first; the verdicts have the same order.
pub fn judge<Id: Copy>(
    points: &[PointFacts<Id>],
    rule: &Retention,
    now: DateTime<Utc>,
    pause: Option<Pause>,
) -> Vec<Verdict<Id>> {
    let mut reasons: Vec<Vec<Reason>> = points.iter().map(|p| own(p, rule, now, pause)).collect();
    let mut add = |place: Option<usize>, reason| {
        if let Some(list) = place.and_then(|place| reasons.get_mut(place)) {
            list.push(reason);
        }
    };
    add(points.len().checked_sub(1), Reason::Newest);
    add(points.iter().rposition(|p| p.good), Reason::NewestGood);
    add(points.iter().rposition(|p| p.good && p.verified), Reason::NewestVerified);
    let counted = |p: &PointFacts<Id>| !p.doubtful_time && p.time <= now;
    let mut newest_first: Vec<_> =
        points.iter().enumerate().rev().filter(|(_, p)| counted(p)).collect();
    for (number, (place, _)) in (1..=rule.spans.last).zip(&newest_first) {
        add(Some(*place), Reason::Last { number });
    }
    // Copies may arrive in another order than that of their times.
    newest_first.sort_by_key(|(_, p)| std::cmp::Reverse(p.time));
    for (count, span, reason) in spans(rule.spans) {
        let mut newest = None;
        let mut numbers = 1..=count;
        for (place, point) in &newest_first {
            let at = span(crate::schedule::date(point.time, rule.zone));
            if newest == Some(at) {
                continue;
            }
            let Some(number) = numbers.next() else { break };
            newest = Some(at);
            add(Some(*place), reason(number));
        }
    }
    points.iter().zip(reasons).map(|(p, reasons)| Verdict { id: p.id, reasons }).collect()
}

/// Why a recovery point is kept whatever the others are.
fn own<Id>(
    point: &PointFacts<Id>,
    rule: &Retention,
    now: DateTime<Utc>,
    pause: Option<Pause>,
) -> Vec<Reason> {
    let kept = point.schedules.iter().filter_map(|schedule| rule.by_schedule.get(schedule));
    let promised = kept.map(|keep| keep.until(point.time, rule.zone));
    // A schedule that was removed, or made anew, cannot be asked any more.
    let unknown = |id: &ScheduleId| !rule.by_schedule.contains_key(id);
    let orphaned = point.schedules.is_empty() || point.schedules.iter().any(unknown);
    let then = point.promised.filter(|_| orphaned).map(|promised| match promised {
        Promised::Until(time) => Some(time),
        Promised::Forever => None,
    });
    let doubtful = point.doubtful_time || point.time > now;
    let mut reasons = Vec::new();
    reasons.extend(pause.map(|by| Reason::Paused { by }));
    reasons.extend(point.held.then_some(Reason::Held));
    let locked = point.locked_until.filter(|until| *until > now);
    reasons.extend(locked.map(|until| Reason::Locked { until }));
    reasons.extend(doubtful.then_some(Reason::DoubtfulTime));
    let still = |until: &Option<DateTime<Utc>>| until.is_none_or(|until| until > now);
    let longest = promised.chain(then).filter(still);
    let longest = longest.max_by_key(|until| until.unwrap_or(DateTime::<Utc>::MAX_UTC));
    reasons.extend(longest.map(|until| Reason::Until { until }));
    reasons
}

/// A span of the calendar as an ordered number, and what keeping for it is called.
type Span = (u32, fn(NaiveDate) -> i64, fn(u32) -> Reason);

fn spans(spans: Spans) -> [Span; 4] {
    let day = |date: NaiveDate| i64::from(date.num_days_from_ce());
    // The first day of the calendar is a Monday.
    let week = |date: NaiveDate| (i64::from(date.num_days_from_ce()) - 1).div_euclid(7);
    let month = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
    let year = |date: NaiveDate| i64::from(date.year());
    [
        (spans.daily, day, |number| Reason::Daily { number }),
        (spans.weekly, week, |number| Reason::Weekly { number }),
        (spans.monthly, month, |number| Reason::Monthly { number }),
        (spans.yearly, year, |number| Reason::Yearly { number }),
    ]
}
