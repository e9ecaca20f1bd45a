use crate::{ByteLen, ByteOffset, Extent};

/// A set of bytes of a disk, kept as sorted, disjoint, merged extents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtentSet {
    extents: Vec<Extent>,
}

impl ExtentSet {
    /// Makes an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the set of all bytes of a disk.
    pub fn whole(capacity: ByteLen) -> Self {
        Self::from_iter([Extent::new(0, capacity.get())])
    }

    /// Returns the extents in rising order.
    pub fn iter(&self) -> impl Iterator<Item = Extent> + '_ {
        self.extents.iter().copied()
    }

    /// Returns the number of separate extents.
    pub fn count(&self) -> usize {
        self.extents.len()
    }

    /// Returns whether the set holds no byte.
    pub fn is_empty(&self) -> bool {
        self.extents.is_empty()
    }

    /// Returns the number of bytes in the set.
    pub fn total(&self) -> ByteLen {
        self.extents.iter().map(|e| e.len).sum()
    }

    /// Returns whether the byte at `offset` is in the set.
    pub fn contains(&self, offset: ByteOffset) -> bool {
        let after = self.extents.partition_point(|e| e.offset <= offset);
        after > 0 && self.extents[after - 1].end() > offset
    }

    /// Adds one extent. Appending in rising order is cheap.
    pub fn insert(&mut self, extent: Extent) {
        if extent.len.is_zero() {
            return;
        }
        let first = self.extents.partition_point(|e| e.end() < extent.offset);
        let last = self.extents.partition_point(|e| e.offset <= extent.end());
        let mut start = extent.offset;
        let mut end = extent.end();
        if first < last {
            start = start.min(self.extents[first].offset);
            end = end.max(self.extents[last - 1].end());
        }
        let merged = Extent { offset: start, len: end.since(start) };
        self.extents.splice(first..last, [merged]);
    }

    /// Returns the bytes that are in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).collect()
    }

    /// Returns the bytes that are not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut left = Vec::with_capacity(self.extents.len());
        let mut at = 0;
        for extent in self.iter() {
            let mut start = extent.offset;
            while let Some(gone) = other.extents.get(at).filter(|e| e.offset < extent.end()) {
                if gone.offset > start {
                    left.push(Extent { offset: start, len: gone.offset.since(start) });
                }
                start = start.max(gone.end());
                if gone.end() > extent.end() {
                    // The next extent may begin inside of it as well.
                    break;
                }
                at += 1;
            }
            if start < extent.end() {
                left.push(Extent { offset: start, len: extent.end().since(start) });
            }
        }
        Self { extents: left }
    }

    /// Returns the part below `capacity`.
    #[must_use]
    pub fn clipped(&self, capacity: ByteLen) -> Self {
        self.iter()
            .filter(|e| e.offset.get() < capacity.get())
            .map(|e| {
                let end = e.end().get().min(capacity.get());
                Extent::new(e.offset.get(), end - e.offset.get())
            })
            .collect()
    }

    /// Grows every extent to multiples of `unit` within `capacity`, and merges what then touches.
    #[must_use]
    pub fn aligned(&self, unit: ByteLen, capacity: ByteLen) -> Self {
        self.clipped(capacity).iter().map(|e| e.aligned(unit, capacity)).collect()
    }

    /// Splits the set at multiples of `piece`, in rising order.
    pub fn pieces(&self, piece: ByteLen) -> impl Iterator<Item = Extent> + '_ {
        self.iter().flat_map(move |e| e.pieces(piece))
    }
}

impl FromIterator<Extent> for ExtentSet {
    /// Collects extents in any order; sorting first keeps it linear for unsorted input too.
    fn from_iter<I: IntoIterator<Item = Extent>>(iter: I) -> Self {
        let mut all: Vec<Extent> = iter.into_iter().filter(|e| !e.len.is_zero()).collect();
        all.sort_unstable_by_key(|e| e.offset);
        let mut set = Self { extents: Vec::with_capacity(all.len()) };
        for extent in all {
            match set.extents.last_mut() {
                Some(last) if last.end() >= extent.offset => {
                    let end = last.end().max(extent.end());
                    last.len = end.since(last.offset);
                }
                _ => set.extents.push(extent),
            }
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SPACE: usize = 256;

    fn extents() -> impl Strategy<Value = Vec<Extent>> {
        prop::collection::vec((0u64..200, 0u64..40).prop_map(|(o, l)| Extent::new(o, l)), 0..12)
    }

    fn bitmap(extents: impl IntoIterator<Item = Extent>) -> Vec<bool> {
        let mut map = vec![false; SPACE];
        for e in extents {
            for at in e.offset.get()..e.end().get() {
                map[usize::try_from(at).unwrap()] = true;
            }
        }
        map
    }

    fn assert_normal(set: &ExtentSet) {
        for pair in set.extents.windows(2) {
            assert!(pair[0].end() < pair[1].offset, "extents stay sorted, disjoint and merged");
        }
        assert!(set.iter().all(|e| !e.len.is_zero()), "no empty extent is kept");
    }

    proptest! {
        #[test]
        fn collecting_and_inserting_match_a_bitmap(input in extents()) {
            let collected: ExtentSet = input.iter().copied().collect();
            let mut inserted = ExtentSet::new();
            for e in &input {
                inserted.insert(*e);
            }
            assert_normal(&collected);
            prop_assert_eq!(&collected, &inserted);
            prop_assert_eq!(bitmap(collected.iter()), bitmap(input));
            let bits = bitmap(collected.iter());
            for (at, &set) in bits.iter().enumerate() {
                prop_assert_eq!(collected.contains(ByteOffset::new(at as u64)), set);
            }
            prop_assert_eq!(collected.total().get(), bits.iter().filter(|b| **b).count() as u64);
        }

        #[test]
        fn union_matches_a_bitmap(a in extents(), b in extents()) {
            let joined = a.iter().copied().collect::<ExtentSet>()
                .union(&b.iter().copied().collect());
            assert_normal(&joined);
            prop_assert_eq!(bitmap(joined.iter()), bitmap(a.into_iter().chain(b)));
        }

        #[test]
        fn without_matches_a_bitmap(a in extents(), b in extents()) {
            let (a, b): (ExtentSet, ExtentSet) = (a.into_iter().collect(), b.into_iter().collect());
            let left = a.without(&b);
            assert_normal(&left);
            let (of, gone) = (bitmap(a.iter()), bitmap(b.iter()));
            let wanted: Vec<bool> = of.iter().zip(&gone).map(|(a, b)| *a && !b).collect();
            prop_assert_eq!(bitmap(left.iter()), wanted);
        }

        #[test]
        fn aligning_covers_the_set_and_stays_on_the_disk(input in extents(), cap in 1u64..250) {
            let set: ExtentSet = input.into_iter().collect();
            let capacity = ByteLen::new(cap);
            let aligned = set.aligned(ByteLen::new(16), capacity);
            assert_normal(&aligned);
            let (before, after) = (bitmap(set.clipped(capacity).iter()), bitmap(aligned.iter()));
            prop_assert!(before.iter().zip(&after).all(|(b, a)| !b || *a));
            for e in aligned.iter() {
                prop_assert_eq!(e.offset.get() % 16, 0);
                prop_assert!(e.end().get() % 16 == 0 || e.end().get() == cap);
            }
        }

        #[test]
        fn pieces_rebuild_the_set(input in extents()) {
            let set: ExtentSet = input.into_iter().collect();
            let pieces: Vec<Extent> = set.pieces(ByteLen::new(8)).collect();
            prop_assert!(pieces.iter().all(|p| p.offset.get() / 8 == (p.end().get() - 1) / 8));
            prop_assert_eq!(pieces.into_iter().collect::<ExtentSet>(), set);
        }
    }
}
