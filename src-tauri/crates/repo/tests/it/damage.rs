//! Damage is found, named, and never restored.

use std::sync::Arc;

use kuramori_repo::{
    BlobEntry, BlobName, BlobStore, MemoryStore, RecoveryPointId, RepoError, RepoErrorKind,
};

use crate::support::{CHUNK, back_up, create, noise, open};

struct Golden {
    store: MemoryStore,
    point: RecoveryPointId,
    image: Vec<u8>,
}

fn golden() -> Golden {
    let memory = Arc::new(MemoryStore::new());
    let store: Arc<dyn BlobStore> = memory.clone();
    let repository = create(&store);
    back_up(&repository, "other", &noise(9, 512)).unwrap();
    let mut image = noise(1, 2 * CHUNK);
    image[CHUNK..].fill(b'x');
    let point = back_up(&repository, "vm", &image).unwrap();
    Golden { store: memory.duplicate(), point, image }
}

/// What reading everything came to.
#[derive(Debug)]
enum Seen {
    Identical,
    Reported(String),
    Failed(RepoError),
}

/// Opens, lists and restores. Panics when anything wrong is handed out.
fn look(store: MemoryStore, golden: &Golden) -> Seen {
    let store: Arc<dyn BlobStore> = Arc::new(store);
    let work = || -> Result<Seen, RepoError> {
        let repository = open(&store)?;
        let list = repository.points()?;
        if let Some(damaged) = list.damaged.first() {
            return Ok(Seen::Reported(damaged.object.clone()));
        }
        assert_eq!(list.points.len(), 2, "a point that is missing must be reported");
        let manifest = repository.point(golden.point)?;
        assert_eq!(manifest.vm.name, "vm");
        let view = repository.disk(&manifest, 0)?;
        let mut image = vec![0; golden.image.len()];
        use kuramori_block::DiskReader;
        match view.read_at(kuramori_block::ByteOffset::ZERO, &mut image) {
            Ok(()) => {
                assert!(image == golden.image, "wrong bytes were restored");
                Ok(Seen::Identical)
            }
            Err(error) => {
                let source = std::error::Error::source(&error).unwrap();
                Err(source.downcast_ref::<RepoError>().unwrap().clone())
            }
        }
    };
    work().unwrap_or_else(Seen::Failed)
}

/// Objects of which there is a second copy, or which nobody needs to read.
fn redundant(name: &str) -> bool {
    let copied =
        ["format", "keys/", "index/", "meta/"].iter().any(|prefix| name.starts_with(prefix));
    copied || has_suffix(name, "open")
}

fn has_suffix(name: &str, suffix: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, found)| found == suffix)
}

fn assert_found(name: &BlobName, seen: &Seen, what: &str) {
    match seen {
        Seen::Identical => {
            // One pack is the other point's; it is not read here.
            assert!(redundant(name.as_str()) || name.as_str().starts_with("packs/"), "{what}");
        }
        Seen::Reported(object) => assert!(
            object == name.as_str() || object.contains(name.last_part()),
            "{what}: reported {object}"
        ),
        Seen::Failed(error) => {
            assert!(!redundant(name.as_str()), "{what}: a copy should have helped: {error}");
            let kind = error.kind();
            assert_eq!(kind, RepoErrorKind::Damaged, "{what}: {error:?}");
            assert!(error.to_string().contains(name.last_part()), "{what}: named in {error}");
        }
    }
}

/// Everything but the texts for people, which no program reads.
fn objects(store: &MemoryStore) -> Vec<BlobEntry> {
    let mut objects = store.list("").unwrap();
    objects.retain(|object| !object.name.as_str().starts_with("readme"));
    objects
}

#[test]
fn every_flipped_byte_is_found() {
    let golden = golden();
    let objects = objects(&golden.store);
    let total: u64 = objects.iter().map(|o| o.size).sum();
    assert!(total < 80 << 10, "the golden repository is small: {total}");
    let mut found = [0usize; 2];
    for object in objects {
        let bytes = golden.store.get(&object.name, u64::MAX).unwrap();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            let store = golden.store.duplicate();
            store.overwrite(&object.name, flipped);
            let seen = look(store, &golden);
            assert_found(&object.name, &seen, &format!("{} flipped at {at}", object.name));
            found[usize::from(matches!(seen, Seen::Identical))] += 1;
        }
    }
    assert!(found[0] > 5_000 && found[1] > 1_000, "both outcomes occur: {found:?}");
}

#[test]
fn short_empty_and_missing_objects_are_found() {
    let golden = golden();
    for object in objects(&golden.store) {
        let bytes = golden.store.get(&object.name, u64::MAX).unwrap();
        let mut zeroed = bytes.clone();
        zeroed.fill(0);
        let mut longer = bytes.clone();
        longer.push(0);
        let short = bytes[..bytes.len() / 2].to_vec();
        let changes = [("empty", vec![]), ("short", short), ("zeroed", zeroed), ("longer", longer)];
        for (what, bytes) in changes {
            let store = golden.store.duplicate();
            store.overwrite(&object.name, bytes);
            let seen = look(store, &golden);
            assert_found(&object.name, &seen, &format!("{} {what}", object.name));
        }
        // A missing outcome means that there was no commit: only the head chain could tell.
        if has_suffix(object.name.as_str(), "outcome") {
            continue;
        }
        let store = golden.store.duplicate();
        store.delete(&object.name).unwrap();
        match look(store, &golden) {
            Seen::Identical => assert!(
                redundant(object.name.as_str()) || object.name.as_str().starts_with("packs/")
            ),
            Seen::Reported(_) => assert!(object.name.as_str().starts_with("points/")),
            Seen::Failed(error) => assert_eq!(error.kind(), RepoErrorKind::Damaged, "{error:?}"),
        }
    }
}

#[test]
fn a_deleted_outcome_hides_its_point_and_no_other() {
    let golden = golden();
    let outcomes = golden.store.list("sessions/").unwrap();
    let outcome = outcomes.iter().find(|o| has_suffix(o.name.as_str(), "outcome")).unwrap();
    golden.store.delete(&outcome.name).unwrap();
    let store: Arc<dyn BlobStore> = Arc::new(golden.store);
    let list = open(&store).unwrap().points().unwrap();
    assert_eq!(list.points.len(), 1, "a manifest alone is not a recovery point");
}

#[test]
fn swapped_objects_are_found() {
    let golden = golden();
    let objects = objects(&golden.store);
    for a in &objects {
        for b in objects.iter().filter(|b| b.name > a.name) {
            let store = golden.store.duplicate();
            store.overwrite(&a.name, golden.store.get(&b.name, u64::MAX).unwrap());
            store.overwrite(&b.name, golden.store.get(&a.name, u64::MAX).unwrap());
            // Panics when wrong bytes come out.
            let seen = look(store, &golden);
            let needed = !redundant(a.name.as_str()) || !redundant(b.name.as_str());
            let packs = [a, b].iter().any(|o| o.name.as_str().starts_with("packs/"));
            if needed && !packs {
                assert!(!matches!(seen, Seen::Identical), "{} and {}", a.name, b.name);
            }
        }
    }
}

#[test]
fn objects_of_another_repository_are_refused() {
    let golden = golden();
    let other = self::golden();
    for (ours, theirs) in [("packs/", "packs/"), ("points/", "points/"), ("sessions/", "sessions/")]
    {
        let name = golden.store.list(ours).unwrap().pop().unwrap().name;
        let foreign = other.store.list(theirs).unwrap().pop().unwrap().name;
        let store = golden.store.duplicate();
        store.overwrite(&name, other.store.get(&foreign, u64::MAX).unwrap());
        assert_found(&name, &look(store, &golden), &format!("foreign {name}"));
    }
}

#[test]
fn a_damaged_pack_is_stored_anew_when_its_file_is_short() {
    let golden = golden();
    for pack in golden.store.list("packs/").unwrap() {
        golden.store.overwrite(&pack.name, vec![]);
    }
    let store: Arc<dyn BlobStore> = Arc::new(golden.store.duplicate());
    let repository = open(&store).unwrap();
    back_up(&repository, "vm", &golden.image).unwrap();
    let healed = crate::support::restore(&open(&store).unwrap(), golden.point, 0).unwrap();
    assert!(healed == golden.image, "the next backup heals the older point");
}
