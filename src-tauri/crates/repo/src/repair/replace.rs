//! Objects that have a second copy, and the way out for those that are not needed.

use super::{Repair, RepairedHow};
use crate::error::RepoError;
use crate::format::config::{FormatFile, MAX_FORMAT};
use crate::format::pack::MAX_PACK;
use crate::format::{FormatError, names};
use crate::ids::ObjectHash;
use crate::inner::Inner;
use crate::store::{BlobName, StoreError};
use crate::upkeep;

impl Inner {
    /// Copies an object to `quarantine/` and then removes it. `false` when it cannot be read and so
    /// stays where it is.
    pub(crate) fn set_aside(&self, name: &BlobName) -> Result<bool, RepoError> {
        let Ok(bytes) = self.judge(|| Ok(self.store.get(name, u64::from(MAX_PACK))?))? else {
            return Ok(false);
        };
        self.store.put(&names::quarantine(name, ObjectHash::of(&bytes)), &bytes)?;
        self.store.delete(name)?;
        Ok(true)
    }
}

impl Repair<'_> {
    /// Brings back format files and key slots.
    pub(super) fn copies(&mut self) -> Result<(), RepoError> {
        let inner = &self.repository.inner;
        let mut good = None;
        for name in [names::format(), names::format_copy()] {
            let Ok(bytes) = inner.judge(|| Ok(inner.store.get(&name, MAX_FORMAT)?))? else {
                continue;
            };
            let file = FormatFile::read(&bytes).ok();
            let file =
                file.filter(|f| f.repository == inner.id && f.authenticate(&inner.keys).is_ok());
            if file.is_some() {
                good.get_or_insert(bytes);
            }
        }
        let Some(bytes) = good else { return Ok(()) };
        for object in self.damaged(names::FORMAT) {
            self.write_anew(&object, &bytes)?;
        }
        self.keys()
    }

    /// Every writer looks after the keys; a repair says which.
    fn keys(&mut self) -> Result<(), RepoError> {
        let inner = &self.repository.inner;
        let ring = inner.key_ring().complete()?;
        let in_use: Vec<_> = ring.in_use(&inner.keys).iter().map(|slot| slot.id).collect();
        let slot = |object: &String| names::slot_of(&BlobName::new(object.clone())?);
        let mut damaged = self.damaged(names::KEYS);
        damaged.retain(|object| {
            slot(object).is_some_and(|(id, removes)| !removes && in_use.contains(&id))
        });
        if self.session.is_some() {
            upkeep::mend(inner, &ring)?;
        }
        for object in damaged {
            self.done(&object, RepairedHow::FromCopy);
        }
        Ok(())
    }

    fn write_anew(&mut self, object: &str, bytes: &[u8]) -> Result<(), RepoError> {
        let inner = &self.repository.inner;
        let Some(name) = BlobName::new(object) else { return Ok(()) };
        if !self.options.dry_run {
            match inner.judge(|| Ok(inner.store.get(&name, MAX_FORMAT)?))? {
                // The session has brought it back already.
                Ok(there) if there == bytes => {}
                Err(FormatError::Missing) => inner.store.put_new(&name, bytes)?,
                _ if inner.set_aside(&name)? => inner.store.put_new(&name, bytes)?,
                _ => return Ok(()),
            }
        }
        self.done(object, RepairedHow::FromCopy);
        Ok(())
    }

    /// Moves an object away. In a dry run it only counts as done.
    pub(super) fn set_aside(&mut self, object: &str) -> Result<bool, RepoError> {
        let Some(name) = BlobName::new(object) else { return Ok(false) };
        Ok(self.options.dry_run || self.repository.inner.set_aside(&name)?)
    }

    /// Returns whether an object is the open record of a session whose end is recorded: history.
    pub(super) fn is_ended(&self, object: &str) -> Result<bool, RepoError> {
        let name = BlobName::new(object);
        let Some(session) = name.as_ref().and_then(names::open_session) else { return Ok(false) };
        match self.repository.inner.store.size(&names::session_outcome(session)) {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound { .. }) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }
}
