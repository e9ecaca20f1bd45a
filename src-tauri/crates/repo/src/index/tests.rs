use std::collections::{BTreeMap, HashMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::ids::RepositoryId;

fn entry(n: u8) -> PackEntry {
    let id = ChunkId::from_bytes([n; 32]);
    PackEntry { id, kind: ChunkKind::Data, len: 528, raw_len: 4096 }
}

fn pack(n: usize) -> ObjectHash {
    ObjectHash::of(&n.to_le_bytes())
}

#[test]
fn an_entry_is_32_bytes() {
    assert_eq!(size_of::<Entry>(), 32);
}

#[test]
fn a_chunk_is_claimed_once_until_it_is_forgotten() {
    let index = Index::default();
    let e = entry(1);
    assert!(index.claim(&e.id, e.kind));
    assert!(!index.claim(&e.id, e.kind), "somebody is at it");
    index.forget(&[e]);
    assert!(index.claim(&e.id, e.kind), "it was given up");
    index.add(&[(pack(0), vec![e])]);
    assert!(!index.claim(&e.id, e.kind), "it is stored");
    assert!(index.claim(&e.id, ChunkKind::Map), "kinds are apart");
    index.set_bad([(&pack(0), [0].as_slice())].into_iter());
    assert!(index.claim(&e.id, e.kind), "it cannot be read there");
    assert_eq!(index.locate(&e.id, e.kind).len(), 1, "a reader may try all the same");
    index.add(&[(pack(1), vec![e])]);
    assert_eq!(index.locate(&e.id, e.kind)[0].pack, pack(1), "good places come first");
    assert!(!index.claim(&e.id, e.kind), "it is stored anew");
    index.retain(|_| false);
    assert!(index.claim(&e.id, e.kind), "its pack is gone");
    assert!(!index.knows(&pack(0)));
}

proptest! {
    #[test]
    fn lookups_match_a_map(packs in prop::collection::vec(
        prop::collection::vec(any::<u8>(), 0..20), 0..12)
    ) {
        let index = Index::default();
        let mut model: BTreeMap<u8, Vec<Location>> = BTreeMap::new();
        for (n, chunks) in packs.iter().enumerate() {
            let entries: Vec<_> = chunks.iter().map(|c| entry(*c)).collect();
            index.add(&[(pack(n), entries)]);
            for (at, c) in chunks.iter().enumerate() {
                model.entry(*c).or_default().push(Location {
                    pack: pack(n),
                    offset: 64 + 528 * at as u64,
                    len: 528,
                    number: u32::try_from(at).unwrap(),
                });
            }
        }
        for c in 0..=u8::MAX {
            let mut found = index.locate(&entry(c).id, ChunkKind::Data);
            let mut expected = model.remove(&c).unwrap_or_default();
            let order = |l: &Location| (l.pack, l.offset);
            found.sort_by_key(order);
            expected.sort_by_key(order);
            prop_assert_eq!(found, expected);
        }
    }
}

/// Packs as an index object names them.
fn indexed(n: usize, chunks: &[u8]) -> IndexPack {
    let entries: Vec<_> = chunks.iter().map(|c| entry(*c)).collect();
    IndexPack { pack: pack(n), size: 100, entries }
}

fn identity() -> Identity {
    Identity { repository: RepositoryId::from_bytes([3; 16]), key: [9; 32] }
}

fn places(index: &Index, chunk: u8) -> Vec<Location> {
    let mut found = index.locate(&entry(chunk).id, ChunkKind::Data);
    found.sort_by_key(|l| (l.pack, l.offset));
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// An index that unloads after every few packs, and one that recalls what another unloaded,
    /// answer as one that keeps all in memory.
    #[test]
    fn what_is_unloaded_is_found_as_before(
        packs in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..12),
        worth in 0u64..50,
        gone in prop::collection::hash_set(0usize..12, 0..4),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (plain, index) = (Index::default(), Index::default());
        let mut objects = HashSet::new();
        for (n, chunks) in packs.iter().enumerate() {
            let packs = [indexed(n, chunks)];
            plain.add_indexed(&packs);
            index.add_indexed(&packs);
            objects.insert(ObjectHash::of(&n.to_be_bytes()));
            index.unload(folder.path(), &identity(), worth, &objects).unwrap();
        }
        let files: HashMap<_, _> =
            (0..packs.len()).filter(|n| !gone.contains(n)).map(|n| (pack(n), 100)).collect();
        let again = Index::default();
        let seen: HashSet<_> =
            again.recall(folder.path(), &identity(), &files).unwrap().into_iter().collect();
        for (n, chunks) in packs.iter().enumerate() {
            if !seen.contains(&ObjectHash::of(&n.to_be_bytes())) && files.contains_key(&pack(n)) {
                again.add_indexed(&[indexed(n, chunks)]);
            }
        }
        plain.retain(|pack| files.contains_key(pack));
        index.retain(|pack| files.contains_key(pack));
        for chunk in 0..=u8::MAX {
            let expected = places(&plain, chunk);
            prop_assert_eq!(&places(&index, chunk), &expected);
            prop_assert_eq!(&places(&again, chunk), &expected);
        }
    }

    /// Whatever happens to the file, it says nothing that is not so, and knows that it is damaged.
    #[test]
    fn a_damaged_file_is_never_believed(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::default();
        index.add_indexed(&[indexed(0, &(0..=255).collect::<Vec<_>>()), indexed(1, &[1, 2, 3])]);
        index.unload(folder.path(), &identity(), 0, &HashSet::new()).unwrap();
        let path = fs_err::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        let mut bytes = fs_err::read(&path).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        fs_err::write(&path, bytes).unwrap();
        let files = HashMap::from([(pack(0), 100), (pack(1), 100)]);
        let again = Index::default();
        again.recall(folder.path(), &identity(), &files).unwrap();
        let known = again.knows(&pack(0));
        for chunk in 0..=u8::MAX {
            for place in places(&again, chunk) {
                prop_assert!(places(&index, chunk).contains(&place));
            }
        }
        prop_assert_eq!(again.drop_broken(), known, "what was opened is found out");
        prop_assert!(!again.knows(&pack(0)), "its packs are read again");
        drop(index); // Windows removes a file when nobody has it open any more.
        prop_assert!(!path.exists());
    }
}

#[test]
fn an_index_of_another_repository_or_of_nobody_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::default();
    index.add_indexed(&[indexed(0, &[1, 2, 3])]);
    let objects = HashSet::from([pack(9)]);
    index.unload(folder.path(), &identity(), 0, &objects).unwrap();
    let other = Identity { repository: RepositoryId::from_bytes([4; 16]), ..identity() };
    let files = HashMap::from([(pack(0), 100)]);
    assert!(Index::default().recall(folder.path(), &other, &files).unwrap().is_empty());
    assert_eq!(Index::default().recall(folder.path(), &identity(), &files).unwrap(), [pack(9)]);
    let thief = Identity { key: [8; 32], ..identity() };
    assert!(Index::default().recall(folder.path(), &thief, &files).unwrap().is_empty());
}
