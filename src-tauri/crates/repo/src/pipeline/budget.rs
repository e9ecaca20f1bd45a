use std::sync::{Condvar, Mutex};

use kuramori_base::CancelToken;
use kuramori_block::ByteLen;

use super::WAIT;
use crate::error::RepoError;
use crate::inner::lock;

/// Bytes that may be on their way. Waiting here is what keeps memory bounded.
pub(crate) struct Budget {
    free: Mutex<usize>,
    returned: Condvar,
}

impl Budget {
    /// Takes a size; it always has room for a few chunks.
    pub(crate) fn new(total: ByteLen, chunk: ByteLen) -> Self {
        let free = total.as_usize().max(chunk.as_usize().saturating_mul(4));
        Self { free: Mutex::new(free), returned: Condvar::new() }
    }

    /// Takes bytes, or waits for them until cancelled or `check` says why there is no hope.
    pub(crate) fn take(
        &self,
        bytes: usize,
        cancel: &CancelToken,
        check: impl Fn() -> Result<(), RepoError>,
    ) -> Result<(), RepoError> {
        let mut free = lock(&self.free);
        loop {
            cancel.check()?;
            check()?;
            if *free >= bytes {
                *free -= bytes;
                return Ok(());
            }
            let waited = self.returned.wait_timeout(free, WAIT);
            free = waited.expect("no holder of this lock panics").0;
        }
    }

    /// Gives bytes back.
    pub(crate) fn give(&self, bytes: usize) {
        *lock(&self.free) += bytes;
        self.returned.notify_one();
    }
}

/// Buffers of one chunk that are used again.
pub(crate) struct BufferPool {
    spare: Mutex<Vec<Vec<u8>>>,
    most: usize,
    len: usize,
}

impl BufferPool {
    pub(crate) fn new(total: ByteLen, chunk: ByteLen) -> Self {
        let len = chunk.as_usize();
        let most = total.as_usize() / len.max(1);
        Self { spare: Mutex::default(), most, len }
    }

    /// Returns an empty buffer with room for a chunk.
    pub(crate) fn get(&self) -> Vec<u8> {
        lock(&self.spare).pop().unwrap_or_else(|| Vec::with_capacity(self.len))
    }

    /// Takes a buffer back when it is of use.
    pub(crate) fn put(&self, mut buffer: Vec<u8>) {
        if buffer.capacity() == self.len {
            buffer.clear();
            let mut spare = lock(&self.spare);
            if spare.len() < self.most {
                spare.push(buffer);
            }
        }
    }
}
