use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

const DAY: u32 = (1 << 24) - 1;

/// Hours of the week in which work may be done, local time, the week beginning on Monday.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AllowedHours([u32; 7]);

impl Default for AllowedHours {
    /// All of them.
    fn default() -> Self {
        Self([DAY; 7])
    }
}

impl AllowedHours {
    /// Allows no hour.
    pub fn none() -> Self {
        Self([0; 7])
    }

    /// Allows or forbids an hour, 0 to 23, of a day. Other hours are none.
    pub fn set(&mut self, day: Weekday, hour: u32, allowed: bool) {
        let bit = 1u32.checked_shl(hour).unwrap_or_default() & DAY;
        let day = &mut self.0[day.num_days_from_monday() as usize];
        *day = if allowed { *day | bit } else { *day & !bit };
    }

    /// Returns whether an hour of a day is allowed.
    pub fn has(&self, day: Weekday, hour: u32) -> bool {
        let day = self.0[day.num_days_from_monday() as usize];
        hour < 24 && day >> hour & 1 == 1
    }

    /// Returns whether work may be done at a moment.
    pub fn allow(&self, moment: DateTime<Utc>, zone: Tz) -> bool {
        let local = moment.with_timezone(&zone);
        self.has(local.weekday(), local.hour())
    }

    /// Returns whether no hour is allowed.
    pub fn is_never(&self) -> bool {
        self.0.iter().all(|day| day & DAY == 0)
    }

    /// Returns whether all hours are allowed.
    pub fn is_always(&self) -> bool {
        self.0.iter().all(|day| day & DAY == DAY)
    }

    /// Returns the first moment from `from` on at which work may be done, or `None` when there is
    /// none within two weeks.
    pub fn opens(&self, from: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        self.change(from, zone, true)
    }

    /// Returns the first moment from `from` on at which work may not be done, or `None` when there
    /// is none within two weeks.
    pub fn closes(&self, from: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        self.change(from, zone, false)
    }

    fn change(&self, from: DateTime<Utc>, zone: Tz, open: bool) -> Option<DateTime<Utc>> {
        if self.allow(from, zone) == open {
            return Some(from);
        }
        if self.is_never() || self.is_always() {
            return None;
        }
        // Offsets of zones are whole quarters of an hour, so local hours begin on one.
        let quarter = TimeDelta::minutes(15);
        let seconds = from.timestamp().rem_euclid(quarter.num_seconds());
        let first = from.with_nanosecond(0)? - TimeDelta::seconds(seconds) + quarter;
        let quarters = (0..15 * 24 * 4).map(|n| first + quarter * n);
        quarters.into_iter().find(|moment| self.allow(*moment, zone) == open)
    }
}
