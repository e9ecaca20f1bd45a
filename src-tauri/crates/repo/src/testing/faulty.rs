use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::store::{BlobEntry, BlobName, BlobStore, Capabilities, StoreError};

/// What a call that fails says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No space left.
    Full,
    /// An input or output error.
    Io,
    /// The place is gone.
    Unreachable,
    /// A handle on a share lost what it stood for.
    Stale,
    /// No permission.
    Denied,
}

impl Fault {
    /// Returns what the system says, which a message must not lose.
    pub fn text(self) -> &'static str {
        match self {
            Self::Full => "no space left on purpose",
            Self::Io => "input or output error on purpose",
            Self::Unreachable => "no route on purpose",
            Self::Stale => "stale file handle on purpose",
            Self::Denied => "no permission on purpose",
        }
    }
}

/// Which calls fail, and what they leave behind. Calls are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// None.
    Never,
    /// One call, without effect.
    Once(u64),
    /// One call whose effect happened: only its answer was lost.
    AnswerLost(u64),
    /// One call that left the first half of its object.
    Short(u64),
    /// This call and all after it, none with effect: the process or the computer died.
    Crash(u64),
    /// As [`When::Crash`], but the first of them had its effect.
    CrashAfter(u64),
    /// As [`When::Crash`], but the first of them left the first half of its object, as a store
    /// does that makes names before content.
    CrashTorn(u64),
    /// Every call that would change the store; what is there can be read.
    EveryWrite,
}

/// A store that fails on purpose.
pub struct FaultyStore {
    inner: Arc<dyn BlobStore>,
    when: When,
    fault: Fault,
    calls: AtomicU64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Read,
    Write,
}

enum Verdict {
    Work,
    Fail { effect: bool, torn: bool },
}

impl FaultyStore {
    /// Puts a store that fails in front of one that works.
    pub fn new(inner: Arc<dyn BlobStore>, when: When, fault: Fault) -> Self {
        Self { inner, when, fault, calls: AtomicU64::new(0) }
    }

    /// Returns how many calls there were.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    fn next(&self, does: Does) -> Verdict {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let fail = |effect, torn| Verdict::Fail { effect, torn };
        match self.when {
            When::Once(k) if call == k => fail(false, false),
            When::AnswerLost(k) if call == k => fail(true, false),
            When::CrashAfter(k) if call == k => fail(true, false),
            When::CrashTorn(k) | When::Short(k) if call == k => fail(false, true),
            When::Crash(k) | When::CrashAfter(k) | When::CrashTorn(k) if call >= k => {
                fail(false, false)
            }
            When::EveryWrite if does == Does::Write => fail(false, false),
            _ => Verdict::Work,
        }
    }

    fn error(&self, name: &str) -> StoreError {
        let (location, name) = (self.location(), name.to_owned());
        let kind = match self.fault {
            Fault::Full => io::ErrorKind::StorageFull,
            Fault::Io => io::ErrorKind::Other,
            Fault::Unreachable => io::ErrorKind::HostUnreachable,
            Fault::Stale => io::ErrorKind::StaleNetworkFileHandle,
            Fault::Denied => io::ErrorKind::PermissionDenied,
        };
        let source = Arc::new(io::Error::new(kind, self.fault.text()));
        match self.fault {
            Fault::Full => StoreError::Full { location, name, size: 0, source },
            Fault::Io => StoreError::Io { location, action: "using", name, source },
            Fault::Unreachable | Fault::Stale => StoreError::Unreachable { location, source },
            Fault::Denied => StoreError::Denied { location, name, source },
        }
    }

    fn read<T>(
        &self,
        name: &str,
        work: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.run(Does::Read, name, work, || Ok(()))
    }

    fn write(
        &self,
        name: &str,
        work: impl FnOnce() -> Result<(), StoreError>,
        torn: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.run(Does::Write, name, work, torn)
    }

    fn run<T>(
        &self,
        does: Does,
        name: &str,
        work: impl FnOnce() -> Result<T, StoreError>,
        torn: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<T, StoreError> {
        match self.next(does) {
            Verdict::Work => work(),
            Verdict::Fail { effect: true, .. } => {
                work()?;
                Err(self.error(name))
            }
            Verdict::Fail { torn: half, .. } => {
                if half {
                    torn()?;
                }
                Err(self.error(name))
            }
        }
    }
}

fn half(bytes: &[u8]) -> &[u8] {
    bytes.split_at(bytes.len() / 2).0
}

impl BlobStore for FaultyStore {
    fn location(&self) -> String {
        self.inner.location()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn prepare(&self) -> Result<(), StoreError> {
        self.write(".", || self.inner.prepare(), || Ok(()))
    }

    fn put(&self, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        let torn = || self.inner.put(name, half(bytes));
        self.write(name.as_str(), || self.inner.put(name, bytes), torn)
    }

    fn put_new(&self, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        let torn = || self.inner.put_new(name, half(bytes));
        self.write(name.as_str(), || self.inner.put_new(name, bytes), torn)
    }

    fn get(&self, name: &BlobName, limit: u64) -> Result<Vec<u8>, StoreError> {
        self.read(name.as_str(), || self.inner.get(name, limit))
    }

    fn get_range(&self, name: &BlobName, offset: u64, len: usize) -> Result<Vec<u8>, StoreError> {
        self.read(name.as_str(), || self.inner.get_range(name, offset, len))
    }

    fn size(&self, name: &BlobName) -> Result<u64, StoreError> {
        self.read(name.as_str(), || self.inner.size(name))
    }

    fn list(&self, prefix: &str) -> Result<Vec<BlobEntry>, StoreError> {
        self.read(prefix, || self.inner.list(prefix))
    }

    fn set_aside(&self, name: &BlobName, to: &BlobName) -> Result<(), StoreError> {
        self.write(name.as_str(), || self.inner.set_aside(name, to), || Ok(()))
    }

    fn delete(&self, name: &BlobName) -> Result<(), StoreError> {
        self.write(name.as_str(), || self.inner.delete(name), || Ok(()))
    }
}
