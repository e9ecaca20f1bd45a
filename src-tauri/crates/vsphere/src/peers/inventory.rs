use std::collections::BTreeSet;
use std::time::Duration;

use kuramori_block::ByteLen;

use super::running::{DISK, Running, first};
use crate::{
    Group, GroupKind, Inventory, PowerState, ServerKind, TagsUnavailable, VmRef, VsphereError,
};

fn vms(groups: &[Group]) -> BTreeSet<&VmRef> {
    groups.iter().flat_map(|group| &group.vms).collect()
}

fn names(groups: &[Group], kind: GroupKind) -> Vec<&str> {
    groups.iter().filter(|group| group.kind == kind).map(|group| group.name.as_str()).collect()
}

pub(super) async fn the_inventory_is_complete(peer: &Running) {
    let inventory = peer.client().await.inventory().await.unwrap();
    let facts = &peer.facts;
    assert_eq!(inventory.about.kind, facts.kind);
    assert_eq!(inventory.vms.len(), facts.vms);
    assert!(inventory.unreadable.is_empty());
    assert_eq!(inventory.datacenters[0].path, facts.datacenter);
    assert!(inventory.datacenters[0].vm_folder.is_some());
    assert!(inventory.hosts.iter().all(|host| !host.datastores.is_empty()));
    assert!(inventory.compute.iter().all(|compute| compute.pool.is_some()));
    assert!(inventory.datastores[0].accessible);
    assert!(!inventory.networks.is_empty() && !inventory.pools.is_empty());
    let center = facts.datacenter.rsplit('/').next().unwrap();
    for vm in &inventory.vms {
        assert_eq!(vm.power, PowerState::On);
        assert_eq!(vm.folder.first().map(String::as_str), Some(center));
        assert_eq!(vm.disks.len(), 1);
        assert!(vm.instance_uuid.is_some() && vm.host.is_some());
        assert_eq!(vm.disks[0].capacity, ByteLen::new(DISK));
        assert!(vm.disks[0].obstacle().is_none());
    }
}

pub(super) async fn a_long_list_comes_in_pages(peer: &Running) {
    let inventory = peer.client().await.inventory().await.unwrap();
    assert_eq!(inventory.vms.len(), peer.facts.vms);
    let all: BTreeSet<&VmRef> = inventory.vms.iter().map(|vm| &vm.reference).collect();
    assert_eq!(all.len(), peer.facts.vms, "none came twice");
    let pages = peer.calls("ContinueRetrievePropertiesEx").unwrap();
    assert!(pages >= 2, "{pages}");
    assert_eq!(peer.calls("CreateContainerView"), peer.calls("DestroyView"), "no view is left");
}

pub(super) async fn the_trees_show_every_vm(peer: &Running) {
    let inventory = peer.client().await.inventory().await.unwrap();
    let all: BTreeSet<&VmRef> = inventory.vms.iter().map(|vm| &vm.reference).collect();
    assert_eq!(all.len(), peer.facts.vms);
    let trees = [inventory.by_hosts(), inventory.by_folders(), inventory.by_storage()];
    for tree in &trees {
        assert_eq!(vms(tree), all);
    }
    for tree in [&trees[0], &trees[2]] {
        assert!(tree[0].vms.is_empty(), "each lies in something: {tree:?}");
    }
    let center = peer.facts.datacenter.rsplit('/').next().unwrap();
    let expected: &[&str] = match peer.facts.kind {
        ServerKind::Esxi => &[],
        ServerKind::Vcenter => &[center],
    };
    assert_eq!(names(&trees[0], GroupKind::Datacenter), expected);
    assert_eq!(names(&trees[0], GroupKind::Cluster), peer.facts.clusters);
    assert!(!names(&trees[0], GroupKind::Host).is_empty());
    assert_eq!(names(&trees[2], GroupKind::Datastore), peer.facts.datastores);
}

pub(super) async fn vms_are_found(peer: &Running) {
    let client = peer.client().await;
    let vm = first(&client.inventory().await.unwrap());
    assert_eq!(client.find_vm(None, &vm.name).await.unwrap(), Some(vm.reference.clone()));
    assert_eq!(client.find_vm(None, "no such VM").await.unwrap(), None);
    assert_eq!(client.vm(&vm.reference).await.unwrap().name, vm.name);
    let gone = client.vm(&VmRef::new("vm-999999")).await.unwrap_err();
    assert!(matches!(gone, VsphereError::NotFound { .. }), "{gone:?}");
}

pub(super) async fn tags_are_read(peer: &Running) {
    let client = peer.client().await;
    if peer.facts.kind == ServerKind::Esxi {
        let host = client.tags().await;
        assert!(matches!(host, Err(TagsUnavailable::SingleHost)), "{host:?}");
        return;
    }
    let (inventory, tags) = (client.inventory().await.unwrap(), client.tags().await.unwrap());
    assert_eq!(tags.len(), 1);
    assert_eq!((tags[0].name.as_str(), tags[0].tags[0].name.as_str()), ("Tier", "gold"));
    let tagged = &tags[0].tags[0].vms;
    assert_eq!(tagged.len(), 1);
    assert!(inventory.vms.iter().any(|vm| vm.reference == tagged[0]));
    let tree = inventory.by_tags(&tags);
    assert_eq!(names(&tree, GroupKind::Tag), ["gold"]);
    assert_eq!(vms(&tree).len(), inventory.vms.len(), "those without a tag are there too");
}

pub(super) async fn a_change_is_heard_of(peer: &Running) {
    let client = peer.client().await;
    let before: Inventory = client.inventory().await.unwrap();
    let mut watch = client.watch().await.unwrap();
    client.power_off(&first(&before).reference).await.unwrap();
    let heard = tokio::time::timeout(Duration::from_secs(20), watch.changed()).await;
    assert!(heard.expect("it is heard in time").unwrap() >= 1);
    watch.close().await;
}
