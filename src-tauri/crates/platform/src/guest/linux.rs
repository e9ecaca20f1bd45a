use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt;
use rustix::fs::OFlags;

use super::ids::Id;
use super::{Guest, NotAGuest, Roots, uuid};

/// What the firmware of a VM says who made it.
const MAKER: &str = "VMware, Inc.";
/// Before the digits of a VM's serial number.
const SERIAL: &str = "VMware-";

pub(super) fn identify(roots: &Roots) -> Result<Guest, NotAGuest> {
    let dmi = roots.sys.join("class/dmi/id");
    let maker = match fs_err::read_to_string(dmi.join("sys_vendor")) {
        Ok(maker) => maker,
        // Without such firmware it is no VM of VMware.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(NotAGuest::Other),
        Err(e) => return Err(NotAGuest::Hidden(e)),
    };
    if maker.trim() != MAKER {
        return Err(NotAGuest::Other);
    }
    // Only the administrator may read these.
    let read = |name: &str| fs_err::read_to_string(dmi.join(name)).map_err(NotAGuest::Hidden);
    let (serial, printed) = (read("product_serial")?, read("product_uuid")?);
    let serial = serial.trim().strip_prefix(SERIAL).and_then(uuid::parse);
    let uuids = uuid::orders(serial.into_iter().chain(uuid::parse(&printed)));
    if uuids.is_empty() {
        let why = format!("“{}” is not a UUID", printed.trim());
        return Err(NotAGuest::Hidden(io::Error::new(io::ErrorKind::InvalidData, why)));
    }
    let macs = macs(roots).map_err(NotAGuest::Hidden)?;
    Ok(Guest { uuids, macs })
}

fn macs(roots: &Roots) -> io::Result<Vec<String>> {
    let mut macs = Vec::new();
    for card in fs_err::read_dir(roots.sys.join("class/net"))? {
        // Not every entry is a card.
        if let Ok(address) = fs_err::read_to_string(card?.path().join("address")) {
            macs.push(address.trim().to_lowercase());
        }
    }
    Ok(macs)
}

pub(super) fn meddles() -> Option<String> {
    // What uses a disk nevertheless is noticed when it is opened for ourselves alone.
    None
}

pub(super) fn rescan(roots: &Roots) -> io::Result<()> {
    let hosts = match fs_err::read_dir(roots.sys.join("class/scsi_host")) {
        Ok(hosts) => hosts,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    for host in hosts {
        fs_err::write(host?.path().join("scan"), "- - -")?;
    }
    Ok(())
}

pub(super) fn disks(roots: &Roots, id: &Id) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    match fs_err::read_dir(roots.sys.join("block")) {
        Ok(blocks) => {
            for block in blocks {
                let block = block?;
                let device = block.path().join("device");
                let page = fs_err::read(device.join("vpd_pg83")).unwrap_or_default();
                let name = fs_err::read_to_string(device.join("wwid")).unwrap_or_default();
                let named = name.trim().strip_prefix("naa.").and_then(Id::parse);
                if named.as_ref() == Some(id) || id.is_in_page(&page) {
                    found.push(roots.dev.join(block.file_name()));
                }
            }
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    for prefix in ["wwn-0x", "scsi-3"] {
        let link = roots.dev.join("disk/by-id").join(format!("{prefix}{}", id.digits()));
        match fs_err::canonicalize(link) {
            Ok(device) => found.push(device),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(found)
}

/// An open disk.
#[derive(Debug)]
pub(super) struct Opened(File);

impl Opened {
    pub(super) fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(buf, offset)
    }
}

/// A disk that is mounted, or part of a volume group, or opened like this by others, is refused;
/// and as long as it is open nobody can do that.
pub(super) fn open(path: &Path) -> io::Result<(Opened, u64)> {
    let flags = i32::try_from(OFlags::EXCL.bits()).map_err(io::Error::other)?;
    let mut file =
        fs_err::OpenOptions::new().read(true).custom_flags(flags).open(path)?.into_file();
    // Seeking, not metadata: a device has no length there.
    let len = file.seek(SeekFrom::End(0))?;
    Ok((Opened(file), len))
}

#[cfg(test)]
pub(super) fn open_file(path: &Path) -> io::Result<(Opened, u64)> {
    open(path)
}

pub(super) fn forget(roots: &Roots, path: &Path) -> io::Result<()> {
    let Some(name) = path.file_name() else { return Ok(()) };
    match fs_err::write(roots.sys.join("block").join(name).join("device/delete"), "1") {
        // It is gone already, or no disk that the system can forget.
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
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
                ("sys/class/scsi_host/host3/scan", ""),
            ],
        );
        rescan(&at).unwrap();
        let read = |name: &str| fs_err::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(read("sys/class/scsi_host/host3/scan"), "- - -");
        Disk::open(&at.dev.join("sdb")).unwrap().let_go(&at).unwrap();
        assert_eq!(read("sys/block/sdb/device/delete"), "1");
        Disk::open(&at.dev.join("sdc")).unwrap().let_go(&at).unwrap();
        rescan(&Roots::below(&dir.path().join("nothing"))).unwrap();
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
}
