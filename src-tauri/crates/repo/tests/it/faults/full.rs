//! The disk fills up, at every possible moment.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kuramori_platform::fs::{Step, Watcher, watch};
use kuramori_repo::{Deletion, LocalStore, RepoError, RepoErrorKind, Repository};

use super::history::{Event, History, Place};
use super::quick_folder;

/// Gives a folder so many bytes and no more.
struct Quota {
    left: AtomicU64,
}

impl Quota {
    fn new(left: u64) -> Arc<Self> {
        Arc::new(Self { left: AtomicU64::new(left) })
    }

    fn lift(&self) {
        self.left.store(u64::MAX / 2, Ordering::SeqCst);
    }

    fn give_back(&self, bytes: u64) {
        self.left.fetch_add(bytes, Ordering::SeqCst);
    }
}

impl Watcher for Quota {
    fn take(&self, step: &Step<'_>, work: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
        match step {
            Step::SyncFile(_) | Step::SyncFolder(_) => Ok(()),
            Step::Write(_, bytes) => {
                let len = bytes.len() as u64;
                let taken = |left: u64| left.checked_sub(len);
                match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, taken) {
                    Ok(_) => work(),
                    Err(_) => Err(io::ErrorKind::StorageFull.into()),
                }
            }
            Step::Remove(path) => {
                let last = is_last_name(path);
                let len = fs_err::metadata(path).map_or(0, |meta| meta.len());
                work()?;
                self.give_back(if last { len } else { 0 });
                Ok(())
            }
            _ => work(),
        }
    }
}

/// A published file has two names for a moment; only with the last one its room comes back.
fn is_last_name(path: &Path) -> bool {
    !path.parent().is_some_and(|folder| folder.ends_with("tmp"))
        || fs_err::metadata(path).is_ok_and(|meta| links(&meta) == 1)
}

#[cfg(unix)]
fn links(meta: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(meta)
}

#[cfg(not(unix))]
fn links(_meta: &std::fs::Metadata) -> u64 {
    2
}

struct Scene {
    folder: tempfile::TempDir,
    place: Place,
    history: History,
    repository: Repository,
}

/// Four recovery points, of which two are deleted: some packs are of no use, others in part.
fn scene() -> Scene {
    let folder = quick_folder();
    let store = Arc::new(LocalStore::new(folder.path().join("repository")));
    let place = Place::new(store, folder.path(), 1);
    let repository = place.create().unwrap();
    let mut history = History::default();
    history.add(Event::Created);
    let points = [1, 2, 3, 4].map(|vm| place.back_up(&repository, vm).unwrap());
    delete(&place, &repository, &points[..2]);
    for (n, point) in points.into_iter().enumerate() {
        history.add(if n < 2 { Event::Deleted(point) } else { Event::Saved(point) });
    }
    Scene { folder, place, history, repository }
}

fn delete(place: &Place, repository: &Repository, points: &[kuramori_repo::RecoveryPointId]) {
    let deletion = Deletion { writer: place.writer, rule: String::new(), delay: Duration::ZERO };
    repository.delete_points(points, &deletion, place.clock.as_ref()).unwrap();
}

/// Does work with more and more room, until it has enough.
fn with_more_and_more(work: fn(&Scene) -> Result<(), RepoError>) {
    let (mut failures, mut enough) = (0, false);
    for room in (0..20_000).step_by(800).chain((20_000..400_000).step_by(20_000)) {
        let mut scene = scene();
        let quota = Quota::new(room);
        let watched = watch(scene.folder.path(), Arc::clone(&quota) as _);
        let result = work(&scene);
        quota.lift();
        if let Err(error) = &result {
            assert_eq!(error.kind(), RepoErrorKind::Full, "{room} bytes of room: {error:?}");
            let said = error.to_string();
            assert!(said.contains(" is full: "), "{said}");
            failures += 1;
        } else if let Some(point) = scene.repository.points().unwrap().points.get(2) {
            scene.history.add(Event::Saved(point.id));
        }
        if let Err(error) = scene.place.verify(&scene.history) {
            panic!("{room} bytes of room, {result:?}: {error:#}");
        }
        drop(watched);
        enough = result.is_ok();
    }
    assert!(failures > 2 && enough, "there was too little room {failures} times");
}

#[test]
fn a_disk_that_fills_up_during_a_backup_loses_nothing() {
    with_more_and_more(|scene| scene.place.back_up(&scene.repository, 5).map(drop));
}

#[test]
fn a_disk_that_fills_up_during_a_collection_loses_nothing() {
    with_more_and_more(|scene| {
        let (place, repository) = (&scene.place, &scene.repository);
        repository.prune(&place.prune_options(), place.clock.as_ref()).map(drop)
    });
}

#[test]
fn without_room_for_copies_a_collection_removes_what_nothing_uses() {
    let scene = scene();
    let (place, repository) = (&scene.place, &scene.repository);
    let before = place.store.list("packs/").unwrap().len();
    // Enough for records, too little for a pack.
    let _watched = watch(scene.folder.path(), Quota::new(12_000));
    let report = repository.prune(&place.prune_options(), place.clock.as_ref()).unwrap();
    assert_eq!(report.rewritten_packs, 0);
    let left = place.store.list("packs/").unwrap().len();
    assert!(report.unused_packs > 0 && left == before - report.unused_packs, "{report:?}");
    assert!(report.unused_left.get() > 0);
}

#[test]
fn on_a_full_disk_the_trash_makes_room_before_anything_is_written() {
    let scene = scene();
    let (place, repository) = (&scene.place, &scene.repository);
    repository.prune(&place.prune_options(), place.clock.as_ref()).unwrap();
    let points: Vec<_> = repository.points().unwrap().points.iter().map(|p| p.id).collect();
    delete(place, repository, &points[..1]);
    place.clock.advance(Duration::from_hours(25));
    assert!(!place.store.list("trash/").unwrap().is_empty());
    let _watched = watch(scene.folder.path(), Quota::new(0));
    let report = repository.prune(&place.prune_options(), place.clock.as_ref()).unwrap();
    assert!(report.trash_emptied.get() > 0 && report.freed.get() > 0, "{report:?}");
}
