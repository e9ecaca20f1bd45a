//! The update file for machines without a network.

use kuramori_feed::{self as feed, manifest};

use crate::bench::Bench;

#[test]
fn a_good_file_is_installed_without_asking_anybody() {
    let bench = Bench::new();
    let version = bench.good();
    let package = feed::package(&version);
    let file = bench.feed.offline(&manifest("9.1.0", &package), &package);
    std::fs::write(bench.path("new.kupdate"), file).unwrap();
    bench.run(&["update", "install", "--file", "new.kupdate"]).ok();
    bench.settle();
    bench.assert_new(&version);
    assert!(bench.feed.server.requests().is_empty(), "nobody was asked");
}

#[test]
fn a_file_that_is_not_as_signed_is_refused() {
    let bench = Bench::new();
    let before = bench.files();
    let package = feed::package(&bench.version(b"new"));
    let good = bench.feed.offline(&manifest("9.1.0", &package), &package);
    let mut tampered = package.clone();
    tampered[30] ^= 1;
    let foreign = feed::Feed::new();
    let files = [
        ("package", bench.feed.offline(&manifest("9.1.0", &package), &tampered)),
        ("other key", foreign.offline(&manifest("9.1.0", &package), &package)),
        ("cut", good[..good.len() / 2].to_vec()),
        ("empty", Vec::new()),
        ("no package", {
            let mut other = manifest("9.1.0", &package);
            other["packages"][feed::system()]["url"] = "elsewhere.tar.zst".into();
            bench.feed.offline(&other, &package)
        }),
        ("list", {
            let at = good.windows(7).position(|w| w == b"Faster.").unwrap();
            let mut bad = good.clone();
            bad[at] = b'f';
            bad
        }),
    ];
    for (what, bytes) in files {
        std::fs::write(bench.path("bad.kupdate"), bytes).unwrap();
        let answer = bench.run(&["update", "install", "--file", "bad.kupdate"]);
        assert_eq!(answer.error(), "update-not-genuine", "{what}");
    }
    let missing = bench.run(&["update", "install", "--file", "nowhere.kupdate"]);
    assert_eq!(missing.error(), "file-unreadable");
    bench.assert_same(&before);
    bench.run(&["server", "list"]).ok();
}
