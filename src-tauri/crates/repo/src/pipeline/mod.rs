//! From chunks to packs: workers hash, look up and compress; one thread seals, checks and stores.
//!
//! ```text
//! DiskWriter::write ─ byte budget ─▶ workers ─▶ open pack ─ when full ─▶ pack thread ─▶ store
//! ```
//!
//! All sessions of a repository share one pipeline. A store that fails ends all of them: nothing
//! that may refer to a lost chunk is ever committed.

mod budget;
mod packer;
mod seal;
mod worker;

use std::sync::{Arc, Mutex, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use kuramori_base::{CancelToken, Clock};

pub(crate) use budget::{Budget, BufferPool};
pub(crate) use packer::Packer;
pub(crate) use seal::seal;
pub(crate) use worker::{DiskState, Job, Tools};

use crate::error::RepoError;
use crate::format::index::IndexPack;
use crate::inner::{Inner, lock};
use crate::store::WriteLock;

/// How often a waiting caller looks whether it was cancelled.
pub(crate) const WAIT: Duration = Duration::from_millis(50);
/// Closed packs that may wait for the pack thread: with the open one and the one being stored,
/// three packs are in memory.
const WAITING_PACKS: usize = 1;

/// What the threads share.
pub(crate) struct Shared {
    pub(crate) inner: Arc<Inner>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) budget: Budget,
    pub(crate) buffers: BufferPool,
    packer: Packer,
    /// Held for reading from claiming a chunk to placing it; a flush holds it for writing, and so
    /// knows that no claimed chunk is outside a pack.
    gate: RwLock<()>,
    failure: Mutex<Option<RepoError>>,
    workers: usize,
}

impl Shared {
    /// Returns why no session can go on, if so.
    pub(crate) fn check(&self) -> Result<(), RepoError> {
        lock(&self.failure).as_ref().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Waits for a place among the bytes that are on their way. Returns how long, first for the store
    /// and then for the processor.
    pub(crate) fn reserve_bytes(
        &self,
        bytes: usize,
        cancel: &CancelToken,
    ) -> Result<(Duration, Duration), RepoError> {
        let (began, stalled) = (self.clock.monotonic(), self.packer.stalled());
        self.budget.take(bytes, cancel, || self.check())?;
        let waited = self.clock.monotonic().saturating_sub(began);
        let store = self.packer.stalled().saturating_sub(stalled).min(waited);
        Ok((store, waited.saturating_sub(store)))
    }

    /// Ends all sessions. The first reason counts.
    pub(crate) fn fail(&self, error: RepoError) {
        let mut failure = lock(&self.failure);
        if failure.is_none() {
            tracing::warn!(%error, "saving to the repository failed");
            *failure = Some(error);
        }
    }
}

/// The running threads. Dropping it ends them; a pack that is not full by then is given up.
pub(crate) struct Pipeline {
    pub(crate) shared: Arc<Shared>,
    jobs: Option<Sender<Job>>,
    messages: Option<Sender<packer::Message>>,
    threads: Vec<JoinHandle<()>>,
    /// Kept as long as anybody writes.
    _lock: WriteLock,
}

impl Pipeline {
    /// Starts the threads.
    pub(crate) fn start(
        inner: Arc<Inner>,
        clock: Arc<dyn Clock>,
        lock: WriteLock,
    ) -> Result<Self, RepoError> {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let workers = inner.options.workers.unwrap_or(cores).max(1);
        let (messages, inbox) = bounded(WAITING_PACKS);
        let pack_len = inner.options.pack_len;
        let shared = Arc::new(Shared {
            budget: Budget::new(inner.options.write_budget, inner.chunk_len()),
            buffers: BufferPool::new(inner.options.write_budget, inner.chunk_len()),
            packer: Packer::new(pack_len, messages.clone(), Arc::clone(&clock)),
            gate: RwLock::new(()),
            failure: Mutex::default(),
            workers,
            inner,
            clock,
        });
        let (jobs, queue) = unbounded();
        let mut pipeline = Self {
            shared: Arc::clone(&shared),
            jobs: Some(jobs),
            messages: Some(messages),
            threads: Vec::new(),
            _lock: lock,
        };
        for number in 0..workers {
            let (shared, queue): (_, Receiver<Job>) = (Arc::clone(&shared), queue.clone());
            pipeline
                .spawn(format!("repo-worker-{number}"), move || worker::run(&shared, &queue))?;
        }
        pipeline.spawn("repo-packs".to_owned(), move || seal::run(&shared, &inbox))?;
        Ok(pipeline)
    }

    fn spawn(
        &mut self,
        name: String,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<(), RepoError> {
        let thread = std::thread::Builder::new().name(name).spawn(body);
        let failed =
            |e: std::io::Error| RepoError::System { what: "a thread", detail: e.to_string() };
        self.threads.push(thread.map_err(failed)?);
        Ok(())
    }

    /// Hands a chunk to the workers.
    pub(crate) fn submit(&self, job: Job) -> Result<(), RepoError> {
        let stopped = || RepoError::invalid("the pipeline has stopped");
        self.jobs.as_ref().ok_or_else(stopped)?.send(job).map_err(|_| stopped())
    }

    /// Lets the pack thread write an index for packs found without one.
    pub(crate) fn adopt(&self, packs: Vec<IndexPack>) -> Result<(), RepoError> {
        if packs.is_empty() { Ok(()) } else { self.send(packer::Message::Adopt(packs)) }
    }

    fn send(&self, message: packer::Message) -> Result<(), RepoError> {
        let stopped = || RepoError::invalid("the pipeline has stopped");
        self.messages.as_ref().ok_or_else(stopped)?.send(message).map_err(|_| stopped())
    }

    /// Returns when every chunk placed before is durable and indexed: the barrier of a commit.
    ///
    /// # Cancellation
    /// Returns early; the packs are stored all the same.
    pub(crate) fn flush(&self, cancel: &CancelToken) -> Result<(), RepoError> {
        {
            let _all_placed = self.shared.gate.write().expect("no holder of this lock panics");
            self.shared.packer.close()?;
        }
        let (reply, answer) = bounded(1);
        self.send(packer::Message::Flush(reply))?;
        loop {
            match answer.recv_timeout(WAIT) {
                Ok(()) => return self.shared.check(),
                Err(RecvTimeoutError::Timeout) => cancel.check()?,
                Err(RecvTimeoutError::Disconnected) => {
                    self.shared.check()?;
                    return Err(RepoError::invalid("the pipeline has stopped"));
                }
            }
        }
    }
}

/// The pipeline all sessions share, and how many there are.
#[derive(Default)]
pub(crate) struct Writing {
    pipeline: Option<Arc<Pipeline>>,
    users: usize,
}

/// A session's hold on the pipeline. The last one to go ends it, and whoever begins meanwhile
/// waits: chunks that were claimed and are given up must not be taken for stored.
pub(crate) struct PipelineUse {
    inner: Arc<Inner>,
    pipeline: Option<Arc<Pipeline>>,
}

impl PipelineUse {
    /// Takes part in the running pipeline, or takes the lock of this computer and starts one.
    pub(crate) fn take(inner: &Arc<Inner>, clock: &Arc<dyn Clock>) -> Result<Self, RepoError> {
        let mut writing = lock(&inner.writing);
        let pipeline = if let Some(pipeline) = &writing.pipeline {
            pipeline.shared.check()?;
            Arc::clone(pipeline)
        } else {
            let write_lock = WriteLock::take(inner.options.lock_folder.as_ref(), inner.id)?;
            Arc::new(Pipeline::start(Arc::clone(inner), Arc::clone(clock), write_lock)?)
        };
        writing.pipeline = Some(Arc::clone(&pipeline));
        writing.users += 1;
        Ok(Self { inner: Arc::clone(inner), pipeline: Some(pipeline) })
    }
}

impl std::ops::Deref for PipelineUse {
    type Target = Pipeline;

    fn deref(&self) -> &Pipeline {
        self.pipeline.as_deref().expect("it is given back only when this is dropped")
    }
}

impl Drop for PipelineUse {
    fn drop(&mut self) {
        let mut writing = lock(&self.inner.writing);
        self.pipeline = None;
        writing.users -= 1;
        if writing.users == 0 {
            writing.pipeline = None;
        }
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.jobs = None;
        let packs = self.threads.pop();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a worker of the repository ended abnormally");
            }
        }
        self.shared.packer.give_up(&self.shared.inner.index);
        if let Some(messages) = self.messages.take() {
            // An error means that the thread has ended already.
            let _ended = messages.send(packer::Message::Stop);
        }
        if packs.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the pack thread of the repository ended abnormally");
        }
    }
}
