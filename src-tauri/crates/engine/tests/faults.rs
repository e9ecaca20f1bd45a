//! What the server may do to a backup: it fails loudly, and leaves nothing behind.

use kuramori_base::CancelToken;
use kuramori_engine::{EngineError, RunEvent, Step, open_intents};
use kuramori_jobs::{Level, Outcome};
use kuramori_lab::{FaultKind, FaultSpec, LabVm};
use kuramori_repo::Consistency;
use kuramori_vsphere::VsphereError;

use crate::bench::{AtStep, Bench, assert_same, quiet};

const MIB: u64 = 1 << 20;

fn bench() -> Bench {
    let bench = Bench::new(|lab| lab.vm(LabVm::new("vm").capacity(16 * MIB)));
    bench.lab.write("vm", 0, MIB, &[3; 9_000_000]).unwrap();
    bench
}

fn fault(point: &str, name: &str) -> FaultSpec {
    FaultSpec { point: point.into(), fault: Some(name.into()), ..FaultSpec::default() }
}

fn assert_clean(bench: &Bench) {
    assert!(bench.snapshots().is_empty(), "no snapshot stays");
    assert!(open_intents(&bench.side.log).unwrap().is_empty(), "no intent stays open");
}

#[test]
fn a_free_licence_ends_the_backup_before_anything_was_made() {
    let bench = bench();
    let spec = FaultSpec { kind: FaultKind::RestrictedLicense, ..FaultSpec::default() };
    bench.lab.add_fault(spec).unwrap();
    let report = bench.side.backup(&bench.vm, &quiet(), &CancelToken::new());
    assert!(
        matches!(report.error, Some(EngineError::Check(VsphereError::RestrictedVersion { .. }))),
        "{:?}",
        report.error
    );
    assert!(bench.side.points().is_empty());
    assert_clean(&bench);
}

#[test]
fn a_guest_that_cannot_be_quiet_is_saved_as_after_a_power_cut_and_says_so() {
    let bench = bench();
    let mut spec = fault("CreateSnapshot_Task", "FilesystemQuiesceFault");
    // The first snapshot turns tracking on and asks for no quiet guest.
    (spec.skip, spec.times) = (1, Some(3));
    bench.lab.add_fault(spec).unwrap();
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_eq!(manifest.consistency, Consistency::Crash);
    let again = |(_, e): &&(Level, RunEvent)| matches!(e, RunEvent::QuietAgain { .. });
    assert_eq!(observer.events().iter().filter(again).count(), 2, "it is asked three times");
    let told = |(level, e): &(Level, RunEvent)| {
        *level == Level::Warning && matches!(e, RunEvent::NotQuiet { .. })
    };
    assert!(observer.events().iter().any(told), "the fallback is a visible warning");
    let recorded = |w: &String| matches!(RunEvent::from_record(w), Some(RunEvent::NotQuiet { .. }));
    assert!(manifest.warnings.iter().any(recorded), "and the recovery point says why");
    let quiet_again = bench.side.backup_ok(&bench.vm, &quiet());
    assert_eq!(quiet_again.consistency, Consistency::FileSystem);
    assert_clean(&bench);
}

#[test]
fn a_snapshot_that_cannot_be_made_leaves_nothing() {
    let bench = bench();
    bench.lab.add_fault(fault("CreateSnapshot_Task", "NoDiskSpace")).unwrap();
    let report = bench.side.backup(&bench.vm, &quiet(), &CancelToken::new());
    assert!(matches!(report.error, Some(EngineError::Snapshot(_))), "{:?}", report.error);
    assert_eq!(report.outcome, Outcome::Failed);
    assert!(bench.side.points().is_empty());
    assert_clean(&bench);
}

#[test]
fn cut_connections_busy_answers_and_lost_sessions_are_survived() {
    let bench = bench();
    let expected = bench.live(0);
    let cut = FaultSpec {
        kind: FaultKind::Cut,
        point: "folder".into(),
        after_bytes: 500_000,
        times: Some(2),
        ..FaultSpec::default()
    };
    let busy = FaultSpec {
        kind: FaultKind::Status,
        point: "folder".into(),
        status: Some(503),
        times: Some(2),
        ..FaultSpec::default()
    };
    let observer = AtStep::new(|step| {
        if step == Step::AfterSnapshot {
            bench.lab.add_fault(cut.clone()).unwrap();
            bench.lab.add_fault(busy.clone()).unwrap();
            bench.lab.expire_sessions();
        }
    });
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_same(&bench.side.restored(&manifest, 0), &expected, "after cuts");
    assert_clean(&bench);
}

#[test]
fn what_two_ways_read_is_counted_once() {
    let bench = bench();
    let expected = bench.live(0);
    // The disk's file is read for a while, then it is refused for good.
    let refused = FaultSpec {
        kind: FaultKind::Status,
        point: "folder".into(),
        status: Some(404),
        skip: 3,
        ..FaultSpec::default()
    };
    let observer = AtStep::new(|step| {
        if step == Step::AfterSnapshot {
            bench.lab.add_fault(refused.clone()).unwrap();
        }
    });
    let tally = std::sync::Arc::new(kuramori_base::Tally::new());
    let cancel = CancelToken::new();
    let report = bench.side.backup_counted(&bench.vm, &observer, &cancel, tally.clone());
    let manifest = bench.side.repository.point(report.point.unwrap()).unwrap();
    assert_eq!(manifest.disks[0].transport, "export lease", "the second way took over");
    assert_eq!(tally.counters().done, tally.announced(), "done at the end is what was announced");
    assert_eq!(tally.announced(), 16 * MIB, "and that is the disk once");
    assert_same(&bench.side.restored(&manifest, 0), &expected, "the exported disk");
    assert_clean(&bench);
}

#[test]
fn cancelling_removes_the_snapshot_and_lists_nothing() {
    let bench = bench();
    for at in [Step::BeforeSnapshot, Step::AfterSnapshot, Step::MidRead, Step::BeforeCommit] {
        let cancel = CancelToken::new();
        let observer = AtStep::new(|step| {
            if step == at {
                cancel.cancel();
            }
        });
        let report = bench.side.backup(&bench.vm, &observer, &cancel);
        assert_eq!(report.outcome, Outcome::Cancelled, "{at:?}: {:?}", report.error);
        assert!(bench.side.points().is_empty(), "{at:?}");
        assert!(bench.snapshots().is_empty(), "{at:?}: no snapshot stays");
    }
}

#[test]
fn a_snapshot_that_cannot_be_removed_is_a_warning_and_is_removed_later() {
    let bench = bench();
    bench.side.backup_ok(&bench.vm, &quiet());
    let id = bench.lab.add_fault(fault("RemoveSnapshot_Task", "TaskInProgress")).unwrap();
    let observer = quiet();
    let report = bench.side.backup(&bench.vm, &observer, &CancelToken::new());
    assert_eq!(report.outcome, Outcome::SucceededWithWarnings, "{:?}", report.error);
    assert_eq!(bench.snapshots().len(), 1);
    bench.lab.remove_faults(Some(id));
    let open = open_intents(&bench.side.log).unwrap().len();
    assert_eq!(open, 1, "the promise stays on record");
    assert_eq!(bench.side.recover(), 1);
    assert_clean(&bench);
}

#[test]
fn a_lost_answer_to_the_snapshot_call_leaves_no_snapshot() {
    let bench = bench();
    bench.side.backup_ok(&bench.vm, &quiet());
    let spec = FaultSpec {
        when: kuramori_lab::FaultWhen::After,
        times: Some(1),
        ..fault("CreateSnapshot_Task", "HostCommunication")
    };
    bench.lab.add_fault(spec).unwrap();
    let report = bench.side.backup(&bench.vm, &quiet(), &CancelToken::new());
    assert_eq!(report.outcome, Outcome::Failed, "{:?}", report.error);
    // The server may still be at work when the answer is lost; the next start looks again.
    bench.side.recover();
    assert!(bench.snapshots().is_empty(), "no snapshot stays");
}
