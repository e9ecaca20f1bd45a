use super::*;
use crate::DiskKey;
use crate::refs::{FolderRef, MoRef, NetworkRef, PoolRef};
use crate::xml::{self, Node};

fn place() -> Placement {
    let network = |name: &str, kind| NetworkSummary {
        reference: NetworkRef::new(name),
        name: name.to_owned(),
        kind,
    };
    let distributed = NetworkKind::Distributed {
        portgroup_key: "dvportgroup-9".into(),
        switch_uuid: "50 0e".into(),
    };
    Placement {
        datastore: "ds 1".into(),
        elsewhere: vec![(DiskKey::new(3000), "ds 2".into(), MoRef::new("Datastore", "store-2"))],
        folder: FolderRef::new("group-v3"),
        pool: PoolRef::new("resgroup-8"),
        host: None,
        networks: vec![network("VM Network", NetworkKind::Standard), network("prod", distributed)],
    }
}

fn nic(kind: &str, network: &str, portgroup_key: Option<&str>) -> Nic {
    Nic {
        key: 4000,
        label: format!("card on {network}"),
        kind: kind.into(),
        mac: "00:50:56:00:00:01".into(),
        mac_manual: false,
        network: network.into(),
        portgroup_key: portgroup_key.map(str::to_owned),
    }
}

fn hardware() -> VmHardware {
    let disk = |key, controller_key, unit| DiskShape {
        key: DiskKey::new(key),
        label: format!("disk {key}"),
        capacity_bytes: 10 << 30,
        controller_key,
        unit,
        thin: false,
        eager_zeroed: true,
        datastore: String::new(),
    };
    let controller = |key, kind: &str, bus| Controller { key, kind: kind.into(), bus };
    VmHardware {
        name: "old".into(),
        guest_id: "debian12_64Guest".into(),
        version: "vmx-19".into(),
        firmware: "efi".into(),
        secure_boot: true,
        cpus: 2,
        cores_per_socket: 2,
        memory_mib: 4096,
        controllers: vec![
            controller(200, "VirtualIDEController", 0),
            controller(1000, "ParaVirtualSCSIController", 0),
            controller(15000, "VirtualAHCIController", 0),
        ],
        disks: vec![disk(2000, 1000, 0), disk(3000, 200, 1)],
        nics: vec![
            nic("VirtualVmxnet3", "VM Network", None),
            nic("VirtualE1000e", "", Some("dvportgroup-9")),
            nic("VirtualE1000e", "gone", None),
        ],
        extra_config: vec![
            ("disk.EnableUUID".into(), "TRUE".into()),
            ("scsi0:0.ctkEnabled".into(), "true".into()),
            ("guestinfo.x".into(), "y".into()),
        ],
        drives: vec![Drive {
            key: 16000,
            label: "CD/DVD drive 1".into(),
            controller_key: 15000,
            unit: 2,
            image: Some("[ds 1] iso/setup.iso".into()),
        }],
        memory_hot_add: true,
        nested_hv: true,
        other_devices: vec!["USB passthrough 1".into()],
        ..VmHardware::default()
    }
}

fn spec() -> (Node, Vec<String>) {
    let mut writer = XmlWriter::new();
    let rebuilt = write(&mut writer, &hardware(), "new/name", (&place(), &Kept::default()));
    assert_eq!(rebuilt.cards.len(), 2, "those that have a network");
    let warnings = rebuilt.warnings;
    let text = format!(
        r#"<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="x">{}</r>"#,
        writer.finish()
    );
    (xml::parse(&text).unwrap().path("spec.configSpec").unwrap().clone(), warnings)
}

#[test]
fn elements_follow_the_schema() {
    let (spec, _) = spec();
    let mut names: Vec<&str> = spec.children.iter().map(|c| c.name.as_str()).collect();
    names.dedup();
    assert_eq!(
        names,
        [
            "name",
            "version",
            "guestId",
            "annotation",
            "files",
            "numCPUs",
            "numCoresPerSocket",
            "memoryMB",
            "memoryHotAddEnabled",
            "deviceChange",
            "extraConfig",
            "bootOptions",
            "firmware",
            "nestedHVEnabled"
        ]
        .into_iter()
        .filter(|name| *name != "annotation")
        .collect::<Vec<_>>(),
        "a wrong order is a fault on a host"
    );
    assert_eq!(spec.text_at("name"), Some("new%2fname"));
}

#[test]
fn devices_are_new_except_the_ones_every_vm_has() {
    let (spec, _) = spec();
    let devices: Vec<&Node> = spec.all("deviceChange").filter_map(|c| c.child("device")).collect();
    let kinds: Vec<&str> = devices.iter().map(|d| d.kind()).collect();
    assert_eq!(
        kinds,
        [
            "ParaVirtualSCSIController",
            "VirtualAHCIController",
            "VirtualDisk",
            "VirtualDisk",
            "VirtualVmxnet3",
            "VirtualE1000e",
            "VirtualCdrom"
        ]
    );
    assert_eq!(devices[2].text_at("controllerKey"), Some("-1000"));
    assert_eq!(devices[3].text_at("controllerKey"), Some("200"), "IDE 0 exists already");
    assert_eq!(devices[2].text_at("backing.thinProvisioned"), Some("true"));
    assert_eq!(devices[1].child("sharedBus"), None, "only SCSI buses are shared");
    let drive = devices[6];
    assert_eq!(drive.child("backing").unwrap().kind(), "VirtualCdromRemoteAtapiBackingInfo");
    assert_eq!(
        (drive.text_at("controllerKey"), drive.text_at("unitNumber")),
        (Some("-15000"), Some("2"))
    );
}

#[test]
fn cards_never_connect_by_themselves() {
    let (spec, warnings) = spec();
    let cards: Vec<&Node> = spec
        .all("deviceChange")
        .filter_map(|c| c.child("device"))
        .filter(|d| d.child("addressType").is_some())
        .collect();
    assert_eq!(cards.len(), 2);
    for card in &cards {
        assert_eq!(card.text_at("connectable.startConnected"), Some("false"));
        assert_eq!(card.text_at("connectable.connected"), Some("false"));
        assert_eq!(card.text_at("addressType"), Some("generated"), "the original may still run");
    }
    assert_eq!(cards[1].text_at("backing.port.portgroupKey"), Some("dvportgroup-9"));
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    for (told, what) in warnings.iter().zip(["card on gone", "USB passthrough 1", "setup.iso"]) {
        assert!(told.contains(what), "{told}");
    }
}

#[test]
fn disks_lie_where_they_were_sent() {
    let (spec, _) = spec();
    let disks: Vec<&Node> = spec
        .all("deviceChange")
        .filter_map(|c| c.child("device"))
        .filter(|d| d.kind() == "VirtualDisk")
        .collect();
    let at = |disk: &Node| {
        let names: Vec<_> =
            disk.child("backing").unwrap().children.iter().map(|c| c.name.clone()).collect();
        (disk.string_at("backing.fileName").unwrap(), disk.string_at("backing.datastore"), names)
    };
    let (file, store, _) = at(disks[0]);
    assert_eq!((file.as_str(), store), ("[ds 1]", None));
    let (file, store, names) = at(disks[1]);
    assert_eq!((file.as_str(), store.as_deref()), ("[ds 2]", Some("store-2")));
    assert_eq!(names[..3], ["fileName", "datastore", "diskMode"], "the order of the schema");
}

#[test]
fn settings_of_the_former_place_stay_behind() {
    let (spec, _) = spec();
    let keys: Vec<_> = spec.all("extraConfig").filter_map(|o| o.text_at("key")).collect();
    assert_eq!(keys, ["disk.EnableUUID"]);
}
