//! Whatever clocks, windows and first days do: each slot is dealt with once, and work is done only
//! where it may be.

use chrono::{NaiveDate, NaiveTime, TimeDelta, TimeZone};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::schedule::{AllowedHours, MonthDay, Rhythm};
use crate::{Outcome, RunId};

const ZONES: [Tz; 8] = [
    Tz::UTC,
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::America__St_Johns,
    Tz::Africa__Cairo,
    Tz::Asia__Tokyo,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Chatham,
];

fn time() -> impl Strategy<Value = NaiveTime> {
    (0u32..24, 0u32..60).prop_map(|(h, m)| NaiveTime::from_hms_opt(h, m, 0).unwrap())
}

fn rhythm() -> impl Strategy<Value = Rhythm> {
    let on = prop_oneof![
        (1u8..=31).prop_map(MonthDay::Date),
        Just(MonthDay::Last),
        Just(MonthDay::LastWorkingDay),
        (1u8..=4, 0u8..7).prop_map(|(nth, weekday)| MonthDay::Nth { nth, weekday }),
    ];
    prop_oneof![
        (prop::collection::btree_set(0u8..7, 1..7), time())
            .prop_map(|(days, at)| Rhythm::Week { days, at }),
        (on, time()).prop_map(|(on, at)| Rhythm::Month { on, at }),
        time().prop_map(|at| Rhythm::Year { month: 2, on: MonthDay::Date(29), at }),
        (60u32..=1440).prop_map(|minutes| Rhythm::Interval { minutes }),
    ]
}

fn hours() -> impl Strategy<Value = AllowedHours> {
    let bits = prop::array::uniform7(0u32..1 << 24);
    let some = bits.prop_map(|bits| serde_json::from_value(json!(bits)).unwrap());
    prop_oneof![3 => Just(AllowedHours::default()), 1 => some]
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let first = prop::option::of(0i32..200);
    let window = prop::option::of(time());
    let parts = (rhythm(), 0..ZONES.len(), first, hours(), window);
    parts.prop_map(|(rhythm, zone, first, allowed, until)| {
        let day =
            |n: i32| NaiveDate::from_ymd_opt(2024, 1, 20).unwrap() + TimeDelta::days(n.into());
        let until = until.filter(|_| rhythm.at().is_some());
        Schedule { rhythm, zone: ZONES[zone], effective_from: first.map(day), allowed, until }
    })
}

/// One job and what became of it.
struct Shop {
    job: Job,
    handled: BTreeMap<ScheduleId, DateTime<Utc>>,
    last: Option<LastRun>,
    /// When the run that is under way would end, and when it has to pause.
    running: Option<(DateTime<Utc>, Option<DateTime<Utc>>)>,
    dealt: u64,
    continued: u32,
}

impl Shop {
    fn of(schedule: Schedule, now: DateTime<Utc>) -> Self {
        let one = JobSchedule {
            id: ScheduleId::random(),
            when: When::Time(schedule),
            keep: Some(KeepFor::Days(1)),
        };
        let handled = [(one.id, now)].into();
        let job = Job {
            id: JobId::random(),
            name: "a".to_owned(),
            work: json!(null),
            schedules: vec![one],
            spans: Spans::default(),
            zone: Tz::UTC,
            paused: None,
            retries: vec![],
            catch_up_hours: 12,
            rpo_minutes: None,
        };
        Self { job, handled, last: None, running: None, dealt: 0, continued: 0 }
    }

    fn time(&self) -> Schedule {
        let When::Time(time) = &self.job.schedules[0].when else { unreachable!() };
        time.clone()
    }

    fn handled(&self) -> DateTime<Utc> {
        self.handled[&self.job.schedules[0].id]
    }

    fn end_run(&mut self, now: DateTime<Utc>) {
        let Some((ends, pauses)) = self.running else { return };
        let paused = pauses.is_some_and(|pauses| pauses < ends);
        let ended = if paused { pauses.unwrap() } else { ends };
        if ended <= now {
            let outcome = (!paused).then_some(Outcome::Succeeded);
            let run = RunId::random();
            self.last = Some(LastRun { run, ended, outcome, paused, attempt: 0, saved: true });
            self.running = None;
        }
    }

    fn look(&mut self, now: DateTime<Utc>, takes: TimeDelta) -> Result<(), TestCaseError> {
        self.end_run(now);
        let state = JobState {
            job: &self.job,
            handled: &self.handled,
            running: self.running.is_some(),
            last: self.last,
            plugged: None,
        };
        let time = self.time();
        for act in acts(&[state], now) {
            match act {
                Act::Begin { cause, slots, .. } => {
                    prop_assert!(time.is_open(now), "{cause:?} at {now} of {time:?}");
                    prop_assert!(self.running.is_none());
                    let missed = if let Cause::CaughtUp { missed } = cause { missed } else { 0 };
                    for (schedule, slot) in &slots {
                        prop_assert!(*slot > self.handled[schedule] && *slot <= now);
                        self.dealt += u64::from(missed) + 1;
                        self.handled.insert(*schedule, *slot);
                    }
                    self.continued += u32::from(cause == Cause::Continued);
                    prop_assert_eq!(slots.is_empty(), cause == Cause::Continued);
                    let pauses = pauses_at(&self.job, cause, &slots, now);
                    prop_assert!(pauses.is_none_or(|pauses| pauses > now));
                    self.running = Some((now + takes, pauses));
                }
                Act::Pass { schedule, slot, missed, .. } => {
                    self.dealt += u64::from(missed) + 1;
                    self.handled.insert(schedule, slot);
                }
                Act::Settle { schedule, .. } => {
                    self.dealt += time.slots(self.handled[&schedule], now).count() as u64;
                    self.handled.insert(schedule, now);
                }
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn each_slot_runs_once_whatever_clocks_and_windows_do(
        time in schedule(),
        start in 1_704_067_200i64..1_720_000_000,
        steps in prop::collection::vec((60i64..200_000, 60i64..100_000), 1..8),
        jump in 3_600i64..3_000_000,
    ) {
        prop_assume!(time.check().is_ok());
        let start = Utc.timestamp_opt(start, 0).unwrap();
        let mut shop = Shop::of(time.clone(), start);
        let mut now = start;
        for (step, takes) in &steps {
            now += TimeDelta::seconds(*step);
            shop.look(now, TimeDelta::seconds(*takes))?;
        }
        prop_assert_eq!(shop.dealt, time.slots(start, shop.handled()).count() as u64);

        // The clock jumps ahead, somebody looks, and it is put right again.
        let right = now;
        shop.running = None;
        shop.look(right + TimeDelta::seconds(jump), TimeDelta::zero())?;
        shop.look(right, TimeDelta::zero())?;
        prop_assert!(shop.handled() <= right + TimeDelta::minutes(5), "no slot waits for ever");
        let (from, before) = (shop.handled(), shop.dealt);
        for (step, takes) in &steps {
            now += TimeDelta::seconds(*step);
            shop.look(now, TimeDelta::seconds(*takes))?;
        }
        let wished = time.slots(from, shop.handled()).count() as u64;
        prop_assert_eq!(shop.dealt - before, wished);
    }

    /// A window opens where it is open, closes where it is not, and what it paused goes on.
    #[test]
    fn windows_open_and_close(time in schedule(), at in 1_704_067_200i64..1_760_000_000) {
        prop_assume!(time.check().is_ok());
        let now = Utc.timestamp_opt(at, 0).unwrap();
        if let Some(opens) = time.opens(now) {
            prop_assert!(opens >= now && time.is_open(opens));
            prop_assert_eq!(opens == now, time.is_open(now));
            let closes = time.closes(opens);
            prop_assert!(closes.is_none_or(|closes| closes > opens && !time.is_open(closes)));
            let last = closes.map_or(opens, |closes| closes - TimeDelta::seconds(1));
            prop_assert!(time.is_open(last), "{opens} {last}");
        } else {
            prop_assert!(!time.is_open(now));
        }
    }
}

#[test]
fn what_a_window_left_goes_on_in_the_next_one() {
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let evening =
        Rhythm::Month { on: MonthDay::Date(1), at: NaiveTime::from_hms_opt(20, 0, 0).unwrap() };
    let until = NaiveTime::from_hms_opt(6, 0, 0);
    let time = Schedule { until, ..Schedule::plain(evening, Tz::UTC) };
    let mut shop = Shop::of(time, at("2024-02-20T00:00:00Z"));
    shop.look(at("2024-03-01T20:00:00Z"), TimeDelta::hours(14)).unwrap();
    assert_eq!(shop.running.unwrap().1, Some(at("2024-03-02T06:00:00Z")));
    shop.look(at("2024-03-02T06:00:00Z"), TimeDelta::zero()).unwrap();
    assert_eq!(shop.running, None, "it waits");
    let goes_on = continues_at(&shop.job, shop.last, at("2024-03-02T06:00:00Z"));
    assert_eq!(goes_on, Some(at("2024-03-02T20:00:00Z")), "not a month later");
    shop.look(at("2024-03-02T19:59:00Z"), TimeDelta::zero()).unwrap();
    assert_eq!(shop.continued, 0);
    shop.look(at("2024-03-02T20:00:00Z"), TimeDelta::hours(4)).unwrap();
    assert_eq!((shop.continued, shop.running.is_some()), (1, true));
    shop.look(at("2024-03-03T01:00:00Z"), TimeDelta::zero()).unwrap();
    assert_eq!(continues_at(&shop.job, shop.last, at("2024-03-03T01:00:00Z")), None);
    shop.look(at("2024-03-03T20:00:00Z"), TimeDelta::zero()).unwrap();
    assert_eq!((shop.continued, shop.dealt), (1, 1), "all of it is done");
}

#[test]
fn each_time_a_disk_is_plugged_in_is_a_run_unless_one_ended_well_just_before() {
    let at = |minutes: i64| DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
    let mut shop = Shop::of(Schedule::working_days_evening(Tz::UTC), at(0));
    shop.job.schedules[0].when = When::Plugged { gap_minutes: 60 };
    let id = shop.job.schedules[0].id;
    let look = |shop: &Shop, plugged: Option<i64>, running, now| {
        let (handled, last) = (&shop.handled, shop.last);
        let plugged = plugged.map(at);
        acts(&[JobState { job: &shop.job, handled, running, last, plugged }], at(now))
    };
    let begins = |plugged| {
        let slots = vec![(id, at(plugged))];
        vec![Act::Begin { job: shop.job.id, cause: Cause::Plugged, slots }]
    };
    let settles = vec![Act::Settle { job: shop.job.id, schedule: id }];
    assert_eq!(look(&shop, None, false, 5), []);
    assert_eq!(look(&shop, Some(5), false, 6), begins(5), "also just after the job was made");
    let ended = |minute, outcome| LastRun {
        run: RunId::random(),
        ended: at(minute),
        outcome: Some(outcome),
        paused: false,
        attempt: 3,
        saved: true,
    };
    let mut later = Shop::of(Schedule::working_days_evening(Tz::UTC), at(0));
    later.job = shop.job.clone();
    later.handled = [(id, at(5))].into();
    assert_eq!(look(&later, Some(5), false, 7), [], "once for each time");
    later.last = Some(ended(30, Outcome::Succeeded));
    assert_eq!(look(&later, Some(40), false, 41), settles, "too soon");
    assert_eq!(look(&later, Some(90), true, 91), [], "the run that goes on is waited for");
    assert_eq!(look(&later, Some(90), false, 91), begins(90));
    later.last = Some(ended(30, Outcome::Failed));
    assert_eq!(look(&later, Some(40), false, 41), begins(40), "nothing was saved before");
    later.job.paused = Some(Paused { until: None });
    assert_eq!(look(&later, Some(40), false, 41), settles, "a pause misses nothing");
}

#[test]
fn what_was_cut_off_is_made_good_for_although_failures_are_not() {
    let evening = Schedule::working_days_evening(Tz::UTC);
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let now = at("2024-03-04T12:00:00Z");
    let mut shop = Shop::of(evening, at("2024-03-02T00:00:00Z"));
    let cut = |outcome| {
        let ended = at("2024-03-04T11:00:00Z");
        Some(LastRun {
            run: RunId::random(),
            ended,
            outcome,
            paused: false,
            attempt: 0,
            saved: false,
        })
    };
    let begun = |shop: &Shop| {
        let (job, handled) = (&shop.job, &shop.handled);
        acts(&[JobState { job, handled, running: false, last: shop.last, plugged: None }], now)
    };
    shop.last = cut(Some(Outcome::Failed));
    assert_eq!(begun(&shop), [], "it is not wished");
    shop.last = cut(None);
    let cause = Cause::Retry { attempt: 1 };
    assert_eq!(begun(&shop), [Act::Begin { job: shop.job.id, cause, slots: vec![] }]);
}
