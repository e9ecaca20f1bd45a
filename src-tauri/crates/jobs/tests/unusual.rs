//! Real compression, and what is said of what it leaves. The rates over many disks are published by
//! `examples/unusual`.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::cast_possible_truncation,
    clippy::cast_lossless,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "numbers of made-up disks"
)]

#[path = "../examples/unusual/disk.rs"]
mod disk;
#[path = "../examples/unusual/trial.rs"]
mod trial;

use kuramori_jobs::anomaly::Verdict;

use crate::trial::Trial;

#[test]
fn encryption_is_seen_at_the_next_run_and_updates_are_not() {
    for seed in [1, 2] {
        let mut trial = Trial::new(seed, 64 << 20).unwrap();
        let (change, verdict) = trial.after(|disk, dice| disk.encrypt(20, 64, dice)).unwrap();
        assert!(matches!(verdict, Verdict::Unusual(_)), "{seed}: {change:?}");
        for (number, happens) in [
            (|_: &mut disk::Disk, _: &mut disk::Dice| ()) as fn(&mut disk::Disk, &mut disk::Dice),
            |disk, dice| disk.system_update(20, 45, dice),
            |disk, dice| disk.package_upgrade(20, dice),
        ]
        .into_iter()
        .enumerate()
        {
            let (change, verdict) = trial.after(happens).unwrap();
            assert_eq!(verdict, Verdict::Usual, "{seed}, {number}: {change:?}");
        }
    }
}
