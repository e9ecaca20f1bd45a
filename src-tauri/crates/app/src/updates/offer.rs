//! What is offered: a newer version, kept across starts with the bytes that prove it.

use std::io;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use fs_err as fs;
use minisign_verify::PublicKey;
use semver::Version;

use super::error::UpdateError;
use super::journal::Folder;
use super::manifest::{MANIFEST, Package, SIGNATURE, Signed};
use crate::dto::Language;
use crate::files;

/// Name of the package once it is here whole.
const PACKAGE: &str = "package";
/// Name of the package while it comes.
const PART: &str = "package.part";

/// A newer version that this installation can take.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) signed: Signed,
    pub(super) package: Package,
}

impl Offer {
    /// Makes an offer of a signed manifest, where it fits and is newer than `current`. `known` is
    /// the highest version that was ever seen here.
    pub(super) fn of(
        signed: Signed,
        current: &Version,
        known: &Version,
    ) -> Result<Option<Self>, UpdateError> {
        let found = &signed.manifest.version;
        if found.cmp_precedence(known).is_lt() || found.cmp_precedence(current).is_lt() {
            let known = if known.cmp_precedence(current).is_lt() { current } else { known };
            return Err(UpdateError::Older { found: found.to_string(), known: known.to_string() });
        }
        if found.cmp_precedence(current).is_eq() {
            return Ok(None);
        }
        let package = signed.manifest.package_for(current)?.clone();
        Ok(Some(Self { signed, package }))
    }

    pub(super) fn version(&self) -> &Version {
        &self.signed.manifest.version
    }

    /// Writes what proves the offer.
    pub(super) fn keep(&self, folder: &Folder) -> Result<(), UpdateError> {
        for (name, bytes) in [(MANIFEST, &self.signed.bytes), (SIGNATURE, &self.signed.signature)] {
            let path = folder.file(name);
            files::replace(&path, bytes).map_err(UpdateError::disk("writing", &path))?;
        }
        Ok(())
    }

    /// Reads the offer of an earlier start and checks it again. An offer that is no longer good
    /// is forgotten.
    pub(super) fn kept(
        folder: &Folder,
        key: &PublicKey,
        current: &Version,
        known: &Version,
    ) -> Option<Self> {
        let read = |name| fs::read(folder.file(name));
        let (bytes, signature) = (read(MANIFEST).ok()?, read(SIGNATURE).ok()?);
        let offer = Signed::verify(key, bytes, signature).and_then(|s| Self::of(s, current, known));
        match offer {
            Ok(Some(offer)) => Some(offer),
            Ok(None) => {
                forget(folder);
                None
            }
            Err(error) => {
                tracing::info!(%error, "an earlier offer is forgotten");
                forget(folder);
                None
            }
        }
    }

    /// Returns the package, where it is here with the right size.
    pub(super) fn downloaded(&self, folder: &Folder) -> Option<PathBuf> {
        let path = package_path(folder);
        fs::metadata(&path).is_ok_and(|m| m.len() == self.package.size).then_some(path)
    }
}

pub(super) fn package_path(folder: &Folder) -> PathBuf {
    folder.file(PACKAGE)
}

pub(super) fn part_path(folder: &Folder) -> PathBuf {
    folder.file(PART)
}

/// Removes everything that belongs to an offer.
pub(super) fn forget(folder: &Folder) {
    for name in [MANIFEST, SIGNATURE, PACKAGE, PART] {
        let path = folder.file(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "a file of an update stays behind");
            }
            _ => {}
        }
    }
}

/// What is offered, for showing.
pub(crate) struct Offered {
    pub(super) offer: Offer,
    pub(crate) downloaded: bool,
}

impl Offered {
    pub(crate) fn version(&self) -> String {
        self.offer.version().to_string()
    }

    pub(crate) fn published(&self) -> DateTime<Utc> {
        self.offer.signed.manifest.published
    }

    pub(crate) fn page(&self) -> Option<String> {
        self.offer.signed.manifest.page.clone()
    }

    pub(crate) fn notes(&self, language: Language) -> String {
        self.offer.signed.manifest.notes(language).to_owned()
    }

    /// Size of the package, in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.offer.package.size
    }
}
