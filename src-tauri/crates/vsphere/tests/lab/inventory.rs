use std::collections::BTreeSet;
use std::time::Duration;

use kuramori_lab::{LabConfig, LabTag, LabVm, Shape, Special, TagApi};
use kuramori_vsphere::{
    Client, Group, GroupKind, PowerState, TagsUnavailable, VmRef, VsphereError, Watch,
};

use crate::{Bench, MIB, SHAPES};

fn special(config: LabConfig) -> LabConfig {
    config
        .vm(LabVm::new("a%2fb").capacity(MIB))
        .vm(LabVm::new("template").capacity(MIB).special(Special::Template))
        .vm(LabVm::new("lost").capacity(MIB).special(Special::Orphaned))
        .vm(LabVm::new("away").capacity(MIB).special(Special::Inaccessible))
        .vm(LabVm::new("member").capacity(MIB).special(Special::InVapp))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_vm_has_its_place_in_each_tree() {
    for shape in SHAPES {
        let bench = Bench::with(shape, &[MIB], special).await;
        let inventory = bench.client.inventory().await.unwrap();
        let readable = inventory.vms.iter().map(|vm| (&vm.reference, &vm.name));
        let others = inventory.unreadable.iter().map(|vm| (&vm.reference, &vm.name));
        let all: BTreeSet<(&VmRef, &String)> = readable.chain(others).collect();
        assert_eq!(all.len(), 6);
        assert!(all.iter().any(|(_, name)| *name == "a/b"), "names are decoded");
        for tree in [inventory.by_hosts(), inventory.by_folders(), inventory.by_storage()] {
            let shown: Vec<&VmRef> = tree.iter().flat_map(|group| &group.vms).collect();
            assert_eq!(shown.len(), 6, "{shape:?}: {tree:?}");
            assert_eq!(shown.into_iter().collect::<BTreeSet<_>>().len(), 6);
        }
        let names = |groups: &[Group]| {
            let shown = groups.iter().map(|group| (group.kind, group.name.clone()));
            shown.collect::<Vec<_>>()
        };
        let hosts = names(&inventory.by_hosts());
        match shape {
            Shape::Esxi => assert!(hosts.iter().all(|(kind, _)| *kind != GroupKind::Datacenter)),
            Shape::Vcenter => {
                let wanted = [
                    (GroupKind::Server, ""),
                    (GroupKind::Folder, "Sites"),
                    (GroupKind::Datacenter, "DC1"),
                    (GroupKind::Cluster, "Cluster1"),
                    (GroupKind::Host, "esx1.lab.test"),
                    (GroupKind::Host, "esx2.lab.test"),
                ];
                let wanted: Vec<_> = wanted.map(|(kind, name)| (kind, name.to_owned())).into();
                assert_eq!(hosts, wanted);
            }
        }
    }
}

fn tagged(api: TagApi) -> impl FnOnce(LabConfig) -> LabConfig {
    let tag = |category: &str, name: &str, vms: &[&str]| LabTag {
        category: category.to_owned(),
        name: name.to_owned(),
        vms: vms.iter().map(|vm| (*vm).to_owned()).collect(),
    };
    let tags = vec![
        tag("Tier", "silver", &["vm"]),
        tag("Tier", "gold", &["vm", "other"]),
        tag("Owner", "nobody", &[]),
    ];
    move |config| {
        config.vm(LabVm::new("other").capacity(MIB)).options(|options| {
            options.tags = tags;
            options.tag_api = api;
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_read_in_both_spellings() {
    for api in [TagApi::Api, TagApi::Rest] {
        let bench = Bench::with(Shape::Vcenter, &[MIB], tagged(api)).await;
        let tags = bench.client.tags().await.unwrap();
        let seen: Vec<_> = tags
            .iter()
            .flat_map(|category| category.tags.iter().map(move |tag| (category, tag)))
            .map(|(category, tag)| (category.name.as_str(), tag.name.as_str(), tag.vms.len()))
            .collect();
        assert_eq!(seen, [("Tier", "gold", 2), ("Tier", "silver", 1)], "{api:?}");
        let inventory = bench.client.inventory().await.unwrap();
        let tree = inventory.by_tags(&tags);
        let gold = tree.iter().find(|group| group.name == "gold").unwrap();
        assert_eq!(gold.vms.len(), 2);
        assert!(tree[0].vms.is_empty(), "each VM has a tag");
        assert_eq!(bench.lab.sessions(), 1, "the other session was ended");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_are_no_tags_the_reason_is_told() {
    let why = |shape, api| async move {
        let bench = Bench::with(shape, &[MIB], tagged(api)).await;
        let why = bench.client.tags().await.unwrap_err();
        assert_eq!(bench.client.inventory().await.unwrap().vms.len(), 2, "the rest is there");
        assert_eq!(bench.lab.sessions(), 1);
        why
    };
    let why_not = why(Shape::Esxi, TagApi::Api).await;
    assert!(matches!(why_not, TagsUnavailable::SingleHost), "{why_not:?}");
    let why_not = why(Shape::Vcenter, TagApi::Absent).await;
    assert!(matches!(why_not, TagsUnavailable::NotOffered), "{why_not:?}");
    let why_not = why(Shape::Vcenter, TagApi::Forbidden).await;
    assert!(matches!(why_not, TagsUnavailable::NoRights), "{why_not:?}");
}

async fn heard(watch: &mut Watch) -> usize {
    let waited = tokio::time::timeout(Duration::from_secs(20), watch.changed()).await;
    waited.expect("it is heard in time").expect("the watch holds")
}

async fn names(client: &Client) -> Vec<String> {
    let vms = client.inventory().await.unwrap().vms;
    vms.into_iter().map(|vm| vm.name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_administrator_does_is_heard() {
    for shape in SHAPES {
        let bench = Bench::start(shape, &[MIB]).await;
        let mut watch = bench.client.watch().await.unwrap();
        bench.lab.rename_vm("vm", "renamed").unwrap();
        assert_eq!(heard(&mut watch).await, 1);
        assert_eq!(names(&bench.client).await, ["renamed"]);
        bench.lab.set_power("renamed", false).unwrap();
        heard(&mut watch).await;
        assert_eq!(bench.client.inventory().await.unwrap().vms[0].power, PowerState::Off);
        bench.lab.add_vm(&LabVm::new("new").capacity(MIB)).unwrap();
        heard(&mut watch).await;
        assert_eq!(names(&bench.client).await, ["new", "renamed"]);
        bench.lab.delete_vm("renamed").unwrap();
        heard(&mut watch).await;
        assert_eq!(names(&bench.client).await, ["new"]);
        let quiet = tokio::time::timeout(Duration::from_secs(2), watch.changed()).await;
        assert!(quiet.is_err(), "nothing more happened");
        // The watch has a collector of its own: other calls go on beside a waiting one.
        watch.close().await;
        let calls = bench.lab.stats().calls;
        assert_eq!(calls.get("DestroyPropertyCollector"), Some(&1), "{calls:?}");
        assert_eq!(calls.get("CreateContainerView"), calls.get("DestroyView"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_ends_with_its_session() {
    let bench = Bench::start(Shape::Vcenter, &[MIB]).await;
    let mut watch = bench.client.watch().await.unwrap();
    bench.lab.expire_sessions();
    let waited = tokio::time::timeout(Duration::from_secs(20), watch.changed()).await;
    let error = waited.expect("the end is noticed").unwrap_err();
    assert!(matches!(error, VsphereError::SessionExpired { .. }), "{error:?}");
    let mut again = bench.client.watch().await.expect("a new watch signs in again");
    bench.lab.rename_vm("vm", "later").unwrap();
    assert_eq!(heard(&mut again).await, 1);
    again.close().await;
}

/// A VM keeps its identity under another name, on another host, under another reference.
#[tokio::test(flavor = "multi_thread")]
async fn a_vm_stays_the_same() {
    let bench = Bench::start(Shape::Vcenter, &[MIB]).await;
    let seen = || async { bench.client.inventory().await.unwrap().vms.remove(0) };
    let first = seen().await;
    bench.lab.rename_vm("vm", "new name").unwrap();
    bench.lab.migrate_vm("new name").unwrap();
    bench.lab.reregister_vm("new name").unwrap();
    let last = seen().await;
    assert_eq!(last.instance_uuid, first.instance_uuid);
    assert_eq!(last.bios_uuid, first.bios_uuid);
    assert_eq!(last.disks[0].uuid, first.disks[0].uuid);
    assert_ne!(last.name, first.name);
    assert_ne!(last.host, first.host);
    assert_ne!(last.reference, first.reference);
}

/// Two thousand VMs come whole, page by page; `examples/many.rs` measures them.
#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_vms_come_whole() {
    let many = |config: LabConfig| {
        (0..2000).fold(config, |config, i| {
            config.vm(LabVm::new(format!("many-{i:04}")).capacity(1 << 30))
        })
    };
    let bench = Bench::with(Shape::Vcenter, &[MIB], many).await;
    let inventory = bench.client.inventory().await.unwrap();
    assert_eq!(inventory.vms.len(), 2001);
    for tree in [inventory.by_hosts(), inventory.by_folders(), inventory.by_storage()] {
        assert_eq!(tree.iter().map(|group| group.vms.len()).sum::<usize>(), 2001);
    }
}
