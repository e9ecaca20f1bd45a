use chrono::TimeZone;
use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;

fn at(hour: i64) -> DateTime<Utc> {
    // 2024-01-01, a Monday.
    Utc.with_ymd_and_hms(2024, 1, 1, 0, 0, 0).unwrap() + TimeDelta::hours(hour)
}

/// A recovery point of an hour that took half an hour.
fn saved(hour: i64) -> Saved {
    Saved { time: at(hour), ready: at(hour) + TimeDelta::minutes(30) }
}

fn facts() -> Facts {
    Facts {
        newest: Some(saved(20)),
        since: at(0),
        rpo: TimeDelta::hours(24),
        run_time: TimeDelta::minutes(30),
        next_slot: Some(at(44)),
        failed: false,
        held: false,
        excluded: false,
        gone: false,
    }
}

#[test]
fn it_is_late_after_the_promise_and_a_run_and_missed_after_twice_the_promise() {
    let minutes = |hour, minutes| at(hour) + TimeDelta::minutes(minutes);
    let state = |now| facts().state(now);
    assert_eq!(state(at(21)), State::Protected);
    assert_eq!(state(at(38)), State::DueSoon, "a quarter of the time is left");
    assert_eq!(state(minutes(44, 29)), State::DueSoon);
    assert_eq!(state(minutes(44, 30)), State::Late, "to the minute");
    assert_eq!(state(minutes(67, 59)), State::Late);
    assert_eq!(state(at(68)), State::Missed);
}

#[test]
fn what_a_schedule_does_not_want_is_not_late() {
    // Saved on Friday at eight, again on Monday.
    let weekend = Facts { newest: Some(saved(116)), next_slot: Some(at(188)), ..facts() };
    assert_eq!(weekend.state(at(170)), State::Protected);
    assert_eq!(weekend.state(at(188) + TimeDelta::minutes(31)), State::Late);
    let by_hand = Facts { next_slot: None, ..weekend };
    assert_eq!(by_hand.state(at(170)), State::Missed, "nothing else will save it");
}

#[test]
fn what_was_never_saved_is_missed_after_its_first_window() {
    let never = Facts { newest: None, ..facts() };
    assert_eq!(never.state(at(1)), State::DueSoon, "its first run is still to come");
    assert_eq!(never.state(at(44) + TimeDelta::minutes(29)), State::DueSoon);
    assert_eq!(never.state(at(44) + TimeDelta::minutes(30)), State::Missed);
    assert_eq!(Facts { next_slot: None, ..never }.state(at(1)), State::Missed, "none will come");
}

#[test]
fn the_most_pressing_is_said() {
    let late = at(45);
    let failed = Facts { failed: true, held: true, ..facts() };
    assert_eq!(failed.state(late), State::Failed);
    assert_eq!(Facts { excluded: true, ..failed }.state(late), State::NotCovered);
    assert_eq!(Facts { gone: true, excluded: true, ..failed }.state(late), State::Gone);
    let held = Facts { held: true, ..facts() };
    assert_eq!((held.state(at(21)), held.state(late)), (State::Held, State::Late));
}

#[test]
fn names_and_guests_suggest_a_class() {
    for name in ["DC01", "srv-dc-2", "SQL2019", "db1", "mail", "FS-MAIL01", "Exchange", "pg_sql"] {
        assert_eq!(suggested(name, ""), Class::Critical, "{name}");
    }
    for name in ["web", "discord", "build-adder", "dashboard", "FILE02", "docs", "odbc-test"] {
        assert_eq!(suggested(name, "Ubuntu Linux (64-bit)"), Class::Normal, "{name}");
    }
    assert_eq!(suggested("srv7", "Microsoft SQL Server on Linux"), Class::Critical);
}

#[test]
fn the_share_is_exact_and_knows_what_was_promised_when() {
    let promise = |from, hours: Option<u32>| Promised { from, rpo: hours.map(|h| h * 60) };
    let day = [promise(at(0), Some(24))];
    let daily: Vec<_> = (0..10).map(|n| saved(24 * n)).collect();
    let grace = TimeDelta::minutes(30);
    let month = (at(0), at(240));
    assert_eq!(share(&daily, &day, grace, month), Some(10_000));
    let strict = share(&daily, &day, TimeDelta::zero(), (at(24), at(240)));
    assert_eq!(strict, Some(9791), "half an hour of each day the last one was too old");
    // One day without: from its deadline to the next recovery point.
    let gap: Vec<_> = daily.iter().copied().filter(|point| point.time != at(120)).collect();
    let kept = share(&gap, &day, TimeDelta::zero(), (at(97), at(147)));
    assert_eq!(kept, Some(10_000 * (120 - 97 + 147 - 144) / 50 - 100), "the run counts as well");
    assert_eq!(share(&[], &day, grace, month), None, "nothing was ever saved");
    assert_eq!(share(&daily, &[], grace, month), None, "nothing was promised");
    // Left out for a while: that time does not count.
    let paused = [promise(at(0), Some(24)), promise(at(97), None), promise(at(147), Some(24))];
    assert_eq!(share(&gap, &paused, grace, month), Some(10_000));
    let tighter = [promise(at(0), Some(24)), promise(at(120), Some(12))];
    assert_eq!(share(&daily, &tighter, grace, month), Some(7494));
}

#[test]
fn days_are_those_of_the_zone_and_a_slot_before_midnight_is_met_after_it() {
    let zone: Tz = chrono_tz::Asia::Tokyo;
    let slots: Vec<_> = (0..6).map(|n| at(24 * n + 14) + TimeDelta::minutes(50)).collect(); // 23:50
    let point = |n: i64| at(24 * n + 15) + TimeDelta::minutes(1); // 00:01
    let saved = [(point(0), false), (point(1), true), (point(3), false)];
    let past = Past { saved: &saved, slots: &slots, patience: TimeDelta::hours(2) };
    let cells = |now| strip(6, now, zone, past).into_iter().map(|d| d.cell).collect::<Vec<_>>();
    use Cell::{Missed, NonePlanned, Ok, Warning};
    // From Sunday to Friday, the 5th, at 00:10.
    let now = at(24 * 3 + 15) + TimeDelta::minutes(10);
    assert_eq!(cells(now), [NonePlanned, Ok, Ok, Warning, Ok, Ok]);
    let later = at(24 * 5 + 14) + TimeDelta::minutes(55);
    assert_eq!(cells(later), [Ok, Ok, Warning, Ok, Ok, NonePlanned][..].to_vec());
    let last = strip(1, later, zone, past);
    assert_eq!(last[0].date.to_string(), "2024-01-06");
    assert_eq!(cells(later + TimeDelta::hours(3))[..], [Ok, Warning, Ok, Ok, Missed, NonePlanned]);
}

#[test]
fn classes_promise_what_the_product_says() {
    let classes = Classes::default();
    let hours = |class| (classes.of(class).rpo / 60, classes.of(class).rto / 60);
    assert_eq!(hours(Class::Critical), (4, 1));
    assert_eq!(hours(Class::Normal), (24, 8));
    assert_eq!(hours(Class::Archive), (168, 72));
    assert!(classes.make_sense());
    let none = Promise { rpo: 0, rto: 1 };
    assert!(!Classes { archive: none, ..classes }.make_sense());
}

/// Minute by minute, as slow as it is plain.
fn counted(saved: &[Saved], rpo: i64, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> (i64, i64) {
    let first = saved.iter().map(|p| p.ready).min().unwrap();
    let (mut kept, mut all) = (0, 0);
    let mut now = from.max(first);
    while now < to {
        let young = |p: &Saved| p.ready <= now && now < p.time + TimeDelta::minutes(rpo);
        kept += i64::from(saved.iter().any(young));
        all += 1;
        now += TimeDelta::minutes(1);
    }
    (kept, all)
}

proptest! {
    #[test]
    fn the_share_is_what_counting_minutes_says(
        points in prop::collection::vec((0i64..2000, 0i64..90), 1..20),
        rpo in 1u32..600,
        from in 0i64..1000,
        len in 1i64..1500,
    ) {
        let minute = |n| at(0) + TimeDelta::minutes(n);
        let point = |(time, took): &(i64, i64)| Saved { time: minute(*time), ready: minute(time + took) };
        let saved: Vec<_> = points.iter().map(point).collect();
        let span = (minute(from), minute(from + len));
        let promises = [Promised { from: at(0), rpo: Some(rpo) }];
        let (kept, all) = counted(&saved, i64::from(rpo), span);
        let expected = (all > 0).then(|| u32::try_from(kept * 10_000 / all).unwrap());
        prop_assert_eq!(share(&saved, &promises, TimeDelta::zero(), span), expected);
    }

    #[test]
    fn a_vm_only_gets_worse_until_it_is_saved(
        rpo in 1i64..5000, run in 0i64..300, slot in prop::option::of(0i64..9000), never: bool,
    ) {
        let minutes = TimeDelta::minutes;
        let facts = Facts {
            newest: (!never).then(|| saved(0)),
            rpo: minutes(rpo),
            run_time: minutes(run),
            next_slot: slot.map(|slot| at(0) + minutes(slot)),
            ..facts()
        };
        let mut worst = State::Protected;
        for n in 0..2000 {
            let state = facts.state(at(0) + minutes(n * 10));
            prop_assert!(state <= worst, "{:?} after {:?}", state, worst);
            worst = state;
        }
    }
}
