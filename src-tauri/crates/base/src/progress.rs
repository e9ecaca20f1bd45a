use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What a piece of long work has done since its last report. All in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Work that is finished, in the unit of the announced total.
    pub done: u64,
    /// Bytes that came from the source.
    pub read: u64,
    /// Bytes of chunks the repository did not have.
    pub new: u64,
    /// Bytes that went to the store, compressed and encrypted.
    pub stored: u64,
}

/// Who held the moving of bytes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitedFor {
    /// What is read.
    Source,
    /// A limit of speed that somebody set.
    Limit,
    /// The processor of this computer, which compresses and encrypts.
    Processor,
    /// The place that is written to.
    Store,
}

/// Time for which somebody was waited for, all threads together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// See [`WaitedFor::Source`].
    pub source: Duration,
    /// See [`WaitedFor::Limit`].
    pub limit: Duration,
    /// See [`WaitedFor::Processor`].
    pub processor: Duration,
    /// See [`WaitedFor::Store`].
    pub store: Duration,
}

/// Receives the progress of long work. Implementations return at once.
pub trait Progress: Send + Sync {
    /// Announces how many bytes there are to do; later calls replace earlier ones.
    fn total(&self, bytes: u64);

    /// Adds to the counters.
    fn add(&self, delta: Counters);

    /// Takes back work that has to be done once more: `undone` bytes leave the counter of finished
    /// work, and the announced total grows by `more` bytes.
    fn redo(&self, undone: u64, more: u64);

    /// Tells for whom the moving of bytes waited.
    fn waited(&self, _whom: WaitedFor, _time: Duration) {}
}

/// Ignores all progress.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn total(&self, _bytes: u64) {}
    fn add(&self, _delta: Counters) {}
    fn redo(&self, _undone: u64, _more: u64) {}
}

/// Adds progress up, for whoever wants to look at it now and then.
#[derive(Debug, Default)]
pub struct Tally {
    total: AtomicU64,
    done: AtomicU64,
    read: AtomicU64,
    new: AtomicU64,
    stored: AtomicU64,
    /// In nanoseconds, in the order of [`Waits`].
    waits: [AtomicU64; 4],
}

impl Tally {
    /// Creates a tally of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the announced total in bytes, 0 before it is known.
    pub fn announced(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Returns the sums so far.
    pub fn counters(&self) -> Counters {
        Counters {
            done: self.done.load(Ordering::Relaxed),
            read: self.read.load(Ordering::Relaxed),
            new: self.new.load(Ordering::Relaxed),
            stored: self.stored.load(Ordering::Relaxed),
        }
    }
}

impl Tally {
    /// Returns for whom the work waited so far.
    pub fn waits(&self) -> Waits {
        let [source, limit, processor, store] =
            self.waits.each_ref().map(|nanos| Duration::from_nanos(nanos.load(Ordering::Relaxed)));
        Waits { source, limit, processor, store }
    }
}

impl Progress for Tally {
    fn total(&self, bytes: u64) {
        self.total.store(bytes, Ordering::Relaxed);
    }

    fn add(&self, delta: Counters) {
        self.done.fetch_add(delta.done, Ordering::Relaxed);
        self.read.fetch_add(delta.read, Ordering::Relaxed);
        self.new.fetch_add(delta.new, Ordering::Relaxed);
        self.stored.fetch_add(delta.stored, Ordering::Relaxed);
    }

    fn redo(&self, undone: u64, more: u64) {
        self.done.fetch_sub(undone, Ordering::Relaxed);
        self.total.fetch_add(more, Ordering::Relaxed);
    }

    fn waited(&self, whom: WaitedFor, time: Duration) {
        let [source, limit, processor, store] = &self.waits;
        let nanos = match whom {
            WaitedFor::Source => source,
            WaitedFor::Limit => limit,
            WaitedFor::Processor => processor,
            WaitedFor::Store => store,
        };
        nanos.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}
