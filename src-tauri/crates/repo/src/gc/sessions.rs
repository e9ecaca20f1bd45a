//! Sessions as a collection sees them: at work, dead, or ended.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::Collector;
use crate::error::RepoError;
use crate::format::envelope::ObjectType;
use crate::format::names;
use crate::format::session::{Beat, Outcome, SessionOpen};
use crate::guard::Guard;
use crate::ids::{RecoveryPointId, SessionId, WriterId};
use crate::load::is_damage;
use crate::points::is_missing;
use crate::store::{StoreError, WriteLock};

/// A session without an outcome.
pub(super) struct OpenSession {
    id: SessionId,
    /// What its record says; `None` when it cannot be read.
    seen: Option<Seen>,
}

/// An open record, and when the session last gave a sign of life.
struct Seen {
    writer: WriterId,
    last: DateTime<Utc>,
    /// The recovery point that it reads, when it writes nothing.
    reads: Option<RecoveryPointId>,
    reads_all: bool,
}

impl Collector<'_> {
    /// Lists the sessions that have not ended.
    pub(super) fn sessions(&self) -> Result<Vec<OpenSession>, RepoError> {
        let inner = self.inner;
        let (mut open, mut ended) = (Vec::new(), HashSet::new());
        let mut beats: HashMap<SessionId, u64> = HashMap::new();
        for entry in inner.store.list(names::SESSIONS)? {
            if let Some(id) = names::outcome_session(&entry.name) {
                ended.insert(id);
            } else if let Some((id, number)) = names::beat_of(&entry.name) {
                let last = beats.entry(id).or_default();
                *last = number.max(*last);
            } else if let Some(id) = names::open_session(&entry.name) {
                open.push(id);
            }
        }
        open.retain(|id| !ended.contains(id));
        open.into_iter().map(|id| self.seen(id, beats.get(&id).copied())).collect()
    }

    fn seen(&self, id: SessionId, beat: Option<u64>) -> Result<OpenSession, RepoError> {
        let name = names::session_open(id);
        let record: SessionOpen = match self.inner.record(&name, ObjectType::SessionOpen) {
            Ok(record) => record,
            Err(error) if is_damage(&error) || is_missing(&error) => {
                return Ok(OpenSession { id, seen: None });
            }
            Err(error) => return Err(error),
        };
        let last = match beat {
            None => record.started,
            Some(n) => match self.inner.record(&names::beat(id, n), ObjectType::SessionBeat) {
                Ok(Beat { time }) => time,
                // The next one has replaced it, or it is damaged: a sign of life all the same.
                Err(error) if is_damage(&error) || is_missing(&error) => self.clock.now(),
                Err(error) => return Err(error),
            },
        };
        let SessionOpen { writer, reads, reads_all, .. } = record;
        let seen = Seen { writer, last, reads, reads_all: reads_all == Some(true) };
        Ok(OpenSession { id, seen: Some(seen) })
    }

    /// Returns the recovery points that are being read. To be asked after it was found out which
    /// recovery points exist: whoever began to read one before it ended is found then.
    pub(super) fn being_read(&self) -> Result<HashSet<RecoveryPointId>, RepoError> {
        if !self.inner.options.keeps(Guard::KeepForReaders) {
            return Ok(HashSet::new());
        }
        let open = self.sessions()?;
        Ok(open.iter().filter_map(|session| session.seen.as_ref()?.reads).collect())
    }

    /// Ends the sessions that are dead and returns those at work that have to be waited for: all
    /// but readers of one recovery point, which is kept for them. A session that is ended by
    /// mistake loses its work and no more: it finds its outcome decided.
    pub(super) fn end_dead(
        &self,
        number: u64,
        sessions: &[OpenSession],
    ) -> Result<Vec<SessionId>, RepoError> {
        if !self.inner.options.keeps(Guard::Revoke) {
            return Ok(Vec::new());
        }
        let nobody_writes_here = self.nobody_writes_here();
        let mut at_work = Vec::new();
        for session in sessions {
            let dead = session.seen.as_ref().is_none_or(|seen| {
                let silent = (self.clock.now() - seen.last).to_std().unwrap_or_default();
                // Readers do not take the lock of those who write.
                let reads = seen.reads.is_some() || seen.reads_all;
                let ours = seen.writer == self.options.writer && !reads;
                silent >= self.options.lease || (ours && nobody_writes_here)
            });
            if dead {
                self.revoke(session.id, number)?;
            } else if session.seen.as_ref().is_none_or(|seen| seen.reads.is_none()) {
                at_work.push(session.id);
            }
        }
        Ok(at_work)
    }

    /// Whether no process of this computer has a session.
    fn nobody_writes_here(&self) -> bool {
        let folder = self.inner.options.lock_folder.as_ref();
        WriteLock::take(folder, self.inner.id).is_ok()
    }

    fn revoke(&self, session: SessionId, collection: u64) -> Result<(), RepoError> {
        let name = names::session_outcome(session);
        let outcome = Outcome::Revoked { collection };
        let object = ObjectType::SessionOutcome;
        match self.inner.put_record(&name, object, &outcome, self.clock) {
            // It ended by itself: if it committed, its recovery point is seen from now on.
            Err(RepoError::Store(StoreError::Exists { .. })) => Ok(()),
            other => other,
        }
    }
}
