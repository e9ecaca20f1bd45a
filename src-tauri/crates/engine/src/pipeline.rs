//! Moves bytes from a disk to the repository: reader threads here, everything else in the
//! repository's writer. Memory is bounded by the writer's byte budget and one buffer a reader.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use kuramori_base::{CancelToken, Cancelled, Clock, Counters, Progress, WaitedFor};
use kuramori_block::{ByteLen, DiskReader, Extent, ExtentSet, ReadError};
use kuramori_repo::{ChunkIndex, DiskWriter, RepoError};

use crate::observer::{Observer, Step};
use crate::throttle::Throttle;

/// Bytes asked for in one read: large enough to hide a round trip, small enough to cancel soon, and
/// as much as hosts take without running out of the memory they have for transfers.
const REQUEST: ByteLen = ByteLen::from_mib(2);
/// Threads that read one disk.
const READERS: usize = 2;

/// Why the bytes of a disk could not be moved.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The source failed.
    #[error("the source could not be read")]
    Read(#[from] ReadError),
    /// The repository failed.
    #[error("the repository could not take the data")]
    Repository(#[from] RepoError),
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Who watches a disk being moved and may stop it.
#[derive(Clone, Copy)]
pub(crate) struct Watch<'a> {
    pub(crate) progress: &'a dyn Progress,
    pub(crate) cancel: &'a CancelToken,
    pub(crate) observer: &'a dyn Observer,
    /// Holds reading back; `None` where nothing travels over a network.
    pub(crate) throttle: Option<&'a Throttle>,
    /// Measures what is waited for.
    pub(crate) clock: &'a dyn Clock,
}

impl Watch<'_> {
    /// Waits until so many bytes may be read.
    pub(crate) fn pass(&self, bytes: u64) -> Result<(), Cancelled> {
        match self.throttle {
            Some(throttle) => {
                self.timed(WaitedFor::Limit, || throttle.take(bytes, self.cancel))
            }
            None => self.cancel.check(),
        }
    }

    /// Does something during which somebody is waited for, and tells how long it took.
    pub(crate) fn timed<T>(&self, whom: WaitedFor, work: impl FnOnce() -> T) -> T {
        let began = self.clock.monotonic();
        let done = work();
        self.progress.waited(whom, self.clock.monotonic().saturating_sub(began));
        done
    }
}

/// Reads `extents` of a disk and gives them to the writer chunk by chunk. Extents are widened to
/// whole chunks of the repository's size; what the source knows to be zeros is not read. Returns
/// the number of bytes read.
///
/// # Errors
/// The first failure of any reader; the writer then holds a part of the disk and must be dropped.
///
/// # Cancellation
/// Looked at before each request.
pub(crate) fn copy(
    source: &dyn DiskReader,
    extents: &ExtentSet,
    (writer, chunk): (&DiskWriter, ByteLen),
    watch: Watch<'_>,
) -> Result<ByteLen, PipelineError> {
    let wanted = extents.aligned(chunk, source.capacity());
    // A piece holds whole chunks, so that no two readers ever share one.
    let piece = ByteLen::new(REQUEST.get().max(chunk.get()) / chunk.get() * chunk.get());
    let data = match source.allocated()? {
        Some(data) => {
            let data = data.aligned(chunk, source.capacity());
            let holes = wanted.without(&data);
            save_holes(&holes, (writer, chunk), watch)?;
            wanted.without(&holes)
        }
        None => wanted,
    };
    read_pieces(source, data.pieces(piece), watch, |extent, bytes| {
        save_piece(extent, bytes, (writer, chunk))
    })
}

/// Reads pieces in turn on a few threads and gives each to `take`. Returns the number of bytes
/// read.
pub(crate) fn read_pieces(
    source: &dyn DiskReader,
    pieces: impl Iterator<Item = Extent> + Send,
    watch: Watch<'_>,
    take: impl Fn(Extent, &[u8]) -> Result<(), PipelineError> + Sync,
) -> Result<ByteLen, PipelineError> {
    let pieces = Mutex::new(pieces);
    let (failed, read) = (AtomicBool::new(false), AtomicU64::new(0));
    let work = || -> Result<(), PipelineError> {
        let mut buffer = Vec::new();
        while !failed.load(Ordering::Acquire) {
            watch.cancel.check()?;
            let next = pieces.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(extent) = next else { break };
            watch.pass(extent.len.get())?;
            buffer.resize(extent.len.as_usize(), 0);
            watch.timed(WaitedFor::Source, || source.read_at(extent.offset, &mut buffer))?;
            take(extent, &buffer)?;
            let bytes = extent.len.get();
            read.fetch_add(bytes, Ordering::AcqRel);
            watch.progress.add(Counters { done: bytes, read: bytes, ..Counters::default() });
            watch.observer.step(Step::MidRead);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS)
            .map(|_| {
                scope.spawn(|| {
                    let result = work();
                    if result.is_err() {
                        failed.store(true, Ordering::Release);
                    }
                    result
                })
            })
            .collect();
        let ended = readers
            .into_iter()
            .map(|r| r.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        // Every reader is waited for, also after the first failure.
        ended.collect::<Vec<_>>().into_iter().collect::<Result<(), PipelineError>>()
    })?;
    Ok(ByteLen::new(read.into_inner()))
}

/// Notes the chunks that the source knows to be zeros; nothing of them is read.
fn save_holes(
    holes: &ExtentSet,
    (writer, chunk): (&DiskWriter, ByteLen),
    watch: Watch<'_>,
) -> Result<(), PipelineError> {
    for hole in holes.pieces(chunk) {
        writer.write_zeros(ChunkIndex::new(hole.offset.get() / chunk.get()))?;
        watch.progress.add(Counters { done: hole.len.get(), ..Counters::default() });
    }
    Ok(())
}

fn save_piece(
    extent: Extent,
    bytes: &[u8],
    (writer, chunk): (&DiskWriter, ByteLen),
) -> Result<(), PipelineError> {
    let first = extent.offset.get() / chunk.get();
    for (index, bytes) in (first..).zip(bytes.chunks(chunk.as_usize())) {
        let mut data = writer.buffer();
        data.extend_from_slice(bytes);
        writer.write(ChunkIndex::new(index), data)?;
    }
    Ok(())
}
