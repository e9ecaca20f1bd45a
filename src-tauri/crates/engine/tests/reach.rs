//! Getting at a disk at all (vsphere.md, section J, 10, 15 to 18, 21). Other tools read over port 902 with
//! a library that has to fit the host. This one has neither; what fails in their place must be a
//! non-event or end in a plain sentence that sends nobody after either. 18, a library that is not
//! there, is the keychain's: see the command line's tests of secrets.

use kuramori_base::{CancelToken, Hint};
use kuramori_engine::{EngineError, RunEvent, VmReport};
use kuramori_jobs::Outcome;
use kuramori_lab::{FaultKind, FaultSpec, LabOptions, LabVm, Shape};
use kuramori_vsphere::VersionVerdict;

use crate::bench::{Bench, quiet};
use crate::field::{assert_clean, assert_good};

const MIB: u64 = 1 << 20;

fn bench(shape: Shape, options: impl FnOnce(&mut LabOptions)) -> Bench {
    let bench = Bench::new(|lab| {
        lab.vm(LabVm::new("vm").capacity(16 * MIB).change_tracking(true))
            .shape(shape)
            .options(options)
    });
    bench.lab.write("vm", 0, MIB, &[3; 5_000_000]).unwrap();
    bench
}

/// Lets the datastore refuse, so that disks are exported.
fn lock(bench: &Bench) {
    let locked =
        FaultSpec { kind: FaultKind::Locked, point: "folder".into(), ..FaultSpec::default() };
    bench.lab.add_fault(locked).unwrap();
}

/// The sentence of a backup that found no way, which names neither the port nor the library.
fn sentence(report: &VmReport) -> String {
    assert_eq!(report.outcome, Outcome::Failed);
    let Some(error @ EngineError::NoWay { tried, .. }) = &report.error else {
        panic!("{:?}", report.error)
    };
    let hints = error.hints().join(" ");
    for never in ["902", "VDDK", "authd", "NBD", "library", "unknown error"] {
        assert!(!tried.contains(never) && !hints.contains(never), "{never}: {tried} {hints}");
    }
    tried.clone()
}

#[test]
fn j10_a_vcenter_that_fails_on_a_file_in_use_gives_the_disk_by_lease() {
    let bench = bench(Shape::Vcenter, |_| {});
    lock(&bench);
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_eq!(manifest.disks[0].transport, "export lease");
    let refused = |e: &RunEvent| matches!(e, RunEvent::WayRefused { .. });
    assert!(observer.events().iter().any(|(_, e)| refused(e)), "the reason is recorded");
    bench.lab.remove_faults(None);
    assert_good(&bench, &manifest);
}

#[test]
fn j21_a_host_name_that_nobody_knows_here_is_named() {
    let bench = bench(Shape::Vcenter, |o| o.lease_host = Some("esx9.invalid".into()));
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert_eq!(manifest.disks[0].transport, "datastore HTTPS", "that name is not needed");
    lock(&bench);
    let report = bench.side.backup(&bench.vm, &quiet(), &CancelToken::new());
    let tried = sentence(&report);
    assert!(tried.contains("esx9.invalid"), "which host: {tried}");
    assert_eq!(bench.side.points().len(), 1, "nothing was kept of it");
    bench.lab.remove_faults(None);
    assert_clean(&bench);
}

#[test]
fn j15_a_host_that_refuses_connections_is_named() {
    // Nobody listens there any more, as on 902 of any host of these tests.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let bench = bench(Shape::Vcenter, |o| o.lease_host = Some(closed.to_string()));
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert_eq!(manifest.disks[0].transport, "datastore HTTPS", "that host is not needed");
    assert_good(&bench, &manifest);

    lock(&bench);
    let observer = quiet();
    let report = bench.side.backup(&bench.vm, &observer, &CancelToken::new());
    let tried = sentence(&report);
    assert!(tried.contains(&closed.to_string()), "which host: {tried}");
    assert!(tried.contains("refused"), "and what it did: {tried}");
    let refused = |e: &RunEvent| matches!(e, RunEvent::WayRefused { .. });
    assert_eq!(observer.events().iter().filter(|(_, e)| refused(e)).count(), 2, "both ways");
    assert_eq!(bench.side.points().len(), 1, "nothing was kept of it");
    bench.lab.remove_faults(None);
    assert_clean(&bench);
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert_good(&bench, &manifest);
}

#[test]
fn j16_a_host_newer_than_this_program_is_read_all_the_same() {
    let bench = bench(Shape::Esxi, |o| o.host = Some(("10.0.0", "30000001")));
    let about = bench.side.client.about();
    assert_eq!(about.version_verdict(), VersionVerdict::Newer, "{about:?}");
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert_eq!(manifest.disks[0].transport, "datastore HTTPS");
    assert_good(&bench, &manifest);
    bench.lab.write("vm", 0, 9 * MIB, &[4; 10]).unwrap();
    lock(&bench);
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert_eq!(manifest.disks[0].transport, "export lease", "this way knows no version either");
    bench.lab.remove_faults(None);
    assert_good(&bench, &manifest);
}

#[test]
fn j17_a_host_is_known_by_the_thumbprint_its_vcenter_gives() {
    let bench = bench(Shape::Vcenter, |o| o.lease_host = Some("localhost".into()));
    lock(&bench);
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());
    assert_eq!(manifest.disks[0].transport, "export lease", "another name, the right certificate");
    bench.lab.remove_faults(None);
    assert_good(&bench, &manifest);
}

#[test]
fn j17_a_host_with_another_certificate_is_sent_nothing() {
    let bench = bench(Shape::Vcenter, |o| {
        o.lease_host = Some("localhost".into());
        o.lease_thumbprint = Some(["5A"; 20].join(":"));
    });
    lock(&bench);
    let report = bench.side.backup(&bench.vm, &quiet(), &CancelToken::new());
    let tried = sentence(&report);
    assert!(tried.contains("localhost"), "which host: {tried}");
    assert!(tried.contains("certificate"), "and what is wrong: {tried}");
    assert_eq!(bench.lab.stats().exports.len(), 0, "no byte was asked for");
    assert!(bench.side.points().is_empty());
    bench.lab.remove_faults(None);
    assert_clean(&bench);
}
