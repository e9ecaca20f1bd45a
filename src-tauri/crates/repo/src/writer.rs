//! Writes one disk of a session.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use kuramori_base::CancelToken;
use kuramori_block::ByteLen;

use crate::error::RepoError;
use crate::format::chunk::ChunkKind;
use crate::format::manifest::ManifestDisk;
use crate::ids::{ChunkId, ChunkIndex, SessionId};
use crate::inner::{Inner, lock};
use crate::map::{FANOUT, MAX_CHUNKS, MapReader, height};
use crate::overlay::{Overlay, Written};
use crate::pipeline::{DiskState, Job, PipelineUse, Tools};
use crate::point::SavedDisk;

/// The disk a new one builds on.
struct Parent {
    map: MapReader,
    capacity: ByteLen,
    chunks: u64,
    used: u64,
}

/// Takes the chunks of one disk, in any order and from several threads.
///
/// Memory stays within the budget of the repository plus some 35 bytes for each written chunk
/// whose neighbours are not all written yet.
pub struct DiskWriter {
    pipeline: Arc<PipelineUse>,
    state: Arc<DiskState>,
    session: SessionId,
    capacity: ByteLen,
    chunks: u64,
    parent: Option<Parent>,
    cancel: CancelToken,
}

impl DiskWriter {
    pub(crate) fn new(
        inner: &Arc<Inner>,
        pipeline: Arc<PipelineUse>,
        session: &super::session::Who,
        capacity: ByteLen,
        parent: Option<&ManifestDisk>,
    ) -> Result<Self, RepoError> {
        let count = |capacity: ByteLen| {
            let chunks = capacity.div_ceil(inner.chunk_len());
            if chunks <= MAX_CHUNKS { Ok(chunks) } else { Err(too_large(capacity)) }
        };
        let chunks = count(capacity)?;
        let parent = match parent {
            None => None,
            Some(disk) => {
                let old = count(disk.capacity)?;
                let map = MapReader::new(Arc::clone(inner), disk.root, old).limited(chunks);
                Some(Parent { map, capacity: disk.capacity, chunks: old, used: disk.chunks })
            }
        };
        Ok(Self {
            pipeline,
            state: Arc::new(DiskState::new(chunks, Arc::clone(&session.progress))),
            session: session.id,
            capacity,
            chunks,
            parent,
            cancel: session.cancel.clone(),
        })
    }

    /// Returns the size of the disk.
    pub fn capacity(&self) -> ByteLen {
        self.capacity
    }

    /// Returns how many bytes a chunk must have: the chunk size, less for the last one of a disk.
    /// `None` past the end.
    pub fn chunk_bytes(&self, index: ChunkIndex) -> Option<ByteLen> {
        let chunk = self.pipeline.shared.inner.chunk_len().get();
        let start = index.get().checked_mul(chunk).filter(|at| *at < self.capacity.get())?;
        Some(ByteLen::new(self.capacity.get().saturating_sub(start).min(chunk)))
    }

    /// Returns an empty buffer with room for a chunk; [`DiskWriter::write`] takes it back.
    pub fn buffer(&self) -> Vec<u8> {
        self.pipeline.shared.buffers.get()
    }

    /// Saves one chunk. Blocks while the byte budget of the repository is used up.
    ///
    /// `data` holds all bytes of the chunk ([`DiskWriter::chunk_bytes`]); each chunk may be
    /// written once. Chunks of zeros are recognised and cost nothing.
    ///
    /// # Errors
    /// [`RepoError::Invalid`] for a wrong length, a chunk past the end or one written before; any
    /// error that ended the sessions of the repository.
    ///
    /// # Cancellation
    /// Leaves the chunk unwritten.
    pub fn write(&self, index: ChunkIndex, data: Vec<u8>) -> Result<(), RepoError> {
        let expected = self.chunk_bytes(index).ok_or_else(|| self.past_end(index))?;
        if data.len() as u64 != expected.get() {
            let got = data.len();
            return Err(RepoError::invalid(format!("{index} needs {expected}, not {got}")));
        }
        let shared = &self.pipeline.shared;
        self.cancel.check()?;
        shared.check()?;
        self.reserve(index)?;
        if is_zero(&data) {
            shared.buffers.put(data);
            self.state.zero_chunks.fetch_add(1, Ordering::Relaxed);
            return self.note_zero(index.get());
        }
        let (store, processor) = shared.reserve_bytes(data.len(), &self.cancel)?;
        self.state.waited(store, processor);
        let state = Arc::clone(&self.state);
        self.pipeline.submit(Job::new(state, Arc::clone(shared), index.get(), data))
    }

    /// Saves a chunk of zeros, without a buffer that holds them.
    ///
    /// # Errors
    /// As [`DiskWriter::write`].
    pub fn write_zeros(&self, index: ChunkIndex) -> Result<(), RepoError> {
        self.chunk_bytes(index).ok_or_else(|| self.past_end(index))?;
        self.cancel.check()?;
        self.reserve(index)?;
        self.state.zero_chunks.fetch_add(1, Ordering::Relaxed);
        self.note_zero(index.get())
    }

    /// Returns whether the parent has these bytes at a place; `None` where there is no parent, or
    /// it does not reach that far with a whole chunk.
    ///
    /// # Errors
    /// Damage in the parent's map; what the store says.
    pub fn matches_parent(
        &self,
        index: ChunkIndex,
        bytes: &[u8],
    ) -> Result<Option<bool>, RepoError> {
        let Some(parent) = &self.parent else { return Ok(None) };
        let expected = self.chunk_bytes(index).map(ByteLen::as_usize);
        if index.get() >= parent.chunks
            || parent.capacity != self.capacity
            || expected != Some(bytes.len())
        {
            return Ok(None);
        }
        let id = if is_zero(bytes) {
            ChunkId::ZERO
        } else {
            self.pipeline.shared.inner.chunk_id(ChunkKind::Data, bytes)
        };
        Ok(Some(parent.map.at(0, index.get())? == id))
    }

    fn past_end(&self, index: ChunkIndex) -> RepoError {
        RepoError::invalid(format!("{index} lies past the end of a disk of {}", self.capacity))
    }

    fn reserve(&self, index: ChunkIndex) -> Result<(), RepoError> {
        if lock(&self.state.overlay).reserve(index.get()) {
            Ok(())
        } else {
            Err(RepoError::invalid(format!("{index} was written before")))
        }
    }

    fn note_zero(&self, index: u64) -> Result<(), RepoError> {
        let full = lock(&self.state.overlay).set(index, ChunkId::ZERO);
        if let Some((leaf, places)) = full {
            let used = places.iter().filter(|id| !id.is_zero()).count() as u64;
            let id = self.store_node(&places, &mut None)?;
            lock(&self.state.overlay).done(leaf, id, used);
        }
        Ok(())
    }

    /// Stores a node on this thread; most nodes of zeros need no tools at all.
    fn store_node(
        &self,
        places: &[ChunkId],
        tools: &mut Option<Tools>,
    ) -> Result<ChunkId, RepoError> {
        if places.iter().all(ChunkId::is_zero) {
            return Ok(ChunkId::ZERO);
        }
        let tools = match tools {
            Some(tools) => tools,
            None => tools.insert(Tools::new()?),
        };
        self.pipeline.shared.store_node(&self.state, places, tools)
    }

    /// Waits for all chunks and builds the chunk map. Chunks that were not written are those of
    /// the parent, or zeros.
    ///
    /// # Errors
    /// Any error that ended the sessions of the repository; damage in the parent's map.
    ///
    /// # Cancellation
    /// The disk is not saved; its chunks stay for the next session that has them.
    pub fn finish(self) -> Result<SavedDisk, RepoError> {
        let shared = &self.pipeline.shared;
        self.cancel.check()?;
        self.state.wait(shared, &self.cancel)?;
        self.cut_last_chunk()?;
        let overlay = std::mem::replace(&mut *lock(&self.state.overlay), Overlay::new(0));
        let (root, chunks) = self.build_map(overlay)?;
        Ok(SavedDisk {
            session: self.session,
            root,
            capacity: self.capacity,
            chunks,
            zero_chunks: self.state.zero_chunks.load(Ordering::Relaxed),
            new_bytes: ByteLen::new(self.state.new_bytes.load(Ordering::Relaxed)),
            stored_bytes: ByteLen::new(self.state.stored_bytes.load(Ordering::Relaxed)),
        })
    }

    /// A disk that shrank or grew needs its old edge looked at: what the parent has behind the new
    /// end must not come back when the disk grows again.
    fn cut_last_chunk(&self) -> Result<(), RepoError> {
        let Some(parent) = &self.parent else { return Ok(()) };
        if parent.capacity == self.capacity {
            return Ok(());
        }
        let Some(last) = self.chunks.min(parent.chunks).checked_sub(1) else { return Ok(()) };
        let mut overlay = lock(&self.state.overlay);
        overlay.touch(last / FANOUT);
        let place = self.chunk_bytes(ChunkIndex::new(last)).map_or(0, ByteLen::as_usize);
        if overlay.holds(last) || parent.capacity < self.capacity {
            return Ok(());
        }
        let id = parent.map.at(0, last)?;
        if id.is_zero() {
            return Ok(());
        }
        overlay.reserve(last);
        drop(overlay);
        let shared = &self.pipeline.shared;
        let mut bytes = Vec::new();
        shared.inner.read_chunk(&id, ChunkKind::Data, &mut bytes)?;
        bytes.truncate(place);
        let mut tools = Tools::new()?;
        if is_zero(&bytes) {
            shared.note(&self.state, last, ChunkId::ZERO, &mut tools)
        } else {
            shared.place_chunk(&self.state, last, &bytes, &mut tools)
        }
    }

    /// Builds the nodes above everything that was written, from the leaves up. Returns the root
    /// and the number of chunks that are not zeros.
    fn build_map(&self, overlay: Overlay) -> Result<(ChunkId, u64), RepoError> {
        let mut tools = None;
        let mut used = self.parent.as_ref().map_or(0, |parent| parent.used);
        let mut changed = BTreeMap::new();
        for (leaf, written) in overlay.into_leaves() {
            let mut places = self.parent_places(1, leaf)?;
            used = used.saturating_sub(count(&places));
            let id = match written {
                Written::Whole { id, used: now } => {
                    used += now;
                    id
                }
                Written::Places(list) => {
                    for (place, id) in list {
                        if let Some(to) = places.get_mut(usize::from(place)) {
                            *to = id;
                        }
                    }
                    used += count(&places);
                    self.store_node(&places, &mut tools)?
                }
            };
            changed.insert(leaf, id);
        }
        let root = self.build_upper(changed, &mut tools)?;
        if self.parent.as_ref().is_some_and(|parent| parent.capacity > self.capacity) {
            // What was cut off has to be counted out.
            let inner = Arc::clone(&self.pipeline.shared.inner);
            self.pipeline.flush(&self.cancel)?;
            used = 0;
            MapReader::new(inner, root, self.chunks).for_each(&mut |_| used += 1)?;
        }
        Ok((root, used))
    }

    fn build_upper(
        &self,
        mut changed: BTreeMap<u64, ChunkId>,
        tools: &mut Option<Tools>,
    ) -> Result<ChunkId, RepoError> {
        let top = height(self.chunks);
        for level in 2..=top {
            let mut above = BTreeMap::new();
            let mut children = changed.into_iter().peekable();
            while let Some(node) = children.peek().map(|(index, _)| index / FANOUT) {
                self.cancel.check()?;
                let mut places = self.parent_places(level, node)?;
                while let Some((index, id)) = children.next_if(|(i, _)| i / FANOUT == node) {
                    let place = usize::try_from(index % FANOUT).unwrap_or(usize::MAX);
                    if let Some(to) = places.get_mut(place) {
                        *to = id;
                    }
                }
                above.insert(node, self.store_node(&places, tools)?);
            }
            changed = above;
        }
        match changed.get(&0) {
            Some(root) => Ok(*root),
            None => self.parent_at(top, 0),
        }
    }

    fn parent_at(&self, height: u32, index: u64) -> Result<ChunkId, RepoError> {
        self.parent.as_ref().map_or(Ok(ChunkId::ZERO), |parent| parent.map.at(height, index))
    }

    /// Returns what the parent has in a node.
    fn parent_places(&self, height: u32, node: u64) -> Result<Vec<ChunkId>, RepoError> {
        match &self.parent {
            None => Ok(vec![ChunkId::ZERO; 256]),
            Some(parent) => {
                let first = node * FANOUT;
                (first..first + FANOUT).map(|index| parent.map.at(height - 1, index)).collect()
            }
        }
    }
}

fn count(places: &[ChunkId]) -> u64 {
    places.iter().filter(|id| !id.is_zero()).count() as u64
}

fn too_large(capacity: ByteLen) -> RepoError {
    RepoError::invalid(format!("a disk of {capacity} is too large for this repository"))
}

/// Returns whether there is nothing but zeros; looks at 16 bytes at a time.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks::<64>();
    rest.iter().all(|b| *b == 0) && blocks.iter().all(|block| *block == [0; 64])
}
