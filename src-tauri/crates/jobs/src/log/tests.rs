use std::path::PathBuf;
use std::time::Duration;

use kuramori_base::ManualClock;
use serde_json::json;

use super::*;
use crate::IntentId;

struct Bench {
    dir: tempfile::TempDir,
    clock: Arc<ManualClock>,
}

impl Bench {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            clock: Arc::new(ManualClock::new(DateTime::UNIX_EPOCH)),
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("runs.sqlite")
    }

    fn open(&self) -> RunLog {
        RunLog::open(&self.path(), self.clock.clone()).unwrap()
    }
}

fn new_run() -> NewRun {
    NewRun {
        kind: "backup".into(),
        spec: json!({"to": "nas"}),
        items: vec!["a".into(), "b".into()],
        job: None,
    }
}

#[test]
fn a_run_comes_back_as_it_was_logged() {
    let bench = Bench::new();
    let log = bench.open();
    let id = log.begin(&new_run()).unwrap();
    log.set_state(id, RunState::Running).unwrap();
    bench.clock.advance(Duration::from_secs(2));
    let counters = Counters { done: 5, read: 4, new: 3, stored: 2 };
    let mut update = ItemUpdate {
        stage: Stage::Read,
        outcome: None,
        total: 9,
        counters,
        detail: json!({"point": null}),
    };
    log.update_item(id, 1, &update).unwrap();
    log.append(id, Level::Warning, Some(1), &json!({"event": "slow"})).unwrap();
    bench.clock.advance(Duration::from_secs(3));
    update.stage = Stage::Done;
    update.outcome = Some(Outcome::SucceededWithWarnings);
    log.update_item(id, 1, &update).unwrap();
    log.set_state(id, RunState::Done(Outcome::SucceededWithWarnings)).unwrap();
    drop(log);

    let log = bench.open();
    let run = log.run(id).unwrap().expect("the run survives a restart");
    assert_eq!(run.state, RunState::Done(Outcome::SucceededWithWarnings));
    assert_eq!(run.ended_at.unwrap().timestamp(), 5);
    assert_eq!(run.items[0].stage, Stage::Waiting);
    assert_eq!(run.items[0].started_at, None);
    let item = &run.items[1];
    assert_eq!((item.total, item.counters), (9, counters));
    assert_eq!(item.started_at.unwrap().timestamp(), 2);
    assert_eq!(item.ended_at.unwrap().timestamp(), 5);
    let lines = log.lines(id).unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].level, lines[0].item), (Level::Warning, Some(1)));
}

#[test]
fn unfinished_runs_become_interrupted_once() {
    let bench = Bench::new();
    let (done, cut) = {
        let log = bench.open();
        let done = log.begin(&new_run()).unwrap();
        log.set_state(done, RunState::Done(Outcome::Succeeded)).unwrap();
        let cut = log.begin(&new_run()).unwrap();
        log.set_state(cut, RunState::Running).unwrap();
        (done, cut)
    };
    let log = bench.open();
    assert_eq!(log.interrupt_unfinished().unwrap(), [cut]);
    assert_eq!(log.interrupt_unfinished().unwrap(), []);
    assert_eq!(log.run(cut).unwrap().unwrap().state, RunState::Interrupted);
    assert_eq!(log.run(done).unwrap().unwrap().state, RunState::Done(Outcome::Succeeded));
}

#[test]
fn intents_stay_until_they_are_cleared() {
    let bench = Bench::new();
    let first = IntentId::random();
    let second = IntentId::random();
    {
        let log = bench.open();
        let run = log.begin(&new_run()).unwrap();
        log.add_intent(first, run, "snapshot", &json!({"vm": "vm-1"})).unwrap();
        log.add_intent(second, run, "snapshot", &json!({"vm": "vm-2"})).unwrap();
        log.clear_intent(first).unwrap();
        log.clear_intent(first).unwrap();
    }
    let left = bench.open().intents().unwrap();
    assert_eq!(left.iter().map(|i| i.id).collect::<Vec<_>>(), [second]);
    assert_eq!(left[0].payload, json!({"vm": "vm-2"}));
}

#[test]
fn a_newer_or_foreign_file_is_refused() {
    let bench = Bench::new();
    drop(bench.open());
    Connection::open(bench.path()).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    assert!(matches!(
        RunLog::open(&bench.path(), bench.clock.clone()),
        Err(LogError::Newer { found: 99, .. })
    ));
    fs_err::write(bench.path(), b"this is no database, and it is long enough to be read").unwrap();
    let foreign = RunLog::open(&bench.path(), bench.clock.clone());
    assert!(matches!(foreign, Err(LogError::Damaged { .. })), "{:?}", foreign.err());
}

#[test]
fn a_file_of_the_first_version_goes_on_and_a_copy_of_it_is_kept() {
    let bench = Bench::new();
    let old = Connection::open(bench.path()).unwrap();
    let first = include_str!("first.sql");
    old.execute_batch(first).unwrap();
    drop(old);
    let log = bench.open();
    let runs = log.runs(9).unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].kind.as_str(), runs[0].job), ("backup", None));
    assert!(log.jobs().unwrap().jobs.is_empty());
    assert_eq!(log.intents().unwrap().len(), 1, "promises are kept");
    let copy = Connection::open(bench.dir.path().join("runs.sqlite.v1")).unwrap();
    let version: i64 = copy.query_row("PRAGMA user_version", [], |r| r.get(0)).unwrap();
    assert_eq!(version, 1);
    drop(log);
    bench.open(); // and once more, as today's
}

fn nightly() -> crate::job::Job {
    let job = json!({
        "id": JobId::random(), "name": "nightly", "work": {}, "spans": crate::retention::Spans::default(),
        "schedules": [{
            "id": crate::ScheduleId::random(),
            "when": {"by": "after", "job": JobId::random(), "only_success": false},
            "keep": null,
        }],
        "zone": "UTC", "paused": null, "retries": [], "catch_up_hours": 1, "rpo_minutes": null,
    });
    serde_json::from_value(job).unwrap()
}

/// A log with runs on many pages, a job that has a schedule, and a promise.
fn filled(bench: &Bench) -> (JobId, IntentId) {
    let log = bench.open();
    assert!(log.is_new());
    let job = nightly();
    log.save_job(&job).unwrap();
    log.set_handled(job.schedules[0].id, bench.clock.now()).unwrap();
    let intent = IntentId::random();
    for n in 0..40 {
        let run = log.begin(&new_run()).unwrap();
        if n == 7 {
            log.add_intent(intent, run, "snapshot", &json!({"vm": "vm-1"})).unwrap();
        }
        for _ in 0..20 {
            let long = "x".repeat(300);
            log.append(run, Level::Info, None, &json!({"event": long})).unwrap();
        }
        log.set_state(run, RunState::Done(Outcome::Succeeded)).unwrap();
    }
    (job.id, intent)
}

/// Damages the file, and returns what is told of it and what a new one takes over.
fn after(damage: impl FnOnce(&mut Vec<u8>)) -> (LogError, RunLog, Salvaged, (JobId, IntentId)) {
    let bench = Bench::new();
    let ids = filled(&bench);
    let mut bytes = fs_err::read(bench.path()).unwrap();
    assert!(bytes.len() > 50 * 4096, "{} bytes are too few", bytes.len());
    damage(&mut bytes);
    fs_err::write(bench.path(), &bytes).unwrap();
    let told = RunLog::open(&bench.path(), bench.clock.clone()).err().expect("it is noticed");
    let new = RunLog::open(&bench.dir.path().join("new"), bench.clock.clone()).unwrap();
    let salvaged = new.take_over(&bench.path()).unwrap();
    assert_eq!(fs_err::read(bench.path()).unwrap(), bytes, "the damaged file is left as it is");
    (told, new, salvaged, ids)
}

#[test]
fn of_a_damaged_file_everything_comes_over_that_can_be_read() {
    let (told, new, salvaged, (job, intent)) = after(|bytes| {
        // Pages that hold lines, past everything that was written first.
        let middle = bytes.len() / 4096 / 2 * 4096;
        bytes[middle..middle + 8192].fill(0xa5);
    });
    assert!(matches!(told, LogError::Damaged { .. }), "{told:?}");
    assert!(salvaged.jobs && salvaged.intents, "{salvaged:?}");
    assert_eq!(new.jobs().unwrap().jobs.iter().map(|j| j.id).collect::<Vec<_>>(), [job]);
    assert_eq!(new.handled().unwrap().len(), 1);
    assert_eq!(new.intents().unwrap().iter().map(|i| i.id).collect::<Vec<_>>(), [intent]);
    let runs = new.runs(99).unwrap();
    assert!(!runs.is_empty() && runs.len() == salvaged.runs, "{} runs", runs.len());
}

#[test]
fn of_what_is_no_database_any_more_nothing_comes_over() {
    let damages: [fn(&mut Vec<u8>); 3] =
        [|b| b[..100].fill(0), |b| b.truncate(3000), |b| b.fill(0x41)];
    for damage in damages {
        let (told, new, salvaged, _) = after(damage);
        assert!(matches!(told, LogError::Damaged { .. }), "{told:?}");
        assert_eq!(salvaged, Salvaged::default());
        assert!(new.jobs().unwrap().jobs.is_empty() && new.runs(9).unwrap().is_empty());
    }
    let (told, ..) = after(|b| b.truncate(20 * 4096));
    assert!(matches!(told, LogError::Damaged { .. }), "{told:?}");
}

#[test]
fn what_makes_no_sense_does_not_keep_the_rest_from_being_read() {
    let bench = Bench::new();
    let (job, intent) = filled(&bench);
    let db = Connection::open(bench.path()).unwrap();
    db.execute_batch(
        "UPDATE runs SET state = 'x' WHERE rowid = 3;
         UPDATE handled SET until = 'yesterday';
         INSERT INTO intents VALUES ('none', 'none', 't', '{', 'never');
         INSERT INTO jobs VALUES ('j', 'j', '{}', '2026-01-01T00:00:00Z');",
    )
    .unwrap();
    drop(db);
    let new = RunLog::open(&bench.dir.path().join("new"), bench.clock.clone()).unwrap();
    let salvaged = new.take_over(&bench.path()).unwrap();
    assert_eq!(salvaged, Salvaged { jobs: false, intents: false, runs: 39 });
    assert_eq!(new.jobs().unwrap().jobs[0].id, job);
    assert_eq!(new.intents().unwrap()[0].id, intent);
    assert!(new.handled().unwrap().is_empty());
}

#[test]
fn runs_of_the_past_stand_before_those_that_are_known() {
    let bench = Bench::new();
    let log = bench.open();
    let known = log.begin(&new_run()).unwrap();
    let past = |hour: i64| {
        let at = DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(hour);
        let item = PastItem {
            name: "a".into(),
            outcome: Outcome::Succeeded,
            started_at: at,
            ended_at: at,
            counters: Counters::default(),
            detail: json!({"point": "p"}),
        };
        PastRun { spec: json!({}), started_at: at, ended_at: at, job: None, items: vec![item] }
    };
    let added = log.add_past(&[past(1), past(2)]).unwrap();
    let last = log.add_ended(&past(3)).unwrap();
    let order: Vec<RunId> = log.runs(9).unwrap().iter().map(|r| r.id).collect();
    assert_eq!(order, [last, known, added[1], added[0]]);
    assert_eq!(log.run(added[0]).unwrap().unwrap().state, RunState::Done(Outcome::Succeeded));
}
