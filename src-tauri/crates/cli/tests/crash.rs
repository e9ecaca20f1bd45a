//! The program is killed in the middle; its next start cleans up, whatever it was started for.

use std::process::Stdio;
use std::time::Duration;

use kuramori_lab::{FaultKind, FaultSpec, LabVm};

use crate::bench::Bench;

const MIB: u64 = 1 << 20;

#[test]
fn the_next_start_removes_the_snapshot_of_a_killed_run() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab.vm(LabVm::new("vm").capacity(4 * MIB)));
    lab.write("vm", 0, 0, &[1; 2_000_000]).unwrap();
    bench.add_server(&lab).ok();
    bench.make_repository().ok();
    let backup = ["backup", "--server", "lab", "--repo", "place", "--vm", "vm"];
    bench.run(&backup).ok();
    for point in ["QueryChangedDiskAreas", "RemoveSnapshot_Task"] {
        let hold = FaultSpec { kind: FaultKind::Hold, point: point.into(), ..FaultSpec::default() };
        let id = lab.add_fault(hold).unwrap();
        let mut child = bench
            .program()
            .args(backup)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while lab.faults().iter().all(|f| f.holding == 0) {
            assert!(child.try_wait().unwrap().is_none(), "{point}: it must be in the call");
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(lab.vm("vm").unwrap().snapshots.len(), 1, "{point}: the snapshot is there");
        lab.remove_faults(Some(id));

        bench.run(&["points", "list"]).ok();
        assert!(lab.vm("vm").unwrap().snapshots.is_empty(), "{point}: the snapshot is gone");
    }
    let points = bench.run(&["points", "list", "--json"]).ok();
    let listed = points.stdout.matches("\"short_id\"").count();
    // The first run, and the one that was killed after its commit.
    assert_eq!(listed, 2, "no half recovery point is listed: {}", points.stdout);
    bench.run(&backup).ok();
}
