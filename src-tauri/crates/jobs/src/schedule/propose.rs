//! Schedules that nobody had to think of: one that keeps to an RPO, and times at which nothing else
//! begins.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;

use super::{AllowedHours, MonthDay, Rhythm, Schedule};

/// Intervals that a day is a multiple of, in minutes: they come at the same times each day.
const INTERVALS: [u32; 13] = [720, 480, 360, 240, 180, 120, 90, 60, 30, 20, 15, 10, 5];
const HOUR: u32 = 60;
const DAY: u32 = 24 * HOUR;
/// Times that are further apart than this do not get in each other's way.
const APART: i64 = 10;

/// Schedules that keep to an RPO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The schedules.
    pub schedules: Vec<Schedule>,
    /// The longest time between two of their slots, in minutes, on any day of any year.
    pub worst_gap_minutes: u32,
}

/// Proposes schedules for an RPO. A quarter of it is left for the run itself; days on which clocks
/// are set back are counted in. `None` for one of less than 5 minutes, which nothing keeps to.
pub fn propose(rpo_minutes: u32, zone: Tz) -> Option<Proposal> {
    let evening = time(20, 0);
    let week = |days: &[u8], at| Rhythm::Week { days: days.iter().copied().collect(), at };
    let every_day: Vec<u8> = (0..7).collect();
    // The longest time between two slots with the hours by which clocks may be set back.
    let (rhythms, worst) = match rpo_minutes {
        0..5 => return None,
        5..1320 => {
            let room = rpo_minutes / 4 * 3;
            let fits = INTERVALS.into_iter().find(|minutes| *minutes <= room).unwrap_or(5);
            (vec![Rhythm::Interval { minutes: fits }], fits)
        }
        1320..2100 => (vec![week(&every_day, time(12, 0)), week(&every_day, evening)], 18 * HOUR),
        2100..8640 => (vec![week(&every_day, evening)], DAY + 2 * HOUR),
        8640..14400 => (vec![week(&[2, 6], evening)], 4 * DAY + 2 * HOUR),
        14400..60480 => (vec![week(&[6], evening)], 7 * DAY + 2 * HOUR),
        _ => (vec![Rhythm::Month { on: MonthDay::Last, at: evening }], 31 * DAY + 2 * HOUR),
    };
    let schedules = rhythms.into_iter().map(|rhythm| Schedule::plain(rhythm, zone));
    Some(Proposal { schedules: schedules.collect(), worst_gap_minutes: worst })
}

fn time(hour: u32, minute: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or(NaiveTime::MIN)
}

impl Schedule {
    /// Makes one without hours, window or first day.
    pub fn plain(rhythm: Rhythm, zone: Tz) -> Self {
        Self { rhythm, zone, effective_from: None, allowed: AllowedHours::default(), until: None }
    }

    /// On working days in the evening.
    pub fn working_days_evening(zone: Tz) -> Self {
        Self::plain(Rhythm::Week { days: (0..5).collect(), at: time(20, 0) }, zone)
    }

    /// Every four hours while people work.
    pub fn office_hours(zone: Tz) -> Self {
        let mut allowed = AllowedHours::none();
        for day in [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri] {
            (8..18).for_each(|hour| allowed.set(day, hour, true));
        }
        Self { allowed, ..Self::plain(Rhythm::Interval { minutes: 4 * HOUR }, zone) }
    }

    /// On the last day of each month in the night.
    pub fn month_end(zone: Tz) -> Self {
        Self::plain(Rhythm::Month { on: MonthDay::Last, at: time(22, 0) }, zone)
    }
}

/// Returns the longest time between two slots of schedules together, from `from` to `until`, or
/// `None` when there are less than two slots.
pub fn worst_gap(
    schedules: &[&Schedule],
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Option<TimeDelta> {
    let mut slots: Vec<_> = schedules.iter().flat_map(|s| s.slots(from, until)).collect();
    slots.sort_unstable();
    slots.iter().zip(slots.iter().skip(1)).map(|(a, b)| *b - *a).max()
}

/// Returns the first time from `at` on, in steps of ten minutes, that is ten minutes or more away
/// from all that are taken; `at` itself when a whole day is.
pub fn spread(at: NaiveTime, taken: &[NaiveTime]) -> NaiveTime {
    let apart = |a: NaiveTime, b: NaiveTime| {
        let minutes = (a - b).num_minutes().rem_euclid(i64::from(DAY));
        minutes.min(i64::from(DAY) - minutes) >= APART
    };
    let step = |n: i64| at.overflowing_add_signed(TimeDelta::minutes(APART * n)).0;
    let free = |time: &NaiveTime| taken.iter().all(|taken| apart(*time, *taken));
    (0..i64::from(DAY) / APART).map(step).find(free).unwrap_or(at)
}
