//! Says which disks and areas are hit by damage.

use std::collections::{BTreeSet, HashSet};

use super::Check;
use crate::error::RepoError;
use crate::format::FormatError;
use crate::format::chunk::ChunkKind;
use crate::format::manifest::{Manifest, ManifestDisk};
use crate::format::names;
use crate::ids::ChunkId;
use crate::index::{Key, key};
use crate::map::{NodeWalk, height};

/// What a chunk is blamed on that no pack and no index object knows.
const NOWHERE: &str = names::PACKS;

/// The disk that is looked at.
#[derive(Clone, Copy)]
struct On<'m> {
    manifest: &'m Manifest,
    number: usize,
    disk: &'m ManifestDisk,
}

impl Check<'_> {
    /// Walks the maps once more, past all that is whole, and notes what is not.
    pub(super) fn find_hits(&mut self) -> Result<(), RepoError> {
        let mut whole = HashSet::new();
        for known in self.points.clone() {
            let manifest = &known.manifest;
            for (disk, number) in manifest.disks.iter().zip(0..) {
                let chunks = self.chunks_of(disk.capacity);
                let at = NodeWalk { height: height(chunks), first: 0, limit: chunks };
                self.find(On { manifest, number, disk }, disk.root, at, &mut whole)?;
            }
        }
        Ok(())
    }

    /// Returns whether nothing below is lost.
    fn find(
        &mut self,
        on: On<'_>,
        id: ChunkId,
        at: NodeWalk,
        whole: &mut HashSet<(Key, u32)>,
    ) -> Result<bool, RepoError> {
        if id.is_zero() || at.first >= at.limit {
            return Ok(true);
        }
        let kind = if at.height == 0 { ChunkKind::Data } else { ChunkKind::Map };
        let place = (key(&id, kind), at.height);
        if whole.contains(&place) {
            return Ok(true);
        }
        if at.height == 0 {
            let held = self.places.holds(&id, kind);
            if !held {
                self.blame(on, &id, kind, at);
            }
            return Ok(held);
        }
        let Some(node) = self.node(&id)? else {
            self.blame(on, &id, kind, at);
            return Ok(false);
        };
        self.looked_at(0)?;
        let mut all = true;
        for (child, number) in node.into_iter().zip(0u64..) {
            all &= self.find(on, child, at.child(number), whole)?;
        }
        if all && at.is_whole() {
            whole.insert(place);
        }
        Ok(all)
    }

    /// Blames the loss of an area on every pack that should hold it.
    fn blame(&mut self, on: On<'_>, id: &ChunkId, kind: ChunkKind, at: NodeWalk) {
        let area = self.area(at, on.disk.capacity);
        let packs: BTreeSet<u32> =
            self.places.of(id, kind).into_iter().map(|(place, _)| place.pack).collect();
        let mut objects: Vec<_> = packs
            .iter()
            .filter_map(|number| self.packs.get(*number as usize))
            .map(|pack| names::pack(pack.hash).to_string())
            .collect();
        if objects.is_empty() {
            objects.push(NOWHERE.to_owned());
        }
        for object in objects {
            self.damages.add(&object, FormatError::Missing);
            self.damages.hit(&object, on.manifest, on.number, area);
        }
    }
}
