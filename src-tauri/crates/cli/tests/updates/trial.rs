//! A new version that does not start is taken back, with all it may have changed.

use kuramori_feed::{self as feed, Entry};

use crate::bench::Bench;

/// Installs a version and returns how it ended.
fn try_out(bench: &Bench, version: &[Entry], patience: &str) -> serde_json::Value {
    let before = bench.files();
    let package = feed::package(version);
    bench.feed.publish("9.1.0", &package);
    let mut command = bench.program();
    command.args(["update", "install"]).env("KURAMORI_UPDATE_PATIENCE", patience);
    crate::bench::answer(&mut command).ok();
    bench.settle();
    bench.assert_same(&before);
    bench.run(&["update", "status"]).ok().json()["last"].clone()
}

#[test]
fn a_version_that_ends_at_once() {
    let bench = Bench::new();
    let last = try_out(&bench, &bench.acting("say broken inside\nend 7"), "20");
    assert_eq!(last["outcome"], "rolled-back");
    assert_eq!(last["error"]["code"], "update-rolled-back");
    let detail = last["error"]["detail"].as_str().unwrap();
    assert!(detail.contains("ended by itself") && detail.contains('7'), "{detail}");
    assert!(detail.contains("broken inside"), "what it wrote is shown: {detail}");
}

#[test]
fn a_version_that_hangs() {
    let bench = Bench::new();
    let last = try_out(&bench, &bench.acting("hold hung\nhang"), "1");
    assert_eq!(last["outcome"], "rolled-back");
    assert!(last["error"]["detail"].as_str().unwrap().contains("did not say within 1 s"));
    bench.let_go("hung");
}

#[test]
fn a_version_that_is_no_program() {
    let bench = Bench::new();
    let last = try_out(&bench, &bench.version(b"neither script nor program"), "20");
    assert_eq!(last["outcome"], "rolled-back");
}

#[test]
fn a_version_that_converts_the_state_before_it_fails() {
    let bench = Bench::new();
    bench.run(&["server", "list"]).ok();
    let settings = bench.state().join("settings.json");
    let state = bench.state().display().to_string();
    let acts = format!(
        "write {state}/settings.json\t{{\"format\":99}}\n\
         write {state}/runs.sqlite-wal\tside\nend 1"
    );
    let last = try_out(&bench, &bench.acting(&acts), "20");
    assert_eq!(last["outcome"], "rolled-back");
    let settings: serde_json::Value =
        serde_json::from_slice(&std::fs::read(settings).unwrap()).unwrap();
    assert_eq!(settings["format"], 1);
    assert_ne!(std::fs::read(bench.state().join("runs.sqlite-wal")).unwrap_or_default(), b"side");
}

#[test]
fn nothing_begins_while_an_update_is_put_in_place() {
    let bench = Bench::new();
    let package = feed::package(&bench.acting("hang"));
    bench.feed.publish("9.1.0", &package);
    let mut command = bench.program();
    command.args(["update", "install"]).env("KURAMORI_UPDATE_PATIENCE", "4");
    crate::bench::answer(&mut command).ok();
    // The new version is no program that answers; another copy of the old one is asked.
    let mut other = std::process::Command::new(env!("CARGO_BIN_EXE_kuramori"));
    other.args(["--json", "--secrets", "keychain", "--state"]).arg(bench.state());
    other.args(["server", "list"]);
    assert_eq!(crate::bench::answer(&mut other).error(), "update-applying");
    bench.settle();
    bench.run(&["server", "list"]).ok();
}
