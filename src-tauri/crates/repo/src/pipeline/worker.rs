use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crossbeam_channel::Receiver;
use kuramori_base::{CancelToken, Counters, Progress, WaitedFor};

use super::{Shared, WAIT};
use crate::error::RepoError;
use crate::format::chunk::{ChunkKind, Encoder};
use crate::format::pack::PackEntry;
use crate::ids::ChunkId;
use crate::inner::lock;
use crate::map::encode_node;
use crate::overlay::Overlay;

/// What became of one disk so far.
pub(crate) struct DiskState {
    pub(crate) overlay: Mutex<Overlay>,
    on_the_way: Mutex<u64>,
    arrived: Condvar,
    pub(crate) new_bytes: AtomicU64,
    pub(crate) stored_bytes: AtomicU64,
    pub(crate) zero_chunks: AtomicU64,
    progress: Arc<dyn Progress>,
}

impl DiskState {
    pub(crate) fn new(chunks: u64, progress: Arc<dyn Progress>) -> Self {
        Self {
            overlay: Mutex::new(Overlay::new(chunks)),
            on_the_way: Mutex::default(),
            arrived: Condvar::new(),
            new_bytes: AtomicU64::new(0),
            stored_bytes: AtomicU64::new(0),
            zero_chunks: AtomicU64::new(0),
            progress,
        }
    }

    /// Waits until every chunk handed in has a place.
    pub(crate) fn wait(&self, shared: &Shared, cancel: &CancelToken) -> Result<(), RepoError> {
        let mut waiting = lock(&self.on_the_way);
        while *waiting > 0 {
            cancel.check()?;
            shared.check()?;
            let waited = self.arrived.wait_timeout(waiting, WAIT);
            waiting = waited.expect("no holder of this lock panics").0;
        }
        drop(waiting);
        shared.check()
    }

    /// Tells for whom a writer waited.
    pub(crate) fn waited(&self, store: Duration, processor: Duration) {
        self.progress.waited(WaitedFor::Store, store);
        self.progress.waited(WaitedFor::Processor, processor);
    }

    fn count(&self, stored: Stored, raw_len: usize) {
        if let Some(frame_len) = stored.frame_len {
            let (new, stored) = (raw_len as u64, u64::from(frame_len));
            self.new_bytes.fetch_add(new, Ordering::Relaxed);
            self.stored_bytes.fetch_add(stored, Ordering::Relaxed);
            self.progress.add(Counters { new, stored, ..Counters::default() });
        }
    }
}

/// A chunk on its way. Dropping it gives its budget back and lets a waiting writer go on; one that
/// is dropped without having been placed ends the sessions, since its disk would have a gap.
pub(crate) struct Job {
    disk: Arc<DiskState>,
    shared: Arc<Shared>,
    index: u64,
    data: Vec<u8>,
    placed: bool,
}

impl Job {
    /// Takes a chunk whose budget was taken.
    pub(crate) fn new(
        disk: Arc<DiskState>,
        shared: Arc<Shared>,
        index: u64,
        data: Vec<u8>,
    ) -> Self {
        *lock(&disk.on_the_way) += 1;
        Self { disk, shared, index, data, placed: false }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if !self.placed {
            self.shared.fail(RepoError::invalid("a chunk was lost on its way to the repository"));
        }
        self.shared.budget.give(self.data.len());
        self.shared.buffers.put(std::mem::take(&mut self.data));
        *lock(&self.disk.on_the_way) -= 1;
        self.disk.arrived.notify_all();
    }
}

/// A chunk that has an id and a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored {
    pub(crate) id: ChunkId,
    /// Length of the frame when the repository did not have it.
    pub(crate) frame_len: Option<u32>,
}

/// What a thread needs to store chunks.
pub(crate) struct Tools {
    encoder: Encoder,
    frame: Vec<u8>,
}

impl Tools {
    pub(crate) fn new() -> Result<Self, RepoError> {
        let encoder = Encoder::new().map_err(|source| RepoError::SelfCheck { source })?;
        Ok(Self { encoder, frame: Vec::new() })
    }
}

impl Shared {
    /// Stores a chunk unless the repository has it or gets it just now.
    pub(crate) fn store_chunk(
        &self,
        kind: ChunkKind,
        bytes: &[u8],
        tools: &mut Tools,
    ) -> Result<Stored, RepoError> {
        let id = self.inner.chunk_id(kind, bytes);
        let _until_placed = self.gate.read().expect("no holder of this lock panics");
        if !self.inner.index.claim(&id, kind) {
            return Ok(Stored { id, frame_len: None });
        }
        let mut entry = PackEntry { id, kind, len: 0, raw_len: 0 };
        let result = self.pack_chunk(&mut entry, bytes, tools);
        if let Err(error) = result {
            self.inner.index.forget(&[entry]);
            self.fail(error.clone());
            return Err(error);
        }
        Ok(Stored { id, frame_len: Some(entry.len) })
    }

    fn pack_chunk(
        &self,
        entry: &mut PackEntry,
        bytes: &[u8],
        tools: &mut Tools,
    ) -> Result<(), RepoError> {
        let check = |source| RepoError::SelfCheck { source };
        tools.encoder.encode(bytes, &mut tools.frame).map_err(check)?;
        let len =
            |n: usize| u32::try_from(n).map_err(|_| RepoError::invalid("a chunk is too long"));
        entry.len = len(tools.frame.len())?;
        entry.raw_len = len(bytes.len())?;
        self.packer.append(*entry, &tools.frame)
    }

    /// Stores a map node; a node without content needs no storing.
    pub(crate) fn store_node(
        &self,
        disk: &DiskState,
        places: &[ChunkId],
        tools: &mut Tools,
    ) -> Result<ChunkId, RepoError> {
        let bytes = encode_node(places);
        if bytes.is_empty() {
            return Ok(ChunkId::ZERO);
        }
        let stored = self.store_chunk(ChunkKind::Map, &bytes, tools)?;
        disk.count(stored, bytes.len());
        Ok(stored.id)
    }

    /// Stores a chunk of a disk and notes its place.
    pub(crate) fn place_chunk(
        &self,
        disk: &DiskState,
        index: u64,
        bytes: &[u8],
        tools: &mut Tools,
    ) -> Result<(), RepoError> {
        let stored = self.store_chunk(ChunkKind::Data, bytes, tools)?;
        disk.count(stored, bytes.len());
        self.note(disk, index, stored.id, tools)
    }

    /// Notes what stands at a place, and stores its leaf when that became full.
    pub(crate) fn note(
        &self,
        disk: &DiskState,
        index: u64,
        id: ChunkId,
        tools: &mut Tools,
    ) -> Result<(), RepoError> {
        let full = lock(&disk.overlay).set(index, id);
        if let Some((leaf, places)) = full {
            let used = places.iter().filter(|id| !id.is_zero()).count() as u64;
            let node = self.store_node(disk, &places, tools)?;
            lock(&disk.overlay).done(leaf, node, used);
        }
        Ok(())
    }
}

/// The body of a worker thread.
pub(super) fn run(shared: &Arc<Shared>, queue: &Receiver<Job>) {
    let mut tools = match Tools::new() {
        Ok(tools) => tools,
        Err(error) => return shared.fail(error),
    };
    for mut job in queue {
        let result = shared
            .check()
            .and_then(|()| shared.place_chunk(&job.disk, job.index, &job.data, &mut tools));
        if let Err(error) = result {
            shared.fail(error);
        }
        job.placed = true;
    }
}
