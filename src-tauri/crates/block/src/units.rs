use std::fmt;

/// Bytes in a disk sector.
pub const SECTOR_BYTES: u64 = 512;

/// A position on a disk, in bytes from its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteOffset(u64);

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteLen(u64);

impl ByteOffset {
    /// The start of a disk.
    pub const ZERO: Self = Self(0);

    /// Makes an offset from a number of bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// Returns the offset in bytes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the offset `len` further on, or `None` past 2^64.
    pub const fn checked_add(self, len: ByteLen) -> Option<Self> {
        match self.0.checked_add(len.0) {
            Some(bytes) => Some(Self(bytes)),
            None => None,
        }
    }

    /// Returns the offset `len` further on; stays at the largest offset on overflow.
    #[must_use]
    pub const fn saturating_add(self, len: ByteLen) -> Self {
        Self(self.0.saturating_add(len.0))
    }

    /// Returns the distance from `earlier`, or zero where that lies behind.
    pub const fn since(self, earlier: Self) -> ByteLen {
        ByteLen(self.0.saturating_sub(earlier.0))
    }

    /// Rounds down to a multiple of `unit` bytes.
    ///
    /// # Panics
    /// When `unit` is zero.
    #[must_use]
    pub const fn align_down(self, unit: ByteLen) -> Self {
        Self(self.0 - self.0 % unit.0)
    }
}

impl ByteLen {
    /// No bytes.
    pub const ZERO: Self = Self(0);

    /// Makes a length from a number of bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// Makes a length from mebibytes.
    pub const fn from_mib(mib: u64) -> Self {
        Self(mib << 20)
    }

    /// Makes a length from gibibytes.
    pub const fn from_gib(gib: u64) -> Self {
        Self(gib << 30)
    }

    /// Returns the length in bytes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns whether there are no bytes.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Returns how many units of `unit` bytes it takes to hold this length.
    ///
    /// # Panics
    /// When `unit` is zero.
    pub const fn div_ceil(self, unit: Self) -> u64 {
        self.0.div_ceil(unit.0)
    }

    /// Returns the length as an index type.
    ///
    /// # Panics
    /// Where the platform cannot address that much memory; callers pass buffer sizes.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).expect("buffer sizes fit the address space")
    }
}

impl fmt::Display for ByteOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}", self.0)
    }
}

impl fmt::Display for ByteLen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0)
    }
}

impl std::ops::Add for ByteLen {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::iter::Sum for ByteLen {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, |a, b| a + b)
    }
}
