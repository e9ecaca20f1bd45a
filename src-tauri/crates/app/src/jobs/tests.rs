use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use chrono::{DateTime, NaiveTime, Utc};
use kuramori_base::{Clock, ManualClock};
use kuramori_jobs::job::{Cause, JobSchedule, When};
use kuramori_jobs::retention::{KeepFor, Spans};
use kuramori_jobs::schedule::{AllowedHours, Rhythm, Schedule};
use kuramori_jobs::{JobId, OfJob, Outcome, RunRecord, RunState, ScheduleId};

use super::keeping::Kept;
use super::reach::{Folders, Reach};
use super::*;
use crate::app::AppOptions;
use crate::dto::{PickView, RunKind};
use crate::runs::{Item, ItemResult, RunSpec, Start, summary};
use crate::secrets::SecretsChoice;
use crate::settings::RepositoryEntry;

const HOUR: Duration = Duration::from_hours(1);

struct Bench {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    app: App,
    job: Job,
    kept: Kept,
}

fn open(folder: &Path, clock: &Arc<ManualClock>) -> App {
    let options = AppOptions {
        state: folder.join("state"),
        secrets: SecretsChoice::Sealed(folder.join("seal")),
        notices: false,
        hardware: kuramori_platform::guest::Roots::default(),
        clock: clock.clone(),
    };
    App::open(options).unwrap()
}

impl Bench {
    /// A job for every evening at eight, of a VM on a server that nobody knows any more.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let start = "2026-03-02T19:00:00Z".parse::<DateTime<Utc>>().unwrap();
        let clock = Arc::new(ManualClock::new(start));
        fs_err::write(folder.path().join("seal"), [7; 32]).unwrap();
        let app = open(folder.path(), &clock);
        let at = NaiveTime::from_hms_opt(20, 0, 0).unwrap();
        let evening = Schedule {
            rhythm: Rhythm::Week { days: (0..7).collect(), at },
            zone: chrono_tz::UTC,
            effective_from: None,
            allowed: AllowedHours::default(),
            until: None,
        };
        let pick = PickView::Vm {
            instance_uuid: None,
            reference: "vm-1".to_owned(),
            name: "web".to_owned(),
        };
        let work = JobWork {
            sources: vec![SourceView { server_id: "gone".to_owned(), pick }],
            leave_out: Vec::new(),
            without: Vec::new(),
            leave_out_disks: Vec::new(),
            repository: "gone too".to_owned(),
            limit: None,
        };
        let job = Job {
            id: JobId::random(),
            name: "nightly".to_owned(),
            work: serde_json::to_value(&work).unwrap(),
            schedules: vec![JobSchedule {
                id: ScheduleId::random(),
                when: When::Time(evening),
                keep: Some(KeepFor::Days(14)),
            }],
            spans: Spans::default(),
            zone: chrono_tz::UTC,
            paused: None,
            retries: vec![10],
            catch_up_hours: 12,
            rpo_minutes: None,
        };
        app.inner.log.save_job(&job).unwrap();
        Self { folder, clock, app, job, kept: Kept::new(Arc::new(Folders)) }
    }

    /// Looks at the jobs and waits for what begins; returns the runs there are, oldest first.
    async fn look(&mut self) -> Vec<RunRecord> {
        self.app.look_at_jobs(&mut self.kept).await.unwrap();
        while !self.kept.is_idle() {
            tokio::task::yield_now().await;
        }
        let log = &self.app.inner.log;
        for run in log.runs(99).unwrap() {
            self.app.inner.runs.wait(run.id).await;
        }
        let mut runs = log.runs(99).unwrap();
        runs.reverse();
        runs
    }
}

fn causes(runs: &[RunRecord]) -> Vec<Option<Cause>> {
    runs.iter().map(|run| run.job.map(|(_, cause)| cause)).collect()
}

#[tokio::test]
async fn what_is_due_begins_once_and_what_stands_in_its_way_is_told() {
    let mut bench = Bench::new();
    assert!(bench.look().await.is_empty(), "what is new counts from now on");
    bench.clock.advance(HOUR);
    let runs = bench.look().await;
    assert_eq!(causes(&runs), [Some(Cause::Due)]);
    let told = summary(&runs[0], bench.app.language());
    assert_eq!((told.vms, told.job.as_deref()), (vec!["web".to_owned()], Some("nightly")));
    assert_eq!(told.error.unwrap().code, ErrorCode::ServerNotFound);
    assert_eq!(bench.look().await.len(), 1, "its slot is dealt with");
    bench.clock.advance(Duration::from_mins(10));
    assert_eq!(causes(&bench.look().await)[1..], [Some(Cause::Retry { attempt: 1 })]);
    bench.clock.advance(HOUR);
    assert_eq!(bench.look().await.len(), 2, "it was to be tried again once");
}

#[tokio::test]
async fn what_was_slept_through_is_caught_up_or_told() {
    let mut bench = Bench::new();
    bench.look().await;
    bench.clock.advance(HOUR * (24 + 11));
    let caught_up = Some(Cause::CaughtUp { missed: 1 });
    assert_eq!(causes(&bench.look().await), [caught_up]);
    // The run failed, and is tried again before anything else.
    bench.clock.advance(HOUR);
    bench.look().await;
    bench.clock.advance(HOUR * 36);
    let runs = bench.look().await;
    assert_eq!(causes(&runs)[2..], [None], "no run of the job: nothing of it is tried again");
    let told = summary(&runs[2], bench.app.language());
    assert_eq!(told.error.unwrap().code, ErrorCode::SlotMissed);
    assert_eq!(bench.look().await.len(), 3, "it is told once");
    assert!(bench.clock.now() > told.started_at - Duration::from_secs(1));
    let handled = bench.app.inner.log.handled().unwrap();
    assert!(handled.contains_key(&bench.job.schedules[0].id));
}

#[tokio::test]
async fn what_was_missed_by_two_schedules_is_told_for_both_at_once() {
    let mut bench = Bench::new();
    let mut noon = JobSchedule { id: ScheduleId::random(), ..bench.job.schedules[0].clone() };
    let When::Time(time) = &mut noon.when else { panic!("{noon:?}") };
    let at = NaiveTime::from_hms_opt(18, 0, 0).unwrap();
    time.rhythm = Rhythm::Week { days: (0..7).collect(), at };
    bench.job.schedules.push(noon);
    keep(&bench.app, &bench.job).unwrap();
    bench.clock.advance(HOUR * (24 + 14));
    let runs = bench.look().await;
    assert_eq!(causes(&runs), [None, None], "one does not wait for the other");
}

#[tokio::test]
async fn a_schedule_that_is_moved_counts_from_then_on() {
    let mut bench = Bench::new();
    bench.look().await;
    bench.clock.advance(HOUR);
    assert_eq!(causes(&bench.look().await), [Some(Cause::Due)]);
    bench.job.retries.clear();
    bench.clock.advance(HOUR * 11);
    let When::Time(time) = &mut bench.job.schedules[0].when else { panic!("it counts days") };
    let at = NaiveTime::from_hms_opt(22, 0, 0).unwrap();
    time.rhythm = Rhythm::Week { days: (0..7).collect(), at };
    keep(&bench.app, &bench.job).unwrap();
    assert_eq!(bench.look().await.len(), 1, "nobody wished for ten o'clock yesterday");
    bench.clock.advance(HOUR * 15);
    assert_eq!(causes(&bench.look().await)[1..], [Some(Cause::Due)]);
}

#[tokio::test]
async fn a_run_that_quitting_stops_is_made_good_for_at_the_next_start() {
    let mut bench = Bench::new();
    bench.look().await;
    let (begun, begins) = mpsc::channel();
    let item = Item {
        name: "web".to_owned(),
        key: "vm".to_owned(),
        waits: true,
        work: Box::new(move |run, _| {
            begun.send(()).unwrap();
            while !run.cancel.is_cancelled() {
                std::thread::yield_now();
            }
            (Outcome::Cancelled, ItemResult::default())
        }),
    };
    let spec =
        RunSpec { job: Some("nightly".to_owned()), ..RunSpec::of(RunKind::Backup, String::new()) };
    let of_job = OfJob { job: bench.job.id, cause: Cause::Due, slots: Vec::new() };
    let start = Start { of_job: Some(of_job), ..Start::of(spec, vec![item]) };
    let run = bench.app.inner.runs.start(start).unwrap();
    begins.recv().unwrap();
    bench.app.interrupt().await;
    let record = bench.app.inner.log.run(run).unwrap().unwrap();
    assert_eq!(record.state, RunState::Interrupted);

    let Bench { folder, clock, app, job, kept } = bench;
    drop((app, kept));
    clock.advance(Duration::from_mins(10));
    let (app, kept) = (open(folder.path(), &clock), Kept::new(Arc::new(Folders)));
    let mut bench = Bench { folder, clock, app, job, kept };
    let runs = bench.look().await;
    assert_eq!(causes(&runs), [Some(Cause::Due), Some(Cause::Retry { attempt: 1 })]);
}

/// A disk that somebody plugs in and out.
struct Hand(Arc<Mutex<Option<String>>>);

impl Reach for Hand {
    fn volume(&self, _: &Path) -> Option<String> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_disk_that_is_plugged_in_begins_a_run_once() {
    let mut bench = Bench::new();
    bench.job.schedules[0].when = When::Plugged { gap_minutes: 60 };
    bench.job.retries = Vec::new();
    bench.app.inner.log.save_job(&bench.job).unwrap();
    let path = bench.folder.path().join("usb");
    let usb = RepositoryEntry { id: "gone too".to_owned(), name: "usb".to_owned(), path };
    let add = |s: &mut crate::settings::Settings| {
        s.repositories.push(usb);
        Ok(())
    };
    bench.app.inner.settings.change(add).unwrap();
    let disk = Arc::new(Mutex::new(Some("A".to_owned())));
    let hand = || Kept::new(Arc::new(Hand(disk.clone())));
    bench.kept = hand();
    let plug = |volume: Option<&str>| *disk.lock().unwrap() = volume.map(str::to_owned);
    // What is found at one look is acted on at the next.
    let begun = async |bench: &mut Bench| {
        bench.clock.advance(Duration::from_mins(1));
        bench.look().await;
        bench.look().await.len()
    };
    assert_eq!(begun(&mut bench).await, 0, "it was there before");
    plug(None);
    assert_eq!(begun(&mut bench).await, 0);
    plug(Some("A"));
    assert_eq!(begun(&mut bench).await, 1);
    assert_eq!(begun(&mut bench).await, 1, "once for each time");
    plug(Some("B"));
    assert_eq!(begun(&mut bench).await, 2, "another disk in its place, and the run before failed");
    // The program ends, and begins with the disk in its place, as it was.
    bench.kept = hand();
    assert_eq!(begun(&mut bench).await, 2);
    plug(None);
    assert_eq!(begun(&mut bench).await, 2);
    plug(Some("B"));
    bench.kept = hand();
    assert_eq!(begun(&mut bench).await, 3, "it was plugged in while nobody looked");
}
