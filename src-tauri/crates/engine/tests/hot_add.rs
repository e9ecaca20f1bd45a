//! Disks attached to the VM that the engine runs in, read there and detached, whatever happens.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use kuramori_engine::{Faster, HotAddNeeds, RunEvent, Step};
use kuramori_lab::{FaultKind, FaultSpec, LabConfig, LabVm, Shape};
use kuramori_repo::Manifest;
use kuramori_vsphere::VmRef;

use crate::bench::{AtStep, Bench, assert_same, quiet};

pub const MIB: u64 = 1 << 20;
pub const HOT_ADD: &str = "HotAdd";
pub const HTTPS: &str = "datastore HTTPS";

pub fn own() -> LabVm {
    LabVm::new("own").capacity(MIB)
}

pub fn vm() -> LabVm {
    LabVm::new("vm").capacity(24 * MIB).change_tracking(true)
}

pub fn bench_with(own: LabVm, configure: impl FnOnce(LabConfig) -> LabConfig) -> Bench {
    let bench = Bench::inside(own, |lab| configure(lab.vm(vm())));
    bench.lab.write("vm", 0, MIB, &[3; 5_000_000]).unwrap();
    bench
}

pub fn bench() -> Bench {
    bench_with(own(), |lab| lab)
}

/// Where the guest sees the first disk that is attached to it.
pub fn device(bench: &Bench) -> PathBuf {
    bench.path().join(crate::bench::GUEST).join("dev/sdb")
}

fn block(bench: &Bench, name: &str) -> PathBuf {
    bench.path().join(crate::bench::GUEST).join("sys/block").join(name)
}

/// Bytes of disks that went through the host so far.
fn over_host(bench: &Bench) -> u64 {
    bench.lab.stats().folder.values().map(|served| served.disk_bytes).sum()
}

#[track_caller]
pub fn nothing_is_left(bench: &Bench) {
    assert_eq!(bench.lab.vm("own").unwrap().visitors, Vec::<String>::new(), "it is detached");
    assert!(!device(bench).exists(), "the guest has it no more");
    assert!(bench.snapshots().is_empty(), "no snapshot stays");
    let vm = bench.lab.vm("vm").unwrap();
    assert!(!vm.consolidation_needed, "it was detached before the snapshot went");
    assert_eq!(vm.disks[0].chain.len(), 1);
    assert_eq!(bench.side.log.intents().unwrap().len(), 0, "nothing is left to do");
}

fn backup(bench: &Bench) -> (Manifest, Vec<RunEvent>) {
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_same(&bench.side.restored(&manifest, 0), &bench.live(0), "the disk");
    nothing_is_left(bench);
    (manifest, observer.events().into_iter().map(|(_, event)| event).collect())
}

fn refusal(events: &[RunEvent]) -> String {
    let refused = events.iter().find_map(|event| match event {
        RunEvent::WayRefused { transport, reason, .. } if transport == HOT_ADD => {
            Some(reason.clone())
        }
        _ => None,
    });
    refused.expect("HotAdd is refused, with a reason")
}

fn hints(events: &[RunEvent]) -> Vec<Faster> {
    let read = events.iter().find_map(|event| match event {
        RunEvent::DiskRead { faster, .. } => Some(faster.clone()),
        _ => None,
    });
    read.expect("a disk was read")
}

/// Backs up over HTTPS and returns why not over HotAdd.
#[track_caller]
fn refused(bench: &Bench) -> (String, Vec<Faster>) {
    let (manifest, events) = backup(bench);
    assert_eq!(manifest.disks[0].transport, HTTPS);
    assert!(manifest.warnings.iter().any(|w| w.contains(HOT_ADD)), "the reason is recorded");
    (refusal(&events), hints(&events))
}

#[test]
fn a_disk_is_read_in_our_own_vm_and_detached() {
    for shape in [Shape::Esxi, Shape::Vcenter] {
        let bench = bench_with(own(), |lab| lab.shape(shape));
        let before = over_host(&bench);
        let (manifest, events) = backup(&bench);
        assert_eq!(manifest.disks[0].transport, HOT_ADD);
        let through_host = over_host(&bench) - before;
        assert!(through_host < 2 * MIB, "only samples go through the host: {through_host}");
        assert_eq!(hints(&events), [], "nothing is faster");

        // By changed areas, under a snapshot that is there already.
        bench.lab.create_snapshot("vm", "theirs").unwrap();
        bench.lab.write("vm", 0, 9 * MIB + 5, &[7; 600_000]).unwrap();
        let manifest = bench.side.backup_ok(&bench.vm, &quiet());
        assert_eq!(manifest.disks[0].transport, HOT_ADD);
        assert!(manifest.disks[0].bytes_read.get() < 2 * MIB, "only what changed");
        assert_same(&bench.side.restored(&manifest, 0), &bench.live(0), "the disk");
        assert_eq!(bench.snapshots(), ["theirs"]);
    }
}

#[test]
fn a_computer_that_is_no_vm_of_the_server_reads_as_before() {
    // No VM of VMware at all: not worth a word.
    let bench = Bench::new(|lab| lab.vm(vm()));
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_eq!(manifest.disks[0].transport, HTTPS);
    assert_eq!(manifest.warnings, Vec::<String>::new());

    // A VM of another server, although it has the same BIOS UUID: its card tells.
    let bench = self::bench();
    let card = bench.path().join("guest/sys/class/net/ens192/address");
    std::fs::write(card, "00:0c:29:00:00:01\n").unwrap();
    let (why, hints) = refused(&bench);
    assert!(why.contains("not one of the VMs of this server"), "{why}");
    assert_eq!(hints, []);

    // Another one with the same UUID.
    let bench = self::bench();
    let uuids = bench.lab.vm("own").unwrap();
    let twin = LabVm::new("twin").uuids("other", uuids.uuid.clone());
    bench.lab.add_vm(&twin).unwrap();
    let (manifest, _) = backup(&bench);
    assert_eq!(manifest.disks[0].transport, HOT_ADD, "a clone has another card");
}

#[test]
fn what_an_administrator_could_change_is_told() {
    let bench = bench_with(own().disk_uuids(false), |lab| lab);
    let (why, hints) = refused(&bench);
    assert!(why.contains("disk.EnableUUID"), "{why}");
    assert_eq!(hints, [Faster::HotAdd { needs: HotAddNeeds::DiskUuids }]);

    let bench = self::bench();
    let missing = FaultSpec {
        kind: FaultKind::NoPermission,
        // What is attached must be possible to detach.
        key: Some("VirtualMachine.Config.RemoveDisk".into()),
        ..FaultSpec::default()
    };
    bench.lab.add_fault(missing).unwrap();
    bench.lab.reset_stats();
    let (why, hints) = refused(&bench);
    assert!(why.contains("VirtualMachine.Config.RemoveDisk"), "{why}");
    assert_eq!(hints, [Faster::HotAdd { needs: HotAddNeeds::Rights }]);
    assert_eq!(bench.lab.stats().calls.get("ReconfigVM_Task"), None, "nothing was attached");

    let bench = self::bench();
    std::fs::remove_file(bench.path().join("guest/sys/class/dmi/id/product_uuid")).unwrap();
    let (_, hints) = refused(&bench);
    assert_eq!(hints, [Faster::HotAdd { needs: HotAddNeeds::Administrator }]);
}

#[test]
fn our_own_vm_is_not_attached_to_itself() {
    let mut bench = bench();
    bench.vm = VmRef::new(bench.lab.vm("own").unwrap().id);
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_eq!(manifest.disks[0].transport, HTTPS);
    let events: Vec<_> = observer.events().into_iter().map(|(_, event)| event).collect();
    assert!(refusal(&events).contains("this computer itself"), "{}", refusal(&events));
}

#[test]
fn a_disk_that_differs_or_never_comes_or_is_there_already_is_not_read() {
    // A disk of that UUID before ours comes: which is which could not be told.
    let bench = self::bench();
    let uuid = bench.lab.vm("vm").unwrap().disks[0].uuid.replace('-', "").to_lowercase();
    let other = block(&bench, "sdq/device");
    std::fs::create_dir_all(&other).unwrap();
    std::fs::write(other.join("wwid"), format!("naa.{uuid}\n")).unwrap();
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_eq!(manifest.disks[0].transport, HTTPS);
    let events: Vec<_> = observer.events().into_iter().map(|(_, event)| event).collect();
    assert!(refusal(&events).contains("the same UUID"), "{}", refusal(&events));

    type Spoil = fn(&Bench);
    let cases: [(&str, Step, Spoil); 6] = [
        ("other bytes", Step::Attached, |bench| {
            // The end is always compared.
            let mut bytes = std::fs::read(device(bench)).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            std::fs::write(device(bench), bytes).unwrap();
        }),
        ("not as long", Step::Attached, |bench| {
            let file = std::fs::OpenOptions::new().write(true).open(device(bench)).unwrap();
            file.set_len(25 * MIB).unwrap();
        }),
        ("did not appear", Step::BeforeAttach, |bench| bench.lab.hold_devices(true).unwrap()),
        ("it was written to", Step::Attached, write_to),
        ("it was written to", Step::MidRead, write_to),
        ("hangs at place 12", Step::Attached, |bench| {
            let addresses = block(bench, "sdb/device/scsi_device");
            std::fs::remove_dir_all(&addresses).unwrap();
            std::fs::create_dir_all(addresses.join("2:0:12:0")).unwrap();
        }),
    ];
    for (expected, at, spoil) in cases {
        let bench = self::bench();
        let done = AtomicBool::new(false);
        let observer = AtStep::new(|step| {
            if step == at && !done.swap(true, Ordering::SeqCst) {
                spoil(&bench);
            }
        });
        let manifest = bench.side.backup_ok(&bench.vm, &observer);
        assert_same(&bench.side.restored(&manifest, 0), &bench.live(0), "the disk");
        assert_eq!(manifest.disks[0].transport, HTTPS);
        let events: Vec<_> = observer.events().into_iter().map(|(_, event)| event).collect();
        assert!(refusal(&events).contains(expected), "{}", refusal(&events));
        if expected.contains("place 12") {
            // The lab does not find it there either.
            std::fs::remove_file(device(&bench)).unwrap();
        }
        nothing_is_left(&bench);
    }
}

/// The system mounts the disk and lets go of it: nobody has it when it is opened.
fn write_to(bench: &Bench) {
    let counters = "5 0 40 1 2 0 16 0 0 1 1\n";
    std::fs::write(block(bench, "sdb/stat"), counters).unwrap();
}

#[test]
fn a_refusal_of_the_server_costs_the_way_and_nothing_else() {
    for (fault, method) in
        [("FileLocked", "ReconfigVM_Task"), ("InvalidDeviceSpec", "ReconfigVM_Task")]
    {
        let bench = self::bench();
        let fault = FaultSpec {
            point: method.into(),
            fault: Some(fault.into()),
            times: Some(1),
            ..FaultSpec::default()
        };
        bench.lab.add_fault(fault.clone()).unwrap();
        let (why, _) = refused(&bench);
        assert!(why.contains(&fault.fault.unwrap()), "{why}");
    }
}

#[test]
fn others_who_change_our_vm_are_waited_for() {
    for fault in ["ConcurrentAccess", "TaskInProgress"] {
        let bench = self::bench();
        // The first attempt to attach and the first to detach.
        for skip in [0, 1] {
            let fault = FaultSpec {
                point: "ReconfigVM_Task".into(),
                fault: Some(fault.into()),
                times: Some(1),
                skip,
                ..FaultSpec::default()
            };
            bench.lab.add_fault(fault).unwrap();
        }
        let (manifest, _) = backup(&bench);
        assert_eq!(manifest.disks[0].transport, HOT_ADD, "{fault}");
    }
}

#[test]
fn a_device_that_breaks_off_is_detached_and_read_another_way() {
    let bench = self::bench();
    let device = device(&bench);
    let observer = AtStep::new(|step| {
        // Reading at the step sees the end of the file from now on.
        if step == Step::MidRead && device.exists() {
            std::fs::OpenOptions::new().write(true).open(&device).unwrap().set_len(0).unwrap();
        }
    });
    bench.lab.write("vm", 0, 0, &vec![9; 24 * MIB as usize]).unwrap();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_eq!(manifest.disks[0].transport, HTTPS);
    assert_same(&bench.side.restored(&manifest, 0), &bench.live(0), "the disk");
    nothing_is_left(&bench);
}
