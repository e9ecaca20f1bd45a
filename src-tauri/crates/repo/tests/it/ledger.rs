//! What a deletion frees is known before, and what was deleted is known for ever.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use kuramori_base::ManualClock;
use kuramori_repo::{
    BlobName, BlobStore, Deletion, PruneOptions, PruneReport, RECYCLE_BIN, RecoveryPointId,
    Repository,
};
use proptest::prelude::*;

use crate::support::{CHUNK, back_up, clock, create, memory, noise, noon, writer};

const DAY: Duration = Duration::from_hours(24);

fn deletion(delay: Duration) -> Deletion {
    Deletion { writer: writer(), rule: "keep last 1".to_owned(), delay }
}

fn options() -> PruneOptions {
    PruneOptions { confirmed: true, ..PruneOptions::new(writer()) }
}

fn prune(repository: &Repository) -> PruneReport {
    repository.prune(&options(), clock().as_ref()).expect("it is pruned")
}

fn preview(repository: &Repository, without: &[RecoveryPointId]) -> PruneReport {
    let without = without.iter().copied().collect();
    let options = PruneOptions { dry_run: true, without, ..options() };
    repository.prune(&options, clock().as_ref()).expect("it is pruned")
}

#[test]
fn what_was_deleted_is_known_for_ever() {
    let store = memory();
    let repository = create(&store);
    let points: Vec<_> =
        (1..=4).map(|n| back_up(&repository, "vm", &noise(n, 8 * CHUNK)).unwrap()).collect();
    assert!(repository.ledger().unwrap().disposed.is_empty());
    repository.delete_points(&points[..1], &deletion(RECYCLE_BIN), clock().as_ref()).unwrap();
    let [binned] = &repository.ledger().unwrap().disposed[..] else { panic!("one") };
    assert!((binned.point, binned.in_bin, binned.freed) == (points[0], true, None));
    repository.undelete(points[0], writer(), clock().as_ref()).unwrap();
    assert!(repository.ledger().unwrap().disposed.is_empty(), "it came back");

    repository.delete_points(&points[..1], &deletion(Duration::ZERO), clock().as_ref()).unwrap();
    let [ended] = &repository.ledger().unwrap().disposed[..] else { panic!("one") };
    assert!((ended.point, ended.in_bin, ended.freed) == (points[0], false, None));
    prune(&repository);
    repository.delete_points(&points[1..2], &deletion(Duration::ZERO), clock().as_ref()).unwrap();
    prune(&repository);
    repository.delete_points(&points[2..3], &deletion(RECYCLE_BIN), clock().as_ref()).unwrap();
    let ledger = repository.ledger().unwrap();
    assert_eq!(ledger.broken, [0u64; 0]);
    let told: Vec<_> = ledger.disposed.iter().map(|d| (d.point, d.freed.is_some())).collect();
    assert_eq!(told, [(points[0], true), (points[1], true), (points[2], false)]);
    for disposed in &ledger.disposed {
        assert_eq!(disposed.vm.as_deref(), Some("vm"));
        assert_eq!(disposed.key.as_deref(), Some("uuid:uuid-of-vm"));
        assert_eq!((disposed.time, disposed.deleted), (Some(noon()), Some(noon())));
        assert_eq!(disposed.rule.as_deref(), Some("keep last 1"));
        assert_eq!(disposed.writer, Some(writer()));
    }
    // Another computer that sees it for the first time is told the same.
    let again = crate::support::open(&store).unwrap();
    assert_eq!(again.ledger().unwrap(), ledger);
}

/// The final records of all collections, oldest first.
fn finals(store: &Arc<dyn BlobStore>) -> Vec<BlobName> {
    let entries = store.list("gc/").expect("it is listed").into_iter();
    let mut names: Vec<_> = entries.map(|e| e.name).collect();
    names.retain(|name| name.as_str().rsplit_once('.').is_some_and(|(_, end)| end == "final"));
    names.sort_by_key(ToString::to_string);
    names
}

#[test]
fn a_record_that_is_taken_out_of_the_ledger_is_missed() {
    let store = memory();
    let repository = create(&store);
    for n in 1..=4 {
        back_up(&repository, "vm", &noise(n, 8 * CHUNK)).unwrap();
        let oldest = repository.points().unwrap().points[0].id;
        if n > 1 {
            repository.delete_points(&[oldest], &deletion(Duration::ZERO), &*clock()).unwrap();
            prune(&repository);
        }
    }
    let names = finals(&store);
    assert_eq!(names.len(), 3);
    assert_eq!(repository.ledger().unwrap().broken, [0u64; 0]);
    let bytes = store.get(&names[1], 1 << 20).unwrap();
    store.delete(&names[1]).unwrap();
    assert_eq!(repository.ledger().unwrap().broken, [2], "the third holds on to it");
    let other = store.get(&names[0], 1 << 20).unwrap();
    store.put_new(&names[1], &other).unwrap();
    assert_eq!(repository.ledger().unwrap().broken, [2], "another record in its place");
    store.delete(&names[1]).unwrap();
    store.put_new(&names[1], &bytes).unwrap();
    assert_eq!(repository.ledger().unwrap().broken, [0u64; 0]);
}

#[test]
fn what_is_kept_in_the_recycle_bin_stays_there_beyond_its_time() {
    let store = memory();
    let time = Arc::new(ManualClock::new(noon()));
    let repository = create(&store);
    let points: Vec<_> =
        (1..=3).map(|n| back_up(&repository, "vm", &noise(n, 8 * CHUNK)).unwrap()).collect();
    repository.delete_points(&points[..2], &deletion(DAY), &*time).unwrap();
    // Somebody uses the repository meanwhile: no single gap counts as a whole day.
    time.advance(DAY / 2);
    repository.delete_points(&points[2..], &deletion(DAY), &*time).unwrap();
    time.advance(DAY / 2);
    let keep = HashSet::from([points[1]]);
    let report = repository.prune(&PruneOptions { keep, ..options() }, &*time).unwrap();
    assert_eq!(report.expired, [points[0]]);
    for point in &points[1..] {
        repository.undelete(*point, writer(), &*time).unwrap();
    }
    assert_eq!(repository.points().unwrap().points.len(), 2);
}

/// A repository of a few recovery points that share some of their chunks.
fn shared(images: &[Vec<u8>]) -> (Repository, Vec<RecoveryPointId>) {
    let repository = create(&memory());
    let image = |chunks: &Vec<u8>| -> Vec<u8> {
        chunks.iter().flat_map(|seed| noise(u64::from(*seed), CHUNK)).collect()
    };
    let points = images
        .iter()
        .map(|chunks| back_up(&repository, "vm", &image(chunks)).expect("it is saved"))
        .collect();
    (repository, points)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_preview_is_the_later_prune_bit_for_bit(
        images in prop::collection::vec(prop::collection::vec(0u8..40, 4..40), 2..6),
        goes in prop::collection::vec(any::<bool>(), 6),
        before in prop::option::of(0usize..6),
    ) {
        let (repository, points) = shared(&images);
        // Something may be unused already.
        let before = before.and_then(|n| points.get(n).copied());
        repository.delete_points(before.as_slice(), &deletion(Duration::ZERO), &*clock()).unwrap();
        let chosen = points.iter().zip(&goes).filter(|(point, goes)| **goes && before != Some(**point));
        let going: Vec<_> = chosen.map(|(point, _)| *point).collect();
        let now = preview(&repository, &[]);
        let would = preview(&repository, &going);
        prop_assert_eq!(&preview(&repository, &going), &would, "looking changes nothing");
        prop_assert!(would.unused >= now.unused);
        repository.delete_points(&going, &deletion(Duration::ZERO), &*clock()).unwrap();
        prop_assert_eq!(&preview(&repository, &[]), &would, "the same bytes once they are deleted");
        let did = prune(&repository);
        let said = (would.freed, would.unused_packs, would.rewritten_packs, would.total);
        prop_assert_eq!(said, (did.freed, did.unused_packs, did.rewritten_packs, did.total));
        prop_assert_eq!((would.unused, would.unused_left), (did.unused, did.unused_left));
    }
}
