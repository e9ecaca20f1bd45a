use std::collections::BTreeSet;

use proptest::prelude::*;

use super::types::{
    ConnectionState, Inventory, InventoryNode, NodeId, NodeKind, UnreadableVm, VmPlace,
};
use super::{Group, GroupKind};
use crate::refs::VmRef;
use crate::service::{About, ServerKind};
use crate::tags::{Tag, TagCategory};

fn empty(kind: ServerKind) -> Inventory {
    let about = About {
        name: String::new(),
        full_name: String::new(),
        version: String::new(),
        build: String::new(),
        api_version: String::new(),
        kind,
        instance_uuid: None,
    };
    crate::inventory::inventory(about, &[])
}

fn node(id: &str, kind: NodeKind, name: &str, parent: &str) -> InventoryNode {
    InventoryNode {
        id: NodeId::new(id),
        kind,
        name: name.to_owned(),
        parent: (!parent.is_empty()).then(|| NodeId::new(parent)),
        folder: None,
        holds_vms: name != "host" && name != "datastore",
    }
}

fn vm(name: &str, place: VmPlace) -> UnreadableVm {
    let connection = ConnectionState::Connected;
    UnreadableVm {
        reference: VmRef::new(name),
        name: name.to_owned(),
        connection,
        why: String::new(),
        place,
    }
}

fn place(folder: &str, host: &str, stores: &[&str]) -> VmPlace {
    VmPlace {
        folder: (!folder.is_empty()).then(|| NodeId::new(folder)),
        vapp: None,
        host: (!host.is_empty()).then(|| NodeId::new(host)),
        datastores: stores.iter().map(|s| NodeId::new(*s)).collect(),
    }
}

/// Writes a tree with one line for each container, indented, its VMs behind it.
fn drawn(groups: &[Group]) -> String {
    let level = |mut at: usize| {
        let mut level = 0;
        while let Some(parent) = groups[at].parent {
            (at, level) = (parent, level + 1);
        }
        level
    };
    let line = |(at, group): (usize, &Group)| {
        let vms: Vec<&str> = group.vms.iter().map(VmRef::as_str).collect();
        format!("{}{:?} {} {vms:?}\n", "  ".repeat(level(at)), group.kind, group.name)
    };
    groups.iter().enumerate().map(line).collect()
}

fn shop() -> Inventory {
    let mut inventory = empty(ServerKind::Vcenter);
    inventory.nodes = vec![
        node("root", NodeKind::Folder, "Datacenters", ""),
        node("sites", NodeKind::Folder, "Sites", "root"),
        node("dc", NodeKind::Datacenter, "DC/1", "sites"),
        node("f-vm", NodeKind::Folder, "vm", "dc"),
        node("f-host", NodeKind::Folder, "host", "dc"),
        node("f-store", NodeKind::Folder, "datastore", "dc"),
        node("f-web", NodeKind::Folder, "Web", "f-vm"),
        node("cluster", NodeKind::Cluster, "Cluster", "f-host"),
        node("compute", NodeKind::Compute, "lone", "f-host"),
        node("esx2", NodeKind::Host, "esx2", "cluster"),
        node("esx1", NodeKind::Host, "esx1", "cluster"),
        node("esx9", NodeKind::Host, "esx9", "compute"),
        node("pool", NodeKind::Pool, "Resources", "cluster"),
        node("vapp", NodeKind::Vapp, "Shop", "pool"),
        node("pool9", NodeKind::Pool, "Resources", "compute"),
        node("vapp9", NodeKind::Vapp, "Alone", "pool9"),
        node("ds1", NodeKind::Datastore, "ds1", "f-store"),
        node("ds2", NodeKind::Datastore, "ds2", "f-store"),
    ];
    inventory.nodes[13].folder = Some(NodeId::new("f-web"));
    inventory.unreadable = vec![
        vm("web", place("f-web", "esx1", &["ds2", "ds1"])),
        vm("app", VmPlace { vapp: Some(NodeId::new("vapp")), ..place("", "esx2", &["ds1"]) }),
        vm("db", place("f-vm", "esx9", &["ds1"])),
        vm("lost", place("", "gone", &["gone"])),
    ];
    inventory
}

#[test]
fn the_four_trees_of_a_vcenter() {
    let inventory = shop();
    let tag = Tag { id: NodeId::new("t1"), name: "gold".into(), vms: vec![VmRef::new("web")] };
    let tags = [TagCategory { id: NodeId::new("c"), name: "Tier".into(), tags: vec![tag] }];
    let all = [
        ("hosts", inventory.by_hosts()),
        ("folders", inventory.by_folders()),
        ("storage", inventory.by_storage()),
        ("tags", inventory.by_tags(&tags)),
    ];
    let all: Vec<String> =
        all.iter().map(|(name, of)| format!("{name}\n{}\n", drawn(of))).collect();
    let all = all.concat();
    insta::assert_snapshot!(all, @r#"
    hosts
    Server  ["lost"]
      Folder Sites []
        Datacenter DC/1 []
          Cluster Cluster []
            Host esx1 ["web"]
            Host esx2 []
            Vapp Shop ["app"]
          Host esx9 ["db"]
            Vapp Alone []

    folders
    Server  ["lost"]
      Folder Sites []
        Datacenter DC/1 ["db"]
          Folder Web ["web"]
            Vapp Shop ["app"]
      Vapp Alone []

    storage
    Server  ["lost"]
      Folder Sites []
        Datacenter DC/1 []
          Datastore ds1 ["app", "db", "web"]
          Datastore ds2 ["web"]

    tags
    Server  ["app", "db", "lost"]
      Category Tier []
        Tag gold ["web"]
    "#);
}

#[test]
fn the_only_datacenter_of_a_host_is_not_shown() {
    let mut inventory = shop();
    inventory.about.kind = ServerKind::Esxi;
    let trees = [inventory.by_hosts(), inventory.by_folders(), inventory.by_storage()];
    assert!(trees.iter().flatten().all(|group| group.kind != GroupKind::Datacenter));
}

#[test]
fn a_chain_without_end_is_cut_and_loses_nothing() {
    let mut inventory = empty(ServerKind::Vcenter);
    inventory.nodes = (0..5000)
        .map(|i| node(&format!("f{i}"), NodeKind::Folder, "x", &format!("f{}", i + 1)))
        .collect();
    inventory.unreadable = vec![vm("deep", place("f0", "", &[]))];
    let tree = inventory.by_folders();
    assert_eq!(tree.len(), 5001);
    assert_eq!(tree.iter().filter(|group| group.vms == [VmRef::new("deep")]).count(), 1);
}

fn some_node(count: usize) -> impl Strategy<Value = InventoryNode> {
    let kinds = [
        NodeKind::Folder,
        NodeKind::Datacenter,
        NodeKind::Cluster,
        NodeKind::Compute,
        NodeKind::Host,
        NodeKind::Pool,
        NodeKind::Vapp,
        NodeKind::Datastore,
    ];
    let id = move || (0..count).prop_map(|i| NodeId::new(i.to_string()));
    let fields = (id(), 0..kinds.len(), proptest::option::of(id()), proptest::option::of(id()));
    (fields, any::<bool>()).prop_map(move |((id, kind, parent, folder), holds_vms)| InventoryNode {
        name: id.as_str().to_owned(),
        id,
        kind: kinds[kind],
        parent,
        folder,
        holds_vms,
    })
}

fn some_place(count: usize) -> impl Strategy<Value = VmPlace> {
    let id = move || (0..count + 2).prop_map(|i| NodeId::new(i.to_string()));
    let one = move || proptest::option::of(id());
    (one(), one(), one(), proptest::collection::vec(id(), 0..3))
        .prop_map(|(folder, vapp, host, datastores)| VmPlace { folder, vapp, host, datastores })
}

proptest! {
    /// Whatever a server says of parents, each tree shows each VM, and every container once, below
    /// one that stands before it.
    #[test]
    fn no_vm_is_lost(
        mut nodes in proptest::collection::vec(some_node(12), 0..20),
        places in proptest::collection::vec(some_place(12), 0..8),
        vcenter in any::<bool>(),
    ) {
        let mut seen = BTreeSet::new();
        nodes.retain(|node| seen.insert(node.id.clone()));
        let kind = if vcenter { ServerKind::Vcenter } else { ServerKind::Esxi };
        let mut inventory = empty(kind);
        inventory.nodes = nodes;
        inventory.unreadable =
            places.into_iter().enumerate().map(|(i, p)| vm(&format!("vm-{i}"), p)).collect();
        let all: BTreeSet<VmRef> =
            inventory.unreadable.iter().map(|vm| vm.reference.clone()).collect();
        let trees = [inventory.by_hosts(), inventory.by_folders(), inventory.by_storage()];
        for (at, tree) in trees.iter().enumerate() {
            let ids: BTreeSet<&NodeId> = tree.iter().map(|group| &group.id).collect();
            prop_assert_eq!(ids.len(), tree.len(), "a container is there once");
            for (at, group) in tree.iter().enumerate() {
                prop_assert_eq!(group.parent.is_none(), at == 0);
                prop_assert!(group.parent.is_none_or(|parent| parent < at));
            }
            let shown: Vec<&VmRef> = tree.iter().flat_map(|group| &group.vms).collect();
            let once: BTreeSet<VmRef> = shown.iter().map(|vm| (*vm).clone()).collect();
            prop_assert_eq!(&once, &all);
            prop_assert!(at == 2 || shown.len() == all.len(), "one home by host and by folder");
        }
        let stores: BTreeSet<&NodeId> = inventory.nodes.iter()
            .filter(|node| node.kind == NodeKind::Datastore).map(|node| &node.id).collect();
        for vm in &inventory.unreadable {
            for store in vm.place.datastores.iter().filter(|store| stores.contains(store)) {
                let group = trees[2].iter().find(|group| group.id == *store).unwrap();
                prop_assert!(group.vms.contains(&vm.reference));
            }
        }
    }
}
