//! Chunk maps: which chunk stands where on a disk.
//!
//! A tree of nodes with 256 places each. Height 1 is a leaf of chunk ids, higher nodes hold ids of
//! nodes. Nodes are chunks of kind `Map`, so equal parts of maps are stored once. A missing place
//! is zeros; nodes leave out the zeros at their end, so a disk may grow without touching them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::error::RepoError;
use crate::format::FormatError;
use crate::format::chunk::ChunkKind;
use crate::ids::ChunkId;
use crate::inner::{Inner, lock};

/// Places of a node.
pub(crate) const FANOUT: u64 = 256;
const FANOUT_BITS: u32 = 8;
/// Size of a full node in bytes.
pub(crate) const NODE_BYTES: u32 = 256 * 32;
/// Most chunks of a disk: four levels.
pub(crate) const MAX_CHUNKS: u64 = 1 << 32;
/// Nodes a reader keeps: 2 MiB, the leaves of 16 GiB at 256 KiB a chunk.
const CACHED_NODES: usize = 256;

/// Returns the height of the tree for a number of chunks; 1 is a single leaf.
pub(crate) fn height(chunks: u64) -> u32 {
    (1..4).find(|h| chunks <= 1 << (FANOUT_BITS * h)).unwrap_or(4)
}

/// Returns how many chunks a node of a height covers.
pub(crate) fn span(height: u32) -> u64 {
    1 << (FANOUT_BITS * height)
}

/// Where a walk over a map stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeWalk {
    /// 0 is a chunk.
    pub(crate) height: u32,
    /// First chunk of the disk that the node covers.
    pub(crate) first: u64,
    /// Number of chunks of the disk.
    pub(crate) limit: u64,
}

impl NodeWalk {
    /// Goes down to a place of the node.
    pub(crate) fn child(self, place: u64) -> Self {
        let height = self.height.saturating_sub(1);
        let first = self.first.saturating_add(place.saturating_mul(span(height)));
        Self { height, first, ..self }
    }

    /// Returns whether all places of the node lie on the disk.
    pub(crate) fn is_whole(self) -> bool {
        self.first.saturating_add(span(self.height)) <= self.limit
    }
}

/// Writes a node without the zeros at its end. Empty when there is nothing in it.
pub(crate) fn encode_node(places: &[ChunkId]) -> Vec<u8> {
    let used = places.iter().rposition(|id| !id.is_zero()).map_or(0, |at| at + 1);
    places.iter().take(used).flat_map(|id| *id.as_bytes()).collect()
}

/// Reads a node; places it leaves out are zeros.
pub(crate) fn decode_node(bytes: &[u8]) -> Result<Vec<ChunkId>, FormatError> {
    let (places, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() || places.len() as u64 > FANOUT {
        return Err(FormatError::Length);
    }
    Ok(places.iter().map(|id| ChunkId::from_bytes(*id)).collect())
}

/// Reads the map of one disk. Keeps few nodes, however large the disk.
pub(crate) struct MapReader {
    inner: Arc<Inner>,
    root: ChunkId,
    height: u32,
    /// Places from here on count as zeros, whatever the nodes say.
    limit: u64,
    cache: Mutex<HashMap<ChunkId, Arc<Vec<ChunkId>>>>,
}

impl MapReader {
    /// Opens the map of a disk of `chunks` chunks.
    pub(crate) fn new(inner: Arc<Inner>, root: ChunkId, chunks: u64) -> Self {
        let (height, limit) = (height(chunks), chunks);
        Self { inner, root, height, limit, cache: Mutex::default() }
    }

    /// Hides what lies behind `chunks`, for a disk that shrank.
    pub(crate) fn limited(mut self, chunks: u64) -> Self {
        self.limit = self.limit.min(chunks);
        self
    }

    /// Returns the id at a place: height 0 is a chunk, above are nodes.
    pub(crate) fn at(&self, height: u32, index: u64) -> Result<ChunkId, RepoError> {
        let beyond = index.checked_mul(span(height)).is_none_or(|first| first >= self.limit);
        if beyond || (height >= self.height && index > 0) {
            return Ok(ChunkId::ZERO);
        }
        let mut id = self.root;
        for level in (height + 1..=self.height).rev() {
            if id.is_zero() {
                break;
            }
            let place = (index >> (FANOUT_BITS * (level - 1 - height))) % FANOUT;
            let node = self.node(&id)?;
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            id = node.get(place).copied().unwrap_or(ChunkId::ZERO);
        }
        Ok(id)
    }

    /// Calls `visit` with the index of every stored chunk, in rising order.
    pub(crate) fn for_each(&self, visit: &mut dyn FnMut(u64)) -> Result<(), RepoError> {
        self.walk(self.root, self.height, 0, visit)
    }

    fn walk(
        &self,
        id: ChunkId,
        height: u32,
        first: u64,
        visit: &mut dyn FnMut(u64),
    ) -> Result<(), RepoError> {
        if id.is_zero() || first >= self.limit {
            return Ok(());
        }
        if height == 0 {
            visit(first);
            return Ok(());
        }
        let node = self.node(&id)?;
        let step = span(height - 1);
        for (child, place) in node.iter().zip(0u64..) {
            self.walk(*child, height - 1, first + place * step, visit)?;
        }
        Ok(())
    }

    fn node(&self, id: &ChunkId) -> Result<Arc<Vec<ChunkId>>, RepoError> {
        if let Some(node) = lock(&self.cache).get(id) {
            return Ok(Arc::clone(node));
        }
        let mut bytes = Vec::new();
        self.inner.read_chunk(id, ChunkKind::Map, &mut bytes)?;
        let node = decode_node(&bytes)
            .map_err(|e| self.inner.damaged(format!("map node {}", id.to_hex()), e))?;
        let node = Arc::new(node);
        let mut cache = lock(&self.cache);
        if cache.len() >= CACHED_NODES {
            // Reads go on from where they are: what is needed soon comes back at once.
            cache.clear();
        }
        cache.insert(*id, Arc::clone(&node));
        Ok(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_cover_their_chunks() {
        for (chunks, expected) in [(0, 1), (1, 1), (256, 1), (257, 2), (65_536, 2), (65_537, 3)] {
            assert_eq!(height(chunks), expected, "{chunks} chunks");
        }
        assert_eq!(height(MAX_CHUNKS), 4);
    }

    #[test]
    fn nodes_leave_out_the_zeros_at_their_end() {
        let id = ChunkId::from_bytes([7; 32]);
        let node = [ChunkId::ZERO, id, ChunkId::ZERO];
        let bytes = encode_node(&node);
        assert_eq!(bytes.len(), 64);
        assert_eq!(decode_node(&bytes).unwrap(), node[..2]);
        assert!(encode_node(&[ChunkId::ZERO; 4]).is_empty());
        assert!(decode_node(&[0; 33]).is_err());
        assert!(decode_node(&vec![0; 257 * 32]).is_err());
    }
}
