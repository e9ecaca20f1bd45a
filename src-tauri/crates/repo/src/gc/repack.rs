//! Which packs go, and moving the chunks of those that are still used in part.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use kuramori_base::CancelToken;
use kuramori_block::ByteLen;

use super::mark::Marks;
use super::{Collector, MAX_UNUSED};
use crate::crypto::TAG_LEN;
use crate::error::RepoError;
use crate::format::chunk::frame_aad;
use crate::format::envelope::HEADER_LEN;
use crate::format::index::{IndexObject, IndexPack};
use crate::format::pack::PackEntry;
use crate::format::{FormatError, names};
use crate::ids::ObjectHash;
use crate::inner::Inner;
use crate::pipeline;

/// What is to become of the packs.
pub(super) struct Choice {
    /// Nothing in them is used.
    pub(super) unused: Vec<ObjectHash>,
    /// What is used in them is moved.
    pub(super) sparse: Vec<ObjectHash>,
    pub(super) freed: ByteLen,
    pub(super) total: ByteLen,
    pub(super) unused_left: ByteLen,
    /// Bytes of chunks that nothing uses.
    pub(super) idle: ByteLen,
    sizes: HashMap<ObjectHash, u64>,
}

impl Choice {
    /// All that are to go.
    pub(super) fn packs(&self) -> Vec<ObjectHash> {
        self.unused.iter().chain(&self.sparse).copied().collect()
    }

    /// Leaves the packs that are used in part as they are. `false` when there are no others.
    pub(super) fn keep_sparse(&mut self) -> bool {
        self.sparse.clear();
        let sizes = self.unused.iter().filter_map(|pack| self.sizes.get(pack));
        let freed = sizes.sum();
        let kept = self.freed.get().saturating_sub(freed);
        self.unused_left = self.unused_left + ByteLen::new(kept);
        self.freed = ByteLen::new(freed);
        !self.unused.is_empty()
    }
}

/// Chooses unused packs, and of those used in part as many as it takes to have little unused.
pub(super) fn choose(view: &Inner, marks: &Marks) -> Result<Choice, RepoError> {
    let names = view.index.pack_names();
    // Bytes of frames in use and not in use; what surrounds them cannot be saved by moving them.
    let mut frames = vec![(0u64, 0u64); names.len()];
    view.index.for_each(&mut |position, pack, len, _| {
        if let Some((used, idle)) = frames.get_mut(pack as usize) {
            *(if marks.has(position) { used } else { idle }) += u64::from(len);
        }
    });
    let mut sizes: HashMap<ObjectHash, u64> = HashMap::new();
    for entry in view.store.list(names::PACKS)? {
        if let Some(hash) = names::hash_of(&entry.name) {
            sizes.insert(hash, entry.size);
        }
    }
    let total: u64 = sizes.values().sum();
    let all_idle = frames.iter().map(|(_, idle)| idle).sum();
    let (mut unused, mut partly, mut freed, mut waste) = (Vec::new(), Vec::new(), 0, 0u64);
    for (pack, (used, idle)) in names.into_iter().zip(frames) {
        let Some(size) = sizes.get(&pack).copied() else { continue };
        if used == 0 {
            unused.push(pack);
            freed += size;
        } else if idle > 0 {
            waste += idle;
            partly.push((idle * 1000 / size.max(1), pack, idle));
        }
    }
    partly.sort_unstable_by(|a, b| b.cmp(a));
    let mut sparse = Vec::new();
    let in_use = total.saturating_sub(freed).saturating_sub(waste);
    for (_, pack, idle) in partly {
        if waste * 100 <= in_use * MAX_UNUSED {
            break;
        }
        waste = waste.saturating_sub(idle);
        freed += idle;
        sparse.push(pack);
    }
    let len = ByteLen::new;
    Ok(Choice {
        unused,
        sparse,
        freed: len(freed),
        total: len(total),
        unused_left: len(waste),
        idle: len(all_idle),
        sizes,
    })
}

/// Copies the used chunks of sparse packs into new packs and indexes those. Returns the new packs
/// and their bytes.
pub(super) fn move_chunks(
    collector: &Collector<'_>,
    view: &Inner,
    marks: &Marks,
    choice: &Choice,
) -> Result<(HashSet<ObjectHash>, ByteLen), RepoError> {
    let mut mover = Mover { collector, view, open: Open::default(), packs: Vec::new() };
    for pack in &choice.sparse {
        collector.go_on()?;
        let size = choice.sizes.get(pack).copied().unwrap_or_default();
        mover.take(*pack, size, marks)?;
    }
    mover.close()?;
    let moved = mover.packs.iter().map(|pack| pack.pack).collect();
    let bytes = mover.packs.iter().map(|pack| ByteLen::new(pack.size)).sum();
    for packs in mover.packs.chunks(32) {
        view.put_index(&IndexObject { packs: packs.to_vec() }, collector.nanos())?;
    }
    Ok((moved, bytes))
}

#[derive(Default)]
struct Open {
    bytes: Vec<u8>,
    entries: Vec<PackEntry>,
}

struct Mover<'a> {
    collector: &'a Collector<'a>,
    view: &'a Inner,
    open: Open,
    packs: Vec<IndexPack>,
}

impl Mover<'_> {
    /// Takes the used chunks of a pack.
    fn take(&mut self, pack: ObjectHash, size: u64, marks: &Marks) -> Result<(), RepoError> {
        let footer = self.view.read_footer(pack, size)?;
        let used: Vec<_> = frames(&footer.entries)
            .filter(|(entry, number, _)| {
                let places = self.view.index.placed(&entry.id, entry.kind);
                places.iter().any(|place| {
                    place.at.pack == pack && place.at.number == *number && marks.has(place.position)
                })
            })
            .collect();
        // Neighbours are read together.
        for run in used.chunk_by(|a, b| a.2.end == b.2.start) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            let len = usize::try_from(last.2.end - first.2.start).unwrap_or(usize::MAX);
            let bytes = self.view.store.get_range(&names::pack(pack), first.2.start, len)?;
            for (entry, number, at) in run {
                let at = usize::try_from(at.start - first.2.start).unwrap_or(usize::MAX);
                let damaged = || self.view.damaged_pack(pack, FormatError::Length);
                let end = at.saturating_add(entry.len as usize);
                let frame = bytes.get(at..end).ok_or_else(damaged)?.to_vec();
                self.append(pack, **entry, *number, frame)?;
            }
        }
        Ok(())
    }

    /// Opens a frame and puts it into the open pack as it is, compressed. That it gives its chunk
    /// is proved when the pack is sealed.
    fn append(
        &mut self,
        pack: ObjectHash,
        entry: PackEntry,
        number: u32,
        mut frame: Vec<u8>,
    ) -> Result<(), RepoError> {
        let aad = frame_aad(self.view.id, entry.kind, &entry.id, number);
        let opener = self.view.opener(&pack)?;
        let plain = opener
            .open(u64::from(number), &aad, &mut frame)
            .map_err(|e| self.view.damaged_pack(pack, e))?;
        if self.open.bytes.is_empty() {
            self.open.bytes.resize(HEADER_LEN, 0);
        }
        self.open.bytes.extend_from_slice(plain);
        self.open.bytes.extend_from_slice(&[0; TAG_LEN]);
        self.open.entries.push(entry);
        if self.open.bytes.len() >= self.view.options.pack_len.as_usize() {
            self.close()?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), RepoError> {
        let Open { bytes, entries } = std::mem::take(&mut self.open);
        if entries.is_empty() {
            return Ok(());
        }
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let threads = self.view.options.workers.unwrap_or(cores);
        let bytes = pipeline::seal(self.view, (self.collector.nanos(), threads), bytes, &entries)?;
        let pack = ObjectHash::of(&bytes);
        self.view.store.put(&names::pack(pack), &bytes)?;
        self.packs.push(IndexPack { pack, size: bytes.len() as u64, entries });
        Ok(())
    }
}

/// Returns each entry with its number and where its frame lies.
fn frames(entries: &[PackEntry]) -> impl Iterator<Item = (&PackEntry, u32, Range<u64>)> {
    let mut at = HEADER_LEN as u64;
    entries.iter().zip(0..).map(move |(entry, number)| {
        let start = at;
        at += u64::from(entry.len);
        (entry, number, start..at)
    })
}

/// Reads the copies on which recovery points rely once the planned packs are gone, unless they
/// were made just now: a copy that nobody has read in years is no reason to remove another.
pub(super) fn prove_copies(
    view: &Inner,
    marks: &Marks,
    (planned, needed, moved): (&HashSet<ObjectHash>, &HashSet<ObjectHash>, &HashSet<ObjectHash>),
    cancel: &CancelToken,
) -> Result<(), RepoError> {
    let names = view.index.pack_names();
    let mut firsts = HashSet::new();
    view.index.for_each(&mut |position, pack, _, first| {
        let goes =
            names.get(pack as usize).is_some_and(|p| planned.contains(p) && !needed.contains(p));
        if goes && !marks.has(position) {
            firsts.insert(first);
        }
    });
    let mut holders: HashMap<ObjectHash, HashSet<u32>> = HashMap::new();
    for (pack, number) in view.index.marked_among(&firsts, &|position| marks.has(position)) {
        if !moved.contains(&pack) {
            holders.entry(pack).or_default().insert(number);
        }
    }
    let mut bytes = Vec::new();
    for (pack, numbers) in holders {
        cancel.check()?;
        let size = view.store.size(&names::pack(pack))?;
        let footer = view.read_footer(pack, size)?;
        for (entry, number, _) in frames(&footer.entries).filter(|f| numbers.contains(&f.1)) {
            let places = view.index.placed(&entry.id, entry.kind);
            let here = places.iter().find(|p| p.at.pack == pack && p.at.number == number);
            if let Some(here) = here {
                view.read_frame(&here.at, &entry.id, entry.kind, &mut bytes)?;
            }
        }
    }
    Ok(())
}
