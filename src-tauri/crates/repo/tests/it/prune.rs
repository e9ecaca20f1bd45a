//! Deleting recovery points, and removing what nobody needs any more.

use std::sync::Arc;
use std::time::Duration;

use kuramori_base::ManualClock;
use kuramori_block::ByteLen;
use kuramori_repo::testing::{Fault, FaultyStore, When};
use kuramori_repo::{
    BlobStore, Deletion, MemoryStore, PruneOptions, PruneReport, RECYCLE_BIN, RecoveryPointId,
    RepoError, RepoErrorKind, Repository, SessionOptions, WriterId,
};

use crate::support::{
    CHUNK, back_up, clock, create, draft, memory, noise, noon, open, restore, save, writer,
};

const DAY: Duration = Duration::from_hours(24);

fn now() -> Deletion {
    Deletion { writer: writer(), rule: "by hand".to_owned(), delay: Duration::ZERO }
}

fn later() -> Deletion {
    Deletion { delay: RECYCLE_BIN, ..now() }
}

fn options() -> PruneOptions {
    PruneOptions { confirmed: true, ..PruneOptions::new(writer()) }
}

fn prune(repository: &Repository) -> Result<PruneReport, RepoError> {
    repository.prune(&options(), clock().as_ref())
}

fn stored(store: &dyn BlobStore) -> u64 {
    store.list("packs/").unwrap().iter().map(|e| e.size).sum()
}

/// Two recovery points that share half of their chunks.
fn two(store: &Arc<dyn BlobStore>) -> (Repository, [RecoveryPointId; 2], [Vec<u8>; 2]) {
    let repository = create(store);
    let first = noise(1, 64 * CHUNK);
    let mut second = first.clone();
    for n in (0..64).step_by(2) {
        second[n * CHUNK..(n + 1) * CHUNK].copy_from_slice(&noise(100 + n as u64, CHUNK));
    }
    let points =
        [back_up(&repository, "vm", &first).unwrap(), back_up(&repository, "vm", &second).unwrap()];
    (repository, points, [first, second])
}

#[test]
fn what_nobody_needs_goes_and_the_rest_restores() {
    let store = memory();
    let (repository, [old, new], [_, image]) = two(&store);
    let before = stored(store.as_ref());
    repository.delete_points(&[old], &now(), clock().as_ref()).unwrap();
    assert!(repository.points().unwrap().points.iter().all(|p| p.id != old), "it is gone at once");
    let report = prune(&repository).unwrap();
    assert!(report.rewritten_packs > 0, "{report:?}");
    assert!(report.freed.get() > 0);
    let after = stored(store.as_ref());
    assert!(after * 10 < before * 8, "{before} bytes became {after}");
    for repository in [repository, open(&store).unwrap()] {
        let list = repository.points().unwrap();
        assert!(list.damaged.is_empty(), "{:?}", list.damaged);
        assert_eq!(list.points.len(), 1);
        assert!(restore(&repository, new, 0).unwrap() == image);
        assert!(matches!(repository.point(old), Err(RepoError::PointNotFound { .. })));
    }
    assert_eq!(store.list("tombs/").unwrap(), [], "the records of the deleted one are gone");
    let again = prune(&open(&store).unwrap()).unwrap();
    assert_eq!((again.unused_packs, again.rewritten_packs), (0, 0), "nothing is left to do");
}

#[test]
fn everything_goes_but_the_trash_stays_for_a_day() {
    let store = memory();
    let (repository, points, _) = two(&store);
    repository.delete_points(&points, &now(), clock().as_ref()).unwrap();
    let report = prune(&repository).unwrap();
    assert_eq!(stored(store.as_ref()), 0);
    assert_eq!(report.freed, report.total);
    assert!(!store.list("trash/").unwrap().is_empty());
    let soon = ManualClock::new(noon() + DAY / 2);
    repository.prune(&options(), &soon).unwrap();
    assert!(!store.list("trash/").unwrap().is_empty(), "half a day is too soon");
    let next = ManualClock::new(noon() + DAY);
    let report = repository.prune(&options(), &next).unwrap();
    assert_eq!(store.list("trash/").unwrap(), []);
    assert!(report.trash_emptied.get() > 0);
    // The repository goes on.
    let image = noise(5, 10 * CHUNK);
    let point = back_up(&repository, "vm", &image).unwrap();
    assert!(restore(&repository, point, 0).unwrap() == image);
}

#[test]
fn the_recycle_bin_keeps_a_recovery_point_until_its_time_is_over() {
    let store = memory();
    let (repository, [old, new], [image, _]) = two(&store);
    repository.delete_points(&[old], &later(), clock().as_ref()).unwrap();
    let list = repository.points().unwrap();
    assert_eq!(list.points.iter().map(|p| p.id).collect::<Vec<_>>(), [new]);
    assert_eq!(list.deleted.iter().map(|d| d.point.id).collect::<Vec<_>>(), [old]);
    assert_eq!(
        (list.deleted[0].rule.as_str(), list.deleted[0].remaining),
        ("by hand", RECYCLE_BIN)
    );
    prune(&repository).unwrap();
    assert!(restore(&repository, old, 0).unwrap() == image, "it can be restored from there");
    repository.undelete(old, writer(), clock().as_ref()).unwrap();
    assert_eq!(repository.points().unwrap().points.len(), 2, "and taken out");
    // A second deletion, then a week in use.
    repository.delete_points(&[old], &later(), clock().as_ref()).unwrap();
    for day in 1..=8 {
        let day = ManualClock::new(noon() + DAY * day);
        let session = repository.begin(SessionOptions::new(writer()), Arc::new(day)).unwrap();
        let saved = save(&session, &noise(9, CHUNK), None).unwrap();
        session.commit(draft("other", vec![saved])).unwrap();
    }
    let day = |n: u32| ManualClock::new(noon() + DAY * n);
    let report = repository.prune(&options(), &day(6)).unwrap();
    assert_eq!(report.expired, [], "a clock behind what is written ends nothing");
    let report = repository.prune(&options(), &day(8)).unwrap();
    assert_eq!(report.expired, [old]);
    let gone = repository.undelete(old, writer(), &day(8)).unwrap_err();
    // Its records went with it, so it is simply unknown now.
    assert!(matches!(gone, RepoError::Deleted { .. } | RepoError::PointNotFound { .. }));
}

#[test]
fn a_clock_that_jumps_a_year_ends_nothing() {
    let store = memory();
    let (repository, [old, _], [image, _]) = two(&store);
    repository.delete_points(&[old], &later(), clock().as_ref()).unwrap();
    for years in [1i64, -1] {
        let jumped = ManualClock::new(noon() + chrono::TimeDelta::days(365 * years));
        for _ in 0..3 {
            assert_eq!(repository.prune(&options(), &jumped).unwrap().expired, []);
        }
    }
    assert!(restore(&repository, old, 0).unwrap() == image);
}

#[test]
fn a_hold_stands_against_every_deletion() {
    let store = memory();
    let (repository, [old, new], [image, _]) = two(&store);
    let clock = clock();
    let hold = repository.hold(old, "audit", writer(), clock.as_ref()).unwrap();
    for deletion in [now(), later()] {
        let refused = repository.delete_points(&[new, old], &deletion, clock.as_ref());
        assert!(matches!(refused, Err(RepoError::Held { point }) if point == old));
    }
    let list = repository.points().unwrap();
    assert_eq!((list.points.len(), list.deleted.len()), (2, 0), "nothing was touched");
    assert_eq!(repository.holds().unwrap()[0].reason, "audit");
    repository.release(hold).unwrap();
    repository.delete_points(&[old], &later(), clock.as_ref()).unwrap();
    repository.hold(old, "after all", writer(), clock.as_ref()).unwrap();
    let list = repository.points().unwrap();
    assert_eq!((list.points.len(), list.deleted.len()), (2, 0), "a hold takes it out");
    prune(&repository).unwrap();
    assert!(restore(&repository, old, 0).unwrap() == image);
    let missing =
        repository.hold(RecoveryPointId::from_bytes([1; 16]), "x", writer(), clock.as_ref());
    assert!(matches!(missing, Err(RepoError::PointNotFound { .. })));
}

#[test]
fn much_at_once_wants_to_be_confirmed() {
    let store = memory();
    let (repository, points, _) = two(&store);
    repository.delete_points(&points, &now(), clock().as_ref()).unwrap();
    let unconfirmed = PruneOptions { unconfirmed: ByteLen::ZERO, ..PruneOptions::new(writer()) };
    let before = store.list("").unwrap();
    let error = repository.prune(&unconfirmed, clock().as_ref()).unwrap_err();
    assert_eq!(error.kind(), RepoErrorKind::LargePrune);
    assert_eq!(store.list("").unwrap(), before, "nothing was touched");
    let dry = PruneOptions { dry_run: true, ..unconfirmed };
    let report = repository.prune(&dry, clock().as_ref()).unwrap();
    assert_eq!(report.freed, report.total);
    assert_eq!(store.list("").unwrap(), before, "a dry run touches nothing");
    prune(&repository).unwrap();
}

#[test]
fn a_session_at_work_is_waited_for_and_a_dead_one_is_ended() {
    let store = memory();
    let (repository, [old, _], _) = two(&store);
    repository.delete_points(&[old], &now(), clock().as_ref()).unwrap();
    let session = repository.begin(SessionOptions::new(writer()), clock()).unwrap();
    let saved = save(&session, &noise(1, 64 * CHUNK), None).unwrap();
    let report = prune(&repository).unwrap();
    assert_eq!(report.waits_for, [session.id()]);
    let point = session.commit(draft("vm", vec![saved])).unwrap();
    prune(&repository).unwrap();
    assert!(restore(&repository, point, 0).unwrap() == noise(1, 64 * CHUNK));

    // Another computer's session that fell asleep.
    repository.delete_points(&[point], &now(), clock().as_ref()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = kuramori_repo::OpenOptions {
        lock_folder: Some(folder.path().to_owned()),
        ..crate::support::open_options()
    };
    let key = crate::support::key_file();
    let other = Repository::open(Arc::clone(&store), &key, elsewhere).unwrap();
    let asleep = other.begin(SessionOptions::new(WriterId::from_bytes([8; 16])), clock()).unwrap();
    let saved = save(&asleep, &noise(1, 64 * CHUNK), None).unwrap();
    let tomorrow = ManualClock::new(noon() + DAY);
    let report = repository.prune(&options(), &tomorrow).unwrap();
    assert_eq!(report.waits_for, []);
    let woken = asleep.commit(draft("vm", vec![saved]));
    assert!(matches!(woken, Err(RepoError::Revoked)), "{woken:?}");
    let list = open(&store).unwrap().points().unwrap();
    assert!(list.damaged.is_empty() && list.points.len() == 1, "{list:?}");
}

#[test]
fn a_session_that_opens_after_the_plan_stores_again_what_goes() {
    let store = memory();
    let (repository, points, [image, _]) = two(&store);
    repository.delete_points(&points, &now(), clock().as_ref()).unwrap();
    // The collection dies right after its plan.
    let calls = |store: &FaultyStore| store.calls();
    let plan_at = {
        let copy = copy_of(&store);
        let counting = Arc::new(FaultyStore::new(copy, When::Never, Fault::Io));
        let whole = open(&(Arc::clone(&counting) as Arc<dyn BlobStore>)).unwrap();
        let mut at = 0;
        let opened = calls(&counting);
        for n in opened.. {
            let copy = copy_of(&store);
            let dying = Arc::new(FaultyStore::new(Arc::clone(&copy), When::Crash(n), Fault::Io));
            let dying: Arc<dyn BlobStore> = dying;
            if prune(&open(&dying).unwrap()).is_ok() {
                break;
            }
            let records = copy.list("gc/").unwrap();
            if records.len() == 1 {
                at = n;
                break;
            }
        }
        drop(whole);
        at
    };
    assert!(plan_at > 0, "there is a moment between plan and decision");
    let dying: Arc<dyn BlobStore> =
        Arc::new(FaultyStore::new(Arc::clone(&store), When::Crash(plan_at), Fault::Io));
    prune(&open(&dying).unwrap()).unwrap_err();
    let fresh = open(&store).unwrap();
    let point = back_up(&fresh, "vm", &image).unwrap();
    prune(&fresh).unwrap();
    prune(&fresh).unwrap();
    assert!(restore(&open(&store).unwrap(), point, 0).unwrap() == image);
}

#[test]
fn a_session_that_gives_signs_of_life_is_at_work_however_old_it_is() {
    let store = memory();
    let (repository, [old, _], _) = two(&store);
    repository.delete_points(&[old], &now(), clock().as_ref()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let beating = kuramori_repo::OpenOptions {
        lock_folder: Some(folder.path().to_owned()),
        beat: Duration::from_millis(5),
        ..crate::support::open_options()
    };
    let key = crate::support::key_file();
    let other = Repository::open(Arc::clone(&store), &key, beating).unwrap();
    let time = Arc::new(ManualClock::new(noon()));
    let who = SessionOptions::new(WriterId::from_bytes([8; 16]));
    let session = other.begin(who, Arc::clone(&time) as _).unwrap();
    let tomorrow = noon() + DAY;
    time.set(tomorrow);
    let beats = || store.list("sessions/").unwrap().into_iter().map(|e| e.name.to_string());
    let last = || beats().filter_map(|n| n.split_once(".beat-")?.1.parse::<u64>().ok()).max();
    let seen = last().unwrap_or(0);
    while last().is_none_or(|n| n < seen + 2) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let report = repository.prune(&options(), &ManualClock::new(tomorrow)).unwrap();
    assert_eq!(report.waits_for, [session.id()]);
    let saved = save(&session, &noise(4, CHUNK), None).unwrap();
    session.commit(draft("other", vec![saved])).unwrap();
    repository.prune(&options(), &ManualClock::new(tomorrow)).unwrap();
    assert_eq!(last(), None, "its signs of life are cleared away");
}

#[test]
fn nothing_builds_on_a_recovery_point_that_is_gone() {
    let store = memory();
    let (repository, [old, _], _) = two(&store);
    let parent = repository.point(old).unwrap();
    repository.delete_points(&[old], &now(), clock().as_ref()).unwrap();
    let session = repository.begin(SessionOptions::new(writer()), clock()).unwrap();
    let refused = session.disk_writer(ByteLen::new(64 * CHUNK as u64), Some((&parent, 0)));
    assert!(matches!(refused.err(), Some(RepoError::Deleted { point }) if point == old));
}

fn copy_of(store: &Arc<dyn BlobStore>) -> Arc<dyn BlobStore> {
    let copy = MemoryStore::new();
    for entry in store.list("").unwrap() {
        copy.put(&entry.name, &store.get(&entry.name, u64::MAX).unwrap()).unwrap();
    }
    Arc::new(copy)
}

#[test]
fn every_call_of_a_collection_may_be_its_last() {
    let store = memory();
    let (repository, [old, new], [_, image]) = two(&store);
    repository.delete_points(&[old], &now(), clock().as_ref()).unwrap();
    drop(repository);
    for kind in [When::Crash, When::CrashAfter, When::CrashTorn, When::Once, When::AnswerLost] {
        for n in 0.. {
            let copy = copy_of(&store);
            let faulty = Arc::new(FaultyStore::new(Arc::clone(&copy), kind(n), Fault::Full));
            let dying: Arc<dyn BlobStore> = Arc::clone(&faulty) as Arc<dyn BlobStore>;
            let ended = open(&dying).and_then(|repository| prune(&repository));
            let whole = open(&copy).unwrap();
            let check = |when: &str| {
                let list = whole.points().unwrap();
                let torn = matches!(kind(n), When::CrashTorn(_));
                assert!(torn || list.damaged.is_empty(), "{:?} {when}: {list:?}", kind(n));
                assert!(restore(&whole, new, 0).unwrap() == image, "{:?} {when}", kind(n));
            };
            check("at once");
            if prune(&whole).is_ok() {
                check("after the next collection");
                let later = back_up(&whole, "vm", &noise(7, 20 * CHUNK)).unwrap();
                assert!(restore(&whole, later, 0).unwrap() == noise(7, 20 * CHUNK));
            } else {
                assert!(matches!(kind(n), When::CrashTorn(_)), "{:?}: it goes on", kind(n));
            }
            if ended.is_ok() && faulty.calls() <= n {
                break;
            }
        }
    }
}

#[test]
fn what_a_damaged_recovery_point_needs_is_not_guessed() {
    let store = Arc::new(MemoryStore::new());
    let shared: Arc<dyn BlobStore> = Arc::clone(&store) as Arc<dyn BlobStore>;
    let (repository, [old, new], [_, image]) = two(&shared);
    repository.delete_points(&[old], &now(), clock().as_ref()).unwrap();
    prune(&repository).unwrap();
    let third = back_up(&repository, "third", &noise(3, 30 * CHUNK)).unwrap();
    let session = repository.point(third).unwrap().session;
    // Its manifest is damaged.
    for entry in store.list("points/").unwrap() {
        let whole = store.get(&entry.name, u64::MAX).unwrap();
        let mut bytes = whole.clone();
        bytes[100] ^= 1;
        store.overwrite(&entry.name, bytes);
        if open(&shared).unwrap().points().unwrap().points.iter().all(|p| p.id != third) {
            break;
        }
        store.overwrite(&entry.name, whole);
    }
    let damaged = open(&shared).unwrap();
    assert_eq!(damaged.points().unwrap().damaged.len(), 1, "of session {session}");
    let before = stored(store.as_ref());
    assert_eq!(prune(&damaged).unwrap_err().kind(), RepoErrorKind::Damaged);
    assert_eq!(stored(store.as_ref()), before);
    // A person may give it up.
    damaged.delete_points(&[third], &now(), clock().as_ref()).unwrap();
    prune(&damaged).unwrap();
    assert!(stored(store.as_ref()) < before);
    let list = open(&shared).unwrap().points().unwrap();
    assert!(list.damaged.is_empty(), "{list:?}");
    assert!(restore(&damaged, new, 0).unwrap() == image);
}
