//! The engine is killed with SIGKILL at each named step, in a process of its own. The next start
//! removes our snapshot and no other, and no half recovery point is listed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use kuramori_engine::Step;
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
const REACHED: &str = "reached the step";

/// The second process: backs up and stops for ever at the step. Alone it does nothing.
#[test]
fn child() {
    let Ok(order) = std::env::var(ORDER) else { return };
    let [step, dir, url, password, pin, vm] =
        <[String; 6]>::try_from(order.split('\n').map(str::to_owned).collect::<Vec<_>>()).unwrap();
    let side = Side::open(Path::new(&dir), &url, &password, &pin);
    let observer = AtStep::new(|at| {
        if format!("{at:?}") == step {
            println!("{REACHED}");
            loop {
                std::thread::park();
            }
        }
    });
    side.backup_ok(&VmRef::new(vm), &observer);
    panic!("the step {step} was never reached");
}

fn kill_at(bench: &Bench, step: Step) {
    let lab = &bench.lab;
    let dir = bench.path().display().to_string();
    let order = [
        &format!("{step:?}"),
        &dir,
        &lab.url,
        &lab.password,
        &lab.certificate_sha256,
        &bench.vm.as_str().to_owned(),
    ];
    let order: Vec<&str> = order.into_iter().map(String::as_str).collect();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child", "--nocapture"])
        .env(ORDER, order.join("\n"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reached = lines.any(|line| line.unwrap().contains(REACHED));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(reached, "the second process ended before {step:?}");
}

/// What the next start does.
fn restart(bench: &Bench) -> Side {
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
        // Somebody else's snapshot with our name: only the intent tells whose it is.
        let foreign = SnapshotRequest {
            name: "Kuramori".into(),
            description: "made by a person".into(),
            quiesce: false,
        };
        let cancel = kuramori_base::CancelToken::new();
        let made = bench.side.client.create_snapshot(&bench.vm, &foreign, &|_| {}, &cancel);
        bench.side.runtime.block_on(made).unwrap();
        bench.lab.write("vm", 0, 3 * MIB, &[2; 6_000_000]).unwrap();
        let after = bench.live(0);
        let Bench { dir, lab, vm, side } = bench;
        drop(side);
        let bench = Bench {
            side: Side::open(dir.path(), &lab.url, &lab.password, &lab.certificate_sha256),
            dir,
            lab,
            vm,
        };

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
        let left = bench.lab.vm("vm").unwrap().snapshots;
        let left: Vec<&str> = left.iter().map(|s| s.description.as_str()).collect();
        assert_eq!(left, ["made by a person"], "{step:?}: ours is gone, no other was touched");
        let next = side.backup_ok(&bench.vm, &quiet());
        assert_same(&side.restored(&next, 0), &after, &format!("{step:?}: the next backup"));
    }
}
