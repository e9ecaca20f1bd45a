//! A recovery point as a new VM: where its disks go, what it is called, and what of the original it
//! cannot be.

use kuramori_lab::{FaultSpec, FaultWhen, LabHandle, LabTag, LabVm, Shape};

use crate::bench::{Answer, Bench, files, noise};
use crate::crash::kill_in;

const MIB: u64 = 1 << 20;
const BACKUP: [&str; 7] = ["backup", "--server", "lab", "--repo", "place", "--vm", "web"];
const NEW: [&str; 8] =
    ["restore", "vm", "web@latest", "--to", "lab", "--datastore", "datastore1", "--json"];

/// A VM of two disks on two datastores that boots from the second, with a recovery point.
struct Setting {
    bench: Bench,
    lab: LabHandle,
}

impl Setting {
    fn new(places_disks: bool, hardware: u16) -> Self {
        let bench = Bench::new();
        let vm = LabVm::new("web").capacity(4 * MIB).capacity(2 * MIB).on("datastore2");
        let vm = vm.version("vmx-21").boots_from(1).drive("[datastore1] iso/setup.iso");
        let lab = bench.lab(|lab| {
            lab.vm(vm).options(|options| {
                options.places_disks = places_disks;
                options.hardware = hardware;
            })
        });
        bench.add_server(&lab).ok();
        bench.make_quick_repository(&bench.text("repository")).ok();
        lab.write("web", 0, MIB, &noise(1, 2 * MIB)).unwrap();
        lab.write("web", 1, 4096, &noise(2, MIB)).unwrap();
        bench.run(&BACKUP).ok();
        Self { bench, lab }
    }

    fn restore(&self, more: &[&str]) -> Answer {
        self.bench.run(&[&NEW[..], more].concat())
    }

    /// The datastores of a VM's disks, whose bytes are those of the original.
    fn places(&self, name: &str) -> Vec<String> {
        for (disk, size) in [(0, 4 * MIB), (1, 2 * MIB)] {
            let same = self.lab.read(name, disk, 0, size).unwrap()
                == self.lab.read("web", disk, 0, size).unwrap();
            assert!(same, "disk {disk} of {name}");
        }
        let disks = self.lab.vm(name).unwrap().disks;
        disks.iter().map(|d| d.file[1..].split(']').next().unwrap().to_owned()).collect()
    }

    fn assert_vms(&self, expected: &[&str]) {
        let names: Vec<String> = self.lab.vms().into_iter().map(|vm| vm.name).collect();
        assert_eq!(names, expected);
        assert_eq!(self.lab.open_leases(), 0);
    }
}

#[test]
fn disks_go_back_to_where_they_lay_and_the_vm_boots_as_before() {
    let setting = Setting::new(true, 19);
    let done = setting.restore(&[]);
    assert_eq!(done.field("/outcome"), "succeeded-with-warnings", "{}", done.stdout);
    for said in ["called web (2)", "vmx-21", "vmx-19", "setup.iso"] {
        assert!(done.stdout.contains(said), "{said}: {}", done.stdout);
    }
    assert_eq!(setting.places("web (2)"), ["datastore1", "datastore2"]);
    let (old, new) = (setting.lab.vm("web").unwrap(), setting.lab.vm("web (2)").unwrap());
    assert_eq!((old.boot_order.len(), &new.boot_order), (2, &old.boot_order));
    assert_eq!((new.version.as_str(), &new.drives), ("vmx-19", &vec![None]));
    setting.restore(&[]);
    assert_eq!(setting.places("web (3)"), ["datastore1", "datastore2"]);
    setting.assert_vms(&["web", "web (2)", "web (3)"]);
}

#[test]
fn a_datastore_may_be_chosen_for_each_disk_and_a_name_that_is_typed_is_meant() {
    let setting = Setting::new(true, 21);
    let together = ["--disk-datastore", "2001=datastore1", "--name", "together"];
    setting.restore(&together);
    assert_eq!(setting.places("together"), ["datastore1", "datastore1"]);
    let crossed = ["--disk-datastore", "2001=datastore1", "--disk-datastore", "2000=datastore2"];
    setting.restore(&[&crossed[..], &["--name", "crossed"]].concat());
    assert_eq!(setting.places("crossed"), ["datastore2", "datastore1"]);
    let refused = |more: &[&str], said: &str| {
        let answer = setting.restore(more);
        assert_eq!(answer.code, 1, "{}", answer.stdout);
        assert!(answer.stdout.contains(said), "{said}: {}", answer.stdout);
    };
    refused(&["--name", "web"], "“web (2)” is free");
    refused(&["--disk-datastore", "7=datastore1"], "no disk with the key 7");
    refused(&["--disk-datastore", "2001=nowhere"], "nowhere");
    assert_eq!(setting.restore(&["--disk-datastore", "nonsense"]).code, 2);
    setting.assert_vms(&["crossed", "together", "web"]);
}

#[test]
fn where_the_server_does_not_place_disks_they_stay_together_and_it_is_said() {
    let setting = Setting::new(false, 21);
    let done = setting.restore(&["--name", "beside"]);
    assert_eq!(done.field("/outcome"), "succeeded-with-warnings", "{}", done.stdout);
    assert!(done.stdout.contains("disks on other datastores"), "{}", done.stdout);
    assert_eq!(setting.places("beside"), ["datastore1", "datastore1"]);
    // What somebody chose is never changed behind his back.
    let chosen = setting.restore(&["--name", "chosen", "--disk-datastore", "2000=datastore2"]);
    assert_eq!(chosen.code, 1, "{}", chosen.stdout);
    assert!(chosen.stdout.contains("server-fault"), "{}", chosen.stdout);
    setting.assert_vms(&["beside", "web"]);
}

#[test]
fn killed_in_the_middle_nothing_stays_on_either_datastore() {
    let setting = Setting::new(true, 21);
    let args = [&NEW[..], &["--name", "killed"]].concat();
    for (point, when) in [("ImportVApp", FaultWhen::After), ("import", FaultWhen::Usual)] {
        let hold = FaultSpec { point: point.into(), when, ..FaultSpec::default() };
        let held = kill_in(&setting.bench, &setting.lab, &args, hold);
        assert_eq!(setting.lab.vms().len(), 2, "{point}: it is half made");
        setting.lab.remove_faults(Some(held));
        let left = || {
            let mut all = files(&setting.bench.path("lab").join("datastores"));
            all.retain(|file| file.to_string_lossy().contains("killed"));
            all
        };
        // Nobody speaks for the lease any more, so the server ends it after a while.
        for _ in 0..100 {
            setting.lab.expire_leases();
            if setting.lab.open_leases() == 0 && left().is_empty() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        setting.assert_vms(&["web"]);
        assert!(left().is_empty(), "{point}: {:?}", left());
    }
    setting.restore(&["--name", "killed"]);
    assert_eq!(setting.places("killed"), ["datastore1", "datastore2"]);
}

#[test]
fn of_several_hosts_one_is_chosen_that_has_the_hardware() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| {
        let vm = LabVm::new("web").capacity(2 * MIB).version("vmx-21");
        lab.shape(Shape::Vcenter).vm(vm).options(|o| o.older_host = Some(17))
    });
    bench.add_server(&lab).ok();
    bench.make_quick_repository(&bench.text("repository")).ok();
    bench.run(&BACKUP).ok();
    let done = bench.run(&[&NEW[..], &["--name", "again"]].concat()).ok();
    assert_eq!(done.field("/outcome"), "succeeded", "{}", done.stdout);
    assert_eq!(lab.vm("again").unwrap().version, "vmx-21");
}

#[test]
fn tags_are_saved_shown_and_put_on_again() {
    let bench = Bench::new();
    let tag = |name: &str, vms: &[&str]| LabTag {
        category: "tier".to_owned(),
        name: name.to_owned(),
        vms: vms.iter().map(|vm| (*vm).to_owned()).collect(),
    };
    let lab = bench.lab(|lab| {
        let lab = lab.shape(Shape::Vcenter).vm(LabVm::new("web").capacity(2 * MIB));
        lab.options(|o| o.tags = vec![tag("gold", &["web"]), tag("silver", &[])])
    });
    bench.add_server(&lab).ok();
    bench.make_quick_repository(&bench.text("repository")).ok();
    bench.run(&BACKUP).ok();
    let config = bench.run(&["points", "config", "web@latest", "--json"]).ok();
    assert!(config.stdout.contains("tier") && config.stdout.contains("gold"), "{}", config.stdout);
    assert!(!config.stdout.contains("silver"), "{}", config.stdout);
    let done = bench.run(&[&NEW[..], &["--name", "again"]].concat()).ok();
    assert_eq!(done.field("/outcome"), "succeeded", "{}", done.stdout);
    assert_eq!(lab.tags_of("again"), [("tier".to_owned(), "gold".to_owned())]);

    let bare = kuramori_lab::Lab::start(kuramori_lab::LabConfig::new(bench.path("bare"))).unwrap();
    let args = ["server", "add", "bare", &bare.url, "--user", &bare.user, "--password-stdin"];
    let args = [&args[..], &["--pin", &bare.certificate_sha256]].concat();
    bench.run_with(&bare.password, &args).ok();
    let args = ["restore", "vm", "web@latest", "--to", "bare", "--datastore", "datastore1"];
    let told = bench.run(&[&args[..], &["--json"]].concat());
    assert_eq!(told.field("/outcome"), "succeeded-with-warnings", "{}", told.stdout);
    assert!(told.stdout.contains("no tag gold"), "{}", told.stdout);
}
