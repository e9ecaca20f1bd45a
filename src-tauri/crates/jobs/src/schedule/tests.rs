use chrono::{NaiveTime, TimeZone, Timelike, Weekday};
use proptest::prelude::*;

use super::*;

fn time(hour: u32, minute: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, 0).unwrap()
}

fn of(rhythm: Rhythm, zone: Tz) -> Schedule {
    Schedule { rhythm, zone, effective_from: None, allowed: AllowedHours::default(), until: None }
}

fn daily(hour: u32, minute: u32, zone: Tz) -> Schedule {
    of(Rhythm::Week { days: (0..7).collect(), at: time(hour, minute) }, zone)
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn between(schedule: &Schedule, after: &str, until: &str) -> Vec<String> {
    let slots = schedule.slots(utc(after), utc(until));
    slots.map(|slot| slot.with_timezone(&schedule.zone).to_rfc3339()).collect()
}

#[test]
fn a_skipped_time_is_the_end_of_the_gap_and_a_double_one_the_first() {
    let berlin = Tz::Europe__Berlin;
    let night = daily(2, 30, berlin);
    assert_eq!(
        between(&night, "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"),
        ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
    );
    assert_eq!(
        between(&night, "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"),
        ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
    );
    // A whole day that was skipped: Samoa crossed the date line.
    let apia = daily(8, 0, Tz::Pacific__Apia);
    assert_eq!(
        between(&apia, "2011-12-29T00:00:00Z", "2011-12-31T12:00:00Z"),
        ["2011-12-29T08:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T08:00:00+14:00"]
    );
}

#[test]
fn days_of_months_are_those_people_mean() {
    let days = |on, after: &str, until: &str| -> Vec<String> {
        let schedule = of(Rhythm::Month { on, at: time(6, 0) }, Tz::UTC);
        let slots: Vec<_> = schedule.slots(utc(after), utc(until)).collect();
        slots.iter().map(|slot| slot.format("%m-%d").to_string()).collect()
    };
    let (from, to) = ("2026-01-01T00:00:00Z", "2026-05-01T00:00:00Z");
    assert_eq!(days(MonthDay::Date(31), from, to), ["01-31", "02-28", "03-31", "04-30"]);
    assert_eq!(days(MonthDay::Last, from, to), ["01-31", "02-28", "03-31", "04-30"]);
    assert_eq!(days(MonthDay::LastWorkingDay, from, to), ["01-30", "02-27", "03-31", "04-30"]);
    let second_sunday = MonthDay::Nth { nth: 2, weekday: 6 };
    assert_eq!(days(second_sunday, from, to), ["01-11", "02-08", "03-08", "04-12"]);
    assert_eq!(
        days(MonthDay::LastOf { weekday: 4 }, from, to),
        ["01-30", "02-27", "03-27", "04-24"]
    );
    let leap = Rhythm::Year { month: 2, on: MonthDay::Date(29), at: time(6, 0) };
    let next = of(leap, Tz::UTC).next_slot(utc("2028-03-01T00:00:00Z")).unwrap();
    assert_eq!(next, utc("2029-02-28T06:00:00Z"), "a year without it has its last day");
}

#[test]
fn intervals_begin_with_the_allowed_hours() {
    let mut allowed = AllowedHours::none();
    for hour in [8, 9, 10, 11, 13, 14] {
        allowed.set(Weekday::Mon, hour, true);
    }
    let rhythm = Rhythm::Interval { minutes: 90 };
    let schedule = Schedule { allowed, ..of(rhythm, Tz::Asia__Tokyo) };
    let slots = between(&schedule, "2026-11-22T00:00:00Z", "2026-11-24T00:00:00Z");
    let hours: Vec<&str> = slots.iter().map(|slot| &slot[11..16]).collect();
    assert_eq!(hours, ["08:00", "09:30", "11:00", "13:00", "14:30"]);
    let day = of(Rhythm::Interval { minutes: 7 * 60 }, Tz::UTC);
    assert_eq!(day.slots(utc("2026-01-01T00:00:00Z"), utc("2026-01-02T00:00:00Z")).count(), 4);
}

#[test]
fn nonsense_is_refused_and_named() {
    let week = |days: &[u8]| Rhythm::Week { days: days.iter().copied().collect(), at: time(1, 0) };
    let month = |on| Rhythm::Month { on, at: time(1, 0) };
    for (rhythm, expected) in [
        (week(&[]), RhythmError::NoDay),
        (week(&[7]), RhythmError::Number),
        (month(MonthDay::Date(32)), RhythmError::Number),
        (month(MonthDay::Nth { nth: 5, weekday: 0 }), RhythmError::Number),
        (Rhythm::Year { month: 13, on: MonthDay::Last, at: time(1, 0) }, RhythmError::Number),
        (Rhythm::Interval { minutes: 4 }, RhythmError::Interval),
    ] {
        assert_eq!(of(rhythm, Tz::UTC).check(), Err(expected));
    }
    let never = Schedule { allowed: AllowedHours::none(), ..daily(1, 0, Tz::UTC) };
    assert_eq!(never.check(), Err(RhythmError::NoHours));
    let until = Some(time(6, 0));
    let interval = of(Rhythm::Interval { minutes: 60 }, Tz::UTC);
    let window = Schedule { until, ..interval };
    assert_eq!(window.check(), Err(RhythmError::WindowOfInterval));
    let mut noon = AllowedHours::none();
    (0..7).for_each(|day| noon.set(Weekday::try_from(day).unwrap(), 12, true));
    let never = Schedule { until, allowed: noon, ..daily(20, 0, Tz::UTC) };
    assert_eq!(never.check(), Err(RhythmError::NeverOpen));
    let later = NaiveDate::from_ymd_opt(2031, 5, 1);
    let leap = Rhythm::Year { month: 2, on: MonthDay::Date(29), at: time(1, 0) };
    assert_eq!(Schedule { effective_from: later, ..of(leap, Tz::UTC) }.check(), Ok(()));
}

#[test]
fn times_are_spread_by_ten_minutes() {
    let taken = [time(20, 0), time(20, 10), time(20, 25), time(0, 0)];
    assert_eq!(spread(time(20, 0), &taken), time(20, 40), "20:20 is too near to 20:25");
    assert_eq!(spread(time(19, 55), &taken), time(20, 35));
    assert_eq!(spread(time(23, 55), &taken), time(0, 15), "over midnight");
    assert_eq!(spread(time(3, 0), &taken), time(3, 0));
    let all: Vec<_> = (0..24 * 6).map(|n| time(n / 6, n % 6 * 10)).collect();
    assert_eq!(spread(time(5, 0), &all), time(5, 0), "there is no better one");
}

#[test]
fn presets_make_sense() {
    for schedule in [
        Schedule::working_days_evening(Tz::Asia__Tokyo),
        Schedule::office_hours(Tz::Asia__Tokyo),
        Schedule::month_end(Tz::Asia__Tokyo),
    ] {
        assert_eq!(schedule.check(), Ok(()));
    }
    let office = Schedule::office_hours(Tz::UTC);
    let day = between(&office, "2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z");
    let hours: Vec<&str> = day.iter().map(|slot| &slot[11..16]).collect();
    assert_eq!(hours, ["08:00", "12:00", "16:00"]);
    assert_eq!(propose(4, Tz::UTC), None);
    let four_hours = propose(240, Tz::UTC).unwrap();
    assert_eq!(four_hours.schedules[0].rhythm, Rhythm::Interval { minutes: 180 });
}

#[test]
fn one_run_stands_for_all_that_were_slept_through() {
    let nightly = daily(20, 0, Tz::UTC);
    let due = |handled: &str, now: &str| nightly.due(utc(handled), utc(now), TimeDelta::hours(12));
    let handled = "2026-06-01T20:00:00Z";
    assert_eq!(due(handled, "2026-06-02T19:59:59Z"), None);
    let slot = utc("2026-06-04T20:00:00Z");
    let slept = Due { slot, missed: 2, run: true };
    assert_eq!(due(handled, "2026-06-05T08:00:00Z"), Some(slept));
    assert_eq!(due(handled, "2026-06-05T08:00:01Z"), Some(Due { run: false, ..slept }));
    assert_eq!(due("2026-06-04T20:00:00Z", "2026-06-05T08:00:00Z"), None, "only once");
}

fn zones() -> impl Strategy<Value = Tz> {
    prop::sample::select(vec![
        Tz::UTC,
        Tz::Europe__Berlin,
        Tz::America__New_York,
        Tz::America__St_Johns,
        Tz::America__Sao_Paulo,
        Tz::Africa__Cairo,
        Tz::Asia__Tokyo,
        Tz::Asia__Kathmandu,
        Tz::Australia__Lord_Howe,
        Tz::Pacific__Apia,
        Tz::Pacific__Chatham,
        Tz::Antarctica__Troll,
    ])
}

fn month_days() -> impl Strategy<Value = MonthDay> {
    prop_oneof![
        (1u8..=31).prop_map(MonthDay::Date),
        Just(MonthDay::Last),
        Just(MonthDay::LastWorkingDay),
        (1u8..=4, 0u8..7).prop_map(|(nth, weekday)| MonthDay::Nth { nth, weekday }),
        (0u8..7).prop_map(|weekday| MonthDay::LastOf { weekday }),
    ]
}

fn rhythms() -> impl Strategy<Value = Rhythm> {
    let at = (0u32..24, 0u32..60).prop_map(|(hour, minute)| time(hour, minute));
    prop_oneof![
        (prop::collection::btree_set(0u8..7, 1..7), at.clone())
            .prop_map(|(days, at)| Rhythm::Week { days, at }),
        (month_days(), at.clone()).prop_map(|(on, at)| Rhythm::Month { on, at }),
        (1u8..=12, month_days(), at).prop_map(|(month, on, at)| Rhythm::Year { month, on, at }),
        (30u32..=1440).prop_map(|minutes| Rhythm::Interval { minutes }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// However a clock jumps forward and however often it is looked at: each slot is dealt with
    /// exactly once, in one run or as missed.
    #[test]
    fn each_slot_is_dealt_with_exactly_once(
        rhythm in rhythms(),
        zone in zones(),
        start in 1_262_304_000i64..1_900_000_000,
        jumps in prop::collection::vec(60i64..400_000, 1..12),
    ) {
        let schedule = of(rhythm, zone);
        prop_assert_eq!(schedule.check(), Ok(()));
        let begin = Utc.timestamp_opt(start, 0).unwrap();
        let (mut handled, mut now, mut dealt) = (begin, begin, 0u64);
        for jump in jumps {
            now += TimeDelta::seconds(jump);
            if let Some(due) = schedule.due(handled, now, TimeDelta::hours(12)) {
                prop_assert!(due.slot > handled && due.slot <= now);
                prop_assert_eq!(due.run, now - due.slot <= TimeDelta::hours(12));
                dealt += u64::from(due.missed) + 1;
                handled = due.slot;
            }
            prop_assert_eq!(schedule.due(handled, now, TimeDelta::hours(12)), None);
        }
        prop_assert_eq!(dealt, schedule.slots(begin, now).count() as u64);
    }

    /// Slots rise, and the next one is the first of all that follow, wherever the look begins.
    #[test]
    fn slots_do_not_depend_on_where_one_begins_to_look(
        rhythm in rhythms(),
        zone in zones(),
        start in 1_262_304_000i64..1_900_000_000,
        cut in 0i64..3_000_000,
    ) {
        let schedule = of(rhythm, zone);
        let begin = Utc.timestamp_opt(start, 0).unwrap();
        let (middle, end) = (begin + TimeDelta::seconds(cut), begin + TimeDelta::seconds(3_000_000));
        let all: Vec<_> = schedule.slots(begin, end).collect();
        prop_assert!(all.is_sorted_by(|a, b| a < b));
        let parts = schedule.slots(begin, middle).chain(schedule.slots(middle, end));
        prop_assert_eq!(&all, &parts.collect::<Vec<_>>());
        let next = schedule.next_slot(begin).unwrap();
        prop_assert!(all.first().is_none_or(|first| *first == next));
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2500))]

    /// A daily schedule runs once each day, at its time wherever the clock shows it.
    #[test]
    fn a_daily_time_comes_once_a_day(hour in 0u32..24, minute in 0u32..60, zone in zones(), start in 1_577_836_800i64..1_900_000_000) {
        let schedule = daily(hour, minute, zone);
        let begin = Utc.timestamp_opt(start, 0).unwrap();
        let slots: Vec<_> = schedule.slots(begin, begin + TimeDelta::days(400)).collect();
        for pair in slots.windows(2) {
            let gap = (pair[1] - pair[0]).num_minutes();
            prop_assert!((22 * 60..=26 * 60).contains(&gap), "{pair:?}");
        }
        let shown = |slot: &&DateTime<Utc>| slot.with_timezone(&zone).time() == time(hour, minute);
        let others: Vec<_> = slots.iter().filter(|slot| !shown(slot)).collect();
        for slot in others {
            // Only a skipped time is another: the clock shows none between the two.
            let before = (*slot - TimeDelta::seconds(1)).with_timezone(&zone).time();
            let after = slot.with_timezone(&zone).time();
            prop_assert!(before < time(hour, minute) || before.hour() == 23, "{slot} {before}");
            prop_assert!(after > time(hour, minute), "{slot} {after}");
        }
    }

    /// What is proposed keeps to the RPO on every day, also where clocks are set back.
    #[test]
    fn no_gap_of_a_proposal_is_longer_than_the_rpo(
        rpo in prop_oneof![5u32..3000, 5u32..90_000],
        zone in zones(),
        start in 1_262_304_000i64..1_900_000_000,
    ) {
        let proposal = propose(rpo, zone).unwrap();
        prop_assert!(proposal.worst_gap_minutes <= rpo);
        let all: Vec<_> = proposal.schedules.iter().collect();
        prop_assert!(all.iter().all(|schedule| schedule.check() == Ok(())));
        let begin = Utc.timestamp_opt(start, 0).unwrap();
        let days = if rpo < 600 { 3 } else if rpo < 14_400 { 20 } else { 100 };
        let worst = worst_gap(&all, begin, begin + TimeDelta::days(days)).unwrap().num_minutes();
        prop_assert!(worst <= i64::from(proposal.worst_gap_minutes), "{worst} of {proposal:?}");
    }

    #[test]
    fn hours_open_and_close_where_they_change(
        bits in prop::array::uniform7(0u32..1 << 24),
        zone in zones(),
        start in 1_262_304_000i64..1_900_000_000,
    ) {
        let hours: AllowedHours = serde_json::from_value(serde_json::json!(bits)).unwrap();
        let from = Utc.timestamp_opt(start, 0).unwrap();
        for (found, wanted) in [(hours.opens(from, zone), true), (hours.closes(from, zone), false)] {
            if let Some(at) = found {
                prop_assert!(at >= from);
                prop_assert_eq!(hours.allow(at, zone), wanted);
                let before = at - TimeDelta::seconds(1);
                prop_assert!(before < from || hours.allow(before, zone) != wanted);
            } else {
                let none = if wanted { hours.is_never() } else { hours.is_always() };
                prop_assert!(none);
            }
        }
    }
}
