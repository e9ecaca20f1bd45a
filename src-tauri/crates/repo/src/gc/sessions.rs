//! Sessions as a collection sees them: at work, dead, or ended.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::Collector;
use crate::error::RepoError;
use crate::format::envelope::ObjectType;
use crate::format::names;
use crate::format::session::{Beat, Outcome, SessionOpen};
use crate::guard::Guard;
use crate::ids::{SessionId, WriterId};
use crate::load::is_damage;
use crate::points::is_missing;
use crate::store::{StoreError, WriteLock};

/// A session without an outcome.
pub(super) struct OpenSession {
    id: SessionId,
    /// Who it is and when it last gave a sign of life; `None` when its record cannot be read.
    seen: Option<(WriterId, DateTime<Utc>)>,
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
        Ok(OpenSession { id, seen: Some((record.writer, last)) })
    }

    /// Ends the sessions that are dead and returns those at work. A session that is ended by
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
            let dead = session.seen.is_none_or(|(writer, last)| {
                let silent = (self.clock.now() - last).to_std().unwrap_or_default();
                silent >= self.options.lease
                    || (writer == self.options.writer && nobody_writes_here)
            });
            if dead {
                self.revoke(session.id, number)?;
            } else {
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
