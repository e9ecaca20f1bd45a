//! The way through: connect, keep, back up, back up again, get back.

use kuramori_lab::LabVm;

use crate::bench::{Bench, PASSPHRASE, answer, files};

const MIB: u64 = 1 << 20;

#[test]
fn two_vms_are_backed_up_and_come_back() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| {
        lab.vm(LabVm::new("web 01").capacity(8 * MIB).capacity(3 * MIB))
            .vm(LabVm::new("db").capacity(5 * MIB))
    });
    lab.write("web 01", 0, MIB, &[1; 2_000_000]).unwrap();
    lab.write("web 01", 1, 4096, &[2; 1000]).unwrap();
    lab.write("db", 0, 0, &[3; 3_000_000]).unwrap();
    bench.add_server(&lab).ok();
    bench.make_repository().ok();
    let inventory = bench.run(&["inventory", "lab", "--json"]).ok();
    assert_eq!(inventory.field("/vms/0/name"), "db");
    assert_eq!(inventory.field("/vms/1/capacity"), (11 * MIB).to_string());

    let backup = ["backup", "--server", "lab", "--repo", "place", "--vm", "web 01", "db", "--json"];
    let first = bench.run(&backup).ok();
    assert_eq!(first.field("/outcome"), "succeeded");
    lab.write("web 01", 0, 5 * MIB, &[4; 100_000]).unwrap();
    let second = bench.run(&backup).ok();
    let new: u64 = second.field("/items/0/counters/new").parse().unwrap();
    assert!(new < 600 << 10, "one chunk and its map are new, not {new} bytes");

    let disk = bench.text("disk.raw");
    let args = ["restore", "disk", "web 01@latest", "--disk", "0", "--format", "raw", "-o", &disk];
    bench.run(&args).ok();
    let live = lab.read("web 01", 0, 0, 8 * MIB).unwrap();
    assert!(std::fs::read(&disk).unwrap() == live, "the restored image differs from the disk");
    let again = bench.run(&args);
    assert_eq!(again.code, 1, "an existing file is never overwritten");
    #[cfg(unix)]
    qemu_reads(&bench, &disk);

    let points = bench.run(&["points", "list", "--vm", "web 01", "--json"]).ok();
    let oldest = points.field("/points/1/id");
    let args = ["restore", "vm", &oldest, "--to", "lab", "--datastore", "datastore1"];
    bench.run(&[&args[..], &["--name", "web restored"]].concat()).ok();
    let restored = lab.read("web restored", 0, 0, 8 * MIB).unwrap();
    let mut before = live;
    before[5 * MIB as usize..5 * MIB as usize + 100_000].fill(0);
    assert!(restored == before, "the restored VM differs from the first recovery point");
    let second_disk = lab.read("web restored", 1, 0, 3 * MIB).unwrap();
    assert!(second_disk == lab.read("web 01", 1, 0, 3 * MIB).unwrap(), "its second disk differs");
    let config = bench.run(&["points", "config", "web 01@latest", "--json"]).ok();
    assert_eq!(config.field("/name"), "web 01");
    assert!(config.field("/vmx").contains("displayName = \"web 01\""), "{}", config.stdout);
    let vm = lab.vm("web restored").unwrap();
    assert!(!vm.powered_on && vm.nics.iter().all(|n| !n.start_connected && !n.connected));
    for vm in lab.vms() {
        assert!(vm.snapshots.is_empty(), "a snapshot is left on {}", vm.name);
    }
}

/// A stranger reads the restored image: qemu-img makes a qcow2 of it that holds the same disk.
#[cfg(unix)]
fn qemu_reads(bench: &Bench, raw: &str) {
    let qcow2 = bench.text("disk.qcow2");
    for args in [
        &["convert", "-f", "raw", "-O", "qcow2", raw, &qcow2][..],
        &["check", "-f", "qcow2", &qcow2],
        &["compare", "-f", "raw", "-F", "qcow2", raw, &qcow2],
    ] {
        let read = std::process::Command::new("qemu-img").args(args).output().unwrap();
        assert!(read.status.success(), "qemu-img {args:?}: {read:?}");
    }
}

/// Field failure 25: a restored EFI guest that does not find what to boot.
#[test]
fn j25_a_restored_efi_vm_keeps_its_boot_entries() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab.vm(LabVm::new("web 01").capacity(MIB)));
    bench.add_server(&lab).ok();
    bench.make_repository().ok();
    bench.run(&["backup", "--server", "lab", "--repo", "place", "--vm", "web 01"]).ok();
    let args = ["restore", "vm", "web 01@latest", "--to", "lab", "--datastore", "datastore1"];
    bench.run(&[&args[..], &["--name", "web restored"]].concat()).ok();
    let nvram = |vm: &str| {
        let named = format!("{vm}.nvram");
        let files = files(&bench.path("lab"));
        let found = files.into_iter().find(|file| file.file_name().is_some_and(|n| n == &*named));
        std::fs::read(found.unwrap()).unwrap()
    };
    assert!(nvram("web restored") == nvram("web 01"), "the boot entries of the guest come along");
}

#[test]
fn a_vcenter_works_as_well() {
    let bench = Bench::new();
    let lab = bench
        .lab(|lab| lab.shape(kuramori_lab::Shape::Vcenter).vm(LabVm::new("app").capacity(4 * MIB)));
    lab.write("app", 0, MIB, &[9; 500_000]).unwrap();
    // Servers have room for so many sessions, and a day's jobs would fill it.
    let signed_out = |after: &str| assert_eq!(lab.sessions(), 0, "a session stays after {after}");
    bench.add_server(&lab).ok();
    signed_out("adding");
    bench.make_repository().ok();
    let backup = ["backup", "--server", "lab", "--repo", "place", "--vm", "app"];
    bench.run(&backup).ok();
    signed_out("a backup");
    let datastore = bench.run(&["inventory", "lab", "--json"]).ok().field("/datastores/0/name");
    signed_out("a list");
    let args = ["restore", "vm", "app@latest", "--to", "lab", "--datastore", &datastore];
    bench.run(&[&args[..], &["--name", "app2"]].concat()).ok();
    signed_out("a restore");
    assert_eq!(bench.run(&["backup", "--server", "lab", "--repo", "place", "--vm", "no"]).code, 1);
    signed_out("a backup that failed");
    let same = lab.read("app2", 0, 0, 4 * MIB).unwrap() == lab.read("app", 0, 0, 4 * MIB).unwrap();
    assert!(same, "the restored VM differs");
}

#[test]
fn a_repository_is_readable_without_any_state() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab.vm(LabVm::new("vm").capacity(2 * MIB)));
    lab.write("vm", 0, 0, &[7; 700_000]).unwrap();
    bench.add_server(&lab).ok();
    let created = bench.make_repository().ok();
    let key = created.stdout.lines().rev().find(|l| l.matches('-').count() > 5).unwrap().trim();
    bench.run(&["backup", "--server", "lab", "--repo", "place", "--vm", "vm"]).ok();

    let path = bench.text("repository");
    let with = ["--repo-path", path.as_str(), "--passphrase-stdin"];
    let list = [&["points", "list", "--json"][..], &with].concat();
    for opens in [PASSPHRASE, key] {
        let points = answer(bench.bare().args(&list), opens).ok();
        assert_eq!(points.field("/points/0/vm_name"), "vm");
    }
    let prefix = answer(bench.bare().args(&list), PASSPHRASE).field("/points/0/short_id");
    let disk = bench.text("disk.raw");
    let restore = [&["restore", "disk", &prefix, "-o", &disk][..], &with].concat();
    answer(bench.bare().args(&restore), PASSPHRASE).ok();
    assert!(std::fs::read(&disk).unwrap() == lab.read("vm", 0, 0, 2 * MIB).unwrap());

    let vm = ["restore", "vm", "vm@latest", "--to", "lab", "--datastore", "datastore1", "--name"];
    bench.run_with(PASSPHRASE, &[&vm[..], &["again"], &with].concat()).ok();
    assert!(lab.read("again", 0, 0, 2 * MIB).unwrap() == lab.read("vm", 0, 0, 2 * MIB).unwrap());

    let other = bench.text("other-state");
    let attach = ["--state", &other, "repo", "attach", &path, "--name", "found"];
    let sealed = format!("sealed:{}", bench.text("other-key"));
    let attach = [&attach[..], &["--passphrase-stdin", "--secrets", &sealed]].concat();
    answer(bench.bare().args(&attach), key).ok();
}

#[test]
fn wrong_use_has_its_own_exit_code() {
    let bench = Bench::new();
    assert_eq!(bench.run(&[]).code, 2);
    assert_eq!(bench.run(&["backup"]).code, 2);
    assert_eq!(bench.run(&["server", "add", "x", "y", "--user", "u", "--password", "p"]).code, 2);
    assert_eq!(bench.run(&["server", "list"]).code, 0);
}

#[test]
fn a_limit_is_set_shown_and_refused_where_it_makes_no_sense() {
    let bench = Bench::new();
    assert!(bench.run(&["load"]).ok().stdout.contains("as fast as they come"));
    let set = bench.run(&["load", "--limit", "20", "--hours", "22-6"]).ok();
    assert!(set.stdout.contains("From 22:00 to 6:00") && set.stdout.contains("20 MiB"));
    let shown = bench.run(&["load", "--json"]).ok();
    assert_eq!([shown.field("/limit"), shown.field("/from")], ["20", "22"]);
    let refused = bench.run(&["load", "--limit", "0"]);
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert_eq!(
        bench.run(&["load", "--no-limit", "--all-day", "--json"]).ok().field("/limit"),
        "null"
    );
}
