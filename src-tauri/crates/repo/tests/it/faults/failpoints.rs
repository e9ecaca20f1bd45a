//! At every named point a life ends, fails, or stands still while another computer goes on.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kuramori_platform::fs::watch;
use kuramori_repo::{LocalStore, RepoError, RepoErrorKind};

use super::history::{Event, History, Place};
use super::points::{AtPoint, Points};
use super::quick_folder;
use super::work::live;

fn place(folder: &Path, computer: u8) -> Place {
    Place::new(Arc::new(LocalStore::new(folder.join("repository"))), folder, computer)
}

/// Lives once; returns what happened, and the points on the way.
fn life(
    folder: &Path,
    history: &Arc<Mutex<History>>,
    at: Option<(String, AtPoint)>,
) -> (Result<(), RepoError>, Vec<String>) {
    let repository = folder.join("repository");
    let history = Arc::clone(history);
    let events = Box::new(move |event: Event| history.lock().unwrap().add(event));
    let points = Points::new(&repository, events, at);
    let _watched = watch(&repository, Arc::clone(&points) as _);
    let result = live(&place(folder, 1), &repository, points.as_ref());
    (result, points.seen())
}

/// All points, from a life in which nothing happens.
pub(super) fn all_points() -> Vec<String> {
    let folder = quick_folder();
    let (result, points) = life(folder.path(), &Arc::default(), None);
    result.expect("a whole life");
    points
}

/// Every second point, from the first or from the second.
pub(super) fn share(number: usize) -> impl Iterator<Item = String> {
    all_points().into_iter().skip(number).step_by(2)
}

/// The points as they are meant to be: one that goes missing is a gap in these tests.
#[test]
fn the_points_are_those_that_are_known() {
    let mut points = all_points();
    points.sort_unstable();
    let found = points.join("\n") + "\n";
    if std::env::var_os("KURAMORI_FAILPOINTS").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/faults/failpoints.txt");
        fs_err::write(file, &found).unwrap();
    }
    let known = include_str!("failpoints.txt");
    assert!(points.len() >= 60, "{} points are too few", points.len());
    assert_eq!(found, known, "KURAMORI_FAILPOINTS=write puts down what is there now");
}

fn fail_at(share_number: usize) {
    for point in share(share_number) {
        let folder = quick_folder();
        let history = Arc::default();
        let fails: AtPoint = Box::new(|| Err(io::Error::other("failed on purpose")));
        let (result, _) = life(folder.path(), &history, Some((point.clone(), fails)));
        let history = history.lock().unwrap();
        if let Err(error) = place(folder.path(), 1).verify(&history) {
            panic!("failed at `{point}` with {result:?}: {error:#}");
        }
    }
}

#[test]
fn a_failure_at_any_point_breaks_no_promise_1() {
    fail_at(0);
}

#[test]
fn a_failure_at_any_point_breaks_no_promise_2() {
    fail_at(1);
}

/// Stands still once, until told to go on.
struct Pause {
    reached: Receiver<()>,
    go_on: SyncSender<()>,
}

fn pause() -> (AtPoint, Pause) {
    let (reach, reached) = sync_channel(1);
    let (go_on, goes_on) = sync_channel(1);
    let goes_on = Mutex::new(goes_on);
    let act: AtPoint = Box::new(move || {
        reach.send(()).map_err(io::Error::other)?;
        goes_on.lock().unwrap().recv().map_err(io::Error::other)
    });
    (act, Pause { reached, go_on })
}

fn pause_at(share_number: usize) {
    for point in share(share_number) {
        let folder = quick_folder();
        let history: Arc<Mutex<History>> = Arc::default();
        let (act, pause) = pause();
        // Another computer that takes everybody else for dead, as after a long sleep.
        let other = Place { lease: Duration::ZERO, ..place(folder.path(), 2) };
        std::thread::scope(|scope| {
            let at = Some((point.clone(), act));
            let sleeper = scope.spawn(|| life(folder.path(), &history, at));
            let reached = pause.reached.recv().is_ok();
            assert!(reached, "`{point}` was not reached: {:?}", sleeper.join().unwrap().0);
            let so_far = history.lock().unwrap().clone();
            let meanwhile = other.verify(&so_far);
            pause.go_on.send(()).unwrap();
            let (result, _) = sleeper.join().unwrap();
            if let Err(error) = &result {
                use RepoErrorKind as Kind;
                let overtaken = [Kind::Revoked, Kind::InUse, Kind::AlreadyExists, Kind::Occupied];
                assert!(overtaken.contains(&error.kind()), "stood still at `{point}`: {error:?}");
            }
            if let Err(error) = meanwhile {
                panic!("while one stood still at `{point}`: {error:#}");
            }
            let history = history.lock().unwrap();
            if let Err(error) = place(folder.path(), 1).verify(&history) {
                panic!("after one stood still at `{point}` with {result:?}: {error:#}");
            }
        });
    }
}

#[test]
fn standing_still_at_any_point_breaks_no_promise_1() {
    pause_at(0);
}

#[test]
fn standing_still_at_any_point_breaks_no_promise_2() {
    pause_at(1);
}
