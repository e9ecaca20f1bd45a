//! When work is due: calendars of local time in a zone of their own, hours in which work may be
//! done, and what is made up for after a computer slept.
//!
//! Everything here is a pure function of its arguments. A slot is the moment for which a schedule
//! wants a run; it is always computed from the zone stored with the schedule, never from that of
//! the computer. A local time that a clock skips in spring is the first moment after the gap, and
//! one that it shows twice in autumn is the first of both.

mod hours;
mod local;
mod propose;
mod rhythm;
#[cfg(test)]
mod tests;
mod window;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use hours::AllowedHours;
pub(crate) use local::{date, moment};
pub use propose::{Proposal, propose, spread, worst_gap};
pub use rhythm::{MonthDay, Rhythm, RhythmError};

/// Longest time looked into for the next slot: every fourth year has a 29 February, but for one
/// in a hundred years.
const HORIZON: TimeDelta = TimeDelta::days(366 * 8 + 2);

/// When a job is to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Which moments.
    pub rhythm: Rhythm,
    /// In which zone its times are meant.
    pub zone: Tz,
    /// First day on which it counts.
    pub effective_from: Option<NaiveDate>,
    /// Hours in which work may be done. Outside them a run pauses, or waits to begin.
    #[serde(default)]
    pub allowed: AllowedHours,
    /// When its window ends, which begins at the time of the rhythm: a run pauses then, and goes on
    /// when it opens again.
    #[serde(default)]
    pub until: Option<NaiveTime>,
}

/// A slot that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The newest slot that has come; one run stands for all.
    pub slot: DateTime<Utc>,
    /// Earlier slots that passed without a run.
    pub missed: u32,
    /// Whether a run should begin. Otherwise the slot is too long ago, and the next one is waited
    /// for.
    pub run: bool,
}

impl Schedule {
    /// Checks that it makes sense and will ever be due.
    ///
    /// # Errors
    /// [`RhythmError`] says what is wrong.
    pub fn check(&self) -> Result<(), RhythmError> {
        self.rhythm.check()?;
        if self.allowed.is_never() {
            return Err(RhythmError::NoHours);
        }
        if self.until.is_some() && self.rhythm.at().is_none() {
            return Err(RhythmError::WindowOfInterval);
        }
        // Any moment will do: rhythms repeat within the horizon.
        let begin = self.begins_at().unwrap_or(DateTime::UNIX_EPOCH);
        let slot = self.next_slot(begin).ok_or(RhythmError::Never)?;
        self.opens(slot).map(drop).ok_or(RhythmError::NeverOpen)
    }

    /// Returns the slots after `after`, up to and with `until`, in their order.
    pub fn slots(
        &self,
        after: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> impl Iterator<Item = DateTime<Utc>> + '_ {
        // Midnight can lie up to a day away from that of Greenwich, either way.
        let first = local::date(after, self.zone).pred_opt().unwrap_or(NaiveDate::MIN);
        let last = local::date(until, self.zone);
        let begin = self.begins_at();
        let mut reached = after;
        first
            .iter_days()
            .take_while(move |day| *day <= last)
            .flat_map(move |day| self.rhythm.on(day, self.zone, &self.allowed))
            .filter(move |slot| begin.is_none_or(|begin| *slot >= begin))
            // Times in one gap are the same moment: it is one slot.
            .filter(move |slot| {
                let fresh = *slot > reached && *slot <= until;
                reached = if fresh { *slot } else { reached };
                fresh
            })
    }

    /// Returns the first slot after a moment, or `None` when there is none for eight years.
    pub fn next_slot(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let start = self.begins_at().map_or(after, |begin| begin.max(after));
        let until = start.checked_add_signed(HORIZON)?;
        self.slots(after, until).next()
    }

    /// Decides what to do about slots that came since the last one that was dealt with: one run
    /// stands for all of them, unless even the newest is longer ago than `patience`.
    ///
    /// Nothing is due before `handled`. One that lies after `now` was dealt with while the clock
    /// stood wrong, and is the caller's to take back.
    pub fn due(
        &self,
        handled: DateTime<Utc>,
        now: DateTime<Utc>,
        patience: TimeDelta,
    ) -> Option<Due> {
        let (slot, count) = self
            .slots(handled, now)
            .fold((None, 0u32), |(_, count), slot| (Some(slot), count.saturating_add(1)));
        let slot = slot?;
        Some(Due { slot, missed: count.saturating_sub(1), run: now - slot <= patience })
    }

    fn begins_at(&self) -> Option<DateTime<Utc>> {
        self.effective_from.map(|day| local::moment(day.and_time(NaiveTime::MIN), self.zone))
    }
}
