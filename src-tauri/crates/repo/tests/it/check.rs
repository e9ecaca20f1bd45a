//! What a check finds, and what it says about it.

use std::sync::Arc;
use std::time::Duration;

use kuramori_base::{CancelToken, Cancelled, Counters, ManualClock, Progress, Tally};
use kuramori_block::Extent;
use kuramori_repo::testing::{Fault, FaultyStore, When};
use kuramori_repo::{
    BlobName, BlobStore, CheckOptions, CheckReport, DataCheck, Deletion, FormatError, MemoryStore,
    PruneOptions, RECYCLE_BIN, RepoError, Repository,
};

use crate::support::{
    CHUNK, back_up, begin, clock, create, draft, noise, noon, open, restore, save, writer,
};

fn check(store: &Arc<dyn BlobStore>, data: DataCheck) -> CheckReport {
    let repository = open(store).unwrap();
    repository.check(&CheckOptions::new(data), clock().as_ref()).unwrap()
}

fn objects(report: &CheckReport) -> Vec<&str> {
    report.damaged.iter().map(|damage| damage.object.as_str()).collect()
}

fn names(store: &dyn BlobStore, prefix: &str) -> Vec<BlobName> {
    store.list(prefix).unwrap().into_iter().map(|entry| entry.name).collect()
}

/// Two VMs of which the second shares the first half of its disk with the first.
fn two_vms() -> (Arc<MemoryStore>, Vec<u8>, Vec<u8>) {
    let memory = Arc::new(MemoryStore::new());
    let store: Arc<dyn BlobStore> = memory.clone();
    let repository = create(&store);
    let first = noise(1, 20 * CHUNK);
    let mut second = first.clone();
    second.extend(noise(2, 20 * CHUNK));
    back_up(&repository, "first", &first).unwrap();
    back_up(&repository, "second", &second).unwrap();
    (memory, first, second)
}

#[test]
fn a_whole_repository_is_sound() {
    let (memory, ..) = two_vms();
    let store: Arc<dyn BlobStore> = memory;
    let files = names(store.as_ref(), "").len() as u64;
    let report = check(&store, DataCheck::Structure);
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.points, report.files, report.chunks), (2, files, 40 + 2));
    assert_eq!((report.packs_read, report.proof.proven), (0, 0));
    assert_eq!((report.spare.chunks, report.spare.manifests), (0, 0));
    let report = check(&store, DataCheck::All);
    assert!(report.is_sound() && report.recorded, "{report:?}");
    assert_eq!((report.packs_read, report.bytes_read), (report.packs, report.pack_bytes));
    assert_eq!((report.proof.proven, report.proof.oldest), (report.packs, Some(noon())));
    assert_eq!(names(store.as_ref(), "checks/").len(), 1, "a record replaces the one before");
    assert_eq!(open(&store).unwrap().proof().unwrap(), report.proof);
}

#[test]
fn damage_names_the_points_disks_and_areas_it_hits() {
    let (memory, first, second) = two_vms();
    let store: Arc<dyn BlobStore> = memory.clone();
    let repository = open(&store).unwrap();
    let points = repository.points().unwrap().points;
    let mut lost = [0usize; 2];
    for name in names(store.as_ref(), "packs/") {
        let broken = Arc::new(memory.duplicate());
        let bytes = broken.get(&name, u64::MAX).unwrap();
        let mut flipped = bytes.clone();
        flipped[100] ^= 1;
        broken.overwrite(&name, flipped);
        let store: Arc<dyn BlobStore> = broken;
        let report = check(&store, DataCheck::Structure);
        let report = if report.is_sound() { check(&store, DataCheck::All) } else { report };
        assert_eq!(objects(&report), [name.as_str()]);
        assert_eq!(report.damaged[0].reason, FormatError::Checksum);
        for (point, image) in points.iter().zip([&first, &second]) {
            let hit = report.damaged[0].hits.iter().find(|hit| hit.point == point.id);
            let restored = restore(&open(&store).unwrap(), point.id, 0);
            assert_eq!(hit.is_some(), restored.is_err(), "hit means that it cannot be restored");
            let Some(hit) = hit else { continue };
            assert_eq!(
                (hit.vm.as_str(), hit.disk, hit.more),
                (point.vm.name.as_str(), Some(0), false)
            );
            assert_eq!(hit.label, "Hard disk 1");
            assert_eq!(hit.bytes.get(), hit.ranges.iter().map(|r| r.len.get()).sum::<u64>());
            assert_eq!(hit.ranges.len(), 1, "one frame is hit: {:?}", hit.ranges);
            assert!(hit.ranges[0].end().get() <= image.len() as u64);
            lost[usize::from(point.vm.name == "second")] += 1;
        }
    }
    assert!(lost[0] > 0 && lost[1] > lost[0], "shared damage hits both: {lost:?}");
}

#[test]
fn a_lost_pack_hits_all_its_areas_and_a_lost_index_none() {
    let (memory, ..) = two_vms();
    let store: Arc<dyn BlobStore> = memory.clone();
    let pack = names(store.as_ref(), "packs/").remove(0);
    let index = names(store.as_ref(), "index/").remove(0);
    let broken = memory.duplicate();
    broken.delete(&pack).unwrap();
    let gone: Arc<dyn BlobStore> = Arc::new(broken.duplicate());
    let report = check(&gone, DataCheck::Structure);
    assert_eq!(objects(&report), [pack.as_str()]);
    assert_eq!(report.damaged[0].reason, FormatError::Missing);
    assert!(report.damaged[0].hits.iter().all(|h| h.bytes.get() >= CHUNK as u64));
    for index in names(&broken, "index/") {
        broken.delete(&index).unwrap();
    }
    let unknown: Arc<dyn BlobStore> = Arc::new(broken);
    let blind = check(&unknown, DataCheck::Structure);
    assert_eq!(objects(&blind), ["packs/"], "nobody knows any more which pack it was");
    assert_eq!(blind.lost_points(), report.lost_points());
    store.delete(&index).unwrap();
    assert!(check(&store, DataCheck::Structure).is_sound(), "packs know all of it");
}

#[test]
fn a_chain_with_a_gap_is_a_missing_point() {
    let memory = Arc::new(MemoryStore::new());
    let store: Arc<dyn BlobStore> = memory.clone();
    let repository = create(&store);
    let mut points = Vec::new();
    for n in 0..3 {
        points.push(back_up(&repository, "vm", &noise(n, CHUNK)).unwrap());
    }
    let second = repository.point(points[1]).unwrap();
    let outcome = format!("sessions/{}.outcome", second.session.to_hex());
    store.delete(&BlobName::new(outcome).unwrap()).unwrap();
    let report = check(&store, DataCheck::Structure);
    assert!(!report.is_sound() && report.damaged.is_empty());
    let [missing] = report.missing.as_slice() else { panic!("one is missing: {report:?}") };
    assert_eq!((missing.follower, missing.vm.as_str()), (points[2], "vm"));
    assert_eq!(repository.point(points[2]).unwrap().previous, Some(missing.manifest));
    assert_eq!(report.spare.manifests, 1, "its manifest is still there");
}

#[test]
fn what_nobody_uses_is_no_damage() {
    let (memory, first, _) = two_vms();
    let store: Arc<dyn BlobStore> = memory.clone();
    let repository = open(&store).unwrap();
    let session = begin(&repository).unwrap();
    save(&session, &noise(7, 30 * CHUNK), None).unwrap();
    session.abandon().unwrap();
    store.put(&BlobName::new("packs/notes.txt").unwrap(), b"mine").unwrap();
    let report = check(&store, DataCheck::All);
    assert!(report.is_sound(), "{:?}", report.damaged);
    assert_eq!(report.spare.chunks, 30 + 1, "thirty chunks and their map");
    assert!(report.spare.bytes.get() > 30 * CHUNK as u64);
    assert_eq!(report.spare.strangers, ["packs/notes.txt"]);
    let session = begin(&repository).unwrap();
    let saved = save(&session, &first, None).unwrap();
    session.commit(draft("first", vec![saved])).unwrap();
    assert!(check(&store, DataCheck::All).is_sound());
}

#[test]
fn a_budget_reads_what_was_unread_longest() {
    let (memory, ..) = two_vms();
    let store: Arc<dyn BlobStore> = memory;
    let clock = ManualClock::new(noon());
    let run = |data| {
        // A computer of its own each time: the state lies in the repository.
        open(&store).unwrap().check(&CheckOptions::new(data), &clock).unwrap()
    };
    let packs = run(DataCheck::Structure).packs;
    assert!(packs >= 5, "the scene has several packs: {packs}");
    let mut proven = 0;
    while proven < packs {
        let report = run(DataCheck::Percent(30));
        assert!(report.packs_read > 0 && report.packs_read < packs, "{report:?}");
        assert_eq!(report.proof.proven, (proven + report.packs_read).min(packs));
        proven = report.proof.proven;
        clock.advance(Duration::from_hours(1));
    }
    let oldest = run(DataCheck::Structure).proof.oldest;
    assert_eq!(oldest, Some(noon()), "the first ones are the oldest");
    assert!(run(DataCheck::Percent(30)).proof.oldest > oldest, "the oldest come first");
    let month = Duration::from_hours(30 * 24);
    assert_eq!(run(DataCheck::OlderThan(month)).packs_read, 0);
    clock.advance(month);
    assert_eq!(run(DataCheck::OlderThan(month)).packs_read, packs);
    let back = ManualClock::new(noon());
    let report =
        open(&store).unwrap().check(&CheckOptions::new(DataCheck::OlderThan(month)), &back);
    assert_eq!(report.unwrap().packs_read, packs, "a time still to come proves nothing");
}

#[test]
fn a_failing_store_is_an_error_and_never_damage() {
    let (memory, ..) = two_vms();
    for fault in [Fault::Unreachable, Fault::Denied, Fault::Io] {
        for call in 0.. {
            let under: Arc<dyn BlobStore> = Arc::new(memory.duplicate());
            let faulty = Arc::new(FaultyStore::new(under, When::Crash(call), fault));
            let store: Arc<dyn BlobStore> = faulty.clone();
            let result = open(&store).and_then(|repository| {
                repository.check(&CheckOptions::new(DataCheck::All), clock().as_ref())
            });
            match result {
                Ok(report) => {
                    assert!(report.is_sound(), "call {call}: {:?}", report.damaged);
                    if faulty.calls() <= call {
                        assert!(call > 40, "the scene has many calls, not {call}");
                        break;
                    }
                    assert!(!report.recorded, "only the record may fail quietly");
                }
                Err(RepoError::Store(_)) => {}
                Err(other) => panic!("call {call}: {other:?}"),
            }
        }
    }
}

#[test]
fn one_failed_read_is_tried_again() {
    let (memory, ..) = two_vms();
    for call in 3..60 {
        let faulty = FaultyStore::new(Arc::new(memory.duplicate()), When::Once(call), Fault::Io);
        let store: Arc<dyn BlobStore> = Arc::new(faulty);
        let Ok(repository) = open(&store) else { continue };
        let checked = repository.check(&CheckOptions::new(DataCheck::All), clock().as_ref());
        if let Ok(report) = checked {
            assert!(report.is_sound(), "call {call}: {:?}", report.damaged);
        }
    }
}

/// Cancels after a number of reports.
struct StopAfter(Tally, u64, CancelToken);

impl Progress for StopAfter {
    fn total(&self, bytes: u64) {
        self.0.total(bytes);
    }
    fn add(&self, delta: Counters) {
        self.0.add(delta);
        if self.0.counters().done > self.1 {
            self.2.cancel();
        }
    }
    fn redo(&self, undone: u64, more: u64) {
        self.0.redo(undone, more);
    }
}

#[test]
fn a_stopped_check_remembers_what_it_read() {
    let (memory, ..) = two_vms();
    let store: Arc<dyn BlobStore> = memory;
    let repository = open(&store).unwrap();
    let tally = Arc::new(Tally::new());
    let all = CheckOptions { progress: tally.clone(), ..CheckOptions::new(DataCheck::All) };
    let report = repository.check(&all, clock().as_ref()).unwrap();
    let done = tally.counters().done;
    assert!(done >= tally.announced(), "all that was announced is done");
    for name in names(store.as_ref(), "checks/") {
        store.delete(&name).unwrap();
    }
    let cancel = CancelToken::new();
    // At the first pack; two threads may be some packs ahead.
    let first = done - report.pack_bytes.get();
    let stop = Arc::new(StopAfter(Tally::new(), first, cancel.clone()));
    let options = CheckOptions { progress: stop, cancel, ..CheckOptions::new(DataCheck::All) };
    let stopped = repository.check(&options, clock().as_ref());
    assert!(matches!(stopped, Err(RepoError::Cancelled(Cancelled))), "{stopped:?}");
    let proof = repository.proof().unwrap();
    assert!(proof.proven > 0 && proof.proven < report.packs, "{proof:?}");
}

#[test]
fn areas_are_named_once_each() {
    let memory = Arc::new(MemoryStore::new());
    let store: Arc<dyn BlobStore> = memory.clone();
    let repository: Repository = create(&store);
    let mut image = noise(1, CHUNK);
    for _ in 0..3 {
        image.extend(vec![0; CHUNK]);
        image.extend_from_within(..CHUNK);
    }
    image.extend(noise(3, 512));
    let point = back_up(&repository, "vm", &image).unwrap();
    for name in names(store.as_ref(), "packs/") {
        memory.overwrite(&name, Vec::new());
    }
    let report = check(&store, DataCheck::Structure);
    let hits: Vec<_> = report.damaged.iter().flat_map(|damage| &damage.hits).collect();
    assert_eq!(report.lost_points(), [point]);
    // The map is lost too, so that nothing of the disk is left.
    let whole = Extent::new(0, image.len() as u64);
    assert!(hits.iter().all(|hit| hit.ranges == [whole]), "{hits:?}");
}

#[test]
fn what_was_deleted_is_not_missing() {
    let store: Arc<dyn BlobStore> = Arc::new(MemoryStore::new());
    let repository = create(&store);
    let points: Vec<_> =
        (0..4).map(|n| back_up(&repository, "vm", &noise(n, 9 * CHUNK)).unwrap()).collect();
    let deletion = |delay| Deletion { writer: writer(), rule: "by hand".to_owned(), delay };
    repository.delete_points(&points[1..2], &deletion(Duration::ZERO), clock().as_ref()).unwrap();
    repository.delete_points(&points[2..3], &deletion(RECYCLE_BIN), clock().as_ref()).unwrap();
    let report = check(&store, DataCheck::All);
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.points, 3, "one in the recycle bin is still whole");
    let options = PruneOptions { confirmed: true, ..PruneOptions::new(writer()) };
    for _ in 0..3 {
        repository.prune(&options, clock().as_ref()).unwrap();
        let report = check(&store, DataCheck::All);
        assert!(report.is_sound(), "{report:?}");
    }
    assert_eq!(names(store.as_ref(), "points/").len(), 3, "its records are gone");
}
