//! What recovery points need: one bit for each place of a chunk.

use std::collections::HashSet;

use kuramori_base::CancelToken;

use crate::error::RepoError;
use crate::format::chunk::ChunkKind;
use crate::format::manifest::Manifest;
use crate::format::names;
use crate::ids::{ChunkId, ObjectHash, RecoveryPointId};
use crate::index::Placed;
use crate::inner::Inner;
use crate::load::is_damage;
use crate::map::{MAX_CHUNKS, decode_node, height};
use crate::points::{Committed, is_missing};

/// What is needed.
pub(super) struct Roots<'a> {
    /// All recovery points that exist.
    pub(super) committed: &'a Committed,
    /// Those of them that are to go.
    pub(super) due: &'a HashSet<RecoveryPointId>,
    /// Those that are being read: needed, even when they were deleted.
    pub(super) read: &'a HashSet<RecoveryPointId>,
}

/// The places of the chunks that are needed, one for each chunk.
pub(super) struct Marks {
    bits: Vec<u64>,
    /// By number of the pack: whether to take a place elsewhere if there is one.
    avoid: Vec<bool>,
}

impl Marks {
    /// Walks the chunk maps of all roots. Of several places
    /// of a chunk one that is not known to be bad counts, then one outside of `avoid`, then the one
    /// in the pack whose name comes first.
    pub(super) fn of(
        view: &Inner,
        roots: &Roots<'_>,
        avoid: &HashSet<ObjectHash>,
        cancel: &CancelToken,
    ) -> Result<Self, RepoError> {
        let bits = vec![0; view.index.len().div_ceil(64)];
        let avoid = view.index.pack_names().iter().map(|pack| avoid.contains(pack)).collect();
        let mut marks = Self { bits, avoid };
        let goes = |point| roots.due.contains(&point) && !roots.read.contains(&point);
        for known in roots.committed.all.iter().filter(|known| !goes(known.manifest.id)) {
            marks.mark_point(view, &known.manifest, cancel)?;
        }
        for manifest in undecided(view, roots.committed)? {
            marks.mark_point(view, &manifest, cancel)?;
        }
        for manifest in kept_for_readers(view, roots)? {
            marks.mark_point(view, &manifest, cancel)?;
        }
        Ok(marks)
    }

    fn mark_point(
        &mut self,
        view: &Inner,
        manifest: &Manifest,
        cancel: &CancelToken,
    ) -> Result<(), RepoError> {
        for disk in &manifest.disks {
            let chunks = disk.capacity.div_ceil(manifest.chunk_len).min(MAX_CHUNKS);
            self.mark_node(view, disk.root, height(chunks), cancel)?;
        }
        Ok(())
    }

    /// Marks a node and all below it. What is marked already was walked already.
    fn mark_node(
        &mut self,
        view: &Inner,
        id: ChunkId,
        height: u32,
        cancel: &CancelToken,
    ) -> Result<(), RepoError> {
        if id.is_zero() || !self.mark(view, &id, ChunkKind::Map)? {
            return Ok(());
        }
        cancel.check()?;
        let mut bytes = Vec::new();
        view.read_chunk(&id, ChunkKind::Map, &mut bytes)?;
        let node = decode_node(&bytes)
            .map_err(|e| view.damaged(format!("map node {}", id.to_hex()), e))?;
        for child in node.iter().filter(|child| !child.is_zero()) {
            if height > 1 {
                self.mark_node(view, *child, height - 1, cancel)?;
            } else {
                self.mark(view, child, ChunkKind::Data)?;
            }
        }
        Ok(())
    }

    /// Marks a chunk. `false` when it was marked before.
    fn mark(&mut self, view: &Inner, id: &ChunkId, kind: ChunkKind) -> Result<bool, RepoError> {
        let places = view.index.placed(id, kind);
        if places.iter().any(|place| self.has(place.position)) {
            return Ok(false);
        }
        let best = places.iter().min_by_key(|p| (p.bad, self.avoids(p), p.at.pack));
        let Some(best) = best else { return Err(view.missing(id, kind)?) };
        if let Some(word) = self.bits.get_mut(best.position / 64) {
            *word |= 1 << (best.position % 64);
        }
        Ok(true)
    }

    fn avoids(&self, place: &Placed) -> bool {
        self.avoid.get(place.pack as usize).copied().unwrap_or(false)
    }

    /// Whether a place is the one that counts for a chunk in use.
    pub(super) fn has(&self, position: usize) -> bool {
        self.bits.get(position / 64).is_some_and(|word| word >> (position % 64) & 1 == 1)
    }

    /// Returns the packs with a place that counts.
    pub(super) fn packs(&self, view: &Inner) -> HashSet<ObjectHash> {
        let names = view.index.pack_names();
        let mut used = vec![false; names.len()];
        view.index.for_each(&mut |position, pack, _, _| {
            if self.has(position)
                && let Some(used) = used.get_mut(pack as usize)
            {
                *used = true;
            }
        });
        names.into_iter().zip(used).filter_map(|(name, used)| used.then_some(name)).collect()
    }
}

/// Returns the manifests of deleted recovery points that are being read. One that cannot be read
/// keeps nothing: its reader could read nothing either.
fn kept_for_readers(view: &Inner, roots: &Roots<'_>) -> Result<Vec<Manifest>, RepoError> {
    let gone = roots.committed.gone.iter().filter(|gone| roots.read.contains(&gone.point));
    let wanted: HashSet<ObjectHash> = gone.map(|gone| gone.manifest).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in view.store.list(names::POINTS)? {
        if !names::hash_of(&entry.name).is_some_and(|hash| wanted.contains(&hash)) {
            continue;
        }
        match view.read_manifest(&entry.name) {
            Ok(manifest) => found.push(manifest),
            Err(error) if is_missing(&error) || is_damage(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Returns the manifests of sessions whose outcome cannot be read: they may count.
fn undecided(view: &Inner, committed: &Committed) -> Result<Vec<Manifest>, RepoError> {
    if committed.undecided.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in view.store.list(names::POINTS)? {
        match view.read_manifest(&entry.name) {
            Ok(m) if committed.undecided.contains(&m.session) => found.push(m),
            Ok(_) => {}
            Err(error) if is_missing(&error) => {}
            // It may be one of them.
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}
