//! Takes lost chunks from another repository, by VM, disk and place. Their keyed ids prove them.

use std::sync::Arc;

use kuramori_block::{ByteLen, ByteOffset, DiskReader};

use super::Repair;
use crate::error::{RepoError, RepoErrorKind as Kind};
use crate::format::chunk::ChunkKind;
use crate::format::manifest::{Manifest, ManifestDisk};
use crate::ids::ChunkId;
use crate::inner::Inner;
use crate::map::{FANOUT, NodeWalk, decode_node, encode_node, height};
use crate::pipeline::Tools;
use crate::reader::ReadAs;
use crate::repository::Repository;
use crate::view::DiskView;
use crate::writer::is_zero;

/// Recovery points of the other repository that are looked at for one disk, the nearest in time.
const NEAREST: usize = 8;
/// Most map nodes that are made from content at once: a node above 4096 leaves at most, 32 MiB.
const MOST_NODES: usize = 4097;

/// A disk with lost parts, and the same disk elsewhere.
struct Healing<'a> {
    inner: &'a Arc<Inner>,
    capacity: ByteLen,
    views: Vec<DiskView>,
    tools: Tools,
}

/// Map nodes made from content.
type Nodes = Vec<(ChunkId, Vec<u8>)>;

impl Repair<'_> {
    /// Heals the disks of all recovery points that were hit.
    pub(super) fn heal(&mut self) -> Result<(), RepoError> {
        let Some(other) = &self.options.from else { return Ok(()) };
        let mut healed = 0;
        for point in self.report.before.lost_points() {
            let manifest = match self.repository.point(point) {
                Ok(manifest) => manifest,
                // A recovery point whose manifest is lost has nothing to compare with.
                Err(e) if matches!(e.kind(), Kind::Damaged | Kind::PointNotFound) => continue,
                Err(e) => return Err(e),
            };
            for disk in &manifest.disks {
                let views = views(other, &manifest, disk, &self.who)?;
                if views.is_empty() {
                    continue;
                }
                let inner = &self.repository.inner;
                let tools = Tools::new()?;
                let mut healing = Healing { inner, capacity: disk.capacity, views, tools };
                let chunks = disk.capacity.div_ceil(inner.chunk_len());
                let at = NodeWalk { height: height(chunks), first: 0, limit: chunks };
                healed += self.walk(&mut healing, disk.root, at)?;
            }
        }
        self.report.healed += healed;
        Ok(())
    }

    /// Heals what is lost below and returns how much that was.
    fn walk(&self, healing: &mut Healing<'_>, id: ChunkId, at: NodeWalk) -> Result<u64, RepoError> {
        if id.is_zero() || at.first >= at.limit {
            return Ok(0);
        }
        self.check_cancelled()?;
        if at.height == 0 {
            return self.heal_chunk(healing, &id, at);
        }
        let mut bytes = Vec::new();
        let read =
            healing.inner.judge(|| healing.inner.read_chunk(&id, ChunkKind::Map, &mut bytes))?;
        let mut healed = 0;
        if read.is_err() {
            match self.heal_node(healing, &id, at)? {
                Some((made, node)) => (healed, bytes) = (made, node),
                None => return Ok(0),
            }
        }
        let Ok(node) = decode_node(&bytes) else { return Ok(healed) };
        for (child, place) in node.into_iter().zip(0u64..) {
            healed += self.walk(healing, child, at.child(place))?;
        }
        Ok(healed)
    }

    fn heal_chunk(
        &self,
        healing: &mut Healing<'_>,
        id: &ChunkId,
        at: NodeWalk,
    ) -> Result<u64, RepoError> {
        if healing.inner.index.holds(id, ChunkKind::Data) {
            return Ok(0);
        }
        for number in 0..healing.views.len() {
            let Some(bytes) = healing.read(number, at.first) else { continue };
            if healing.inner.chunk_id(ChunkKind::Data, &bytes) == *id {
                self.keep(healing, ChunkKind::Data, &bytes)?;
                return Ok(1);
            }
        }
        Ok(0)
    }

    /// Makes a lost map node from the content it maps. Returns how many nodes were made, and this.
    fn heal_node(
        &self,
        healing: &mut Healing<'_>,
        id: &ChunkId,
        at: NodeWalk,
    ) -> Result<Option<(u64, Vec<u8>)>, RepoError> {
        for number in 0..healing.views.len() {
            let mut nodes = Nodes::new();
            if healing.make(number, at, &mut nodes, &|| self.check_cancelled())? != Some(*id) {
                continue;
            }
            let mut healed = 0;
            for (id, bytes) in &nodes {
                if !healing.inner.index.holds(id, ChunkKind::Map) {
                    self.keep(healing, ChunkKind::Map, bytes)?;
                    healed += 1;
                }
            }
            return Ok(nodes.pop().map(|(_, bytes)| (healed, bytes)));
        }
        Ok(None)
    }

    fn keep(
        &self,
        healing: &mut Healing<'_>,
        kind: ChunkKind,
        bytes: &[u8],
    ) -> Result<(), RepoError> {
        match &self.session {
            Some(session) => session.keep_chunk(kind, bytes, &mut healing.tools),
            None => Ok(()),
        }
    }
}

impl Healing<'_> {
    /// Reads the bytes of a chunk elsewhere. `None` where they cannot be had.
    fn read(&self, view: usize, index: u64) -> Option<Vec<u8>> {
        let view = self.views.get(view)?;
        let chunk = self.inner.chunk_len().get();
        let start = index.checked_mul(chunk)?;
        let len = self.capacity.get().checked_sub(start)?.min(chunk);
        if start.checked_add(len)? > view.capacity().get() {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(len).ok()?];
        match view.read_at(ByteOffset::new(start), &mut bytes) {
            Ok(()) => Some(bytes),
            Err(error) => {
                tracing::info!(%error, "the other repository cannot read this place either");
                None
            }
        }
    }

    /// Returns the id a part of the map would have with the content of a disk elsewhere, and
    /// collects its nodes, the topmost last.
    fn make(
        &self,
        view: usize,
        at: NodeWalk,
        nodes: &mut Nodes,
        check: &dyn Fn() -> Result<(), RepoError>,
    ) -> Result<Option<ChunkId>, RepoError> {
        if at.first >= at.limit {
            return Ok(Some(ChunkId::ZERO));
        }
        if at.height == 0 {
            check()?;
            let Some(bytes) = self.read(view, at.first) else { return Ok(None) };
            let zero = is_zero(&bytes);
            let id = || self.inner.chunk_id(ChunkKind::Data, &bytes);
            return Ok(Some(if zero { ChunkId::ZERO } else { id() }));
        }
        let mut places = Vec::new();
        for place in 0..FANOUT {
            match self.make(view, at.child(place), nodes, check)? {
                Some(id) => places.push(id),
                None => return Ok(None),
            }
        }
        let bytes = encode_node(&places);
        if bytes.is_empty() {
            return Ok(Some(ChunkId::ZERO));
        }
        if nodes.len() >= MOST_NODES {
            return Ok(None);
        }
        let id = self.inner.chunk_id(ChunkKind::Map, &bytes);
        nodes.push((id, bytes));
        Ok(Some(id))
    }
}

/// Opens the same disk in the recovery points of another repository that are nearest in time. One
/// that is deleted or damaged just now helps nobody.
fn views(
    other: &Repository,
    manifest: &Manifest,
    disk: &ManifestDisk,
    who: &ReadAs,
) -> Result<Vec<DiskView>, RepoError> {
    let mut points = other.inner.committed()?.all;
    points.retain(|known| known.manifest.vm.is_same(&manifest.vm));
    points.sort_by_key(|known| (manifest.snapshot_time - known.manifest.snapshot_time).abs());
    let same = |found: &ManifestDisk| match (&found.disk_uuid, &disk.disk_uuid) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        _ => found.key == disk.key,
    };
    let mut views = Vec::new();
    for known in points.into_iter().take(NEAREST) {
        let reader = match other.read(known.manifest.id, who) {
            Ok(reader) => reader,
            Err(RepoError::PointNotFound { .. } | RepoError::Damaged { .. }) => continue,
            Err(error) => return Err(error),
        };
        for (number, disk) in (0..).zip(&known.manifest.disks) {
            if same(disk) {
                views.push(reader.disk(number)?);
            }
        }
    }
    Ok(views)
}
