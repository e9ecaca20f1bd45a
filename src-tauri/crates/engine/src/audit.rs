//! Reads a sample of what a server calls unchanged and compares it with the recovery point before:
//! a record of changes that leaves some out must not go unnoticed.

use std::sync::atomic::{AtomicU64, Ordering};

use kuramori_base::Counters;
use kuramori_block::{ByteLen, DiskReader, Extent, ExtentSet};
use kuramori_repo::{ChunkIndex, DiskWriter};

use crate::pipeline::{self, PipelineError, Watch};

/// Bytes read at once: small enough for many separate looks, large enough to hide a round trip.
const PIECE: ByteLen = ByteLen::from_mib(1);
/// A small disk is looked at in at least so many places.
const LEAST: u64 = 8;

/// What an audit saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Audit {
    /// Pieces that were read.
    pub(crate) pieces: u64,
    /// How many of them differ from the recovery point before.
    pub(crate) wrong: u64,
    /// Bytes that were read.
    pub(crate) read: ByteLen,
}

/// The pieces to look at: `per_mille` thousandths of what did not change, at random, each place as
/// likely as any other.
pub(crate) fn choose(
    changed: &ExtentSet,
    (chunk, capacity): (ByteLen, ByteLen),
    per_mille: u32,
    random: &mut fastrand::Rng,
) -> Vec<Extent> {
    if per_mille == 0 {
        return Vec::new();
    }
    let piece = ByteLen::new(PIECE.get().max(chunk.get()) / chunk.get() * chunk.get());
    let unchanged = ExtentSet::whole(capacity).without(&changed.aligned(chunk, capacity));
    let count = unchanged.pieces(piece).count() as u64;
    let wanted = (count.saturating_mul(per_mille.into()).div_ceil(1000)).max(LEAST).min(count);
    let mut left = wanted;
    // Of the pieces still to come each has the same chance for one of the places still free.
    let mut chosen = Vec::new();
    for (passed, extent) in (0..count).zip(unchanged.pieces(piece)) {
        if left > 0 && random.u64(0..count - passed) < left {
            chosen.push(extent);
            left -= 1;
        }
    }
    chosen
}

/// Reads the chosen pieces and compares them with the parent of `writer`, or with zeros where it
/// has none. Bytes count as done work.
///
/// # Errors
/// As [`pipeline::copy`].
pub(crate) fn compare(
    source: &dyn DiskReader,
    pieces: Vec<Extent>,
    (writer, chunk): (&DiskWriter, ByteLen),
    watch: Watch<'_>,
) -> Result<Audit, PipelineError> {
    let (seen, wrong) = (AtomicU64::new(0), AtomicU64::new(0));
    let announced: u64 = pieces.iter().map(|piece| piece.len.get()).sum();
    watch.progress.redo(0, announced);
    // One place is proof enough: the whole disk is read then.
    let left = pieces.into_iter().take_while(|_| wrong.load(Ordering::Relaxed) == 0);
    let read = pipeline::read_pieces(source, left, watch, |extent, bytes| {
        let first = extent.offset.get() / chunk.get();
        let mut same = true;
        for (index, chunk) in (first..).zip(bytes.chunks(chunk.as_usize())) {
            let matches = writer.matches_parent(ChunkIndex::new(index), chunk)?;
            same &= matches.unwrap_or_else(|| chunk.iter().all(|byte| *byte == 0));
        }
        seen.fetch_add(1, Ordering::Relaxed);
        wrong.fetch_add(u64::from(!same), Ordering::Relaxed);
        Ok(())
    })?;
    let skipped = announced.saturating_sub(read.get());
    watch.progress.add(Counters { done: skipped, ..Counters::default() });
    Ok(Audit { pieces: seen.into_inner(), wrong: wrong.into_inner(), read })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;
    const CHUNK: ByteLen = ByteLen::new(256 << 10);

    fn sample(changed: &ExtentSet, capacity: u64, seed: u64) -> Vec<Extent> {
        let mut random = fastrand::Rng::with_seed(seed);
        choose(changed, (CHUNK, ByteLen::new(capacity)), 10, &mut random)
    }

    /// A record of changes that leaves out 1 GiB of 100 GiB: a sample of 1 % misses it with a
    /// chance of about one in thirty thousand.
    #[test]
    fn a_lie_about_one_gib_of_a_hundred_is_met() {
        let changed: ExtentSet = (0..50).map(|n| Extent::new(n * 2 * GIB, 3 << 20)).collect();
        let missed = (0..300).filter(|seed| {
            let lie = (seed % 99) * GIB + (seed << 12);
            let met = |piece: &Extent| piece.offset.get() < lie + GIB && piece.end().get() > lie;
            !sample(&changed, 100 * GIB, *seed).iter().any(met)
        });
        assert_eq!(missed.count(), 0);
    }

    #[test]
    fn a_sample_is_of_what_did_not_change_and_as_large_as_asked() {
        let changed: ExtentSet =
            [Extent::new(0, GIB), Extent::new(3 * GIB, 100)].into_iter().collect();
        let pieces = sample(&changed, 10 * GIB + 512, 7);
        assert_eq!(pieces.len(), 93, "a hundredth of 9217 pieces, rounded up");
        let set: ExtentSet = pieces.iter().copied().collect();
        let touched = changed.aligned(CHUNK, ByteLen::new(10 * GIB));
        assert_eq!(set.without(&touched), set);
        assert!(set.iter().all(|e| e.end().get() <= 10 * GIB + 512));
    }

    #[test]
    fn small_disks_are_looked_at_in_a_few_places_and_changed_ones_in_none() {
        assert_eq!(sample(&ExtentSet::new(), 20 << 20, 1).len(), 8);
        assert_eq!(sample(&ExtentSet::new(), 3 << 20, 1).len(), 3, "all there is");
        assert_eq!(sample(&ExtentSet::whole(ByteLen::new(GIB)), GIB, 1), []);
        let mut random = fastrand::Rng::with_seed(1);
        let whole = (CHUNK, ByteLen::new(GIB));
        assert_eq!(choose(&ExtentSet::new(), whole, 0, &mut random), [], "turned off");
    }

    #[test]
    fn every_place_is_as_likely_as_any_other() {
        let mut hits = [0u32; 64];
        for seed in 0..4000 {
            for piece in sample(&ExtentSet::new(), 64 << 20, seed) {
                hits[(piece.offset.get() >> 20) as usize] += 1;
            }
        }
        // 500 expected, with a deviation of 21.
        assert!(hits.iter().all(|n| (380..620).contains(n)), "{hits:?}");
    }
}
