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

pub(crate) type Key = [u8; 16];

/// Entries a run begins with; smaller ones are merged at once.
const MERGE_FACTOR: usize = 4;

/// Returns what stands for a chunk in tables.
pub(crate) fn key(id: &ChunkId, kind: ChunkKind) -> Key {
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
    /// Frames that are known to be bad: pack and number. No new data refers to them.
    bad: HashSet<(u32, u32)>,
    /// Packs that are being replaced, with all their frames.
    replaced: HashSet<u32>,
    /// Chunks that are being compressed, or wait in a pack without a name.
    pending: HashSet<Key>,
    /// Packs that may be read from but not referred to: a collection wants to remove them.
    condemned: HashSet<u32>,
}

/// A place of a chunk, with its position in an index that was made compact.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    pub(crate) position: usize,
    /// Whether the frame is known to be bad.
    pub(crate) bad: bool,
    /// Number of the pack: its position in [`Index::pack_names`].
    pub(crate) pack: u32,
    pub(crate) at: Location,
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

    /// Replaces what is known to be bad: frames that readers try last and writers never refer to.
    pub(crate) fn set_bad<'f>(&self, frames: impl Iterator<Item = (&'f ObjectHash, &'f [u32])>) {
        let mut state = self.write();
        let mut bad = HashSet::new();
        for (pack, frames) in frames {
            if let Some(number) = state.numbers.get(pack) {
                bad.extend(frames.iter().map(|frame| (*number, *frame)));
            }
        }
        state.bad = bad;
    }

    /// Counts all frames of a pack as bad from now on.
    pub(crate) fn replace(&self, pack: &ObjectHash) {
        let mut state = self.write();
        if let Some(number) = state.numbers.get(pack).copied() {
            state.replaced.insert(number);
        }
    }

    /// Returns whether a chunk is in the store, in a place that is not known to be bad.
    pub(crate) fn holds(&self, id: &ChunkId, kind: ChunkKind) -> bool {
        self.read().holds(&key(id, kind))
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
            if state.pending.contains(&key) || state.offers(&key) {
                return false;
            }
        }
        let mut state = self.write();
        !state.offers(&key) && state.pending.insert(key)
    }

    /// Says which packs new recovery points must not refer to, in place of what was said before.
    pub(crate) fn condemn(&self, packs: &HashSet<ObjectHash>) {
        let mut state = self.write();
        let numbers = packs.iter().filter_map(|pack| state.numbers.get(pack).copied()).collect();
        state.condemned = numbers;
    }

    /// Joins all entries, which then keep their positions until something is added.
    pub(crate) fn compact(&self) {
        let mut state = self.write();
        let mut all = std::mem::take(&mut state.runs).concat();
        all.sort_by_key(|entry| entry.key);
        state.runs.push(all);
    }

    /// Returns the number of entries.
    pub(crate) fn len(&self) -> usize {
        self.read().runs.iter().map(Vec::len).sum()
    }

    /// Returns the names of all packs by their numbers.
    pub(crate) fn pack_names(&self) -> Vec<ObjectHash> {
        self.read().packs.clone()
    }

    /// Returns all places of a chunk in an index that was made compact.
    pub(crate) fn placed(&self, id: &ChunkId, kind: ChunkKind) -> Vec<Placed> {
        let (state, key) = (self.read(), key(id, kind));
        let Some(run) = state.runs.first() else { return Vec::new() };
        let first = run.partition_point(|entry| entry.key < key);
        let same = run.iter().enumerate().skip(first).take_while(|(_, entry)| entry.key == key);
        same.filter_map(|(position, entry)| {
            let bad = state.is_bad(entry);
            Some(Placed { position, bad, pack: entry.pack, at: state.location(entry)? })
        })
        .collect()
    }

    /// Visits all entries of an index that was made compact: position, pack, length of the frame,
    /// and the position of the first entry of the same chunk.
    pub(crate) fn for_each(&self, visit: &mut dyn FnMut(usize, u32, u32, usize)) {
        let state = self.read();
        let Some(run) = state.runs.first() else { return };
        let mut first = 0;
        let mut before = None;
        for (position, entry) in run.iter().enumerate() {
            if before != Some(entry.key) {
                (first, before) = (position, Some(entry.key));
            }
            visit(position, entry.pack, entry.len, first);
        }
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

    /// Returns pack and number of the places that `marked` names, of the chunks whose first places
    /// are given.
    pub(crate) fn marked_among(
        &self,
        firsts: &HashSet<usize>,
        marked: &dyn Fn(usize) -> bool,
    ) -> Vec<(ObjectHash, u32)> {
        let mut found = Vec::new();
        let state = self.read();
        let Some(run) = state.runs.first() else { return found };
        for first in firsts {
            let Some(key) = run.get(*first).map(|entry| entry.key) else { continue };
            let same = run.iter().enumerate().skip(*first).take_while(|(_, e)| e.key == key);
            for (_, entry) in same.filter(|(position, _)| marked(*position)) {
                if let Some(pack) = state.packs.get(entry.pack as usize) {
                    found.push((*pack, entry.number));
                }
            }
        }
        found
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
        state.condemned.retain(|number| !gone.contains(number));
        for run in &mut state.runs {
            run.retain(|entry| !gone.contains(&entry.pack));
        }
    }
}

impl State {
    /// Whether there is a place of a chunk that a new recovery point may refer to.
    fn offers(&self, key: &Key) -> bool {
        self.entries(key).any(|entry| !self.condemned.contains(&entry.pack) && !self.is_bad(entry))
    }

    fn entries<'a>(&'a self, key: &Key) -> impl Iterator<Item = &'a Entry> {
        let key = *key;
        self.runs.iter().flat_map(move |run| {
            let at = run.partition_point(|entry| entry.key < key);
            run.iter().skip(at).take_while(move |entry| entry.key == key)
        })
    }

    fn location(&self, entry: &Entry) -> Option<Location> {
        Some(Location {
            pack: *self.packs.get(entry.pack as usize)?,
            offset: u64::from(entry.offset),
            len: entry.len as usize,
            number: entry.number,
        })
    }

    fn is_bad(&self, entry: &Entry) -> bool {
        self.bad.contains(&(entry.pack, entry.number)) || self.replaced.contains(&entry.pack)
    }

    fn holds(&self, key: &Key) -> bool {
        self.entries(key).any(|entry| !self.is_bad(entry))
    }

    fn locate(&self, key: &Key) -> Vec<Location> {
        let mut entries: Vec<_> = self.entries(key).collect();
        entries.sort_by_key(|entry| self.is_bad(entry));
        entries.into_iter().filter_map(|entry| self.location(entry)).collect()
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
}
