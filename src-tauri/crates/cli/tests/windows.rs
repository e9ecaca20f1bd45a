//! A job with a rule, a disk that is left out, and a window that ends, in a program whose clock is
//! turned by the test.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kuramori_app::dto::{
    JobRequest, JobView, ListRunsRequest, PauseJobRequest, RunRequest, RunStateView, RunSummary,
    RunView,
};
use kuramori_app::platform::Roots;
use kuramori_app::schema::command;
use kuramori_app::{App, AppOptions, Clock, SecretsChoice, SystemClock};
use kuramori_lab::{FaultKind, FaultSpec, LabHandle, LabTag, LabVm, Shape};

use crate::bench::Bench;

const MIB: u64 = 1 << 20;
const JOB: &str = "gold";

/// The clock of the system, set ahead.
struct Ahead {
    system: SystemClock,
    by: Mutex<(TimeDelta, Duration)>,
}

impl Clock for Ahead {
    fn now(&self) -> DateTime<Utc> {
        self.system.now() + self.by.lock().unwrap().0
    }

    fn monotonic(&self) -> Duration {
        self.system.monotonic() + self.by.lock().unwrap().1
    }
}

impl Ahead {
    fn new() -> Arc<Self> {
        let by = Mutex::new((TimeDelta::zero(), Duration::ZERO));
        Arc::new(Self { system: SystemClock::new(), by })
    }

    /// Lets time pass until a moment, as for a computer that slept.
    fn pass_until(&self, moment: DateTime<Utc>) {
        let by = moment - self.now();
        let mut ahead = self.by.lock().unwrap();
        ahead.0 += by;
        ahead.1 += by.to_std().unwrap();
    }

    /// Sets the clock on the wall alone.
    fn set_ahead(&self, by: TimeDelta) {
        self.by.lock().unwrap().0 += by;
    }
}

struct Serving {
    app: App,
    clock: Arc<Ahead>,
}

impl Serving {
    fn of(bench: &Bench) -> Self {
        let clock = Ahead::new();
        let app = App::open(AppOptions {
            state: bench.path("state"),
            secrets: SecretsChoice::Sealed(bench.path("key")),
            notices: false,
            hardware: Roots::default(),
            clock: clock.clone(),
        });
        let app = app.unwrap();
        let keeping = app.clone();
        drop(tokio::spawn(async move { keeping.keep_schedules().await }));
        Self { app, clock }
    }

    async fn job(&self) -> JobView {
        self.app.call::<command::JobsGet>(JobRequest { job_id: JOB.into() }).await.unwrap()
    }

    /// Lets the program look at its jobs now.
    async fn nudge(&self) {
        let request = PauseJobRequest { job_id: JOB.into(), paused: false, until: None };
        self.app.call::<command::JobsPause>(request).await.unwrap();
    }

    async fn runs(&self) -> Vec<RunSummary> {
        let request = ListRunsRequest { limit: 99, job: None, since: None, failed: None };
        self.app.call::<command::RunsList>(request).await.unwrap().runs
    }

    async fn run(&self, id: &str) -> RunView {
        self.app.call::<command::RunsGet>(RunRequest { run_id: id.into() }).await.unwrap()
    }

    /// Waits for a run of the job besides `known`, looked for again and again.
    async fn next_run(&self, known: usize) -> RunSummary {
        loop {
            let runs = self.runs().await;
            let mut ours = runs.into_iter().filter(|run| run.job.as_deref() == Some(JOB));
            if let Some(newest) = ours.next()
                && ours.count() == known
            {
                return newest;
            }
            self.nudge().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn lab(bench: &Bench) -> LabHandle {
    let vms = ["a", "b", "c"].map(str::to_owned);
    let tag = LabTag { category: "Tier".into(), name: "gold".into(), vms: vms.to_vec() };
    bench.lab(|lab| {
        let vm = |name: &str| LabVm::new(name).capacity(2 * MIB);
        let lab = lab.shape(Shape::Vcenter).vm(vm("a").capacity(MIB)).vm(vm("b"));
        lab.vm(vm("c")).vm(vm("plain")).options(|options| options.tags.push(tag))
    })
}

/// Tomorrow at an hour.
fn tomorrow(hour: u32) -> DateTime<Utc> {
    let day = SystemClock::new().now().date_naive() + TimeDelta::days(1);
    day.and_hms_opt(hour, 0, 0).unwrap().and_utc()
}

fn make_job(bench: &Bench) {
    let create = ["job", "create", JOB, "--rule", "lab:tag=Tier/gold,name=?"];
    let rest = ["--leave-out-disk", "lab:a:Hard disk 2", "--zone", "UTC"];
    let when = ["--at", "daily 20:00 until 23:00 keep 14d"];
    let made = bench.run(&[&create[..], &rest, &when].concat()).ok();
    let words = "saves tag Tier/gold and name ?, without Hard disk 2 (a)";
    assert!(made.stdout.contains(words), "{}", made.stdout);
    assert!(made.stdout.contains("Every day at 20:00 until 23:00 (UTC)"), "{}", made.stdout);
    let plan = bench.run(&["job", "plan", JOB, "--json"]).ok();
    assert_eq!(plan.field("/vms/0/disks/1/left_out"), "Left out, as somebody chose.");
    assert_eq!(
        (plan.field("/vms/2/name"), plan.field("/window_seconds")),
        ("c".into(), "10800".into())
    );
    assert!(!plan.stdout.contains("plain"), "{}", plan.stdout);
}

#[test]
fn a_window_pauses_a_run_and_the_next_one_begins_with_what_was_left() {
    let bench = Bench::new();
    let lab = lab(&bench);
    bench.add_server(&lab).ok();
    bench.make_quick_repository(&bench.text("repository")).ok();
    make_job(&bench);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let serving = Serving::of(&bench);
        paused_and_gone_on_with(&serving, &lab).await;
        a_wrong_clock_is_told(&serving).await;
        serving.app.interrupt().await;
    });
    drop(runtime);
    shown_afterwards(&bench);
}

async fn paused_and_gone_on_with(serving: &Serving, lab: &LabHandle) {
    let hold = FaultSpec {
        kind: FaultKind::Hold,
        point: "CreateSnapshot_Task".into(),
        ..FaultSpec::default()
    };
    let held = lab.add_fault(hold).unwrap();
    serving.clock.pass_until(tomorrow(20));
    let first = serving.next_run(0).await;
    while lab.faults().iter().map(|fault| fault.holding).sum::<u32>() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    serving.clock.pass_until(tomorrow(23));
    lab.remove_faults(Some(held));
    serving.app.wait(&first.id).await.unwrap();
    let first = serving.run(&first.id).await;
    assert_eq!((first.summary.state, first.summary.outcome), (RunStateView::Paused, None));
    let begun: Vec<_> = first.items.iter().map(|item| item.outcome.is_some()).collect();
    assert_eq!(begun, [true, true, false], "what was begun ends well, nothing more begins");
    assert!(first.log.iter().any(|l| l.text.starts_with("The window ended: one was not begun")));
    assert_eq!(serving.job().await.continues.unwrap(), "continues tomorrow 20:00");

    serving.clock.pass_until(tomorrow(20) + TimeDelta::days(1));
    let second = serving.next_run(1).await;
    serving.app.wait(&second.id).await.unwrap();
    let second = serving.run(&second.id).await;
    let names: Vec<_> = second.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["c", "a", "b"], "what was left goes first");
    assert_eq!(second.summary.state, RunStateView::Done);
    assert_eq!(serving.job().await.continues, None);
}

/// It is set ahead by half a day: a server says so, and nothing is deleted meanwhile.
async fn a_wrong_clock_is_told(serving: &Serving) {
    let told = |run: &RunSummary| {
        run.error.as_ref().is_some_and(|e| e.title.contains("does not agree with lab"))
    };
    serving.clock.set_ahead(TimeDelta::hours(12));
    while !serving.runs().await.iter().any(told) {
        serving.nudge().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The recovery point says what it does not have, and a restore does.
fn shown_afterwards(bench: &Bench) {
    let (place, key) = (bench.text("repository"), bench.text("repository.key"));
    let list = ["points", "list", "--repo-path", &place, "--key-file", &key, "--json"];
    let points = bench.run(&list).ok();
    assert_eq!(points.stdout.matches("\"short_id\"").count(), 5, "{}", points.stdout);
    assert_eq!(points.stdout.matches("Hard disk 2: left out by choice").count(), 2);
}
