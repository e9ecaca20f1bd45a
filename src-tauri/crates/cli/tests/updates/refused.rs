//! Everything that must not be taken. Nothing in the installation changes, ever.

use serde_json::json;

use kuramori_feed::{self as feed, Feed, LIST, PACKAGE, Reply, SIGNATURE, manifest, sign};

use crate::bench::Bench;

/// Publishes a good version, spoils something and asserts which error comes of it.
#[track_caller]
fn spoilt(expected: &str, spoil: impl FnOnce(&Bench, &[u8])) {
    let bench = Bench::new();
    let before = bench.files();
    let package = feed::package(&bench.version(b"new"));
    bench.feed.publish("9.1.0", &package);
    spoil(&bench, &package);
    assert_eq!(bench.run(&["update", "install"]).error(), expected);
    bench.assert_same(&before);
    assert!(!bench.root().join(".update").exists());
    assert!(!bench.state().join("update/journal.json").exists());
    bench.run(&["server", "list"]).ok();
}

fn list() -> Vec<u8> {
    serde_json::to_vec(&manifest("9.1.0", b"package")).unwrap()
}

#[test]
fn a_tampered_list_of_versions() {
    spoilt("update-not-genuine", |bench, package| {
        let mut bytes = serde_json::to_vec(&manifest("9.1.0", package)).unwrap();
        let at = bytes.windows(5).position(|w| w == b"9.1.0").unwrap();
        bytes[at] = b'8';
        bench.feed.server.serve(LIST, Reply::Whole(bytes));
    });
}

#[test]
fn an_unsigned_list_of_versions() {
    spoilt("update-not-genuine", |bench, _| {
        bench.feed.server.serve(SIGNATURE, Reply::Whole(Vec::new()));
    });
}

#[test]
fn a_list_without_its_signature_file() {
    spoilt("update-unreachable", |bench, _| {
        bench.feed.server.serve(SIGNATURE, Reply::Redirect(format!("{LIST}.nowhere")));
    });
}

#[test]
fn a_list_signed_by_another_key() {
    spoilt("update-not-genuine", |bench, _| {
        let other = feed::KeyPair::generate_unencrypted_keypair().unwrap();
        bench.feed.server.serve(LIST, Reply::Whole(list()));
        bench.feed.server.serve(SIGNATURE, Reply::Whole(sign(&other, &list())));
    });
}

#[test]
fn a_list_cut_off_on_its_way() {
    spoilt("update-unreachable", |bench, _| {
        bench.feed.server.serve(LIST, Reply::Cut(list(), 20));
    });
}

#[test]
fn a_list_cut_off_at_its_source() {
    spoilt("update-not-genuine", |bench, _| {
        let cut = list()[..20].to_vec();
        bench.feed.server.serve(LIST, Reply::Whole(cut));
    });
}

#[test]
fn an_endless_list() {
    spoilt("update-not-genuine", |bench, _| {
        bench.feed.server.serve(LIST, Reply::Whole(vec![b' '; 300 << 10]));
    });
}

#[test]
fn a_tampered_package() {
    spoilt("update-not-genuine", |bench, package| {
        let mut package = package.to_vec();
        let middle = package.len() / 2;
        package[middle] ^= 1;
        bench.feed.server.serve(PACKAGE, Reply::Whole(package));
    });
}

#[test]
fn a_package_cut_off_on_its_way() {
    spoilt("update-unreachable", |bench, package| {
        bench.feed.server.serve(PACKAGE, Reply::Cut(package.to_vec(), package.len() / 2));
    });
}

#[test]
fn a_package_cut_off_at_its_source() {
    spoilt("update-not-genuine", |bench, package| {
        let half = package[..package.len() / 2].to_vec();
        bench.feed.server.serve(PACKAGE, Reply::Whole(half));
    });
}

#[test]
fn a_package_longer_than_signed() {
    spoilt("update-not-genuine", |bench, package| {
        let longer = [package, &[0; 100]].concat();
        bench.feed.server.serve(PACKAGE, Reply::Whole(longer));
    });
}

#[test]
fn a_package_larger_than_any() {
    spoilt("update-unsuitable", |bench, package| {
        let mut list = manifest("9.1.0", package);
        list["packages"][feed::system()]["size"] = json!(1_u64 << 40);
        bench.feed.publish_manifest(&list);
    });
}

#[test]
fn a_package_without_a_hash() {
    spoilt("update-unsuitable", |bench, package| {
        let mut list = manifest("9.1.0", package);
        list["packages"][feed::system()] = json!({ "url": "package.tar.zst", "size": 1 });
        bench.feed.publish_manifest(&list);
    });
}

#[test]
fn a_version_for_other_systems() {
    spoilt("update-unsuitable", |bench, package| {
        let mut list = manifest("9.1.0", package);
        list["packages"] = json!({ "plan9-mips": feed::described(package, "package.tar.zst") });
        bench.feed.publish_manifest(&list);
    });
}

#[test]
fn a_version_that_needs_a_newer_one_first() {
    spoilt("update-unsuitable", |bench, package| {
        let mut list = manifest("9.1.0", package);
        list["minimum_version"] = json!("5.0.0");
        bench.feed.publish_manifest(&list);
    });
}

#[test]
fn a_list_in_a_later_format() {
    spoilt("update-unsuitable", |bench, _| {
        bench.feed.publish_manifest(&json!({ "format": 2, "everything": "else" }));
    });
}

#[test]
fn a_redirect_to_a_place_without_tls() {
    spoilt("update-unreachable", |bench, _| {
        let plain = bench.feed.server.url.replace("https:", "http:");
        bench.feed.server.serve(LIST, Reply::Redirect(format!("{plain}/elsewhere.json")));
    });
}

#[test]
fn a_server_nobody_vouches_for() {
    spoilt("update-server-untrusted", |bench, _| {
        let other = Feed::new();
        std::fs::write(bench.path("authority.pem"), &other.server.authority).unwrap();
    });
}

#[test]
fn an_older_version_and_the_same() {
    let bench = Bench::new();
    let before = bench.files();
    let package = feed::package(&bench.version(b"new"));
    bench.feed.publish("0.0.9", &package);
    assert_eq!(bench.run(&["update", "install"]).error(), "update-older");
    bench.feed.publish(env!("CARGO_PKG_VERSION"), &package);
    assert_eq!(bench.run(&["update", "install"]).error(), "update-none");
    assert!(bench.run(&["update", "status"]).ok().json()["offer"].is_null());
    bench.assert_same(&before);
}

#[test]
fn a_version_older_than_one_that_was_seen() {
    let bench = Bench::new();
    let before = bench.files();
    let package = feed::package(&bench.version(b"new"));
    bench.feed.publish("9.2.0", &package);
    bench.run(&["update", "check"]).ok();
    bench.feed.publish("9.1.0", &package);
    assert_eq!(bench.run(&["update", "install"]).error(), "update-older");
    let kept = bench.run(&["update", "status"]).ok().json();
    assert_eq!(kept["offer"]["version"], "9.2.0", "the newer one is still there");
    let old = bench.feed.offline(&manifest("9.1.0", &package), &package);
    std::fs::write(bench.path("old.kupdate"), old).unwrap();
    let installed = bench.run(&["update", "install", "--file", "old.kupdate"]);
    assert_eq!(installed.error(), "update-older");
    bench.assert_same(&before);
}
