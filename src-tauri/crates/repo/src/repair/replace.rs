//! Objects that have a second copy, and the way out for those that are not needed.

use super::{Repair, RepairedHow};
use crate::error::RepoError;
use crate::format::config::{FormatFile, MAX_FORMAT};
use crate::format::names;
use crate::format::pack::MAX_PACK;
use crate::ids::ObjectHash;
use crate::inner::Inner;
use crate::store::{BlobName, StoreError};

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
            if let Some(file) = file {
                good.get_or_insert((bytes, file));
            }
        }
        let Some((bytes, file)) = good else { return Ok(()) };
        for object in self.damaged(names::FORMAT) {
            self.write_anew(&object, &bytes)?;
        }
        for object in self.damaged(names::KEYS) {
            let copy =
                file.config.slots.iter().find(|slot| names::slot(slot.id).as_str() == object);
            if let Some(slot) = copy {
                self.write_anew(&object, &slot.write(self.repository.inner.id))?;
            }
        }
        Ok(())
    }

    fn write_anew(&mut self, object: &str, bytes: &[u8]) -> Result<(), RepoError> {
        let inner = &self.repository.inner;
        let Some(name) = BlobName::new(object) else { return Ok(()) };
        if !self.options.dry_run {
            match inner.store.size(&name) {
                Err(StoreError::NotFound { .. }) => {}
                Err(other) => return Err(other.into()),
                Ok(_) if inner.set_aside(&name)? => {}
                Ok(_) => return Ok(()),
            }
            inner.store.put_new(&name, bytes)?;
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
