//! What computers leave in a repository for each other.

use chrono::{DateTime, Utc};
use kuramori_base::Clock;

use crate::error::RepoError;
use crate::format::envelope::ObjectType;
use crate::format::meta::{MAX_META, Meta};
use crate::format::{cbor, names};
use crate::ids::{ObjectHash, WriterId};
use crate::inner::Inner;
use crate::load::is_damage;
use crate::points::is_missing;
use crate::repository::Repository;
use crate::store::{self, BlobName, Capabilities, StoreError};

/// Largest settings that are exported, in bytes.
pub const MAX_SETTINGS: usize = 1 << 20;

/// The settings of an installation as it left them in a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedSettings {
    /// The installation.
    pub writer: WriterId,
    /// What its computer is called.
    pub computer: String,
    /// When it left them.
    pub time: DateTime<Utc>,
    /// The settings, in a form of its own.
    pub body: Vec<u8>,
}

impl Repository {
    /// Finds out what the place of the repository really does, and leaves that in it.
    ///
    /// # Errors
    /// [`RepoError::Unsuitable`] when the place breaks a promise that repositories rest on: then
    /// nothing should be written there. What the store says.
    pub fn probe_place(&self, clock: &dyn Clock) -> Result<Capabilities, RepoError> {
        self.writable()?;
        let found = store::probe(self.inner.store.as_ref())?;
        self.inner.keep_probe(found, clock)?;
        Ok(found)
    }

    /// Leaves the settings of an installation in the repository, sealed, in place of those it left
    /// before. Nothing is written when they are the same.
    ///
    /// # Errors
    /// [`RepoError::Invalid`] for more than [`MAX_SETTINGS`]; what the store says.
    pub fn export_settings(
        &self,
        writer: WriterId,
        computer: &str,
        body: &[u8],
        clock: &dyn Clock,
    ) -> Result<(), RepoError> {
        if body.len() > MAX_SETTINGS {
            return Err(RepoError::invalid("the settings are too large to be exported"));
        }
        self.writable()?;
        let is_ours =
            |meta: &Meta| matches!(meta, Meta::Settings { writer: of, .. } if *of == writer);
        let found = self.inner.metas()?;
        let ours: Vec<_> = found.into_iter().filter(|(_, meta)| is_ours(meta)).collect();
        let same = |meta: &Meta| matches!(meta, Meta::Settings { computer: c, body: b, .. } if c == computer && b == body);
        if ours.len() == 1 && ours.iter().all(|(_, meta)| same(meta)) {
            return Ok(());
        }
        let (time, computer, body) = (clock.now(), computer.to_owned(), body.to_vec());
        let meta = Meta::Settings { time, writer, computer, body };
        self.inner.put_meta(&meta, ours.into_iter().map(|(name, _)| name), clock)
    }

    /// Returns the settings that installations left, the newest first.
    ///
    /// # Errors
    /// What the store says. Damaged ones are left out; a check names them.
    pub fn exported_settings(&self) -> Result<Vec<ExportedSettings>, RepoError> {
        let mut found: Vec<ExportedSettings> = Vec::new();
        for (_, meta) in self.inner.metas()? {
            if let Meta::Settings { time, writer, computer, body } = meta {
                found.push(ExportedSettings { writer, computer, time, body });
            }
        }
        found.sort_by_key(|one| std::cmp::Reverse(one.time));
        // One that was cut short may have left its earlier ones.
        let mut seen = std::collections::HashSet::new();
        found.retain(|one| seen.insert(one.writer));
        Ok(found)
    }
}

impl Inner {
    /// Reads all that opens and is of a known kind.
    fn metas(&self) -> Result<Vec<(BlobName, Meta)>, RepoError> {
        let mut found = Vec::new();
        for entry in self.store.list(names::META)? {
            if names::hash_of(&entry.name).is_none() {
                continue;
            }
            match self.meta(&entry.name) {
                Ok(Some(meta)) => found.push((entry.name, meta)),
                Ok(None) => {}
                Err(error) if is_missing(&error) => {} // replaced since
                Err(error) if is_damage(&error) => {
                    tracing::warn!(%error, "an object that another computer left is damaged");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Opens one; `None` when a newer program wrote it.
    pub(crate) fn meta(&self, name: &BlobName) -> Result<Option<Meta>, RepoError> {
        let body = self.open_object(name, ObjectType::Meta, names::META_FOLDER, MAX_META)?;
        Meta::decode(&body).map_err(|e| self.damaged(name.as_str(), e))
    }

    /// Leaves what was found out about the place, in place of earlier findings.
    pub(crate) fn keep_probe(
        &self,
        found: Capabilities,
        clock: &dyn Clock,
    ) -> Result<(), RepoError> {
        let (time, tool_version) = (clock.now(), env!("CARGO_PKG_VERSION").to_owned());
        let probe = Meta::Probe { time, durable: found.durable, tool_version };
        let earlier = self.metas()?.into_iter();
        let earlier = earlier.filter(|(_, meta)| matches!(meta, Meta::Probe { .. }));
        self.put_meta(&probe, earlier.map(|(name, _)| name), clock)
    }

    /// Writes an object, then removes those it replaces.
    pub(crate) fn put_meta(
        &self,
        meta: &Meta,
        replaced: impl Iterator<Item = BlobName>,
        clock: &dyn Clock,
    ) -> Result<(), RepoError> {
        let nanos = clock.now().timestamp_nanos_opt().unwrap_or_default();
        let (object, binding) = (ObjectType::Meta, names::META_FOLDER);
        let bytes = self.sealing().seal(object, binding, &cbor::encode(meta), nanos)?;
        self.store.put(&names::meta(ObjectHash::of(&bytes)), &bytes)?;
        for name in replaced {
            match self.store.delete(&name) {
                Ok(()) | Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
