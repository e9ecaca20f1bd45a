//! Putting the slices of an answer together, believing none of them.

use kuramori_block::{ByteLen, Extent, ExtentSet};

use super::error::{CbtError, CbtUnusable};

/// More slices than any real answer has.
const MAX_SLICES: usize = 200_000;
/// More areas than are worth having: reading the disk whole is then no slower.
const MAX_AREAS: usize = 4_000_000;

/// One slice: the range the server speaks about, and the areas in it that changed. In bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) start: u64,
    pub(super) length: u64,
    pub(super) areas: Vec<(u64, u64)>,
}

/// Asks from the beginning of the disk to its end.
///
/// A server may stop anywhere, also in an empty slice; only the end of the disk is the end.
#[derive(Debug)]
pub(super) struct Walk {
    capacity: u64,
    next: u64,
    slices: usize,
    areas: Vec<Extent>,
}

impl Walk {
    pub(super) fn new(capacity: ByteLen) -> Self {
        Self { capacity: capacity.get(), next: 0, slices: 0, areas: Vec::new() }
    }

    /// Returns where to ask next, or `None` at the end. Asking there would be a fault.
    pub(super) fn next_offset(&self) -> Option<u64> {
        (self.next < self.capacity).then_some(self.next)
    }

    /// Takes a slice.
    pub(super) fn take(&mut self, slice: &Slice) -> Result<(), CbtError> {
        let contradiction = || CbtError::unusable(CbtUnusable::InconsistentAnswer);
        let end = slice.start.checked_add(slice.length).ok_or_else(contradiction)?;
        if end > self.capacity {
            return Err(CbtError::unusable(CbtUnusable::SizeChanged));
        }
        self.slices += 1;
        let full = self.slices > MAX_SLICES || self.areas.len() + slice.areas.len() > MAX_AREAS;
        if slice.start != self.next || slice.length == 0 || full {
            return Err(contradiction());
        }
        let mut from = slice.start;
        for &(start, length) in &slice.areas {
            let area_end = start.checked_add(length).ok_or_else(contradiction)?;
            if start < from || area_end > end || length == 0 {
                return Err(contradiction());
            }
            self.areas.push(Extent::new(start, length));
            from = area_end;
        }
        self.next = end;
        Ok(())
    }

    /// Returns all areas, once the end was reached.
    pub(super) fn finish(self) -> ExtentSet {
        self.areas.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A disk cut into slices, with areas inside each.
    fn slices() -> impl Strategy<Value = (u64, Vec<Slice>)> {
        let gaps = prop::collection::vec((0u64..4, 1u64..4), 0..5);
        prop::collection::vec((gaps, 0u64..5), 1..6).prop_map(|cuts| {
            let (mut at, mut slices) = (0, Vec::new());
            for (gaps, tail) in cuts {
                let (start, mut areas) = (at, Vec::new());
                for (gap, len) in gaps {
                    areas.push((at + gap, len));
                    at += gap + len;
                }
                at += tail;
                if at > start {
                    slices.push(Slice { start, length: at - start, areas });
                }
            }
            (at, slices)
        })
    }

    fn run(capacity: u64, slices: &[Slice]) -> Result<Option<ExtentSet>, CbtError> {
        let mut walk = Walk::new(ByteLen::new(capacity));
        for slice in slices {
            if walk.next_offset().is_none() {
                return Ok(None);
            }
            walk.take(slice)?;
        }
        Ok(walk.next_offset().is_none().then(|| walk.finish()))
    }

    proptest! {
        #[test]
        fn a_true_answer_is_taken_whole((capacity, slices) in slices()) {
            let all: ExtentSet = slices.iter().flat_map(|s| &s.areas)
                .map(|&(start, len)| Extent::new(start, len)).collect();
            prop_assert_eq!(run(capacity, &slices).unwrap(), Some(all));
        }

        #[test]
        fn a_missing_slice_is_noticed((capacity, slices) in slices(), gone in any::<prop::sample::Index>()) {
            prop_assume!(!slices.is_empty());
            let mut rest = slices.clone();
            rest.remove(gone.index(slices.len()));
            prop_assert!(!matches!(run(capacity, &rest), Ok(Some(_))), "no answer covers what it left out");
        }

        #[test]
        fn a_shifted_area_is_never_silently_dropped((capacity, mut slices) in slices(), pick in any::<prop::sample::Index>(), shift in 1u64..50) {
            prop_assume!(!slices.is_empty());
            let at = pick.index(slices.len());
            prop_assume!(!slices[at].areas.is_empty());
            slices[at].areas[0].0 += shift;
            if let Ok(Some(set)) = run(capacity, &slices) {
                let end = set.iter().last().map_or(0, |e| e.end().get());
                prop_assert!(end <= capacity);
            }
        }
    }

    #[test]
    fn contradictions_are_refused() {
        let slice =
            |start, length, areas: &[(u64, u64)]| Slice { start, length, areas: areas.to_vec() };
        for (why, bad) in [
            ("starts elsewhere", slice(1, 9, &[])),
            ("does not advance", slice(0, 0, &[])),
            ("past its own end", slice(0, 5, &[(4, 2)])),
            ("overlapping", slice(0, 10, &[(0, 5), (4, 1)])),
            ("unsorted", slice(0, 10, &[(5, 1), (1, 1)])),
            ("empty area", slice(0, 10, &[(5, 0)])),
            ("overflow", slice(0, 10, &[(u64::MAX, 2)])),
        ] {
            let error = run(10, &[bad]).expect_err(why);
            assert_eq!(error.why_whole(), Some(CbtUnusable::InconsistentAnswer), "{why}");
        }
        let error = run(10, &[slice(0, 11, &[])]).unwrap_err();
        assert_eq!(error.why_whole(), Some(CbtUnusable::SizeChanged));
    }
}
