//! The engine is killed with SIGKILL at each named step and at random moments, in a process of its
//! own. The next start removes our snapshot and no other, and no half recovery point is listed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use kuramori_engine::{Cold, Step};
use kuramori_lab::LabVm;
use kuramori_vsphere::{SnapshotRequest, VmRef};

use crate::bench::{AtStep, Bench, Side, assert_same, quiet};

const MIB: u64 = 1 << 20;
const STEPS: [Step; 6] = [
    Step::BeforeSnapshot,
    Step::AfterSnapshot,
    Step::MidRead,
    Step::BeforeCommit,
    Step::AfterCommit,
    Step::BeforeRemove,
];
/// Tells the second process what to do: step, folder, url, password, pin, VM.
const ORDER: &str = "KURAMORI_TEST_CRASH";
/// Before the step of a copy without a snapshot.
const COLD: &str = "cold ";
const REACHED: &str = "reached the step";
/// An order to go on to the end.
const NO_STEP: &str = "none";
const THEIRS: &str = "made by a person";

/// The second process: backs up and stops for ever at the step. Alone it does nothing.
#[test]
fn child() {
    let Ok(order) = std::env::var(ORDER) else { return };
    let [step, dir, url, password, pin, vm] =
        <[String; 6]>::try_from(order.split('\n').map(str::to_owned).collect::<Vec<_>>()).unwrap();
    let mut side = Side::open(Path::new(&dir), &url, &password, &pin);
    let (step, cold) = match step.strip_prefix(COLD) {
        Some(step) => (step.to_owned(), true),
        None => (step, false),
    };
    side.policy.cold = cold.then(|| Cold::new(true));
    let observer = AtStep::new(|at| {
        if format!("{at:?}") == step {
            println!("{REACHED}");
            loop {
                std::thread::park();
            }
        }
    });
    side.backup_ok(&VmRef::new(vm), &observer);
    assert_eq!(step, NO_STEP, "the step was never reached");
}

/// Starts the second process.
fn start(bench: &Bench, step: &str) -> Child {
    let lab = &bench.lab;
    let dir = bench.path().display().to_string();
    let order = [
        &step.to_owned(),
        &dir,
        &lab.url,
        &lab.password,
        &lab.certificate_sha256,
        &bench.vm.as_str().to_owned(),
    ];
    let order: Vec<&str> = order.into_iter().map(String::as_str).collect();
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child", "--nocapture"])
        .env(ORDER, order.join("\n"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

pub fn kill_at(bench: &Bench, step: Step) {
    kill_in(bench, &format!("{step:?}"));
}

fn kill_in(bench: &Bench, step: &str) {
    let mut child = start(bench, step);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reached = lines.any(|line| line.unwrap().contains(REACHED));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(reached, "the second process ended before {step}");
}

/// A snapshot of somebody else with our name: only the intent tells whose it is.
fn make_foreign_snapshot(bench: &Bench) {
    let foreign =
        SnapshotRequest { name: "Kuramori".into(), description: THEIRS.into(), quiesce: false };
    let cancel = kuramori_base::CancelToken::new();
    let made = bench.side.client.create_snapshot(&bench.vm, &foreign, &|_| {}, &cancel);
    bench.side.runtime.block_on(made).unwrap();
}

/// Descriptions of the snapshots that are there.
fn left(bench: &Bench) -> Vec<String> {
    let vm = bench.lab.vm("vm").unwrap();
    vm.snapshots.into_iter().map(|snapshot| snapshot.description).collect()
}

/// Lets go of what only one process may hold.
pub fn without_side(bench: Bench) -> Bench {
    let Bench { dir, lab, vm, side } = bench;
    drop(side);
    let side = Side::open(dir.path(), &lab.url, &lab.password, &lab.certificate_sha256);
    Bench { dir, lab, vm, side }
}

/// What the next start does.
pub fn restart(bench: &Bench) -> Side {
    let lab = &bench.lab;
    let side = Side::open(&bench.path(), &lab.url, &lab.password, &lab.certificate_sha256);
    side.log.interrupt_unfinished().unwrap();
    side.recover();
    side
}

#[test]
fn killed_at_every_step() {
    for step in STEPS {
        let bench = Bench::new(|lab| lab.vm(LabVm::new("vm").capacity(16 * MIB)));
        bench.lab.write("vm", 0, 0, &[1; 5_000_000]).unwrap();
        let first = bench.side.backup_ok(&bench.vm, &quiet());
        let before = bench.live(0);
        make_foreign_snapshot(&bench);
        bench.lab.write("vm", 0, 3 * MIB, &[2; 6_000_000]).unwrap();
        let after = bench.live(0);
        let bench = without_side(bench);

        kill_at(&bench, step);
        let side = restart(&bench);

        let committed = matches!(step, Step::AfterCommit | Step::BeforeRemove);
        let points = side.points();
        assert_eq!(
            points.len(),
            if committed { 2 } else { 1 },
            "{step:?}: no half point is listed"
        );
        assert_same(&side.restored(&first, 0), &before, &format!("{step:?}: the first point"));
        if let Some(second) = points.get(1) {
            let second = side.repository.point(*second).unwrap();
            assert_same(&side.restored(&second, 0), &after, &format!("{step:?}: the second point"));
        }
        assert_eq!(left(&bench), [THEIRS], "{step:?}: ours is gone, no other was touched");
        let next = side.backup_ok(&bench.vm, &quiet());
        assert_same(&side.restored(&next, 0), &after, &format!("{step:?}: the next backup"));
    }
}

/// `KURAMORI_SOAK=20` makes it a thousand.
#[cfg(not(windows))]
#[test]
fn fifty_kills_at_random_moments() {
    use std::time::Duration;

    use kuramori_base::Clock;

    let times = std::env::var("KURAMORI_SOAK").ok().and_then(|n| n.parse().ok()).unwrap_or(1u32);
    let bench = Bench::new(|lab| lab.vm(LabVm::new("vm").capacity(16 * MIB)));
    bench.lab.write("vm", 0, 0, &[1; 5_000_000]).unwrap();
    bench.side.backup_ok(&bench.vm, &quiet());
    make_foreign_snapshot(&bench);
    let bench = without_side(bench);
    let clock = crate::bench::clock();
    let began = clock.monotonic();
    assert!(start(&bench, NO_STEP).wait().unwrap().success());
    let whole = clock.monotonic().saturating_sub(began);

    let (mut killed, mut listed) = (0, 0);
    for round in 0..50 * times {
        let place = u64::from(round) * 3 * MIB / 2 % (15 * MIB);
        bench.lab.write("vm", 0, place, &[round as u8; 300_000]).unwrap();
        let moment = whole.mul_f64(fastrand::f64() * 1.1);
        let mut child = start(&bench, NO_STEP);
        std::thread::sleep(moment);
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();

        let side = restart(&bench);
        // The host may have been at work on a snapshot: the guardian comes again.
        std::thread::sleep(Duration::from_millis(100));
        side.recover();
        let about = format!("round {round}, killed after {moment:?} of {whole:?}");
        assert_eq!(left(&bench), [THEIRS], "{about}: ours is gone, no other was touched");
        assert_eq!(bench.lab.open_leases(), 0, "{about}");
        let points = side.points();
        assert!(points.len() >= listed, "{about}: no recovery point is lost");
        listed = points.len();
    }
    assert!(killed > 20 * times, "most are killed while they work, not {killed}");
    let side = restart(&bench);
    for point in side.points() {
        let manifest = side.repository.point(point).unwrap();
        side.restored(&manifest, 0);
    }
    let last = side.backup_ok(&bench.vm, &quiet());
    assert_same(&side.restored(&last, 0), &bench.live(0), "the last backup");
}

/// A guest that was shut down for a copy runs again after the next start, wherever the copy was
/// cut off, and the copy can be made once more.
#[test]
fn killed_while_a_vm_is_off_for_a_copy() {
    let steps = [
        Step::ShuttingDown,
        Step::SwitchedOff,
        Step::MidRead,
        Step::BeforeCommit,
        Step::AfterCommit,
    ];
    for step in steps {
        let bench = Bench::new(|lab| lab.vm(LabVm::new("vm").capacity(8 * MIB)));
        bench.lab.write("vm", 0, 0, &[1; 5_000_000]).unwrap();
        let bench = without_side(bench);
        kill_in(&bench, &format!("{COLD}{step:?}"));
        let was_off = !bench.lab.vm("vm").unwrap().powered_on;
        assert_eq!(was_off, step != Step::ShuttingDown, "{step:?}");
        let mut side = restart(&bench);
        assert!(bench.lab.vm("vm").unwrap().powered_on, "{step:?}: it runs again");
        assert_eq!(side.points().len(), usize::from(step == Step::AfterCommit), "{step:?}");
        side.policy.cold = Some(Cold::new(true));
        let copy = side.backup_ok(&bench.vm, &quiet());
        assert_same(&side.restored(&copy, 0), &bench.live(0), "the copy");
        assert!(bench.lab.vm("vm").unwrap().powered_on, "{step:?}: and again");
    }
}
