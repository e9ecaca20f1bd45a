//! What people met with other tools in the field, one by one (vsphere.md, section J): each is
//! made to happen here, and must be a non-event or end in a plain sentence, with nothing left.
//! Those about getting at a disk at all (10, 15 to 18, 21) are in `reach.rs`.

use std::sync::atomic::{AtomicBool, Ordering};

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
    let observer = expiring(&bench, &[Step::AfterSnapshot, Step::BeforeRemove]);
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_good(&bench, &manifest);
}

/// Lets sessions expire at these steps, and once while a disk is read: on a server, one that was
/// opened anew lasts longer than a read.
fn expiring<'b>(bench: &'b Bench, at: &'b [Step]) -> AtStep<impl Fn(Step) + Send + Sync + 'b> {
    let read = AtomicBool::new(false);
    AtStep::new(move |step| {
        let first_read = || step == Step::MidRead && !read.swap(true, Ordering::SeqCst);
        if at.contains(&step) || first_read() {
            bench.lab.expire_sessions();
        }
    })
}

#[test]
fn j07_an_empty_answer_is_no_answer_when_the_session_is_gone() {
    let bench = bench();
    bench.lab.add_fault(of_kind(FaultKind::EmptyWithoutSession)).unwrap();
    let observer = expiring(&bench, &[Step::BeforeSnapshot, Step::BeforeRemove]);
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
fn j13_a_file_that_its_host_holds_is_exported_instead() {
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

/// Waits until something is so; a test that waits for ever fails.
fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..600 {
        if so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("{what}");
}

/// Two VMs of two disks each.
fn two_vms() -> Bench {
    let bench = Bench::new(|lab| {
        let vm = |name: &str| LabVm::new(name).capacity(8 * MIB).capacity(8 * MIB);
        lab.vm(vm("vm")).vm(vm("other"))
    });
    for (seed, vm) in [(1, "vm"), (2, "other")] {
        bench.lab.write(vm, 0, MIB, &vec![seed; 6_000_000]).unwrap();
        bench.lab.write(vm, 1, MIB, &vec![seed + 10; 6_000_000]).unwrap();
    }
    bench
}

fn held(bench: &Bench) -> u32 {
    bench.lab.faults().iter().map(|fault| fault.holding).sum()
}

#[test]
fn j14_hosts_are_never_asked_for_more_than_they_have_memory_for() {
    let bench = two_vms();
    bench.side.backup_ok(&bench.vm, &quiet());
    let stats = bench.lab.stats();
    assert!(stats.folder_largest <= 2 * MIB, "{} at once", stats.folder_largest);
    assert!(stats.folder_peak <= 4, "{} requests at once", stats.folder_peak);

    // Exports of two runs share one budget: two disks from a host, whoever asks.
    let other = VmRef::new(bench.lab.vm("other").unwrap().id);
    bench.lab.add_fault(on_folder(FaultKind::Locked)).unwrap();
    let hold = FaultSpec { point: "export".into(), ..of_kind(FaultKind::Hold) };
    let hold = bench.lab.add_fault(hold).unwrap();
    let observers = [quiet(), quiet()];
    let waits = |e: &RunEvent| matches!(e, RunEvent::WaitingForTurn { .. });
    let waiting = || {
        observers.iter().flat_map(crate::bench::AtStep::events).filter(|(_, e)| waits(e)).count()
    };
    std::thread::scope(|scope| {
        let run = |vm, n: usize| {
            let (bench, observer) = (&bench, &observers[n]);
            scope.spawn(move || bench.side.backup_ok(vm, observer))
        };
        let running = [run(&bench.vm, 0), run(&other, 1)];
        until("two disks are exported, two wait", || held(&bench) == 2 && waiting() == 2);
        assert_eq!(bench.lab.open_leases(), 2);
        bench.lab.remove_faults(Some(hold));
        for run in running {
            let manifest = run.join().unwrap();
            assert!(manifest.disks.iter().all(|disk| disk.transport == "export lease"));
        }
    });
    bench.lab.remove_faults(None);
    assert_clean(&bench);
}

#[test]
fn j14_a_host_without_memory_is_waited_for_and_the_reason_is_said() {
    let bench = bench();
    let locked = on_folder(FaultKind::Locked);
    let full = FaultSpec {
        times: Some(2),
        message: Some("NFC error 5: cannot allocate memory".into()),
        ..fault("ExportSnapshot", "InsufficientResourcesFault")
    };
    let faults = [locked.clone(), full];
    let observer = once_frozen(&bench, &faults);
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    let told: Vec<_> = observer
        .events()
        .into_iter()
        .filter(|(_, e)| matches!(e, RunEvent::WaitingForMemory { .. }))
        .collect();
    let [(Level::Info, RunEvent::WaitingForMemory { reason, .. })] = told.as_slice() else {
        panic!("told once: {told:?}")
    };
    assert!(reason.contains("InsufficientResourcesFault"), "{reason}");
    bench.lab.remove_faults(None);
    assert_good(&bench, &manifest);

    // Not for ever.
    let full = fault("ExportSnapshot", "InsufficientResourcesFault");
    let faults = [locked, full];
    let report = {
        let observer = once_frozen(&bench, &faults);
        bench.side.backup(&bench.vm, &observer, &CancelToken::new())
    };
    let Some(EngineError::NoWay { tried, .. }) = &report.error else {
        panic!("{:?}", report.error)
    };
    assert!(tried.contains("InsufficientResourcesFault"), "{tried}");
    bench.lab.remove_faults(None);
    assert_clean(&bench);
}

#[test]
fn a_server_that_gives_one_lease_per_vm_is_waited_for() {
    let bench = Bench::new(|lab| {
        lab.vm(LabVm::new("vm").capacity(8 * MIB).capacity(8 * MIB))
            .options(|options| options.one_lease = true)
    });
    for disk in 0..2 {
        bench.lab.write("vm", disk, MIB, &vec![disk as u8 + 1; 3_000_000]).unwrap();
    }
    bench.lab.add_fault(on_folder(FaultKind::Locked)).unwrap();
    let hold = FaultSpec { point: "export".into(), ..of_kind(FaultKind::Hold) };
    let hold = bench.lab.add_fault(hold).unwrap();
    let observer = quiet();
    let told =
        || observer.events().iter().any(|(_, e)| matches!(e, RunEvent::WaitingForLease { .. }));
    let manifest = std::thread::scope(|scope| {
        let running = scope.spawn(|| bench.side.backup_ok(&bench.vm, &observer));
        until("one disk is exported, the other waits", || held(&bench) == 1 && told());
        bench.lab.remove_faults(Some(hold));
        running.join().unwrap()
    });
    assert!(manifest.disks.iter().all(|disk| disk.transport == "export lease"));
    bench.lab.remove_faults(None);
    assert_good(&bench, &manifest);
}

#[test]
fn j19_disks_of_one_vm_are_read_at_once_and_progress_counts_addresses() {
    let bench = two_vms();
    let hold = FaultSpec {
        point: "folder".into(),
        key: Some("vm-flat.vmdk".into()),
        ..of_kind(FaultKind::Hold)
    };
    let hold = bench.lab.add_fault(hold).unwrap();
    let tally = std::sync::Arc::new(kuramori_base::Tally::new());
    std::thread::scope(|scope| {
        let (side, vm, tally) = (&bench.side, &bench.vm, tally.clone());
        let counted = tally.clone();
        let running =
            scope.spawn(move || side.backup_counted(vm, &quiet(), &CancelToken::new(), counted));
        until("the second disk is read while the first is held", || {
            let served = bench.lab.stats().folder;
            let second = served.get("[datastore1] vm/vm_1-flat.vmdk");
            held(&bench) > 0 && second.is_some_and(|s| s.disk_bytes >= 6_000_000)
        });
        let (done, all) = (tally.counters().done, tally.announced());
        assert!(done <= all / 2, "{done} of {all} addresses are done");
        bench.lab.remove_faults(Some(hold));
        let report = running.join().unwrap();
        let manifest = bench.side.repository.point(report.point.unwrap()).unwrap();
        assert_eq!(tally.counters().done, all);
        for disk in 0..2 {
            let what = format!("disk {disk}");
            assert_eq!(manifest.disks[disk].label, format!("Hard disk {}", disk + 1));
            assert_same(&bench.side.restored(&manifest, disk), &bench.live(disk), &what);
        }
    });
    assert_clean(&bench);
}

#[test]
fn j19_an_error_or_a_wish_to_stop_ends_all_disks_and_leaves_nothing() {
    let bench = two_vms();
    let hold = |key: &str| FaultSpec {
        point: "folder".into(),
        key: Some(key.into()),
        ..of_kind(FaultKind::Hold)
    };
    // The first disk breaks over both ways while the second waits for a host that does not answer.
    bench.lab.add_fault(hold("vm_1-flat.vmdk")).unwrap();
    let key = Some("vm/vm-flat.vmdk".to_owned());
    bench.lab.add_fault(FaultSpec { key, ..on_folder(FaultKind::Locked) }).unwrap();
    let broken =
        FaultSpec { point: "export".into(), status: Some(500), ..of_kind(FaultKind::Status) };
    bench.lab.add_fault(broken).unwrap();
    let report = bench.side.backup(&bench.vm, &quiet(), &CancelToken::new());
    assert!(held(&bench) > 0, "the second was under way, and was not waited for");
    assert_eq!(report.outcome, Outcome::Failed, "{:?}", report.error);
    assert!(matches!(report.error, Some(EngineError::NoWay { .. })), "{:?}", report.error);
    assert!(bench.side.points().is_empty());
    bench.lab.remove_faults(None);
    assert_clean(&bench);

    let cancel = CancelToken::new();
    bench.lab.add_fault(hold("-flat.vmdk")).unwrap();
    let report = std::thread::scope(|scope| {
        let running = scope.spawn(|| bench.side.backup(&bench.vm, &quiet(), &cancel));
        until("both disks are held", || held(&bench) >= 2);
        cancel.cancel();
        let ended = running.join().unwrap();
        assert!(held(&bench) > 0, "it ended although the host never answered");
        ended
    });
    assert_eq!(report.outcome, Outcome::Cancelled, "{:?}", report.error);
    bench.lab.remove_faults(None);
    assert_clean(&bench);
}

#[test]
fn j20_a_lease_that_breaks_is_ended_and_the_disk_said() {
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
