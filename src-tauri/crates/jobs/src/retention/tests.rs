use chrono::TimeZone;
use proptest::prelude::*;

use super::*;

const ZONE: Tz = chrono_tz::Europe::Berlin;

fn at(day: i64, hour: i64) -> DateTime<Utc> {
    // 2024-01-01, a Monday.
    Utc.with_ymd_and_hms(2024, 1, 1, 0, 0, 0).unwrap()
        + TimeDelta::days(day)
        + TimeDelta::hours(hour)
}

fn point(id: u32, time: DateTime<Utc>) -> PointFacts<u32> {
    PointFacts {
        id,
        time,
        schedules: Vec::new(),
        promised: None,
        good: true,
        verified: false,
        held: false,
        locked_until: None,
        doubtful_time: false,
    }
}

fn rule(spans: Spans) -> Retention {
    Retention::of_spans(spans, ZONE)
}

fn kept(points: &[PointFacts<u32>], rule: &Retention, now: DateTime<Utc>) -> Vec<u32> {
    let verdicts = judge(points, rule, now, None);
    verdicts.iter().filter(|v| v.is_kept()).map(|v| v.id).collect()
}

fn why(points: &[PointFacts<u32>], rule: &Retention, now: DateTime<Utc>, id: u32) -> Vec<Reason> {
    judge(points, rule, now, None).into_iter().find(|v| v.id == id).unwrap().reasons
}

#[test]
fn each_span_keeps_its_newest_and_says_so() {
    // Two a day for twenty days: 0 and 1 on day 0, 2 and 3 on day 1, …
    let points: Vec<_> =
        (0..40u32).map(|n| point(n, at(i64::from(n / 2), 1 + i64::from(n % 2) * 12))).collect();
    let now = at(19, 14);
    let kept = |spans| kept(&points, &rule(spans), now);
    assert_eq!(kept(Spans { last: 3, ..Spans::default() }), [37, 38, 39]);
    assert_eq!(kept(Spans { daily: 3, ..Spans::default() }), [35, 37, 39]);
    // Weeks end on days 6, 13 and, so far, 19.
    assert_eq!(kept(Spans { weekly: 2, ..Spans::default() }), [27, 39]);
    assert_eq!(kept(Spans { monthly: 9, ..Spans::default() }), [39]);
    assert_eq!(kept(Spans { last: 1, weekly: 3, ..Spans::default() }), [13, 27, 39]);
    assert_eq!(kept(Spans::default()), [39], "the newest stays whatever the rule says");
    let spans = Spans { daily: 8, weekly: 2, ..Spans::default() };
    assert_eq!(
        why(&points, &rule(spans), now, 27),
        [Reason::Daily { number: 7 }, Reason::Weekly { number: 2 }]
    );
}

#[test]
fn days_begin_where_the_schedule_is_at_home() {
    // 23:30 and 00:30 of Berlin are one day of Greenwich.
    let points = [point(1, at(3, 22) + TimeDelta::minutes(30)), point(2, at(3, 23))];
    let keep = |zone| Retention::of_spans(Spans { daily: 2, ..Spans::default() }, zone);
    assert_eq!(kept(&points, &keep(ZONE), at(5, 0)), [1, 2]);
    assert_eq!(kept(&points, &keep(Tz::UTC), at(5, 0)), [2]);
}

#[test]
fn one_from_the_future_stays_and_takes_nobodys_place() {
    let doubtful = PointFacts { doubtful_time: true, ..point(4, at(2, 1)) };
    let points = [point(1, at(1, 0)), point(2, at(2, 0)), point(3, at(999, 0)), doubtful];
    let keep = rule(Spans { last: 1, ..Spans::default() });
    assert_eq!(kept(&points, &keep, at(3, 0)), [2, 3, 4]);
    assert_eq!(why(&points, &keep, at(3, 0), 3), [Reason::DoubtfulTime]);
}

#[test]
fn what_a_schedule_makes_is_kept_for_its_time() {
    let (daily, monthly) = (ScheduleId::random(), ScheduleId::random());
    let of = |id, time, schedule| PointFacts { schedules: vec![schedule], ..point(id, time) };
    let points = [
        of(1, at(0, 1), monthly),
        of(2, at(9, 1), daily),
        of(3, at(10, 1), daily),
        point(4, at(11, 1)),
    ];
    let keep = Retention {
        zone: ZONE,
        spans: Spans::default(),
        by_schedule: [(daily, KeepFor::Days(10)), (monthly, KeepFor::Months(2))].into(),
    };
    assert_eq!(kept(&points, &keep, at(19, 2)), [1, 3, 4]);
    let until = at(60, 1); // the first of March, at the same local time
    assert_eq!(why(&points, &keep, at(19, 2), 1), [Reason::Until { until: Some(until) }]);
    assert_eq!(kept(&points, &keep, until), [4]);
    // A rule that is changed holds for what was made before; one that is gone is kept as promised.
    let promised = Some(Promised::Until(at(90, 0)));
    let known = PointFacts { promised, ..points[0].clone() };
    let kept = [Reason::Until { until: Some(until) }];
    assert_eq!(why(&[known, points[3].clone()], &keep, at(19, 2), 1), kept);
    let orphan = PointFacts { promised, ..of(1, at(0, 1), ScheduleId::random()) };
    let kept = [Reason::Until { until: Some(at(90, 0)) }];
    assert_eq!(why(&[orphan.clone(), points[3].clone()], &keep, at(19, 2), 1), kept);
    assert_eq!(why(&[orphan, points[3].clone()], &keep, at(90, 0), 1), []);
}

#[test]
fn months_end_with_their_last_day_and_times_too_far_are_for_ever() {
    let time = Utc.with_ymd_and_hms(2024, 1, 31, 20, 0, 0).unwrap();
    let until = KeepFor::Months(1).until(time, Tz::UTC).unwrap();
    assert_eq!(until, Utc.with_ymd_and_hms(2024, 2, 29, 20, 0, 0).unwrap());
    for never in [KeepFor::Forever, KeepFor::Years(u32::MAX), KeepFor::Days(u32::MAX)] {
        assert_eq!(never.until(time, Tz::UTC), None, "{never:?}");
    }
}

#[test]
fn a_rule_that_keeps_nothing_is_none() {
    assert_eq!(rule(Spans::default()).check(), Err(RetentionError::KeepsNothing));
    let mut keep = rule(Spans::default());
    keep.by_schedule.insert(ScheduleId::random(), KeepFor::Weeks(0));
    assert_eq!(keep.check(), Err(RetentionError::NoTime));
    keep.spans.last = 1;
    assert_eq!(keep.check(), Ok(()));
}

#[test]
fn a_pause_keeps_all_and_says_why() {
    let points: Vec<_> = (0..9).map(|n| point(n, at(n.into(), 0))).collect();
    let keep = rule(Spans { last: 1, ..Spans::default() });
    let verdicts = judge(&points, &keep, at(20, 0), Some(Pause::Alarm));
    let paused = Reason::Paused { by: Pause::Alarm };
    assert!(verdicts.iter().all(|v| v.reasons.contains(&paused)));
}

fn facts() -> impl Strategy<Value = Vec<PointFacts<u32>>> {
    let one = (0i64..9600, prop::bool::weighted(0.8), any::<bool>(), prop::bool::weighted(0.1));
    prop::collection::vec((one, prop::bool::weighted(0.05)), 1..60).prop_map(|mut list| {
        list.sort_by_key(|((hour, ..), _)| *hour);
        (0u32..)
            .zip(list)
            .map(|(id, ((hour, good, verified, held), doubtful_time))| PointFacts {
                good,
                verified,
                held,
                doubtful_time,
                ..point(id, at(0, hour))
            })
            .collect()
    })
}

fn spans_of([last, daily, weekly, monthly, yearly]: [u32; 5]) -> Spans {
    Spans { last, daily, weekly, monthly, yearly }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn floors_hold_and_more_is_never_less(
        points in facts(),
        counts in prop::array::uniform5(0u32..5),
        more in 0usize..5,
        now in 0i64..10_000,
    ) {
        let now = at(0, now);
        let stays = kept(&points, &rule(spans_of(counts)), now);
        let newest = |which: &dyn Fn(&PointFacts<u32>) -> bool| {
            points.iter().rev().find(|p| which(p)).map(|p| p.id)
        };
        let floors = [
            newest(&|_| true),
            newest(&|p| p.good),
            newest(&|p| p.good && p.verified),
        ];
        prop_assert!(floors.iter().flatten().all(|id| stays.contains(id)));
        let untouched = points.iter().filter(|p| p.held || p.doubtful_time || p.time > now);
        prop_assert!(untouched.into_iter().all(|p| stays.contains(&p.id)));
        let mut greater = counts;
        greater[more] += 1;
        let with_more = kept(&points, &rule(spans_of(greater)), now);
        prop_assert!(stays.iter().all(|id| with_more.contains(id)));
    }

    #[test]
    fn what_is_left_after_a_deletion_stays(
        points in facts(),
        counts in prop::array::uniform5(0u32..5),
    ) {
        let (rule, now) = (rule(spans_of(counts)), at(500, 0));
        let stays = kept(&points, &rule, now);
        let left: Vec<_> = points.iter().filter(|p| stays.contains(&p.id)).cloned().collect();
        prop_assert_eq!(kept(&left, &rule, now), stays);
    }

    #[test]
    fn a_forecast_is_what_deleting_after_each_run_does(
        points in facts(),
        counts in prop::array::uniform5(0u32..4),
        runs in 1i64..60,
    ) {
        let (rule, now) = (rule(spans_of(counts)), at(400, 1));
        let coming: Vec<_> =
            (1..=runs).map(|n| Coming { time: at(400 + n, 1), schedules: Vec::new() }).collect();
        let told = forecast(&points, &rule, now, &coming);
        let mut left = points.clone();
        let mut gone = std::collections::HashMap::new();
        for (n, moment) in std::iter::once(now).chain(coming.iter().map(|c| c.time)).enumerate() {
            if n > 0 {
                left.push(point(1_000 + u32::try_from(n).unwrap(), moment));
            }
            let stays = kept(&left, &rule, moment);
            for p in left.iter().filter(|p| !stays.contains(&p.id)) {
                gone.insert(p.id, moment);
            }
            left.retain(|p| stays.contains(&p.id));
            if n > 0 {
                prop_assert_eq!(told.counts[n - 1], (moment, left.len()));
            }
        }
        for (id, when) in told.goes {
            prop_assert_eq!(gone.get(&id).copied(), when);
        }
    }
}
