//! Measures how often an unusual change is seen, and how often one is seen where there is none.
//!
//! `cargo run --release -p kuramori-jobs --example unusual -- [SEEDS] [MIB]`
//!
//! For each seed (200 unless told otherwise) a disk of so many mebibytes (192) is made, filled with
//! files of a file server, a database or a web server, and saved day after day for a fortnight into a
//! repository with real compression. Then something happens on top of an ordinary day, and the next
//! run is judged. Nothing is left anywhere.
#![expect(clippy::print_stdout, reason = "it is a program that prints a table")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_lossless,
    clippy::disallowed_methods,
    reason = "numbers of made-up disks"
)]

mod disk;
mod trial;

use kuramori_jobs::anomaly::Verdict;
use kuramori_repo::RepoError;

use disk::{Dice, Disk};
use trial::Trial;

type Happens = fn(&mut Disk, &mut Dice);

const TRIALS: [(&str, Happens); 11] = [
    ("20 % of the disk encrypted", |disk, dice| disk.encrypt(20, 64, dice)),
    ("40 % of the disk encrypted", |disk, dice| disk.encrypt(40, 64, dice)),
    ("10 % of the disk encrypted", |disk, dice| disk.encrypt(10, 64, dice)),
    ("20 %, half of each file encrypted", |disk, dice| disk.encrypt(20, 32, dice)),
    ("ordinary day", |_, _| ()),
    ("monthly system update, 45 % cabinets", |disk, dice| disk.system_update(8, 45, dice)),
    ("new system version, 45 % cabinets", |disk, dice| disk.system_update(20, 45, dice)),
    ("new system version, 60 % cabinets", |disk, dice| disk.system_update(20, 60, dice)),
    ("package upgrade", |disk, dice| disk.package_upgrade(5, dice)),
    ("new release by packages", |disk, dice| disk.package_upgrade(20, dice)),
    ("an archive of 10 % of the disk put there", |disk, dice| disk.archive(10, dice)),
];

fn main() -> Result<(), RepoError> {
    let mut args = std::env::args().skip(1);
    let mut number = |default: u64| args.next().and_then(|n| n.parse().ok()).unwrap_or(default);
    let (seeds, mib) = (number(200), number(192));
    let mut seen = [0u32; TRIALS.len()];
    let mut packed = [(u64::MAX, 0u64); TRIALS.len()];
    for seed in 0..seeds {
        let mut trial = Trial::new(seed, (mib as usize) << 20)?;
        for (number, (_, happens)) in TRIALS.iter().enumerate() {
            let (change, verdict) = trial.after(happens)?;
            if std::env::var_os("UNUSUAL_TABLE").is_some() {
                println!("{seed};{number};{:?};{:?}", trial.past, change);
            }
            seen[number] += u32::from(matches!(verdict, Verdict::Unusual(_)));
            let now = change.packed().unwrap_or_default();
            packed[number] = (packed[number].0.min(now), packed[number].1.max(now));
        }
    }
    println!("{seeds} disks of {mib} MiB{:>32}{:>18}", "seen as unusual", "packed, per mille");
    for (((name, _), seen), (least, most)) in TRIALS.iter().zip(seen).zip(packed) {
        let share = f64::from(seen) * 100.0 / seeds.max(1) as f64;
        println!("{name:<42}{share:>7.1} %{:>14}", format!("{least} – {most}"));
    }
    Ok(())
}
