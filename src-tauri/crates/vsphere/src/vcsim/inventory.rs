use std::collections::BTreeSet;
use std::time::Duration;

use super::{BOTH, Model, Vcsim};
use crate::{Client, Group, GroupKind, Inventory, TagsUnavailable, VmRef};

fn vms(groups: &[Group]) -> BTreeSet<&VmRef> {
    groups.iter().flat_map(|group| &group.vms).collect()
}

fn names(groups: &[Group], kind: GroupKind) -> Vec<&str> {
    groups.iter().filter(|group| group.kind == kind).map(|group| group.name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trees_show_every_vm() {
    for model in BOTH {
        let vcsim = Vcsim::start(model);
        let client = vcsim.client().await;
        let inventory = client.inventory().await.unwrap();
        let all: BTreeSet<&VmRef> = inventory.vms.iter().map(|vm| &vm.reference).collect();
        assert!(all.len() >= 2);
        let trees = [inventory.by_hosts(), inventory.by_folders(), inventory.by_storage()];
        for tree in &trees {
            assert_eq!(vms(tree), all, "{model:?}");
        }
        for tree in [&trees[0], &trees[2]] {
            assert!(tree[0].vms.is_empty(), "each lies in something: {tree:?}");
        }
        let expected: &[&str] = match model {
            Model::Esxi => &[],
            Model::Vcenter => &["DC0"],
        };
        assert_eq!(names(&trees[0], GroupKind::Datacenter), expected);
        assert_eq!(names(&trees[0], GroupKind::Cluster).len(), expected.len());
        assert!(!names(&trees[0], GroupKind::Host).is_empty());
        assert_eq!(names(&trees[2], GroupKind::Datastore), ["LocalDS_0"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_come_over_the_older_rest_interface() {
    let vcsim = Vcsim::start(Model::Vcenter);
    let client = vcsim.client().await;
    let (inventory, tags) = (client.inventory().await.unwrap(), client.tags().await.unwrap());
    assert_eq!(tags.len(), 1);
    assert_eq!((tags[0].name.as_str(), tags[0].tags[0].name.as_str()), ("Tier", "gold"));
    let tagged = &tags[0].tags[0].vms;
    assert_eq!(tagged.len(), 1);
    assert!(inventory.vms.iter().any(|vm| vm.reference == tagged[0]));
    let tree = inventory.by_tags(&tags);
    assert_eq!(names(&tree, GroupKind::Tag), ["gold"]);
    assert_eq!(vms(&tree).len(), inventory.vms.len(), "those without a tag are there too");

    let host = Vcsim::start(Model::Esxi).client().await.tags().await;
    assert!(matches!(host, Err(TagsUnavailable::SingleHost)), "{host:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_heard_of() {
    for model in BOTH {
        let vcsim = Vcsim::start(model);
        let client = vcsim.client().await;
        let before: Inventory = client.inventory().await.unwrap();
        let mut watch = client.watch().await.unwrap();
        let vm = before.vms[0].clone();
        assert!(power_off(&client, &vm.reference).await);
        let heard = tokio::time::timeout(Duration::from_secs(20), watch.changed()).await;
        assert!(heard.expect("it is heard in time").unwrap() >= 1, "{model:?}");
        watch.close().await;
    }
}

async fn power_off(client: &Client, vm: &VmRef) -> bool {
    client.change("power off", "PowerOffVM_Task", &vm.mo(), |_| {}).await.is_ok()
}
