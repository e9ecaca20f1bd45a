//! Replies of a server written by others, as they came over the wire; see `tests/captures`.

use crate::error::{ReplyError, VsphereError};
use crate::hardware::disks_of;
use crate::property::Collected;
use crate::refs::MoRef;
use crate::service::{ServerKind, ServiceContent};
use crate::snapshot::tree;
use crate::soap::{Answer, answer, offered_version};
use crate::transport::leased_urls;
use crate::xml::Node;
use crate::{DiskMode, Fault};

macro_rules! capture {
    ($name:literal) => {
        include_str!(concat!("../tests/captures/", $name, ".xml"))
    };
}

fn result(text: &str) -> Node {
    match answer(text).expect("the reply is read") {
        Answer::Result(node) => node,
        Answer::Fault(fault) => panic!("{fault}"),
    }
}

fn fault(text: &str) -> Fault {
    match answer(text).expect("the reply is read") {
        Answer::Fault(fault) => fault,
        Answer::Result(node) => panic!("{node:?}"),
    }
}

#[test]
fn the_offered_version_is_capped_at_the_tested_one() {
    let version = offered_version(capture!("vc-versions")).expect("vcsim offers vim25");
    assert!(version.starts_with("8.0"), "{version}");
    assert_eq!(offered_version("<namespaces/>"), None);
}

#[test]
fn both_kinds_of_server_say_where_their_managers_are() {
    let vcenter = ServiceContent::from_node(&result(capture!("vc-service-content"))).unwrap();
    assert_eq!(vcenter.about.kind, ServerKind::Vcenter);
    assert_eq!(vcenter.root_folder, MoRef::new("Folder", "group-d1"));
    assert!(vcenter.about.instance_uuid.is_some());
    let host = ServiceContent::from_node(&result(capture!("esx-service-content"))).unwrap();
    assert_eq!(host.about.kind, ServerKind::Esxi);
    assert_eq!(host.property_collector.value, "ha-property-collector");
    assert_eq!(host.about.instance_uuid, None);
}

#[test]
fn a_page_is_collected_with_its_token() {
    let reply = result(capture!("vc-page"));
    assert!(reply.text_at("returnval.token").is_some());
    let mut found = Collected::default();
    found.add(&reply);
    let vm = found.objects.remove(&MoRef::new("VirtualMachine", "vm-42")).unwrap();
    assert_eq!(vm.text("name"), Some("DC0_H0_VM0"));
    assert_eq!(vm.bool("capability.changeTrackingSupported"), Some(true));
    assert_eq!(vm.bool("config.changeTrackingEnabled"), None, "unset parts are left out");
}

#[test]
fn disks_are_found_among_all_devices() {
    let mut found = Collected::default();
    found.add(&result(capture!("vc-hardware")));
    let vm = found.objects.remove(&MoRef::new("VirtualMachine", "vm-42")).unwrap();
    let devices: Vec<&Node> = vm.get("config.hardware.device").unwrap().children.iter().collect();
    let disks = disks_of(&devices, false);
    assert_eq!(disks.len(), 1);
    let disk = &disks[0];
    assert_eq!((disk.key.get(), disk.controller_key, disk.unit), (204, 202, 0));
    assert_eq!(disk.capacity.get(), 10 << 30);
    assert_eq!(disk.uuid.as_deref(), Some("b95003e9-7241-514a-9ba0-82a06c0d235a"));
    assert_eq!(disk.backing.kind, "VirtualDiskFlatVer2BackingInfo");
    let file = disk.backing.file.as_ref().unwrap();
    assert_eq!(file.to_string(), "[LocalDS_0] DC0_H0_VM0/disk1.vmdk");
    assert_eq!(disk.backing.datastore.as_ref().unwrap().as_str(), "datastore-39");
    assert_eq!((disk.mode, disk.thin, disk.change_id.clone()), (DiskMode::Persistent, true, None));
    assert_eq!(disk.obstacle(), None);
}

#[test]
fn a_task_result_and_a_snapshot_tree_are_read() {
    let mut found = Collected::default();
    found.add(&result(capture!("vc-task-result")));
    let task = found.objects.remove(&MoRef::new("Task", "task-48")).unwrap();
    assert_eq!(task.text("info.state"), Some("success"));
    assert_eq!(task.mo("info.result"), Some(MoRef::new("VirtualMachineSnapshot", "snapshot-49")));

    let mut found = Collected::default();
    found.add(&result(capture!("vc-snapshots")));
    let vm = found.objects.remove(&MoRef::new("VirtualMachine", "vm-42")).unwrap();
    let snapshots = tree(vm.get("snapshot").unwrap());
    assert_eq!(snapshots.len(), 1);
    assert_eq!(snapshots[0].reference.as_str(), "snapshot-49");
    assert!(snapshots[0].quiesced);
    let created = snapshots[0].created.unwrap().to_rfc3339();
    assert!(created.starts_with("2026-11-22T12:10:40"), "{created}");
}

#[test]
fn faults_keep_their_type_and_what_helps() {
    let lost = fault(capture!("vc-not-authenticated"));
    assert_eq!(lost.kind, "NotAuthenticated");
    assert_eq!(lost.privilege.as_deref(), Some("System.View"));
    let lost = VsphereError::from_fault("look", lost, false);
    assert!(matches!(lost, VsphereError::SessionExpired { .. }));
    assert_eq!(fault(capture!("vc-invalid-login")).kind, "InvalidLogin");
    assert_eq!(fault(capture!("vc-method-not-found")).kind, "MethodNotFound");
}

#[test]
fn a_lease_of_a_host_leaves_its_address_open() {
    let mut found = Collected::default();
    found.add(&result(capture!("esx-lease")));
    let lease = found.objects.into_values().next().unwrap();
    assert_eq!(lease.text("state"), Some("ready"));
    let urls = leased_urls(lease.get("info").unwrap());
    assert_eq!(urls.len(), 1);
    assert!(urls[0].contains("://*"), "{urls:?}");
}

#[test]
fn a_cut_reply_is_an_error_wherever_it_is_cut() {
    let whole = capture!("vc-snapshots");
    for end in (0..whole.trim_end().len()).filter(|end| whole.is_char_boundary(*end)) {
        let cut = answer(&whole[..end]);
        assert!(matches!(cut, Err(ReplyError::Xml(_) | ReplyError::Missing(_))), "{end}");
    }
}
