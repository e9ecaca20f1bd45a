use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveTime, TimeDelta, TimeZone};
use kuramori_base::{Clock, ManualClock};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::schedule::{AllowedHours, Rhythm};
use crate::{NewRun, OfJob, Outcome, RunId, RunLog, RunState};

const ZONE: Tz = chrono_tz::Europe::Berlin;

fn at(day: i64, hour: i64, minute: i64) -> DateTime<Utc> {
    // 2024-01-01, a Monday.
    Utc.with_ymd_and_hms(2024, 1, 1, 0, 0, 0).unwrap()
        + TimeDelta::days(day)
        + TimeDelta::hours(hour)
        + TimeDelta::minutes(minute)
}

fn daily(hour: u32) -> JobSchedule {
    let rhythm =
        Rhythm::Week { days: (0..7).collect(), at: NaiveTime::from_hms_opt(hour, 0, 0).unwrap() };
    timed(rhythm, Tz::UTC)
}

fn timed(rhythm: Rhythm, zone: Tz) -> JobSchedule {
    let allowed = AllowedHours::default();
    let when = When::Time(Schedule { rhythm, zone, effective_from: None, allowed, until: None });
    JobSchedule { id: ScheduleId::random(), when, keep: Some(KeepFor::Days(14)) }
}

fn job(name: &str, schedules: Vec<JobSchedule>) -> Job {
    Job {
        id: JobId::random(),
        name: name.to_owned(),
        work: json!({"vms": ["web"]}),
        schedules,
        spans: Spans { last: 1, ..Spans::default() },
        zone: ZONE,
        paused: None,
        retries: vec![10, 20, 40],
        catch_up_hours: 12,
        rpo_minutes: None,
    }
}

/// Jobs whose acts are done as a caller would do them.
#[derive(Default)]
struct Shop {
    jobs: Vec<Job>,
    handled: BTreeMap<ScheduleId, DateTime<Utc>>,
    last: BTreeMap<JobId, LastRun>,
    running: BTreeMap<JobId, u32>,
    /// Slots that were dealt with, by schedule.
    slots: BTreeMap<ScheduleId, u32>,
    begun: Vec<(JobId, Cause)>,
    /// Since when the disk of all repositories is there.
    plugged: Option<DateTime<Utc>>,
}

impl Shop {
    fn of(jobs: Vec<Job>, now: DateTime<Utc>) -> Self {
        let mut shop = Self { jobs, ..Self::default() };
        shop.tick(now); // what is new counts from now on
        shop
    }

    fn states(&self) -> Vec<JobState<'_>> {
        let state = |job| JobState {
            job,
            handled: &self.handled,
            running: self.running.contains_key(&job.id),
            last: self.last.get(&job.id).copied(),
            plugged: self.plugged,
        };
        self.jobs.iter().map(state).collect()
    }

    /// Does what is to be done; returns the runs that begin.
    fn tick(&mut self, now: DateTime<Utc>) -> Vec<(JobId, Cause)> {
        let mut begun = Vec::new();
        for act in acts(&self.states(), now) {
            match act {
                Act::Begin { job, cause, slots } => {
                    let missed = if let Cause::CaughtUp { missed } = cause { missed } else { 0 };
                    for (n, (schedule, slot)) in slots.into_iter().enumerate() {
                        let more = if n == 0 { missed } else { 0 };
                        *self.slots.entry(schedule).or_default() += 1 + more;
                        self.handled.insert(schedule, slot);
                    }
                    let attempt = if let Cause::Retry { attempt } = cause { attempt } else { 0 };
                    assert!(self.running.insert(job, attempt).is_none(), "never two at once");
                    begun.push((job, cause));
                }
                Act::Pass { schedule, slot, missed, .. } => {
                    *self.slots.entry(schedule).or_default() += 1 + missed;
                    self.handled.insert(schedule, slot);
                }
                Act::Settle { schedule, .. } => {
                    self.handled.insert(schedule, now);
                }
            }
        }
        self.begun.extend(&begun);
        begun
    }

    fn end(&mut self, job: JobId, outcome: Outcome, ended: DateTime<Utc>) {
        let attempt = self.running.remove(&job).unwrap();
        let run = RunId::random();
        self.last.insert(
            job,
            LastRun {
                run,
                ended,
                outcome: Some(outcome),
                paused: false,
                attempt,
                saved: outcome.is_success(),
            },
        );
    }

    /// Works through a time in steps of minutes, each run taking one step and ending well.
    fn work(&mut self, from: DateTime<Utc>, until: DateTime<Utc>, step: TimeDelta) {
        let mut now = from;
        while now <= until {
            for (job, _) in self.tick(now) {
                self.end(job, Outcome::Succeeded, now + step);
            }
            now += step;
        }
    }
}

#[test]
fn what_is_new_begins_with_its_next_slot_and_one_run_stands_for_all_that_were_missed() {
    let nightly = job("nightly", vec![daily(20)]);
    let id = nightly.id;
    let mut shop = Shop::of(vec![nightly], at(0, 21, 0));
    assert_eq!(shop.tick(at(1, 19, 59)), []);
    assert_eq!(shop.tick(at(1, 20, 0)), [(id, Cause::Due)]);
    assert_eq!(shop.tick(at(1, 20, 1)), [], "it runs");
    shop.end(id, Outcome::Succeeded, at(1, 20, 9));
    assert_eq!(shop.tick(at(1, 20, 10)), [], "its slot is dealt with");
    // Asleep for three evenings, awake in the morning.
    assert_eq!(shop.tick(at(5, 6, 0)), [(id, Cause::CaughtUp { missed: 2 })]);
    shop.end(id, Outcome::Succeeded, at(5, 7, 0));
    // Awake too late: the next slot is waited for, and somebody hears of it.
    let acts = acts(&shop.states(), at(6, 8, 1));
    assert!(matches!(acts[..], [Act::Pass { missed: 0, slot, .. }] if slot == at(5, 20, 0)));
}

#[test]
fn what_failed_is_tried_again_three_times_and_no_more() {
    let nightly = job("nightly", vec![daily(20)]);
    let id = nightly.id;
    let mut shop = Shop::of(vec![nightly], at(0, 19, 0));
    shop.tick(at(0, 20, 0));
    let mut now = at(0, 20, 5);
    for (attempt, minutes) in [(1, 10), (2, 20), (3, 40)] {
        shop.end(id, Outcome::Failed, now);
        assert_eq!(next_look(&shop.states(), now), Some(now + TimeDelta::minutes(minutes)));
        assert_eq!(shop.tick(now + TimeDelta::minutes(minutes - 1)), []);
        now += TimeDelta::minutes(minutes);
        assert_eq!(shop.tick(now), [(id, Cause::Retry { attempt })]);
    }
    shop.end(id, Outcome::Failed, now);
    shop.work(now, at(1, 19, 59), TimeDelta::minutes(7));
    assert_eq!(shop.begun.len(), 4, "it waits for the next slot");
    assert_eq!(shop.tick(at(1, 20, 0)), [(id, Cause::Due)]);
    shop.end(id, Outcome::Cancelled, at(1, 20, 1));
    assert_eq!(shop.tick(at(1, 21, 0)), [], "what somebody stopped stays stopped");
}

#[test]
fn a_job_follows_another() {
    let first = job("first", vec![daily(20)]);
    let after = |only_success| JobSchedule {
        id: ScheduleId::random(),
        when: When::After { job: first.id, only_success },
        keep: None,
    };
    let (always, on_success) = (job("always", vec![after(false)]), job("copy", vec![after(true)]));
    let (a, b, c) = (first.id, always.id, on_success.id);
    let mut shop = Shop::of(vec![on_success, always, first], at(0, 19, 0));
    assert_eq!(shop.tick(at(0, 20, 0)), [(a, Cause::Due)]);
    shop.end(a, Outcome::Failed, at(0, 20, 5));
    assert_eq!(shop.tick(at(0, 20, 6)), [(b, Cause::After { job: a })]);
    shop.end(b, Outcome::Succeeded, at(0, 20, 7));
    assert_eq!(shop.tick(at(0, 20, 16)), [(a, Cause::Retry { attempt: 1 })]);
    shop.end(a, Outcome::SucceededWithWarnings, at(0, 20, 20));
    let both = [(c, Cause::After { job: a }), (b, Cause::After { job: a })];
    assert_eq!(shop.tick(at(0, 20, 21)), both);
    assert_eq!(shop.tick(at(0, 20, 22)), []);
}

#[test]
fn a_pause_misses_nothing_and_a_clock_set_back_begins_nothing() {
    let mut nightly = job("nightly", vec![daily(20)]);
    nightly.paused = Some(Paused { until: Some(at(3, 9, 0)) });
    let id = nightly.id;
    let mut shop = Shop::of(vec![nightly], at(0, 19, 0));
    assert_eq!(next_look(&shop.states(), at(0, 19, 0)), Some(at(3, 9, 0)));
    shop.work(at(0, 19, 0), at(3, 9, 0), TimeDelta::minutes(30));
    assert_eq!(shop.begun, []);
    assert_eq!(shop.tick(at(3, 20, 0)), [(id, Cause::Due)]);
    shop.end(id, Outcome::Succeeded, at(3, 20, 5));
    // The clock stood a week ahead and is put right: it goes on with the next slot of today.
    assert_eq!(shop.tick(at(10, 20, 0)).len(), 1);
    shop.end(id, Outcome::Succeeded, at(10, 20, 5));
    assert_eq!(shop.tick(at(4, 12, 0)), []);
    assert_eq!(shop.tick(at(4, 20, 0)), [(id, Cause::Due)]);
}

#[test]
fn what_fell_into_a_pause_is_not_told_by_who_slept_through_its_end() {
    let mut nightly = job("nightly", vec![daily(20)]);
    nightly.paused = Some(Paused { until: Some(at(3, 9, 0)) });
    let id = nightly.id;
    let mut shop = Shop::of(vec![nightly], at(0, 19, 0));
    // Asleep from the first day on, and only for the last evening too long to catch up.
    assert!(acts(&shop.states(), at(3, 11, 0)).is_empty());
    assert_eq!(shop.tick(at(4, 7, 0)), [(id, Cause::CaughtUp { missed: 0 })]);
}

#[test]
fn what_has_less_time_goes_first_and_work_waits_for_its_hours() {
    let (mut slow, mut quick) = (job("a", vec![daily(20)]), job("b", vec![daily(20)]));
    (slow.rpo_minutes, quick.rpo_minutes) = (Some(1440), Some(240));
    let ids = [quick.id, slow.id];
    let mut office = job("c", vec![daily(20)]);
    let When::Time(time) = &mut office.schedules[0].when else { unreachable!() };
    for hour in 20..23 {
        (0..7).for_each(|day| {
            time.allowed.set(chrono::Weekday::try_from(day).unwrap(), hour, false);
        });
    }
    let c = office.id;
    let mut shop = Shop::of(vec![office, slow, quick], at(0, 19, 0));
    let begun: Vec<_> = shop.tick(at(0, 20, 0)).into_iter().map(|(id, _)| id).collect();
    assert_eq!(begun, ids);
    assert_eq!(next_look(&shop.states(), at(0, 20, 0)), Some(at(0, 23, 0)));
    assert_eq!(shop.tick(at(0, 22, 59)), []);
    assert_eq!(shop.tick(at(0, 23, 0)), [(c, Cause::CaughtUp { missed: 0 })]);
}

#[test]
fn a_long_run_is_not_told_as_an_absence_and_a_clock_ahead_is_not_followed() {
    let mut nightly = job("nightly", vec![daily(20)]);
    nightly.catch_up_hours = 0;
    let follower = JobSchedule {
        id: ScheduleId::random(),
        when: When::After { job: nightly.id, only_success: false },
        keep: None,
    };
    let (id, copy) = (nightly.id, job("copy", vec![follower]));
    let mut shop = Shop::of(vec![nightly, copy], at(0, 19, 0));
    assert_eq!(shop.tick(at(0, 20, 1)), [(id, Cause::Due)], "a minute late is in time");
    assert_eq!(shop.tick(at(2, 19, 0)), [], "it took forty hours");
    let passes = |acts: Vec<Act>| acts.iter().any(|act| matches!(act, Act::Pass { .. }));
    assert!(!passes(acts(&shop.states(), at(2, 19, 0))));
    // It ended while the clock stood nine hours ahead, which is put right now.
    shop.end(id, Outcome::Succeeded, at(3, 5, 0));
    assert_eq!(shop.tick(at(2, 19, 10)), []);
    assert_eq!(shop.tick(at(3, 5, 0)).len(), 1, "and is followed once");
    assert_eq!(shop.tick(at(3, 5, 1)), []);
}

#[test]
fn nonsense_is_refused_and_named() {
    let good = job("a", vec![daily(20)]);
    assert_eq!(good.check(&[]), Ok(()));
    assert_eq!(Job { name: " ".into(), ..good.clone() }.check(&[]), Err(JobError::NoName));
    let twice = vec![good.schedules[0].clone(), good.schedules[0].clone()];
    assert_eq!(Job { schedules: twice, ..good.clone() }.check(&[]), Err(JobError::Twice));
    let mut unkept = Job { spans: Spans::default(), ..good.clone() };
    assert_eq!(unkept.check(&[]), Ok(()));
    unkept.schedules[0].keep = None;
    assert_eq!(unkept.check(&[]), Err(JobError::KeptByNothing { number: 1 }));
    let never = timed(Rhythm::Week { days: [].into(), at: NaiveTime::MIN }, ZONE);
    let why = RhythmError::NoDay;
    let wrong = Job { schedules: vec![daily(3), never], ..good.clone() };
    assert_eq!(wrong.check(&[]), Err(JobError::Schedule { number: 2, why }));
}

fn following(name: &str, before: &[JobId]) -> Job {
    let after = |job: &JobId| JobSchedule {
        id: ScheduleId::random(),
        when: When::After { job: *job, only_success: true },
        keep: None,
    };
    job(name, before.iter().map(after).collect())
}

#[test]
fn a_circle_is_found_and_told_in_its_order() {
    let a = job("a", vec![daily(20)]);
    let b = following("b", &[a.id]);
    let c = following("c", &[b.id, a.id]);
    let all = [a.clone(), b.clone(), c.clone()];
    assert_eq!(c.check(&all), Ok(()));
    let closing = Job { schedules: following("", &[c.id]).schedules, ..a.clone() };
    let circle = |names: &[&str]| {
        Err(JobError::Circle { names: names.iter().map(|n| (*n).to_owned()).collect() })
    };
    assert_eq!(closing.check(&all), circle(&["a", "c", "a"]));
    let itself = Job { schedules: following("", &[b.id]).schedules, ..b.clone() };
    assert_eq!(itself.check(&all), circle(&["b", "b"]));
    assert_eq!(c.check(&[]), Err(JobError::NothingBefore));
}

#[test]
fn a_slot_is_dealt_with_when_its_run_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(at(0, 20, 0)));
    let open = || RunLog::open(&folder.path().join("runs.sqlite"), clock.clone()).unwrap();
    let (log, nightly) = (open(), job("nightly", vec![daily(20)]));
    log.save_job(&nightly).unwrap();
    let other = Job { id: JobId::random(), ..nightly.clone() };
    let taken = log.save_job(&other).unwrap_err();
    assert_eq!(taken.to_string(), "another job is called “nightly”");
    let schedule = nightly.schedules[0].id;
    assert!(log.handled().unwrap().is_empty());
    let begin = |cause| {
        let of = OfJob { job: nightly.id, cause, slots: vec![(schedule, at(0, 20, 0))] };
        let new = NewRun { kind: String::new(), spec: json!({}), items: Vec::new(), job: Some(of) };
        log.begin(&new).unwrap()
    };
    let run = begin(Cause::Due);
    assert_eq!(log.last_run_of(nightly.id).unwrap(), None, "it has not ended");
    assert_eq!(log.run(run).unwrap().unwrap().job, Some((nightly.id, Cause::Due)));
    clock.advance(Duration::from_mins(5));
    log.set_state(run, RunState::Done(Outcome::Failed)).unwrap();
    let again = begin(Cause::Retry { attempt: 2 });
    clock.advance(Duration::from_mins(5));
    drop(log);

    let log = open();
    assert_eq!(log.interrupt_unfinished().unwrap(), [again]);
    let (ended, outcome) = (clock.now(), None);
    let last = LastRun { run: again, ended, outcome, paused: false, attempt: 2, saved: false };
    assert_eq!(log.last_run_of(nightly.id).unwrap(), Some(last));
    assert_eq!(log.handled().unwrap(), [(schedule, at(0, 20, 0))].into());
    let before = |run| log.run_before(nightly.id, run).unwrap().map(|before| before.id);
    assert_eq!((before(again), before(run)), (Some(run), None));
    assert_eq!(log.newest_run_of(nightly.id).unwrap().unwrap().id, again);
    assert_eq!(log.jobs().unwrap().jobs, std::slice::from_ref(&nightly));
    log.delete_job(&nightly).unwrap();
    assert!(log.jobs().unwrap().jobs.is_empty() && log.handled().unwrap().is_empty());
    assert!(log.run(run).unwrap().is_some(), "its runs stay");
}

fn rhythm() -> impl Strategy<Value = Rhythm> {
    let time = (0u32..24, 0u32..60).prop_map(|(h, m)| NaiveTime::from_hms_opt(h, m, 0).unwrap());
    let days = prop::collection::btree_set(0u8..7, 1..7);
    prop_oneof![
        (days, time).prop_map(|(days, at)| Rhythm::Week { days, at }),
        (60u32..1440).prop_map(|minutes| Rhythm::Interval { minutes }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// However long the computer sleeps in between, each slot is dealt with, and only once.
    #[test]
    fn each_slot_is_dealt_with_once(
        rhythms in prop::collection::vec((rhythm(), 0usize..4), 1..3),
        naps in prop::collection::vec((1i64..40, 1i64..40), 1..12),
        begin in 0i64..400,
    ) {
        let zones = [Tz::UTC, ZONE, chrono_tz::America::St_Johns, chrono_tz::Australia::Lord_Howe];
        let schedules: Vec<_> =
            rhythms.into_iter().map(|(rhythm, zone)| timed(rhythm, zones[zone])).collect();
        // One job each: a catch-up of several schedules at once says how many one of them missed.
        let jobs: Vec<_> = schedules.iter().map(|s| job("x", vec![s.clone()])).collect();
        let start = at(begin, 0, 1);
        let mut shop = Shop::of(jobs, start);
        let mut now = start;
        for (awake, asleep) in naps {
            let sleeps = now + TimeDelta::hours(awake);
            shop.work(now, sleeps, TimeDelta::minutes(10));
            now = sleeps + TimeDelta::hours(asleep);
        }
        shop.work(now, now + TimeDelta::minutes(10), TimeDelta::minutes(10));
        for schedule in &schedules {
            let When::Time(time) = &schedule.when else { unreachable!() };
            let until = shop.handled[&schedule.id];
            let wished = time.slots(start, until).count();
            let done = shop.slots.get(&schedule.id).copied().unwrap_or_default();
            prop_assert_eq!(wished, done as usize);
            let waits = time.slots(until, now).count();
            prop_assert_eq!(waits, 0, "nothing waits while somebody is there");
        }
    }
}
