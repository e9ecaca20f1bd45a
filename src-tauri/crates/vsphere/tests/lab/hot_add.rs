//! Frozen disks attached to a VM that runs, and detached with nothing else.

use std::time::Duration;

use kuramori_lab::{FaultKind, FaultSpec, LabConfig, LabVm};
use kuramori_vsphere::{
    AttachObstacle, Berth, Departure, DiskConfig, DiskMode, Function, Sight, Visit, VmRef,
    VsphereError,
};

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

fn visit_of(disk: &DiskConfig, berth: &Berth) -> Visit {
    Visit {
        file: disk.backing.file.clone().unwrap(),
        store: disk.backing.datastore.clone(),
        uuid: disk.uuid.clone().unwrap(),
        place: Some(berth.place()),
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
            let mut visits = Vec::new();
            for disk in &config.disks {
                let of = (&config, disk);
                let berth = bench.client.berth(&to, &stores, of).await.unwrap().unwrap();
                bench.client.attach_frozen(&to, disk, &berth).await.unwrap();
                let again = bench.client.berth(&to, &stores, of).await.unwrap();
                assert_eq!(again, Err(AttachObstacle::Attached));
                visits.push(visit_of(disk, &berth));
                let late = bench.client.attach_frozen(&to, &config.disks[1], &berth).await;
                let late = late.unwrap_err();
                assert!(late.settled && late.error.fault().is_some(), "another version: {late:?}");
            }
            let visitors = bench.client.visitors(&to).await.unwrap();
            let uuids: Vec<_> = visitors.iter().map(|disk| disk.uuid.clone()).collect();
            assert_eq!(uuids, [config.disks[0].uuid.clone(), config.disks[1].uuid.clone()]);
            assert!(visitors.iter().all(|d| d.mode == DiskMode::IndependentNonpersistent));
            if disks == 15 {
                assert!(visitors.iter().all(|d| d.controller_key == 1001), "on a new controller");
            }

            let detach = |visit: Visit, may: bool| {
                let (client, to) = (&bench.client, &to);
                async move { client.detach(to, &visit, || may, NOW).await.unwrap() }
            };
            assert_eq!(detach(visits[0].clone(), false).await, Departure::Stopped);
            let seen = bench.client.look_for(&to, &visits[0]).await.unwrap();
            assert_eq!(seen, Sight::Here { alone: true });
            assert_eq!(detach(visits[0].clone(), true).await, Departure::Detached);
            let again = detach(visits[0].clone(), true).await;
            assert!(matches!(again, Departure::NotThere { .. }), "{again:?}");
            assert_eq!(bench.client.visitors(&to).await.unwrap().len(), 1, "the other one stays");
            assert_eq!(detach(visits[1].clone(), true).await, Departure::Detached);
            assert_eq!(bench.client.vm_config(&to).await.unwrap().disks.len(), disks);
            bench.remove(&snapshot).await;
            let vm = bench.vm().await;
            assert!(!bench.client.consolidation_needed(&vm).await.unwrap());
            let nobody = VmRef::new("no such VM");
            let gone = bench.client.detach(&nobody, &visits[0], || true, NOW).await;
            assert!(matches!(gone, Err(VsphereError::NotFound { .. })), "{gone:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vm_that_was_changed_meanwhile_is_left_as_it_is() {
    let bench = Bench::with(SHAPES[0], &[MIB], own(1)).await;
    let (_, config) = bench.snapshot("frozen").await;
    let (to, disk) = (find(&bench, "own").await, &config.disks[0]);
    let stores = bench.client.datastores().await.unwrap();
    let berth = bench.client.berth(&to, &stores, (&config, disk)).await.unwrap().unwrap();
    bench.api_fault("ReconfigVM_Task", "ConcurrentAccess", None, Some(1));
    let refused = bench.client.attach_frozen(&to, disk, &berth).await.unwrap_err();
    assert!(refused.error.fault().is_some_and(|f| f.is("ConcurrentAccess")), "{refused:?}");
    assert!(refused.settled);
    assert!(bench.client.visitors(&to).await.unwrap().is_empty());

    bench.client.attach_frozen(&to, disk, &berth).await.unwrap();
    let visit = visit_of(disk, &berth);
    for fault in ["ConcurrentAccess", "TaskInProgress"] {
        bench.api_fault("ReconfigVM_Task", fault, None, Some(1));
        let refused = bench.client.detach(&to, &visit, || true, NOW).await.unwrap_err();
        assert!(refused.fault().is_some_and(|f| f.is(fault)), "{refused:?}");
        assert_eq!(bench.client.visitors(&to).await.unwrap().len(), 1);
    }
    bench.api_fault("ReconfigVM_Task", "TaskInProgress", None, Some(2));
    let patient = bench.client.detach(&to, &visit, || true, Duration::from_mins(1)).await;
    assert_eq!(patient.unwrap(), Departure::Detached, "others are waited for");
}

/// A fault while the task is asked about says nothing about the task.
#[tokio::test(flavor = "multi_thread")]
async fn trouble_while_the_task_is_followed_settles_nothing() {
    let bench = Bench::with(SHAPES[0], &[MIB], own(1)).await;
    let (_, config) = bench.snapshot("frozen").await;
    let (to, disk) = (find(&bench, "own").await, &config.disks[0]);
    let stores = bench.client.datastores().await.unwrap();
    let berth = bench.client.berth(&to, &stores, (&config, disk)).await.unwrap().unwrap();
    bench.fault(FaultSpec {
        point: "RetrievePropertiesEx".to_owned(),
        fault: Some("InvalidState".to_owned()),
        times: Some(1),
        // Before a change the session is looked at.
        skip: 1,
        ..FaultSpec::default()
    });
    let failed = bench.client.attach_frozen(&to, disk, &berth).await.unwrap_err();
    assert!(!failed.settled, "{failed:?}");
    let seen = bench.client.look_for(&to, &visit_of(disk, &berth)).await.unwrap();
    assert_eq!(seen, Sight::Here { alone: true }, "it came nevertheless");
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
