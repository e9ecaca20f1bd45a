//! Processes that die: at every named point, and at any moment.

use std::time::Duration;

use super::child::{begun, history, place, spawn, wait_for};
use super::failpoints::share;
use super::{quick_folder, round, times};
use crate::sim::Rng;

fn abort_at(share_number: usize) {
    for point in share(share_number) {
        let folder = quick_folder();
        let died = spawn("dies", folder.path(), &point).wait().unwrap();
        assert!(!died.success(), "`{point}` was not reached");
        if let Err(error) = place(folder.path(), 1).verify(&history(folder.path())) {
            panic!("died at `{point}`: {error:#}");
        }
    }
}

#[test]
fn a_process_that_dies_at_any_point_breaks_no_promise_1() {
    abort_at(0);
}

#[test]
fn a_process_that_dies_at_any_point_breaks_no_promise_2() {
    abort_at(1);
}

/// Kills a process that backs up, deletes and collects, again and again in one repository.
fn kill_at_random(seed: u64) {
    let folder = quick_folder();
    begun(folder.path());
    let mut rng = Rng::new(seed + 100 * round());
    let (mut saved, mark) = (0, folder.path().join("ready"));
    for kill in 0..125 * times() {
        let mut child = spawn("works", folder.path(), &(100 * (kill + 1)).to_string());
        wait_for(&mut child, &mark);
        // A machine that is slow today gets more time, so that promises are among what is killed.
        let most = if (saved as u64) * 2 < kill { 200_000 } else { 40_000 };
        std::thread::sleep(Duration::from_micros(rng.below(most)));
        child.kill().unwrap();
        child.wait().unwrap();
        fs_err::remove_file(&mark).unwrap();
        let history = history(folder.path());
        saved = history.count();
        if let Err(error) = place(folder.path(), 1).verify(&history) {
            panic!("seed {seed}, kill {kill}: {error:#}");
        }
    }
    assert!(saved > 50, "the children get far enough to promise something: {saved}");
}

#[test]
fn killed_at_any_moment_nothing_is_lost_1() {
    kill_at_random(1);
}

#[test]
fn killed_at_any_moment_nothing_is_lost_2() {
    kill_at_random(2);
}

#[test]
fn killed_at_any_moment_nothing_is_lost_3() {
    kill_at_random(3);
}

#[test]
fn killed_at_any_moment_nothing_is_lost_4() {
    kill_at_random(4);
}
