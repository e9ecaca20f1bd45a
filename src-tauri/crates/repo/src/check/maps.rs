//! Walks the chunk maps of all recovery points, each node once.

use kuramori_block::ByteLen;

use super::Check;
use crate::error::RepoError;
use crate::format::FormatError;
use crate::format::chunk::ChunkKind;
use crate::format::names;
use crate::ids::ChunkId;
use crate::index::{Location, key};
use crate::map::{NodeWalk, decode_node, height, span};

impl Check<'_> {
    /// Walks all maps and notes which chunks are used.
    pub(super) fn walk_maps(&mut self) -> Result<(), RepoError> {
        for known in self.points.clone() {
            for disk in &known.manifest.disks {
                let chunks = self.chunks_of(disk.capacity);
                self.walk(disk.root, NodeWalk { height: height(chunks), first: 0, limit: chunks })?;
            }
            if known.manifest.chunk_len != self.inner.chunk_len() {
                let reason = FormatError::Limit("the chunk size");
                self.damages.add(known.name.as_str(), reason);
                self.damages.hit_point(
                    known.name.as_str(),
                    known.manifest.id,
                    Some(&known.manifest),
                );
            }
        }
        Ok(())
    }

    pub(super) fn chunks_of(&self, capacity: ByteLen) -> u64 {
        capacity.div_ceil(self.inner.chunk_len()).min(crate::map::MAX_CHUNKS)
    }

    fn walk(&mut self, id: ChunkId, at: NodeWalk) -> Result<(), RepoError> {
        if id.is_zero() || at.first >= at.limit {
            return Ok(());
        }
        if at.height == 0 {
            let known = self.places.mark_used(&id, ChunkKind::Data);
            self.lost |= !known && !self.places.holds(&id, ChunkKind::Data);
            return Ok(());
        }
        self.places.mark_used(&id, ChunkKind::Map);
        // A node that reaches past the end of one disk may be whole on another.
        if at.is_whole() && !self.walked.insert((key(&id, ChunkKind::Map), at.height)) {
            return Ok(());
        }
        let Some(node) = self.node(&id)? else {
            self.lost = true;
            return Ok(());
        };
        self.looked_at(0)?;
        for (child, place) in node.into_iter().zip(0u64..) {
            self.walk(child, at.child(place))?;
        }
        Ok(())
    }

    /// Reads a map node from the first place where it can be read.
    pub(super) fn node(&mut self, id: &ChunkId) -> Result<Option<Vec<ChunkId>>, RepoError> {
        let mut bytes = Vec::new();
        for (place, bad) in self.places.of(id, ChunkKind::Map) {
            let Some(pack) = self.packs.get(place.pack as usize).filter(|_| !bad) else { continue };
            let location = Location {
                pack: pack.hash,
                offset: u64::from(place.offset),
                len: place.len as usize,
                number: place.number,
            };
            let read = self.inner.judge(|| {
                self.inner.read_frame(&location, id, ChunkKind::Map, &mut bytes)?;
                decode_node(&bytes).map_err(|e| self.inner.damaged_pack(location.pack, e))
            })?;
            match read {
                Ok(node) => return Ok(Some(node)),
                Err(reason) => {
                    self.damages.add(names::pack(location.pack).as_str(), reason);
                    self.prove(place.pack)?;
                }
            }
        }
        Ok(None)
    }

    /// Returns how many bytes of a disk a node covers from where.
    pub(super) fn area(&self, at: NodeWalk, capacity: ByteLen) -> kuramori_block::Extent {
        let chunk = self.inner.chunk_len().get();
        let start = at.first.saturating_mul(chunk).min(capacity.get());
        let end = at.first.saturating_add(span(at.height)).saturating_mul(chunk);
        kuramori_block::Extent::new(start, end.min(capacity.get()).saturating_sub(start))
    }
}
