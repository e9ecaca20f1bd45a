//! Which object lies where. Names tell nothing but type, random ids and hashes.

use data_encoding::HEXLOWER;

use crate::ids::{HoldId, ObjectHash, RecoveryPointId, SessionId, SlotId};
use crate::store::BlobName;

pub(crate) const FORMAT: &str = "format";
pub(crate) const FORMAT_COPY: &str = "format.1";
/// Texts for people beside the objects. No program reads them.
pub(crate) const README: &str = "readme.txt";
pub(crate) const README_FORMAT: &str = "readme-format.txt";
pub(crate) const README_RECOVERY: &str = "readme-recovery.txt";
pub(crate) const KEYS: &str = "keys/";
pub(crate) const PACKS: &str = "packs/";
pub(crate) const INDEX: &str = "index/";
pub(crate) const POINTS: &str = "points/";
pub(crate) const SESSIONS: &str = "sessions/";
pub(crate) const GC: &str = "gc/";
pub(crate) const TOMBS: &str = "tombs/";
pub(crate) const HOLDS: &str = "holds/";
pub(crate) const TRASH: &str = "trash/";
/// Damaged objects that were replaced. Nobody reads them.
pub(crate) const QUARANTINE: &str = "quarantine/";
pub(crate) const META: &str = "meta/";
/// What such objects are bound to.
pub(crate) const META_FOLDER: &str = "meta";
/// Objects that come and go while a place is tried.
pub(crate) const PROBES: &str = "meta/probe-";
pub(crate) const CHECKS: &str = "checks/";
/// What check records are bound to.
pub(crate) const CHECKS_FOLDER: &str = "checks";
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

/// The second copy of a slot that the format file knows nothing of.
pub(crate) fn slot_copy(id: SlotId) -> BlobName {
    BlobName::built(format!("{KEYS}{}.1", id.to_hex()))
}

/// The record that takes a slot out of use.
pub(crate) fn slot_removal(id: SlotId) -> BlobName {
    BlobName::built(format!("{KEYS}{}.removed", id.to_hex()))
}

/// Returns the slot an object in the key folder is about, and whether it removes it.
pub(crate) fn slot_of(name: &BlobName) -> Option<(SlotId, bool)> {
    let part = name.as_str().strip_prefix(KEYS)?;
    let (id, removes) = match part.split_once('.') {
        None | Some((_, "1")) => (part.get(..32)?, false),
        Some((id, "removed")) => (id, true),
        Some(_) => return None,
    };
    id.parse().ok().map(|id| (id, removes))
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

pub(crate) fn check(hash: ObjectHash) -> BlobName {
    BlobName::built(format!("{CHECKS}{}", hash.to_hex()))
}

/// What computers leave for each other.
pub(crate) fn meta(hash: ObjectHash) -> BlobName {
    BlobName::built(format!("{META}{}", hash.to_hex()))
}

/// An object that is made to see what a store does with it.
pub(crate) fn probe(which: &str) -> BlobName {
    BlobName::built(format!("{PROBES}{which}"))
}

/// Where a damaged object is kept that was replaced: its name and the hash of its bytes.
pub(crate) fn quarantine(name: &BlobName, hash: ObjectHash) -> BlobName {
    let (flat, hex) = (name.as_str().replace('/', "-"), hash.to_hex());
    BlobName::built(format!("{QUARANTINE}{flat}.{}", hex.get(..16).unwrap_or_default()))
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

/// Returns whether an object could have this name.
pub(crate) fn is_known(name: &BlobName) -> bool {
    let text = name.as_str();
    let folder = |folder: &str| text.strip_prefix(folder);
    match text {
        FORMAT | FORMAT_COPY | README | README_FORMAT | README_RECOVERY => true,
        _ if text.starts_with(QUARANTINE) || text.starts_with(PROBES) => true,
        _ if text.starts_with(GC) => collection_of(name).is_some(),
        _ if text.starts_with(TOMBS) => tomb_of(name).is_some(),
        _ if text.starts_with(TRASH) => trash_of(name).is_some(),
        _ => {
            slot_of(name).is_some()
                || folder(HOLDS).is_some_and(|id| id.parse::<HoldId>().is_ok())
                || folder(PACKS).is_some_and(|_| hash_of(name).is_some())
                || folder(INDEX).is_some_and(|_| hash_of(name).is_some())
                || folder(CHECKS).is_some_and(|_| hash_of(name).is_some())
                || folder(META).is_some_and(|_| hash_of(name).is_some())
                || manifest_folder(name).is_some()
                || folder(SESSIONS)
                    .and_then(|rest| rest.split_once('.'))
                    .is_some_and(|(id, _)| id.parse::<SessionId>().is_ok())
        }
    }
}

/// Returns the session an outcome decides.
pub(crate) fn outcome_session(name: &BlobName) -> Option<SessionId> {
    name.last_part().strip_suffix(".outcome")?.parse().ok()
}

/// Returns the session of an open record.
pub(crate) fn open_session(name: &BlobName) -> Option<SessionId> {
    name.last_part().strip_suffix(".open")?.parse().ok()
}

/// The name of a session's n-th sign of life.
pub(crate) fn beat(id: SessionId, number: u64) -> BlobName {
    BlobName::built(format!("{SESSIONS}{}.beat-{number}", id.to_hex()))
}

/// Returns the session and number of a sign of life.
pub(crate) fn beat_of(name: &BlobName) -> Option<(SessionId, u64)> {
    let (id, number) = name.last_part().split_once(".beat-")?;
    Some((id.parse().ok()?, number.parse().ok()?))
}

/// The n-th deletion of a recovery point.
pub(crate) fn tomb(point: RecoveryPointId, number: u32) -> BlobName {
    BlobName::built(format!("{TOMBS}{}.{number}", point.to_hex()))
}

/// What became of it.
pub(crate) fn tomb_end(point: RecoveryPointId, number: u32) -> BlobName {
    BlobName::built(format!("{TOMBS}{}.{number}.end", point.to_hex()))
}

/// Returns recovery point, number and whether it is the end of a deletion.
pub(crate) fn tomb_of(name: &BlobName) -> Option<(RecoveryPointId, u32, bool)> {
    let (point, rest) = name.as_str().strip_prefix(TOMBS)?.split_once('.')?;
    let (number, end) = rest.strip_suffix(".end").map_or((rest, false), |number| (number, true));
    Some((point.parse().ok()?, number.parse().ok()?, end))
}

pub(crate) fn hold(id: HoldId) -> BlobName {
    BlobName::built(format!("{HOLDS}{}", id.to_hex()))
}

/// A record of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Plan,
    Final,
    Done,
}

pub(crate) fn collection(number: u64, step: Step) -> BlobName {
    let step = match step {
        Step::Plan => "plan",
        Step::Final => "final",
        Step::Done => "done",
    };
    BlobName::built(format!("{GC}{number:016}.{step}"))
}

/// Returns the collection and step of a record.
pub(crate) fn collection_of(name: &BlobName) -> Option<(u64, Step)> {
    let (number, step) = name.as_str().strip_prefix(GC)?.split_once('.')?;
    let step = match step {
        "plan" => Step::Plan,
        "final" => Step::Final,
        "done" => Step::Done,
        _ => return None,
    };
    let number = number.parse().ok()?;
    (collection(number, step) == *name).then_some((number, step))
}

/// Where a removed pack lies until a later collection empties the trash.
pub(crate) fn trash(number: u64, pack: ObjectHash) -> BlobName {
    BlobName::built(format!("{TRASH}{number:016}/{}", pack.to_hex()))
}

/// Returns the collection that put an object into the trash.
pub(crate) fn trash_of(name: &BlobName) -> Option<u64> {
    name.as_str().strip_prefix(TRASH)?.split_once('/')?.0.parse().ok()
}
