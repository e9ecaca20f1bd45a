//! What is read and stored: only what has to be.

use kuramori_engine::{Mode, RunEvent, WholeReason};
use kuramori_lab::{Deltas, FaultKind, FaultSpec, LabVm};
use kuramori_repo::ReadMode;

use crate::bench::{Bench, assert_same, quiet};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Bytes of disks the lab has served over `/folder`, descriptors left out.
fn served(bench: &Bench) -> u64 {
    let stats = bench.lab.stats();
    let flat = stats.folder.iter().filter(|(path, _)| path.ends_with("-flat.vmdk"));
    flat.map(|(_, served)| served.disk_bytes).sum()
}

#[test]
fn one_changed_gib_of_64_is_read_once() {
    let bench = Bench::new(|lab| lab.vm(LabVm::new("vm").capacity(64 * GIB)));
    let block: Vec<u8> =
        (0..4 * MIB).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for n in 0..8 {
        bench.lab.write("vm", 0, n * 8 * GIB, &block).unwrap();
    }
    bench.side.backup_ok(&bench.vm, &quiet());
    for n in 0..256u64 {
        let mut bytes = block.clone();
        bytes[..8].copy_from_slice(&n.to_le_bytes());
        bytes[MIB as usize..MIB as usize + 8].copy_from_slice(&n.to_le_bytes());
        bench.lab.write("vm", 0, GIB / 2 + n * 200 * MIB, &bytes).unwrap();
    }
    bench.lab.reset_stats();
    let manifest = bench.side.backup_ok(&bench.vm, &quiet());

    let read = served(&bench);
    assert!((GIB..GIB + 32 * MIB).contains(&read), "1 GiB changed, {read} bytes were read");
    assert_eq!(manifest.disks[0].bytes_read.get(), read, "what is reported is what was read");
    assert!(matches!(manifest.disks[0].read_mode, ReadMode::Changed { .. }));
    // Two chunks of each block differ from block to block; the rest is the same sixteen chunks.
    let new = manifest.disks[0].new_bytes.get();
    assert!(new < 160 * MIB, "only new chunks are stored, not {new} bytes");

    let again = bench.side.backup_ok(&bench.vm, &quiet());
    assert_eq!(again.disks[0].bytes_read.get(), 0, "nothing changed, nothing is read");
    assert_eq!(again.disks[0].root, manifest.disks[0].root, "and it is the same disk");
}

#[test]
fn a_first_backup_reads_allocated_areas_and_says_why() {
    let bench = Bench::new(|lab| lab.vm(LabVm::new("vm").capacity(32 * MIB)));
    bench.lab.write("vm", 0, 5 * MIB, &[1; 100_000]).unwrap();
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    let first = ReadMode::Allocated { reason: WholeReason::First.code() };
    assert_eq!(manifest.disks[0].read_mode, first, "the recovery point itself says why");
    let reading = observer.events().into_iter().find_map(|(_, e)| match e {
        RunEvent::Reading { mode, reason, .. } => Some((mode, reason)),
        _ => None,
    });
    assert_eq!(reading, Some((Mode::Allocated, Some(WholeReason::First))));
    assert!(manifest.disks[0].bytes_read.get() <= MIB, "zeros of a thin disk are not read");
}

const THEIRS: &str = "before the update";

/// A snapshot that a person made.
fn snapshot(bench: &Bench) {
    let request = kuramori_vsphere::SnapshotRequest {
        name: THEIRS.into(),
        description: "made by a person".into(),
        quiesce: false,
    };
    let cancel = kuramori_base::CancelToken::new();
    let made = bench.side.client.create_snapshot(&bench.vm, &request, &|_| {}, &cancel);
    bench.side.runtime.block_on(made).unwrap();
}

fn refused(event: &RunEvent) -> bool {
    matches!(event, RunEvent::WayRefused { .. })
}

#[test]
fn a_vm_on_an_older_snapshot_is_read_link_by_link() {
    for deltas in [Deltas::VmfsSparse, Deltas::SeSparse] {
        let bench = Bench::new(|lab| {
            let vm = LabVm::new("vm").capacity(9 * MIB).change_tracking(true);
            lab.options(|options| options.deltas = deltas).vm(vm)
        });
        bench.lab.write("vm", 0, MIB, &[5; 3_000_000]).unwrap();
        snapshot(&bench);
        for (round, fill) in [6, 7, 8].into_iter().enumerate() {
            bench.lab.write("vm", 0, 2 * MIB + (round as u64) * 700, &[fill; 1000]).unwrap();
            bench.lab.write("vm", 0, 3 * MIB, &[0; 100_000]).unwrap();
            let (expected, observer) = (bench.live(0), quiet());
            let manifest = bench.side.backup_ok(&bench.vm, &observer);
            assert_same(&bench.side.restored(&manifest, 0), &expected, "disk on a snapshot");
            assert_eq!(manifest.disks[0].transport, "datastore HTTPS");
            assert!(!observer.events().iter().any(|(_, event)| refused(event)));
            let changed = matches!(manifest.disks[0].read_mode, ReadMode::Changed { .. });
            assert_eq!(changed, round > 0, "the first one reads all that is in use");
            assert_eq!(bench.snapshots(), [THEIRS], "a person's snapshot is never touched");
        }
    }
}

#[test]
fn a_disk_whose_file_is_locked_is_exported_and_the_reason_recorded() {
    let bench = Bench::new(|lab| lab.vm(LabVm::new("vm").capacity(9 * MIB).change_tracking(true)));
    bench.lab.write("vm", 0, MIB, &[5; 3_000_000]).unwrap();
    snapshot(&bench);
    bench.lab.write("vm", 0, 2 * MIB, &[6; 1000]).unwrap();
    let locked =
        FaultSpec { kind: FaultKind::Locked, point: "folder".into(), ..FaultSpec::default() };
    bench.lab.add_fault(locked).unwrap();
    let expected = bench.live(0);
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_same(&bench.side.restored(&manifest, 0), &expected, "exported disk");
    assert_eq!(manifest.disks[0].transport, "export lease");
    let whole = ReadMode::Whole { reason: WholeReason::WholeTransport.code() };
    assert_eq!(manifest.disks[0].read_mode, whole);
    assert!(observer.events().iter().any(|(_, event)| refused(event)), "no silent fallback");
    let recorded = manifest.warnings.iter().filter_map(|w| RunEvent::from_record(w));
    assert!(recorded.into_iter().any(|e| refused(&e)), "the recovery point says it as well");
    assert_eq!(bench.snapshots(), [THEIRS], "a person's snapshot is never touched");
}
