//! What every writer makes up for: lost copies of keys, leftovers of removed ones, and the texts
//! that tell a finder what lies here. Nothing depends on it, so a failure is only told.

use std::collections::HashSet;

use crate::error::RepoError;
use crate::format::names;
use crate::format::slot::Slot;
use crate::inner::Inner;
use crate::key_ring::KeyRing;
use crate::store::{BlobName, BlobStore, StoreError};

/// Texts for people, plain and without secrets. Never read by programs and no part of the format.
const TEXTS: [(&str, &str); 3] = [
    (names::README, include_str!("upkeep/readme.txt")),
    (names::README_RECOVERY, include_str!("upkeep/recovery.txt")),
    (names::README_FORMAT, include_str!("../../../docs/REPOSITORY_FORMAT.md")),
];

/// Makes up for what is missing, once for each opened repository.
pub(crate) fn complete(inner: &Inner) {
    if inner.looked_after.set(()).is_ok() {
        describe(inner.store.as_ref());
        if let Err(error) = mend(inner, &inner.key_ring()) {
            tracing::warn!(%error, "the copies of the keys could not be looked after");
        }
    }
}

/// Writes the texts that are missing.
pub(crate) fn describe(store: &dyn BlobStore) {
    for (name, text) in TEXTS {
        let name = BlobName::built(name.to_owned());
        let written = match store.size(&name) {
            Err(StoreError::NotFound { .. }) => store.put_new(&name, text.as_bytes()),
            other => other.map(|_| ()),
        };
        match written {
            Ok(()) | Err(StoreError::Exists { .. }) => {}
            Err(error) => tracing::warn!(%error, %name, "a text for people could not be written"),
        }
    }
}

/// Writes lost copies of keys anew, and deletes what is left of removed ones.
pub(crate) fn mend(inner: &Inner, ring: &KeyRing) -> Result<(), RepoError> {
    for slot in ring.in_use(&inner.keys) {
        mend_slot(inner, ring, slot)?;
    }
    let removed = ring.removed(&inner.keys);
    let left: HashSet<_> = ring.slots().iter().map(|slot| slot.id).collect();
    for id in left.intersection(&removed) {
        inner.delete_slot(*id)?;
    }
    Ok(())
}

/// Writes the copies of a slot that are missing or damaged. The one it was read from stays.
fn mend_slot(inner: &Inner, ring: &KeyRing, slot: &Slot) -> Result<(), RepoError> {
    for name in inner.slot_names(slot.id).iter().filter(|name| !ring.is_whole(name)) {
        if ring.is_broken(name) {
            inner.store.delete(name)?;
        }
        match inner.store.put_new(name, &slot.write(inner.id)) {
            Ok(()) => tracing::warn!(%name, "a lost copy of a key was written anew"),
            // It is there, and could not be read.
            Err(StoreError::Exists { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
