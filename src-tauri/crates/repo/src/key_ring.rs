//! The key folder: which slots there are, and which were taken out of use.

use std::collections::HashSet;

use crate::crypto::Keys;
use crate::error::RepoError;
use crate::format::envelope::{ObjectType, Sealing};
use crate::format::slot::{MAX_SLOT, Slot, SlotRemoval};
use crate::format::{FormatError, cbor, names};
use crate::ids::{RepositoryId, SlotId};
use crate::store::{BlobName, BlobStore, StoreError};

/// All slots that can be read, from their own objects and from the format file.
pub(crate) struct KeyRing {
    repository: RepositoryId,
    slots: Vec<Slot>,
    /// Objects that are whole.
    whole: HashSet<BlobName>,
    /// Objects that are not, or could not be read.
    broken: Vec<BlobName>,
    /// Said to be removed; believed only with the keys.
    removals: Vec<(SlotId, Vec<u8>)>,
    /// Why something may be missing here.
    failure: Option<StoreError>,
}

impl KeyRing {
    /// Reads the key folder. `copies` are the slots in the format file. What cannot be read is
    /// left out: another copy or another slot may do.
    pub(crate) fn read(store: &dyn BlobStore, repository: RepositoryId, copies: &[Slot]) -> Self {
        let mut ring = Self {
            repository,
            slots: Vec::new(),
            whole: HashSet::new(),
            broken: Vec::new(),
            removals: Vec::new(),
            failure: None,
        };
        ring.slots.extend(copies.iter().filter(|slot| slot.check().is_ok()).cloned());
        match store.list(names::KEYS) {
            Ok(entries) => {
                for entry in entries {
                    ring.read_object(store, entry.name, copies);
                }
            }
            Err(error) => ring.failure = Some(error),
        }
        ring
    }

    fn read_object(&mut self, store: &dyn BlobStore, name: BlobName, copies: &[Slot]) {
        let Some((id, removes)) = names::slot_of(&name) else { return };
        let bytes = match store.get(&name, MAX_SLOT) {
            Ok(bytes) => bytes,
            Err(StoreError::TooLarge { .. } | StoreError::Short { .. }) => {
                return self.set_broken(name, &FormatError::Length);
            }
            Err(StoreError::NotFound { .. }) => return,
            Err(error) => {
                tracing::warn!(%error, %name, "a key slot cannot be read");
                self.failure = Some(error);
                return;
            }
        };
        if removes {
            return self.removals.push((id, bytes));
        }
        match Slot::read(&bytes, self.repository, id) {
            Ok(slot) => {
                if !self.slots.contains(&slot) {
                    self.slots.push(slot.clone());
                }
                // Which of two is the right one, the keys tell: the format file is authenticated.
                if copies.iter().all(|copy| copy.id != id || *copy == slot) {
                    self.whole.insert(name);
                } else {
                    self.set_broken(name, &FormatError::Content);
                }
            }
            Err(error) => self.set_broken(name, &error),
        }
    }

    fn set_broken(&mut self, name: BlobName, error: &FormatError) {
        tracing::warn!(%error, %name, "a key slot is damaged");
        self.broken.push(name);
    }

    /// Fails when something could not be read that may be whole.
    pub(crate) fn complete(self) -> Result<Self, RepoError> {
        match self.failure {
            Some(error) => Err(error.into()),
            None => Ok(self),
        }
    }

    /// Returns why something may be missing here.
    pub(crate) fn failure(&self) -> Option<&StoreError> {
        self.failure.as_ref()
    }

    /// Returns all slots, those that were taken out of use too.
    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Returns the slots that nobody says are removed. Without keys nobody can know better.
    pub(crate) fn seemingly_in_use(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| self.removals.iter().all(|(id, _)| *id != slot.id))
    }

    /// Returns the slots in use, the oldest first.
    pub(crate) fn in_use(&self, keys: &Keys) -> Vec<&Slot> {
        let removed = self.removed(keys);
        let mut seen = HashSet::new();
        let in_use = self.slots.iter().filter(|slot| !removed.contains(&slot.id));
        // The first of an id is the one in the format file, where that has one.
        let mut slots: Vec<_> = in_use.filter(|slot| seen.insert(slot.id)).collect();
        slots.sort_by_key(|slot| (slot.created, slot.id));
        slots
    }

    /// Returns the slots that were taken out of use by somebody who had the master key. Records
    /// that would leave no key to people do not count: two computers may have removed one each.
    pub(crate) fn removed(&self, keys: &Keys) -> HashSet<SlotId> {
        let mut removed: HashSet<_> = self
            .removals
            .iter()
            .filter(|(id, bytes)| self.is_removal_of(keys, *id, bytes))
            .map(|(id, _)| *id)
            .collect();
        let of_people = self.slots.iter().filter(|slot| slot.kind.is_held_by_people());
        let of_people: HashSet<_> = of_people.map(|slot| slot.id).collect();
        if of_people.is_subset(&removed) {
            removed.retain(|id| !of_people.contains(id));
        }
        removed
    }

    fn is_removal_of(&self, keys: &Keys, id: SlotId, bytes: &[u8]) -> bool {
        let sealing = Sealing { keys, repository: self.repository };
        let name = names::slot_removal(id);
        let opened = sealing
            .open(ObjectType::SlotRemoval, name.as_str(), bytes)
            .and_then(|body| cbor::decode::<SlotRemoval>(&body));
        match opened {
            Ok(removal) => removal.slot == id,
            Err(error) => {
                tracing::warn!(%error, %name, "the removal of a key slot is damaged and ignored");
                false
            }
        }
    }

    /// Returns whether the object is there and whole.
    pub(crate) fn is_whole(&self, name: &BlobName) -> bool {
        self.whole.contains(name)
    }

    /// Returns whether an object of this name is there and damaged.
    pub(crate) fn is_broken(&self, name: &BlobName) -> bool {
        self.broken.contains(name)
    }
}
