//! VMs that are off, copied without a snapshot.

use std::num::NonZeroUsize;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kuramori_base::CancelToken;
use kuramori_engine::{Budget, Budgets, Cold, EngineError, RunEvent, Step, open_intents};
use kuramori_jobs::Outcome;
use kuramori_lab::{FaultKind, FaultSpec, LabVm, Special};
use kuramori_repo::Consistency;
use kuramori_vsphere::VmRef;

use crate::bench::{AtStep, Bench, assert_same, quiet};

const MIB: u64 = 1 << 20;

fn bench(vm: impl FnOnce(LabVm) -> LabVm, shut_down: bool) -> Bench {
    let vm = vm(LabVm::new("vm").capacity(8 * MIB).capacity(2 * MIB));
    let mut bench = Bench::new(|lab| lab.vm(vm));
    bench.lab.write("vm", 0, MIB, &[7; 3_000_000]).unwrap();
    bench.lab.write("vm", 1, 512, &[9; 1000]).unwrap();
    let patience = Duration::from_secs(1);
    bench.side.policy.cold = Some(Cold { shut_down, patience });
    bench
}

fn off(vm: LabVm) -> LabVm {
    vm.powered_on(false)
}

fn fault(kind: FaultKind, point: &str) -> FaultSpec {
    FaultSpec { kind, point: point.to_owned(), ..FaultSpec::default() }
}

fn assert_nothing_left(bench: &Bench, runs: bool) {
    assert!(open_intents(&bench.side.log).unwrap().is_empty(), "no intent stays open");
    assert_eq!(bench.lab.vm("vm").unwrap().powered_on, runs);
    assert!(bench.snapshots().is_empty());
}

/// The free ESXi refuses every change, and reads.
#[test]
fn a_free_host_is_copied_and_comes_back_byte_for_byte() {
    let bench = bench(|vm| off(vm).independent(), false);
    bench.lab.add_fault(fault(FaultKind::RestrictedLicense, "*")).unwrap();
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    for disk in 0..2 {
        assert_same(&bench.side.restored(&manifest, disk), &bench.live(disk), "the copy");
    }
    assert_eq!(manifest.consistency, Consistency::Crash);
    assert_eq!(manifest.disks[0].change_id, None, "nothing is built on it by changed areas");
    bench.lab.write("vm", 0, 6 * MIB, &[1; 1000]).unwrap();
    let again = bench.side.backup_ok(&bench.vm, &quiet());
    assert!(again.disks[0].new_bytes.get() < MIB, "what did not change is stored once");
    assert_same(&bench.side.restored(&again, 0), &bench.live(0), "the second copy");
    assert_nothing_left(&bench, false);
    let calls = bench.lab.stats().calls;
    for change in ["CreateSnapshot_Task", "ReconfigVM_Task", "PowerOnVM_Task", "ShutdownGuest"] {
        assert!(!calls.contains_key(change), "{change} was asked for");
    }
}

/// The end of the VM's own log, for whoever wants to know what it did last.
#[test]
fn the_log_is_kept_beside_the_configuration() {
    let bench = bench(off, false);
    let mut open = vec![bench.path().join("lab")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("vm.nvram") {
                let log = format!("{}the end", "a line\n".repeat(100_000));
                std::fs::write(path.with_file_name("vmware.log"), log).unwrap();
            } else if path.is_dir() {
                open.push(path);
            }
        }
    }
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    let config: serde_json::Value = serde_json::from_slice(&manifest.config).unwrap();
    let log = config["log"].as_str().unwrap();
    assert!(log.ends_with("a line\nthe end") && log.len() == 256 << 10, "{} bytes", log.len());
    assert!(config["vmx"].as_str().unwrap().contains("displayName"));
    assert!(config["nvram"].is_string());
}

#[test]
fn snapshots_lie_below_what_is_copied() {
    let bench = bench(off, false);
    bench.lab.create_snapshot("vm", "one").unwrap();
    bench.lab.write("vm", 0, 2 * MIB, &[3; 500_000]).unwrap();
    bench.lab.create_snapshot("vm", "two").unwrap();
    bench.lab.write("vm", 0, 5 * MIB, &[4; 500_000]).unwrap();
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert_same(&bench.side.restored(&manifest, 0), &bench.live(0), "the newest state");
    assert_eq!(bench.snapshots().len(), 2, "they stay");
}

#[test]
fn a_template_is_copied() {
    let bench = bench(|vm| vm.special(Special::Template), true);
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert_same(&bench.side.restored(&manifest, 0), &bench.live(0), "the template");
    assert_nothing_left(&bench, false);
}

#[test]
fn a_running_vm_is_refused_unless_it_may_be_shut_down() {
    let mut bench = bench(|vm| vm, false);
    let refused = bench.side.backup(&bench.vm, &quiet(), &CancelToken::new());
    assert!(matches!(refused.error, Some(EngineError::Runs)), "{:?}", refused.error);
    assert_nothing_left(&bench, true);
    bench.side.policy.cold = Some(Cold { shut_down: true, patience: Duration::from_secs(5) });
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_same(&bench.side.restored(&manifest, 0), &bench.live(0), "the copy");
    assert_eq!(manifest.consistency, Consistency::Application, "the guest shut down by itself");
    let events: Vec<_> = observer.events().into_iter().map(|(_, event)| event).collect();
    for wanted in [RunEvent::ShuttingDown, RunEvent::SwitchedOff, RunEvent::SwitchedOn] {
        assert!(events.contains(&wanted), "{wanted:?} in {events:?}");
    }
    assert_nothing_left(&bench, true);
}

#[test]
fn what_is_switched_on_in_the_middle_is_not_kept() {
    for again_off in [false, true] {
        let bench = bench(off, false);
        let observer = AtStep::new(|step| {
            // Once; that it runs or ran already is fine.
            if step == Step::MidRead {
                drop(bench.lab.switch("vm", true));
                if again_off {
                    drop(bench.lab.switch("vm", false));
                }
            }
        });
        let failed = bench.side.backup(&bench.vm, &observer, &CancelToken::new());
        assert!(matches!(failed.error, Some(EngineError::WokeUp)), "{:?}", failed.error);
        assert_eq!(failed.outcome, Outcome::Failed);
        assert!(bench.side.points().is_empty(), "nothing was kept");
        assert_nothing_left(&bench, !again_off);
    }
}

/// Whoever switches the VM on wants it to run, and whoever shuts it down afterwards wants it off.
#[test]
fn a_vm_that_somebody_else_switched_on_is_left_to_them() {
    let mut bench = bench(|vm| vm, true);
    bench.side.policy.cold = Some(Cold { shut_down: true, patience: Duration::from_mins(10) });
    let observer = AtStep::new(|step| {
        if step == Step::MidRead {
            drop(bench.lab.switch("vm", true));
        }
    });
    let failed = bench.side.backup(&bench.vm, &observer, &CancelToken::new());
    assert!(matches!(failed.error, Some(EngineError::WokeUp)), "{:?}", failed.error);
    assert_nothing_left(&bench, true);
    bench.lab.switch("vm", false).unwrap();
    assert_eq!(bench.side.recover(), 0, "their shutdown is not undone");
    assert_nothing_left(&bench, false);
}

/// While others read from its host, the VM runs.
#[test]
fn the_turn_comes_before_the_shutdown() {
    let one = LabVm::new("vm").capacity(8 * MIB).capacity(2 * MIB);
    let mut bench = Bench::new(|lab| lab.vm(one).vm(LabVm::new("other").capacity(MIB)));
    bench.lab.write("other", 0, 0, &[5; 100_000]).unwrap();
    let cold = Cold { shut_down: true, patience: Duration::from_secs(5) };
    bench.side.policy.cold = Some(cold);
    let one = Budget { per_host: NonZeroUsize::MIN, per_datastore: NonZeroUsize::MIN };
    bench.side.budgets = Budgets::new(move || one);
    let (reading, go_on) = (Barrier::new(2), Barrier::new(2));
    let held = AtomicBool::new(false);
    let hold = AtStep::new(|step| {
        if step == Step::MidRead && !held.swap(true, Ordering::SeqCst) {
            reading.wait();
            go_on.wait();
        }
    });
    let other = VmRef::new(bench.lab.vm("other").unwrap().id);
    let observer = quiet();
    let waits = |(_, event): &(_, RunEvent)| matches!(event, RunEvent::WaitingForTurn { .. });
    let report = std::thread::scope(|scope| {
        scope.spawn(|| bench.side.backup(&other, &hold, &CancelToken::new()));
        reading.wait();
        let report = scope.spawn(|| bench.side.backup(&bench.vm, &observer, &CancelToken::new()));
        while !observer.events().iter().any(waits) && !report.is_finished() {
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(300));
        let runs = bench.lab.vm("vm").unwrap().powered_on;
        go_on.wait();
        (report.join().unwrap(), runs)
    });
    let (report, runs) = report;
    assert!(report.error.is_none(), "{:?}", report.error);
    assert!(runs, "it was not shut down before its turn");
    let events: Vec<_> = observer.events().into_iter().map(|(_, event)| event).collect();
    let at = |wanted: &RunEvent| events.iter().position(|event| event == wanted);
    let told = RunEvent::WaitingForTurn { disk: "Hard disk 1, Hard disk 2".to_owned() };
    assert!(at(&told).unwrap() < at(&RunEvent::ShuttingDown).unwrap(), "{events:?}");
    assert_nothing_left(&bench, true);
}

#[test]
fn a_vm_runs_again_after_a_failure_and_after_a_cancel() {
    let mut bench = bench(|vm| vm, true);
    let cancel = CancelToken::new();
    let observer = AtStep::new(|step| {
        if step == Step::MidRead {
            cancel.cancel();
        }
    });
    let stopped = bench.side.backup(&bench.vm, &observer, &cancel);
    assert_eq!(stopped.outcome, Outcome::Cancelled, "{:?}", stopped.error);
    assert_nothing_left(&bench, true);

    bench.lab.add_fault(fault(FaultKind::Locked, "folder")).unwrap();
    let failed = bench.side.backup(&bench.vm, &quiet(), &CancelToken::new());
    assert!(matches!(failed.error, Some(EngineError::NoWay { .. })), "{:?}", failed.error);
    assert_nothing_left(&bench, true);
    bench.lab.remove_faults(None);

    // While the guest takes its time.
    bench.side.policy.cold = Some(Cold { shut_down: true, patience: Duration::from_secs(20) });
    let held = bench.lab.add_fault(fault(FaultKind::Hold, "guest")).unwrap();
    let cancel = CancelToken::new();
    let stop = cancel.clone();
    let report = std::thread::scope(|scope| {
        let lab = &bench.lab;
        scope.spawn(move || {
            std::thread::sleep(Duration::from_millis(600));
            stop.cancel();
            std::thread::sleep(Duration::from_millis(600));
            lab.remove_faults(Some(held));
        });
        bench.side.backup(&bench.vm, &quiet(), &cancel)
    });
    assert_eq!(report.outcome, Outcome::Cancelled, "{:?}", report.error);
    assert_nothing_left(&bench, true);
}

/// Whoever makes a snapshot of a VM that is off may need it off: a restore over it does.
#[test]
fn a_backup_by_snapshot_leaves_a_vm_off_that_has_to_run_again() {
    let mut bench = bench(|vm| vm, true);
    bench.lab.add_fault(fault(FaultKind::Hold, "guest")).unwrap();
    let failed = bench.side.backup(&bench.vm, &quiet(), &CancelToken::new());
    assert!(matches!(failed.error, Some(EngineError::StillRuns { .. })), "{:?}", failed.error);
    bench.lab.remove_faults(None);
    while bench.lab.vm("vm").unwrap().powered_on {
        std::thread::sleep(Duration::from_millis(20));
    }
    let cold = bench.side.policy.cold.take();
    bench.side.backup_ok(&bench.vm, &quiet());
    assert!(!bench.lab.vm("vm").unwrap().powered_on, "the guardian turns it on, no backup does");
    assert_eq!(open_intents(&bench.side.log).unwrap().len(), 1, "nobody forgot it");
    // A run that holds the VM keeps the guardian away.
    let intent = open_intents(&bench.side.log).unwrap().remove(0);
    assert!(!bench.side.recover_unless(&intent, true), "a run took it");
    assert!(!bench.lab.vm("vm").unwrap().powered_on);
    bench.side.policy.cold = cold;
    assert_eq!(bench.side.recover(), 1);
    assert_nothing_left(&bench, true);
}

#[test]
fn a_guest_that_does_not_shut_down_is_left_running() {
    let bench = bench(|vm| vm, true);
    bench.lab.add_fault(fault(FaultKind::Hold, "guest")).unwrap();
    let failed = bench.side.backup(&bench.vm, &quiet(), &CancelToken::new());
    assert!(matches!(failed.error, Some(EngineError::StillRuns { .. })), "{:?}", failed.error);
    assert_eq!(open_intents(&bench.side.log).unwrap().len(), 1, "it may still go down");
    assert_eq!(bench.side.recover(), 0, "it runs");
    // It does go down, long after everybody gave up on it.
    bench.lab.remove_faults(None);
    while bench.lab.vm("vm").unwrap().powered_on {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(bench.side.recover(), 1);
    assert_nothing_left(&bench, true);
    assert!(!bench.lab.stats().calls.contains_key("PowerOffVM_Task"), "never the hard way");
}

#[test]
fn a_guest_without_tools_and_a_free_host_are_left_as_they_are() {
    let without = bench(|vm| vm.tools(false), true);
    let failed = without.side.backup(&without.vm, &quiet(), &CancelToken::new());
    assert!(matches!(failed.error, Some(EngineError::ShutDown(_))), "{:?}", failed.error);
    assert_nothing_left(&without, true);
    let free = bench(|vm| vm, true);
    free.lab.add_fault(fault(FaultKind::RestrictedLicense, "*")).unwrap();
    let failed = free.side.backup(&free.vm, &quiet(), &CancelToken::new());
    assert!(matches!(failed.error, Some(EngineError::ShutDown(_))), "{:?}", failed.error);
    assert_nothing_left(&free, true);
}

#[test]
fn a_vm_that_cannot_be_switched_on_again_is_told_of_and_tried_again() {
    let bench = bench(|vm| vm, true);
    bench
        .lab
        .add_fault(FaultSpec {
            fault: Some("NoDiskSpace".to_owned()),
            times: Some(1),
            ..fault(FaultKind::Fault, "PowerOnVM_Task")
        })
        .unwrap();
    let observer = quiet();
    let report = bench.side.backup(&bench.vm, &observer, &CancelToken::new());
    assert_eq!(report.outcome, Outcome::SucceededWithWarnings, "{:?}", report.error);
    let told = |(_, event): &(_, RunEvent)| matches!(event, RunEvent::NotSwitchedOn { .. });
    assert!(observer.events().iter().any(told));
    assert_eq!(bench.side.recover(), 1);
    assert_nothing_left(&bench, true);
}
