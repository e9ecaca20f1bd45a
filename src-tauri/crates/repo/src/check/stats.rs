//! How much there is, what deduplication and compression save, and what each VM alone takes.

use std::collections::{BTreeMap, HashSet};

use kuramori_base::Clock;
use kuramori_block::ByteLen;

use super::{Check, CheckOptions};
use crate::error::RepoError;
use crate::format::chunk::ChunkKind;
use crate::ids::ChunkId;
use crate::index::{Key, key};
use crate::map::{NodeWalk, height};
use crate::repository::Repository;

/// The numbers of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepositoryStats {
    /// Recovery points.
    pub points: u64,
    /// Files, and their bytes.
    pub files: u64,
    /// Bytes of all files.
    pub stored: ByteLen,
    /// Packs.
    pub packs: u64,
    /// Bytes of all packs.
    pub pack_bytes: ByteLen,
    /// Bytes all recovery points would take if each were kept by itself: disks without zeros.
    pub logical: ByteLen,
    /// Different chunks that recovery points use, map nodes included.
    pub chunks: u64,
    /// Bytes of those chunks in packs, compressed and encrypted.
    pub used: ByteLen,
    /// Bytes of all chunks in packs before compression.
    pub raw: ByteLen,
    /// Bytes of all chunks in packs, compressed and encrypted.
    pub compressed: ByteLen,
    /// Bytes in packs that no recovery point uses.
    pub spare: ByteLen,
    /// The VMs, by name.
    pub vms: Vec<VmStats>,
}

/// The numbers of one VM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VmStats {
    /// Its name in its newest recovery point.
    pub name: String,
    /// Its recovery points.
    pub points: u64,
    /// Bytes they would take if each were kept by itself.
    pub logical: ByteLen,
    /// Bytes in packs that only this VM uses: what deleting all of it would free.
    pub alone: ByteLen,
}

/// Who uses a chunk.
const NOBODY: u16 = 0;
const SEVERAL: u16 = u16::MAX;

impl Repository {
    /// Counts what is in the repository. Reads the footers of all packs and all chunk maps.
    ///
    /// # Errors
    /// What the store says; [`RepoError::Damaged`] when a map cannot be read.
    ///
    /// # Cancellation
    /// Between objects.
    pub fn stats(
        &self,
        options: &CheckOptions,
        clock: &dyn Clock,
    ) -> Result<RepositoryStats, RepoError> {
        let files = self.inner.store.list("")?;
        let mut check = Check::new(&self.inner, options, clock);
        check.points = self.inner.committed()?.all;
        let (raw, compressed) = check.read_footers()?;
        check.places.complete();
        let mut stats = RepositoryStats {
            points: check.points.len() as u64,
            files: files.len() as u64,
            stored: ByteLen::new(files.iter().map(|file| file.size).sum()),
            packs: check.packs.len() as u64,
            pack_bytes: ByteLen::new(check.packs.iter().map(|pack| pack.size).sum()),
            raw,
            compressed,
            ..RepositoryStats::default()
        };
        check.count_vms(&mut stats)?;
        let (chunks, _, spare) = check.places.count();
        (stats.chunks, stats.spare) = (chunks, ByteLen::new(spare));
        stats.used = ByteLen::new(compressed.get().saturating_sub(spare));
        Ok(stats)
    }
}

/// Which chunk belongs to whom: two bytes a place.
struct Owners {
    owner: Vec<u16>,
    /// Bytes that one VM alone uses, by its number.
    alone: Vec<u64>,
    walked: HashSet<(Key, u32)>,
}

impl Check<'_> {
    fn count_vms(&mut self, stats: &mut RepositoryStats) -> Result<(), RepoError> {
        let mut vms: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for known in self.points.clone() {
            vms.entry(known.manifest.vm.key()).or_default().push(known);
        }
        let mut owners = Owners {
            owner: vec![NOBODY; self.places.len()],
            alone: vec![0; vms.len().saturating_add(1)],
            walked: HashSet::new(),
        };
        for (points, number) in vms.values().zip(1u16..SEVERAL) {
            let mut vm = VmStats { points: points.len() as u64, ..VmStats::default() };
            owners.walked.clear();
            for known in points {
                vm.name.clone_from(&known.manifest.vm.name);
                for disk in &known.manifest.disks {
                    let used = disk.chunks.saturating_mul(self.inner.chunk_len().get());
                    vm.logical = ByteLen::new(vm.logical.get().saturating_add(used));
                    let limit = self.chunks_of(disk.capacity);
                    let at = NodeWalk { height: height(limit), first: 0, limit };
                    self.own(disk.root, at, number, &mut owners)?;
                }
            }
            stats.logical = ByteLen::new(stats.logical.get().saturating_add(vm.logical.get()));
            stats.vms.push(vm);
        }
        for (vm, alone) in stats.vms.iter_mut().zip(owners.alone.into_iter().skip(1)) {
            vm.alone = ByteLen::new(alone);
        }
        stats.vms.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(())
    }

    fn own(
        &mut self,
        id: ChunkId,
        at: NodeWalk,
        vm: u16,
        owners: &mut Owners,
    ) -> Result<(), RepoError> {
        if id.is_zero() || at.first >= at.limit {
            return Ok(());
        }
        let kind = if at.height == 0 { ChunkKind::Data } else { ChunkKind::Map };
        owners.take(self.places.first(&id, kind), vm);
        self.places.mark_used(&id, kind);
        if at.height == 0 || (at.is_whole() && !owners.walked.insert((key(&id, kind), at.height))) {
            return Ok(());
        }
        let Some(node) = self.node(&id)? else {
            let object = format!("map node {}", id.to_hex());
            return Err(self.inner.damaged(object, crate::format::FormatError::Missing));
        };
        self.looked_at(0)?;
        for (child, place) in node.into_iter().zip(0u64..) {
            self.own(child, at.child(place), vm, owners)?;
        }
        Ok(())
    }
}

impl Owners {
    /// Gives a chunk to a VM, or takes it from the one that had it alone.
    fn take(&mut self, place: Option<(usize, u32)>, vm: u16) {
        let Some((at, len)) = place else { return };
        let Some(owner) = self.owner.get_mut(at) else { return };
        let (before, now) = match *owner {
            NOBODY => (None, vm),
            other if other == vm || other == SEVERAL => return,
            other => (Some(other), SEVERAL),
        };
        *owner = now;
        let alone = self.alone.get_mut(usize::from(before.unwrap_or(vm)));
        if let Some(alone) = alone {
            let len = u64::from(len);
            *alone = match before {
                None => alone.saturating_add(len),
                Some(_) => alone.saturating_sub(len),
            };
        }
    }
}
