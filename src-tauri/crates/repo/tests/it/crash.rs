//! A store that fails or dies at every single call.

use std::sync::Arc;

use kuramori_repo::testing::{Fault, FaultyStore, When};
use kuramori_repo::{
    BlobStore, MemoryStore, RecoveryPointId, RepoError, RepoErrorKind, Repository,
};

use crate::support::{
    CHUNK, back_up, begin, clock, create, create_options, draft, key_file, noise, open, restore,
    save,
};

struct Scene {
    before: MemoryStore,
    first: RecoveryPointId,
    first_image: Vec<u8>,
    second_image: Vec<u8>,
}

/// A repository with one recovery point, and what the second is to be.
fn scene() -> Scene {
    let memory = Arc::new(MemoryStore::new());
    let store: Arc<dyn BlobStore> = memory.clone();
    let first_image = noise(1, 12 * CHUNK);
    let first = back_up(&create(&store), "vm", &first_image).unwrap();
    let mut second_image = first_image.clone();
    second_image.extend(noise(2, 60 * CHUNK));
    second_image[..CHUNK].fill(1);
    Scene { before: memory.duplicate(), first, first_image, second_image }
}

/// Opens and makes the second recovery point, as one process does.
fn second(store: &Arc<dyn BlobStore>, scene: &Scene) -> Result<RecoveryPointId, RepoError> {
    let repository = open(store)?;
    let parent = repository.point(scene.first)?;
    let session = begin(&repository)?;
    let saved = save(&session, &scene.second_image, Some((&parent, 0)))?;
    session.commit(draft("vm", vec![saved]))
}

/// Whatever happened: all that is listed restores, what was promised is listed, and it goes on.
fn check(store: &Arc<dyn BlobStore>, scene: &Scene, result: Result<RecoveryPointId, RepoError>) {
    let repository = open(store).expect("opening needs no help after a failure");
    let points = repository.points().unwrap().points;
    let listed: Vec<_> = points.iter().map(|p| p.id).collect();
    assert_eq!(listed.first(), Some(&scene.first), "the first point is never lost");
    match &result {
        Ok(id) => assert!(listed.contains(id), "a point that was promised is listed"),
        Err(RepoError::CommitUnknown { .. }) => {}
        Err(error) if error.kind() == RepoErrorKind::WrongKey => panic!("never: {error}"),
        Err(_) => assert_eq!(listed.len(), 1, "a failed run leaves no point: {result:?}"),
    }
    assert!(restore(&repository, scene.first, 0).unwrap() == scene.first_image);
    for id in &listed[1..] {
        assert!(restore(&repository, *id, 0).unwrap() == scene.second_image, "no half point");
    }
    let next = second(store, scene).expect("the next run works");
    assert!(restore(&repository, next, 0).unwrap() == scene.second_image);
    let fresh = open(store).unwrap();
    assert_eq!(fresh.points().unwrap().points.len(), listed.len() + 1);
    assert!(restore(&fresh, next, 0).unwrap() == scene.second_image);
}

/// Runs the scene with a failure at each call in turn, until a run gets through.
fn at_every_call(when: fn(u64) -> When, fault: Fault, expected: Option<RepoErrorKind>) {
    let scene = scene();
    for call in 0.. {
        let under: Arc<dyn BlobStore> = Arc::new(scene.before.duplicate());
        let faulty = Arc::new(FaultyStore::new(Arc::clone(&under), when(call), fault));
        let store: Arc<dyn BlobStore> = faulty.clone();
        let result = second(&store, &scene);
        drop(store);
        if let (Err(error), Some(kind)) = (&result, expected) {
            let unknown = error.kind() == RepoErrorKind::CommitUnknown;
            assert!(unknown || error.kind() == kind, "call {call}: the cause is lost in {error:?}");
        }
        let through = faulty.calls() <= call;
        assert!(!through || result.is_ok(), "nothing failed, so it must work: {result:?}");
        check(&under, &scene, result);
        if through {
            assert!(call > 30, "the scene has many calls, not {call}");
            return;
        }
    }
}

#[test]
fn dying_before_every_call_loses_nothing() {
    at_every_call(When::Crash, Fault::Io, None);
}

#[test]
fn dying_after_every_call_loses_nothing() {
    at_every_call(When::CrashAfter, Fault::Unreachable, None);
}

#[test]
fn half_written_objects_lose_nothing() {
    at_every_call(When::CrashTorn, Fault::Io, None);
}

#[test]
fn a_full_store_loses_nothing_and_says_so() {
    at_every_call(When::Once, Fault::Full, Some(RepoErrorKind::Full));
}

#[test]
fn a_denied_call_loses_nothing_and_says_so() {
    at_every_call(When::Once, Fault::Denied, Some(RepoErrorKind::Denied));
}

#[test]
fn a_lost_answer_loses_nothing() {
    at_every_call(When::AnswerLost, Fault::Io, None);
}

#[test]
fn creation_cut_short_leaves_nothing_or_all() {
    for call in 0.. {
        let memory: Arc<dyn BlobStore> = Arc::new(MemoryStore::new());
        let when = When::CrashAfter(call);
        let faulty = Arc::new(FaultyStore::new(Arc::clone(&memory), when, Fault::Io));
        let store: Arc<dyn BlobStore> = faulty.clone();
        let created = Repository::create(store, &key_file(), create_options(), clock().as_ref());
        let repository = match open(&memory) {
            Ok(repository) => repository,
            Err(RepoError::NotARepository { .. }) => {
                assert!(created.is_err(), "what was promised is there");
                continue;
            }
            Err(other) => panic!("call {call}: neither nothing nor all: {other}"),
        };
        let image = noise(1, 3 * CHUNK);
        let id = back_up(&repository, "vm", &image).unwrap();
        assert!(restore(&repository, id, 0).unwrap() == image);
        assert_eq!(memory.list("format").unwrap().len(), 2, "the second copy is made up for");
        if created.is_ok() {
            return;
        }
    }
}

#[test]
fn chunks_of_a_killed_run_are_used_by_the_next() {
    let scene = scene();
    let under: Arc<dyn BlobStore> = Arc::new(scene.before.duplicate());
    {
        let repository = open(&under).unwrap();
        let session = begin(&repository).unwrap();
        save(&session, &scene.second_image, None).unwrap();
        // Dropped without an end, as a killed process does.
    }
    let left = under.list("packs/").unwrap();
    assert!(left.len() > 6, "full packs were stored: {}", left.len());
    let repository = open(&under).unwrap();
    let session = begin(&repository).unwrap();
    let saved = save(&session, &scene.second_image, None).unwrap();
    let new = saved.new_bytes.get();
    assert!(new < 10 * CHUNK as u64, "only what was in the last pack is sent again, not {new}");
    let id = session.commit(draft("vm", vec![saved])).unwrap();
    assert!(restore(&open(&under).unwrap(), id, 0).unwrap() == scene.second_image);
}
