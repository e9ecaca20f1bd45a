//! Reading under a record that keeps what is read.
//!
//! A reader writes its open record before it looks whether the recovery point exists. A collection
//! looks which recovery points exist before it lists readers, the last thing before it decides.
//! So either the reader finds the recovery point deleted, or the collection finds the reader and
//! keeps what it needs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kuramori_base::Clock;

use crate::beat::Heart;
use crate::error::RepoError;
use crate::format::envelope::ObjectType;
use crate::format::manifest::Manifest;
use crate::format::names;
use crate::format::session::SessionOpen;
use crate::ids::{RecoveryPointId, SessionId, WriterId};
use crate::inner::Inner;
use crate::load::is_damage;
use crate::repository::Repository;
use crate::store::{BlobName, StoreError};
use crate::view::DiskView;

/// Who reads.
#[derive(Clone)]
pub struct ReadAs {
    /// The installation that reads.
    pub writer: WriterId,
    /// Time, for signs of life.
    pub clock: Arc<dyn Clock>,
}

/// What a session reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// One recovery point.
    Point(RecoveryPointId),
    /// All there is; collections wait for it.
    Everything,
}

/// A recovery point that is being read. Collections, also those of other computers, keep what it
/// needs until this and all its disks are dropped, even when it is deleted meanwhile.
pub struct Reader {
    inner: Arc<Inner>,
    manifest: Manifest,
    reading: Result<Arc<Reading>, RepoError>,
}

impl Repository {
    /// Begins to read a recovery point.
    ///
    /// Where nothing can be written, such as on a read-only medium, it is read all the same:
    /// [`Reader::unprotected`] says why nothing keeps it from being collected.
    ///
    /// # Errors
    /// [`RepoError::PointNotFound`]; [`RepoError::Damaged`] when its manifest cannot be read; what
    /// the store says when it cannot be read.
    pub fn read(&self, point: RecoveryPointId, who: &ReadAs) -> Result<Reader, RepoError> {
        let reading = self.begin_reading(Reads::Point(point), who)?;
        // From here on a collection that does not find the record has left the point alone.
        let manifest = self.point(point)?;
        Ok(Reader { inner: Arc::clone(&self.inner), manifest, reading })
    }

    /// Writes the record of a reader; the inner error is why it could not be written.
    pub(crate) fn begin_reading(
        &self,
        what: Reads,
        who: &ReadAs,
    ) -> Result<Result<Arc<Reading>, RepoError>, RepoError> {
        self.inner.check_identity()?;
        let begun = self.writable().and_then(|()| Reading::open(&self.inner, what, who));
        match begun {
            Ok(reading) => Ok(Ok(Arc::new(reading))),
            Err(error @ RepoError::Store(StoreError::Unreachable { .. })) => Err(error),
            Err(error) => {
                tracing::warn!(%error, "what is read is not protected from being removed meanwhile");
                Ok(Err(error))
            }
        }
    }
}

impl Reader {
    /// Returns all there is to know about the recovery point.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns why the recovery point is not protected from being removed while it is read.
    pub fn unprotected(&self) -> Option<&RepoError> {
        self.reading.as_ref().err()
    }

    /// Opens one of its disks. The disk keeps the protection after this reader is gone.
    ///
    /// # Errors
    /// [`RepoError::Invalid`] when there is no such disk; what the store says about the index.
    pub fn disk(&self, disk: usize) -> Result<DiskView, RepoError> {
        let disk = self.inner.disk_of(&self.manifest, disk)?;
        let view = DiskView::new(Arc::clone(&self.inner), disk.root, disk.capacity)?;
        Ok(view.under(self.reading.as_ref().ok().cloned()))
    }
}

/// The record of a reader, kept alive until it is dropped.
pub(crate) struct Reading {
    inner: Arc<Inner>,
    id: SessionId,
    ended: Arc<AtomicBool>,
    heart: Option<Heart>,
}

impl Reading {
    fn open(inner: &Arc<Inner>, what: Reads, who: &ReadAs) -> Result<Self, RepoError> {
        let id = SessionId::random()?;
        let record = SessionOpen {
            session: id,
            writer: who.writer,
            started: who.clock.now(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            reads: match what {
                Reads::Point(point) => Some(point),
                Reads::Everything => None,
            },
            reads_all: (what == Reads::Everything).then_some(true),
        };
        let name = names::session_open(id);
        inner.put_record(&name, ObjectType::SessionOpen, &record, who.clock.as_ref())?;
        let inner = Arc::clone(inner);
        let ended = Arc::default();
        let mut reading = Self { inner, id, ended, heart: None };
        let watch = Some(Arc::clone(&reading.ended));
        let clock = Arc::clone(&who.clock);
        reading.heart = Some(Heart::start(Arc::clone(&reading.inner), id, clock, watch)?);
        Ok(reading)
    }

    /// Fails once somebody is known to have taken this reader for dead.
    pub(crate) fn check(&self) -> Result<(), RepoError> {
        if self.ended.load(Ordering::Relaxed) { Err(RepoError::ReadingEnded) } else { Ok(()) }
    }

    /// Finds out whether something is missing because somebody took this reader for dead.
    pub(crate) fn explain(&self, error: RepoError) -> RepoError {
        if is_damage(&error) && self.inner.is_ended(self.id) {
            self.ended.store(true, Ordering::Relaxed);
            return RepoError::ReadingEnded;
        }
        error
    }

    fn remove(&self, name: &BlobName) {
        match self.inner.store.delete(name) {
            Ok(()) | Err(StoreError::NotFound { .. }) => {}
            Err(error) => tracing::debug!(%error, "a record of a reader stays behind"),
        }
    }
}

impl Inner {
    /// Whether the outcome of a session is there. Not knowing is no.
    pub(crate) fn is_ended(&self, session: SessionId) -> bool {
        self.store.size(&names::session_outcome(session)).is_ok()
    }
}

impl Drop for Reading {
    /// Nobody asks how a reader ended, so its records go.
    fn drop(&mut self) {
        if let Some(beat) = self.heart.take().and_then(Heart::stop) {
            self.remove(&names::beat(self.id, beat));
        }
        self.remove(&names::session_open(self.id));
        if self.inner.is_ended(self.id) {
            self.remove(&names::session_outcome(self.id));
        }
    }
}
