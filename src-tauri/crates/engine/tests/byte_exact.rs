//! A backup equals the disk at its snapshot, whatever the guest writes between and during backups.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use kuramori_engine::Step;
use kuramori_lab::LabVm;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::bench::{AtStep, Bench, assert_same};

const MIB: u64 = 1 << 20;
const START: u64 = 3 * MIB;

/// Something that happens to a VM between two backups.
#[derive(Clone, Debug)]
enum Change {
    /// The guest writes `len` bytes of `fill` at a part of the disk.
    Write { at: u64, len: u64, fill: u8 },
    /// Changed block tracking starts over.
    Reset,
    /// The disk grows.
    Grow { by: u64 },
}

#[derive(Clone, Debug)]
struct Round {
    disk: usize,
    before: Vec<Change>,
    /// Writes while the snapshot is read: position in 1/1000 of the disk, length, fill.
    during: Vec<(u64, u64, u8)>,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        8 => (0u64..1000, 1u64..200_000, any::<u8>())
            .prop_map(|(at, len, fill)| Change::Write { at, len, fill }),
        1 => Just(Change::Reset),
        1 => (1u64..5).prop_map(|by| Change::Grow { by: by * 512 * 100 }),
    ]
}

fn round() -> impl Strategy<Value = Round> {
    (
        0usize..2,
        prop::collection::vec(change(), 0..4),
        prop::collection::vec((0u64..1000, 1u64..100_000, any::<u8>()), 0..3),
    )
        .prop_map(|(disk, before, during)| Round { disk, before, during })
}

fn write(bench: &Bench, disk: usize, at: u64, len: u64, fill: u8) {
    let capacity = bench.lab.vm("vm").unwrap().disks[disk].capacity;
    let offset = capacity * at / 1000;
    let len = len.min(capacity - offset);
    let bytes: Vec<u8> = (0..len).map(|i| fill.wrapping_add((i / 4096) as u8)).collect();
    bench.lab.write("vm", disk, offset, &bytes).unwrap();
}

/// Backs up once while the guest writes, and compares both disks with their frozen state.
fn back_up_and_compare(bench: &Bench, round: &Round) {
    for change in &round.before {
        match *change {
            Change::Write { at, len, fill } => write(bench, round.disk, at, len, fill),
            Change::Reset => {
                bench.lab.reset_cbt("vm", round.disk).unwrap();
            }
            Change::Grow { by } => {
                let capacity = bench.lab.vm("vm").unwrap().disks[round.disk].capacity;
                bench.lab.grow("vm", round.disk, capacity + by).unwrap();
            }
        }
    }
    let frozen: Mutex<Vec<Vec<u8>>> = Mutex::default();
    let written = AtomicU64::new(0);
    let observer = AtStep::new(|step| match step {
        // The snapshot was just made and nobody has written since.
        Step::AfterSnapshot => {
            *frozen.lock().unwrap() = vec![bench.live(0), bench.live(1)];
            if let Some((at, len, fill)) = round.during.first() {
                write(bench, round.disk, *at, *len, *fill);
            }
        }
        Step::MidRead => {
            let n = written.fetch_add(1, Ordering::Relaxed) as usize;
            if let Some((at, len, fill)) = round.during.get(n + 1) {
                write(bench, round.disk, *at, *len, *fill);
            }
        }
        _ => {}
    });
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    for (disk, expected) in frozen.lock().unwrap().iter().enumerate() {
        assert_same(&bench.side.restored(&manifest, disk), expected, &format!("disk {disk}"));
    }
    assert!(bench.snapshots().is_empty(), "no snapshot stays");
}

/// 100 rounds of one VM: each builds on what the one before left, as in life.
#[test]
fn a_hundred_rounds_of_guest_writes_resets_and_growth() {
    let bench = Bench::new(|lab| {
        lab.vm(LabVm::new("vm").capacity(START).capacity(START + 512)).options(|o| {
            o.cbt_areas = 3;
            o.cbt_window = Some(700_000 / 512 * 512);
        })
    });
    let config =
        Config { cases: 100, max_shrink_iters: 0, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&round(), |round| {
            back_up_and_compare(&bench, &round);
            Ok(())
        })
        .unwrap();
    assert_eq!(bench.side.points().len(), 100);
    assert_eq!(bench.side.log.intents().unwrap().len(), 0, "no intent stays open");
}
