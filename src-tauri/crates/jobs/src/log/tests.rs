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
    assert!(RunLog::open(&bench.path(), bench.clock.clone()).is_err());
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
