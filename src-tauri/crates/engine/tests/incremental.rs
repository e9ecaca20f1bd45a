//! What is read and stored: only what has to be.

use kuramori_engine::{Mode, RunEvent, WholeReason};
use kuramori_lab::LabVm;
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

#[test]
fn a_vm_on_an_older_snapshot_is_exported_and_the_reason_recorded() {
    let bench = Bench::new(|lab| lab.vm(LabVm::new("vm").capacity(9 * MIB).change_tracking(true)));
    bench.lab.write("vm", 0, MIB, &[5; 3_000_000]).unwrap();
    let request = kuramori_vsphere::SnapshotRequest {
        name: "before the update".into(),
        description: "made by a person".into(),
        quiesce: false,
    };
    let cancel = kuramori_base::CancelToken::new();
    let made = bench.side.client.create_snapshot(&bench.vm, &request, &|_| {}, &cancel);
    bench.side.runtime.block_on(made).unwrap();
    bench.lab.write("vm", 0, 2 * MIB, &[6; 1000]).unwrap();
    let expected = bench.live(0);
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_same(&bench.side.restored(&manifest, 0), &expected, "exported disk");
    assert_eq!(manifest.disks[0].transport, "export lease");
    let whole = ReadMode::Whole { reason: WholeReason::WholeTransport.code() };
    assert_eq!(manifest.disks[0].read_mode, whole);
    let refused = |e: &RunEvent| matches!(e, RunEvent::WayRefused { .. });
    assert!(observer.events().iter().any(|(_, e)| refused(e)), "no silent fallback");
    let recorded = manifest.warnings.iter().filter_map(|w| RunEvent::from_record(w));
    assert!(recorded.into_iter().any(|e| refused(&e)), "the recovery point says it as well");
    assert_eq!(bench.snapshots(), ["before the update"], "a person's snapshot is never touched");
}
