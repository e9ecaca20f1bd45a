//! govc, the command line that others wrote over govmomi, drives the lab in both shapes. It must be
//! there; a check that cannot run is a failure.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

use std::path::{Path, PathBuf};
use std::process::Command;

use kuramori_lab::{Lab, LabConfig, LabHandle, LabVm, Shape};

const MIB: u64 = 1 << 20;

/// A lab of one VM that is off, and a folder for what govc writes.
struct Setting {
    lab: LabHandle,
    dir: tempfile::TempDir,
}

impl Setting {
    fn new(shape: Shape) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let vm = LabVm::new("one").capacity(20 * MIB).capacity(5 * MIB).powered_on(false);
        let lab = Lab::start(LabConfig::new(dir.path().join("lab")).shape(shape).vm(vm)).unwrap();
        lab.write("one", 0, 3 * MIB + 7, &vec![0x5a; 2_000_000]).unwrap();
        lab.write("one", 1, 0, &vec![0xa5; 300_000]).unwrap();
        Self { lab, dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs a command that must end well, and returns what it printed.
    fn govc(&self, args: &[&str]) -> String {
        let program = std::env::var_os("KURAMORI_GOVC")
            .expect("KURAMORI_GOVC names govc; `cargo xtask setup` builds it");
        let output = Command::new(&program)
            .args(args)
            .env("GOVC_URL", &self.lab.url)
            .env("GOVC_USERNAME", &self.lab.user)
            .env("GOVC_PASSWORD", &self.lab.password)
            .env("GOVC_INSECURE", "1")
            .env("GOVC_PERSIST_SESSION", "false")
            .env("GOVMOMI_HOME", self.path("govmomi"))
            .env("no_proxy", "*")
            .output()
            .unwrap_or_else(|e| panic!("cannot run {}: {e}", Path::new(&program).display()));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "govc {args:?}: {text}{said}");
        text
    }
}

fn everything(shape: Shape, kind: &str) {
    let setting = Setting::new(shape);
    let govc = |args: &[&str]| setting.govc(args);
    assert!(govc(&["about"]).contains(kind));
    assert!(govc(&["ls"]).lines().count() > 0);
    assert!(govc(&["find", "/", "-type", "m"]).trim_end().ends_with("/one"));
    let info = govc(&["vm.info", "-json=true", "one"]);
    let info: serde_json::Value = serde_json::from_str(&info).unwrap();
    let uuid = &info["VirtualMachines"][0]["Config"]["InstanceUuid"];
    assert_eq!(uuid, setting.lab.vm("one").unwrap().instance_uuid.as_str());
    let devices = govc(&["device.info", "-vm", "one"]);
    for part in ["disk-1000-0", "20,480 KB", "VirtualVmxnet3"] {
        let found = devices.contains(part) || devices.contains(&part.replace(',', ""));
        assert!(found, "{part} in {devices}");
    }

    govc(&["vm.power", "-on", "one"]);
    assert!(setting.lab.vm("one").unwrap().powered_on);
    govc(&["snapshot.create", "-vm", "one", "-m=false", "first"]);
    govc(&["snapshot.create", "-vm", "one", "-m=false", "second"]);
    let tree = govc(&["snapshot.tree", "-vm", "one"]);
    assert!(tree.contains("first") && tree.contains("second"), "{tree}");
    govc(&["snapshot.remove", "-vm", "one", "first"]);
    govc(&["snapshot.remove", "-vm", "one", "*"]);
    assert!(setting.lab.vm("one").unwrap().snapshots.is_empty());
    govc(&["vm.power", "-off", "-force", "one"]);
    assert!(!setting.lab.vm("one").unwrap().powered_on);

    let file = setting.path("sent.bin");
    fs_err::write(&file, (0..3_000_000u32).map(|n| n.to_le_bytes()[1]).collect::<Vec<_>>())
        .unwrap();
    let back = setting.path("back.bin");
    let (sent, got) = (file.display().to_string(), back.display().to_string());
    govc(&["datastore.upload", "-ds", "datastore1", &sent, "up/x.bin"]);
    assert!(govc(&["datastore.ls", "-ds", "datastore1", "up"]).contains("x.bin"));
    govc(&["datastore.download", "-ds", "datastore1", "up/x.bin", &got]);
    assert!(fs_err::read(&file).unwrap() == fs_err::read(&back).unwrap(), "the file came back");
    assert!(govc(&["datastore.ls", "-ds", "datastore1", "one"]).contains("one-flat.vmdk"));

    let out = setting.path("ovf").display().to_string();
    govc(&["export.ovf", "-vm", "one", &out]);
    let ovf = setting.path("ovf").join("one/one.ovf").display().to_string();
    govc(&["import.ovf", "-ds", "datastore1", "-pool", pool(shape), "-name", "two", &ovf]);
    for (disk, size) in [(0, 20 * MIB), (1, 5 * MIB)] {
        let read = |vm: &str| setting.lab.read(vm, disk, 0, size).unwrap();
        assert!(read("two") == read("one"), "disk {disk} went out and in again");
    }
    assert_eq!(setting.lab.vm("two").unwrap().nics[0].network, "VM Network");
    govc(&["vm.destroy", "two"]);
    assert!(setting.lab.vm("two").is_err());
    assert_eq!(setting.lab.open_leases(), 0);
}

/// A frozen disk is attached to another VM that runs, and taken away with its file kept.
fn visit(shape: Shape) {
    let setting = Setting::new(shape);
    let (govc, lab) = (|args: &[&str]| setting.govc(args), &setting.lab);
    lab.add_vm(&LabVm::new("own").capacity(1 << 20)).unwrap();
    govc(&["snapshot.create", "-vm", "one", "-m=false", "frozen"]);
    let disk = ["-ds", "datastore1", "-disk", "one/one.vmdk"];
    let how = ["-link=false", "-mode", "independent_nonpersistent"];
    govc(&[&["vm.disk.attach", "-vm", "own"], &disk[..], &how[..]].concat());
    assert_eq!(lab.vm("own").unwrap().visitors, ["[datastore1] one/one.vmdk"]);
    let devices = govc(&["device.ls", "-vm", "own"]);
    assert!(devices.contains("disk-1000-1"), "{devices}");
    govc(&["device.remove", "-vm", "own", "-keep", "disk-1000-1"]);
    assert_eq!(lab.vm("own").unwrap().visitors, Vec::<String>::new());
    govc(&["snapshot.remove", "-vm", "one", "frozen"]);
    assert!(!lab.vm("one").unwrap().consolidation_needed);
}

#[test]
fn govc_attaches_a_frozen_disk_to_another_vm() {
    visit(Shape::Esxi);
    visit(Shape::Vcenter);
}

fn pool(shape: Shape) -> &'static str {
    match shape {
        Shape::Esxi => "/ha-datacenter/host/lab-esxi.lab.test/Resources",
        Shape::Vcenter => "/Sites/DC1/host/Cluster1/Resources",
    }
}

#[test]
fn govc_drives_a_host() {
    everything(Shape::Esxi, "HostAgent");
}

#[test]
fn govc_drives_a_vcenter() {
    everything(Shape::Vcenter, "VirtualCenter");
}
