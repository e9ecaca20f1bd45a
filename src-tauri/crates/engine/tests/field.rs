//! What people met with other tools in the field, one by one (vsphere.md, section J): each is
//! made to happen here, and must be a non-event or end in a plain sentence, with nothing left.
//! Those about getting at a disk at all (15 to 18) are in `reach.rs`.

use kuramori_base::CancelToken;
use kuramori_engine::{EngineError, RunEvent, Step, WholeReason, open_intents};
use kuramori_jobs::{Level, Outcome};
use kuramori_lab::{Backing, FaultKind, FaultSpec, LabVm};
use kuramori_repo::{Consistency, Manifest, ReadMode};
use kuramori_vsphere::{VmRef, VsphereError};

use crate::bench::{AtStep, Bench, assert_same, quiet};

const MIB: u64 = 1 << 20;

/// A VM of 16 MiB with tracking on and something on its disk.
fn bench() -> Bench {
    bench_of(|vm| vm.change_tracking(true))
}

fn bench_of(vm: impl FnOnce(LabVm) -> LabVm) -> Bench {
    let bench = Bench::new(|lab| lab.vm(vm(LabVm::new("vm").capacity(16 * MIB))));
    bench.lab.write("vm", 0, MIB, &[3; 5_000_000]).unwrap();
    bench
}

fn fault(point: &str, name: &str) -> FaultSpec {
    FaultSpec { point: point.into(), fault: Some(name.into()), ..FaultSpec::default() }
}

fn of_kind(kind: FaultKind) -> FaultSpec {
    FaultSpec { kind, ..FaultSpec::default() }
}

fn on_folder(kind: FaultKind) -> FaultSpec {
    FaultSpec { point: "folder".into(), ..of_kind(kind) }
}

/// Puts faults in place once the snapshot exists, when disks are about to be read.
fn once_frozen<'a>(
    bench: &'a Bench,
    faults: &'a [FaultSpec],
) -> AtStep<impl Fn(Step) + Send + Sync + 'a> {
    AtStep::new(move |step| {
        if step == Step::AfterSnapshot {
            for fault in faults {
                bench.lab.add_fault(fault.clone()).unwrap();
            }
        }
    })
}

/// The recovery point holds the disk as it is now, and nothing is left on the server or on record.
pub(crate) fn assert_good(bench: &Bench, manifest: &Manifest) {
    assert_same(&bench.side.restored(manifest, 0), &bench.live(0), "the disk");
    assert_clean(bench);
}

pub(crate) fn assert_clean(bench: &Bench) {
    assert!(bench.snapshots().is_empty(), "no snapshot stays");
    assert!(open_intents(&bench.side.log).unwrap().is_empty(), "no intent stays open");
    assert_eq!(bench.lab.open_leases(), 0, "no lease stays");
    bench.assert_one_session();
    let links = bench.lab.vm("vm").unwrap();
    assert!(!links.consolidation_needed, "no link stays");
}

fn reason_of(manifest: &Manifest) -> Option<WholeReason> {
    match &manifest.disks[0].read_mode {
        ReadMode::Whole { reason } | ReadMode::Allocated { reason } => {
            WholeReason::from_code(reason)
        }
        ReadMode::Changed { .. } => None,
    }
}

#[test]
fn j01_changed_areas_come_in_many_answers() {
    let bench = bench();
    bench.side.backup_ok(&bench.vm, &quiet());
    bench.lab.write("vm", 0, 2 * MIB, &[4; 10]).unwrap();
    bench.lab.write("vm", 0, 15 * MIB, &[5; 10]).unwrap();
    let short = FaultSpec { bytes: Some(MIB), ..of_kind(FaultKind::ShortAnswers) };
    bench.lab.add_fault(short).unwrap();
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert_eq!(reason_of(&manifest), None, "it is read by changed areas");
    assert_good(&bench, &manifest);
}

#[test]
fn j31_a_version_known_for_it_is_not_believed() {
    let bench = Bench::new(|lab| {
        lab.vm(LabVm::new("vm").capacity(16 * MIB).change_tracking(true))
            .options(|options| options.host = Some(("6.0.0", "2494585")))
    });
    bench.side.backup_ok(&bench.vm, &quiet());
    bench.lab.write("vm", 0, 2 * MIB, &[4; 10]).unwrap();
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert_eq!(reason_of(&manifest), Some(WholeReason::KnownBug));
    assert_good(&bench, &manifest);
}

#[test]
fn j02_a_disk_that_grew_is_read_whole() {
    let bench = bench();
    bench.side.backup_ok(&bench.vm, &quiet());
    bench.lab.grow("vm", 0, 24 * MIB).unwrap();
    bench.lab.write("vm", 0, 23 * MIB, &[6; 10]).unwrap();
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_eq!(reason_of(&manifest), Some(WholeReason::Resized));
    assert_good(&bench, &manifest);
    // Some hosts name wrong areas from then on, so the record begins anew.
    let told = observer.events();
    assert!(told.iter().any(|(_, e)| *e == RunEvent::TrackingResetForSize), "{told:?}");
    bench.lab.write("vm", 0, 5 * MIB, &[7; 10]).unwrap();
    let next = bench.side.backup_ok(&bench.vm, &quiet());
    assert_eq!(reason_of(&next), None, "the next one is by changed areas again");
    assert_good(&bench, &next);
}

#[test]
fn j03_a_disk_without_tracking_is_read_whole_and_said() {
    let bench = bench();
    bench.side.backup_ok(&bench.vm, &quiet());
    let untracked = FaultSpec {
        key: Some("vim.hostd.vmsvc.cbt.noTrack".into()),
        ..fault("QueryChangedDiskAreas", "FileFault")
    };
    bench.lab.add_fault(untracked).unwrap();
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert!(reason_of(&manifest).is_some(), "{:?}", manifest.disks[0].read_mode);
    assert_good(&bench, &manifest);
}

#[test]
fn j04_snapshots_in_the_way_of_tracking_are_named() {
    let bench = bench_of(|vm| vm);
    let snapshot = bench.lab.create_snapshot("vm", "of somebody").unwrap();
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_eq!(reason_of(&manifest), Some(WholeReason::NotTracked));
    let told = |(level, e): &(Level, RunEvent)| {
        *level == Level::Warning && matches!(e, RunEvent::TrackingRefused { .. })
    };
    assert!(observer.events().iter().any(told));
    assert_eq!(bench.snapshots(), ["of somebody"], "a stranger's snapshot is never touched");
    bench.lab.remove_snapshot("vm", &snapshot).unwrap();
    assert_good(&bench, &manifest);
}

#[test]
fn j05_a_file_fault_of_any_cause_means_reading_more() {
    let bench = bench();
    for key in ["vim.hostd.vmsvc.cbt.cannotGetChanges", "vim.hostd.vmsvc.cbt.noEpoch", ""] {
        bench.side.backup_ok(&bench.vm, &quiet());
        let spec = FaultSpec {
            key: (!key.is_empty()).then(|| key.into()),
            ..fault("QueryChangedDiskAreas", "FileFault")
        };
        let id = bench.lab.add_fault(spec).unwrap();
        let manifest = bench.side.backup_ok(&bench.vm, &quiet());
        assert!(reason_of(&manifest).is_some(), "{key}: {:?}", manifest.disks[0].read_mode);
        bench.lab.remove_faults(Some(id));
        assert_good(&bench, &manifest);
    }
}

#[test]
fn j06_a_session_that_expires_while_a_disk_is_read() {
    let bench = bench();
    let observer = AtStep::new(|step| {
        if matches!(step, Step::AfterSnapshot | Step::MidRead | Step::BeforeRemove) {
            bench.lab.expire_sessions();
        }
    });
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_good(&bench, &manifest);
}

#[test]
fn j07_an_empty_answer_is_no_answer_when_the_session_is_gone() {
    let bench = bench();
    bench.lab.add_fault(of_kind(FaultKind::EmptyWithoutSession)).unwrap();
    let observer = AtStep::new(|step| {
        if matches!(step, Step::BeforeSnapshot | Step::MidRead | Step::BeforeRemove) {
            bench.lab.expire_sessions();
        }
    });
    bench.lab.expire_sessions();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_good(&bench, &manifest);
    // The same answer with a session means that the VM is gone, and is said so.
    let gone = bench.side.backup(&VmRef::new("no such VM"), &quiet(), &CancelToken::new());
    let error = gone.error.unwrap();
    assert!(matches!(error, EngineError::Check(VsphereError::NotFound { .. })), "{error:?}");
}

#[test]
fn j08_one_session_is_used_for_everything() {
    let bench = bench();
    for _ in 0..3 {
        bench.side.backup_ok(&bench.vm, &quiet());
    }
    assert_eq!(bench.lab.sessions(), 1);
}

#[test]
fn j09_a_host_that_limits_requests_is_waited_for() {
    let bench = bench();
    // What comes before the disk's own bytes passes: vmx, NVRAM and descriptor, asked twice each.
    let busy =
        FaultSpec { status: Some(503), times: Some(4), skip: 7, ..on_folder(FaultKind::Status) };
    let manifest = bench.side.backup_ok(&bench.vm, &once_frozen(&bench, &[busy]));
    assert_eq!(manifest.disks[0].transport, "datastore HTTPS");
    assert_good(&bench, &manifest);
}

#[test]
fn j10_and_j13_a_file_that_another_holds_is_exported_instead() {
    let bench = bench();
    let locked = on_folder(FaultKind::Locked);
    let observer = once_frozen(&bench, std::slice::from_ref(&locked));
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_eq!(manifest.disks[0].transport, "export lease");
    let refused = |e: &RunEvent| matches!(e, RunEvent::WayRefused { .. });
    assert!(observer.events().iter().any(|(_, e)| refused(e)), "the reason is recorded");
    bench.lab.remove_faults(None);
    assert_good(&bench, &manifest);
}

#[test]
fn j11_a_descriptor_is_read_no_further_than_descriptors_go() {
    let bench = bench();
    bench.side.backup_ok(&bench.vm, &quiet());
    let stats = bench.lab.stats();
    let descriptors = stats.folder.iter().filter(|(path, _)| path.ends_with("vm.vmdk"));
    assert_eq!(descriptors.clone().count(), 1, "{:?}", stats.folder);
    for (path, served) in descriptors {
        assert!(served.wire_bytes <= 64 << 10, "{path}: {served:?}");
    }
}

#[test]
fn j12_a_range_that_is_ignored_is_never_taken_for_the_range() {
    let bench = bench();
    let ignoring = on_folder(FaultKind::IgnoreRange);
    let observer = once_frozen(&bench, std::slice::from_ref(&ignoring));
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_eq!(manifest.disks[0].transport, "export lease");
    bench.lab.remove_faults(None);
    assert_good(&bench, &manifest);
}

#[test]
fn j20_and_j21_a_lease_that_breaks_is_ended_and_the_disk_said() {
    let bench = bench();
    let locked = on_folder(FaultKind::Locked);
    let cut = FaultSpec { point: "export".into(), after_bytes: 1000, ..of_kind(FaultKind::Cut) };
    let report = {
        let faults = [locked, cut];
        let observer = once_frozen(&bench, &faults);
        bench.side.backup(&bench.vm, &observer, &CancelToken::new())
    };
    assert_eq!(report.outcome, Outcome::Failed);
    let Some(EngineError::NoWay { tried, .. }) = &report.error else {
        panic!("{:?}", report.error)
    };
    assert!(tried.contains("datastore HTTPS") && tried.contains("export lease"), "{tried}");
    assert!(bench.side.points().is_empty());
    bench.lab.remove_faults(None);
    assert_clean(&bench);
}

#[test]
fn j22_a_guest_that_cannot_be_quiet_is_saved_and_labelled() {
    let bench = bench();
    bench.lab.add_fault(fault("CreateSnapshot_Task", "ApplicationQuiesceFault")).unwrap();
    let report = bench.side.backup(&bench.vm, &quiet(), &CancelToken::new());
    assert_eq!(report.outcome, Outcome::Failed, "this host refuses any snapshot");
    bench.lab.remove_faults(None);
    let thrice =
        FaultSpec { times: Some(3), ..fault("CreateSnapshot_Task", "ApplicationQuiesceFault") };
    bench.lab.add_fault(thrice).unwrap();
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert_eq!(manifest.consistency, Consistency::Crash);
    assert_good(&bench, &manifest);
}

#[test]
fn j23_links_without_a_snapshot_are_merged() {
    let bench = bench();
    let stuck = bench.lab.add_fault(of_kind(FaultKind::NoConsolidation)).unwrap();
    let foreign = bench.lab.create_snapshot("vm", "of somebody").unwrap();
    bench.lab.remove_snapshot("vm", &foreign).unwrap();
    bench.lab.remove_faults(Some(stuck));
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    let vm = bench.lab.vm("vm").unwrap();
    assert!(!vm.consolidation_needed);
    assert_good(&bench, &manifest);
}

#[test]
fn j24_merging_that_takes_long_is_waited_for() {
    let bench = bench();
    let slow = FaultSpec { point: "RemoveSnapshot_Task".into(), ..of_kind(FaultKind::Hold) };
    let id = bench.lab.add_fault(slow).unwrap();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| bench.side.backup_ok(&bench.vm, &quiet()));
        while bench.lab.faults().iter().all(|fault| fault.holding == 0) {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
        assert!(!running.is_finished(), "it waits");
        bench.lab.remove_faults(Some(id));
        let manifest = running.join().unwrap();
        assert_good(&bench, &manifest);
    });
}

#[test]
fn j28_what_the_guest_writes_meanwhile_is_not_in_this_recovery_point() {
    let bench = bench();
    let frozen = bench.live(0);
    let observer = AtStep::new(|step| {
        if step == Step::AfterSnapshot {
            bench.lab.write("vm", 0, MIB, &[9; 3_000_000]).unwrap();
        }
    });
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_same(&bench.side.restored(&manifest, 0), &frozen, "the frozen disk");
    let next = bench.side.backup_ok(&bench.vm, &quiet());
    assert_good(&bench, &next);
}

#[test]
fn j29_the_free_edition_ends_at_once_in_words() {
    let bench = bench_of(|vm| vm);
    bench.lab.add_fault(of_kind(FaultKind::RestrictedLicense)).unwrap();
    let report = bench.side.backup(&bench.vm, &quiet(), &CancelToken::new());
    let Some(EngineError::Check(error @ VsphereError::RestrictedVersion { .. })) = report.error
    else {
        panic!("{:?}", report.error)
    };
    assert_eq!(error.retry(), kuramori_base::Retry::Never);
    assert_clean(&bench);
}

#[test]
fn j30_volumes_that_only_visit_are_left_out_and_not_tracked() {
    let bench = bench_of(|vm| vm.capacity(MIB).backing(Backing::FirstClass));
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_eq!(manifest.disks.len(), 1);
    assert!(manifest.not_included[0].contains("FCD"), "{:?}", manifest.not_included);
    let left_out = |e: &RunEvent| matches!(e, RunEvent::LeftOut { .. });
    assert!(observer.events().iter().any(|(_, e)| left_out(e)));
    assert_eq!(reason_of(&manifest), Some(WholeReason::NotTracked), "tracking stays off");
    assert_good(&bench, &manifest);
}
