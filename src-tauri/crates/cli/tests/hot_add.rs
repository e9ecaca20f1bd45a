//! The program inside a VM of the server that it backs up: disks are attached to that VM.

use std::time::Duration;

use kuramori_lab::{FaultSpec, LabHandle, LabVm};

use crate::bench::{Bench, noise};
use crate::crash::kill_in;

const MIB: u64 = 1 << 20;
const BACKUP: [&str; 7] = ["backup", "--server", "lab", "--repo", "place", "--vm", "web"];

/// A lab in whose VM `own` the program runs.
fn inside(bench: &Bench) -> LabHandle {
    let guest = Some(("own".to_owned(), bench.path("guest")));
    let lab = bench.lab(|lab| {
        lab.vm(LabVm::new("own").capacity(MIB))
            .vm(LabVm::new("web").capacity(12 * MIB).change_tracking(true))
            .options(|options| options.guest = guest)
    });
    lab.write("web", 0, MIB, &noise(1, 5 * MIB)).unwrap();
    bench.add_server(&lab).ok();
    bench.make_quick_repository(&bench.text("repository")).ok();
    lab
}

fn left(lab: &LabHandle) -> (usize, usize) {
    let (own, web) = (lab.vm("own").unwrap(), lab.vm("web").unwrap());
    assert!(!web.consolidation_needed, "disks are detached before snapshots go");
    (own.visitors.len(), web.snapshots.len())
}

#[test]
fn a_disk_is_read_over_hotadd_and_restored() {
    let bench = Bench::new();
    let lab = inside(&bench);
    let backup = bench.run(&[&BACKUP[..], &["--json"]].concat()).ok();
    assert!(backup.stdout.contains("read over HotAdd in"), "{}", backup.stdout);
    assert_eq!(left(&lab), (0, 0));
    lab.write("web", 0, 9 * MIB, &noise(2, MIB)).unwrap();
    let changed = bench.run(&[&BACKUP[..], &["--json"]].concat()).ok();
    assert!(changed.stdout.contains("reading changed areas"), "{}", changed.stdout);
    let image = bench.text("disk.raw");
    bench.run(&["restore", "disk", "web@latest", "-o", &image]).ok();
    let live = lab.read("web", 0, 0, 12 * MIB).unwrap();
    assert!(std::fs::read(&image).unwrap() == live, "the restored image differs from the disk");

    // Elsewhere it is read as ever, and the log says why.
    let card = bench.path("guest/sys/class/net/ens192/address");
    std::fs::write(card, "00:0c:29:00:00:01\n").unwrap();
    let elsewhere = bench.run(&[&BACKUP[..], &["--json"]].concat()).ok();
    assert!(elsewhere.stdout.contains("read over datastore HTTPS in"), "{}", elsewhere.stdout);
    assert!(elsewhere.stdout.contains("cannot be read over HotAdd: this computer is not one"));
}

/// Kills a backup in its calls that attach and detach, with the call not yet done or done and not
/// answered, and while the disk is read.
#[test]
fn the_next_start_detaches_what_a_killed_run_had_attached() {
    let bench = Bench::new();
    let lab = inside(&bench);
    bench.run(&BACKUP).ok();
    let changes = |n| lab.write("web", 0, 2 * MIB, &noise(n, MIB)).unwrap();
    // The call is still on its way when the program is gone: what it asked for comes later.
    changes(3);
    let spec = FaultSpec { point: "ReconfigVM_Task".into(), ..FaultSpec::default() };
    let held = kill_in(&bench, &lab, &BACKUP, spec.clone());
    // Nothing is there yet at the next start; it comes, so its snapshot has to be there.
    bench.run(&["points", "list"]).ok();
    assert_eq!(left(&lab), (0, 1), "nobody knows what the server is about to do");
    lab.remove_faults(Some(held));
    while lab.vm("own").unwrap().visitors.is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(left(&lab), (1, 1), "attached for nobody");
    let said = bench.run(&["points", "list"]).ok();
    assert_eq!(left(&lab), (0, 0), "{}{}", said.stdout, said.stderr);

    // Detaching is on its way.
    changes(4);
    let held = kill_in(&bench, &lab, &BACKUP, FaultSpec { skip: 1, ..spec });
    assert_eq!(left(&lab), (1, 1));
    lab.remove_faults(Some(held));
    bench.run(&["points", "list"]).ok();
    assert_eq!(left(&lab), (0, 0));

    // The disk is detached and the snapshot is about to go.
    changes(5);
    let remove = FaultSpec { point: "RemoveSnapshot_Task".into(), ..FaultSpec::default() };
    let held = kill_in(&bench, &lab, &BACKUP, remove);
    assert_eq!(left(&lab), (0, 1));
    lab.remove_faults(Some(held));
    bench.run(&["points", "list"]).ok();
    assert_eq!(left(&lab), (0, 0));
    changes(6);
    let again = bench.run(&[&BACKUP[..], &["--json"]].concat()).ok();
    assert!(again.stdout.contains("read over HotAdd in"), "{}", again.stdout);
    assert_eq!(left(&lab), (0, 0));
}
