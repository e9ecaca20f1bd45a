//! Which recovery points exist: those whose manifest opens and whose session's outcome says
//! "committed" with the hash of that manifest.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::cache::Wanted;
use crate::error::RepoError;
use crate::format::envelope::ObjectType;
use crate::format::manifest::{MAX_MANIFEST, Manifest, ManifestDisk};
use crate::format::session::{MAX_SESSION, Outcome};
use crate::format::{FormatError, cbor, names};
use crate::ids::{ObjectHash, RecoveryPointId, SessionId, WriterId};
use crate::inner::{Inner, lock};
use crate::load::is_damage;
use crate::point::DamagedObject;
use crate::store::{BlobName, StoreError};
use crate::tombs::{Binned, TombCache};
use crate::tracking::TrackingDoubt;

/// A manifest that was read. The configuration is left out: it may be large.
pub(crate) struct Known {
    pub(crate) name: BlobName,
    pub(crate) hash: ObjectHash,
    pub(crate) manifest: Manifest,
}

/// Objects never change, so what was read once need not be read again.
#[derive(Default)]
pub(crate) struct PointCache {
    manifests: HashMap<ObjectHash, Arc<Known>>,
    outcomes: HashMap<SessionId, Outcome>,
    tombs: TombCache,
    doubts: HashMap<BlobName, Option<TrackingDoubt>>,
    /// Sum of the names that the cache on this computer was last told to keep.
    told: u64,
}

/// What outcomes say: which manifests count, of which session and recovery point.
type Expected = HashMap<ObjectHash, (SessionId, RecoveryPointId)>;

/// What reading the manifests found.
#[derive(Default)]
struct Found {
    all: Vec<Arc<Known>>,
    unreadable: Vec<Unreadable>,
    /// What is wrong with them, by manifest.
    damage: Vec<(ObjectHash, DamagedObject)>,
}

impl PointCache {
    /// Returns the part about deletions.
    pub(crate) fn tombs(&mut self) -> &mut TombCache {
        &mut self.tombs
    }

    /// Returns the part about records of changes: what each object that computers left says of one.
    pub(crate) fn doubts(&mut self) -> &mut HashMap<BlobName, Option<TrackingDoubt>> {
        &mut self.doubts
    }

    /// Takes in a manifest that was written or read.
    pub(crate) fn remember(&mut self, name: BlobName, hash: ObjectHash, mut manifest: Manifest) {
        manifest.config = Vec::new();
        self.manifests.insert(hash, Arc::new(Known { name, hash, manifest }));
    }
}

/// All recovery points that exist, oldest first, and what could not be read.
pub(crate) struct Committed {
    /// Those in the recycle bin too: they keep their chunks and can be taken out.
    pub(crate) all: Vec<Arc<Known>>,
    /// Which of them lie in the recycle bin.
    pub(crate) bin: HashMap<RecoveryPointId, Binned>,
    pub(crate) damaged: Vec<DamagedObject>,
    /// Sessions whose outcome cannot be read: they may have committed.
    pub(crate) undecided: HashSet<SessionId>,
    /// Recovery points that exist by their outcome and cannot be read.
    pub(crate) unreadable: Vec<Unreadable>,
    /// Those that were deleted and whose records are still there.
    pub(crate) gone: Vec<Unreadable>,
    /// What those were, as far as it can be read.
    pub(crate) were: HashMap<RecoveryPointId, Arc<Known>>,
}

/// A recovery point whose manifest is damaged or missing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unreadable {
    pub(crate) point: RecoveryPointId,
    pub(crate) session: SessionId,
    pub(crate) manifest: ObjectHash,
}

impl Committed {
    /// Returns those that are not in the recycle bin, oldest first.
    pub(crate) fn live(&self) -> impl DoubleEndedIterator<Item = &Arc<Known>> {
        self.all.iter().filter(|known| !self.bin.contains_key(&known.manifest.id))
    }
}

/// Where a writer's next manifest links to.
pub(crate) struct Chain {
    pub(crate) next_sequence: u64,
    pub(crate) previous: Option<ObjectHash>,
}

impl Inner {
    /// Lists the recovery points that exist.
    pub(crate) fn committed(&self) -> Result<Committed, RepoError> {
        let mut cache = lock(&self.points);
        let mut damaged = Vec::new();
        let mut undecided = HashSet::new();
        // Outcomes first: a manifest whose outcome comes later is simply not there yet.
        let mut expected = Expected::new();
        let sessions = self.store.list_names(names::SESSIONS)?;
        let mut listed = self.read_ahead_outcomes(&mut cache, &sessions);
        for name in sessions {
            let Some(session) = names::outcome_session(&name) else { continue };
            match self.outcome(&mut cache, session, &name) {
                Ok(Outcome::Committed { manifest, point }) => {
                    expected.insert(manifest, (session, point));
                }
                Ok(Outcome::Revoked { .. } | Outcome::Abandoned) => {}
                Err(error) if is_missing(&error) => {} // removed since it was listed
                Err(error) => {
                    damaged.push(as_damaged(&name, error)?);
                    undecided.insert(session);
                }
            }
        }
        let points = self.store.list_names(names::POINTS)?;
        listed.extend(self.read_ahead_manifests(&mut cache, &points, &expected));
        let mut found = self.manifests(&mut cache, points, expected)?;
        // Last, since the records of a deletion outlive all others of their recovery point.
        let deletions = self.deletions(&mut cache.tombs, &mut damaged)?;
        listed.extend(cache.tombs.names());
        self.forget_others(&mut cache.told, listed);
        let (mut gone, mut were) = (Vec::new(), HashMap::new());
        found.all.retain(|known| {
            let Manifest { id: point, session, .. } = known.manifest;
            let deleted = deletions.gone(point);
            if deleted {
                were.insert(point, Arc::clone(known));
                gone.push(Unreadable { point, session, manifest: known.hash });
            }
            !deleted
        });
        found.unreadable.retain(|lost| {
            let deleted = deletions.gone(lost.point);
            if deleted {
                gone.push(*lost);
            }
            !deleted
        });
        for lost in std::mem::take(&mut found.unreadable) {
            // A collection that runs beside us may have removed it just now.
            match self.store.size(&names::session_outcome(lost.session)) {
                Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => found.unreadable.push(lost),
            }
        }
        for (lost, damage) in found.damage {
            if found.unreadable.iter().any(|l| l.manifest == lost) {
                damaged.push(damage);
            }
        }
        found.all.sort_by_key(|k| (k.manifest.sequence, k.manifest.committed, k.manifest.id));
        let exist: HashSet<_> = found.all.iter().map(|known| known.manifest.id).collect();
        let bin = deletions.bin.into_iter().filter(|(id, _)| exist.contains(id)).collect();
        let Found { all, unreadable, .. } = found;
        Ok(Committed { all, bin, damaged, undecided, unreadable, gone, were })
    }

    /// Reads the manifests that outcomes speak of.
    fn manifests(
        &self,
        cache: &mut PointCache,
        listed: Vec<BlobName>,
        mut expected: Expected,
    ) -> Result<Found, RepoError> {
        let mut found = Found::default();
        for name in listed {
            let Some(hash) = names::hash_of(&name) else { continue };
            let Some((session, point)) = expected.get(&hash).copied() else { continue };
            let damage = match self.known(cache, hash, &name) {
                Ok(k) if k.manifest.session == session && k.manifest.id == point => {
                    found.all.push(k);
                    expected.remove(&hash);
                    continue;
                }
                Ok(_) => {
                    DamagedObject { object: name.to_string(), reason: FormatError::Authentication }
                }
                Err(error) if is_missing(&error) => continue,
                Err(error) => as_damaged(&name, error)?,
            };
            found.damage.push((hash, damage));
        }
        for (manifest, (session, point)) in expected {
            found.unreadable.push(Unreadable { point, session, manifest });
            if !found.damage.iter().any(|(hash, _)| *hash == manifest) {
                let object = format!("manifest {} of session {session}", manifest.to_hex());
                let reason = FormatError::Missing;
                found.damage.push((manifest, DamagedObject { object, reason }));
            }
        }
        Ok(found)
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
        let body = self.open_listed(&wanted_outcome(name))?;
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
        let manifest =
            self.decode_manifest(name, &self.open_listed(&self.wanted_manifest(name)?)?)?;
        cache.remember(name.clone(), hash, manifest);
        cache
            .manifests
            .get(&hash)
            .map(Arc::clone)
            .ok_or_else(|| RepoError::invalid("a manifest was not remembered"))
    }

    /// Reads a whole manifest.
    pub(crate) fn read_manifest(&self, name: &BlobName) -> Result<Manifest, RepoError> {
        let Wanted { object, binding, limit, .. } = self.wanted_manifest(name)?;
        self.decode_manifest(name, &self.open_object(name, object, &binding, limit)?)
    }

    fn decode_manifest(&self, name: &BlobName, body: &[u8]) -> Result<Manifest, RepoError> {
        Manifest::decode(body).map_err(|e| self.damaged(name.as_str(), e))
    }

    fn wanted_manifest(&self, name: &BlobName) -> Result<Wanted, RepoError> {
        let folder = names::manifest_folder(name)
            .ok_or_else(|| self.damaged(name.as_str(), FormatError::Type))?;
        Ok(Wanted {
            name: name.clone(),
            object: ObjectType::Manifest,
            binding: folder.to_owned(),
            limit: MAX_MANIFEST,
        })
    }

    /// Reads outcomes that were never read, many at once; returns the names of all.
    fn read_ahead_outcomes(&self, cache: &mut PointCache, listed: &[BlobName]) -> Vec<String> {
        let of = names::outcome_session;
        let all = listed.iter().filter(|name| of(name).is_some());
        let unread =
            all.clone().filter(|e| of(e).is_some_and(|id| !cache.outcomes.contains_key(&id)));
        let wanted = unread.map(wanted_outcome).collect();
        let decode = |_: &Wanted, body: &[u8]| cbor::decode::<Outcome>(body).ok();
        self.open_many(wanted, decode, |wanted, outcome| {
            cache.outcomes.extend(names::outcome_session(&wanted.name).map(|id| (id, outcome)));
        });
        all.map(ToString::to_string).collect()
    }

    /// Reads manifests that count and were never read, many at once; returns the names of all.
    fn read_ahead_manifests(
        &self,
        cache: &mut PointCache,
        listed: &[BlobName],
        expected: &Expected,
    ) -> Vec<String> {
        let hash = names::hash_of;
        let all = listed.iter().filter(|e| hash(e).is_some_and(|h| expected.contains_key(&h)));
        let unread =
            all.clone().filter(|e| hash(e).is_some_and(|h| !cache.manifests.contains_key(&h)));
        let wanted = unread.filter_map(|name| self.wanted_manifest(name).ok()).collect();
        let decode = |_: &Wanted, body: &[u8]| {
            let manifest = Manifest::decode(body).ok()?;
            Some(Manifest { config: Vec::new(), ..manifest })
        };
        self.open_many(wanted, decode, |wanted, manifest| {
            if let Some(hash) = names::hash_of(&wanted.name) {
                cache.remember(wanted.name, hash, manifest);
            }
        });
        all.map(ToString::to_string).collect()
    }

    /// Returns what a new manifest of a writer links to.
    pub(crate) fn chain(&self, writer: WriterId) -> Result<Chain, RepoError> {
        let points = self.committed()?.all;
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

fn wanted_outcome(name: &BlobName) -> Wanted {
    let (name, binding) = (name.clone(), name.to_string());
    Wanted { name, object: ObjectType::SessionOutcome, binding, limit: MAX_SESSION }
}

/// Whether an object is not there at all.
pub(crate) fn is_missing(error: &RepoError) -> bool {
    matches!(error, RepoError::Store(StoreError::NotFound { .. }))
}

/// Turns damage into a list entry; anything else ends the listing.
pub(crate) fn as_damaged(name: &BlobName, error: RepoError) -> Result<DamagedObject, RepoError> {
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
