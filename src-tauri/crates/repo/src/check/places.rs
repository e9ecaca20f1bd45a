//! Every place of every chunk, in a table of 32 bytes a place and two bits.

use std::ops::Range;

use crate::format::chunk::ChunkKind;
use crate::format::envelope::HEADER_LEN;
use crate::format::pack::PackEntry;
use crate::ids::ChunkId;
use crate::index::{Key, key};

/// One place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    key: Key,
    /// Number of the pack in the check.
    pub(super) pack: u32,
    pub(super) offset: u32,
    pub(super) len: u32,
    /// Number of the frame in the pack.
    pub(super) number: u32,
}

/// All places, sorted by chunk once they are complete.
#[derive(Debug, Default)]
pub(super) struct Places {
    places: Vec<Place>,
    used: Bits,
    bad: Bits,
}

#[derive(Debug, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn sized(len: usize) -> Self {
        Self(vec![0; len.div_ceil(64)])
    }

    /// Sets a bit and returns what it was.
    fn set(&mut self, at: usize) -> bool {
        let Some(word) = self.0.get_mut(at / 64) else { return false };
        let mask = 1 << (at % 64);
        let was = *word & mask != 0;
        *word |= mask;
        was
    }

    fn get(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word & (1 << (at % 64)) != 0)
    }
}

impl Places {
    /// Takes in the chunks of a pack.
    pub(super) fn add(&mut self, pack: u32, entries: &[PackEntry]) {
        let mut offset = u32::try_from(HEADER_LEN).expect("a small number");
        for (entry, number) in entries.iter().zip(0u32..) {
            let key = key(&entry.id, entry.kind);
            self.places.push(Place { key, pack, offset, len: entry.len, number });
            offset = offset.saturating_add(entry.len);
        }
    }

    /// Sorts the places; afterwards they can be asked for.
    pub(super) fn complete(&mut self) {
        self.places.sort_unstable_by_key(|place| (place.key, place.pack, place.number));
        self.used = Bits::sized(self.places.len());
        self.bad = Bits::sized(self.places.len());
    }

    fn range(&self, key: &Key) -> Range<usize> {
        let start = self.places.partition_point(|place| place.key < *key);
        let rest = self.places.get(start..).unwrap_or_default();
        start..start + rest.iter().take_while(|place| place.key == *key).count()
    }

    /// Returns all places of a chunk, and whether each is known to be bad.
    pub(super) fn of(&self, id: &ChunkId, kind: ChunkKind) -> Vec<(Place, bool)> {
        let range = self.range(&key(id, kind));
        range.filter_map(|at| Some((*self.places.get(at)?, self.bad.get(at)))).collect()
    }

    /// Returns whether a chunk can be read somewhere.
    pub(super) fn holds(&self, id: &ChunkId, kind: ChunkKind) -> bool {
        self.range(&key(id, kind)).any(|at| !self.bad.get(at))
    }

    /// Notes that a recovery point uses a chunk. Returns whether that was known.
    pub(super) fn mark_used(&mut self, id: &ChunkId, kind: ChunkKind) -> bool {
        let mut was = false;
        for at in self.range(&key(id, kind)) {
            was = self.used.set(at);
        }
        was
    }

    /// Returns how many places there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Returns where in the table the first place of a chunk stands, and the length of its frame.
    pub(super) fn first(&self, id: &ChunkId, kind: ChunkKind) -> Option<(usize, u32)> {
        let at = self.range(&key(id, kind)).start;
        let place = self.places.get(at)?;
        (place.key == key(id, kind)).then_some((at, place.len))
    }

    /// Notes that frames of a pack cannot be read.
    pub(super) fn mark_bad(&mut self, pack: u32, entries: &[PackEntry], frames: &[u32]) {
        for number in frames {
            let Some(entry) = usize::try_from(*number).ok().and_then(|n| entries.get(n)) else {
                continue;
            };
            for at in self.range(&key(&entry.id, entry.kind)) {
                if self.places.get(at).is_some_and(|p| p.pack == pack && p.number == *number) {
                    self.bad.set(at);
                }
            }
        }
    }

    /// Returns how many different chunks are used, and how many places with how many bytes are
    /// not needed: unused ones, and second ones.
    pub(super) fn count(&self) -> (u64, u64, u64) {
        let (mut used, mut spare, mut bytes) = (0, 0, 0);
        let mut last = None;
        for (at, place) in self.places.iter().enumerate() {
            let again = last.replace(place.key) == Some(place.key);
            if self.used.get(at) && !again {
                used += 1;
            } else {
                spare += u64::from(!again);
                bytes += u64::from(place.len);
            }
        }
        (used, spare, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u8) -> PackEntry {
        let id = ChunkId::from_bytes([id; 32]);
        PackEntry { id, kind: ChunkKind::Data, len: 528, raw_len: 500 }
    }

    #[test]
    fn a_chunk_is_held_as_long_as_one_place_is_good() {
        let mut places = Places::default();
        let packs = [vec![entry(1), entry(2)], vec![entry(2), entry(3)]];
        for (pack, entries) in packs.iter().zip(0u32..).map(|(p, n)| (n, p)) {
            places.add(pack, entries);
        }
        places.complete();
        let id = entry(2).id;
        places.mark_bad(0, &packs[0], &[1, 7]);
        assert!(places.holds(&id, ChunkKind::Data), "the other pack has it");
        assert!(!places.holds(&id, ChunkKind::Map), "kinds are apart");
        places.mark_bad(1, &packs[1], &[0]);
        assert!(!places.holds(&id, ChunkKind::Data));
        assert!(places.holds(&entry(3).id, ChunkKind::Data));
        assert_eq!(places.of(&id, ChunkKind::Data).len(), 2);
        assert!(!places.mark_used(&id, ChunkKind::Data) && places.mark_used(&id, ChunkKind::Data));
        assert!(!places.mark_used(&entry(9).id, ChunkKind::Data), "nobody has it");
        assert_eq!(places.count(), (1, 2, 3 * 528));
    }
}
