//! Which recovery points exist: those whose manifest opens and whose session's outcome says
//! "committed" with the hash of that manifest.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::error::RepoError;
use crate::format::envelope::ObjectType;
use crate::format::manifest::{MAX_MANIFEST, Manifest, ManifestDisk};
use crate::format::session::{MAX_SESSION, Outcome};
use crate::format::{FormatError, names};
use crate::ids::{ObjectHash, RecoveryPointId, SessionId, WriterId};
use crate::inner::{Inner, lock};
use crate::load::is_damage;
use crate::point::DamagedObject;
use crate::store::BlobName;

/// A manifest that was read. The configuration is left out: it may be large.
pub(crate) struct Known {
    pub(crate) name: BlobName,
    hash: ObjectHash,
    pub(crate) manifest: Manifest,
}

/// Objects never change, so what was read once need not be read again.
#[derive(Default)]
pub(crate) struct PointCache {
    manifests: HashMap<ObjectHash, Arc<Known>>,
    outcomes: HashMap<SessionId, Outcome>,
}

impl PointCache {
    /// Takes in a manifest that was written or read.
    pub(crate) fn remember(&mut self, name: BlobName, hash: ObjectHash, mut manifest: Manifest) {
        manifest.config = Vec::new();
        self.manifests.insert(hash, Arc::new(Known { name, hash, manifest }));
    }
}

/// All committed recovery points, oldest first, and what could not be read.
pub(crate) struct Committed {
    pub(crate) points: Vec<Arc<Known>>,
    pub(crate) damaged: Vec<DamagedObject>,
}

/// Where a writer's next manifest links to.
pub(crate) struct Chain {
    pub(crate) next_sequence: u64,
    pub(crate) previous: Option<ObjectHash>,
}

impl Inner {
    /// Lists the committed recovery points.
    pub(crate) fn committed(&self) -> Result<Committed, RepoError> {
        let mut cache = lock(&self.points);
        let mut damaged = Vec::new();
        // Outcomes first: a manifest whose outcome comes later is simply not there yet.
        let mut expected: HashMap<ObjectHash, (SessionId, RecoveryPointId)> = HashMap::new();
        for entry in self.store.list(names::SESSIONS)? {
            let Some(session) = names::outcome_session(&entry.name) else { continue };
            match self.outcome(&mut cache, session, &entry.name) {
                Ok(Outcome::Committed { manifest, point }) => {
                    expected.insert(manifest, (session, point));
                }
                Ok(Outcome::Revoked { .. } | Outcome::Abandoned) => {}
                Err(error) => damaged.push(as_damaged(&entry.name, error)?),
            }
        }
        let mut points = Vec::new();
        let mut seen = HashSet::new();
        for entry in self.store.list(names::POINTS)? {
            let Some(hash) = names::hash_of(&entry.name) else { continue };
            let Some((session, point)) = expected.get(&hash) else { continue };
            seen.insert(hash);
            match self.known(&mut cache, hash, &entry.name) {
                Ok(k) if k.manifest.session == *session && k.manifest.id == *point => {
                    points.push(k);
                }
                Ok(_) => damaged.push(DamagedObject {
                    object: entry.name.to_string(),
                    reason: FormatError::Authentication,
                }),
                Err(error) => damaged.push(as_damaged(&entry.name, error)?),
            }
        }
        for (hash, (session, _)) in expected {
            if !seen.contains(&hash) {
                let object = format!("manifest {} of session {session}", hash.to_hex());
                damaged.push(DamagedObject { object, reason: FormatError::Missing });
            }
        }
        points.sort_by_key(|k| (k.manifest.sequence, k.manifest.committed, k.manifest.id));
        Ok(Committed { points, damaged })
    }

    fn outcome(
        &self,
        cache: &mut PointCache,
        session: SessionId,
        name: &BlobName,
    ) -> Result<Outcome, RepoError> {
        if let Some(outcome) = cache.outcomes.get(&session) {
            return Ok(outcome.clone());
        }
        let object = ObjectType::SessionOutcome;
        let body = self.open_object(name, object, name.as_str(), MAX_SESSION)?;
        let outcome: Outcome = self.decode(name, &body)?;
        cache.outcomes.insert(session, outcome.clone());
        Ok(outcome)
    }

    fn known(
        &self,
        cache: &mut PointCache,
        hash: ObjectHash,
        name: &BlobName,
    ) -> Result<Arc<Known>, RepoError> {
        if let Some(known) = cache.manifests.get(&hash).filter(|known| known.name == *name) {
            return Ok(Arc::clone(known));
        }
        let manifest = self.read_manifest(name)?;
        cache.remember(name.clone(), hash, manifest);
        cache
            .manifests
            .get(&hash)
            .map(Arc::clone)
            .ok_or_else(|| RepoError::invalid("a manifest was not remembered"))
    }

    /// Reads a whole manifest.
    pub(crate) fn read_manifest(&self, name: &BlobName) -> Result<Manifest, RepoError> {
        let folder = names::manifest_folder(name)
            .ok_or_else(|| self.damaged(name.as_str(), FormatError::Type))?;
        let body = self.open_object(name, ObjectType::Manifest, folder, MAX_MANIFEST)?;
        Manifest::decode(&body).map_err(|e| self.damaged(name.as_str(), e))
    }

    /// Returns what a new manifest of a writer links to.
    pub(crate) fn chain(&self, writer: WriterId) -> Result<Chain, RepoError> {
        let points = self.committed()?.points;
        let highest = points.last().map_or(0, |k| k.manifest.sequence);
        let own = points.iter().rev().find(|k| k.manifest.writer == writer);
        Ok(Chain {
            next_sequence: highest.saturating_add(1),
            previous: own.map(|known| known.hash),
        })
    }

    /// Returns a disk of a manifest of this repository.
    pub(crate) fn disk_of<'a>(
        &self,
        manifest: &'a Manifest,
        number: usize,
    ) -> Result<&'a ManifestDisk, RepoError> {
        if manifest.chunk_len != self.chunk_len() {
            return Err(RepoError::invalid("the recovery point has another chunk size"));
        }
        manifest.disks.get(number).ok_or_else(|| {
            let count = manifest.disks.len();
            RepoError::invalid(format!("there is no disk {number} among {count} disks"))
        })
    }
}

/// Turns damage into a list entry; anything else ends the listing.
fn as_damaged(name: &BlobName, error: RepoError) -> Result<DamagedObject, RepoError> {
    let object = name.to_string();
    match error {
        RepoError::Damaged { source, .. } => Ok(DamagedObject { object, reason: source }),
        RepoError::TooNew { feature, .. } => {
            Ok(DamagedObject { object, reason: FormatError::Structure(feature) })
        }
        error if is_damage(&error) => {
            Ok(DamagedObject { object, reason: FormatError::Structure(error.to_string()) })
        }
        error => Err(error),
    }
}
