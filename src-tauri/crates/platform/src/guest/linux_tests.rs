use super::*;
use crate::guest::{Disk, find_disk};

const UUID: &str = "6000C293-4a5b-1c2d-8e9f-0011223344aa";
const DIGITS: &str = "6000c2934a5b1c2d8e9f0011223344aa";

fn roots(dir: &Path, files: &[(&str, &str)]) -> Roots {
    for (name, text) in files {
        let file = dir.join(name);
        fs_err::create_dir_all(file.parent().unwrap()).unwrap();
        fs_err::write(file, text).unwrap();
    }
    Roots::below(dir)
}

#[test]
fn a_vm_of_vmware_knows_itself() {
    let dir = tempfile::tempdir().unwrap();
    let vm = [
        ("sys/class/dmi/id/sys_vendor", "VMware, Inc.\n"),
        (
            "sys/class/dmi/id/product_serial",
            "VMware-56 4d b6 6e 34 5b 0e 3f-91 6b 95 3c 6e 9e 05 5d\n",
        ),
        ("sys/class/dmi/id/product_uuid", "6eb64d56-5b34-3f0e-916b-953c6e9e055d\n"),
        ("sys/class/net/ens192/address", "00:0C:29:9e:05:5d\n"),
    ];
    let guest = identify(&roots(dir.path(), &vm)).unwrap();
    assert_eq!(guest.macs, ["00:0c:29:9e:05:5d"]);
    assert_eq!(guest.uuids[0], "564db66e-345b-0e3f-916b-953c6e9e055d");
    assert_eq!(guest.uuids.len(), 2, "{guest:?}");
    // A serial number that an administrator wrote himself.
    let other = [("sys/class/dmi/id/product_serial", "rack 7\n")];
    let guest = identify(&roots(dir.path(), &other)).unwrap();
    assert_eq!(guest.uuids[1], "564db66e-345b-0e3f-916b-953c6e9e055d");
}

#[test]
fn other_computers_are_told_from_vms_that_hide() {
    let dir = tempfile::tempdir().unwrap();
    let bare = identify(&Roots::below(dir.path()));
    assert!(matches!(bare, Err(NotAGuest::Other)), "{bare:?}");
    let other = roots(dir.path(), &[("sys/class/dmi/id/sys_vendor", "QEMU\n")]);
    assert!(matches!(identify(&other), Err(NotAGuest::Other)));
    let hidden = roots(dir.path(), &[("sys/class/dmi/id/sys_vendor", "VMware, Inc.\n")]);
    assert!(matches!(identify(&hidden), Err(NotAGuest::Hidden(_))));
}

#[test]
fn a_disk_is_found_by_each_of_its_names() {
    let page = [
        &[0, 0x83, 0, 20, 1, 3, 0, 16][..],
        &u128::from_str_radix(DIGITS, 16).unwrap().to_be_bytes(),
    ];
    let cases: [(&str, Vec<u8>); 4] = [
        ("sys/block/sdb/device/wwid", format!("naa.{DIGITS}\n").into_bytes()),
        ("sys/block/sdb/device/vpd_pg83", page.concat()),
        ("dev/disk/by-id/wwn-0x6000c2934a5b1c2d8e9f0011223344aa", Vec::new()),
        ("dev/disk/by-id/scsi-36000c2934a5b1c2d8e9f0011223344aa", Vec::new()),
    ];
    for (name, bytes) in cases {
        let dir = tempfile::tempdir().unwrap();
        let at = Roots::below(dir.path());
        assert_eq!(find_disk(&at, UUID).unwrap(), None, "{name}");
        let file = dir.path().join(name);
        fs_err::create_dir_all(file.parent().unwrap()).unwrap();
        fs_err::write(&file, bytes).unwrap();
        let found = find_disk(&at, UUID).unwrap().unwrap();
        let expected = if name.starts_with("sys") {
            at.dev.join("sdb")
        } else {
            fs_err::canonicalize(&file).unwrap()
        };
        assert_eq!(found, expected, "{name}");
        assert_eq!(find_disk(&at, &UUID.replace('a', "b")).unwrap(), None, "{name}");
    }
    let dir = tempfile::tempdir().unwrap();
    let twins = roots(
        dir.path(),
        &[
            ("sys/block/sdb/device/wwid", "naa.6000c2934a5b1c2d8e9f0011223344aa\n"),
            ("sys/block/sdc/device/wwid", "naa.6000c2934a5b1c2d8e9f0011223344aa\n"),
        ],
    );
    assert!(find_disk(&twins, UUID).is_err(), "which of two it is cannot be known");
    assert!(find_disk(&twins, "zebra").is_err());
}

#[test]
fn the_system_forgets_a_disk_and_looks_for_new_ones() {
    let dir = tempfile::tempdir().unwrap();
    let at = roots(
        dir.path(),
        &[
            ("dev/sdb", "bytes"),
            ("dev/sdc", "bytes"),
            ("sys/block/sdb/device/delete", ""),
            ("sys/class/scsi_host/host1/proc_name", "ata_piix\n"),
            ("sys/class/scsi_host/host1/scan", ""),
            ("sys/class/scsi_host/host2/proc_name", "vmw_pvscsi\n"),
            ("sys/class/scsi_host/host2/scan/refuses", ""),
            ("sys/class/scsi_host/host3/proc_name", "vmw_pvscsi\n"),
            ("sys/class/scsi_host/host3/scan", ""),
            ("sys/class/scsi_host/host4/proc_name", "mptsas\n"),
            ("sys/class/scsi_host/host4/scan", ""),
        ],
    );
    assert!(rescan(&at, 5).is_err(), "one refuses");
    let read = |name: &str| fs_err::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(read("sys/class/scsi_host/host1/scan"), "", "no disk of ours is there");
    assert_eq!(read("sys/class/scsi_host/host3/scan"), "0 5 -", "the others are asked");
    assert_eq!(read("sys/class/scsi_host/host4/scan"), "- - -");
    Disk::open(&at.dev.join("sdb")).unwrap().let_go(&at).unwrap();
    assert_eq!(read("sys/block/sdb/device/delete"), "1");
    Disk::open(&at.dev.join("sdc")).unwrap().let_go(&at).unwrap();
    rescan(&Roots::below(&dir.path().join("nothing")), 5).unwrap();
}

#[test]
fn the_place_of_a_disk_is_known_where_the_system_tells_it() {
    let place = |address: &str, driver: &str| {
        let dir = tempfile::tempdir().unwrap();
        let scsi = format!("sys/block/sdb/device/scsi_device/{address}/uevent");
        let files = [
            ("dev/sdb", "bytes"),
            (scsi.as_str(), ""),
            ("sys/class/scsi_host/host2/proc_name", driver),
        ];
        let at = roots(dir.path(), &files);
        Disk::open(&at.dev.join("sdb")).unwrap().unit(&at)
    };
    assert_eq!(place("2:0:11:0", "vmw_pvscsi\n").unwrap(), Some(11));
    assert_eq!(place("2:0:11:0", "mptsas\n").unwrap(), None, "numbered as they come");
    assert!(place("2:0:11:0", "iscsi_tcp\n").is_err(), "no disk of a VM");
    assert!(place("2:0:11:4", "vmw_pvscsi\n").is_err());
    assert!(place("3:0:11:0", "vmw_pvscsi\n").is_err(), "no such controller");
    assert!(place("11", "vmw_pvscsi\n").is_err());
}

#[test]
fn a_disk_that_was_written_to_is_known_by_its_counters() {
    let read_only = "5 0 40 1 0 0 0 0 0 1 1";
    let untouched = |disk: Option<&str>, part: Option<&str>| {
        let dir = tempfile::tempdir().unwrap();
        let mut files = vec![("dev/sdb", "bytes"), ("sys/block/sdb/device/wwid", "")];
        files.extend(disk.map(|text| ("sys/block/sdb/stat", text)));
        files.extend(part.map(|text| ("sys/block/sdb/sdb1/stat", text)));
        files.extend(part.map(|_| ("sys/block/sdb/sdb1/partition", "1")));
        let at = roots(dir.path(), &files);
        Disk::open(&at.dev.join("sdb")).unwrap().untouched(&at).is_ok()
    };
    assert!(untouched(Some(read_only), None));
    assert!(untouched(Some(read_only), Some(read_only)));
    assert!(untouched(Some("5 0 40 1 0 0 0 0 0 1 1 0 0 0 0 3 9"), None), "flushed only");
    assert!(!untouched(Some("5 0 40 1 2 0 16 0 0 1 1"), None));
    assert!(!untouched(Some("5 0 40 1 0 0 0 0 0 1 1 1 0 8 0 0 0"), None), "discarded");
    assert!(!untouched(Some(read_only), Some("5 0 40 1 2 0 16 0 0 1 1")));
    assert!(!untouched(None, None), "not known is not untouched");
    assert!(!untouched(Some("5 0"), None));
}

/// Runs a program of the system and returns what it printed.
fn system(program: &str, args: &[&str]) -> String {
    let output = std::process::Command::new(program).args(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
#[ignore = "needs root, loop devices and e2fsprogs"]
fn a_real_block_device_is_read_by_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let (image, mount) = (dir.path().join("image"), dir.path().join("mount"));
    fs_err::write(&image, vec![0; 4 << 20]).unwrap();
    fs_err::create_dir(&mount).unwrap();
    let [image, mount] = [&image, &mount].map(|path| path.to_str().unwrap());
    system("mke2fs", &["-q", image]);
    let device = system("losetup", &["--find", "--show", image]);
    let bytes = fs_err::read(image).unwrap();
    let result = std::panic::catch_unwind(|| {
        let disk = Disk::open(Path::new(&device)).unwrap();
        assert_eq!(disk.len(), 4 << 20);
        let mut part = vec![0; 70_001];
        disk.read_at(1001, &mut part).unwrap();
        assert!(part == bytes[1001..71_002]);
        let second = Disk::open(Path::new(&device)).unwrap_err();
        assert_eq!(second.kind(), io::ErrorKind::ResourceBusy, "{second}");
        let mounted = std::process::Command::new("mount").args([&device, mount]).output();
        assert!(!mounted.unwrap().status.success(), "nobody mounts it meanwhile");
        drop(disk);
        system("mount", &[&device, mount]);
        let busy = Disk::open(Path::new(&device)).unwrap_err();
        system("umount", &[mount]);
        assert_eq!(busy.kind(), io::ErrorKind::ResourceBusy, "{busy}");
    });
    system("losetup", &["--detach", &device]);
    result.unwrap();
}
