//! A good update, from the question to the new version.

use kuramori_feed as feed;

use crate::bench::Bench;

#[test]
fn a_good_update_is_found_told_and_put_in_place() {
    let bench = Bench::new();
    let version = bench.good();
    bench.feed.publish("9.1.0", &feed::package(&version));

    let checked = bench.run(&["update", "check"]).ok().json();
    assert_eq!(checked["offer"]["version"], "9.1.0");
    assert_eq!(checked["offer"]["notes"], "Faster.\nSafer.");
    assert_eq!(checked["offer"]["downloaded"], false);
    assert_eq!(checked["installation"], "itself");
    let again = bench.run(&["update", "status"]).ok().json();
    assert_eq!(again["offer"], checked["offer"], "it is remembered without asking");

    bench.run(&["update", "install"]).ok();
    bench.settle();
    bench.assert_new(&version);
    let after = bench.run(&["update", "status"]).ok().json();
    assert_eq!(after["last"]["outcome"], "installed", "{}", after["last"]["log"]);
    assert_eq!(after["last"]["to"], "9.1.0");
    assert!(!bench.root().join(".update").exists());
    assert!(!bench.state().join("update/state-before").exists());
}

#[test]
fn the_question_says_nothing_about_who_asks() {
    let bench = Bench::new();
    bench.feed.publish("9.1.0", &feed::package(&bench.version(b"x")));
    bench.run(&["update", "check"]).ok();
    let requests = bench.feed.server.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        let mut lines = request.trim_end().split("\r\n");
        let first = lines.next().unwrap();
        assert!(first.starts_with("GET /latest/latest.json") && !first.contains('?'), "{first}");
        for line in lines {
            let name = line.split(':').next().unwrap().to_ascii_lowercase();
            assert!(["host", "accept"].contains(&name.as_str()), "{line}");
        }
    }
}

#[test]
fn without_a_key_updates_are_off_and_say_so() {
    let bench = Bench::new();
    for args in [&["update", "check"][..], &["update", "install"]] {
        let mut command = bench.program();
        command.env_remove("KURAMORI_UPDATE_KEY").args(args);
        let answer = crate::bench::answer(&mut command);
        assert_eq!(answer.error(), "updates-off");
    }
    assert!(bench.feed.server.requests().is_empty());
}

#[test]
fn an_installation_of_the_package_manager_is_told_and_left_alone() {
    let bench = Bench::of_kind("system-package");
    let before = bench.files();
    bench.feed.publish("9.1.0", &feed::package(&bench.version(b"x")));
    let checked = bench.run(&["update", "check"]).ok().json();
    assert_eq!(checked["installation"], "system-package");
    assert_eq!(checked["offer"]["version"], "9.1.0");
    assert_eq!(checked["offer"]["page"], "https://example.org/kuramori");
    assert_eq!(bench.run(&["update", "install"]).error(), "update-by-system");
    bench.assert_same(&before);
}

#[test]
fn a_copy_that_was_not_installed_does_not_replace_itself() {
    let bench = Bench::new();
    std::fs::remove_file(bench.root().join("install.json")).unwrap();
    let before = bench.files();
    bench.feed.publish("9.1.0", &feed::package(&bench.version(b"x")));
    assert_eq!(bench.run(&["update", "install"]).error(), "update-not-installed");
    bench.assert_same(&before);
}
