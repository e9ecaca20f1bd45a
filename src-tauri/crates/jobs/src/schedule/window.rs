//! When work of a schedule may go on: its allowed hours, and its window where it has one.
//!
//! A window begins at the time of the rhythm and ends at a time of day. It opens again on the next
//! day of the rhythm; one of a month or a year on the next day, since nobody means to leave a VM
//! without a recovery point until the month after.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::{Rhythm, Schedule, local};

/// Longest time looked ahead for a window: days of the week come again within it.
const DAYS: u64 = 16;

impl Schedule {
    /// Returns whether work may go on at a moment.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.allowed.allow(now, self.zone) && self.windows(now).is_none_or(|w| is_in(&w, now))
    }

    /// Returns when work that may go on at a moment has to pause, or `None` when it never has.
    /// Nothing but the moment itself where it may not go on then.
    pub fn closes(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if !self.is_open(now) {
            return Some(now);
        }
        // Windows that follow each other without a gap are one.
        let of_window = self.windows(now).map(|windows| {
            windows
                .iter()
                .fold(now, |end, (from, to)| if *from <= end { end.max(*to) } else { end })
        });
        let of_hours = self.allowed.closes(now, self.zone);
        of_window.into_iter().chain(of_hours).min()
    }

    /// Returns the first moment from `from` on at which work may go on, or `None` when there is
    /// none within two weeks.
    pub fn opens(&self, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let Some(windows) = self.windows(from) else { return self.allowed.opens(from, self.zone) };
        let open = |(begin, end): (DateTime<Utc>, DateTime<Utc>)| {
            let opens = self.allowed.opens(begin.max(from), self.zone)?;
            (opens < end).then_some(opens)
        };
        windows.into_iter().find_map(open)
    }

    /// Returns how long its window is by the clock on the wall, where it has one.
    pub fn window(&self) -> Option<TimeDelta> {
        let (at, until) = self.ends()?;
        Some(length(at, until))
    }

    /// Returns when its window begins and ends. One of a whole day is none.
    fn ends(&self) -> Option<(NaiveTime, NaiveTime)> {
        Some((self.rhythm.at()?, self.until?)).filter(|(at, until)| at != until)
    }

    /// Returns the windows that are open at `around` or open in the days after it, in their order;
    /// `None` without a window.
    fn windows(&self, around: DateTime<Utc>) -> Option<Vec<(DateTime<Utc>, DateTime<Utc>)>> {
        let (at, until) = self.ends()?;
        let length = length(at, until);
        // A gap in a clock may move a window by a day; one before may still be open.
        let first = local::date(around, self.zone).checked_sub_days(chrono::Days::new(3))?;
        let days = first.iter_days().take(usize::try_from(DAYS).ok()?);
        let windows = days.filter(|day| self.rhythm.opens_on(*day)).filter_map(|day| {
            let begin = local::moment(day.and_time(at), self.zone);
            let end = day.and_time(at).checked_add_signed(length)?;
            let end = local::moment(end, self.zone);
            // A clock that skips the window moves both to one moment: it is as long as ever.
            Some((begin, if end > begin { end } else { begin + length }))
        });
        Some(windows.filter(|(_, end)| *end > around).collect())
    }
}

fn is_in(windows: &[(DateTime<Utc>, DateTime<Utc>)], now: DateTime<Utc>) -> bool {
    windows.iter().any(|(begin, end)| *begin <= now && now < *end)
}

/// From one time of day to the next time that a clock shows the other; a day when they are equal.
fn length(at: NaiveTime, until: NaiveTime) -> TimeDelta {
    let length = until - at;
    if length > TimeDelta::zero() { length } else { length + TimeDelta::days(1) }
}

impl Rhythm {
    /// Returns its time of day, where it has one.
    pub fn at(&self) -> Option<NaiveTime> {
        match self {
            Self::Week { at, .. } | Self::Month { at, .. } | Self::Year { at, .. } => Some(*at),
            Self::Interval { .. } => None,
        }
    }

    fn opens_on(&self, day: NaiveDate) -> bool {
        match self {
            Self::Week { days, .. } => days.contains(&super::rhythm::number(day)),
            Self::Month { .. } | Self::Year { .. } | Self::Interval { .. } => true,
        }
    }
}
