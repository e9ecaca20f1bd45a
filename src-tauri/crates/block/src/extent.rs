use crate::{ByteLen, ByteOffset};

/// A run of bytes on a disk: `[offset, offset + len)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Extent {
    /// Where the run begins.
    pub offset: ByteOffset,
    /// How long it is.
    pub len: ByteLen,
}

impl Extent {
    /// Makes an extent from plain byte counts.
    pub const fn new(offset: u64, len: u64) -> Self {
        Self { offset: ByteOffset::new(offset), len: ByteLen::new(len) }
    }

    /// Returns the first offset after the run.
    #[must_use]
    pub const fn end(self) -> ByteOffset {
        self.offset.saturating_add(self.len)
    }

    /// Grows both ends to multiples of `unit`, but never past `capacity`.
    #[must_use]
    pub fn aligned(self, unit: ByteLen, capacity: ByteLen) -> Self {
        let start = self.offset.align_down(unit).get();
        let end = self.end().get().div_ceil(unit.get()).saturating_mul(unit.get());
        Self::new(start, end.min(capacity.get()).saturating_sub(start))
    }

    /// Splits the run at multiples of `piece`, counted from the start of the disk.
    pub fn pieces(self, piece: ByteLen) -> impl Iterator<Item = Self> {
        let end = self.end().get();
        let mut at = self.offset.get();
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let next = (at - at % piece.get()).saturating_add(piece.get()).min(end);
            let extent = Self::new(at, next - at);
            at = next;
            Some(extent)
        })
    }
}
