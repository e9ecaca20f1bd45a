//! Days of a VM in a row of cells.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// What a day was like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cell {
    /// Something was saved, and all was well.
    Ok,
    /// Something was saved, with something to look at.
    Warning,
    /// Something was planned, and nothing was saved.
    Missed,
    /// Nothing was planned, or its time has not come.
    NonePlanned,
}

/// A day and what it was like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The day, in the zone that was asked for.
    pub date: NaiveDate,
    /// What it was like.
    pub cell: Cell,
}

/// What is known of the days of a VM.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// Its recovery points, with whether there is something to look at.
    pub saved: &'a [(DateTime<Utc>, bool)],
    /// The moments at which it was to be saved.
    pub slots: &'a [DateTime<Utc>],
    /// For how long after one of these it is still under way.
    pub patience: TimeDelta,
}

/// Returns the last `count` days up to today, oldest first. A slot shortly before midnight is met by
/// what is saved shortly after.
pub fn strip(count: u32, now: DateTime<Utc>, zone: Tz, past: Past<'_>) -> Vec<Day> {
    let day = |time: DateTime<Utc>| time.with_timezone(&zone).date_naive();
    let today = day(now);
    let first = today.checked_sub_days(Days::new(count.saturating_sub(1).into())).unwrap_or(today);
    let mut days: BTreeMap<NaiveDate, Cell> = BTreeMap::new();
    let times: BTreeSet<DateTime<Utc>> = past.saved.iter().map(|(time, _)| *time).collect();
    for (time, warning) in past.saved {
        let cell = days.entry(day(*time)).or_insert(Cell::Ok);
        if *warning {
            *cell = Cell::Warning;
        }
    }
    for slot in past.slots.iter().filter(|slot| **slot <= now) {
        let until = slot.checked_add_signed(past.patience).unwrap_or(now);
        if times.range(*slot..=until.max(*slot)).next().is_some() {
            days.entry(day(*slot)).or_insert(Cell::Ok);
        } else if until < now {
            days.entry(day(*slot)).or_insert(Cell::Missed);
        }
    }
    let dates = first.iter_days().take_while(|date| *date <= today);
    let cell = |date| days.get(&date).copied().unwrap_or(Cell::NonePlanned);
    dates.map(|date| Day { date, cell: cell(date) }).collect()
}
