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
    let spec = RunSpec::of(RunKind::Backup, "r".to_owned());
    let item =
        Item { name: "vm".to_owned(), key: "vm".to_owned(), waits: false, work: Box::new(work) };
    let id = runs.start(Start::of(spec, vec![item])).unwrap();
    runs.wait(id).await;
    let (level, seconds) = told.recv().expect("the run noticed");
    assert_eq!(level, Level::Warning);
    assert!(seconds >= 3600 && seconds % 3600 == 0, "{seconds}");
}

/// An item that tells when it begins and ends when it is told to.
fn held(
    key: &str,
    begun: &std::sync::mpsc::Sender<String>,
    name: &str,
) -> (Item, std::sync::mpsc::Sender<()>) {
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let (begun, name_there) = (begun.clone(), name.to_owned());
    let work = move |_: &Arc<LiveRun>, _: ItemObserver| {
        begun.send(name_there).unwrap();
        assert!(ended.recv().is_err(), "nothing is ever sent");
        (Outcome::Succeeded, ItemResult::default())
    };
    let item =
        Item { name: name.to_owned(), key: key.to_owned(), waits: true, work: Box::new(work) };
    (item, end)
}

#[tokio::test]
async fn what_another_run_works_on_waits_for_its_turn_and_holds_up_nothing_else() {
    let folder = RunLogFolder(tempfile::tempdir().unwrap());
    let runs = runs(&folder, Arc::new(ManualClock::new(chrono::DateTime::UNIX_EPOCH)));
    let (begun, begins) = std::sync::mpsc::channel();
    let spec = || RunSpec::of(RunKind::Backup, "r".to_owned());
    let (first, end_first) = held("web", &begun, "first");
    let one = runs.start(Start::of(spec(), vec![first])).unwrap();
    assert_eq!(begins.recv().unwrap(), "first");
    let (web, end_web) = held("web", &begun, "second");
    let (mail, end_mail) = held("mail", &begun, "mail");
    let two = runs.start(Start::of(spec(), vec![web, mail])).unwrap();
    assert_eq!(begins.recv().unwrap(), "mail", "it need not wait");
    let (now, _) = held("web", &begun, "now");
    let refused = runs.start(Start::of(spec(), vec![Item { waits: false, ..now }])).unwrap_err();
    assert_eq!(refused.code, crate::dto::ErrorCode::Busy);

    let run = runs.get(two).unwrap();
    let waits =
        serde_json::to_value(RunEvent::Job(kuramori_engine::JobEvent::WaitsForRun)).unwrap();
    let told = || run.lines().iter().filter(|line| line.event == waits).count();
    while told() == 0 {
        tokio::task::yield_now().await;
    }
    drop(end_mail);
    drop(end_first);
    runs.wait(one).await;
    assert_eq!(begins.recv().unwrap(), "second", "its turn has come");
    assert_eq!(told(), 1, "told once");
    drop(end_web);
    runs.wait(two).await;
}

#[tokio::test]
async fn nothing_begins_after_a_window_and_a_warning_at_the_start_counts() {
    let folder = RunLogFolder(tempfile::tempdir().unwrap());
    let clock = Arc::new(ManualClock::new(chrono::DateTime::UNIX_EPOCH));
    let runs = runs(&folder, clock.clone());
    let done = |name: &str, clock: &Arc<ManualClock>| {
        let clock = clock.clone();
        let work = move |_: &Arc<LiveRun>, _: ItemObserver| {
            clock.advance(Duration::from_mins(40));
            (Outcome::Succeeded, ItemResult::default())
        };
        Item { name: name.to_owned(), key: "same".to_owned(), waits: true, work: Box::new(work) }
    };
    let spec = || RunSpec::of(RunKind::Backup, "r".to_owned());
    // One key: one after the other.
    let items = ["a", "b", "c"].map(|name| done(name, &clock)).into();
    let pauses = PausesAt { at: clock.now() + Duration::from_hours(1), continues: None };
    let start = Start { pauses: Some(pauses), ..Start::of(spec(), items) };
    let id = runs.start(start).unwrap();
    runs.wait(id).await;
    let log = RunLog::open(&folder.0.path().join("runs"), clock.clone()).unwrap();
    let record = log.run(id).unwrap().unwrap();
    assert_eq!(record.state, kuramori_jobs::RunState::Paused);
    assert!(record.ended_at.is_some());
    let ends: Vec<_> = record.items.iter().map(|item| item.outcome.is_some()).collect();
    assert_eq!(ends, [true, true, false]);

    let rule = RunEvent::Job(kuramori_engine::JobEvent::RuleFitsNothing { rule: "x".to_owned() });
    let lines = vec![(Level::Warning, rule)];
    let start = Start { lines, ..Start::of(spec(), vec![done("a", &clock)]) };
    let id = runs.start(start).unwrap();
    runs.wait(id).await;
    let state = log.run(id).unwrap().unwrap().state;
    assert_eq!(state, kuramori_jobs::RunState::Done(Outcome::SucceededWithWarnings));
}
