//! A calendar of Berlin, written for the year alone: nothing of it comes from the program.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc, Weekday};

/// When a job is to run, in the time of Berlin.
#[derive(Clone, Debug)]
pub(super) enum Rhythm {
    /// On these days, counted from Monday as 0, at hour and minute.
    Days(BTreeSet<u32>, (u32, u32)),
    /// On the last day of each month.
    MonthEnd((u32, u32)),
    /// On a day of a month of each year.
    Yearly((u32, u32), (u32, u32)),
    /// From Monday to Friday, every so many hours from the first hour until before the last.
    Office { from: u32, until: u32, hours: u32 },
}

/// The last Sunday of a month, at one in the morning of Greenwich: then clocks change.
fn change(year: i32, month: u32) -> DateTime<Utc> {
    let last = (22..=31).rev().filter_map(|day| NaiveDate::from_ymd_opt(year, month, day));
    let sunday = last.into_iter().find(|day| day.weekday() == Weekday::Sun).unwrap();
    sunday.and_hms_opt(1, 0, 0).unwrap().and_utc()
}

fn offset(moment: DateTime<Utc>) -> TimeDelta {
    let summer = change(moment.year(), 3)..change(moment.year(), 10);
    TimeDelta::hours(if summer.contains(&moment) { 2 } else { 1 })
}

/// What clocks in Berlin show.
pub(super) fn local(moment: DateTime<Utc>) -> NaiveDateTime {
    moment.naive_utc() + offset(moment)
}

/// The first moment at which clocks in Berlin show at least this much of its day.
pub(super) fn moment(shown: NaiveDateTime) -> DateTime<Utc> {
    let summer = (shown - TimeDelta::hours(2)).and_utc();
    let winter = (shown - TimeDelta::hours(1)).and_utc();
    let right = |moment: &DateTime<Utc>| local(*moment) == shown;
    // In the hour that spring leaves out neither is right.
    [summer, winter].into_iter().find(right).unwrap_or(change(shown.year(), 3))
}

/// The moment of a day of the year at a time in Berlin.
pub(super) fn at(day: NaiveDate, (hour, minute): (u32, u32)) -> DateTime<Utc> {
    moment(day.and_hms_opt(hour, minute, 0).unwrap())
}

impl Rhythm {
    /// Returns the slots after one moment up to and with another, in their order.
    pub(super) fn slots(&self, after: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let mut slots = Vec::new();
        let mut day = local(after).date();
        while day <= local(until).date() {
            slots.extend(self.of_day(day).into_iter().filter(|s| *s > after && *s <= until));
            day = day.succ_opt().unwrap();
        }
        slots
    }

    /// Returns the first slot after a moment.
    pub(super) fn next(&self, after: DateTime<Utc>) -> DateTime<Utc> {
        let slots = self.slots(after, after + TimeDelta::days(400));
        *slots.first().unwrap()
    }

    fn of_day(&self, day: NaiveDate) -> Vec<DateTime<Utc>> {
        let one = |wanted: bool, time| if wanted { vec![at(day, time)] } else { Vec::new() };
        match self {
            Self::Days(days, time) => {
                one(days.contains(&day.weekday().num_days_from_monday()), *time)
            }
            Self::MonthEnd(time) => one(day.succ_opt().unwrap().day() == 1, *time),
            Self::Yearly(date, time) => one((day.month(), day.day()) == *date, *time),
            Self::Office { from, until, hours } if day.weekday().num_days_from_monday() < 5 => {
                let times = (*from..*until).step_by(*hours as usize);
                times.map(|hour| at(day, (hour, 0))).collect()
            }
            Self::Office { .. } => Vec::new(),
        }
    }

    /// Whether work may be done now.
    pub(super) fn allows(&self, now: DateTime<Utc>) -> bool {
        let Self::Office { from, until, .. } = self else { return true };
        let shown = local(now);
        shown.weekday().num_days_from_monday() < 5 && (*from..*until).contains(&shown.hour())
    }

    /// Returns the next moment at which work may be done again.
    pub(super) fn opens(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let Self::Office { from, .. } = self else { return now };
        let day = |n| local(now).date() + TimeDelta::days(n);
        let mornings = (0..8).map(|n| at(day(n), (*from, 0)));
        mornings.into_iter().find(|morning| *morning > now && self.allows(*morning)).unwrap()
    }
}
