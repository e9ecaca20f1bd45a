//! Which object lies where. Names tell nothing but type, random ids and hashes.

use data_encoding::HEXLOWER;

use crate::ids::{ObjectHash, SessionId, SlotId};
use crate::store::BlobName;

pub(crate) const FORMAT: &str = "format";
pub(crate) const FORMAT_COPY: &str = "format.1";
pub(crate) const KEYS: &str = "keys/";
pub(crate) const PACKS: &str = "packs/";
pub(crate) const INDEX: &str = "index/";
pub(crate) const POINTS: &str = "points/";
pub(crate) const SESSIONS: &str = "sessions/";
pub(crate) const GC: &str = "gc/";
/// What an index object is bound to: its folder, which is the collection epoch.
pub(crate) const INDEX_FOLDER: &str = "index/0";

pub(crate) fn format() -> BlobName {
    BlobName::built(FORMAT.to_owned())
}

pub(crate) fn format_copy() -> BlobName {
    BlobName::built(FORMAT_COPY.to_owned())
}

pub(crate) fn slot(id: SlotId) -> BlobName {
    BlobName::built(format!("{KEYS}{}", id.to_hex()))
}

pub(crate) fn pack(hash: ObjectHash) -> BlobName {
    let hex = hash.to_hex();
    let folder = hex.get(..2).unwrap_or_default();
    BlobName::built(format!("{PACKS}{folder}/{hex}"))
}

pub(crate) fn index(hash: ObjectHash) -> BlobName {
    BlobName::built(format!("{INDEX_FOLDER}/{}", hash.to_hex()))
}

/// The folder of a VM's manifests; manifests are bound to it.
pub(crate) fn place(place: &[u8; 16]) -> String {
    format!("{POINTS}{}", HEXLOWER.encode(place))
}

pub(crate) fn manifest(folder: &str, hash: ObjectHash) -> BlobName {
    BlobName::built(format!("{folder}/{}", hash.to_hex()))
}

pub(crate) fn session_open(id: SessionId) -> BlobName {
    BlobName::built(format!("{SESSIONS}{}.open", id.to_hex()))
}

pub(crate) fn session_outcome(id: SessionId) -> BlobName {
    BlobName::built(format!("{SESSIONS}{}.outcome", id.to_hex()))
}

/// Returns the hash in the name of a pack, index or manifest.
pub(crate) fn hash_of(name: &BlobName) -> Option<ObjectHash> {
    ObjectHash::parse(name.last_part())
}

/// Returns the folder of a manifest when the name is one: `points/<32 digits>/<64 digits>`.
pub(crate) fn manifest_folder(name: &BlobName) -> Option<&str> {
    let (folder, _) = name.as_str().rsplit_once('/')?;
    let place = folder.strip_prefix(POINTS)?;
    (place.len() == 32 && hash_of(name).is_some()).then_some(folder)
}

/// Returns the session an outcome decides.
pub(crate) fn outcome_session(name: &BlobName) -> Option<SessionId> {
    name.last_part().strip_suffix(".outcome")?.parse().ok()
}
