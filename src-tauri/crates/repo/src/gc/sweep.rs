//! Removing what a collection decided on, and what nobody needs any more.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
use kuramori_block::ByteLen;

use super::Collector;
use crate::error::RepoError;
use crate::format::collection::{Done, Final, Retired};
use crate::format::envelope::ObjectType;
use crate::format::index::IndexObject;
use crate::format::names::{self, Step};
use crate::format::session::Outcome;
use crate::ids::{ObjectHash, SessionId};
use crate::load::is_damage;
use crate::points::is_missing;
use crate::store::{BlobName, StoreError};

/// Packs one index object speaks about.
const PACKS_PER_INDEX: usize = 32;

impl Collector<'_> {
    /// Removes exactly what a final record says. May be done again from its start.
    pub(super) fn sweep(&mut self, number: u64, decision: &Final) -> Result<(), RepoError> {
        let Final::Decided { packs, points, .. } = decision else { return Ok(()) };
        let packs_set: HashSet<_> = packs.iter().copied().collect();
        self.supersede_index(&packs_set)?;
        let mut freed = 0;
        for pack in packs {
            self.go_on()?;
            let name = names::pack(*pack);
            let size = match self.inner.store.size(&name) {
                Ok(size) => size,
                Err(StoreError::NotFound { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            match self.inner.store.set_aside(&name, &names::trash(number, *pack)) {
                Ok(()) => freed += size,
                Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.retire(points)?;
        let done = Done { time: self.clock.now(), freed };
        match self.put(number, Step::Done, &done) {
            Err(RepoError::Store(StoreError::Exists { .. })) => Ok(()), // another one completed it
            other => other,
        }
    }

    /// Writes new index objects for those that name packs which go, then removes the old ones.
    fn supersede_index(&self, gone: &HashSet<ObjectHash>) -> Result<(), RepoError> {
        let (mut old, mut kept) = (Vec::new(), Vec::new());
        for entry in self.inner.store.list(names::INDEX)? {
            let index = match self.inner.read_index(&entry.name) {
                Ok(index) => index,
                // For `check` to report; its packs are known by their footers.
                Err(error) if is_damage(&error) || is_missing(&error) => continue,
                Err(error) => return Err(error),
            };
            if index.packs.iter().any(|pack| gone.contains(&pack.pack)) {
                kept.extend(index.packs.into_iter().filter(|pack| !gone.contains(&pack.pack)));
                old.push(entry.name);
            }
        }
        for packs in kept.chunks(PACKS_PER_INDEX) {
            self.inner.put_index(&IndexObject { packs: packs.to_vec() }, self.nanos())?;
        }
        old.iter().try_for_each(|name| self.remove(name))
    }

    /// Removes the records of deleted recovery points: the manifest first, the deletion last, so
    /// that none ever looks lost.
    fn retire(&mut self, points: &[Retired]) -> Result<(), RepoError> {
        if points.is_empty() {
            return Ok(());
        }
        let manifests: HashSet<_> = points.iter().map(|p| p.manifest).collect();
        let sessions: HashSet<_> = points.iter().map(|p| p.session).collect();
        let deleted: HashSet<_> = points.iter().map(|p| p.point).collect();
        for entry in self.inner.store.list(names::POINTS)? {
            if names::hash_of(&entry.name).is_some_and(|hash| manifests.contains(&hash)) {
                self.remove(&entry.name)?;
            }
        }
        let session_of = |name: &BlobName| {
            let beat = names::beat_of(name).map(|(id, _)| id);
            beat.or_else(|| names::open_session(name)).or_else(|| names::outcome_session(name))
        };
        let mut records: Vec<_> = self.inner.store.list(names::SESSIONS)?;
        records.retain(|e| session_of(&e.name).is_some_and(|id| sessions.contains(&id)));
        records.sort_by_key(|entry| names::outcome_session(&entry.name).is_some());
        for entry in &records {
            self.remove(&entry.name)?;
        }
        let tombs = self.inner.store.list(names::TOMBS)?;
        let of = |name: &BlobName| names::tomb_of(name).filter(|(id, ..)| deleted.contains(id));
        // The end of a deletion goes last: without its tomb it still says "deleted".
        for ends in [false, true] {
            for entry in &tombs {
                if of(&entry.name).is_some_and(|(.., end)| end == ends) {
                    self.remove(&entry.name)?;
                }
            }
        }
        self.report.retired += points.len();
        Ok(())
    }

    /// Removes records of sessions that have ended without a recovery point. `number` is that of
    /// the last collection.
    pub(super) fn tidy(&mut self, number: u64) -> Result<(), RepoError> {
        self.go_on()?;
        let sessions = self.sessions()?;
        // Sessions at work are left alone; the dead ones are told.
        let _at_work = self.end_dead(number, &sessions)?;
        let mut ended: HashMap<SessionId, Outcome> = HashMap::new();
        let records = self.inner.store.list(names::SESSIONS)?;
        for entry in &records {
            let Some(id) = names::outcome_session(&entry.name) else { continue };
            match self.inner.record(&entry.name, ObjectType::SessionOutcome) {
                Ok(outcome) => {
                    ended.insert(id, outcome);
                }
                Err(error) if is_damage(&error) || is_missing(&error) => {}
                Err(error) => return Err(error),
            }
        }
        self.remove_uncommitted(&ended)?;
        for entry in &records {
            let beat = names::beat_of(&entry.name).map(|(id, _)| id);
            let id = beat.or_else(|| names::open_session(&entry.name));
            if id.is_some_and(|id| ended.contains_key(&id)) {
                self.remove(&entry.name)?;
            }
        }
        for (id, outcome) in &ended {
            // A revoked session may still wake up; its outcome is what stops it.
            if *outcome == Outcome::Abandoned {
                self.remove(&names::session_outcome(*id))?;
            }
        }
        // It costs room and nothing else, so a place where it cannot be done is left as it is.
        match self.inner.store.sweep(self.clock.now()) {
            Ok(swept) => self.report.swept = swept,
            Err(error) => tracing::warn!(%error, "half-written files could not be removed"),
        }
        Ok(())
    }

    /// Removes manifests whose session ended without them.
    fn remove_uncommitted(&self, ended: &HashMap<SessionId, Outcome>) -> Result<(), RepoError> {
        let committed: HashSet<_> = ended
            .values()
            .filter_map(|outcome| match outcome {
                Outcome::Committed { manifest, .. } => Some(*manifest),
                Outcome::Revoked { .. } | Outcome::Abandoned => None,
            })
            .collect();
        for entry in self.inner.store.list(names::POINTS)? {
            let Some(hash) = names::hash_of(&entry.name) else { continue };
            if committed.contains(&hash) {
                continue;
            }
            match self.inner.read_manifest(&entry.name) {
                Ok(m)
                    if matches!(
                        ended.get(&m.session),
                        Some(Outcome::Revoked { .. } | Outcome::Abandoned)
                    ) =>
                {
                    self.remove(&entry.name)?;
                }
                Ok(_) => {}
                Err(error) if is_damage(&error) || is_missing(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Removes what collections put into the trash that were done a day ago.
    pub(super) fn empty_trash(&mut self) -> Result<(), RepoError> {
        let mut old: HashMap<u64, bool> = HashMap::new();
        let mut emptied = 0;
        for entry in self.inner.store.list(names::TRASH)? {
            let Some(number) = names::trash_of(&entry.name) else { continue };
            let is_old = match old.entry(number) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(unknown) => *unknown.insert(self.was_done_a_day_ago(number)?),
            };
            if is_old {
                self.go_on()?;
                self.remove(&entry.name)?;
                emptied += entry.size;
            }
        }
        self.report.trash_emptied = ByteLen::new(emptied);
        Ok(())
    }

    fn was_done_a_day_ago(&self, number: u64) -> Result<bool, RepoError> {
        match self.inner.done(number) {
            Ok(done) => Ok(self.clock.now() >= done.time + TimeDelta::hours(24)),
            Err(error) if is_damage(&error) || is_missing(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes an object; one that is gone is fine.
    fn remove(&self, name: &BlobName) -> Result<(), RepoError> {
        match self.inner.store.delete(name) {
            Err(StoreError::NotFound { .. }) => Ok(()),
            other => Ok(other?),
        }
    }
}
