//! What a computer saw of a repository, compared with what is there.

use std::sync::Arc;
use std::time::Duration;

use kuramori_base::ManualClock;
use kuramori_repo::{
    Alarm, BlobStore, Deletion, LookBack, Memory, MemoryStore, PruneOptions, RecoveryPointId,
    RepoErrorKind, Repository,
};

use crate::support::*;

fn look(store: &Arc<dyn BlobStore>, memory: Option<&Memory>) -> LookBack {
    open(store).unwrap().look_back(memory).unwrap()
}

fn as_store(store: &Arc<MemoryStore>) -> Arc<dyn BlobStore> {
    Arc::clone(store) as Arc<dyn BlobStore>
}

fn delete(repository: &Repository, point: RecoveryPointId, delay: Duration) {
    let deletion = Deletion { writer: writer(), rule: String::new(), delay };
    repository.delete_points(&[point], &deletion, clock().as_ref()).unwrap();
}

fn collect(repository: &Repository, days: u64) {
    let mut options = PruneOptions::new(writer());
    options.confirmed = true;
    let later = ManualClock::new(noon() + Duration::from_hours(24 * days));
    repository.prune(&options, &later).unwrap();
}

fn alarm(store: &Arc<dyn BlobStore>, memory: &Memory) -> Option<Alarm> {
    let look = look(store, Some(memory));
    // What was noticed once is noticed again, until somebody takes it for right.
    assert_eq!(self::look(store, Some(&look.remember)).alarm, look.alarm);
    assert_eq!(self::look(store, Some(&look.accepted)).alarm, None);
    let kept = Memory::from_bytes(&look.remember.to_bytes()).unwrap();
    assert_eq!(kept, look.remember);
    look.alarm
}

#[test]
fn nothing_that_people_do_is_an_alarm() {
    let store = memory();
    let repository = create(&store);
    let mut memory = look(&store, None).remember;
    let mut silent = |what: &str| {
        assert_eq!(alarm(&store, &memory), None, "{what}");
        // Sometimes this computer looks in between, sometimes it was away.
        if what.len().is_multiple_of(2) {
            memory = look(&store, Some(&memory)).remember;
        }
    };
    let points: Vec<_> =
        (0..4).map(|n| back_up(&repository, "web", &noise(n, 4 * CHUNK)).unwrap()).collect();
    silent("backups");
    delete(&repository, points[3], Duration::from_hours(1));
    silent("deleted");
    repository.undelete(points[3], writer(), clock().as_ref()).unwrap();
    silent("undeleted");
    delete(&repository, points[3], Duration::ZERO);
    silent("deleted at once");
    back_up(&repository, "web", &noise(9, 4 * CHUNK)).unwrap();
    silent("a backup that follows another");
    collect(&repository, 0);
    silent("collected");
    delete(&repository, points[0], Duration::from_hours(1));
    delete(&repository, points[1], Duration::from_hours(1));
    collect(&repository, 1);
    collect(&repository, 3);
    collect(&repository, 5);
    silent("all records are gone");
}

#[test]
fn an_older_state_that_comes_back_is_noticed() {
    let store = Arc::new(MemoryStore::new());
    let repository = create(&as_store(&store));
    back_up(&repository, "web", &noise(1, 4 * CHUNK)).unwrap();
    let old = Arc::new(store.duplicate());
    let newest = back_up(&repository, "web", &noise(2, 4 * CHUNK)).unwrap();
    let memory = look(&as_store(&store), None).remember;
    let found = alarm(&as_store(&old), &memory).expect("an alarm");
    assert_eq!((found.missing, found.newest_missing), (1, vec![newest]));
    // Somebody goes on from there.
    let again = open(&as_store(&old)).unwrap();
    back_up(&again, "web", &noise(3, 4 * CHUNK)).unwrap();
    assert_eq!(alarm(&as_store(&old), &memory).expect("an alarm").missing, 1);
    assert_eq!(alarm(&as_store(&store), &memory), None, "the true one comes back");
}

#[test]
fn an_older_state_in_which_nothing_is_missing_is_noticed_by_its_collections() {
    let store = Arc::new(MemoryStore::new());
    let repository = create(&as_store(&store));
    let gone = back_up(&repository, "web", &noise(1, 4 * CHUNK)).unwrap();
    back_up(&repository, "web", &noise(2, 4 * CHUNK)).unwrap();
    let old = Arc::new(store.duplicate());
    delete(&repository, gone, Duration::ZERO);
    collect(&repository, 0);
    let memory = look(&as_store(&store), None).remember;
    let found = alarm(&as_store(&old), &memory).expect("an alarm");
    assert_eq!((found.missing, found.collections), (0, Some((1, 0))));
}

#[test]
fn removed_records_are_noticed_and_a_lost_manifest_is_damage_that_lists_tell() {
    let store = memory();
    let repository = create(&store);
    back_up(&repository, "web", &noise(1, 4 * CHUNK)).unwrap();
    let victim = back_up(&repository, "db", &noise(2, 4 * CHUNK)).unwrap();
    let memory = look(&store, None).remember;
    let manifest = repository.point(victim).unwrap();
    let outcome = format!("sessions/{}.outcome", manifest.session.to_hex());
    let name = |text: &str| kuramori_repo::BlobName::new(text).unwrap();
    // The manifest alone: the outcome tells of it.
    let all = store.list("points/").unwrap();
    let hit = all.iter().map(|entry| entry.name.clone()).find(|name| {
        let kept = store.get(name, 1 << 20).unwrap();
        store.delete(name).unwrap();
        let is_it = open(&store).unwrap().point(victim).is_err();
        if !is_it {
            store.put(name, &kept).unwrap();
        }
        is_it
    });
    assert!(hit.is_some());
    assert_eq!(alarm(&store, &memory), None);
    assert_eq!(open(&store).unwrap().points().unwrap().damaged.len(), 1);
    store.delete(&name(&outcome)).unwrap();
    assert_eq!(alarm(&store, &memory).expect("an alarm").newest_missing, [victim]);
}

#[test]
fn two_histories_of_one_writer_are_noticed() {
    let store = Arc::new(MemoryStore::new());
    let repository = create(&as_store(&store));
    back_up(&repository, "web", &noise(1, 4 * CHUNK)).unwrap();
    let copy = Arc::new(store.duplicate());
    back_up(&repository, "web", &noise(2, 4 * CHUNK)).unwrap();
    let other = open(&as_store(&copy)).unwrap();
    back_up(&other, "web", &noise(3, 4 * CHUNK)).unwrap();
    assert_eq!(look(&as_store(&store), None).alarm, None);
    for entry in copy.list("").unwrap() {
        // Somebody merges the two folders.
        let bytes = copy.get(&entry.name, u64::MAX).unwrap();
        store.put(&entry.name, &bytes).unwrap();
    }
    let found = look(&as_store(&store), None).alarm.expect("an alarm");
    assert_eq!(found, Alarm { forked: vec![writer()], ..Alarm::default() });
}

#[test]
fn a_memory_that_is_damaged_or_of_another_repository_is_refused() {
    let (store, other) = (memory(), memory());
    let repository = create(&store);
    back_up(&repository, "web", &noise(1, CHUNK)).unwrap();
    create(&other);
    let memory = look(&store, None).remember;
    let error = open(&other).unwrap().look_back(Some(&memory)).unwrap_err();
    assert_eq!(error.kind(), RepoErrorKind::Invalid);
    let bytes = memory.to_bytes();
    for at in 0..bytes.len() {
        let mut bad = bytes.clone();
        bad[at] ^= 0x40;
        assert!(Memory::from_bytes(&bad).is_err(), "byte {at}");
        assert!(Memory::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
    }
}
