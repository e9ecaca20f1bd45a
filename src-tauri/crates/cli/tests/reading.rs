//! How disks are read: through the host, or where their datastore is mounted; how fast, and how
//! many at once.

use kuramori_lab::LabVm;

use crate::bench::Bench;

const MIB: u64 = 1 << 20;

#[test]
fn a_nas_folder_is_named_and_used() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| {
        lab.vm(LabVm::new("web").capacity(12 * MIB)).options(|options| options.nfs = true)
    });
    lab.write("web", 0, MIB, &[1; 3_000_000]).unwrap();
    bench.add_server(&lab).ok();
    bench.make_repository().ok();
    let backup = ["backup", "--server", "lab", "--repo", "place", "--vm", "web", "--json"];
    let through_host = bench.run(&backup).ok();
    assert!(through_host.stdout.contains("mount the NAS folder of datastore1"), "the hint is told");

    let folder = bench.path("lab").join("datastores").join("datastore1");
    let folder = folder.display().to_string();
    for wrong in [["lab", "elsewhere", &folder], ["lab", "datastore1", "no such folder"]] {
        let refused = bench.run(&[&["server", "mount"], &wrong[..], &["--json"]].concat());
        assert_eq!(refused.code, 1, "{wrong:?} is refused: {}", refused.stdout);
    }
    let named = bench.run(&["server", "mount", "lab", "datastore1", &folder, "--json"]).ok();
    assert_eq!(named.field("/mounts/0/folder"), folder);
    lab.write("web", 0, 6 * MIB, &[2; 3_000_000]).unwrap();
    let beside = bench.run(&backup).ok();
    assert!(beside.stdout.contains("read over mounted datastore in"), "{}", beside.stdout);

    let image = bench.text("disk.raw");
    let args = ["restore", "disk", "web@latest", "--format", "raw", "-o", &image];
    bench.run(&args).ok();
    let live = lab.read("web", 0, 0, 12 * MIB).unwrap();
    assert!(std::fs::read(&image).unwrap() == live, "the restored image differs from the disk");

    let gone = bench.run(&["server", "unmount", "lab", "datastore1", "--json"]).ok();
    assert_eq!(gone.field("/mounts"), "[]");
    let again = bench.run(&backup).ok();
    assert!(again.stdout.contains("read over datastore HTTPS in"), "{}", again.stdout);
}

#[test]
fn limits_hold_for_all_runs_and_for_one() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab.vm(LabVm::new("web").capacity(2 * MIB)));
    bench.add_server(&lab).ok();
    bench.make_repository().ok();
    let set = bench.run(&["load", "--per-host", "1", "--per-datastore", "3", "--json"]).ok();
    assert_eq!((set.field("/per_host"), set.field("/per_datastore")), ("1".into(), "3".into()));
    assert_eq!(bench.run(&["load", "--per-host", "0"]).code, 1, "nothing could be read");
    let backup = |limit| {
        let args = ["backup", "--server", "lab", "--repo", "place", "--vm", "web", "--json"];
        bench.run(&[&args[..], &["--limit", limit]].concat())
    };
    assert_eq!(backup("0").code, 1, "it would never end");
    let slow = backup("3").ok();
    assert!(slow.stdout.contains("the limit of 3 MiB a second"), "{}", slow.stdout);
}
