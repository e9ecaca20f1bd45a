//! Sessions beside each other, cancelled, misused.

use std::sync::Arc;

use kuramori_base::{CancelToken, Tally};
use kuramori_block::{ByteLen, DiskReader};
use kuramori_repo::testing::{Fault, FaultyStore, When};
use kuramori_repo::{
    BlobName, BlobStore, ChunkIndex, RepoError, RepoErrorKind, SessionOptions, VmIdentity, WriterId,
};

use crate::support::{
    CHUNK, back_up, begin, clock, create, draft, memory, noise, open, restore, save, vm, writer,
};

#[test]
fn two_sessions_at_once_store_no_chunk_twice() {
    let store = memory();
    let repository = create(&store);
    let image = noise(1, 400 * CHUNK);
    let points: Vec<_> = std::thread::scope(|scope| {
        let run = |name: &'static str| {
            let (repository, image) = (repository.clone(), &image);
            scope.spawn(move || back_up(&repository, name, image).unwrap())
        };
        let threads = ["a", "b", "c"].map(run);
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    for point in points {
        assert!(restore(&repository, point, 0).unwrap() == image);
    }
    let stored: u64 = store.list("packs/").unwrap().iter().map(|e| e.size).sum();
    // Frames of 4 KiB chunks are filled up to 4624 bytes.
    assert!(stored < image.len() as u64 * 12 / 10 + (64 << 10), "stored {stored} bytes");
    let sequences: Vec<_> =
        repository.points().unwrap().points.iter().map(|p| p.sequence).collect();
    assert_eq!(sequences, [1, 2, 3], "commits follow one another");
}

#[test]
fn several_threads_write_one_disk_in_any_order() {
    let repository = create(&memory());
    let image = noise(1, 700 * CHUNK);
    let session = begin(&repository).unwrap();
    let writer = session.disk_writer(ByteLen::new(image.len() as u64), None).unwrap();
    std::thread::scope(|scope| {
        for lane in 0..4usize {
            let (writer, image) = (&writer, &image);
            scope.spawn(move || {
                for n in (0..700).rev().filter(|n| n % 4 == lane) {
                    let bytes = image[n * CHUNK..(n + 1) * CHUNK].to_vec();
                    writer.write(ChunkIndex::new(n as u64), bytes).unwrap();
                }
            });
        }
    });
    let saved = writer.finish().unwrap();
    assert_eq!((saved.chunks, saved.zero_chunks), (700, 0));
    let id = session.commit(draft("vm", vec![saved])).unwrap();
    let view = repository.disk(&repository.point(id).unwrap(), 0).unwrap();
    std::thread::scope(|scope| {
        for lane in 0..4u64 {
            let (view, image) = (&view, &image);
            scope.spawn(move || {
                for n in 0..700u64 {
                    let at = (n * 7919 + lane) % 699 * CHUNK as u64 + lane * 100;
                    let mut read = [0; 300];
                    view.read_at(kuramori_block::ByteOffset::new(at), &mut read).unwrap();
                    let at = usize::try_from(at).unwrap();
                    assert_eq!(read, image[at..at + 300]);
                }
            });
        }
    });
}

#[test]
fn chunks_must_fit_and_come_once() {
    let repository = create(&memory());
    let session = begin(&repository).unwrap();
    let writer = session.disk_writer(ByteLen::new(2 * CHUNK as u64 + 512), None).unwrap();
    let bad = [
        (0, CHUNK - 1, "short"),
        (0, CHUNK + 1, "long"),
        (2, CHUNK, "past the end of the last chunk"),
        (3, CHUNK, "past the end"),
        (u64::MAX, CHUNK, "far past the end"),
    ];
    for (index, len, what) in bad {
        let result = writer.write(ChunkIndex::new(index), vec![1; len]);
        assert_eq!(result.unwrap_err().kind(), RepoErrorKind::Invalid, "{what}");
    }
    writer.write(ChunkIndex::new(2), vec![1; 512]).unwrap();
    for bytes in [vec![1; 512], vec![0; 512]] {
        let twice = writer.write(ChunkIndex::new(2), bytes);
        assert_eq!(twice.unwrap_err().kind(), RepoErrorKind::Invalid, "a chunk comes once");
    }
    let saved = writer.finish().unwrap();
    let other = begin(&repository).unwrap();
    let foreign = other.commit(draft("vm", vec![saved]));
    assert_eq!(foreign.unwrap_err().kind(), RepoErrorKind::Invalid, "disks stay in their session");
}

/// A restore finds the bytes of a disk by its key.
#[test]
fn disks_that_share_a_key_are_refused() {
    let store = memory();
    let repository = create(&store);
    let session = begin(&repository).unwrap();
    let disk = || session.disk_writer(ByteLen::new(CHUNK as u64), None).unwrap().finish().unwrap();
    let mut draft = draft("web", vec![disk(), disk(), disk()]);
    draft.disks[2].key = draft.disks[0].key;
    let refused = session.commit(draft).unwrap_err();
    let said = "the disks “Hard disk 1” and “Hard disk 3” have the same key 2000";
    assert!(matches!(&refused, RepoError::Invalid { what } if what == said), "{refused:?}");
    assert!(repository.points().unwrap().points.is_empty(), "no recovery point was made");
}

#[test]
fn cancelling_ends_waits_and_leaves_no_point() {
    let store = memory();
    let repository = create(&store);
    let cancel = CancelToken::new();
    let options = SessionOptions { cancel: cancel.clone(), ..SessionOptions::new(writer()) };
    let session = repository.begin(options, clock()).unwrap();
    let saved = save(&session, &noise(1, 8 * CHUNK), None).unwrap();
    let disk = session.disk_writer(ByteLen::new(CHUNK as u64), None).unwrap();
    cancel.cancel();
    let write = disk.write(ChunkIndex::new(0), vec![1; CHUNK]);
    assert_eq!(write.unwrap_err().kind(), RepoErrorKind::Cancelled);
    assert_eq!(disk.finish().unwrap_err().kind(), RepoErrorKind::Cancelled);
    let commit = session.commit(draft("vm", vec![saved]));
    assert_eq!(commit.unwrap_err().kind(), RepoErrorKind::Cancelled);
    assert!(open(&store).unwrap().points().unwrap().points.is_empty());
    assert!(back_up(&repository, "vm", &noise(1, CHUNK)).is_ok(), "others are not affected");
}

#[test]
fn an_abandoned_session_leaves_chunks_and_no_point() {
    let store = memory();
    let repository = create(&store);
    let image = noise(1, 4 * CHUNK);
    let session = begin(&repository).unwrap();
    save(&session, &image, None).unwrap();
    session.abandon().unwrap();
    assert!(repository.points().unwrap().points.is_empty());
    let session = begin(&repository).unwrap();
    let saved = save(&session, &image, None).unwrap();
    assert_eq!(saved.new_bytes.get(), 0, "the next session uses what was stored");
    let id = session.commit(draft("vm", vec![saved])).unwrap();
    assert!(restore(&open(&store).unwrap(), id, 0).unwrap() == image);
}

#[test]
fn a_failing_store_ends_every_session_of_the_process() {
    let under = memory();
    create(&under);
    let calls = {
        let store: Arc<dyn BlobStore> = under.clone();
        let counter = Arc::new(FaultyStore::new(store, When::Never, Fault::Full));
        let counted: Arc<dyn BlobStore> = counter.clone();
        let repository = open(&counted).unwrap();
        let _sessions = (begin(&repository).unwrap(), begin(&repository).unwrap());
        counter.calls()
    };
    let faulty: Arc<dyn BlobStore> =
        Arc::new(FaultyStore::new(under.clone(), When::Once(calls), Fault::Full));
    let repository = open(&faulty).unwrap();
    let (first, second) = (begin(&repository).unwrap(), begin(&repository).unwrap());
    let image = noise(1, 40 * CHUNK);
    let saved = save(&second, &noise(2, 2 * CHUNK), None);
    let failed = save(&first, &image, None).and_then(|d| first.commit(draft("a", vec![d])));
    assert_eq!(failed.unwrap_err().kind(), RepoErrorKind::Full);
    let result = saved.and_then(|d| second.commit(draft("b", vec![d])));
    assert_eq!(result.unwrap_err().kind(), RepoErrorKind::Full, "the other is told as well");
    let id = back_up(&repository, "a", &image).unwrap();
    assert!(restore(&open(&under).unwrap(), id, 0).unwrap() == image, "afterwards it works again");
    assert_eq!(open(&under).unwrap().points().unwrap().points.len(), 1);
}

#[test]
fn a_second_open_repository_may_read_but_not_write_meanwhile() {
    let store = memory();
    let first = create(&store);
    let point = back_up(&first, "vm", &noise(1, CHUNK)).unwrap();
    let second = open(&store).unwrap();
    let session = begin(&first).unwrap();
    let error = begin(&second).map(|_| ()).unwrap_err();
    assert!(matches!(error, RepoError::InUse { .. }), "{error:?}");
    assert!(restore(&second, point, 0).unwrap() == noise(1, CHUNK));
    drop(session);
    assert!(begin(&second).is_ok());
}

#[test]
fn another_repository_in_the_same_place_is_noticed_before_a_write() {
    let store = memory();
    let repository = create(&store);
    let session = begin(&repository).unwrap();
    let saved = save(&session, &noise(1, CHUNK), None).unwrap();
    let other = memory();
    create(&other);
    for name in ["format", "format.1"] {
        let name = BlobName::new(name).unwrap();
        store.delete(&name).unwrap();
        store.put(&name, &other.get(&name, u64::MAX).unwrap()).unwrap();
    }
    let result = session.commit(draft("vm", vec![saved]));
    assert!(matches!(result, Err(RepoError::Swapped { .. })), "{result:?}");
    assert!(matches!(begin(&repository), Err(RepoError::Swapped { .. })));
}

#[test]
fn a_repository_under_collection_is_refused_for_writing() {
    let store = memory();
    let repository = create(&store);
    let point = back_up(&repository, "vm", &noise(1, CHUNK)).unwrap();
    store.put(&BlobName::new("gc/1.plan").unwrap(), b"?").unwrap();
    let error = begin(&repository).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), RepoErrorKind::TooNew, "{error}");
    assert!(restore(&repository, point, 0).is_ok(), "reading stays possible");
}

#[test]
fn a_plan_that_cannot_be_read_is_given_up_by_the_next_writer() {
    let store = memory();
    let repository = create(&store);
    let point = back_up(&repository, "vm", &noise(1, CHUNK)).unwrap();
    store.put(&BlobName::new("gc/0000000000000001.plan").unwrap(), b"?").unwrap();
    begin(&repository).unwrap();
    let given_up = BlobName::new("gc/0000000000000001.final").unwrap();
    assert!(store.size(&given_up).is_ok(), "its collection finds that it lost");
    assert!(restore(&repository, point, 0).is_ok());
    // What was decided on cannot be given up.
    store.delete(&given_up).unwrap();
    store.put(&given_up, b"?").unwrap();
    let error = begin(&repository).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), RepoErrorKind::Damaged, "{error}");
}

#[test]
fn points_are_found_by_vm_and_by_prefix() {
    let repository = create(&memory());
    let a = back_up(&repository, "a", &noise(1, CHUNK)).unwrap();
    let b = back_up(&repository, "b", &noise(2, CHUNK)).unwrap();
    let a2 = back_up(&repository, "a", &noise(3, CHUNK)).unwrap();
    assert_eq!(repository.latest(&vm("a")).unwrap().unwrap().id, a2);
    let renamed = VmIdentity { name: "renamed".to_owned(), ..vm("b") };
    assert_eq!(repository.latest(&renamed).unwrap().unwrap().id, b, "a rename keeps the VM");
    assert!(repository.latest(&vm("c")).unwrap().is_none());
    let hex = a.to_hex();
    assert_eq!(repository.resolve_point(&hex).unwrap(), a);
    assert_eq!(repository.resolve_point(&hex.to_uppercase()[..20]).unwrap(), a);
    let kind = |text: &str| repository.resolve_point(text).unwrap_err().kind();
    assert_eq!(kind(""), RepoErrorKind::PointNotFound);
    assert_eq!(kind("zz"), RepoErrorKind::PointNotFound);
    let manifest = repository.point(a2).unwrap();
    assert_eq!(manifest.config, b"<vm/>");
    assert_eq!((manifest.writer, manifest.sequence), (writer(), 3));
    assert!(manifest.previous.is_some(), "manifests of a writer are linked");
}

#[test]
fn manifests_link_to_the_previous_one_of_their_writer() {
    let repository = create(&memory());
    let commit = |id: u8| {
        let options = SessionOptions::new(WriterId::from_bytes([id; 16]));
        let session = repository.begin(options, clock()).unwrap();
        let point = session.commit(draft("vm", vec![])).unwrap();
        repository.point(point).unwrap()
    };
    let (a1, b1, a2, b2) = (commit(1), commit(2), commit(1), commit(2));
    assert_eq!((a1.previous, b1.previous), (None, None));
    assert!(a2.previous.is_some() && b2.previous.is_some() && a2.previous != b2.previous);
    assert_eq!([a1, b1, a2, b2].map(|m| m.sequence), [1, 2, 3, 4]);
}

#[test]
fn progress_tells_new_and_stored_bytes() {
    let repository = create(&memory());
    let tally = Arc::new(Tally::new());
    let options = SessionOptions { progress: tally.clone(), ..SessionOptions::new(writer()) };
    let session = repository.begin(options, clock()).unwrap();
    let saved = save(&session, &noise(1, 10 * CHUNK), None).unwrap();
    let counters = tally.counters();
    assert_eq!(counters.new, saved.new_bytes.get());
    assert_eq!(counters.stored, saved.stored_bytes.get());
    assert!(counters.new >= 10 * CHUNK as u64);
}
