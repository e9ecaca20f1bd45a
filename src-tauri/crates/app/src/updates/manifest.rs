use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use minisign_verify::{PublicKey, Signature};
use semver::Version;
use serde::Deserialize;

use super::error::UpdateError;
use crate::dto::Language;

/// Largest manifest, in bytes.
pub(super) const MANIFEST_MOST: u64 = 256 << 10;
/// Largest signature, in bytes.
pub(super) const SIGNATURE_MOST: u64 = 4 << 10;
/// Largest package, in bytes.
pub(super) const PACKAGE_MOST: u64 = 512 << 20;
/// Name of the manifest beside its signature.
pub(super) const MANIFEST: &str = "latest.json";
/// Name of the signature.
pub(super) const SIGNATURE: &str = "latest.json.minisig";
/// The only format there is.
const FORMAT: u32 = 1;

/// What the newest version is, as signed.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Manifest {
    pub(super) version: Version,
    pub(super) published: DateTime<Utc>,
    /// Oldest version that can be updated to this one at once.
    minimum_version: Option<Version>,
    /// Where people read more or download an installer.
    pub(super) page: Option<String>,
    notes: Notes,
    packages: BTreeMap<String, Package>,
}

/// What changed, as plain text.
#[derive(Clone, Debug, Deserialize)]
struct Notes {
    en: String,
    ja: String,
}

/// One file for one system.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Package {
    /// Whole, or relative to the manifest.
    pub(super) url: String,
    /// In bytes.
    pub(super) size: u64,
    /// In hexadecimal.
    pub(super) sha256: Option<String>,
    /// In hexadecimal.
    pub(super) blake3: Option<String>,
}

/// What every version can read of every later format.
#[derive(Deserialize)]
struct Envelope {
    format: u32,
}

/// A manifest with the bytes that prove it.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    pub(super) manifest: Manifest,
    pub(super) bytes: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

impl Signed {
    /// Checks the signature over the exact bytes; only then looks at what they say.
    pub(super) fn verify(
        key: &PublicKey,
        bytes: Vec<u8>,
        signature: Vec<u8>,
    ) -> Result<Self, UpdateError> {
        let bad = |why: String| UpdateError::not_genuine("the list of versions", why);
        let text = std::str::from_utf8(&signature).map_err(|e| bad(e.to_string()))?;
        let decoded = Signature::decode(text).map_err(|e| bad(e.to_string()))?;
        // Signatures over the bare content are an old form that nothing of ours makes.
        key.verify(&bytes, &decoded, false).map_err(|e| bad(e.to_string()))?;
        let manifest = Manifest::read(&bytes)?;
        Ok(Self { manifest, bytes, signature })
    }
}

impl Manifest {
    fn read(bytes: &[u8]) -> Result<Self, UpdateError> {
        let unknown = |e: serde_json::Error| UpdateError::unsuitable("?", e.to_string());
        let Envelope { format } = serde_json::from_slice(bytes).map_err(unknown)?;
        if format != FORMAT {
            let why = format!("its list of versions has format {format}");
            return Err(UpdateError::unsuitable("?", why));
        }
        serde_json::from_slice(bytes).map_err(unknown)
    }

    /// Returns the package for this system, if this version may be put over `current`.
    pub(super) fn package_for(&self, current: &Version) -> Result<&Package, UpdateError> {
        let unsuitable = |why: String| UpdateError::unsuitable(&self.version.to_string(), why);
        if let Some(minimum) = &self.minimum_version
            && current.cmp_precedence(minimum).is_lt()
        {
            return Err(unsuitable(format!("it needs version {minimum} to be installed first")));
        }
        let package = systems().iter().find_map(|s| self.packages.get(s)).ok_or_else(|| {
            let [own, ..] = systems();
            unsuitable(format!("there is no package for {own}"))
        })?;
        if package.size == 0 || package.size > PACKAGE_MOST {
            return Err(unsuitable(format!("a package of {} bytes", package.size)));
        }
        if package.sha256.is_none() && package.blake3.is_none() {
            return Err(unsuitable("its package has no hash".to_owned()));
        }
        Ok(package)
    }

    /// Returns what changed, in a language.
    pub(super) fn notes(&self, language: Language) -> &str {
        match language {
            Language::En => &self.notes.en,
            Language::Ja => &self.notes.ja,
        }
    }
}

/// Names under which a package for this system may stand, the exact one first.
pub(super) fn systems() -> [String; 2] {
    let os = std::env::consts::OS;
    [format!("{os}-{}", std::env::consts::ARCH), format!("{os}-universal")]
}
