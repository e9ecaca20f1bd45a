use std::sync::Arc;
use std::time::Duration;

use kuramori_base::{Clock, ManualClock};
use kuramori_engine::RunEvent;
use kuramori_jobs::{Level, Outcome, RunLog};

use super::*;
use crate::dto::{Language, RunKind};
use crate::events::EventHub;

/// Far more than a tick of a run.
const PATIENCE: Duration = Duration::from_secs(20);
const STEP: Duration = Duration::from_millis(20);

fn runs(log: &RunLogFolder, clock: Arc<dyn Clock>) -> Arc<Runs> {
    let log = Arc::new(RunLog::open(&log.0.path().join("runs"), clock.clone()).unwrap());
    let events = Arc::new(EventHub::new());
    Arc::new(Runs::new(log, clock, events, Box::new(|| Language::En), Box::new(|_| ())))
}

struct RunLogFolder(tempfile::TempDir);

fn slept(run: &LiveRun) -> Option<(Level, u64)> {
    run.lines().into_iter().find_map(|line| match serde_json::from_value(line.event) {
        Ok(RunEvent::Slept { seconds }) => Some((line.level, seconds)),
        _ => None,
    })
}

#[tokio::test]
async fn a_run_says_that_the_computer_slept() {
    let folder = RunLogFolder(tempfile::tempdir().unwrap());
    let clock = Arc::new(ManualClock::new(chrono::DateTime::UNIX_EPOCH));
    let runs = runs(&folder, clock.clone());
    let (tell, told) = std::sync::mpsc::channel();
    let work = move |run: &Arc<LiveRun>, _: ItemObserver| {
        // An hour passes again and again, since a run begins to look at a moment of its own.
        for _ in 0..PATIENCE.as_millis() / STEP.as_millis() {
            clock.set(clock.now() + Duration::from_hours(1));
            std::thread::sleep(STEP);
            if let Some(found) = slept(run) {
                tell.send(found).unwrap();
                break;
            }
        }
        (Outcome::Succeeded, ItemResult::default())
    };
    let spec = RunSpec {
        kind: RunKind::Backup,
        server: None,
        repository: "r".to_owned(),
        job: None,
        schedules: Vec::new(),
    };
    let item =
        Item { name: "vm".to_owned(), key: "vm".to_owned(), waits: false, work: Box::new(work) };
    let id = runs.start(Start::of(spec, vec![item])).unwrap();
    runs.wait(id).await;
    let (level, seconds) = told.recv().expect("the run noticed");
    assert_eq!(level, Level::Warning);
    assert!(seconds >= 3600 && seconds % 3600 == 0, "{seconds}");
}
