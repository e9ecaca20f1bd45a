use kuramori_vsphere::transport::Identity;
use kuramori_vsphere::{About, ConnectionState, HostRef, ServerKind};

use super::*;

const GIB: u64 = 1 << 30;

fn store(name: &str, free: u64) -> DatastoreSummary {
    DatastoreSummary {
        reference: DatastoreRef::new(format!("ref {name}")),
        name: name.to_owned(),
        kind: "VMFS".to_owned(),
        capacity: ByteLen::new(100 * GIB),
        free: ByteLen::new(free),
        accessible: true,
    }
}

fn host(name: &str, stores: &[&str]) -> HostSummary {
    HostSummary {
        reference: HostRef::new(name),
        name: name.to_owned(),
        version: "8.0.3".to_owned(),
        build: String::new(),
        connection: ConnectionState::Connected,
        maintenance: false,
        datastores: stores.iter().map(|s| DatastoreRef::new(format!("ref {s}"))).collect(),
        compute: None,
        managed_by: None,
        hardware_uuid: None,
    }
}

/// Two datastores that one host mounts, and one of another host.
fn inventory(free: [u64; 3]) -> Inventory {
    Inventory {
        about: About {
            kind: ServerKind::Vcenter,
            name: String::new(),
            full_name: String::new(),
            version: String::new(),
            api_version: String::new(),
            build: String::new(),
            instance_uuid: None,
        },
        datacenters: Vec::new(),
        folders: Vec::new(),
        compute: Vec::new(),
        hosts: vec![host("a", &["one", "two"]), host("b", &["far"])],
        datastores: vec![store("one", free[0]), store("two", free[1]), store("far", free[2])],
        networks: Vec::new(),
        pools: Vec::new(),
        vms: Vec::new(),
        unreadable: Vec::new(),
        nodes: Vec::new(),
    }
}

fn shape(key: i32, datastore: &str) -> DiskShape {
    DiskShape {
        key: DiskKey::new(key),
        label: format!("disk {key}"),
        capacity_bytes: 20 * GIB,
        controller_key: 1000,
        unit: 0,
        thin: true,
        eager_zeroed: false,
        datastore: datastore.to_owned(),
    }
}

fn target(datastore: &str, disks: &[(i32, &str)]) -> NewVm {
    NewVm {
        name: None,
        datastore: datastore.to_owned(),
        disks: disks.iter().map(|(key, name)| (*key, (*name).to_owned())).collect(),
        identity: Identity::New,
    }
}

/// Places disks of 10 GiB of data each.
fn placed(
    inventory: &Inventory,
    lay: &[&str],
    target: &NewVm,
) -> (Vec<String>, Vec<Option<Moved>>, Vec<String>) {
    let shapes: Vec<DiskShape> = (0..).zip(lay).map(|(key, lay)| shape(key, lay)).collect();
    let sizes: Vec<_> = shapes.iter().map(|shape| (shape, ByteLen::new(10 * GIB))).collect();
    let placing = place(inventory, &sizes, target);
    (
        placing.disks.iter().map(|d| d.datastore.clone()).collect(),
        placing.disks.iter().map(|d| d.moved).collect(),
        placing.problems.iter().map(ToString::to_string).collect(),
    )
}

#[test]
fn disks_of_one_datastore_stay_together_where_somebody_chose() {
    let inventory = inventory([50 * GIB; 3]);
    let (at, moved, problems) = placed(&inventory, &["two", "two"], &target("one", &[]));
    assert_eq!(at, ["one", "one"]);
    assert_eq!((moved, problems.len()), (vec![None, None], 0));
    // Recovery points of earlier versions do not know where disks lay.
    assert_eq!(placed(&inventory, &["", ""], &target("two", &[])).0, ["two", "two"]);
}

#[test]
fn disks_of_several_datastores_go_back_to_where_they_lay() {
    let inventory = inventory([50 * GIB; 3]);
    let (at, moved, problems) = placed(&inventory, &["one", "two"], &target("one", &[]));
    assert_eq!(at, ["one", "two"]);
    assert_eq!((moved, problems.len()), (vec![None, None], 0));
}

#[test]
fn a_disk_that_cannot_go_back_goes_to_the_chosen_datastore_and_says_why() {
    let plenty = inventory([50 * GIB; 3]);
    let (at, moved, problems) = placed(&plenty, &["one", "gone", "far"], &target("one", &[]));
    assert_eq!(at, ["one", "one", "one"]);
    assert_eq!(moved, [None, Some(Moved::Gone), Some(Moved::OutOfReach)]);
    assert!(problems.is_empty(), "{problems:?}");
    let tight = inventory([50 * GIB, 15 * GIB, 0]);
    let (at, moved, _) = placed(&tight, &["one", "two", "two"], &target("one", &[]));
    assert_eq!(at, ["one", "two", "one"], "the second of them does not fit any more");
    assert_eq!(moved, [None, None, Some(Moved::NoRoom)]);
}

#[test]
fn all_disks_go_where_one_host_reaches_them_together() {
    let mut inventory = inventory([50 * GIB; 3]);
    inventory.hosts = vec![host("a", &["one", "two"]), host("b", &["one", "far"])];
    let lay = ["two", "far"];
    let (at, moved, problems) = placed(&inventory, &lay, &target("one", &[]));
    assert_eq!(at, ["two", "one"], "no host has both");
    assert_eq!(moved, [None, Some(Moved::OutOfReach)]);
    assert!(problems.is_empty(), "{problems:?}");
    let (at, moved, problems) = placed(&inventory, &lay, &target("one", &[(1, "far")]));
    assert_eq!(at, ["one", "far"], "what was chosen comes first");
    assert_eq!(moved, [Some(Moved::OutOfReach), None]);
    assert!(problems.is_empty(), "{problems:?}");
    let both = target("one", &[(0, "two"), (1, "far")]);
    let (_, _, problems) = placed(&inventory, &lay, &both);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("one, two, far"), "{problems:?}");
}

#[test]
fn what_was_chosen_is_done_or_said_to_be_impossible() {
    let inventory = inventory([50 * GIB, 15 * GIB, 50 * GIB]);
    let at = |disks: &[(i32, &str)]| placed(&inventory, &["one", "two"], &target("one", disks));
    assert_eq!(at(&[(0, "two"), (1, "one")]).0, ["two", "one"]);
    let (_, _, problems) = at(&[(0, "two"), (1, "two")]);
    assert!(problems[0].contains("two") && problems[0].contains("free"), "{problems:?}");
    assert!(at(&[(0, "none")]).2[0].contains("no datastore called “none”"));
    assert!(at(&[(0, "far")]).2[0].contains("no host mounts all"));
    assert!(at(&[(7, "one")]).2[0].contains("no disk with the key 7"));
    let nowhere = placed(&inventory, &["one"], &target("none", &[]));
    assert!(nowhere.2[0].contains("no datastore called “none”"));
}
