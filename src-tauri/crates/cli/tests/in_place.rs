//! A restore over the original: the disks come back, those it had stay, and a kill at any call
//! leaves the one or the other.

use std::path::Path;
use std::time::Duration;

use kuramori_lab::{FaultSpec, FaultWhen, LabHandle, LabVm};

use crate::bench::{Bench, files, noise};
use crate::crash::kill_in;

const MIB: u64 = 1 << 20;
const SIZES: [u64; 2] = [4 * MIB, 2 * MIB];
const BACKUP: [&str; 8] =
    ["backup", "--server", "lab", "--repo", "place", "--vm", "web 01", "--json"];
const OVER: [&str; 6] = ["restore", "vm", "web 01@first", "--to", "lab", "--in-place"];
pub(crate) const CONFIRMED: [&str; 9] =
    [OVER[0], OVER[1], OVER[2], OVER[3], OVER[4], OVER[5], "--confirm", "web 01", "--json"];

/// A running VM of two disks with a recovery point; then the guest wrote over all of them.
pub(crate) struct Setting {
    pub(crate) bench: Bench,
    pub(crate) lab: LabHandle,
    /// The disks of the recovery point.
    pub(crate) then: Vec<Vec<u8>>,
}

impl Setting {
    pub(crate) fn new() -> Self {
        let bench = Bench::new();
        let vm = SIZES.iter().fold(LabVm::new("web 01"), |vm, size| vm.capacity(*size));
        let lab = bench.lab(|lab| lab.vm(vm));
        bench.add_server(&lab).ok();
        bench.make_quick_repository(&bench.text("repository")).ok();
        let setting = Self { bench, lab, then: Vec::new() };
        setting.guest_writes(1);
        setting.bench.run(&BACKUP).ok();
        Self { then: setting.live(), ..setting }
    }

    pub(crate) fn guest_writes(&self, seed: u64) {
        self.lab.write("web 01", 0, MIB, &noise(seed, 2 * MIB)).unwrap();
        self.lab.write("web 01", 1, 4096, &noise(seed + 1000, MIB)).unwrap();
    }

    /// The disks as the guest sees them.
    pub(crate) fn live(&self) -> Vec<Vec<u8>> {
        let disks = SIZES.iter().enumerate();
        disks.map(|(n, size)| self.lab.read("web 01", n, 0, *size).unwrap()).collect()
    }

    pub(crate) fn over(&self, more: &[&str]) -> crate::bench::Answer {
        self.bench.run(&[&CONFIRMED[..], more].concat())
    }

    /// The bytes of a disk's data file, by the path of its descriptor on the datastore.
    fn data_file(&self, descriptor: &str) -> Vec<u8> {
        let (datastore, file) = descriptor[1..].split_once("] ").unwrap();
        let data = file.replace(".vmdk", "-flat.vmdk");
        let lab = self.bench.path("lab");
        std::fs::read(lab.join("datastores").join(datastore).join(Path::new(&data))).unwrap()
    }

    pub(crate) fn files(&self) -> Vec<String> {
        self.lab.vm("web 01").unwrap().disks.into_iter().map(|d| d.file).collect()
    }

    /// Nothing of the helpers lies beside the disks that the VM took.
    fn assert_tidy(&self, about: &str) {
        let all = files(&self.bench.path("lab").join("datastores"));
        let small = |file: &&std::path::PathBuf| {
            let text = file.to_string_lossy();
            text.contains("Kuramori") && !text.ends_with(".vmdk")
        };
        let left: Vec<_> = all.iter().filter(small).collect();
        assert!(left.is_empty(), "{about}: {left:?}");
        let disks = self.files();
        assert!(disks.iter().all(|disk| disk.contains("Kuramori")), "{about}: {disks:?}");
    }

    /// The VM is the only one, runs, and has no snapshot.
    pub(crate) fn assert_alone(&self, about: &str) {
        let vms = self.lab.vms();
        let names: Vec<&str> = vms.iter().map(|vm| vm.name.as_str()).collect();
        assert_eq!(names, ["web 01"], "{about}: no helper is left");
        assert!(vms[0].powered_on, "{about}: it runs as before");
        assert!(vms[0].snapshots.is_empty(), "{about}: no snapshot is left");
    }
}

#[test]
fn the_disks_come_back_and_those_it_had_stay_as_files() {
    let setting = Setting::new();
    setting.guest_writes(2);
    let (now, old) = (setting.live(), setting.files());
    let uuid = setting.lab.vm("web 01").unwrap().instance_uuid;
    let done = setting.over(&["--shut-down", "--power-on"]).ok();
    assert_eq!(done.field("/outcome"), "succeeded", "{}", done.stdout);
    assert!(setting.live() == setting.then, "the disks are those of the recovery point");
    setting.assert_alone("done");
    setting.assert_tidy("done");
    let vm = setting.lab.vm("web 01").unwrap();
    assert_eq!(vm.instance_uuid, uuid, "it is the same VM");
    assert!(vm.nics.iter().all(|nic| nic.start_connected), "its cards stay as they were");
    for (file, bytes) in old.iter().zip(&now) {
        assert!(setting.data_file(file) == *bytes, "{file} stays");
        assert!(done.stdout.contains(file.as_str()), "the result names {file}: {}", done.stdout);
    }

    let disk = setting.bench.text("safety.raw");
    setting.bench.run(&["restore", "disk", "web 01@latest", "-o", &disk]).ok();
    assert!(std::fs::read(&disk).unwrap() == now[0], "the state before is a recovery point");

    setting.guest_writes(3);
    let next = setting.bench.run(&BACKUP).ok();
    assert!(next.stdout.contains("first recovery point of this disk"), "{}", next.stdout);
    let disk = setting.bench.text("next.raw");
    setting.bench.run(&["restore", "disk", "web 01@latest", "-o", &disk]).ok();
    assert!(std::fs::read(&disk).unwrap() == setting.live()[0], "the next backup is whole");
}

/// Field failure 27: storage that names disks as it likes, so that names differ from the recovery
/// point's.
#[test]
fn j27_disks_are_found_by_their_place_whatever_their_files_are_called() {
    let setting = Setting::new();
    let first = setting.files();
    setting.over(&["--power-off"]).ok();
    let second = setting.files();
    assert!(second.iter().all(|file| !first.contains(file)), "{second:?} are other files");
    setting.guest_writes(2);
    let now = setting.live();
    setting.over(&[]).ok();
    assert!(setting.live() == setting.then, "each disk is at its place again");
    for (file, bytes) in second.iter().zip(&now) {
        assert!(setting.data_file(file) == *bytes, "{file} stays");
    }
    assert!(!setting.lab.vm("web 01").unwrap().powered_on, "it was off, and nobody asked");
}

#[test]
fn nothing_is_touched_without_consent() {
    let setting = Setting::new();
    setting.guest_writes(2);
    let (now, files) = (setting.live(), setting.files());
    let refused = |answer: crate::bench::Answer, code: &str| {
        assert_eq!(answer.code, 1, "{}", answer.stdout);
        assert!(answer.stdout.contains(code), "{}", answer.stdout);
        assert!(setting.live() == now && setting.files() == files, "{code}");
        setting.assert_alone(code);
    };
    let wrong = [&OVER[..], &["--confirm", "web 02", "--power-off", "--json"]].concat();
    refused(setting.bench.run(&wrong), "name-not-confirmed");
    let typed = [&OVER[..], &["--power-off", "--json"]].concat();
    refused(setting.bench.run_with("web\n", &typed), "name-not-confirmed");
    refused(setting.over(&[]), "vm-running");
    let broken = FaultSpec {
        point: "CreateSnapshot_Task".into(),
        fault: Some("GenericVmConfigFault".into()),
        ..FaultSpec::default()
    };
    let broken = setting.lab.add_fault(broken).unwrap();
    refused(setting.over(&["--shut-down"]), "safety-point-failed");
    setting.lab.remove_faults(Some(broken));
    let full = FaultSpec {
        point: "ImportVApp".into(),
        fault: Some("NoDiskSpace".into()),
        ..FaultSpec::default()
    };
    let full = setting.lab.add_fault(full).unwrap();
    refused(setting.over(&["--shut-down"]), "datastore-ran-full");
    setting.lab.remove_faults(Some(full));
    let refusal = FaultSpec {
        point: "ReconfigVM_Task".into(),
        fault: Some("GenericVmConfigFault".into()),
        skip: 1,
        times: Some(1),
        ..FaultSpec::default()
    };
    setting.lab.add_fault(refusal).unwrap();
    refused(setting.over(&["--power-off"]), "server-fault");

    let snapshot = setting.lab.create_snapshot("web 01", "before the update").unwrap();
    let answer = setting.over(&["--power-off"]);
    assert!(answer.stdout.contains("vm-has-snapshots"), "{}", answer.stdout);
    assert!(answer.stdout.contains("before the update"), "{}", answer.stdout);
    setting.lab.remove_snapshot("web 01", &snapshot).unwrap();

    let typed = [&OVER[..], &["--power-off", "--power-on", "--json"]].concat();
    let done = setting.bench.run_with("web 01\n", &typed).ok();
    assert!(done.stderr.contains("Type its name"), "{}", done.stderr);
    assert!(setting.live() == setting.then);
    setting.assert_alone("typed");
}

/// A call at which the restore is killed: its method, how many of these pass first, when, and
/// whether the VM has the other disks afterwards.
type Moment = (&'static str, u32, FaultWhen, bool);

#[test]
fn killed_before_the_disks_are_sent_it_has_the_old_ones() {
    use FaultWhen::{After, Call, Usual};
    killed_at(&[
        ("ShutdownGuest", 0, Call, false),
        ("ShutdownGuest", 0, After, false),
        ("CreateSnapshot_Task", 0, Usual, false),
        ("ImportVApp", 0, Call, false),
        ("ImportVApp", 0, After, false),
        ("HttpNfcLeaseComplete", 0, Call, false),
    ]);
}

#[test]
fn killed_once_the_disks_were_sent_it_has_the_old_ones() {
    use FaultWhen::{After, Call, Usual};
    killed_at(&[
        ("HttpNfcLeaseComplete", 0, After, false),
        ("folder", 20, Usual, false),
        // The helper's disks are taken out of it.
        ("ReconfigVM_Task", 0, Call, false),
        ("ReconfigVM_Task", 0, Usual, false),
        ("ReconfigVM_Task", 0, After, false),
    ]);
}

#[test]
fn killed_from_the_exchange_on_it_has_the_new_ones() {
    use FaultWhen::{After, Call, Usual};
    killed_at(&[
        // The server has heard of it before the kill.
        ("ReconfigVM_Task", 1, Call, true),
        ("ReconfigVM_Task", 1, Usual, true),
        ("ReconfigVM_Task", 1, After, true),
        ("UnregisterVM", 0, Call, true),
        ("UnregisterVM", 0, After, true),
        ("PowerOnVM_Task", 0, Usual, true),
    ]);
}

#[test]
fn killed_while_it_tidies_up_nothing_is_left_and_no_disk_is_gone() {
    use FaultWhen::{After, Call, Usual};
    killed_at(&[
        ("FindByDatastorePath", 0, Call, true),
        ("DeleteDatastoreFile_Task", 0, Call, true),
        ("DeleteDatastoreFile_Task", 0, After, true),
        ("DeleteDatastoreFile_Task", 2, Usual, true),
    ]);
}

impl Setting {
    /// Returns once no lease is open: what was asked for before a kill may still come to its end,
    /// and what then stays open belongs to nobody.
    fn wait_for_leases(&self) {
        let step = Duration::from_millis(50);
        for n in 0.. {
            if self.lab.open_leases() == 0 {
                return;
            }
            if n >= 20 {
                self.lab.expire_leases();
            }
            std::thread::sleep(step);
        }
    }
}

fn killed_at(moments: &[Moment]) {
    let setting = Setting::new();
    let args = [&CONFIRMED[..], &["--shut-down", "--power-on"]].concat();
    for (n, (point, skip, when, exchanged)) in (10u64..).zip(moments.iter().copied()) {
        let about = format!("{point} {skip} {when:?}");
        setting.guest_writes(n);
        let now = setting.live();
        let hold = FaultSpec { point: point.into(), skip, when, ..FaultSpec::default() };
        let held = kill_in(&setting.bench, &setting.lab, &args, hold);
        setting.lab.remove_faults(Some(held));
        // What the server was asked for may only now begin; the guardian comes again.
        for _ in 0..2 {
            std::thread::sleep(Duration::from_millis(100));
            setting.wait_for_leases();
            setting.bench.run(&["points", "list"]).ok();
        }
        let live = setting.live();
        assert!(live == if exchanged { setting.then.clone() } else { now }, "{about}");
        setting.assert_alone(&about);
        if exchanged {
            setting.assert_tidy(&about);
            // Turns tracking on again, so that the calls of the next round are the same.
            setting.bench.run(&BACKUP).ok();
        }
    }
    setting.guest_writes(99);
    setting.over(&["--shut-down", "--power-on"]).ok();
    assert!(setting.live() == setting.then, "it still works after all that");
}

#[test]
fn a_new_vm_is_the_original_again_only_when_that_is_gone() {
    let setting = Setting::new();
    let original = setting.lab.vm("web 01").unwrap();
    let keep = ["restore", "vm", "web 01@first", "--to", "lab", "--datastore", "datastore1"];
    let keep = [&keep[..], &["--identity", "keep", "--json", "--name"]].concat();
    let beside = setting.bench.run(&[&keep[..], &["beside"]].concat());
    assert_eq!(beside.code, 3, "it warns: {}", beside.stdout);
    assert_eq!(beside.field("/outcome"), "succeeded-with-warnings", "{}", beside.stdout);
    assert!(beside.stdout.contains("its old UUIDs, which “web 01” has"), "{}", beside.stdout);
    assert!(beside.stdout.contains(&original.nics[0].mac), "{}", beside.stdout);
    let copy = setting.lab.vm("beside").unwrap();
    assert_ne!(copy.instance_uuid, original.instance_uuid);
    assert_ne!(copy.nics[0].mac, original.nics[0].mac);

    setting.lab.remove_vm("web 01").unwrap();
    setting.bench.run(&[&keep[..], &["web 01"]].concat()).ok();
    let again = setting.lab.vm("web 01").unwrap();
    assert_eq!(again.instance_uuid, original.instance_uuid);
    assert_eq!((&again.uuid, &again.nics[0].mac), (&original.uuid, &original.nics[0].mac));
    assert!(
        !again.powered_on && !again.nics[0].start_connected,
        "it wakes up quietly all the same"
    );
}
