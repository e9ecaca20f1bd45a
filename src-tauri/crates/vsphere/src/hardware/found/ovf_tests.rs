use proptest::prelude::*;

use super::*;

/// As a server writes it.
pub(crate) const WEB: &str = include_str!("../../../tests/captures/export.ovf");

#[test]
fn everything_a_server_needs_is_found() {
    let found = read_ovf(WEB).unwrap();
    let hardware = &found.hardware;
    assert_eq!((hardware.name.as_str(), hardware.annotation.as_str()), ("web 01", "the shop"));
    assert_eq!(
        (hardware.guest_id.as_str(), hardware.version.as_str()),
        ("ubuntu64Guest", "vmx-19")
    );
    assert_eq!((hardware.firmware.as_str(), hardware.secure_boot), ("efi", true));
    assert_eq!((hardware.cpus, hardware.cores_per_socket, hardware.memory_mib), (4, 2, 4096));
    let controllers: Vec<_> =
        hardware.controllers.iter().map(|c| (c.key, c.kind.as_str(), c.bus)).collect();
    let expected = [
        (1000, "ParaVirtualSCSIController", 0),
        (15_000, "VirtualAHCIController", 0),
        (31_000, "VirtualNVMEController", 0),
    ];
    assert_eq!(controllers, expected);
    let disks: Vec<_> = found.disks.iter().map(|d| (d.key.get(), d.file.as_deref())).collect();
    assert_eq!(disks, [(2000, Some("web-disk1.vmdk")), (32_001, None)]);
    let sizes: Vec<_> = hardware.disks.iter().map(|d| d.capacity_bytes).collect();
    assert_eq!(sizes, [8 << 30, 512 << 20]);
    let nic = hardware.nics.first().unwrap();
    assert_eq!((nic.kind.as_str(), nic.network.as_str()), ("VirtualVmxnet3", "VM Network"));
    assert_eq!(hardware.other_devices, ["CD/DVD drive 1"]);
    assert_eq!(found.nvram.as_deref(), Some("web-file2.nvram"));
}

#[test]
fn what_cannot_be_saved_is_refused() {
    let end = WEB.find("<VirtualSystem ").unwrap();
    let (from, to) = (end, WEB.find("</Envelope>").unwrap());
    let twice = format!("{}{}{}", &WEB[..to], &WEB[from..to], &WEB[to..]);
    assert!(matches!(read_ovf(&twice), Err(FoundVmError::SeveralVms)));
    let packed = WEB.replace("ovf:id=\"file1\"", "ovf:id=\"file1\" ovf:compression=\"gzip\"");
    assert!(matches!(read_ovf(&packed), Err(FoundVmError::Unsupported(_))));
    let lost = WEB.replace("ovf:fileRef=\"file1\"", "ovf:fileRef=\"file9\"");
    assert!(matches!(read_ovf(&lost), Err(FoundVmError::NotAVm(_))));
    let loose = WEB.replace("<rasd:Parent>3</rasd:Parent>", "<rasd:Parent>99</rasd:Parent>");
    assert!(matches!(read_ovf(&loose), Err(FoundVmError::NotAVm(_))));
    assert!(matches!(read_ovf("<html/>"), Err(FoundVmError::NotAVm(_))));
    assert!(matches!(read_ovf("nothing"), Err(FoundVmError::Xml(_))));
}

/// Disks of the captured VM on its one SCSI controller, each with what it says of its place.
fn with_disks(places: &[&str]) -> String {
    let from = WEB
        .find("      <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:ElementName>Hard")
        .unwrap();
    let to = WEB.find("      <Item><rasd:AddressOnParent>7<").unwrap();
    let disk = |place: &&str| {
        format!(
            "<Item>{place}<rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource>\
             <rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>\n"
        )
    };
    let disks: String = places.iter().map(disk).collect();
    format!("{}{disks}{}", &WEB[..from], &WEB[to..])
}

fn at(place: &str) -> String {
    format!("<rasd:AddressOnParent>{place}</rasd:AddressOnParent>")
}

#[test]
fn no_two_disks_get_one_place() {
    let given = [at("0"), at("16"), at("1")];
    let mut places: Vec<&str> = vec!["", "", &given[1], &given[2]];
    places.extend([""; 6]);
    let found = read_ovf(&with_disks(&places)).unwrap();
    let units: Vec<_> = found.hardware.disks.iter().map(|d| d.unit).collect();
    assert_eq!(units, [0, 2, 16, 1, 3, 4, 5, 6, 8, 9], "the seventh is the controller's");
    let keys: BTreeSet<_> = found.disks.iter().map(|d| d.key.get()).collect();
    assert_eq!(keys.len(), places.len());
    for wrong in [["0", "0"], ["0", "64"], ["0", "-1"], ["0", "x"]] {
        let refused = read_ovf(&with_disks(&[&at(wrong[0]), &at(wrong[1])]));
        assert!(matches!(refused, Err(FoundVmError::NotAVm(_))), "{wrong:?}: {refused:?}");
    }
    let many = read_ovf(&with_disks(&[""; 64]));
    assert!(matches!(many, Err(FoundVmError::NotAVm(_))), "{many:?}");
}

#[test]
fn controllers_keep_the_numbers_they_give() {
    let scsi = |address: &str, id: u32| {
        let address = format!("<rasd:Address>{address}</rasd:Address>");
        format!(
            "<Item>{address}<rasd:InstanceID>{id}</rasd:InstanceID>\
             <rasd:ResourceSubType>lsilogic</rasd:ResourceSubType>\
             <rasd:ResourceType>6</rasd:ResourceType></Item>"
        )
    };
    let add = |more: &str| {
        let first = "      <Item><rasd:Address>0</rasd:Address><rasd:ElementName>SCSI";
        WEB.replacen(first, &format!("{more}{first}"), 1)
    };
    let numbers = |text: &str| {
        let hardware = read_ovf(text).unwrap().hardware;
        let scsi: Vec<_> =
            hardware.controllers.iter().filter(|c| c.key < 2000).map(|c| (c.key, c.bus)).collect();
        (scsi, hardware.disks[0].controller_key)
    };
    let turned = add(&scsi("1", 91));
    assert_eq!(numbers(&turned), (vec![(1001, 1), (1000, 0)], 1000), "the second is named first");
    let unclear = add(&(scsi("0", 91) + &scsi("pci", 92) + &scsi("99", 93)));
    assert_eq!(numbers(&unclear).0, [(1000, 0), (1001, 1), (1002, 2), (1003, 3)]);
    let many = add(&(91..95).map(|id| scsi("", id)).collect::<String>());
    assert!(matches!(read_ovf(&many), Err(FoundVmError::Unsupported(_))));
    let twice = add(&scsi("1", 3));
    assert!(matches!(read_ovf(&twice), Err(FoundVmError::NotAVm(_))), "one id twice");
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    let size = "ovf:capacity=\"512\" ovf:capacityAllocationUnits=\"byte * 2^20\"";
    assert!(WEB.contains(size));
    for (tib, fits) in [(64, true), (128, true), (129, false), (16_000_000, false)] {
        let other = format!("ovf:capacity=\"{tib}\" ovf:capacityAllocationUnits=\"byte * 2^40\"");
        assert_eq!(read_ovf(&WEB.replace(size, &other)).is_ok(), fits, "{tib} TiB");
    }
}

proptest! {
    #[test]
    fn noise_never_panics(at in 0..4000usize, noise in "\\PC{0,12}") {
        let mut text = WEB.to_owned();
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        text.insert_str(at, &noise);
        drop(read_ovf(&text));
    }
}
