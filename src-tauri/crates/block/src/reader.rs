use crate::{ByteLen, ByteOffset, ExtentSet};

/// Why bytes of a disk could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The read does not lie on the disk.
    #[error("a read of {len} at {offset} lies past the end of a disk of {capacity}")]
    PastEnd {
        /// Where the read began.
        offset: ByteOffset,
        /// How long it was.
        len: ByteLen,
        /// The size of the disk.
        capacity: ByteLen,
    },
    /// The source failed.
    #[error("reading the disk at {offset} failed")]
    Source {
        /// Where the read began.
        offset: ByteOffset,
        /// What the source said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl ReadError {
    /// Wraps what a source said about a read at `offset`.
    pub fn source(
        offset: ByteOffset,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Source { offset, source: source.into() }
    }
}

/// A disk that can be read at any position.
///
/// Reads are positional and may come from several threads at once.
pub trait DiskReader: Send + Sync {
    /// Returns the size of the disk.
    fn capacity(&self) -> ByteLen;

    /// Fills `buf` with the bytes from `offset` on.
    ///
    /// # Errors
    /// [`ReadError::PastEnd`] when the range is not on the disk, [`ReadError::Source`] when the
    /// source failed; `buf` then holds nothing of meaning.
    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError>;

    /// Returns the parts that may hold anything but zeros, or `None` where that is unknown.
    ///
    /// # Errors
    /// [`ReadError::Source`] when the source failed.
    fn allocated(&self) -> Result<Option<ExtentSet>, ReadError> {
        Ok(None)
    }

    /// Checks that a read of `len` bytes at `offset` lies on the disk.
    ///
    /// # Errors
    /// [`ReadError::PastEnd`] when it does not.
    fn check_range(&self, offset: ByteOffset, len: usize) -> Result<(), ReadError> {
        let len = ByteLen::new(len as u64);
        match offset.checked_add(len) {
            Some(end) if end.get() <= self.capacity().get() => Ok(()),
            _ => Err(ReadError::PastEnd { offset, len, capacity: self.capacity() }),
        }
    }
}
