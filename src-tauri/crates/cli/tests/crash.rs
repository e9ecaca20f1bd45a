//! The program is killed in the middle; its next start cleans up, whatever it was started for.

use std::collections::BTreeMap;
use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use kuramori_lab::{FaultKind, FaultSpec, LabHandle, LabVm};

use crate::bench::{Bench, noise};

const MIB: u64 = 1 << 20;
const BACKUP: [&str; 7] = ["backup", "--server", "lab", "--repo", "place", "--vm", "vm"];

/// Kills a backup while its call number `skip` of those at `point` waits for its answer. Returns
/// what still holds the call.
fn kill_at(bench: &Bench, lab: &LabHandle, point: &str, skip: u32) -> u64 {
    kill_in(bench, lab, &BACKUP, FaultSpec { point: point.into(), skip, ..FaultSpec::default() })
}

/// Kills a command while a call of it waits, as `hold` says. Returns what still holds the call.
pub(crate) fn kill_in(bench: &Bench, lab: &LabHandle, args: &[&str], hold: FaultSpec) -> u64 {
    let hold = FaultSpec { kind: FaultKind::Hold, ..hold };
    let id = lab.add_fault(hold.clone()).unwrap();
    let log = bench.path("killed.log");
    let said = File::create(&log).unwrap();
    let mut child = bench.program().args(args).stdout(Stdio::null()).stderr(said).spawn().unwrap();
    while lab.faults().iter().all(|f| f.holding == 0) {
        if let Some(status) = child.try_wait().unwrap() {
            let said = std::fs::read_to_string(&log).unwrap();
            panic!("{hold:?}: it must be in the call, not {status}: {said}");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    id
}

#[test]
fn the_next_start_removes_the_snapshot_of_a_killed_run() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab.vm(LabVm::new("vm").capacity(4 * MIB)));
    lab.write("vm", 0, 0, &[1; 2_000_000]).unwrap();
    bench.add_server(&lab).ok();
    bench.make_quick_repository(&bench.text("repository")).ok();
    bench.run(&BACKUP).ok();
    for point in ["QueryChangedDiskAreas", "RemoveSnapshot_Task"] {
        let held = kill_at(&bench, &lab, point, 0);
        assert_eq!(lab.vm("vm").unwrap().snapshots.len(), 1, "{point}: the snapshot is there");
        lab.remove_faults(Some(held));

        bench.run(&["points", "list"]).ok();
        assert!(lab.vm("vm").unwrap().snapshots.is_empty(), "{point}: the snapshot is gone");
    }
    let points = bench.run(&["points", "list", "--json"]).ok();
    let listed = points.stdout.matches("\"short_id\"").count();
    // The first run, and the one that was killed after its commit.
    assert_eq!(listed, 2, "no half recovery point is listed: {}", points.stdout);
    bench.run(&BACKUP).ok();
}

/// What each recovery point must restore to, by its id.
type Expected = BTreeMap<String, Vec<u8>>;

/// Enters the recovery points that are new under the disk as it is.
fn note_new(bench: &Bench, lab: &LabHandle, expected: &mut Expected) -> usize {
    let list = bench.run(&["points", "list", "--json"]).ok();
    let list: serde_json::Value = serde_json::from_str(&list.stdout).unwrap();
    let points = list["points"].as_array().unwrap();
    let live = lab.read("vm", 0, 0, 8 * MIB).unwrap();
    for point in points {
        let id = point["id"].as_str().unwrap().to_owned();
        expected.entry(id).or_insert_with(|| live.clone());
    }
    points.len()
}

#[test]
fn killed_twenty_times_and_nothing_is_lost() {
    const TIMES: u32 = 20;
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab.vm(LabVm::new("vm").capacity(8 * MIB)));
    bench.add_server(&lab).ok();
    bench.make_quick_repository(&bench.text("repository")).ok();
    lab.write("vm", 0, 0, &noise(0, 6 * MIB)).unwrap();
    bench.run(&BACKUP).ok();
    let mut expected = Expected::new();
    note_new(&bench, &lab, &mut expected);
    let write = |n: u32| lab.write("vm", 0, MIB, &noise(n.into(), 5 * MIB)).unwrap();
    write(TIMES);
    lab.reset_stats();
    bench.run(&BACKUP).ok();
    note_new(&bench, &lab, &mut expected);
    let stats = lab.stats();
    let requests: u64 = stats.folder.values().map(|served| served.requests).sum();
    let calls = u32::try_from(stats.calls.values().sum::<u64>() + requests).unwrap();
    assert!(calls > TIMES, "{calls} calls are too few to be killed at as many moments");

    for n in 0..TIMES {
        write(n);
        let held = kill_at(&bench, &lab, "*", n * calls / TIMES);
        lab.remove_faults(Some(held));
        let listed = note_new(&bench, &lab, &mut expected);
        assert_eq!(listed, expected.len(), "kill {n}: an earlier recovery point is gone");
        assert!(lab.vm("vm").unwrap().snapshots.is_empty(), "kill {n}: a snapshot is left");
        bench.run(&BACKUP).ok();
        note_new(&bench, &lab, &mut expected);
    }
    assert!(expected.len() >= 2 + TIMES as usize, "each run that was not killed has its point");
    for (n, (id, disk)) in expected.iter().enumerate() {
        let out = bench.text(&format!("{n}.raw"));
        bench.run(&["restore", "disk", id, "-o", &out]).ok();
        assert!(&std::fs::read(&out).unwrap() == disk, "recovery point {id} differs");
        std::fs::remove_file(out).unwrap();
    }
}
