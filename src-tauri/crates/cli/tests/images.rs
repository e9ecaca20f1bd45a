//! Raw disk images as source and target.

use std::fs;
use std::io::{Seek, SeekFrom, Write};

use crate::bench::{Bench, PASSPHRASE, answer};

const MIB: usize = 1 << 20;

fn image() -> Vec<u8> {
    let mut bytes = vec![0; 6 * MIB + 4096];
    for (n, byte) in bytes[MIB..3 * MIB].iter_mut().enumerate() {
        *byte = (n / 512) as u8;
    }
    bytes
}

#[test]
fn an_image_comes_back_also_by_its_changed_areas() {
    let bench = Bench::new();
    bench.make_repository().ok();
    let mut bytes = image();
    fs::write(bench.path("disk.img"), &bytes).unwrap();
    let backup = ["image", "backup", "disk.img", "--repo", "place", "--name", "disk", "--json"];
    bench.run(&backup).ok();
    let first = bytes.clone();
    bytes[5 * MIB..5 * MIB + 700].fill(0xEE);
    fs::write(bench.path("disk.img"), &bytes).unwrap();
    fs::write(bench.path("areas"), format!("# one area\n{} 700\n", 5 * MIB)).unwrap();
    let changed = bench.run(&[&backup[..], &["--changed", "areas"]].concat()).ok();
    assert_eq!(changed.field("/read"), (256 << 10).to_string(), "one chunk is read");
    assert_eq!(changed.field("/disks/0/read_mode"), "changed");

    for (point, expected) in [("disk@latest", &bytes), ("disk@first", &first)] {
        let out = format!("{point}.out");
        bench.run(&["image", "restore", point, "--repo", "place", "-o", &out]).ok();
        assert!(&fs::read(bench.path(&out)).unwrap() == expected, "{point} differs");
    }
    let path = bench.text("repository");
    let with = ["--repo-path", path.as_str(), "--passphrase-stdin"];
    let restore = [&["image", "restore", "disk@first", "-o", "alone"][..], &with].concat();
    answer(bench.bare().args(&restore), PASSPHRASE).ok();
    assert!(fs::read(bench.path("alone")).unwrap() == first);
}

/// Holes of a file are zeros: they are not read, and where data was before they replace it.
#[test]
fn holes_are_not_read_and_come_back_as_zeros() {
    let bench = Bench::new();
    bench.make_repository().ok();
    let write = |parts: &[usize]| {
        let mut file = fs::File::create(bench.path("disk.img")).unwrap();
        file.set_len((64 * MIB + 512) as u64).unwrap();
        for mib in parts {
            file.seek(SeekFrom::Start((mib * MIB) as u64)).unwrap();
            file.write_all(&[0xA5; MIB]).unwrap();
        }
        fs::read(bench.path("disk.img")).unwrap()
    };
    let backup = ["image", "backup", "disk.img", "--repo", "place", "--name", "disk", "--json"];
    let first = write(&[1, 5, 40]);
    let read: u64 = bench.run(&backup).ok().field("/read").parse().unwrap();
    // Other systems may keep no holes, or larger ones.
    assert!(!cfg!(target_os = "linux") || read < 4 << 20, "{read} bytes were read");
    let second = write(&[5, 63]);
    fs::write(bench.path("areas"), format!("0 {}\n", 64 * MIB)).unwrap();
    bench.run(&[&backup[..], &["--changed", "areas"]].concat()).ok();
    for (point, expected) in [("disk@first", &first), ("disk@latest", &second)] {
        let out = format!("{point}.out");
        bench.run(&["image", "restore", point, "--repo", "place", "-o", &out]).ok();
        assert!(&fs::read(bench.path(&out)).unwrap() == expected, "{point} differs");
    }
}

#[test]
fn bad_areas_are_named_and_nothing_is_saved() {
    let bench = Bench::new();
    bench.make_repository().ok();
    fs::write(bench.path("disk.img"), image()).unwrap();
    let backup = ["image", "backup", "disk.img", "--repo", "place", "--name", "disk"];
    let changed = [&backup[..], &["--changed", "areas"]].concat();
    fs::write(bench.path("areas"), "0 512\n").unwrap();
    let alone = bench.run(&changed);
    assert_eq!(alone.code, 1);
    assert!(alone.stderr.contains("no recovery point"), "{}", alone.stderr);
    bench.run(&backup).ok();
    for (areas, said) in [("0 512\nx y\n", "line 2"), ("0 99999999\n", "past the end")] {
        fs::write(bench.path("areas"), areas).unwrap();
        let refused = bench.run(&changed);
        assert_eq!(refused.code, 1);
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
    }
    let points = bench.run(&["points", "list", "--json"]).ok();
    assert_eq!(
        points.field("/points/0/read_mode".replace("read_mode", "vm_name").as_str()),
        "disk"
    );
    assert!(!points.stdout.contains("\"changed\""), "nothing was saved from bad areas");
}
