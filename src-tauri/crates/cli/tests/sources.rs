//! VMs and disks in files of this computer: folders of desktop products, exports, loose disks.
//! Independent tools make them: qemu-img, tar, sha256sum.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::bench::{Bench, files};

const MIB: usize = 1 << 20;

fn tool(dir: &Path, name: &str, args: &[&str]) -> String {
    let output = Command::new(name).current_dir(dir).args(args).output().unwrap();
    assert!(output.status.success(), "{name} {args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn content(len: usize, fill: u8) -> Vec<u8> {
    let mut bytes = vec![0; len];
    for (start, size) in [(0, 4096), (MIB, 700_000), (len - 512, 512)] {
        for (n, byte) in bytes[start..start + size].iter_mut().enumerate() {
            *byte = (n / 256) as u8 | fill;
        }
    }
    bytes
}

fn convert(dir: &Path, bytes: &[u8], form: &str, name: &str) {
    fs::write(dir.join("raw"), bytes).unwrap();
    let sub = format!("subformat={form}");
    let args = ["convert", "-f", "raw", "-O", "vmdk", "-o", &sub, "raw", name];
    tool(dir, "qemu-img", &args);
    fs::remove_file(dir.join("raw")).unwrap();
}

const VMX: &str = r#".encoding = "UTF-8"
config.version = "8"
virtualHW.version = "19"
displayName = "desk 01"
guestOS = "ubuntu-64"
firmware = "efi"
uuid.bios = "56 4d 0f 3c 21 6a 70 91-8a 55 0e 1f 22 33 44 55"
numvcpus = "2"
memsize = "2048"
nvram = "desk.nvram"
scsi0.present = "TRUE"
scsi0.virtualDev = "lsilogic"
scsi0:0.present = "TRUE"
scsi0:0.fileName = "desk-000001.vmdk"
scsi0:1.present = "TRUE"
scsi0:1.fileName = "data/data.vmdk"
ethernet0.present = "TRUE"
ethernet0.virtualDev = "vmxnet3"
ethernet0.connectionType = "nat"
sound.present = "TRUE"
"#;

/// A VM of a desktop product with a snapshot and a second disk. Returns what the disks hold.
fn desk(folder: &Path) -> (Vec<u8>, Vec<u8>) {
    fs::create_dir_all(folder.join("data")).unwrap();
    let (mut first, second) = (content(8 * MIB, 1), content(3 * MIB, 2));
    convert(folder, &first, "monolithicSparse", "desk.vmdk");
    convert(&folder.join("data"), &second, "twoGbMaxExtentFlat", "data.vmdk");
    let create = ["create", "-f", "vmdk", "-F", "vmdk", "-b", "desk.vmdk", "desk-000001.vmdk"];
    tool(folder, "qemu-img", &create);
    write(folder, &mut first, (4, 9));
    fs::write(folder.join("desk.vmx"), VMX).unwrap();
    fs::write(folder.join("desk.nvram"), b"boot entries").unwrap();
    (first, second)
}

/// Writes 64 KiB as the guest does.
fn write(folder: &Path, disk: &mut [u8], (mib, fill): (usize, u8)) {
    let command = format!("write -P {fill} {mib}M 64k");
    tool(folder, "qemu-io", &["-f", "vmdk", "-c", &command, "desk-000001.vmdk"]);
    disk[mib * MIB..mib * MIB + 65_536].fill(fill);
}

fn comes_back(bench: &Bench, point: &str, disk: &str, want: &[u8]) {
    let out = bench.text(&format!("{disk}-{}.raw", want.len()));
    drop(fs::remove_file(&out));
    bench.run(&["restore", "disk", point, "--disk", disk, "-o", &out]).ok();
    assert!(fs::read(&out).unwrap() == want, "disk {disk} of {point} differs");
}

#[test]
fn a_folder_of_a_desktop_product_is_saved_and_comes_back() {
    let bench = Bench::new();
    bench.make_repository().ok();
    let folder = bench.path("desk");
    let (mut first, second) = desk(&folder);
    let backup = ["image", "backup", "desk", "--repo", "place", "--json"];
    let saved = bench.run(&backup).ok();
    assert_eq!(saved.field("/vm_name"), "desk 01");
    assert_eq!(saved.field("/instance_uuid"), "564d0f3c-216a-7091-8a55-0e1f22334455");
    comes_back(&bench, "desk 01@latest", "0", &first);
    comes_back(&bench, "desk 01@latest", "1", &second);

    write(&folder, &mut first, (6, 7));
    let again = bench.run(&backup).ok();
    let new: u64 = again.field("/new").parse().unwrap();
    assert!(new < 600 << 10, "what did not change is stored once, not {new} bytes");
    comes_back(&bench, "desk 01@latest", "0", &first);
    let config = bench.run(&["points", "config", "desk 01@latest", "--json"]).ok();
    assert!(config.field("/vmx").contains("desk-000001.vmdk"), "{}", config.stdout);

    let lab = bench.lab(|lab| lab.vm(kuramori_lab::LabVm::new("other").capacity(MIB as u64)));
    bench.add_server(&lab).ok();
    let vm = ["restore", "vm", "desk 01@latest", "--to", "lab", "--datastore", "datastore1"];
    // What a host has no word for is told of: with warnings, it does not end quite well.
    let restored = bench.run(&[&vm[..], &["--name", "moved"]].concat());
    assert!(restored.stdout.contains("done with warnings"), "{}", restored.stderr);
    assert!(restored.stdout.contains("sound card"), "{}", restored.stdout);
    assert!(lab.read("moved", 0, 0, 8 * MIB as u64).unwrap() == first, "its first disk differs");
    assert!(lab.read("moved", 1, 0, 3 * MIB as u64).unwrap() == second, "its second disk differs");
    let named = files(&bench.path("lab")).into_iter().find(|f| f.ends_with("moved.nvram"));
    assert_eq!(fs::read(named.unwrap()).unwrap(), b"boot entries");
}

#[test]
fn a_running_vm_and_files_from_elsewhere_are_refused() {
    let bench = Bench::new();
    bench.make_repository().ok();
    let folder = bench.path("desk");
    desk(&folder);
    let backup = ["image", "backup", "desk/desk.vmx", "--repo", "place"];
    let refused = |said: &str| {
        let refused = bench.run(&backup);
        assert_eq!(refused.code, 1, "{}", refused.stdout);
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
    };
    fs::create_dir(folder.join("desk.vmdk.lck")).unwrap();
    fs::write(folder.join("desk.vmdk.lck").join("M1.lck"), b"1").unwrap();
    refused("is in use");
    fs::remove_dir_all(folder.join("desk.vmdk.lck")).unwrap();
    fs::write(bench.path("secret"), vec![7; 8 * MIB]).unwrap();
    let text = "CID=1\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\nRW 16384 FLAT ";
    for stolen in [bench.text("secret"), "../secret".to_owned()] {
        let text = format!("{text}\"{stolen}\" 0\n");
        fs::write(folder.join("desk-000001.vmdk"), text).unwrap();
        refused("lies outside of what is saved");
    }
    let encrypted = format!("{VMX}encryption.keySafe = \"x\"\n");
    fs::write(folder.join("desk.vmx"), encrypted).unwrap();
    refused("is encrypted");
    fs::write(folder.join("two.vmx"), VMX).unwrap();
    let several = bench.run(&["image", "backup", "desk", "--repo", "place"]);
    assert!(several.stderr.contains("2 files that end in .vmx"), "{}", several.stderr);
    let points = bench.run(&["points", "list", "--json"]).ok();
    assert_eq!(points.field("/points").as_str(), "[]", "nothing was saved");
}

/// An export as ovftool and hosts make it. Returns what its disk holds.
fn export(folder: &Path) -> Vec<u8> {
    fs::create_dir_all(folder).unwrap();
    let disk = content(5 * MIB, 4);
    convert(folder, &disk, "streamOptimized", "web-disk1.vmdk");
    let ovf = include_str!("../../vsphere/tests/captures/export.ovf");
    fs::write(folder.join("web.ovf"), ovf).unwrap();
    fs::write(folder.join("web-file2.nvram"), b"keys").unwrap();
    let mut sums = String::new();
    for file in ["web.ovf", "web-disk1.vmdk", "web-file2.nvram"] {
        let sum = tool(folder, "sha256sum", &[file]);
        sums += &format!("SHA256({file})= {}\n", sum.split(' ').next().unwrap());
    }
    fs::write(folder.join("web.mf"), sums).unwrap();
    disk
}

fn pack(folder: &Path) {
    let members = ["web.ovf", "web.mf", "web-disk1.vmdk", "web-file2.nvram"];
    let args = [&["--format=ustar", "-cf", "../web.ova"][..], &members].concat();
    tool(folder, "tar", &args);
}

#[test]
fn an_export_is_saved_from_its_folder_and_its_archive() {
    let bench = Bench::new();
    bench.make_repository().ok();
    let folder = bench.path("export");
    let disk = export(&folder);
    pack(&folder);
    for source in ["export/web.ovf", "web.ova"] {
        let saved = bench.run(&["image", "backup", source, "--repo", "place", "--json"]).ok();
        assert_eq!(saved.field("/vm_name"), "web 01", "{source}");
        comes_back(&bench, "web 01@latest", "0", &disk);
        // The second disk was never written to; nothing of it is in the export.
        assert_eq!(saved.field("/disks/1/capacity"), (512 * MIB).to_string());
    }
    let lab = bench.lab(|lab| lab.vm(kuramori_lab::LabVm::new("other").capacity(MIB as u64)));
    bench.add_server(&lab).ok();
    let vm = ["restore", "vm", "web 01@latest", "--to", "lab", "--datastore", "datastore1"];
    let restored = bench.run(&[&vm[..], &["--name", "moved"]].concat());
    assert!(restored.stdout.contains("CD/DVD drive 1"), "{}", restored.stdout);
    assert!(lab.read("moved", 0, 0, 5 * MIB as u64).unwrap() == disk);

    // A bit that flipped on the way.
    let path = folder.join("web-disk1.vmdk");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    pack(&folder);
    for source in ["export/web.ovf", "web.ova"] {
        let refused = bench.run(&["image", "backup", source, "--repo", "place"]);
        assert_eq!(refused.code, 1, "{source}");
        assert!(refused.stderr.contains("checksum"), "{source}: {}", refused.stderr);
    }
    let points = bench.run(&["points", "list", "--json"]).ok();
    let points: serde_json::Value = serde_json::from_str(&points.stdout).unwrap();
    assert_eq!(points["points"].as_array().unwrap().len(), 2, "and no third");
}

#[test]
fn a_loose_disk_is_saved_with_what_lies_below_it() {
    let bench = Bench::new();
    bench.make_repository().ok();
    let (first, _) = desk(&bench.path("desk"));
    let backup = ["image", "backup", "desk/desk-000001.vmdk", "--repo", "place", "--json"];
    let saved = bench.run(&backup).ok();
    assert_eq!(
        (saved.field("/vm_name"), saved.field("/source")),
        ("desk-000001".into(), "image".into())
    );
    comes_back(&bench, "desk-000001@latest", "0", &first);
    fs::remove_file(bench.path("desk/desk.vmdk")).unwrap();
    let missing = bench.run(&["image", "backup", "desk/desk-000001.vmdk", "--repo", "place"]);
    assert_eq!(missing.code, 1);
    assert!(missing.stderr.contains("“desk.vmdk” is not there"), "{}", missing.stderr);
}
