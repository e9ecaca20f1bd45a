//! Which chunk lies where, in memory: 32 bytes for each chunk that is in the repository.
//!
//! Sorted runs of entries are merged as they grow, so that a lookup walks few of them; chunks of
//! packs that are not in the store yet are kept apart in a map until their pack has a name.
//! Keys are the first 16 bytes of an id; the whole id is checked when a chunk is opened.

use std::collections::{HashMap, HashSet};
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::format::chunk::ChunkKind;
use crate::format::envelope::HEADER_LEN;
use crate::format::pack::PackEntry;
use crate::ids::{ChunkId, ObjectHash};

type Key = [u8; 16];

/// Entries a run begins with; smaller ones are merged at once.
const MERGE_FACTOR: usize = 4;

fn key(id: &ChunkId, kind: ChunkKind) -> Key {
    let mut key = *id.as_bytes().first_chunk().expect("an id has 32 bytes");
    // Kinds never share a place, even if their ids ever did.
    key[15] = (key[15] & 0xFE) | u8::from(kind == ChunkKind::Map);
    key
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: Key,
    pack: u32,
    offset: u32,
    len: u32,
    number: u32,
}

/// Where the frame of a chunk lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    /// The pack.
    pub(crate) pack: ObjectHash,
    /// Where the frame begins, in bytes.
    pub(crate) offset: u64,
    /// Its length in bytes, tag included.
    pub(crate) len: usize,
    /// Its number in the pack.
    pub(crate) number: u32,
}

#[derive(Debug, Default)]
struct State {
    packs: Vec<ObjectHash>,
    numbers: HashMap<ObjectHash, u32>,
    runs: Vec<Vec<Entry>>,
    /// Chunks that are being compressed, or wait in a pack without a name.
    pending: HashSet<Key>,
}

/// The index of one repository, shared by all its sessions and views.
#[derive(Debug, Default)]
pub(crate) struct Index {
    state: RwLock<State>,
}

impl Index {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().expect("no holder of this lock panics")
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().expect("no holder of this lock panics")
    }

    /// Returns whether a pack is known.
    pub(crate) fn knows(&self, pack: &ObjectHash) -> bool {
        self.read().numbers.contains_key(pack)
    }

    /// Returns all known packs.
    pub(crate) fn packs(&self) -> HashSet<ObjectHash> {
        self.read().numbers.keys().copied().collect()
    }

    /// Returns all places of a chunk that is in the store.
    pub(crate) fn locate(&self, id: &ChunkId, kind: ChunkKind) -> Vec<Location> {
        self.read().locate(&key(id, kind))
    }

    /// Takes over the storing of a chunk. `false` when it is stored, or somebody is at it.
    pub(crate) fn claim(&self, id: &ChunkId, kind: ChunkKind) -> bool {
        let key = key(id, kind);
        {
            let state = self.read();
            if state.pending.contains(&key) || state.find(&key).is_some() {
                return false;
            }
        }
        let mut state = self.write();
        state.find(&key).is_none() && state.pending.insert(key)
    }

    /// Gives up chunks that were claimed: their pack did not reach the store.
    pub(crate) fn forget(&self, entries: &[PackEntry]) {
        let mut state = self.write();
        for entry in entries {
            state.pending.remove(&key(&entry.id, entry.kind));
        }
    }

    /// Takes in packs that are in the store.
    pub(crate) fn add(&self, packs: &[(ObjectHash, Vec<PackEntry>)]) {
        let mut state = self.write();
        let mut run = Vec::with_capacity(packs.iter().map(|(_, e)| e.len()).sum());
        for (pack, entries) in packs {
            if state.numbers.contains_key(pack) {
                continue;
            }
            let number = u32::try_from(state.packs.len()).expect("fewer than 2^32 packs");
            state.packs.push(*pack);
            state.numbers.insert(*pack, number);
            let mut offset = u32::try_from(HEADER_LEN).expect("a small number");
            for (entry, at) in entries.iter().zip(0u32..) {
                let key = key(&entry.id, entry.kind);
                state.pending.remove(&key);
                run.push(Entry { key, pack: number, offset, len: entry.len, number: at });
                offset = offset.saturating_add(entry.len);
            }
        }
        state.add_run(run);
    }

    /// Forgets packs that `keep` refuses, as their files are gone.
    pub(crate) fn retain(&self, keep: impl Fn(&ObjectHash) -> bool) {
        let mut state = self.write();
        let gone: HashSet<u32> = state
            .numbers
            .iter()
            .filter_map(|(pack, number)| (!keep(pack)).then_some(*number))
            .collect();
        if gone.is_empty() {
            return;
        }
        state.numbers.retain(|_, number| !gone.contains(number));
        for run in &mut state.runs {
            run.retain(|entry| !gone.contains(&entry.pack));
        }
    }
}

impl State {
    fn find(&self, key: &Key) -> Option<&Entry> {
        self.runs.iter().find_map(|run| {
            let at = run.partition_point(|entry| entry.key < *key);
            run.get(at).filter(|entry| entry.key == *key)
        })
    }

    fn locate(&self, key: &Key) -> Vec<Location> {
        let mut found = Vec::new();
        for run in &self.runs {
            let at = run.partition_point(|entry| entry.key < *key);
            for entry in run.iter().skip(at).take_while(|entry| entry.key == *key) {
                if let Some(pack) = self.packs.get(entry.pack as usize) {
                    found.push(Location {
                        pack: *pack,
                        offset: u64::from(entry.offset),
                        len: entry.len as usize,
                        number: entry.number,
                    });
                }
            }
        }
        found
    }

    /// Runs shrink by a factor from first to last, so there are few and each entry moves rarely.
    fn add_run(&mut self, mut run: Vec<Entry>) {
        if run.is_empty() {
            return;
        }
        run.sort_by_key(|entry| entry.key);
        while let Some(last) = self.runs.pop() {
            if last.len() > run.len().saturating_mul(MERGE_FACTOR) {
                self.runs.push(last);
                break;
            }
            let mut joined = last;
            joined.reserve_exact(run.len());
            joined.append(&mut run);
            // A stable sort finds the two sorted halves and merges them in one pass.
            joined.sort_by_key(|entry| entry.key);
            run = joined;
        }
        self.runs.push(run);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

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
}
