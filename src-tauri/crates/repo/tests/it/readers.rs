//! Restores beside collections.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use kuramori_base::ManualClock;
use kuramori_block::{ByteOffset, DiskReader};
use kuramori_repo::testing::{Fault, FaultyStore, When};
use kuramori_repo::{
    BlobStore, CheckOptions, DataCheck, Deletion, OpenOptions, PruneOptions, ReadAs, Reader,
    RecoveryPointId, RepoError, RepoErrorKind, Repository, WriterId,
};

use crate::support::*;

/// Another computer, which has locks of its own.
struct Elsewhere {
    repository: Repository,
    _folder: tempfile::TempDir,
}

fn elsewhere(store: &Arc<dyn BlobStore>) -> Elsewhere {
    let folder = tempfile::tempdir().unwrap();
    let options = OpenOptions { lock_folder: Some(folder.path().to_owned()), ..open_options() };
    let repository = Repository::open(Arc::clone(store), &key_file(), options).unwrap();
    Elsewhere { repository, _folder: folder }
}

fn reader(repository: &Repository, point: RecoveryPointId) -> Reader {
    repository.read(point, &ReadAs { writer: writer(), clock: clock() }).unwrap()
}

fn delete_at_once(repository: &Repository, point: RecoveryPointId) {
    let deletion = Deletion { writer: writer(), rule: String::new(), delay: Duration::ZERO };
    repository.delete_points(&[point], &deletion, clock().as_ref()).unwrap();
}

/// Collects as an installation that never wrote here, some hours later.
fn collect(store: &Arc<dyn BlobStore>, hours: i64, lease: Duration) -> u64 {
    let options =
        PruneOptions { confirmed: true, lease, ..PruneOptions::new(WriterId::from_bytes([9; 16])) };
    let later = ManualClock::new(noon() + chrono::TimeDelta::hours(hours));
    let elsewhere = elsewhere(store);
    elsewhere.repository.prune(&options, &later).unwrap().freed.get()
}

fn records(store: &Arc<dyn BlobStore>) -> usize {
    store.list("sessions/").unwrap().len()
}

#[test]
fn a_collection_takes_nothing_from_under_a_reader() {
    let store = memory();
    let repository = create(&store);
    let image = noise(1, 40 * CHUNK);
    let point = back_up(&repository, "web", &image).unwrap();
    let kept = back_up(&repository, "db", &noise(2, 8 * CHUNK)).unwrap();
    let reader = reader(&repository, point);
    let disk = reader.disk(0).unwrap();
    let mut first = vec![0; CHUNK];
    disk.read_at(ByteOffset::ZERO, &mut first).unwrap();
    delete_at_once(&repository, point);
    assert_eq!(collect(&store, 0, Duration::from_hours(1)), 0, "all of it is being read");
    assert!(repository.read(point, &ReadAs { writer: writer(), clock: clock() }).is_err());
    drop(reader);
    assert_eq!(collect(&store, 0, Duration::from_hours(1)), 0, "its disk is still there");
    assert_eq!(read_disk(&disk).unwrap(), image);
    assert_eq!(records(&store), 3, "two outcomes and the reader");
    drop(disk);
    assert_eq!(records(&store), 2, "a reader leaves no records");
    assert!(collect(&store, 0, Duration::from_hours(1)) > 40 * CHUNK as u64);
    assert_eq!(restore(&repository, kept, 0).unwrap(), noise(2, 8 * CHUNK));
}

#[test]
fn a_reader_that_was_taken_for_dead_says_so_and_never_gives_other_bytes() {
    let store = memory();
    let repository = create(&store);
    let image = noise(1, 40 * CHUNK);
    let point = back_up(&repository, "web", &image).unwrap();
    let reader = reader(&repository, point);
    let disk = reader.disk(0).unwrap();
    delete_at_once(&repository, point);
    collect(&store, 2, Duration::from_hours(1));
    assert!(collect(&store, 2, Duration::from_hours(1)) > 0, "nobody reads any more");
    let error = read_disk(&disk).unwrap_err();
    let cause = error.source().unwrap().downcast_ref::<RepoError>().unwrap();
    assert!(matches!(cause, RepoError::ReadingEnded), "{cause:?}");
    drop((reader, disk));
    assert_eq!(records(&store), 0, "nothing of it is left");
}

#[test]
fn a_reader_notices_with_its_next_sign_of_life_that_it_was_taken_for_dead() {
    let store = memory();
    let repository = create(&store);
    let point = back_up(&repository, "web", &noise(1, 40 * CHUNK)).unwrap();
    let options = OpenOptions { beat: Duration::from_millis(1), ..open_options() };
    let beating = Repository::open(Arc::clone(&store), &key_file(), options).unwrap();
    let reader = reader(&beating, point);
    let beats = || {
        let records = store.list("sessions/").unwrap();
        records.iter().filter(|entry| entry.name.as_str().contains("beat")).count()
    };
    while beats() == 0 {
        std::thread::yield_now();
    }
    let disk = reader.disk(0).unwrap();
    let mut byte = [0];
    while disk.read_at(ByteOffset::ZERO, &mut byte).is_ok() {
        // Its clock stands still, so its beats tell of a time long ago. One that is replaced
        // while it is looked at counts as a sign of life.
        collect(&store, 2, Duration::from_hours(1));
    }
    drop((reader, disk));
    assert_eq!(beats(), 0);
}

#[test]
fn a_place_where_nothing_can_be_written_is_read_all_the_same() {
    let store = memory();
    let image = noise(1, 10 * CHUNK);
    let point = back_up(&create(&store), "web", &image).unwrap();
    for fault in [Fault::Denied, Fault::Full, Fault::Io] {
        let read_only = FaultyStore::new(Arc::clone(&store), When::EveryWrite, fault);
        let repository = open(&(Arc::new(read_only) as Arc<dyn BlobStore>)).unwrap();
        let reader = reader(&repository, point);
        let why = reader.unprotected().expect("the reason").kind();
        assert_eq!(why == RepoErrorKind::Denied, fault == Fault::Denied);
        assert_eq!(read_disk(&reader.disk(0).unwrap()).unwrap(), image);
    }
}

#[test]
fn a_collection_waits_for_a_check_that_reads_data() {
    let store = memory();
    let repository = create(&store);
    back_up(&repository, "web", &noise(1, 10 * CHUNK)).unwrap();
    let gone = back_up(&repository, "db", &noise(2, 20 * CHUNK)).unwrap();
    delete_at_once(&repository, gone);
    let beside = Beside { store: Arc::clone(&store), found: std::sync::Mutex::default() };
    let beside = Arc::new(beside);
    let options = CheckOptions {
        progress: beside.clone(),
        reader: Some(ReadAs { writer: writer(), clock: clock() }),
        ..CheckOptions::new(DataCheck::All)
    };
    let report = repository.check(&options, clock().as_ref()).unwrap();
    assert!(report.is_sound(), "{report:?}");
    let freed = beside.found.lock().unwrap().take();
    assert_eq!(freed, Some(0), "a collection ran beside it and removed nothing");
    assert!(collect(&store, 0, Duration::from_hours(1)) > 20 * CHUNK as u64);
}

/// Collects as soon as a check has begun.
struct Beside {
    store: Arc<dyn BlobStore>,
    found: std::sync::Mutex<Option<u64>>,
}

impl kuramori_base::Progress for Beside {
    fn total(&self, _: u64) {}

    fn redo(&self, _: u64, _: u64) {}

    fn add(&self, _: kuramori_base::Counters) {
        let mut found = self.found.lock().unwrap();
        found.get_or_insert_with(|| collect(&self.store, 0, Duration::from_hours(1)));
    }
}
