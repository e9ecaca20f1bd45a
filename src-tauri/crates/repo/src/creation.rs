//! Making the first objects of a repository.

use crate::crypto::Keys;
use crate::error::RepoError;
use crate::format::config::Config;
use crate::format::names;
use crate::ids::RepositoryId;
use crate::store::{BlobName, BlobStore, StoreError};

/// Removes what a creation left that was cut short before it made a format file: key slots, which
/// open nothing. Anything else may be a repository whose format file is lost, and is left alone, and
/// so are objects of a probe that may be under way.
pub(crate) fn clear(store: &dyn BlobStore) -> Result<(), RepoError> {
    let mut left = store.list("")?;
    left.retain(|entry| {
        let name = entry.name.as_str();
        // What else may lie at the top, `prepare` knows.
        name.contains('/') && !name.starts_with(names::PROBES)
    });
    if let Some(found) = left.iter().find(|entry| names::slot_of(&entry.name).is_none()) {
        let (location, found) = (store.location(), found.name.to_string());
        return Err(StoreError::Occupied { location, found }.into());
    }
    left.iter().try_for_each(|entry| remove(store, &entry.name))
}

/// Writes slots, then the format file, which makes it a repository, then its copy.
pub(crate) fn write(
    store: &dyn BlobStore,
    config: &Config,
    id: RepositoryId,
    keys: &Keys,
) -> Result<(), RepoError> {
    for slot in &config.slots {
        store.put_new(&names::slot(slot.id), &slot.write(id))?;
    }
    let bytes = config.write(id, keys);
    match store.put_new(&names::format(), &bytes) {
        // Somebody else was first; these keys open nothing.
        Err(StoreError::Exists { location, .. }) => {
            config.slots.iter().try_for_each(|slot| remove(store, &names::slot(slot.id)))?;
            Err(RepoError::AlreadyExists { location })
        }
        other => Ok(other?),
    }?;
    match store.put_new(&names::format_copy(), &bytes) {
        // A writer has found the repository already and made up for the copy.
        Err(StoreError::Exists { .. }) => Ok(()),
        other => Ok(other?),
    }
}

fn remove(store: &dyn BlobStore, name: &BlobName) -> Result<(), RepoError> {
    match store.delete(name) {
        Err(StoreError::NotFound { .. }) => Ok(()),
        other => Ok(other?),
    }
}
