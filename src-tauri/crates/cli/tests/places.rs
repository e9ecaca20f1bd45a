//! Where people keep things: names in other scripts, long paths, drives, what is full or locked.

use kuramori_lab::{LabHandle, LabVm};

use crate::bench::{Bench, PASSPHRASE, answer, noise};

const MIB: u64 = 1 << 20;
const BACKUP: [&str; 7] = ["backup", "--server", "lab", "--repo", "place", "--vm", "vm"];

/// A lab with one VM that holds something, known as a server.
fn ready() -> (Bench, LabHandle) {
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab.vm(LabVm::new("vm").capacity(4 * MIB)));
    lab.write("vm", 0, 0, &noise(1, 4 * MIB)).unwrap();
    bench.add_server(&lab).ok();
    (bench, lab)
}

fn restored(bench: &Bench, lab: &LabHandle, out: &str) {
    bench.run(&["restore", "disk", "vm@latest", "-o", out]).ok();
    let live = lab.read("vm", 0, 0, 4 * MIB).unwrap();
    assert!(std::fs::read(out).unwrap() == live, "{out} differs");
}

#[test]
fn names_in_japanese() {
    let bench = Bench::new();
    let vm = "経理サーバー１号";
    let lab = bench.lab(|lab| lab.vm(LabVm::new(vm).capacity(4 * MIB)));
    lab.write(vm, 0, 0, &noise(1, 2 * MIB)).unwrap();
    let folder = bench.path("保管庫　表〜能"); // with characters that old code pages trip over
    std::fs::create_dir(&folder).unwrap();
    let below = |name: &str| folder.join(name).display().to_string();
    let run = |input: &str, args: &[&str]| {
        let mut command = bench.bare();
        command.args(["--state", &below("状態"), "--secrets"]);
        command.arg(format!("sealed:{}", below("鍵"))).args(args);
        answer(&mut command, input).ok()
    };
    let server = ["server", "add", "本社", &lab.url, "--user", &lab.user, "--password-stdin"];
    run(&lab.password, &[&server[..], &["--pin", &lab.certificate_sha256]].concat());
    let repository = below("仮想マシンのバックアップ");
    run(PASSPHRASE, &["repo", "create", &repository, "--name", "倉庫", "--passphrase-stdin"]);
    run("", &["backup", "--server", "本社", "--repo", "倉庫", "--vm", vm]);
    let points = run("", &["points", "list", "--json"]);
    assert_eq!(points.field("/points/0/vm_name"), vm);
    let out = below("復元.raw");
    run("", &["restore", "disk", &format!("{vm}@latest"), "-o", &out]);
    assert!(std::fs::read(out).unwrap() == lab.read(vm, 0, 0, 4 * MIB).unwrap());
    let list = run("", &["repo", "list"]);
    assert!(list.stdout.contains(&repository) && list.stdout.contains("倉庫"), "{}", list.stdout);
}

#[test]
fn a_path_of_more_than_300_characters() {
    let (bench, lab) = ready();
    let mut folder = bench.path("long");
    while folder.as_os_str().len() < 300 {
        folder.push("a folder with a name of forty characters");
    }
    std::fs::create_dir_all(&folder).unwrap();
    bench.make_quick_repository(&folder.join("repository").display().to_string()).ok();
    bench.run(&BACKUP).ok();
    lab.write("vm", 0, MIB, &noise(2, MIB)).unwrap();
    bench.run(&BACKUP).ok();
    restored(&bench, &lab, &folder.join("restored.raw").display().to_string());
}

/// Drives as `cargo xtask cross windows` lays them out: R: is empty, S: has room for 3 MiB, T:
/// shows what R: holds and is read-only.
#[cfg(windows)]
mod drives {
    use super::*;
    use crate::errors::{told, unharmed};

    #[test]
    #[ignore = "needs drives R:, S: and T: of `cargo xtask cross windows`"]
    fn a_drives_root_is_a_repository_and_a_read_only_one_says_so() {
        let (bench, lab) = ready();
        bench.make_quick_repository(r"R:\").ok();
        bench.run(&BACKUP).ok();
        lab.write("vm", 0, MIB, &noise(2, MIB)).unwrap();
        bench.run(&BACKUP).ok();
        restored(&bench, &lab, &bench.text("restored.raw"));

        let create = ["repo", "create", r"T:\new", "--name", "new", "--passphrase-stdin"];
        told("read-only-creation", &bench, &bench.run_with(PASSPHRASE, &create));
        let out = bench.run(&["restore", "disk", "vm@latest", "-o", r"T:\restored.raw"]);
        told("read-only-restore", &bench, &out);
        let out = bench.run(&["restore", "disk", "vm@latest", "-o", r"S:\restored.raw"]);
        told("full-restore", &bench, &out);
        assert!(!std::path::Path::new(r"S:\restored.raw").exists(), "no half image is left");
        // A read-only repository can still be read.
        let key = bench.text("repository.key");
        let list = ["points", "list", "--json", "--repo-path", r"T:\", "--key-file", &key];
        let points = answer(bench.bare().args(list), "").ok();
        assert_eq!(points.field("/points/1/vm_name"), "vm");

        let other = Bench::new();
        other.add_server(&lab).ok();
        other.run(&["repo", "attach", r"T:\", "--name", "place", "--key-file", &key]).ok();
        told("read-only-destination", &other, &other.run(&BACKUP));
        assert!(lab.vm("vm").unwrap().snapshots.is_empty());
        unharmed(&bench, 2);
        unharmed(&other, 2);
    }

    #[test]
    #[ignore = "needs the drive S: of `cargo xtask cross windows`"]
    fn a_full_drive_says_so() {
        let bench = Bench::new();
        let lab = bench.lab(|lab| lab.vm(LabVm::new("vm").capacity(8 * MIB)));
        lab.write("vm", 0, 0, &[1; 2_000_000]).unwrap();
        bench.add_server(&lab).ok();
        bench.make_quick_repository(r"S:\repository").ok();
        bench.run(&BACKUP).ok();
        lab.write("vm", 0, 0, &noise(1, 6 * MIB)).unwrap();
        told("full-drive", &bench, &bench.run(&BACKUP));
        unharmed(&bench, 1);
        assert!(lab.vm("vm").unwrap().snapshots.is_empty());
    }
}
