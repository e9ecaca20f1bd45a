//! Disks read where their datastore is mounted on this computer, and what speaks against it.

use std::path::{Path, PathBuf};

use kuramori_engine::{Faster, RunEvent, Step};
use kuramori_lab::LabVm;
use kuramori_repo::Manifest;

use crate::bench::{AtStep, Bench, assert_same, quiet};

const MIB: u64 = 1 << 20;

fn bench() -> Bench {
    let bench = Bench::new(|lab| lab.vm(LabVm::new("vm").capacity(24 * MIB).change_tracking(true)));
    bench.lab.write("vm", 0, MIB, &[3; 5_000_000]).unwrap();
    bench
}

/// The folder in which the lab itself keeps the files of a VM's datastore.
fn datastore(bench: &Bench) -> (String, PathBuf) {
    let file = bench.lab.vm("vm").unwrap().disks[0].file.clone();
    let name = file.trim_start_matches('[').split(']').next().unwrap().to_owned();
    let folder = bench.dir.path().join("lab").join("datastores").join(&name);
    (name, folder)
}

fn mount(bench: &mut Bench, folder: &Path) {
    bench.side.mounts = [(datastore(bench).0, folder.to_owned())].into_iter().collect();
}

fn backup(bench: &Bench) -> (Manifest, Vec<RunEvent>, u64) {
    let before = over_host(bench);
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_same(&bench.side.restored(&manifest, 0), &bench.live(0), "the disk");
    assert!(bench.snapshots().is_empty(), "no snapshot stays");
    let events = observer.events().into_iter().map(|(_, event)| event).collect();
    (manifest, events, over_host(bench) - before)
}

/// Bytes that went through the host so far.
fn over_host(bench: &Bench) -> u64 {
    bench.lab.stats().folder.values().map(|served| served.disk_bytes).sum()
}

fn refusal(events: &[RunEvent]) -> String {
    let refused = events.iter().find_map(|event| match event {
        RunEvent::WayRefused { transport, reason, .. } if transport == "mounted datastore" => {
            Some(reason.clone())
        }
        _ => None,
    });
    refused.expect("the mounted way is refused, with a reason")
}

#[test]
fn a_mounted_datastore_is_read_beside_the_host() {
    let mut bench = bench();
    let (manifest, _, over_host) = backup(&bench);
    assert_eq!(manifest.disks[0].transport, "datastore HTTPS");
    assert!(over_host >= 5 * MIB, "{over_host}");

    let (_, folder) = datastore(&bench);
    mount(&mut bench, &folder);
    bench.lab.write("vm", 0, 9 * MIB, &[7; 6_000_000]).unwrap();
    let (manifest, events, over_host) = backup(&bench);
    assert_eq!(manifest.disks[0].transport, "mounted datastore");
    assert!(over_host < 2 * MIB, "only samples go through the host: {over_host}");
    let read = events.iter().find_map(|event| match event {
        RunEvent::DiskRead { bytes, faster, .. } => Some((*bytes, faster.clone())),
        _ => None,
    });
    let (bytes, faster) = read.unwrap();
    assert!(bytes >= 6_000_000, "{bytes}");
    assert_eq!(faster, [], "nothing is faster");
}

#[test]
fn an_older_copy_is_not_taken_for_the_datastore() {
    let mut bench = bench();
    let (from, copy) = (datastore(&bench).1, bench.dir.path().join("copy"));
    // As of an earlier backup: names of links are the same each time.
    let observer = AtStep::new(|step| {
        if step == Step::AfterSnapshot {
            copy_tree(&from, &copy);
        }
    });
    bench.side.backup_ok(&bench.vm, &observer);
    bench.lab.write("vm", 0, 9 * MIB, &[8; 300_000]).unwrap();
    mount(&mut bench, &copy);
    let (manifest, events, _) = backup(&bench);
    assert_eq!(manifest.disks[0].transport, "datastore HTTPS");
    assert!(refusal(&events).contains("an older copy"), "{}", refusal(&events));
}

#[test]
fn files_that_differ_from_what_the_server_shows_are_not_read() {
    for (what, expected) in [(Differs::Bytes, "other bytes"), (Differs::Length, "not as long")] {
        let mut bench = bench();
        let (from, copy) = (datastore(&bench).1, bench.dir.path().join("copy"));
        mount(&mut bench, &copy);
        // The copy is as of the snapshot, so only its content speaks against it.
        let observer = AtStep::new(|step| {
            if step == Step::AfterSnapshot {
                copy_tree(&from, &copy);
                spoil(&copy, what);
            }
        });
        let manifest = bench.side.backup_ok(&bench.vm, &observer);
        assert_same(&bench.side.restored(&manifest, 0), &bench.live(0), "the disk");
        assert_eq!(manifest.disks[0].transport, "datastore HTTPS");
        let events: Vec<_> = observer.events().into_iter().map(|(_, event)| event).collect();
        assert!(refusal(&events).contains(expected), "{}", refusal(&events));
    }
}

#[test]
fn a_nas_that_could_be_mounted_is_said_to_be_faster() {
    let bench = Bench::new(|lab| {
        lab.vm(LabVm::new("vm").capacity(8 * MIB)).options(|options| options.nfs = true)
    });
    let (_, events, _) = backup(&bench);
    let hints = events.iter().find_map(|event| match event {
        RunEvent::DiskRead { faster, .. } => Some(faster.clone()),
        _ => None,
    });
    assert_eq!(hints.unwrap(), [Faster::Mount { datastore: "datastore1".into() }]);
}

#[derive(Clone, Copy)]
enum Differs {
    Bytes,
    Length,
}

/// Changes the base of the only disk below a folder.
fn spoil(folder: &Path, how: Differs) {
    let flat = find(folder, "-flat.vmdk").expect("a base lies there");
    let len = std::fs::metadata(&flat).unwrap().len();
    let file = std::fs::OpenOptions::new().write(true).open(&flat).unwrap();
    match how {
        // The end is always compared.
        Differs::Bytes => write_at(&file, &[9; 16], len - 16),
        Differs::Length => file.set_len(len + 512).unwrap(),
    }
}

fn write_at(mut file: &std::fs::File, bytes: &[u8], at: u64) {
    use std::io::{Seek, SeekFrom, Write};
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

fn find(folder: &Path, ending: &str) -> Option<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).find_map(|path| {
        if path.is_dir() {
            return find(&path, ending);
        }
        path.to_string_lossy().ends_with(ending).then_some(path)
    })
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_tree(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
