//! Deleting recovery points: the recycle bin, its one register, and holds.
//!
//! A deletion is two records. The tomb says that a recovery point is to go, and puts it into the
//! recycle bin. The end of the tomb, created exclusively, decides: taken back, or deleted. Until
//! then the recovery point keeps its chunks; afterwards nothing brings it back. A hold is written
//! before tombs are looked for, and a tomb before holds are: whoever comes second sees the other.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use kuramori_base::Clock;
use minicbor::Decode;

use crate::cache::Wanted;
use crate::error::RepoError;
use crate::format::collection::MAX_COLLECTION;
use crate::format::envelope::ObjectType;
use crate::format::tomb::{Hold, MAX_TOMB, Tomb, TombEnd};
use crate::format::{cbor, names};
use crate::ids::{HoldId, RecoveryPointId, WriterId};
use crate::inner::Inner;
use crate::load::is_damage;
use crate::point::DamagedObject;
use crate::points::{as_damaged, is_missing};
use crate::store::{BlobName, StoreError};

/// How long a deleted recovery point stays in the recycle bin unless it is said otherwise.
pub const RECYCLE_BIN: std::time::Duration = std::time::Duration::from_hours(7 * 24);

/// Records that were read; they never change.
#[derive(Default)]
pub(crate) struct TombCache {
    tombs: HashMap<(RecoveryPointId, u32), Tomb>,
    ends: HashMap<(RecoveryPointId, u32), TombEnd>,
}

impl TombCache {
    /// Returns the names of all that was read.
    pub(crate) fn names(&self) -> Vec<String> {
        let tombs = self.tombs.keys().map(|(point, number)| names::tomb(*point, *number));
        let ends = self.ends.keys().map(|(point, number)| names::tomb_end(*point, *number));
        tombs.chain(ends).map(|name| name.to_string()).collect()
    }
}

fn wanted_record(name: &BlobName, object: ObjectType) -> Wanted {
    Wanted { name: name.clone(), object, binding: name.to_string(), limit: MAX_TOMB }
}

/// A recovery point in the recycle bin.
#[derive(Clone, Debug)]
pub(crate) struct Binned {
    pub(crate) number: u32,
    /// `None` when the record cannot be read: then only a person can end it.
    pub(crate) tomb: Option<Tomb>,
}

/// What all records of deletions say.
#[derive(Default)]
pub(crate) struct Deletions {
    pub(crate) bin: HashMap<RecoveryPointId, Binned>,
    /// The last deletion of those that are gone, and its number.
    pub(crate) deleted: HashMap<RecoveryPointId, u32>,
    /// The number of the last deletion of each, however it ended.
    last: HashMap<RecoveryPointId, u32>,
}

impl Deletions {
    /// Whether a recovery point exists no more.
    pub(crate) fn gone(&self, point: RecoveryPointId) -> bool {
        self.deleted.contains_key(&point)
    }
}

/// Who deletes, and in whose name.
#[derive(Clone, Debug)]
pub struct Deletion {
    /// The installation that deletes.
    pub writer: WriterId,
    /// Which rule, or who, wants it; for people.
    pub rule: String,
    /// Time in the recycle bin; zero skips it, and nothing brings the recovery point back.
    pub delay: std::time::Duration,
}

/// A hold as it stands in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPoint {
    /// The hold, to release it by.
    pub id: HoldId,
    /// What it protects.
    pub point: RecoveryPointId,
    /// When it was placed.
    pub created: DateTime<Utc>,
    /// Why.
    pub reason: String,
}

impl Inner {
    /// Reads all records of deletions.
    pub(crate) fn deletions(
        &self,
        cache: &mut TombCache,
        damaged: &mut Vec<DamagedObject>,
    ) -> Result<Deletions, RepoError> {
        let mut all: BTreeMap<(RecoveryPointId, u32), Option<BlobName>> = BTreeMap::new();
        for entry in self.store.list(names::TOMBS)? {
            let Some((point, number, end)) = names::tomb_of(&entry.name) else { continue };
            let known = all.entry((point, number)).or_default();
            if end {
                *known = Some(entry.name);
            }
        }
        let mut deletions = Deletions::default();
        for ((point, number), end) in all {
            deletions.last.insert(point, number);
            // A later deletion exists only because the one before was taken back.
            deletions.bin.remove(&point);
            let end = match end {
                None => Ok(None),
                Some(name) => self.tomb_end(cache, (point, number), &name),
            };
            match end {
                Ok(Some(TombEnd::Deleted { .. })) => {
                    deletions.deleted.insert(point, number);
                }
                Ok(Some(TombEnd::TakenBack { .. })) => {}
                Ok(None) => {
                    let tomb = match self.tomb(cache, (point, number)) {
                        Ok(tomb) => Some(tomb),
                        Err(error) if is_missing(&error) => continue, // removed since
                        Err(error) => {
                            damaged.push(as_damaged(&names::tomb(point, number), error)?);
                            None
                        }
                    };
                    deletions.bin.insert(point, Binned { number, tomb });
                }
                Err(error) if is_missing(&error) => {}
                // Nobody knows how it ended: the recovery point stays.
                Err(error) => damaged.push(as_damaged(&names::tomb_end(point, number), error)?),
            }
        }
        Ok(deletions)
    }

    fn tomb(&self, cache: &mut TombCache, key: (RecoveryPointId, u32)) -> Result<Tomb, RepoError> {
        if let Some(tomb) = cache.tombs.get(&key) {
            return Ok(tomb.clone());
        }
        let name = names::tomb(key.0, key.1);
        let body = self.open_listed(&wanted_record(&name, ObjectType::Tomb))?;
        let tomb: Tomb = self.decode(&name, &body)?;
        cache.tombs.insert(key, tomb.clone());
        Ok(tomb)
    }

    /// Returns who deleted a recovery point for good; `None` for one that is not, or where that
    /// record cannot be read.
    pub(crate) fn deleted_by(
        &self,
        deletions: &Deletions,
        point: RecoveryPointId,
    ) -> Result<Option<Tomb>, RepoError> {
        let Some(number) = deletions.deleted.get(&point) else { return Ok(None) };
        let mut cache = crate::inner::lock(&self.points);
        match self.tomb(cache.tombs(), (point, *number)) {
            Ok(tomb) => Ok(Some(tomb)),
            Err(error) if is_missing(&error) || is_damage(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn tomb_end(
        &self,
        cache: &mut TombCache,
        key: (RecoveryPointId, u32),
        name: &BlobName,
    ) -> Result<Option<TombEnd>, RepoError> {
        if let Some(end) = cache.ends.get(&key) {
            return Ok(Some(end.clone()));
        }
        let body = self.open_listed(&wanted_record(name, ObjectType::TombEnd))?;
        let end: TombEnd = self.decode(name, &body)?;
        cache.ends.insert(key, end.clone());
        Ok(Some(end))
    }

    /// Reads a record that is bound to its name.
    pub(crate) fn record<T: for<'b> Decode<'b, ()>>(
        &self,
        name: &BlobName,
        object: ObjectType,
    ) -> Result<T, RepoError> {
        let body = self.open_object(name, object, name.as_str(), MAX_TOMB)?;
        self.decode(name, &body)
    }

    /// Creates a record that is bound to its name; the first one to do so wins.
    pub(crate) fn put_record<T: minicbor::Encode<()>>(
        &self,
        name: &BlobName,
        object: ObjectType,
        record: &T,
        clock: &dyn Clock,
    ) -> Result<(), RepoError> {
        let nanos = clock.now().timestamp_nanos_opt().unwrap_or_default();
        let bytes = self.sealing().seal(object, name.as_str(), &cbor::encode(record), nanos)?;
        match self.store.put_new(name, &bytes) {
            Ok(()) => Ok(()),
            // The answer to our own write may have been lost: what stands there decides.
            Err(StoreError::Exists { location, .. }) => {
                match self.store.get(name, MAX_COLLECTION) {
                    Ok(there) if there == bytes => Ok(()),
                    Ok(_) => Err(StoreError::Exists { location, name: name.to_string() }.into()),
                    Err(error) => Err(error.into()),
                }
            }
            Err(error) => match self.store.get(name, MAX_COLLECTION) {
                Ok(there) if there == bytes => Ok(()),
                _ => Err(error.into()),
            },
        }
    }

    /// Puts a recovery point into the recycle bin, or ends it at once.
    pub(crate) fn delete_point(
        &self,
        point: RecoveryPointId,
        deletion: &Deletion,
        clock: &dyn Clock,
    ) -> Result<(), RepoError> {
        let deletions = self.all_deletions()?;
        if deletions.gone(point) {
            return Ok(());
        }
        if self.is_held(point)? {
            return Err(RepoError::Held { point });
        }
        let number = match deletions.bin.get(&point).map(|binned| binned.number) {
            Some(number) => number,
            None => self.bury(point, &deletions, deletion, clock)?,
        };
        if deletion.delay.is_zero() && !self.end_tomb(point, number, deletion.writer, clock)? {
            return Err(RepoError::Held { point });
        }
        Ok(())
    }

    /// Puts a recovery point into the recycle bin; returns the number of its deletion.
    fn bury(
        &self,
        point: RecoveryPointId,
        deletions: &Deletions,
        deletion: &Deletion,
        clock: &dyn Clock,
    ) -> Result<u32, RepoError> {
        let number = deletions.last.get(&point).map_or(1, |n| n.saturating_add(1));
        let tomb = Tomb {
            point,
            number,
            writer: deletion.writer,
            created: clock.now(),
            delay: u32::try_from(deletion.delay.as_secs()).unwrap_or(u32::MAX),
            rule: deletion.rule.clone(),
        };
        match self.put_record(&names::tomb(point, number), ObjectType::Tomb, &tomb, clock) {
            // Somebody else deletes it at the same moment.
            Err(RepoError::Store(StoreError::Exists { .. })) => {}
            other => other?,
        }
        if self.is_held(point)? {
            self.take_back(point, number, deletion.writer, clock)?;
            return Err(RepoError::Held { point });
        }
        Ok(number)
    }

    pub(crate) fn all_deletions(&self) -> Result<Deletions, RepoError> {
        let mut cache = crate::inner::lock(&self.points);
        self.deletions(cache.tombs(), &mut Vec::new())
    }

    /// Ends a recovery point. `false` when it was taken back.
    pub(crate) fn end_tomb(
        &self,
        point: RecoveryPointId,
        number: u32,
        writer: WriterId,
        clock: &dyn Clock,
    ) -> Result<bool, RepoError> {
        let end = TombEnd::Deleted { writer, time: clock.now() };
        self.decide_tomb(point, number, &end, clock)?;
        Ok(self.all_deletions()?.gone(point))
    }

    /// Takes a recovery point out of the recycle bin. `false` when it is gone.
    pub(crate) fn take_back(
        &self,
        point: RecoveryPointId,
        number: u32,
        writer: WriterId,
        clock: &dyn Clock,
    ) -> Result<bool, RepoError> {
        let end = TombEnd::TakenBack { writer, time: clock.now() };
        self.decide_tomb(point, number, &end, clock)?;
        Ok(!self.all_deletions()?.gone(point))
    }

    fn decide_tomb(
        &self,
        point: RecoveryPointId,
        number: u32,
        end: &TombEnd,
        clock: &dyn Clock,
    ) -> Result<(), RepoError> {
        let name = names::tomb_end(point, number);
        match self.put_record(&name, ObjectType::TombEnd, end, clock) {
            // Somebody was first; what they said counts.
            Err(RepoError::Store(StoreError::Exists { .. })) => Ok(()),
            other => other,
        }
    }

    /// Returns all holds. A hold that cannot be read is an error: it protects something.
    pub(crate) fn holds(&self) -> Result<Vec<HeldPoint>, RepoError> {
        let mut holds = Vec::new();
        for entry in self.store.list(names::HOLDS)? {
            match self.record::<Hold>(&entry.name, ObjectType::Hold) {
                Ok(Hold { id, point, created, reason, .. }) => {
                    holds.push(HeldPoint { id, point, created, reason });
                }
                Err(error) if is_missing(&error) => {} // released since
                Err(error) => return Err(error),
            }
        }
        Ok(holds)
    }

    pub(crate) fn is_held(&self, point: RecoveryPointId) -> Result<bool, RepoError> {
        Ok(self.holds()?.iter().any(|hold| hold.point == point))
    }
}
