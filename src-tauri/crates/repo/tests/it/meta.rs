//! What computers leave in a repository for each other, and what they find out about its place.

use std::sync::Arc;

use kuramori_repo::testing::{Fault, FaultyStore, Lie, LyingStore, When};
use kuramori_repo::{
    BlobStore, BrokenPromise, CheckOptions, DataCheck, LocalStore, MAX_SETTINGS, RepoError,
    RepoErrorKind, Repository, WriterId,
};

use crate::support::*;

const LIES: [(Lie, BrokenPromise); 7] = [
    (Lie::CreateReplaces, BrokenPromise::ExclusiveCreate),
    (Lie::TwoWinners, BrokenPromise::ExclusiveCreate),
    (Lie::LosesEnds, BrokenPromise::ExclusiveCreate), // the winner's content is not whole
    (Lie::ListsLate, BrokenPromise::ListAfterWrite),
    (Lie::ListsRemoved, BrokenPromise::ListAfterWrite),
    (Lie::RenameCopies, BrokenPromise::Rename),
    (Lie::ShortNames, BrokenPromise::LongNames),
];

fn lying(store: &Arc<dyn BlobStore>, lie: Lie) -> Arc<dyn BlobStore> {
    Arc::new(LyingStore::new(Arc::clone(store), lie))
}

fn promise(error: &RepoError) -> Option<BrokenPromise> {
    match error {
        RepoError::Unsuitable { promise, .. } => Some(*promise),
        _ => None,
    }
}

#[test]
fn no_repository_is_made_where_promises_are_broken() {
    for (lie, expected) in LIES {
        let store = memory();
        let made =
            Repository::create(lying(&store, lie), &key_file(), create_options(), clock().as_ref());
        let error = made.err().expect("a refusal");
        assert_eq!(promise(&error), Some(expected), "{lie:?}: {error}");
        assert_eq!(error.kind(), RepoErrorKind::Unsuitable);
        assert_eq!(store.list("").unwrap(), [], "{lie:?} leaves nothing behind");
        create(&store);
    }
}

#[test]
fn a_repository_that_was_brought_to_such_a_place_is_told_apart() {
    let store = memory();
    let repository = create(&store);
    let image = noise(1, 4 * CHUNK);
    let point = back_up(&repository, "web", &image).unwrap();
    for (lie, expected) in LIES {
        let there = open(&lying(&store, lie)).unwrap();
        let error = there.probe_place(clock().as_ref()).unwrap_err();
        assert_eq!(promise(&error), Some(expected), "{lie:?}: {error}");
    }
    let read_only = Arc::new(FaultyStore::new(Arc::clone(&store), When::EveryWrite, Fault::Denied));
    let there = open(&(read_only as Arc<dyn BlobStore>)).unwrap();
    let error = there.probe_place(clock().as_ref()).unwrap_err();
    assert_eq!(error.kind(), RepoErrorKind::Denied);
    assert_eq!(restore(&repository, point, 0).unwrap(), image);
    repository.probe_place(clock().as_ref()).unwrap();
    assert_eq!(store.list("meta/").unwrap().len(), 1, "the last finding alone");
}

#[test]
fn a_local_folder_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn BlobStore> = Arc::new(LocalStore::new(folder.path().join("repository")));
    let repository = create(&store);
    let found = repository.probe_place(clock().as_ref()).unwrap();
    assert_eq!(found, store.capabilities());
    let report =
        repository.check(&CheckOptions::new(DataCheck::Structure), clock().as_ref()).unwrap();
    assert!(report.is_sound() && report.spare.strangers.is_empty(), "{report:?}");
}

#[test]
fn settings_come_back_on_another_computer_sealed_until_then() {
    let store = memory();
    let repository = create(&store);
    let other = WriterId::from_bytes([4; 16]);
    let export = |writer, computer: &str, body: &[u8]| {
        repository.export_settings(writer, computer, body, clock().as_ref()).unwrap();
    };
    export(writer(), "office", b"servers of the office");
    let once = store.list("meta/").unwrap();
    export(writer(), "office", b"servers of the office");
    assert_eq!(store.list("meta/").unwrap(), once, "nothing is written twice");
    export(other, "cellar", b"servers of the cellar");
    export(writer(), "office", b"more servers of the office");
    let found = open(&store).unwrap().exported_settings().unwrap();
    let mut found: Vec<_> = found.into_iter().map(|s| (s.writer, s.computer, s.body)).collect();
    found.sort();
    assert_eq!(
        found,
        [
            (writer(), "office".to_owned(), b"more servers of the office".to_vec()),
            (other, "cellar".to_owned(), b"servers of the cellar".to_vec()),
        ]
    );
    for entry in store.list("").unwrap() {
        let bytes = store.get(&entry.name, u64::MAX).unwrap();
        assert!(!bytes.windows(6).any(|part| part == b"office"), "{} tells", entry.name);
    }
    let large = vec![0; MAX_SETTINGS + 1];
    let refused = repository.export_settings(writer(), "office", &large, clock().as_ref());
    assert_eq!(refused.unwrap_err().kind(), RepoErrorKind::Invalid);
}

#[test]
fn damaged_settings_are_named_by_a_check_and_hide_no_others() {
    let store = Arc::new(kuramori_repo::MemoryStore::new());
    let as_store: Arc<dyn BlobStore> = store.clone();
    let repository = create(&as_store);
    let other = WriterId::from_bytes([4; 16]);
    repository.export_settings(writer(), "a", b"one", clock().as_ref()).unwrap();
    let first = store.list("meta/").unwrap();
    repository.export_settings(other, "b", b"two", clock().as_ref()).unwrap();
    let all = store.list("meta/").unwrap();
    let hit = all.iter().find(|entry| !first.contains(entry)).unwrap().name.clone();
    let mut bytes = store.get(&hit, u64::MAX).unwrap();
    bytes[100] ^= 1;
    store.overwrite(&hit, bytes);
    assert_eq!(repository.exported_settings().unwrap().len(), 1);
    let report =
        repository.check(&CheckOptions::new(DataCheck::Structure), clock().as_ref()).unwrap();
    let named: Vec<_> = report.damaged.iter().map(|damage| damage.object.as_str()).collect();
    assert_eq!(named, [hit.as_str()]);
}
