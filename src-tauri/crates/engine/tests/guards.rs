//! What has to hold before a VM gets a snapshot, and after.

use kuramori_base::CancelToken;
use kuramori_base::Clock as _;
use kuramori_engine::{EngineError, Obstacle, RunEvent, Throttle, Unmet, open_intents};
use kuramori_jobs::{Level, Outcome};
use kuramori_lab::{FaultKind, FaultSpec, LabVm};
use kuramori_repo::Consistency;

use crate::bench::{Bench, quiet};

const MIB: u64 = 1 << 20;

fn bench_of(vm: impl FnOnce(LabVm) -> LabVm) -> Bench {
    let bench = Bench::new(|lab| lab.vm(vm(LabVm::new("vm").capacity(16 * MIB))));
    bench.lab.write("vm", 0, MIB, &[3; 100_000]).unwrap();
    bench
}

fn fault(point: &str, name: &str, times: u32) -> FaultSpec {
    let (fault, times) = (Some(name.into()), Some(times));
    FaultSpec { point: point.into(), fault, times, ..FaultSpec::default() }
}

fn failed(bench: &Bench) -> EngineError {
    let report = bench.side.backup(&bench.vm, &quiet(), &CancelToken::new());
    assert_eq!(report.outcome, Outcome::Failed);
    assert!(bench.side.points().is_empty());
    assert!(bench.snapshots().is_empty(), "no snapshot stays");
    assert!(open_intents(&bench.side.log).unwrap().is_empty(), "no intent stays open");
    report.error.unwrap()
}

#[test]
fn a_datastore_without_room_gets_no_snapshot() {
    let bench = bench_of(|vm| vm);
    let full =
        FaultSpec { kind: FaultKind::FullDatastore, bytes: Some(19 << 30), ..FaultSpec::default() };
    let fault = bench.lab.add_fault(full).unwrap();
    let error = failed(&bench);
    let EngineError::Guard(Obstacle::DatastoreFull { free, floor, .. }) = error else {
        panic!("{error:?}")
    };
    assert_eq!((free >> 30, floor >> 30), (19, 20));
    bench.lab.remove_faults(Some(fault));
    bench.side.backup_ok(&bench.vm, &quiet());
}

#[test]
fn what_an_earlier_snapshot_left_is_merged_first() {
    let bench = bench_of(|vm| vm);
    let stuck = FaultSpec { kind: FaultKind::NoConsolidation, ..FaultSpec::default() };
    let fault = bench.lab.add_fault(stuck).unwrap();
    let foreign = bench.lab.create_snapshot("vm", "of somebody").unwrap();
    bench.lab.remove_snapshot("vm", &foreign).unwrap();
    bench.lab.remove_faults(Some(fault));
    let observer = quiet();
    bench.side.backup_ok(&bench.vm, &observer);
    assert!(observer.events().iter().any(|(_, e)| *e == RunEvent::ConsolidatedFirst));
    assert!(!bench.lab.vm("vm").unwrap().consolidation_needed);
}

#[test]
fn links_that_cannot_be_merged_end_the_growth_of_the_row() {
    let bench = bench_of(|vm| vm);
    let stuck = FaultSpec { kind: FaultKind::NoConsolidation, ..FaultSpec::default() };
    bench.lab.add_fault(stuck).unwrap();
    for _ in 0..3 {
        let foreign = bench.lab.create_snapshot("vm", "of somebody").unwrap();
        bench.lab.remove_snapshot("vm", &foreign).unwrap();
    }
    bench.lab.add_fault(fault("ConsolidateVMDisks_Task", "FileLocked", 9)).unwrap();
    let error = failed(&bench);
    assert!(matches!(error, EngineError::Guard(Obstacle::StrayLinks { count: 3 })), "{error:?}");
}

#[test]
fn another_task_is_waited_for() {
    let bench = bench_of(|vm| vm.change_tracking(true));
    bench.lab.add_fault(fault("CreateSnapshot_Task", "TaskInProgress", 2)).unwrap();
    let observer = quiet();
    bench.side.backup_ok(&bench.vm, &observer);
    let waited = observer.events().iter().filter(|(_, e)| *e == RunEvent::WaitingForTask).count();
    assert_eq!(waited, 1, "told once");

    bench.lab.add_fault(fault("CreateSnapshot_Task", "TaskInProgress", 1000)).unwrap();
    let report = bench.side.backup(&bench.vm, &quiet(), &CancelToken::new());
    assert!(matches!(report.error, Some(EngineError::Snapshot(_))), "{:?}", report.error);
    assert!(bench.snapshots().is_empty() && open_intents(&bench.side.log).unwrap().is_empty());
}

#[test]
fn a_guest_that_stays_silent_after_the_snapshot_is_told() {
    let bench = bench_of(|vm| vm.change_tracking(true));
    let frozen = FaultSpec { kind: FaultKind::FrozenGuest, ..FaultSpec::default() };
    let observer = crate::bench::AtStep {
        act: |step| {
            if step == kuramori_engine::Step::AfterSnapshot {
                bench.lab.add_fault(frozen.clone()).unwrap();
            }
        },
        events: std::sync::Mutex::default(),
    };
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    let silent = (Level::Warning, RunEvent::GuestSilent);
    assert!(observer.events.lock().unwrap().contains(&silent));
    assert!(manifest.warnings.is_empty(), "the point itself is good");
    assert!(bench.snapshots().is_empty());
}

#[test]
fn a_guest_that_a_failed_snapshot_left_frozen_is_told() {
    let mut bench = bench_of(|vm| vm.change_tracking(true));
    bench.side.policy.consistency = Consistency::FileSystem;
    bench.side.policy.unmet = Unmet::Fail;
    bench.lab.add_fault(fault("CreateSnapshot_Task", "FilesystemQuiesceFault", 3)).unwrap();
    let frozen = FaultSpec { kind: FaultKind::FrozenGuest, ..FaultSpec::default() };
    let observer = crate::bench::AtStep::new(|step| {
        if step == kuramori_engine::Step::BeforeSnapshot {
            bench.lab.add_fault(frozen.clone()).unwrap();
        }
    });
    let report = bench.side.backup(&bench.vm, &observer, &CancelToken::new());
    assert!(matches!(report.error, Some(EngineError::NotQuiet(_))), "{:?}", report.error);
    assert!(observer.events().contains(&(Level::Warning, RunEvent::GuestSilent)));
    assert!(bench.snapshots().is_empty());
}

#[test]
fn a_backup_that_insists_on_a_quiet_guest_fails_without_one() {
    let mut bench = bench_of(|vm| vm.change_tracking(true));
    bench.side.policy.consistency = Consistency::FileSystem;
    bench.side.policy.unmet = Unmet::Fail;
    bench.lab.add_fault(fault("CreateSnapshot_Task", "FilesystemQuiesceFault", 3)).unwrap();
    let error = failed(&bench);
    assert!(matches!(error, EngineError::NotQuiet(_)), "{error:?}");
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert_eq!(manifest.consistency, Consistency::FileSystem);

    let mut bare = bench_of(|vm| vm.tools(false));
    bare.side.policy.unmet = Unmet::Fail;
    let error = failed(&bare);
    assert!(matches!(error, EngineError::NotQuiet(_)), "{error:?}");
}

#[test]
fn windows_applications_take_part() {
    let bench = bench_of(|vm| vm.guest_id("windows2019srv_64Guest"));
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert_eq!(manifest.consistency, Consistency::Application);
}

#[test]
fn a_limit_holds_reading_back_whichever_way_it_goes() {
    for locked in [false, true] {
        let mut bench = bench_of(|vm| vm.change_tracking(true));
        let noise: Vec<u8> =
            (0..8 * MIB).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        bench.lab.write("vm", 0, 4 * MIB, &noise).unwrap();
        if locked {
            let kind = FaultKind::Locked;
            let spec = FaultSpec { kind, point: "folder".into(), ..FaultSpec::default() };
            bench.lab.add_fault(spec).unwrap();
        }
        let clock = crate::bench::clock();
        bench.side.throttle = Throttle::new(clock.clone(), || std::num::NonZeroU64::new(4 << 20));
        let began = clock.monotonic();
        bench.side.backup_ok(&bench.vm, &quiet());
        let took = clock.monotonic().saturating_sub(began);
        assert!(took.as_secs_f64() > 0.9, "8 MiB at 4 MiB a second took {took:?}");
    }
}

#[test]
fn leftovers_of_tracking_that_could_freeze_the_guest_keep_it_from_being_asked() {
    let mut bench = bench_of(|vm| vm);
    let file = bench.lab.vm("vm").unwrap().disks[0].file.clone();
    let (store, path) = file.trim_start_matches('[').split_once("] ").unwrap();
    let folder = bench.dir.path().join("lab").join("datastores").join(store).join(path);
    let stale = folder.with_file_name("vm-000007-ctk.vmdk");
    std::fs::write(&stale, b"left over").unwrap();
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_eq!(manifest.consistency, Consistency::Crash, "the guest is not asked");
    let told = observer.events();
    let is_it = |e: &RunEvent| matches!(e, RunEvent::StaleTrackingFile { file } if file.ends_with("vm-000007-ctk.vmdk"));
    assert!(told.iter().any(|(level, e)| *level == Level::Warning && is_it(e)), "{told:?}");

    bench.side.policy.consistency = Consistency::FileSystem;
    bench.side.policy.unmet = Unmet::Fail;
    let refused = bench.side.backup(&bench.vm, &quiet(), &CancelToken::new());
    let Some(EngineError::NotQuiet(why)) = refused.error else {
        panic!("it insists on a quiet guest: {:?}", refused.error)
    };
    assert!(why.contains("vm-000007-ctk.vmdk"), "{why}");
    assert!(bench.snapshots().is_empty(), "no snapshot is made");

    std::fs::remove_file(&stale).unwrap();
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert_ne!(manifest.consistency, Consistency::Crash);
}
