//! Disks with one UUID, as copies of files have them, are never taken for each other.

use kuramori_engine::Step;
use kuramori_lab::LabVm;
use kuramori_vsphere::VmRef;

use crate::bench::{AtStep, Bench, assert_same, quiet};
use crate::hot_add::{HOT_ADD, HTTPS, MIB, bench_with, nothing_is_left, own};

/// `twin` is a copy of `vm` in which little has changed since.
fn twins() -> Bench {
    let bench = bench_with(own(), |lab| {
        lab.vm(LabVm::new("twin").capacity(24 * MIB).change_tracking(true))
    });
    bench.lab.write("twin", 0, MIB, &[3; 5_000_000]).unwrap();
    bench.lab.write("twin", 0, 9 * MIB + 77, &[4; 999]).unwrap();
    let uuid = bench.lab.vm("vm").unwrap().disks[0].uuid.clone();
    bench.lab.set_disk_uuid("twin", 0, &uuid).unwrap();
    bench
}

/// Another program attaches the copy right before or after we attach ours, and this computer notices
/// only the copy.
#[test]
fn a_copy_that_another_program_attaches_is_not_read_for_ours() {
    for at in [Step::BeforeAttach, Step::Attached] {
        let bench = twins();
        let observer = AtStep::new(|step| {
            if step == Step::BeforeAttach {
                bench.lab.hold_devices(true).unwrap();
            }
            if step == at {
                bench.lab.attach_for_others("own", "twin", (9, None)).unwrap();
            }
        });
        let manifest = bench.side.backup_ok(&bench.vm, &observer);
        assert_same(&bench.side.restored(&manifest, 0), &bench.live(0), "the disk");
        assert_eq!(manifest.disks[0].transport, HTTPS, "{at:?}");
        let visitors = bench.lab.vm("own").unwrap().visitors;
        assert_eq!(visitors, ["[datastore1] twin/twin.vmdk"], "{at:?}: theirs stays, ours went");
        assert_eq!(bench.side.log.intents().unwrap().len(), 0);
        assert!(bench.snapshots().is_empty());
    }
}

/// Two runs of ours read both at once, while this computer is slow to notice disks.
#[test]
fn copies_are_read_at_once_and_each_is_its_own() {
    let bench = twins();
    let twin = VmRef::new(bench.lab.vm("twin").unwrap().id);
    let together = std::sync::Barrier::new(2);
    std::thread::scope(|scope| {
        for (vm, name) in [(&bench.vm, "vm"), (&twin, "twin")] {
            let (bench, together) = (&bench, &together);
            scope.spawn(move || {
                let observer = AtStep::new(|step| match step {
                    Step::AfterSnapshot => {
                        together.wait();
                    }
                    Step::BeforeAttach => bench.lab.hold_devices(true).unwrap(),
                    Step::Attached => bench.lab.hold_devices(false).unwrap(),
                    _ => {}
                });
                let manifest = bench.side.backup_ok(vm, &observer);
                let live = bench.lab.read(name, 0, 0, 24 * MIB).unwrap();
                assert_same(&bench.side.restored(&manifest, 0), &live, name);
            });
        }
    });
    nothing_is_left(&bench);
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert_eq!(manifest.disks[0].transport, HOT_ADD, "alone it is attached");
}
