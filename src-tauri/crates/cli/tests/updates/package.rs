//! Packages that are signed and still not to be unpacked.

use kuramori_feed::{self as feed, CLI, Entry};

use crate::bench::Bench;

/// Publishes a signed package and asserts that nothing of it is taken.
#[track_caller]
fn refused(expected: &str, entries: &[Entry]) {
    refused_raw(expected, &feed::package(entries));
}

#[track_caller]
fn refused_raw(expected: &str, package: &[u8]) {
    let bench = Bench::new();
    let before = bench.files();
    bench.feed.publish("9.1.0", package);
    assert_eq!(bench.run(&["update", "install"]).error(), expected);
    bench.assert_same(&before);
    assert!(!bench.root().join(".update").exists());
    let beside = std::fs::read_dir(bench.path("")).unwrap();
    let beside: Vec<_> = beside.map(|e| e.unwrap().file_name()).collect();
    assert!(!beside.iter().any(|n| n == "evil.txt"), "{beside:?}");
}

fn with(name: &str) -> Vec<Entry> {
    let mut entries = Bench::new().version(b"new");
    entries.push((name.to_owned(), b"evil".to_vec(), false));
    entries
}

#[test]
fn names_that_lead_out_of_the_folder() {
    for name in ["../evil.txt", "share/../../../evil.txt", "/tmp/evil.txt", "C:\\evil.txt"] {
        refused("update-not-genuine", &with(name));
    }
}

#[test]
fn names_that_mean_something_to_a_system() {
    for name in ["share/NUL", "share/aux.txt", ".update/previous/x", "share/TEXT.txt"] {
        refused("update-not-genuine", &with(name));
    }
}

#[test]
fn links_and_devices() {
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Char] {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_path("share/link").unwrap();
        header.set_link_name("/etc/passwd").unwrap();
        header.set_size(0);
        header.set_entry_type(kind);
        header.set_cksum();
        builder.append(&header, &[][..]).unwrap();
        let tar = builder.into_inner().unwrap();
        refused_raw("update-not-genuine", &zstd::encode_all(&tar[..], 1).unwrap());
    }
}

#[test]
fn a_package_that_unpacks_to_more_than_a_gibibyte() {
    let mut entries = Bench::new().version(b"new");
    let zeros = vec![0; 400 << 20];
    for n in 0..3 {
        entries.push((format!("share/{n}"), zeros.clone(), false));
    }
    refused("update-not-genuine", &entries);
}

#[test]
fn a_package_that_is_none() {
    refused_raw("update-not-genuine", b"not zstd at all");
    refused_raw("update-not-genuine", &zstd::encode_all(&b"not tar at all"[..], 1).unwrap());
}

#[test]
fn a_package_without_a_program_or_description() {
    let mut entries = Bench::new().version(b"new");
    entries.retain(|(name, ..)| name != CLI);
    refused("update-unsuitable", &entries);
    let mut entries = Bench::new().version(b"new");
    entries.retain(|(name, ..)| name != "install.json");
    refused("update-not-genuine", &entries);
}

#[test]
fn a_package_for_the_package_manager() {
    let mut entries = Bench::new().version(b"new");
    entries[0].1 = br#"{"kind":"system-package"}"#.to_vec();
    refused("update-unsuitable", &entries);
}
