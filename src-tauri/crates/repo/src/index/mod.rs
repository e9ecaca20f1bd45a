//! Which chunk lies where: 32 bytes for each chunk that is in the repository.
//!
//! Sorted runs of entries are merged as they grow, so that a lookup walks few of them; chunks of
//! packs that are not in the store yet are kept apart in a map until their pack has a name.
//! Keys are the first 16 bytes of an id; the whole id is checked when a chunk is opened.
//! Where a folder is given, what would take much memory lies in a file there ([`file`]).

mod entry;
mod file;
#[cfg(feature = "testing")]
mod made_up;
mod state;

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use entry::Entry;
pub(crate) use entry::Key;
pub(crate) use file::Identity;
use file::{Covered, IndexFile};
#[cfg(feature = "testing")]
pub use made_up::MadeUpIndex;
use state::State;

use crate::format::chunk::ChunkKind;
use crate::format::envelope::HEADER_LEN;
use crate::format::index::IndexPack;
use crate::format::pack::PackEntry;
use crate::ids::{ChunkId, ObjectHash};

/// Entries a run begins with; smaller ones are merged at once.
const MERGE_FACTOR: usize = 4;

/// Returns what stands for a chunk in tables.
pub(crate) fn key(id: &ChunkId, kind: ChunkKind) -> Key {
    let mut key = *id.as_bytes().first_chunk().expect("an id has 32 bytes");
    // Kinds never share a place, even if their ids ever did.
    key[15] = (key[15] & 0xFE) | u8::from(kind == ChunkKind::Map);
    key
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

    /// Takes in packs that are in the store and that no index object names yet.
    pub(crate) fn add(&self, packs: &[(ObjectHash, Vec<PackEntry>)]) {
        let packs: Vec<_> = packs.iter().map(|(pack, entries)| (pack, None, entries)).collect();
        self.add_all(&packs);
    }

    /// Takes in packs that an index object names.
    pub(crate) fn add_indexed(&self, packs: &[IndexPack]) {
        let packs: Vec<_> =
            packs.iter().map(|pack| (&pack.pack, Some(pack.size), &pack.entries)).collect();
        self.add_all(&packs);
    }

    fn add_all(&self, packs: &[(&ObjectHash, Option<u64>, &Vec<PackEntry>)]) {
        let mut state = self.write();
        let mut run = Vec::with_capacity(packs.iter().map(|(.., e)| e.len()).sum());
        for (pack, size, entries) in packs {
            if let Some(number) = state.number(**pack) {
                let mut offset = u32::try_from(HEADER_LEN).expect("a small number");
                for (entry, at) in entries.iter().zip(0u32..) {
                    let key = key(&entry.id, entry.kind);
                    state.pending.remove(&key);
                    run.push(Entry { key, pack: number, offset, len: entry.len, number: at });
                    offset = offset.saturating_add(entry.len);
                }
            }
            if let Some(size) = size {
                state.set_indexed(pack, *size, entries.len());
            }
        }
        state.add_run(run);
    }

    /// Begins with what a folder keeps of an index, as far as the packs in `files` are there, and
    /// returns the index objects that need not be read.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(crate) fn recall(
        &self,
        folder: &Path,
        identity: &Identity,
        files: &HashMap<ObjectHash, u64>,
    ) -> io::Result<Vec<ObjectHash>> {
        let Some((file, covered)) = IndexFile::newest(folder, identity)? else {
            return Ok(Vec::new());
        };
        let is_there = |pack: &file::CoveredPack| files.get(&pack.name) == Some(&pack.size);
        self.write().attach(file, &covered.packs, is_there);
        Ok(covered.objects)
    }

    /// Moves most of what is in memory to a file when it is more than `worth` entries. `objects` are the index objects
    /// that were read.
    ///
    /// # Errors
    /// The file cannot be written, or the one before not read; all stays as it is then.
    pub(crate) fn unload(
        &self,
        folder: &Path,
        identity: &Identity,
        worth: u64,
        objects: &HashSet<ObjectHash>,
    ) -> io::Result<()> {
        if !self.read().is_heavy(worth) {
            return Ok(());
        }
        // No reader sees the old numbers with the new file.
        let mut state = self.write();
        let objects = objects.iter().copied().collect();
        let (file, covered) = state.merged(|packs, next| {
            IndexFile::write(folder, identity, Covered { objects, packs }, next)
        })?;
        state.settle(file, &covered);
        Ok(())
    }

    /// Forgets a file that turned out to be damaged; what it knew has to be read again then.
    pub(crate) fn drop_broken(&self) -> bool {
        self.write().drop_broken()
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
        state.remove(&gone);
    }
}

#[cfg(test)]
mod tests;
