//! A program that owns the state folder does what others ask, ends safely, and may be killed.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kuramori_lab::{FaultKind, FaultSpec, LabHandle, LabVm};
use serde_json::Value;

use crate::bench::{Answer, Bench, noise};

const MIB: u64 = 1 << 20;
const RUN: [&str; 3] = ["job", "run", "nightly"];

/// A program that keeps jobs; it is ended with the test.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself; the test says what is wrong then.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Serving {
    fn begin(bench: &Bench) -> Self {
        let log = std::fs::File::create(bench.path("serve.log")).unwrap();
        let child = bench.program().arg("serve").stdout(Stdio::null()).stderr(log).spawn();
        let mut serving = Self(child.unwrap());
        while !said(bench).contains("Jobs are kept") {
            assert_eq!(serving.0.try_wait().unwrap(), None, "it goes on: {}", said(bench));
            pause();
        }
        serving
    }

    /// Asks it to end as the system does, and waits.
    fn terminate(mut self) -> i32 {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.0.wait().unwrap().code().expect("it ends by itself")
    }
}

fn said(bench: &Bench) -> String {
    std::fs::read_to_string(bench.path("serve.log")).unwrap()
}

fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

fn setting() -> (Bench, LabHandle) {
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab.vm(LabVm::new("web").capacity(4 * MIB)));
    lab.write("web", 0, 0, &noise(1, 2 * MIB)).unwrap();
    bench.add_server(&lab).ok();
    bench.make_quick_repository(&bench.text("repository")).ok();
    let create = ["job", "create", "nightly", "--vm", "lab:web", "--zone", "UTC"];
    bench.run(&[&create[..], &["--keep-last", "99"]].concat()).ok();
    (bench, lab)
}

/// The runs that are known, the newest first.
fn runs(bench: &Bench) -> Vec<Value> {
    let list = bench.run(&["runs", "list", "--limit", "1000", "--json"]).ok();
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    list["runs"].as_array().unwrap().clone()
}

fn states(runs: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    runs.iter().map(|run| (text(&run["state"]), text(&run["outcome"]))).collect()
}

fn snapshots(lab: &LabHandle) -> usize {
    lab.vm("web").unwrap().snapshots.len()
}

/// Holds a call of whatever comes next, and returns the fault once a call waits in it.
fn hold(lab: &LabHandle, point: &str, skip: u32) -> u64 {
    let kind = FaultKind::Hold;
    lab.add_fault(FaultSpec { kind, point: point.into(), skip, ..FaultSpec::default() }).unwrap()
}

fn waits(lab: &LabHandle) -> bool {
    lab.faults().iter().any(|fault| fault.holding > 0)
}

#[test]
fn commands_are_carried_out_by_the_program_that_serves() {
    let (bench, lab) = setting();
    let serving = Serving::begin(&bench);
    let run = bench.run(&[&RUN[..], &["--json"]].concat()).ok();
    assert_eq!(run.field("/items/0/outcome"), "succeeded", "{run:?}");
    assert!(run.stdout.contains("bottleneck"), "{}", run.stdout);
    assert!(bench.run(&["server", "list"]).ok().stdout.contains("lab"));
    assert!(bench.run(&["points", "list"]).ok().stdout.contains("web"));
    let backup = ["backup", "--server", "lab", "--repo", "place", "--vm", "web"];
    bench.run(&backup).ok();
    let second = ["job", "create", "second", "--vm", "lab:web", "--zone", "UTC"];
    bench.run(&[&second[..], &["--keep-last", "3"]].concat()).ok();
    let twice = bench.run(&[&second[..], &["--keep-last", "3"]].concat());
    assert!(twice.stderr.contains("another job is called “second”"), "{}", twice.stderr);

    let report = bench.run(&["runs", "show", "last", "--log"]).ok();
    for part in ["web: done", "reading ", "/s while reading", "Waited longest for"] {
        assert!(report.stdout.contains(part), "{part}: {}", report.stdout);
    }
    let of_job = bench.run(&["runs", "list", "--job", "nightly", "--json"]).ok();
    let of_job: Value = serde_json::from_str(&of_job.stdout).unwrap();
    assert_eq!(of_job["runs"].as_array().unwrap().len(), 1);
    let none = bench.run(&["runs", "list", "--failed", "--since", "2020-01-01"]).ok();
    assert_eq!(none.stdout, "There is no such run.\n");

    let refused: Answer = bench.run(&["points", "forget", "web@first"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("kuramori serve"), "it is named: {}", refused.stderr);
    assert_eq!(serving.terminate(), 0);
    assert!(said(&bench).contains("Ended; nothing was running."), "{}", said(&bench));
    assert!(!bench.path("state").join("owner.json").exists());
    bench.run(&["points", "forget", "web@first"]).ok();
    assert_eq!(snapshots(&lab), 0);
}

#[test]
fn a_program_that_is_ended_cuts_its_runs_off_and_makes_good_for_them_once() {
    let (bench, lab) = setting();
    let serving = Serving::begin(&bench);
    let held = hold(&lab, "QueryChangedDiskAreas", 0);
    let quiet = Stdio::null;
    let asked = bench.program().args(RUN).stdout(quiet()).stderr(quiet()).spawn();
    let mut asked = asked.unwrap();
    while !waits(&lab) {
        pause();
    }
    assert_eq!(snapshots(&lab), 1);
    lab.remove_faults(Some(held));
    assert_eq!(serving.terminate(), 0);
    assert!(!asked.wait().unwrap().success());
    assert_eq!(snapshots(&lab), 0);
    let ended = runs(&bench);
    if states(&ended) == [("done".into(), "succeeded".into())] {
        return; // it was faster than the signal
    }
    assert!(said(&bench).contains("a run was cut off"), "{}", said(&bench));
    assert_eq!(states(&ended), [("interrupted".into(), "failed".into())]);
    let _serving = Serving::begin(&bench);
    let good = [("done".into(), "succeeded".into()), ("interrupted".into(), "failed".into())];
    settled(&bench, 2);
    assert_eq!(states(&runs(&bench)), good);
}

/// Waits until there are so many runs, all of them over.
fn settled(bench: &Bench, count: usize) {
    loop {
        let known = runs(bench);
        if known.len() >= count && known.iter().all(|run| !run["outcome"].is_null()) {
            return;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Kills the program that serves at moments of a job's run that are spread over its calls.
/// `KURAMORI_SOAK=10` tries ten times as many.
#[test]
fn killed_at_any_moment_of_a_run_it_cleans_up_and_makes_good_once() {
    const TIMES: u32 = 5;
    let soak = std::env::var("KURAMORI_SOAK").ok().and_then(|n| n.parse().ok()).unwrap_or(1u32);
    let times = TIMES * soak;
    let (bench, lab) = setting();
    bench.run(&RUN).ok();
    lab.write("web", 0, MIB, &noise(2, MIB)).unwrap();
    let serving = Serving::begin(&bench);
    lab.reset_stats();
    bench.run(&RUN).ok();
    let stats = lab.stats();
    let requests: u64 = stats.folder.values().map(|served| served.requests).sum();
    let calls = u32::try_from(stats.calls.values().sum::<u64>() + requests).unwrap();
    drop(serving);
    let mut cut = 0;
    for n in 0..times {
        let before = runs(&bench).len();
        let mut serving = Serving::begin(&bench);
        let held = hold(&lab, "*", n * calls / times);
        let quiet = Stdio::null;
        let asked = bench.program().args(RUN).stdout(quiet()).stderr(quiet()).spawn();
        let mut asked = asked.unwrap();
        while !waits(&lab) && asked.try_wait().unwrap().is_none() {
            pause();
        }
        serving.0.kill().unwrap();
        serving.0.wait().unwrap();
        lab.remove_faults(Some(held));
        let told = asked.wait().unwrap();

        let serving = Serving::begin(&bench);
        let known = runs(&bench);
        let begun = known.len() - before;
        if begun > 0 {
            // Whatever was cut off is run again, once; nothing else is.
            let was_cut = known.iter().rev().skip(before).any(|run| run["state"] == "interrupted");
            cut += u32::from(was_cut);
            settled(&bench, before + 1 + usize::from(was_cut));
            assert!(!was_cut || !told.success(), "kill {n}: whoever asked is told");
            let now = runs(&bench);
            assert_eq!(now.len(), before + 1 + usize::from(was_cut), "kill {n}");
            assert_eq!(now[0]["outcome"], "succeeded", "kill {n}: {:?}", now[0]);
        }
        assert_eq!(snapshots(&lab), 0, "kill {n}: a snapshot is left");
        let jobs = bench.run(&["job", "list"]).ok();
        assert!(jobs.stdout.contains("nightly"), "kill {n}: {}", jobs.stdout);
        drop(serving);
    }
    assert!(cut > 0, "none of {times} kills cut a run off");
}
