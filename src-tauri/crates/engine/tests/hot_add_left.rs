//! Disks attached to the VM that the engine runs in go again, whatever happens, and no others do.

use kuramori_base::CancelToken;
use kuramori_engine::{EngineError, RunEvent, Step};
use kuramori_jobs::{Level, Outcome};
use kuramori_lab::{FaultSpec, LabVm};
use kuramori_vsphere::{DiskMode, VmRef};

use crate::bench::{AtStep, Bench, assert_same, quiet};
use crate::crash::{kill_at, restart, without_side};
use crate::hot_add::{HOT_ADD, MIB, bench, bench_with, nothing_is_left, own};

#[test]
fn a_cancelled_or_panicking_backup_detaches_what_it_attached() {
    for step in [Step::BeforeAttach, Step::Attached, Step::MidRead] {
        let bench = bench();
        let cancel = CancelToken::new();
        let observer = AtStep::new(|at| {
            if at == step {
                cancel.cancel();
            }
        });
        let report = bench.side.backup(&bench.vm, &observer, &cancel);
        assert_eq!(report.outcome, Outcome::Cancelled, "{step:?}: {:?}", report.error);
        nothing_is_left(&bench);

        let observer = AtStep::new(|at| assert!(at != step, "a fault of ours"));
        let report = bench.side.backup(&bench.vm, &observer, &CancelToken::new());
        assert_eq!(report.outcome, Outcome::Failed, "{step:?}");
        nothing_is_left(&bench);
    }
}

/// Wherever the program is killed, its next start detaches the disk, removes the snapshot and
/// touches no disk of others.
#[test]
fn killed_between_promise_and_end() {
    for step in
        [Step::BeforeAttach, Step::Attached, Step::MidRead, Step::BeforeDetach, Step::Detached]
    {
        let bench = bench_with(own(), |lab| {
            lab.vm(LabVm::new("theirs").capacity(2 * MIB).powered_on(false))
        });
        attach_theirs(&bench);
        let bench = without_side(bench);
        kill_at(&bench, step);
        let hung = matches!(step, Step::Attached | Step::MidRead | Step::BeforeDetach);
        let visitors = || bench.lab.vm("own").unwrap().visitors;
        assert_eq!(visitors().len(), 1 + usize::from(hung), "{step:?}");

        let mut side = restart(&bench);
        assert_eq!(visitors(), [THEIRS], "{step:?}: ours is detached, no other");
        if step == Step::BeforeAttach {
            // The server may have been asked, and be about to do it.
            assert_eq!(bench.snapshots().len(), 1, "the snapshot stays");
            let report = side.backup(&bench.vm, &quiet(), &CancelToken::new());
            assert!(matches!(report.error, Some(EngineError::MayHang(_))), "{:?}", report.error);
            assert_eq!(bench.snapshots().len(), 1, "no second one joins it");
            // In another version of the VM the server does not do it any more.
            bench.lab.touch_vm("own").unwrap();
            drop(side);
            side = restart(&bench);
        }
        assert!(bench.snapshots().is_empty(), "{step:?}");
        let vm = bench.lab.vm("vm").unwrap();
        assert!(!vm.consolidation_needed && vm.disks[0].chain.len() == 1, "{step:?}");
        let manifest = side.backup_ok(&bench.vm, &quiet());
        assert_same(&side.restored(&manifest, 0), &bench.live(0), "the next backup");
        assert_eq!(manifest.disks[0].transport, HOT_ADD, "{step:?}");
        assert_eq!(visitors(), [THEIRS], "{step:?}");
    }
}

const THEIRS: &str = "[datastore1] theirs/theirs.vmdk";

/// Attaches a disk of another VM to ours, as another program does.
fn attach_theirs(bench: &Bench) -> VmRef {
    assert_eq!(bench.lab.attach_for_others("own", "theirs", (1, None)).unwrap(), THEIRS);
    VmRef::new(bench.lab.vm("own").unwrap().id)
}

/// A disk that cannot be detached keeps its snapshot, both are told, and the guardian takes both
/// away once it can: the disk first.
#[test]
fn the_snapshot_stays_until_the_disk_can_be_detached() {
    let bench = bench();
    let stuck = FaultSpec {
        point: "ReconfigVM_Task".into(),
        fault: Some("FileLocked".into()),
        skip: 1,
        ..FaultSpec::default()
    };
    let stuck = bench.lab.add_fault(stuck).unwrap();
    let observer = quiet();
    let report = bench.side.backup(&bench.vm, &observer, &CancelToken::new());
    assert_eq!(report.outcome, Outcome::SucceededWithWarnings, "{:?}", report.error);
    let told = |wanted: fn(&RunEvent) -> bool| {
        let events = observer.events();
        events.iter().any(|(level, event)| *level == Level::Warning && wanted(event))
    };
    assert!(told(|event| matches!(event, RunEvent::StillAttached { .. })));
    assert!(told(|event| matches!(event, RunEvent::SnapshotLeft { .. })));
    assert_eq!(bench.lab.vm("own").unwrap().visitors.len(), 1);
    assert_eq!(bench.snapshots().len(), 1, "it is not removed under a reader");
    let intents = kuramori_engine::open_intents(&bench.side.log).unwrap();
    assert_eq!(intents.len(), 2);
    let free = || true;
    for intent in &intents {
        let clock = crate::bench::clock();
        let recovered =
            kuramori_engine::recover(&bench.side.client, &bench.side.log, intent, &*clock, &free);
        assert!(bench.side.runtime.block_on(recovered).is_err(), "neither is possible yet");
    }
    bench.lab.remove_faults(Some(stuck));
    assert_eq!(bench.side.recover(), 2, "the disk, then the snapshot");
    nothing_is_left(&bench);
}

/// Disks of others that hang on our VM are not ours to detach, not even those that look the same.
#[test]
fn foreign_disks_on_our_vm_are_left_alone() {
    let bench =
        bench_with(own(), |lab| lab.vm(LabVm::new("theirs").capacity(2 * MIB).powered_on(false)));
    let own = attach_theirs(&bench);
    let visitors = || bench.lab.vm("own").unwrap().visitors;
    assert_eq!(visitors(), [THEIRS]);
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert_eq!(manifest.disks[0].transport, HOT_ADD, "there is another place");
    assert_eq!(visitors(), [THEIRS]);
    let seen = bench.side.runtime.block_on(bench.side.client.visitors(&own)).unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].mode, DiskMode::IndependentNonpersistent);
}

/// Two runs at once, and more disks than one controller has places.
#[test]
fn several_disks_at_once_do_not_race_for_places() {
    let crowded = (0..14).fold(own(), |vm, _| vm.capacity(MIB));
    let bench = bench_with(crowded, |lab| lab.vm(LabVm::new("second").capacity(4 * MIB)));
    let second = VmRef::new(bench.lab.vm("second").unwrap().id);
    let together = std::sync::Barrier::new(2);
    std::thread::scope(|scope| {
        for vm in [&bench.vm, &second] {
            let (side, together) = (&bench.side, &together);
            scope.spawn(move || {
                let observer = AtStep::new(|step| {
                    if step == Step::AfterSnapshot {
                        together.wait();
                    }
                });
                let manifest = side.backup_ok(vm, &observer);
                assert_eq!(manifest.disks[0].transport, HOT_ADD);
            });
        }
    });
    nothing_is_left(&bench);
}

/// An intent of a run that is gone and the disk of a run that lives are about the same file: only
/// while no run has the VM is it detached.
#[test]
fn the_guardian_leaves_the_disk_of_a_live_run_alone() {
    let bench = bench();
    let bench = without_side(bench);
    kill_at(&bench, Step::BeforeAttach);
    let old = kuramori_engine::open_intents(&bench.side.log).unwrap();
    bench.lab.touch_vm("own").unwrap();
    let observer = AtStep::new(|step| {
        if step == Step::Attached {
            assert!(!bench.side.recover_unless(&old[0], true), "the VM is busy");
        }
    });
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_eq!(manifest.disks[0].transport, HOT_ADD);
    assert!(bench.lab.vm("own").unwrap().visitors.is_empty());
}

/// A disk that another run reads in our own VM is no disk of it that a backup would leave out.
#[test]
fn our_own_vm_is_backed_up_while_a_disk_visits_it() {
    let bench = bench();
    let own = VmRef::new(bench.lab.vm("own").unwrap().id);
    let observer = AtStep::new(|step| {
        if step == Step::Attached {
            let inner = quiet();
            let report = bench.side.backup(&own, &inner, &CancelToken::new());
            assert_eq!(report.outcome, Outcome::Succeeded, "{:?}", inner.events());
            let manifest = bench.side.repository.point(report.point.unwrap()).unwrap();
            assert_eq!((manifest.disks.len(), manifest.not_included.len()), (1, 0));
        }
    });
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_eq!(manifest.disks[0].transport, HOT_ADD);
    nothing_is_left(&bench);
}

/// A disk that is attached but not recognised is neither detached nor forgotten.
#[test]
fn a_disk_that_is_not_recognised_keeps_its_snapshot() {
    let bench = bench();
    let uuid = bench.lab.vm("vm").unwrap().disks[0].uuid.clone();
    let observer = AtStep::new(|step| {
        if step == Step::BeforeDetach {
            bench.lab.set_disk_uuid("vm", 0, "6000C290-0000-0000-0000-00000000beef").unwrap();
        }
    });
    let report = bench.side.backup(&bench.vm, &observer, &CancelToken::new());
    assert_eq!(report.outcome, Outcome::SucceededWithWarnings, "{:?}", report.error);
    let told = |wanted: fn(&RunEvent) -> bool| observer.events().iter().any(|(_, e)| wanted(e));
    assert!(told(|event| matches!(event, RunEvent::StillAttached { .. })));
    assert!(told(|event| matches!(event, RunEvent::SnapshotLeft { .. })));
    assert_eq!(bench.lab.vm("own").unwrap().visitors.len(), 1);
    assert_eq!(bench.snapshots().len(), 1, "it is not removed under a reader");
    // Nor does each later run leave one more.
    let again = bench.side.backup(&bench.vm, &quiet(), &CancelToken::new());
    assert!(matches!(again.error, Some(EngineError::MayHang(_))), "{:?}", again.error);
    assert_eq!(bench.snapshots().len(), 1);
    bench.lab.set_disk_uuid("vm", 0, &uuid).unwrap();
    assert_eq!(bench.side.recover(), 2, "the disk, then the snapshot");
    nothing_is_left(&bench);
}

/// Trouble on the way to the server after it has begun proves nothing: what it attached is detached.
#[test]
fn a_disk_that_was_attached_although_the_call_failed_is_detached() {
    let bench = bench();
    let after = FaultSpec {
        point: "ReconfigVM_Task".into(),
        fault: Some("SystemError".into()),
        when: kuramori_lab::FaultWhen::After,
        times: Some(1),
        ..FaultSpec::default()
    };
    bench.lab.add_fault(after).unwrap();
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert_ne!(manifest.disks[0].transport, HOT_ADD);
    nothing_is_left(&bench);
}

/// Our own VM was taken off the list and put back while a disk hung on it.
#[test]
fn a_disk_is_found_on_our_vm_under_another_reference() {
    let bench = without_side(bench());
    kill_at(&bench, Step::Attached);
    let before = bench.lab.vm("own").unwrap().id;
    bench.lab.reregister_vm("own").unwrap();
    assert_ne!(bench.lab.vm("own").unwrap().id, before);
    let side = restart(&bench);
    drop(side);
    nothing_is_left(&bench);
}
