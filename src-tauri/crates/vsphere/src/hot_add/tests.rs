use kuramori_block::ByteLen;

use super::*;
use crate::DiskKey;
use crate::hardware::{Controller, DiskBacking, DiskSharing, VmHardware};

pub(super) fn disk() -> DiskConfig {
    DiskConfig {
        key: DiskKey::new(2000),
        label: "Hard disk 1".to_owned(),
        capacity: ByteLen::from_mib(1),
        uuid: Some("6000C293-4a5b-1c2d-8e9f-0011223344aa".to_owned()),
        object_id: None,
        backing: DiskBacking {
            kind: "VirtualDiskFlatVer2BackingInfo".to_owned(),
            file: Some("[ds] web/web.vmdk".parse().unwrap()),
            datastore: Some(DatastoreRef::new("datastore-1")),
            parents: Vec::new(),
            object_id: None,
            compatibility: None,
        },
        change_id: None,
        mode: DiskMode::Persistent,
        thin: true,
        sharing: DiskSharing::None,
        controller_key: 1000,
        unit: 0,
        encrypted: false,
        first_class: false,
    }
}

fn source(kind: &str) -> VmConfig {
    let controller = Controller { key: 1000, kind: kind.to_owned(), bus: 0 };
    let hardware = VmHardware { controllers: vec![controller], ..VmHardware::default() };
    VmConfig { hardware, disks: Vec::new(), change_tracking: false }
}

pub(super) fn seat() -> Seat {
    Seat {
        disks: Vec::new(),
        buses: vec![(1000, 0)],
        version: "1".to_owned(),
        shows_uuids: true,
        host: Some(HostRef::new("host-1")),
        home: "[own] proxy/proxy.vmx".parse().unwrap(),
        slot: Some(slots::Slot { controller: 1000, bus: 0, unit: 1, new: None }),
    }
}

fn store(name: &str, kind: &str) -> DatastoreSummary {
    DatastoreSummary {
        reference: DatastoreRef::new("datastore-1"),
        name: name.to_owned(),
        kind: kind.to_owned(),
        capacity: ByteLen::from_mib(1),
        free: ByteLen::from_mib(1),
        accessible: true,
    }
}

/// Asks with everything as it should be but for what the arguments change.
fn ask(
    seat: &Seat,
    disk: &DiskConfig,
    kind: &str,
    stores: &[DatastoreSummary],
) -> Option<AttachObstacle> {
    obstacle(seat, &[DatastoreRef::new("datastore-1")], stores, (&source(kind), disk))
}

const SCSI: &str = "ParaVirtualSCSIController";

#[test]
fn each_obstacle_is_seen_and_an_ordinary_disk_has_none() {
    let plain = |disk: &DiskConfig| ask(&seat(), disk, SCSI, &[]);
    assert_eq!(plain(&disk()), None);
    assert_eq!(ask(&seat(), &disk(), "VirtualNVMEController", &[]), None);
    assert_eq!(ask(&seat(), &disk(), "VirtualIDEController", &[]), Some(AttachObstacle::Ide));
    let encrypted = DiskConfig { encrypted: true, ..disk() };
    assert_eq!(plain(&encrypted), Some(AttachObstacle::Encrypted));
    assert_eq!(plain(&DiskConfig { uuid: None, ..disk() }), Some(AttachObstacle::NoUuid));
    let mut raw = disk();
    raw.backing.kind = "VirtualDiskRawDiskMappingVer1BackingInfo".to_owned();
    assert_eq!(plain(&raw), Some(AttachObstacle::NotAFile));
    let mut elsewhere = disk();
    elsewhere.backing.datastore = Some(DatastoreRef::new("datastore-2"));
    assert_eq!(plain(&elsewhere), Some(AttachObstacle::DatastoreUnseen));
    let dumb = Seat { shows_uuids: false, ..seat() };
    assert_eq!(ask(&dumb, &disk(), SCSI, &[]), Some(AttachObstacle::UuidsOff));
    let mut at_home = disk();
    at_home.backing.parents = vec!["[own] proxy/base.vmdk".parse().unwrap()];
    assert_eq!(plain(&at_home), Some(AttachObstacle::AtHome), "its own could not be told from it");
    let full = Seat { slot: None, ..seat() };
    assert_eq!(ask(&full, &disk(), SCSI, &[]), Some(AttachObstacle::Full));
}

#[test]
fn a_disk_that_is_there_already_is_not_attached_again() {
    let mut twin = disk();
    twin.backing.file = Some("[own] proxy/copy.vmdk".parse().unwrap());
    let mut above = DiskConfig { uuid: None, ..disk() };
    above.backing.file = Some("[ds] web/web-000001.vmdk".parse().unwrap());
    above.backing.parents = vec!["[ds] web/web.vmdk".parse().unwrap()];
    for there in [disk(), twin, above] {
        let seat = Seat { disks: vec![there], ..seat() };
        assert_eq!(ask(&seat, &disk(), SCSI, &[]), Some(AttachObstacle::Attached));
    }
}

#[test]
fn vsan_is_read_from_vsan_alone() {
    let mixed = [store("ds", "vsan"), store("own", "VMFS")];
    assert_eq!(ask(&seat(), &disk(), SCSI, &mixed), Some(AttachObstacle::VsanMix));
    let both = [store("ds", "vsan"), store("own", "vsan")];
    assert_eq!(ask(&seat(), &disk(), SCSI, &both), None);
    let other = [store("ds", "VMFS"), store("own", "vsan")];
    assert_eq!(ask(&seat(), &disk(), SCSI, &other), None);
}
