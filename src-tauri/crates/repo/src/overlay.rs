//! The places of a disk that were written in a session, before they become map nodes.

use std::collections::BTreeMap;

use crate::ids::ChunkId;
use crate::map::FANOUT;

/// What is known of one leaf.
#[derive(Debug)]
enum Leaf {
    /// Some places are written; `None` while the chunk is on its way.
    Open(Vec<(u8, Option<ChunkId>)>),
    /// All places were written and the leaf is stored.
    Done { id: ChunkId, used: u64 },
}

/// A leaf as the end of a disk's session sees it.
#[derive(Debug)]
pub(crate) enum Written {
    /// These places were written; others keep what the parent has.
    Places(Vec<(u8, ChunkId)>),
    /// The whole leaf was written.
    Whole { id: ChunkId, used: u64 },
}

/// Written places, at about 35 bytes each until their leaf is full.
#[derive(Debug)]
pub(crate) struct Overlay {
    chunks: u64,
    leaves: BTreeMap<u64, Leaf>,
}

fn split(index: u64) -> (u64, u8) {
    (index / FANOUT, u8::try_from(index % FANOUT).expect("a place in a node fits a byte"))
}

impl Overlay {
    /// Makes an overlay for a disk of `chunks` chunks.
    pub(crate) fn new(chunks: u64) -> Self {
        Self { chunks, leaves: BTreeMap::new() }
    }

    /// Takes a place. `false` when it was taken before.
    pub(crate) fn reserve(&mut self, index: u64) -> bool {
        let (leaf, place) = split(index);
        match self.leaves.entry(leaf).or_insert_with(|| Leaf::Open(Vec::new())) {
            Leaf::Done { .. } => false,
            Leaf::Open(places) if places.iter().any(|(p, _)| *p == place) => false,
            Leaf::Open(places) => {
                places.push((place, None));
                true
            }
        }
    }

    /// Says what stands at a reserved place. Returns the leaf when it became full.
    pub(crate) fn set(&mut self, index: u64, id: ChunkId) -> Option<(u64, Vec<ChunkId>)> {
        let (leaf, place) = split(index);
        let width = self.chunks.saturating_sub(leaf * FANOUT).min(FANOUT);
        let Some(Leaf::Open(places)) = self.leaves.get_mut(&leaf) else { return None };
        let slot = places.iter_mut().find(|(p, _)| *p == place)?;
        slot.1 = Some(id);
        if places.len() as u64 != width || places.iter().any(|(_, id)| id.is_none()) {
            return None;
        }
        let mut ids = vec![ChunkId::ZERO; places.len()];
        for (place, id) in places {
            if let (Some(to), Some(id)) = (ids.get_mut(usize::from(*place)), id) {
                *to = *id;
            }
        }
        Some((leaf, ids))
    }

    /// Replaces a full leaf by its id.
    pub(crate) fn done(&mut self, leaf: u64, id: ChunkId, used: u64) {
        self.leaves.insert(leaf, Leaf::Done { id, used });
    }

    /// Makes sure a leaf is looked at again even when nothing in it was written.
    pub(crate) fn touch(&mut self, leaf: u64) {
        self.leaves.entry(leaf).or_insert_with(|| Leaf::Open(Vec::new()));
    }

    /// Returns whether a place was written.
    pub(crate) fn holds(&self, index: u64) -> bool {
        let (leaf, place) = split(index);
        match self.leaves.get(&leaf) {
            None => false,
            Some(Leaf::Done { .. }) => true,
            Some(Leaf::Open(places)) => places.iter().any(|(p, _)| *p == place),
        }
    }

    /// Returns all leaves in rising order. Every chunk has arrived by now.
    pub(crate) fn into_leaves(self) -> impl Iterator<Item = (u64, Written)> {
        self.leaves.into_iter().map(|(leaf, state)| match state {
            Leaf::Done { id, used } => (leaf, Written::Whole { id, used }),
            Leaf::Open(places) => {
                let arrived = places.into_iter().filter_map(|(place, id)| Some((place, id?)));
                (leaf, Written::Places(arrived.collect()))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_taken_once_and_a_full_leaf_is_handed_out_once() {
        let mut overlay = Overlay::new(258);
        let id = ChunkId::from_bytes([1; 32]);
        assert!(overlay.reserve(256));
        assert!(!overlay.reserve(256), "taken");
        assert!(overlay.set(256, id).is_none(), "one place of two");
        assert!(overlay.reserve(257));
        let (leaf, ids) = overlay.set(257, ChunkId::ZERO).unwrap();
        assert_eq!((leaf, ids), (1, vec![id, ChunkId::ZERO]), "the short last leaf is full");
        overlay.done(1, id, 1);
        assert!(!overlay.reserve(256), "a stored leaf takes nothing more");
        assert!(overlay.holds(257) && !overlay.holds(0));
    }
}
