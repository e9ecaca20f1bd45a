//! Local time and moments.

use chrono::{DateTime, MappedLocalTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// No clock was ever set forward by more at once.
const LARGEST_GAP_MINUTES: i64 = 26 * 60;

/// Returns the date of a moment in a zone.
pub(crate) fn date(moment: DateTime<Utc>, zone: Tz) -> NaiveDate {
    moment.with_timezone(&zone).date_naive()
}

/// Returns the moment at which clocks of a zone show a time: the first of two, and the end of the
/// gap for a time that is skipped.
pub(crate) fn moment(time: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    match zone.from_local_datetime(&time) {
        MappedLocalTime::Single(moment) | MappedLocalTime::Ambiguous(moment, _) => {
            moment.with_timezone(&Utc)
        }
        MappedLocalTime::None => after_gap(time, zone),
    }
}

/// Returns the first moment after the gap that a time lies in.
fn after_gap(time: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let minute = |n: i64| time.checked_add_signed(TimeDelta::minutes(n));
    let exists = |n: i64| minute(n).and_then(|t| zone.from_local_datetime(&t).earliest());
    // The first minute that exists again; gaps begin and end on whole minutes.
    let (mut skipped, mut there) = (0, LARGEST_GAP_MINUTES);
    while there - skipped > 1 {
        let middle = i64::midpoint(skipped, there);
        if exists(middle).is_some() { there = middle } else { skipped = middle }
    }
    let found = exists(there).unwrap_or_else(|| zone.from_utc_datetime(&time));
    // Seconds of the skipped time do not count.
    let seconds = i64::from(chrono::Timelike::second(&time));
    (found - TimeDelta::seconds(seconds)).with_timezone(&Utc)
}
