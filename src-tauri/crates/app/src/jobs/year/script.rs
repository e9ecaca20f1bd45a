//! What happens to the shop in its year.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc, Weekday};

use super::calendar::at;

type Moment = DateTime<Utc>;

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The guests work.
    Work,
    /// The computer falls asleep.
    Sleep,
    Wake,
    /// The computer is switched off.
    Off,
    On,
    /// The program ends and is started again.
    Restart,
    /// The power fails in the next run of the nightly job.
    Crash,
    /// The clock is set.
    Clock(TimeDelta),
    HostDown,
    HostUp,
    WrongPassword,
    RightPassword,
    RepositoryAway,
    RepositoryBack,
    DiskFull,
    DiskFree,
    /// A VM comes into the container of the archive job.
    NewVm,
    /// One of it goes.
    OldVm,
    /// A VM of the nightly job goes, and two days later somebody notices.
    WebGoes,
    WebLeftOut,
    /// The nightly job waits until then.
    Pause(Moment),
    /// The nightly job runs at another time from now on.
    Later,
    OfficeBegins,
    OfficeEnds,
    /// Somebody compares everything.
    Audit,
}

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap()
}

/// What is written down for all years.
fn fixed() -> Vec<(Moment, Event)> {
    let on = |month, date, hour, event| (at(day(month, date), (hour, 0)), event);
    let hours = TimeDelta::hours;
    vec![
        on(2, 10, 15, Event::HostDown),
        on(2, 11, 15, Event::HostUp),
        on(2, 24, 19, Event::Crash),
        on(3, 3, 12, Event::WrongPassword),
        on(3, 4, 12, Event::RightPassword),
        on(4, 14, 10, Event::RepositoryAway),
        on(4, 16, 10, Event::RepositoryBack),
        on(5, 12, 10, Event::DiskFull),
        on(5, 13, 10, Event::DiskFree),
        on(5, 20, 10, Event::NewVm),
        on(6, 9, 10, Event::Clock(hours(1))),
        on(6, 10, 10, Event::Clock(hours(-1))),
        on(6, 16, 6, Event::Clock(hours(24))),
        on(6, 16, 12, Event::Clock(hours(-24))),
        on(6, 23, 22, Event::Clock(hours(-24))),
        on(6, 24, 7, Event::Clock(hours(24))),
        (at(day(6, 30), (20, 30)), Event::Clock(hours(-1))),
        on(7, 1, 12, Event::Clock(hours(1))),
        on(7, 20, 17, Event::Off),
        on(8, 3, 8, Event::On),
        on(8, 20, 10, Event::OldVm),
        on(9, 7, 9, Event::Pause(at(day(9, 11), (9, 0)))),
        // The end of the pause is slept through.
        on(9, 10, 18, Event::Sleep),
        on(9, 11, 10, Event::Wake),
        on(9, 22, 7, Event::Later),
        on(10, 13, 10, Event::WebGoes),
        on(10, 15, 10, Event::WebLeftOut),
        on(11, 2, 7, Event::OfficeBegins),
        // Two slots of one working day are slept through: one run stands for both.
        on(11, 5, 11, Event::Sleep),
        on(11, 5, 17, Event::Wake),
        on(11, 17, 19, Event::Crash),
        on(12, 12, 10, Event::OfficeEnds),
    ]
}

/// Writes the year down, in its order.
pub(super) fn year(seed: u64, end: Moment) -> Vec<(Moment, Event)> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut all = fixed();
    let mut date = day(1, 1);
    let mut away = at(date, (0, 0));
    while at(date, (23, 0)) < end {
        all.push((at(date, (13, 0)), Event::Work));
        if date.succ_opt().unwrap().day() == 1 && date.month().is_multiple_of(2) {
            all.push((at(date, (23, 30)), Event::Audit));
        }
        if let Some((begins, ends, off)) = absence(&mut rng, date)
            && begins > away
            && ends < end
            && quiet(&all, begins, ends)
        {
            let (goes, comes) =
                if off { (Event::Off, Event::On) } else { (Event::Sleep, Event::Wake) };
            all.extend([(begins, goes), (ends, comes)]);
            away = ends;
        }
        let morning = at(date, (10, 30)) + TimeDelta::minutes(rng.i64(0..90));
        if rng.u32(0..100) < 6 && morning > away && quiet(&all, morning, morning) {
            all.push((morning, Event::Restart));
        }
        date = date.succ_opt().unwrap();
    }
    all.retain(|(moment, _)| *moment < end);
    all.sort_by_key(|(moment, _)| *moment);
    all
}

/// When the computer is not there from this day on, and whether it is off then.
fn absence(rng: &mut fastrand::Rng, date: NaiveDate) -> Option<(Moment, Moment, bool)> {
    let (kind, off, minutes) = (rng.u32(0..100), rng.bool(), TimeDelta::minutes(rng.i64(0..30)));
    let next = date.succ_opt().unwrap();
    let monday = date + TimeDelta::days(3);
    let (begins, ends) = match (date.weekday(), kind) {
        (Weekday::Fri, 0..30) => (at(date, (17, 0)), at(monday, (8, 0))),
        (Weekday::Sat, 0..30) => (at(date, (18, 0)), at(next, (10, 0))),
        // In time to catch up, too late for it, and with nothing to do meanwhile.
        (_, 0..15) => (at(date, (18, 0)), at(next, (7, 0))),
        (_, 15..22) => (at(date, (18, 0)), at(next, (9, 40))),
        (_, 22..40) => (at(date, (22, 40)), at(next, (7, 0))),
        _ => return None,
    };
    Some((begins + minutes, ends + minutes, off))
}

/// Whether nothing that is written down falls into this time, or close to it.
fn quiet(all: &[(Moment, Event)], begins: Moment, ends: Moment) -> bool {
    let near = begins - TimeDelta::hours(30)..ends + TimeDelta::hours(30);
    let matters = |event: &Event| {
        !matches!(
            event,
            Event::Work
                | Event::Audit
                | Event::Sleep
                | Event::Wake
                | Event::On
                | Event::Off
                | Event::Restart
        )
    };
    // What is written down as an absence itself leaves no room for another.
    let fixed = |moment: &Moment| fixed().iter().any(|(known, _)| known == moment);
    !all.iter().any(|(moment, event)| near.contains(moment) && (matters(event) || fixed(moment)))
        && !holiday(begins)
        && !holiday(ends)
}

/// The shop is closed.
fn holiday(moment: Moment) -> bool {
    (at(day(7, 19), (0, 0))..at(day(8, 4), (0, 0))).contains(&moment)
}
