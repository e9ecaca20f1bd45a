//! The helper is killed at every phase; the next start goes on, forward or back.

use std::process::Command;

use kuramori_feed as feed;

use crate::bench::{Bench, answer};

/// Installs a package and kills the helper at a point.
fn kill_at(bench: &Bench, package: &[u8], point: &str) {
    bench.feed.publish("9.1.0", package);
    let mut command = bench.program();
    command.args(["update", "install"]).env("KURAMORI_UPDATE_HOLD", point);
    answer(&mut command).ok();
    let held = bench.state().join("update/held");
    let mut pid = String::new();
    bench.wait_for(point, || {
        pid = std::fs::read_to_string(&held).unwrap_or_default();
        !pid.is_empty()
    });
    assert!(answer(&mut kill(&pid)).code == 0, "{pid} cannot be killed");
    bench.let_go("helper.lock");
    std::fs::remove_file(held).unwrap();
}

/// What kills a process.
fn kill(pid: &str) -> Command {
    let (program, how) =
        if cfg!(windows) { ("taskkill", &["/F", "/PID"][..]) } else { ("kill", &["-9"][..]) };
    let mut command = Command::new(program);
    command.args(how).arg(pid);
    command
}

/// Starts a program of the product, which hands over to a new helper, and waits for it.
fn go_on(bench: &Bench, point: &str) {
    // Whichever version is in place may be no program: any copy of the product notices.
    let mut other = bench.program();
    let args: Vec<_> = other.get_args().map(std::ffi::OsStr::to_owned).collect();
    other = Command::new(env!("CARGO_BIN_EXE_kuramori"));
    let noticed = answer(other.args(args).args(["update", "status"]));
    assert_eq!(noticed.error(), "update-applying", "{point}");
    bench.settle();
}

/// Asserts that a good version is in place after a kill at each of these points.
fn in_place_after(points: &[&str]) {
    let version = Bench::new().good();
    let package = feed::package(&version);
    for point in points {
        let bench = Bench::new();
        kill_at(&bench, &package, point);
        for (path, content) in bench.files() {
            assert!(!content.is_empty(), "{point}: {path} is empty");
        }
        go_on(&bench, point);
        bench.assert_new(&version);
        let status = bench.run(&["update", "status"]).ok().json();
        assert_eq!(status["last"]["outcome"], "installed", "{point}: {}", status["last"]["log"]);
        assert!(!bench.root().join(".update").exists(), "{point}");
    }
}

#[test]
fn a_good_version_is_in_place_after_a_kill_before_it_is_tried() {
    in_place_after(&["Staged", "Saved", "Saved:0", "Saved:2", "Saved:4"]);
}

#[test]
fn a_good_version_is_in_place_after_a_kill_since_it_was_tried() {
    in_place_after(&["Swapped", "Confirmed", "Cleared"]);
}

#[test]
fn a_bad_version_is_taken_back_after_a_kill_at_any_phase() {
    for point in ["Swapped", "Swapped:started", "RollingBack", "RolledBack", "Cleared"] {
        let bench = Bench::new();
        let before = bench.files();
        kill_at(&bench, &feed::package(&bench.acting("end 3")), point);
        go_on(&bench, point);
        bench.assert_same(&before);
        let status = bench.run(&["update", "status"]).ok().json();
        assert_eq!(status["last"]["outcome"], "rolled-back", "{point}");
    }
}

#[test]
fn new_files_that_were_damaged_before_the_swap_are_never_put_in_place() {
    let bench = Bench::new();
    let before = bench.files();
    kill_at(&bench, &feed::package(&bench.good()), "Staged");
    std::fs::write(bench.root().join(".update/new/share/text.txt"), "bad text").unwrap();
    go_on(&bench, "Staged");
    bench.assert_same(&before);
    let status = bench.run(&["update", "status"]).ok().json();
    assert_eq!(status["last"]["outcome"], "given-up");
    assert_eq!(status["last"]["error"]["code"], "update-failed");
}
