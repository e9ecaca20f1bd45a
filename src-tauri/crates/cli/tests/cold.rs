//! VMs that are off, copied without a snapshot, through the program.

use kuramori_lab::{FaultKind, FaultSpec, LabVm};

use crate::bench::Bench;

const MIB: u64 = 1 << 20;

fn backup<'a>(vm: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["backup", "--server", "lab", "--repo", "place", "--vm", vm][..], more].concat()
}

#[test]
fn a_free_host_is_copied_while_its_vms_are_off() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| {
        lab.vm(LabVm::new("off").capacity(4 * MIB).powered_on(false))
            .vm(LabVm::new("runs").capacity(MIB))
    });
    lab.write("off", 0, MIB, &[5; 900_000]).unwrap();
    bench.add_server(&lab).ok();
    bench.make_repository().ok();
    let free = FaultSpec {
        kind: FaultKind::RestrictedLicense,
        point: "*".to_owned(),
        ..FaultSpec::default()
    };
    let free = lab.add_fault(free).unwrap();
    let refused = bench.run(&backup("off", &[]));
    assert_eq!(refused.code, 1);
    let said = format!("{}{}", refused.stdout, refused.stderr);
    assert!(said.contains("copy it without a snapshot"), "{said}");

    bench.run(&backup("off", &["--cold"])).ok();
    let disk = bench.text("disk.raw");
    bench.run(&["restore", "disk", "off@latest", "-o", &disk]).ok();
    assert!(std::fs::read(&disk).unwrap() == lab.read("off", 0, 0, 4 * MIB).unwrap());
    let runs = bench.run(&backup("runs", &["--cold"]));
    assert_eq!(runs.code, 1);
    let said = format!("{}{}", runs.stdout, runs.stderr);
    assert!(said.contains("runs has to be off for this"), "{said}");
    let cannot = bench.run(&backup("runs", &["--cold", "--shut-down"]));
    assert_eq!(cannot.code, 1, "a free host does not let the guest be shut down");
    assert!(lab.vm("runs").unwrap().powered_on);

    lab.remove_faults(Some(free));
    bench.run(&backup("runs", &["--cold", "--shut-down"])).ok();
    assert!(lab.vm("runs").unwrap().powered_on, "it was switched on again");
    let vm = ["restore", "vm", "off@latest", "--to", "lab", "--datastore", "datastore1"];
    bench.run(&[&vm[..], &["--name", "back"]].concat()).ok();
    let same = lab.read("back", 0, 0, 4 * MIB).unwrap() == lab.read("off", 0, 0, 4 * MIB).unwrap();
    assert!(same, "the restored VM differs");
    assert_eq!(bench.run(&backup("off", &["--shut-down"])).code, 2, "only with --cold");
}
