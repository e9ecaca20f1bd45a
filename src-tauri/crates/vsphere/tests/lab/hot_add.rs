//! Frozen disks attached to a VM that runs, and detached with nothing else.

use std::time::Duration;

use kuramori_lab::{FaultKind, FaultSpec, LabConfig, LabVm};
use kuramori_vsphere::{AttachObstacle, DiskMode, Function, VmRef};

use crate::{Bench, MIB, SHAPES};

const NOW: Duration = Duration::ZERO;

/// A VM `own` with so many disks.
fn own(disks: usize) -> impl FnOnce(LabConfig) -> LabConfig {
    move |lab| lab.vm((0..disks).fold(LabVm::new("own"), |vm, _| vm.capacity(MIB)))
}

async fn find(bench: &Bench, name: &str) -> VmRef {
    bench.client.find_vm(None, name).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn we_know_our_own_vm_by_uuid_and_card() {
    for shape in SHAPES {
        let bench = Bench::with(shape, &[MIB], own(1)).await;
        let here = bench.lab.vm("own").unwrap();
        let mac = here.nics[0].mac.clone();
        let uuids = ["no such".to_owned(), here.uuid.to_uppercase()];
        let found = bench.client.own_vm(&uuids, std::slice::from_ref(&mac)).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "own");
        let other = ["00:00:00:00:00:00".to_owned()];
        assert!(bench.client.own_vm(&uuids, &other).await.unwrap().is_empty(), "another card");
        bench.lab.switch("own", false).unwrap();
        let off = bench.client.own_vm(&uuids, &[mac]).await.unwrap();
        assert!(off.is_empty(), "whoever asks runs");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_disk_comes_and_goes_and_nothing_else_does() {
    for shape in SHAPES {
        // 15 disks fill the first controller.
        for disks in [1, 15] {
            let bench = Bench::with(shape, &[MIB, 2 * MIB], own(disks)).await;
            let (snapshot, config) = bench.snapshot("frozen").await;
            let to = find(&bench, "own").await;
            let stores = bench.client.datastores().await.unwrap();
            for disk in &config.disks {
                let of = (&config, disk);
                let obstacle = bench.client.attach_obstacle(&to, &stores, of).await.unwrap();
                assert_eq!(obstacle, None);
                bench.client.attach_frozen(&to, disk).await.unwrap();
                let again = bench.client.attach_obstacle(&to, &stores, of).await.unwrap();
                assert_eq!(again, Some(AttachObstacle::Attached));
            }
            let visitors = bench.client.visitors(&to).await.unwrap();
            let uuids: Vec<_> = visitors.iter().map(|disk| disk.uuid.clone()).collect();
            assert_eq!(uuids, [config.disks[0].uuid.clone(), config.disks[1].uuid.clone()]);
            assert!(visitors.iter().all(|d| d.mode == DiskMode::IndependentNonpersistent));
            if disks == 15 {
                assert!(visitors.iter().all(|d| d.controller_key == 1001), "on a new controller");
            }

            assert_eq!(bench.client.detach(&to, |_| false, NOW).await.unwrap(), 0);
            let first = |disk: &kuramori_vsphere::DiskConfig| disk.uuid == config.disks[0].uuid;
            assert_eq!(bench.client.detach(&to, first, NOW).await.unwrap(), 1);
            assert_eq!(bench.client.visitors(&to).await.unwrap().len(), 1, "the other one stays");
            assert_eq!(
                bench.client.detach(&to, |_| true, NOW).await.unwrap(),
                1,
                "its own disks stay"
            );
            assert_eq!(bench.client.vm_config(&to).await.unwrap().disks.len(), disks);
            bench.remove(&snapshot).await;
            let vm = bench.vm().await;
            assert!(!bench.client.consolidation_needed(&vm).await.unwrap());
            let gone = VmRef::new("no such VM");
            assert_eq!(bench.client.detach(&gone, |_| true, NOW).await.unwrap(), 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vm_that_was_changed_meanwhile_is_left_as_it_is() {
    let bench = Bench::with(SHAPES[0], &[MIB], own(1)).await;
    let (_, config) = bench.snapshot("frozen").await;
    let to = find(&bench, "own").await;
    bench.api_fault("ReconfigVM_Task", "ConcurrentAccess", None, Some(1));
    let refused = bench.client.attach_frozen(&to, &config.disks[0]).await.unwrap_err();
    assert!(refused.fault().is_some_and(|fault| fault.is("ConcurrentAccess")), "{refused:?}");
    assert!(bench.client.visitors(&to).await.unwrap().is_empty());

    bench.client.attach_frozen(&to, &config.disks[0]).await.unwrap();
    for fault in ["ConcurrentAccess", "TaskInProgress"] {
        bench.api_fault("ReconfigVM_Task", fault, None, Some(1));
        let refused = bench.client.detach(&to, |_| true, NOW).await.unwrap_err();
        assert!(refused.fault().is_some_and(|f| f.is(fault)), "{refused:?}");
        assert_eq!(bench.client.visitors(&to).await.unwrap().len(), 1);
    }
    bench.api_fault("ReconfigVM_Task", "TaskInProgress", None, Some(2));
    let patient = bench.client.detach(&to, |_| true, Duration::from_mins(1)).await;
    assert_eq!(patient.unwrap(), 1, "others are waited for");
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_are_asked_for_on_the_vm_itself() {
    let bench = Bench::with(SHAPES[1], &[MIB], own(1)).await;
    let to = find(&bench, "own").await;
    let missing = bench.client.rights_missing_on(&to, Function::HotAdd).await.unwrap();
    assert!(missing.is_empty(), "{missing:?}");
    bench.fault(FaultSpec {
        kind: FaultKind::NoPermission,
        key: Some("VirtualMachine.Config.AddExistingDisk".to_owned()),
        ..FaultSpec::default()
    });
    let missing = bench.client.rights_missing_on(&to, Function::HotAdd).await.unwrap();
    let ids: Vec<&str> = missing.iter().map(|right| right.id).collect();
    assert_eq!(ids, ["VirtualMachine.Config.AddExistingDisk"]);
}
