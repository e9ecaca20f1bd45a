//! The keys people and computers open a repository with: list, add, change, remove.
//!
//! Invariant guarded: whatever call fails or is the last before a crash, a key that opened before
//! still does, or its replacement does; and there is always one that a person can hold.

use chrono::{DateTime, Utc};
use kuramori_base::{Clock, Secret};

use crate::crypto::KdfCost;
use crate::error::RepoError;
use crate::format::config::MAX_SLOTS;
use crate::format::envelope::ObjectType;
use crate::format::slot::{MAX_SLOT, Slot, SlotKind, SlotRemoval};
use crate::format::{FormatError, cbor, names};
use crate::ids::SlotId;
use crate::inner::Inner;
use crate::key_ring::KeyRing;
use crate::options::Unlock;
use crate::repository::Repository;
use crate::store::{BlobName, StoreError};
use crate::unlock::{OpenFailure, SlotMaker, open_slot};

/// One key that opens the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySlot {
    /// Names it.
    pub id: SlotId,
    /// What it is.
    pub kind: SlotKind,
    /// When it was added.
    pub created: DateTime<Utc>,
}

impl From<&Slot> for KeySlot {
    fn from(slot: &Slot) -> Self {
        Self { id: slot.id, kind: slot.kind, created: slot.created }
    }
}

/// A key to add.
#[derive(Debug)]
pub enum NewKey<'a> {
    /// A passphrase, key file or device key; the cost is for passphrases.
    Chosen(&'a Unlock, KdfCost),
    /// A recovery key, made here.
    Recovery,
}

/// A key that was added.
#[derive(Debug)]
pub struct AddedKey {
    /// The key.
    pub key: KeySlot,
    /// A new recovery key, to be shown once and written down. It is stored nowhere.
    pub recovery_key: Option<Secret<String>>,
}

/// A key in place of another.
#[derive(Debug)]
pub struct ChangedKey {
    /// The new key, which opens the repository.
    pub added: AddedKey,
    /// Whether the old one is gone. After an error it may open the repository still; remove it
    /// again then.
    pub removed: Result<(), RepoError>,
}

impl Repository {
    /// Returns the keys that open the repository, the oldest first.
    ///
    /// # Errors
    /// What the store says. Damaged copies of a key are not an error while one is whole.
    pub fn keys(&self) -> Result<Vec<KeySlot>, RepoError> {
        let ring = self.inner.key_ring().complete()?;
        Ok(ring.in_use(&self.inner.keys).into_iter().map(KeySlot::from).collect())
    }

    /// Finds the key whose id begins with `prefix` (hexadecimal, any case).
    ///
    /// # Errors
    /// [`RepoError::KeyNotFound`], [`RepoError::KeyAmbiguous`] and what the store says.
    pub fn resolve_key(&self, prefix: &str) -> Result<KeySlot, RepoError> {
        let wanted = prefix.trim().to_ascii_lowercase();
        let mut found = self.keys()?;
        found.retain(|key| !wanted.is_empty() && key.id.to_hex().starts_with(&wanted));
        let count = found.len();
        let wanted = prefix.to_owned();
        match (found.pop(), count) {
            (Some(key), 1) => Ok(key),
            (None, _) => Err(RepoError::KeyNotFound { wanted }),
            _ => Err(RepoError::KeyAmbiguous { wanted, count }),
        }
    }

    /// Adds a key, reads it back and opens the repository with it.
    ///
    /// # Errors
    /// [`RepoError::WeakKey`], [`RepoError::Invalid`] when there are too many, and what the store
    /// says. After an error the key does not open the repository, unless the store failed at
    /// taking it away again too.
    pub fn add_key(&self, key: NewKey<'_>, clock: &dyn Clock) -> Result<AddedKey, RepoError> {
        let ring = self.ring_to_change()?;
        if ring.in_use(&self.inner.keys).len() >= MAX_SLOTS {
            return Err(RepoError::invalid(format!("a repository has at most {MAX_SLOTS} keys")));
        }
        let (repository, master) = (self.inner.id, self.inner.keys.master());
        let maker = SlotMaker { repository, master, now: clock.now() };
        let (slot, recovery_key) = match key {
            NewKey::Chosen(unlock, cost) => (maker.chosen(unlock, cost)?, None),
            NewKey::Recovery => maker.recovery().map(|(slot, key)| (slot, Some(key)))?,
        };
        let typed = recovery_key.as_ref().map(|key| Unlock::RecoveryKey(key.duplicate()));
        let unlock = match (&key, &typed) {
            (NewKey::Chosen(unlock, _), _) => unlock,
            (NewKey::Recovery, typed) => typed.as_ref().expect("a recovery key was just made"),
        };
        if let Err(error) = self.inner.put_slot(&slot, unlock) {
            self.inner.discard_slot(slot.id);
            return Err(error);
        }
        Ok(AddedKey { key: KeySlot::from(&slot), recovery_key })
    }

    /// Adds a key and then removes the one it replaces.
    ///
    /// # Errors
    /// As [`Repository::add_key`], and [`RepoError::KeyNotFound`]; the old key opens the
    /// repository then. Failures after that are in [`ChangedKey::removed`].
    pub fn change_key(
        &self,
        old: SlotId,
        new: NewKey<'_>,
        clock: &dyn Clock,
    ) -> Result<ChangedKey, RepoError> {
        let ring = self.ring_to_change()?;
        find(&ring.in_use(&self.inner.keys), old)?;
        let added = self.add_key(new, clock)?;
        Ok(ChangedKey { removed: self.remove_key(old, clock), added })
    }

    /// Takes a key out of use. Somebody who has it and a copy of the repository from before can
    /// open that copy, and with the master key in it everything: a key that became known to
    /// others needs a new repository.
    ///
    /// # Errors
    /// [`RepoError::KeyNotFound`]; [`RepoError::LastKey`] when it is the last that a person can
    /// hold; what the store says. After an error of the store, do it again.
    pub fn remove_key(&self, id: SlotId, clock: &dyn Clock) -> Result<(), RepoError> {
        let ring = self.ring_to_change()?;
        let in_use = ring.in_use(&self.inner.keys);
        let slot = find(&in_use, id)?;
        if !leaves_a_key(&in_use, slot) {
            return Err(RepoError::LastKey);
        }
        let record = names::slot_removal(id);
        self.inner.put_removal(&record, id, clock)?;
        // Another computer may have removed the rest meanwhile; it looks again, too.
        let now = self.ring_to_change()?;
        if now.in_use(&self.inner.keys).iter().any(|slot| slot.id == id) {
            self.inner.store.delete(&record)?;
            return Err(RepoError::LastKey);
        }
        self.inner.delete_slot(id)
    }

    fn ring_to_change(&self) -> Result<KeyRing, RepoError> {
        self.writable()?;
        self.inner.key_ring().complete()
    }
}

fn find<'a>(slots: &[&'a Slot], id: SlotId) -> Result<&'a Slot, RepoError> {
    let found = slots.iter().find(|slot| slot.id == id);
    found.copied().ok_or_else(|| RepoError::KeyNotFound { wanted: id.to_hex() })
}

/// Says whether a person can open the repository without this slot.
fn leaves_a_key(in_use: &[&Slot], gone: &Slot) -> bool {
    let mut others = in_use.iter().filter(|slot| slot.id != gone.id);
    !gone.kind.is_held_by_people() || others.any(|slot| slot.kind.is_held_by_people())
}

impl Inner {
    pub(crate) fn key_ring(&self) -> KeyRing {
        KeyRing::read(self.store.as_ref(), self.id, &self.config.slots)
    }

    /// Returns the names under which a slot must lie.
    pub(crate) fn slot_names(&self, id: SlotId) -> Vec<BlobName> {
        let in_format = self.config.slots.iter().any(|slot| slot.id == id);
        let copy = (!in_format).then(|| names::slot_copy(id));
        std::iter::once(names::slot(id)).chain(copy).collect()
    }

    /// Stores a slot and opens each copy of it as a stranger would.
    fn put_slot(&self, slot: &Slot, unlock: &Unlock) -> Result<(), RepoError> {
        let bytes = slot.write(self.id);
        for name in self.slot_names(slot.id) {
            match self.store.put_new(&name, &bytes) {
                // Another computer makes up for copies that are missing; it is read back below.
                Ok(()) | Err(StoreError::Exists { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        for name in self.slot_names(slot.id) {
            let read = self.store.get(&name, MAX_SLOT)?;
            let stored = Slot::read(&read, self.id, slot.id);
            if stored.as_ref() != Ok(slot) {
                let source = stored.err().unwrap_or(FormatError::Content);
                return Err(self.damaged(name.as_str(), source));
            }
        }
        let opened = open_slot(self.id, slot, unlock).map_err(|failure| match failure {
            OpenFailure::Damaged { source, .. } => RepoError::SelfCheck { source },
            OpenFailure::Other(error) => error,
        })?;
        match opened {
            Some(master) if master == *self.keys.master() => Ok(()),
            _ => Err(RepoError::SelfCheck { source: FormatError::Content }),
        }
    }

    fn put_removal(
        &self,
        record: &BlobName,
        slot: SlotId,
        clock: &dyn Clock,
    ) -> Result<(), RepoError> {
        let removed = clock.now();
        let body = cbor::encode(&SlotRemoval { slot, removed });
        let nanos = removed.timestamp_nanos_opt().unwrap_or_default();
        let kind = ObjectType::SlotRemoval;
        let bytes = self.sealing().seal(kind, record.as_str(), &body, nanos)?;
        match self.store.put_new(record, &bytes) {
            // It does not count, or the slot would not be in use: it is damaged.
            Err(StoreError::Exists { .. }) => {
                self.store.delete(record)?;
                Ok(self.store.put_new(record, &bytes)?)
            }
            other => Ok(other?),
        }
    }

    pub(crate) fn delete_slot(&self, id: SlotId) -> Result<(), RepoError> {
        for name in self.slot_names(id) {
            match self.store.delete(&name) {
                Err(StoreError::NotFound { .. }) | Ok(()) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Takes a slot away that could not be made whole.
    fn discard_slot(&self, id: SlotId) {
        if let Err(error) = self.delete_slot(id) {
            tracing::warn!(%error, slot = %id.to_hex(), "a key that was not finished is left");
        }
    }
}
