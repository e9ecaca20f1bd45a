//! A server's record of changes that leaves some out is caught.

use chrono::TimeDelta;
use kuramori_engine::{RunEvent, WholeReason};
use kuramori_jobs::Level;
use kuramori_lab::{FaultKind, FaultSpec, LabVm};
use kuramori_repo::{Manifest, ReadMode};

use crate::bench::{self, Bench, quiet};

const MIB: u64 = 1 << 20;

/// A VM whose every place is looked at again.
fn bench() -> Bench {
    let mut bench = Bench::new(|lab| lab.vm(LabVm::new("vm").capacity(48 * MIB)));
    bench.side.policy.audit_per_mille = 1000;
    bench.lab.write("vm", 0, MIB, &[1; 9_000]).unwrap();
    bench
}

fn forget(bench: &Bench, from: u64, bytes: u64) -> u64 {
    let spec = FaultSpec {
        kind: FaultKind::ForgottenChanges,
        after_bytes: from,
        bytes: Some(bytes),
        ..FaultSpec::default()
    };
    bench.lab.add_fault(spec).unwrap()
}

fn assert_same(bench: &Bench, manifest: &Manifest) {
    let now = bench.lab.read("vm", 0, 0, 48 * MIB).unwrap();
    bench::assert_same(&bench.side.restored(manifest, 0), &now, "the disk");
}

fn unproven(bench: &Bench, manifest: &Manifest) -> bool {
    let points = bench.side.repository.points().unwrap().points;
    points.iter().find(|p| p.id == manifest.id).unwrap().disks[0].unproven
}

#[test]
fn honest_tracking_passes_and_that_is_said() {
    let bench = bench();
    bench.side.backup_ok(&bench.vm, &quiet());
    bench.lab.write("vm", 0, 20 * MIB, &[2; 5]).unwrap();
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert!(matches!(manifest.disks[0].read_mode, ReadMode::Changed { .. }));
    assert_eq!(manifest.disks[0].bytes_read.get(), 48 * MIB, "what was looked at counts as read");
    let said = observer.events().into_iter().find_map(|(level, event)| match event {
        RunEvent::Audited { pieces, .. } => Some((level, pieces)),
        _ => None,
    });
    assert_eq!(said, Some((Level::Info, 48)));
    assert!(!unproven(&bench, &manifest));
    assert_same(&bench, &manifest);
}

#[test]
fn j31_a_lie_is_met_read_over_told_and_remembered() {
    let bench = bench();
    let first = bench.side.backup_ok(&bench.vm, &quiet());
    bench.lab.write("vm", 0, 5 * MIB, &[3; 100]).unwrap();
    let honest = bench.side.backup_ok(&bench.vm, &quiet());

    let fault = forget(&bench, 30 * MIB, 4 * MIB);
    bench.lab.write("vm", 0, 31 * MIB, &[4; 70_000]).unwrap();
    bench.lab.write("vm", 0, 2 * MIB, &[5; 70_000]).unwrap();
    let observer = quiet();
    let caught = bench.side.backup_ok(&bench.vm, &observer);
    let whole = |reason: WholeReason| ReadMode::Whole { reason: reason.code() };
    assert_eq!(caught.disks[0].read_mode, whole(WholeReason::ChangesMissing));
    assert_same(&bench, &caught);
    let told = |(level, event): &(Level, RunEvent)| {
        *level == Level::Warning && matches!(event, RunEvent::ChangesMissing { .. })
    };
    assert!(observer.events().iter().any(told), "{:?}", observer.events());
    assert!(caught.warnings.iter().any(|w| w.contains("changes-missing")), "{:?}", caught.warnings);
    let marks = [&first, &honest, &caught].map(|manifest| unproven(&bench, manifest));
    assert_eq!(marks, [true, true, false], "what was not read whole in that epoch is in doubt");

    // The next run begins tracking anew, reads all once more, and trusts the new record.
    bench.lab.remove_faults(Some(fault));
    let observer = quiet();
    let anew = bench.side.backup_ok(&bench.vm, &observer);
    assert_eq!(anew.disks[0].read_mode, whole(WholeReason::TrackingDoubted));
    assert!(observer.events().iter().any(|(_, e)| *e == RunEvent::TrackingReset));
    bench.lab.write("vm", 0, 8 * MIB, &[6; 100]).unwrap();
    let trusted = bench.side.backup_ok(&bench.vm, &quiet());
    assert!(matches!(trusted.disks[0].read_mode, ReadMode::Changed { .. }));
    assert_same(&bench, &trusted);
    assert!(!unproven(&bench, &trusted));
    assert!(unproven(&bench, &honest), "for good");
    assert_eq!(bench.lab.vm("vm").unwrap().snapshots.len(), 0, "no snapshot is left");
}

#[test]
fn snapshots_in_the_way_keep_the_disk_being_read_whole() {
    let bench = bench();
    bench.side.backup_ok(&bench.vm, &quiet());
    let fault = forget(&bench, 0, 48 * MIB);
    bench.lab.write("vm", 0, 31 * MIB, &[4; 70_000]).unwrap();
    bench.side.backup_ok(&bench.vm, &quiet());
    bench.lab.remove_faults(Some(fault));
    bench.lab.create_snapshot("vm", "of somebody").unwrap();
    bench.lab.write("vm", 0, 3 * MIB, &[7; 100]).unwrap();
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    let whole = ReadMode::Whole { reason: WholeReason::TrackingDoubted.code() };
    assert_eq!(manifest.disks[0].read_mode, whole);
    let refused = |e: &RunEvent| matches!(e, RunEvent::TrackingRefused { .. });
    assert!(observer.events().iter().any(|(_, e)| refused(e)));
    assert_same(&bench, &manifest);
}

#[test]
fn everything_is_read_anew_when_it_is_due() {
    let mut bench = bench();
    bench.side.backup_ok(&bench.vm, &quiet());
    let changed = bench.side.backup_ok(&bench.vm, &quiet());
    assert!(matches!(changed.disks[0].read_mode, ReadMode::Changed { .. }));
    bench.side.policy.read_anew_after = Some(TimeDelta::zero());
    let anew = bench.side.backup_ok(&bench.vm, &quiet());
    let periodic = ReadMode::Whole { reason: WholeReason::Periodic.code() };
    assert_eq!(anew.disks[0].read_mode, periodic);
    assert_same(&bench, &anew);
    bench.side.policy.read_anew_after = None;
    let never = bench.side.backup_ok(&bench.vm, &quiet());
    assert!(matches!(never.disks[0].read_mode, ReadMode::Changed { .. }));
}
