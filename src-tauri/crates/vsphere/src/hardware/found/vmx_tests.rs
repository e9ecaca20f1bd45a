use proptest::prelude::*;

use super::*;

const WEB: &str = r#"#!/usr/bin/vmware
.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "19"
displayName = "web |22one|22"
guestOS = "ubuntu-64"
firmware = "efi"
uefi.secureBoot.enabled = "TRUE"
uuid.bios = "56 4d 0f 3c 21 6a 70 91-8a 55 0e 1f 22 33 44 55"
numvcpus = "4"
cpuid.coresPerSocket = "2"
memsize = "4096"
annotation = "first|0Asecond"
nvram = "web.nvram"
scsi0.present = "TRUE"
scsi0.virtualDev = "pvscsi"
scsi0:0.present = "TRUE"
scsi0:0.fileName = "web.vmdk"
scsi0:1.present = "FALSE"
scsi0:1.fileName = "gone.vmdk"
scsi0:2.present = "TRUE"
scsi0:2.fileName = "lost.vmdk"
scsi0:2.mode = "independent-nonpersistent"
sata0.present = "TRUE"
sata0:0.present = "TRUE"
sata0:0.fileName = "/isos/ubuntu.iso"
sata0:0.deviceType = "cdrom-image"
nvme0.present = "TRUE"
nvme0:3.present = "TRUE"
nvme0:3.fileName = "data.vmdk"
nvme0:3.mode = "independent-persistent"
ethernet0.present = "TRUE"
ethernet0.virtualDev = "vmxnet3"
ethernet0.connectionType = "nat"
ethernet0.addressType = "generated"
ethernet0.generatedAddress = "00:0c:29:33:44:55"
sound.present = "TRUE"
usb.present = "FALSE"
"#;

#[test]
fn everything_a_server_needs_is_found() {
    let found = read_vmx(WEB.as_bytes()).unwrap();
    let hardware = &found.hardware;
    assert_eq!(hardware.name, "web \"one\"");
    assert_eq!(hardware.annotation, "first\nsecond");
    assert_eq!(
        (hardware.guest_id.as_str(), hardware.version.as_str()),
        ("ubuntu64Guest", "vmx-19")
    );
    assert_eq!((hardware.firmware.as_str(), hardware.secure_boot), ("efi", true));
    assert_eq!(hardware.uuid, "564d0f3c-216a-7091-8a55-0e1f22334455");
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
    assert_eq!(disks, [(2000, Some("web.vmdk")), (32_003, Some("data.vmdk"))]);
    let places: Vec<_> = hardware.disks.iter().map(|d| (d.controller_key, d.unit)).collect();
    assert_eq!(places, [(1000, 0), (31_000, 3)]);
    assert_eq!(found.left_out, [("scsi0:2".to_owned(), "its changes do not stay")]);
    assert_eq!(hardware.other_devices, ["sound card", "CD drive sata0:0"]);
    let nic = hardware.nics.first().unwrap();
    assert_eq!((nic.kind.as_str(), nic.network.as_str()), ("VirtualVmxnet3", "nat"));
    assert_eq!((nic.mac.as_str(), nic.mac_manual), ("00:0c:29:33:44:55", false));
    assert_eq!((found.nvram.as_deref(), found.suspended), (Some("web.nvram"), None));
}

#[test]
fn names_are_read_in_the_encoding_of_the_system_that_wrote_them() {
    let mut bytes = b".encoding = \"Shift_JIS\"\nconfig.version = \"8\"\ndisplayName = \"".to_vec();
    bytes.extend_from_slice(&[0x8e, 0xe6, 0x88, 0xb5, b'"', b'\n']);
    assert_eq!(read_vmx(&bytes).unwrap().hardware.name, "取扱");
}

#[test]
fn no_two_disks_get_one_key() {
    let both = format!(
        "{WEB}scsi0:16.present = \"TRUE\"\nscsi0:16.fileName = \"far.vmdk\"\n\
         scsi1.present = \"TRUE\"\nscsi1:0.present = \"TRUE\"\nscsi1:0.fileName = \"next.vmdk\"\n"
    );
    let found = read_vmx(both.as_bytes()).unwrap();
    let disks: Vec<_> = found.disks.iter().map(|d| (d.key.get(), d.file.as_deref())).collect();
    let wanted = [
        (2000, Some("web.vmdk")),
        (2064, Some("far.vmdk")),
        (2016, Some("next.vmdk")),
        (32_003, Some("data.vmdk")),
    ];
    assert_eq!(disks, wanted);
}

#[test]
fn disks_that_hang_on_nothing_are_named() {
    let mut text = WEB.replace("scsi0.present = \"TRUE\"", "scsi0.present = \"FALSE\"");
    for (at, file) in [("ide0:2", "a"), ("sata4:0", "b"), ("nvme0:04", "c"), ("nvme0:5", "")] {
        text += &format!("{at}.present = \"TRUE\"\n{at}.fileName = \"{file}\"\n");
    }
    text += "scsi2:0.present = \"TRUE\"\nscsi2:0.fileName = \"x.iso\"\n\
             scsi2:0.deviceType = \"cdrom-image\"\nusb:0.present = \"TRUE\"\n";
    let found = read_vmx(text.as_bytes()).unwrap();
    let files: Vec<_> = found.disks.iter().map(|d| d.file.as_deref()).collect();
    assert_eq!(files, [Some("data.vmdk")]);
    let left_out: Vec<_> = found.left_out.iter().map(|(at, why)| (at.as_str(), *why)).collect();
    let wanted = [
        ("nvme0:5", "it has no file"),
        ("ide0:2", "there is no such place"),
        ("nvme0:04", "there is no such place"),
        ("sata4:0", "there is no such place"),
        ("scsi0:0", "its controller is not there"),
        ("scsi0:2", "its controller is not there"),
    ];
    assert_eq!(left_out, wanted);
}

#[test]
fn what_cannot_be_saved_is_refused() {
    let encrypted = format!("{WEB}encryption.keySafe = \"vmware:key/list\"\n");
    assert!(matches!(read_vmx(encrypted.as_bytes()), Err(FoundVmError::Encrypted)));
    for strange in [b"".as_slice(), b"\x89PNG", b"displayName = \"x\"\n"] {
        assert!(matches!(read_vmx(strange), Err(FoundVmError::NotAVm(_))));
    }
    let suspended = format!("{WEB}checkpoint.vmState = \"web-1.vmss\"\nguestOS = \"beos\"\n");
    let found = read_vmx(suspended.as_bytes()).unwrap();
    assert_eq!(found.suspended.as_deref(), Some("web-1.vmss"));
    assert!(found.hardware.other_devices.contains(&"guest system beos".to_owned()));
    assert_eq!(found.hardware.guest_id, "otherGuest");
}

proptest! {
    #[test]
    fn noise_never_panics(noise in "(config.version|scsi0|:|present|fileName| = |\"|TRUE|\\||[0-9a-f]|\n){0,60}") {
        drop(read_vmx(noise.as_bytes()));
    }
}
