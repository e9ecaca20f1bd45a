//! Reads a disk of a recovery point as if it were there.

use std::sync::{Arc, Mutex};

use kuramori_block::{ByteLen, ByteOffset, DiskReader, Extent, ExtentSet, ReadError};

use crate::error::RepoError;
use crate::format::chunk::ChunkKind;
use crate::ids::ChunkId;
use crate::inner::{Inner, lock};
use crate::map::{MAX_CHUNKS, MapReader};
use crate::reader::Reading;

/// Bytes of decoded chunks a view keeps.
const CACHE_BYTES: usize = 8 << 20;

/// A disk of a recovery point, for reading at any position and from several threads.
///
/// Every chunk is verified against its id each time it is fetched. A few decoded chunks are kept,
/// so that small reads next to each other fetch once.
pub struct DiskView {
    inner: Arc<Inner>,
    map: MapReader,
    capacity: ByteLen,
    cache: Mutex<Vec<(u64, Arc<Vec<u8>>)>>,
    cached: usize,
    /// What keeps the recovery point from being collected.
    reading: Option<Arc<Reading>>,
}

impl DiskView {
    pub(crate) fn new(
        inner: Arc<Inner>,
        root: ChunkId,
        capacity: ByteLen,
    ) -> Result<Self, RepoError> {
        let chunks = capacity.div_ceil(inner.chunk_len());
        if chunks > MAX_CHUNKS {
            return Err(RepoError::invalid(format!("a disk of {capacity} is too large")));
        }
        inner.load_index(false)?;
        let cached = (CACHE_BYTES / inner.chunk_len().as_usize()).max(2);
        let map = MapReader::new(Arc::clone(&inner), root, chunks);
        Ok(Self { inner, map, capacity, cache: Mutex::default(), cached, reading: None })
    }

    /// Reads under the protection of a reader.
    pub(crate) fn under(mut self, reading: Option<Arc<Reading>>) -> Self {
        self.reading = reading;
        self
    }

    /// Runs a read; what fails because somebody took the reader for dead says so.
    fn protected<T>(&self, read: impl FnOnce() -> Result<T, RepoError>) -> Result<T, RepoError> {
        match &self.reading {
            None => read(),
            Some(reading) => {
                reading.check().and_then(|()| read()).map_err(|error| reading.explain(error))
            }
        }
    }

    /// Returns the size of the chunks, which is the best unit to read in.
    pub fn chunk_len(&self) -> ByteLen {
        self.inner.chunk_len()
    }

    /// Fills `buf` from `offset` on, which must lie on the disk.
    fn fill(&self, offset: u64, buf: &mut [u8]) -> Result<(), RepoError> {
        let chunk_len = self.inner.chunk_len();
        let mut rest = buf;
        for piece in Extent::new(offset, rest.len() as u64).pieces(chunk_len) {
            let (part, after) = rest
                .split_at_mut_checked(piece.len.as_usize())
                .ok_or_else(|| RepoError::invalid("pieces of a read do not add up"))?;
            rest = after;
            let index = piece.offset.get() / chunk_len.get();
            let skip = ByteLen::new(piece.offset.get() % chunk_len.get()).as_usize();
            self.fill_piece(index, skip, part)?;
        }
        Ok(())
    }

    fn fill_piece(&self, index: u64, skip: usize, part: &mut [u8]) -> Result<(), RepoError> {
        if let Some(chunk) = self.cached(index) {
            copy_from(&chunk, skip, part);
            return Ok(());
        }
        let id = self.map.at(0, index)?;
        if id.is_zero() {
            part.fill(0);
            return Ok(());
        }
        let mut chunk = Vec::new();
        self.inner.read_chunk(&id, ChunkKind::Data, &mut chunk)?;
        copy_from(&chunk, skip, part);
        // A read of a whole chunk is part of a long one and will not come back.
        if part.len() < self.inner.chunk_len().as_usize() {
            let mut cache = lock(&self.cache);
            if cache.len() >= self.cached {
                cache.remove(0);
            }
            cache.push((index, Arc::new(chunk)));
        }
        Ok(())
    }

    fn cached(&self, index: u64) -> Option<Arc<Vec<u8>>> {
        let mut cache = lock(&self.cache);
        let at = cache.iter().rposition(|(known, _)| *known == index)?;
        let entry = cache.remove(at);
        let chunk = Arc::clone(&entry.1);
        cache.push(entry);
        Some(chunk)
    }
}

/// Copies what the chunk has; the rest of its place is zeros.
fn copy_from(chunk: &[u8], skip: usize, part: &mut [u8]) {
    let have = chunk.get(skip..).unwrap_or_default();
    let len = have.len().min(part.len());
    let (front, back) = part.split_at_mut(len);
    front.copy_from_slice(have.split_at(len).0);
    back.fill(0);
}

impl DiskReader for DiskView {
    fn capacity(&self) -> ByteLen {
        self.capacity
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        self.check_range(offset, buf.len())?;
        self.protected(|| self.fill(offset.get(), buf)).map_err(|e| ReadError::source(offset, e))
    }

    /// Returns the chunks that are stored. Reads the whole map.
    fn allocated(&self) -> Result<Option<ExtentSet>, ReadError> {
        let chunk = self.inner.chunk_len().get();
        let mut set = ExtentSet::new();
        let mut insert = |index| set.insert(Extent::new(index * chunk, chunk));
        self.protected(|| self.map.for_each(&mut insert))
            .map_err(|e| ReadError::source(ByteOffset::ZERO, e))?;
        Ok(Some(set.clipped(self.capacity)))
    }
}
