//! A year of a shop with nine VMs, in a minute: the whole program against two servers of the lab,
//! with a clock that goes from one event to the next.
//!
//! What is to happen comes from a reference that shares nothing with the program but what it
//! promises to people. At every look, what happened is compared with it: each slot is a run, a word
//! that it was missed, or a pause that somebody asked for; each recovery point is there until the
//! rules let it go, and no longer.

mod audit;
mod calendar;
mod kept;
mod life;
mod look;
mod mishaps;
mod reference;
mod script;
mod setup;
mod shop;

use std::path::Path;
use std::process::Command;

use chrono::{DateTime, Utc};

use life::Life;
use mishaps::OWN_DISK;
use shop::Shop;

/// Size of the disk that the repository has for itself.
const DISK_MIB: u32 = 256;

/// The seeds to live through; `KURAMORI_YEARS=FROM..TO` gives others.
fn seeds() -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("KURAMORI_YEARS") else { return 1..2 };
    let (from, to) = text.split_once("..").unwrap();
    from.parse().unwrap()..to.parse().unwrap()
}

#[test]
fn simulated_year() {
    for seed in seeds() {
        let folder = tempfile::tempdir().unwrap();
        if cfg!(target_os = "linux") && std::env::var_os(OWN_DISK).is_none() {
            on_a_disk_of_its_own(folder.path(), seed);
        } else {
            let given = std::env::var_os(OWN_DISK);
            let folder = given.as_ref().map_or(folder.path(), Path::new);
            live(folder, seed);
        }
    }
}

/// Lives the year in file systems that nobody else sees, so that one can be full.
fn on_a_disk_of_its_own(folder: &Path, seed: u64) {
    let script = format!(
        "mount -t tmpfs year \"$0\" && mkdir \"$0/disk\" \
         && mount -t tmpfs -o size={DISK_MIB}m disk \"$0/disk\" && exec \"$@\""
    );
    let mut inside = Command::new("unshare");
    inside.args(["--map-root-user", "--mount", "sh", "-c", &script]).arg(folder);
    inside.arg(std::env::current_exe().unwrap());
    inside.args(["--exact", "jobs::year::simulated_year", "--nocapture"]);
    inside.env(OWN_DISK, folder).env("KURAMORI_YEARS", format!("{seed}..{}", seed + 1));
    assert!(inside.status().unwrap().success(), "the year of seed {seed} did not go well");
}

fn live(folder: &Path, seed: u64) {
    fs_err::create_dir_all(folder.join("disk")).unwrap();
    let begin = "2026-01-01T09:00:00Z".parse::<DateTime<Utc>>().unwrap();
    let end = "2027-01-03T12:00:00Z".parse::<DateTime<Utc>>().unwrap();
    let mut life = Life::begin(Shop::open(folder, begin, seed), seed);
    let trace = std::env::var_os("KURAMORI_TRACE").is_some();
    for (moment, event) in script::year(seed, end) {
        life.live(moment);
        if trace && event != script::Event::Work {
            println!("{moment} {event:?}; {} runs, {} backups", life.runs, life.backups);
        }
        life.happen(event);
    }
    life.live(end);
    life.look();
    life.audit_all();
    let unsaved = life.unsaved(end);
    let (slots, points) = (life.reference.slots, &life.points);
    println!(
        "seed {seed}: {} runs, {} backups; {slots:?}; {unsaved} stretches unsaved; {} recovery \
         points there, {} deleted",
        life.runs,
        life.backups,
        points.there.len(),
        points.deleted.len(),
    );
    assert!(slots.told > 0 && slots.stood_for > 0 && slots.paused > 0 && slots.taken_back > 0);
    assert!(unsaved > 0 && points.deleted.len() > points.there.len());
}
