//! Check, repair, rebuild-index and stats of the real program.

use std::fs;
use std::path::PathBuf;

use crate::bench::{Bench, PASSPHRASE, noise};

const MIB: usize = 1 << 20;

/// The largest pack of a repository.
fn pack(repository: &str) -> PathBuf {
    let folders = fs::read_dir(PathBuf::from(repository).join("packs")).unwrap();
    let files = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    files
        .map(|file| file.unwrap().path())
        .max_by_key(|path| path.metadata().unwrap().len())
        .unwrap()
}

#[test]
fn damage_is_found_named_and_healed_from_another_repository() {
    let bench = Bench::new();
    bench.make_repository().ok();
    let other = bench.text("other");
    let create = ["repo", "create", other.as_str(), "--name", "other", "--passphrase-stdin"];
    bench.run_with(PASSPHRASE, &create).ok();
    fs::write(bench.path("disk.img"), noise(1, 3 * MIB as u64)).unwrap();
    for repo in ["place", "other"] {
        bench.run(&["image", "backup", "disk.img", "--repo", repo, "--name", "disk"]).ok();
    }
    let check = ["repo", "check", "place", "--read-data", "--json"];
    let sound = bench.run(&check).ok();
    assert_eq!(sound.field("/sound"), "true");
    assert_eq!(sound.field("/packs_read"), sound.field("/packs"));
    let stats = bench.run(&["repo", "stats", "place", "--json"]).ok();
    assert_eq!(stats.field("/vms/0/name"), "disk");
    assert_eq!(stats.field("/logical"), (3 * MIB).to_string());

    let victim = pack(&bench.text("repository"));
    let mut bytes = fs::read(&victim).unwrap();
    bytes[MIB] ^= 1;
    fs::write(&victim, bytes).unwrap();
    let found = bench.run(&check);
    assert_eq!(found.code, 1);
    let name = victim.file_name().unwrap().to_str().unwrap();
    assert!(found.field("/damaged/0/object").ends_with(name));
    assert_eq!(found.field("/damaged/0/hits/0/vm_name"), "disk");
    assert_eq!(found.field("/damaged/0/hits/0/bytes"), (256 << 10).to_string());
    let told = bench.run(&["repo", "check", "place", "--read-data", "--max-age", "30d"]);
    assert_eq!(told.code, 1);
    assert!(told.stdout.contains("cannot be restored whole: 1"), "{}", told.stdout);
    let alone = bench.run(&["repo", "repair", "place"]);
    assert_eq!(alone.code, 1, "{}", alone.stdout);
    let healed = bench.run(&["repo", "repair", "place", "--from", "other", "--json"]).ok();
    assert_eq!(healed.field("/healed"), "1");
    assert_eq!(healed.field("/after/sound"), "true");
    bench.run(&check).ok();
    bench.run(&["image", "restore", "disk@latest", "--repo", "place", "-o", "out.img"]).ok();
    assert!(fs::read(bench.path("out.img")).unwrap() == noise(1, 3 * MIB as u64));
}

#[test]
fn an_index_is_rebuilt_and_a_budget_reads_a_part() {
    let bench = Bench::new();
    bench.make_repository().ok();
    for n in 0..3u64 {
        fs::write(bench.path("disk.img"), noise(n, MIB as u64)).unwrap();
        bench.run(&["image", "backup", "disk.img", "--repo", "place", "--name", "disk"]).ok();
    }
    let rebuilt = bench.run(&["repo", "rebuild-index", "place", "--json"]).ok();
    assert_eq!(rebuilt.field("/written"), "1");
    let part = ["repo", "check", "place", "--read-data", "--budget", "10%", "--json"];
    let first = bench.run(&part).ok();
    assert_eq!(first.field("/packs_read"), "1");
    assert_eq!(first.field("/proven_packs"), "1");
    assert_eq!(bench.run(&part).ok().field("/proven_packs"), "2", "the next one is another");
    assert_eq!(bench.run(&["repo", "check", "place", "--budget", "10%"]).code, 2);
}

#[test]
fn a_backup_of_changes_reads_all_where_the_one_before_has_lost_data() {
    let bench = Bench::new();
    bench.make_repository().ok();
    let bytes = noise(1, 3 * MIB as u64);
    fs::write(bench.path("disk.img"), &bytes).unwrap();
    fs::write(bench.path("areas"), "0 512\n").unwrap();
    let backup = ["image", "backup", "disk.img", "--repo", "place", "--name", "disk", "--json"];
    let changed = [&backup[..], &["--changed", "areas"]].concat();
    bench.run(&backup).ok();
    let victim = pack(&bench.text("repository"));
    let mut flipped = fs::read(&victim).unwrap();
    flipped[2 * MIB] ^= 1;
    fs::write(&victim, flipped).unwrap();
    let blind = bench.run(&changed).ok();
    assert_eq!(blind.field("/disks/0/read_mode"), "changed", "nobody knows of the damage yet");
    let check = ["repo", "check", "place", "--read-data", "--json"];
    assert_eq!(bench.run(&check).code, 1);
    let healing = bench.run(&changed).ok();
    assert_eq!(healing.field("/disks/0/read_mode"), "whole");
    assert_eq!(healing.field("/new"), (256 << 10).to_string(), "only what was lost is stored");
    for point in ["disk@first", "disk@latest"] {
        let out = format!("{point}.out");
        bench.run(&["image", "restore", point, "--repo", "place", "-o", &out]).ok();
        assert!(fs::read(bench.path(&out)).unwrap() == bytes, "{point} is whole again");
    }
    bench.run(&["repo", "repair", "place"]).ok();
    bench.run(&check).ok();
}
