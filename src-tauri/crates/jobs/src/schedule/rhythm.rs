use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::hours::AllowedHours;
use super::local;

/// Which moments a schedule names. Times are local.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "every", rename_all = "kebab-case")]
pub enum Rhythm {
    /// On days of the week.
    Week {
        /// Which, counted from Monday, 0 to 6.
        days: BTreeSet<u8>,
        /// At what time.
        at: NaiveTime,
    },
    /// Once a month.
    Month {
        /// On which day.
        on: MonthDay,
        /// At what time.
        at: NaiveTime,
    },
    /// Once a year.
    Year {
        /// In which month, 1 to 12.
        month: u8,
        /// On which day of it.
        on: MonthDay,
        /// At what time.
        at: NaiveTime,
    },
    /// Again and again in the allowed hours. It is counted from the beginning of each stretch of
    /// allowed hours, at which the first run is due, and anew from every midnight.
    Interval {
        /// How far apart, in minutes, 5 to 1440.
        minutes: u32,
    },
}

/// A day of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MonthDay {
    /// A date, 1 to 31; the last day of a month that has fewer.
    Date(u8),
    /// The last day.
    Last,
    /// The last day from Monday to Friday.
    LastWorkingDay,
    /// The first, second, third or fourth of a day of the week.
    Nth {
        /// 1 to 4.
        nth: u8,
        /// Counted from Monday, 0 to 6.
        weekday: u8,
    },
    /// The last of a day of the week.
    LastOf {
        /// Counted from Monday, 0 to 6.
        weekday: u8,
    },
}

/// Why a schedule makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RhythmError {
    /// No day is chosen.
    #[error("no day of the week is chosen")]
    NoDay,
    /// A number names no day or month.
    #[error("a day or month of this number does not exist")]
    Number,
    /// The interval is too short or too long.
    #[error("an interval is 5 minutes to 24 hours")]
    Interval,
    /// No hour is allowed.
    #[error("no hour is allowed")]
    NoHours,
    /// An interval has no time of day at which a window could begin.
    #[error("an interval has no window; say its hours instead")]
    WindowOfInterval,
    /// Its window and its hours never meet.
    #[error("no allowed hour lies in its window")]
    NeverOpen,
    /// It would never be due.
    #[error("it would never be due")]
    Never,
}

impl Rhythm {
    /// Returns it with its time of day moved; an interval has none.
    #[must_use]
    pub fn moved(mut self, by: TimeDelta) -> Self {
        match &mut self {
            Self::Week { at, .. } | Self::Month { at, .. } | Self::Year { at, .. } => {
                *at = at.overflowing_add_signed(by).0;
            }
            Self::Interval { .. } => {}
        }
        self
    }

    pub(super) fn check(&self) -> Result<(), RhythmError> {
        match self {
            Self::Week { days, .. } if days.is_empty() => Err(RhythmError::NoDay),
            Self::Week { days, .. } if days.iter().any(|day| *day > 6) => Err(RhythmError::Number),
            Self::Year { month, .. } if !(1..=12).contains(month) => Err(RhythmError::Number),
            Self::Month { on, .. } | Self::Year { on, .. } => on.check(),
            Self::Interval { minutes } if !(5..=1440).contains(minutes) => {
                Err(RhythmError::Interval)
            }
            Self::Week { .. } | Self::Interval { .. } => Ok(()),
        }
    }

    /// Returns the slots of a day, in their order.
    pub(super) fn on(
        &self,
        day: NaiveDate,
        zone: Tz,
        allowed: &AllowedHours,
    ) -> Vec<DateTime<Utc>> {
        let at = |at: &NaiveTime, due: bool| {
            let slot = due.then(|| local::moment(day.and_time(*at), zone));
            slot.into_iter().collect()
        };
        match self {
            Self::Week { days, at: time } => at(time, days.contains(&number(day))),
            Self::Month { on, at: time } => at(time, on.of_month(day) == Some(day)),
            Self::Year { month, on, at: time } => {
                at(time, day.month() == u32::from(*month) && on.of_month(day) == Some(day))
            }
            Self::Interval { minutes } => intervals(day, zone, allowed, *minutes),
        }
    }
}

pub(super) fn number(day: NaiveDate) -> u8 {
    u8::try_from(day.weekday().num_days_from_monday()).unwrap_or_default()
}

/// Counts from the beginning of each stretch of allowed hours of a day, in time that passes.
fn intervals(day: NaiveDate, zone: Tz, allowed: &AllowedHours, minutes: u32) -> Vec<DateTime<Utc>> {
    let step = TimeDelta::minutes(i64::from(minutes.max(1)));
    let midnight = |day: NaiveDate| local::moment(day.and_time(NaiveTime::MIN), zone);
    let (mut at, end) = (midnight(day), midnight(day.succ_opt().unwrap_or(day)));
    let mut slots = Vec::new();
    while let Some(opens) = allowed.opens(at, zone).filter(|opens| *opens < end) {
        let closes = allowed.closes(opens, zone).map_or(end, |closes| closes.min(end));
        let mut slot = opens;
        while slot < closes {
            slots.push(slot);
            slot += step;
        }
        at = closes;
        if at >= end {
            break;
        }
    }
    slots
}

impl MonthDay {
    fn check(self) -> Result<(), RhythmError> {
        let valid = match self {
            Self::Date(date) => (1..=31).contains(&date),
            Self::Nth { nth, weekday } => (1..=4).contains(&nth) && weekday < 7,
            Self::LastOf { weekday } => weekday < 7,
            Self::Last | Self::LastWorkingDay => true,
        };
        if valid { Ok(()) } else { Err(RhythmError::Number) }
    }

    /// Returns this day of the month that `day` lies in.
    fn of_month(self, day: NaiveDate) -> Option<NaiveDate> {
        let first = day.with_day(1)?;
        let last = first.checked_add_months(chrono::Months::new(1))?.pred_opt()?;
        Some(match self {
            Self::Date(date) => first.with_day(u32::from(date).clamp(1, last.day()))?,
            Self::Last => last,
            Self::LastWorkingDay => match last.weekday() {
                Weekday::Sat => last - TimeDelta::days(1),
                Weekday::Sun => last - TimeDelta::days(2),
                _ => last,
            },
            Self::Nth { nth, weekday } => {
                let ahead = (7 + i64::from(weekday) - i64::from(number(first))) % 7;
                first + TimeDelta::days(ahead + 7 * (i64::from(nth) - 1))
            }
            Self::LastOf { weekday } => {
                last - TimeDelta::days((7 + i64::from(number(last)) - i64::from(weekday)) % 7)
            }
        })
    }
}
