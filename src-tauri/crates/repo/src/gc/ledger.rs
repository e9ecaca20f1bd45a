//! The ledger: what was deleted, by whom, and when its room was given back.
//!
//! It is no file of its own. What a collection decided is kept for ever, and says of each recovery
//! point whose records went what it was; what was deleted and is still there says so itself. Each
//! final record holds the hash of the one before, so that none can be taken out or changed unseen by
//! somebody without the key, nor one of the middle by somebody with it.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::error::RepoError;
use crate::format::collection::{DeletedBy, Final, MAX_COLLECTION, Retired, Was};
use crate::format::envelope::ObjectType;
use crate::format::names::{self, Step};
use crate::format::tomb::Tomb;
use crate::ids::{ObjectHash, RecoveryPointId, WriterId};
use crate::inner::Inner;
use crate::load::is_damage;
use crate::points::{Committed, Unreadable, is_missing};
use crate::repository::Repository;
use crate::store::StoreError;

/// A recovery point that was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disposed {
    /// Its id.
    pub point: RecoveryPointId,
    /// Name of the VM; `None` where nothing could be read of it any more.
    pub vm: Option<String>,
    /// What names the VM across renames.
    pub key: Option<String>,
    /// When its state was frozen.
    pub time: Option<DateTime<Utc>>,
    /// When it was put into the recycle bin; `None` where that record could not be read.
    pub deleted: Option<DateTime<Utc>>,
    /// Which rule, or who, deleted it.
    pub rule: Option<String>,
    /// The installation that did.
    pub writer: Option<WriterId>,
    /// Whether it lies in the recycle bin and can be taken out.
    pub in_bin: bool,
    /// When the collection was done that gave its room back, and the number of that.
    pub freed: Option<(DateTime<Utc>, u64)>,
}

/// All that was disposed of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The recovery points: first those whose room was given back, in the order of that.
    pub disposed: Vec<Disposed>,
    /// Numbers of collections whose record is missing, damaged, or not what the next one saw: what
    /// they disposed of is not known for sure.
    pub broken: Vec<u64>,
}

impl Repository {
    /// Returns what was deleted, by whom, and when its room was given back.
    ///
    /// # Errors
    /// What the store says.
    pub fn ledger(&self) -> Result<Ledger, RepoError> {
        let inner = &self.inner;
        let mut ledger = Ledger::default();
        let all = inner.collections()?;
        let mut before: Option<ObjectHash> = None;
        let mut expected = all.keys().next().copied().unwrap_or(1);
        for (number, records) in all {
            ledger.broken.extend(expected..number);
            expected = number.saturating_add(1);
            if !records.decided {
                continue;
            }
            let done = match inner.done(number) {
                Ok(done) => Some(done.time),
                Err(error) if is_missing(&error) || is_damage(&error) => None,
                Err(error) => return Err(error),
            };
            let object = ObjectType::CollectionFinal;
            match inner.collection_record::<Final>(number, Step::Final, object) {
                Ok(Final::Decided { points, previous, .. }) => {
                    if previous.is_some() && previous != before {
                        ledger.broken.push(number.saturating_sub(1));
                    }
                    let freed = done.map(|time| (time, number));
                    ledger.disposed.extend(points.into_iter().map(|p| retired(p, freed)));
                }
                Ok(Final::Aborted) => {}
                Err(error) if is_damage(&error) => ledger.broken.push(number),
                Err(error) => return Err(error),
            }
            before = inner.final_hash(number)?;
        }
        ledger.broken.sort_unstable();
        ledger.broken.dedup();
        // One whose collection broke off may be named by the next one too.
        let mut known = HashSet::new();
        ledger.disposed.retain(|d| known.insert(d.point));
        let mut there = inner.still_there()?;
        there.retain(|d| !known.contains(&d.point));
        there.sort_by_key(|d| (d.in_bin, d.deleted, d.point));
        ledger.disposed.extend(there);
        Ok(ledger)
    }
}

impl Inner {
    /// Says what deleted recovery points were, before their records go.
    pub(super) fn retirees(
        &self,
        committed: &Committed,
        gone: &[Unreadable],
    ) -> Result<Vec<Retired>, RepoError> {
        let deletions = self.all_deletions()?;
        let retired = |gone: &Unreadable| {
            let tomb = self.deleted_by(&deletions, gone.point)?;
            Ok(Retired {
                point: gone.point,
                session: gone.session,
                manifest: gone.manifest,
                was: committed.were.get(&gone.point).map(|known| Was {
                    vm: known.manifest.vm.name.clone(),
                    key: known.manifest.vm.key(),
                    time: known.manifest.snapshot_time,
                }),
                by: tomb.map(by),
            })
        };
        gone.iter().map(retired).collect()
    }

    /// Returns the hash of the final record before that of a collection, if there is one.
    pub(super) fn final_before(&self, number: u64) -> Result<Option<ObjectHash>, RepoError> {
        let all = self.collections()?;
        let before = all.range(..number).rev().find(|(_, records)| records.decided);
        before.map_or(Ok(None), |(number, _)| self.final_hash(*number))
    }

    fn final_hash(&self, number: u64) -> Result<Option<ObjectHash>, RepoError> {
        match self.store.get(&names::collection(number, Step::Final), MAX_COLLECTION) {
            Ok(bytes) => Ok(Some(ObjectHash::of(&bytes))),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns what was deleted and whose records are still there, in the recycle bin or ended.
    fn still_there(&self) -> Result<Vec<Disposed>, RepoError> {
        let committed = self.committed()?;
        let deletions = self.all_deletions()?;
        let mut found = Vec::new();
        for gone in &committed.gone {
            let was = committed.were.get(&gone.point).map(|known| &known.manifest);
            let by = self.deleted_by(&deletions, gone.point)?.map(by);
            found.push(disposed(gone.point, was, by, false));
        }
        for (point, binned) in &committed.bin {
            let was = committed.all.iter().find(|known| known.manifest.id == *point);
            let by = binned.tomb.clone().map(by);
            found.push(disposed(*point, was.map(|known| &known.manifest), by, true));
        }
        Ok(found)
    }
}

fn by(tomb: Tomb) -> DeletedBy {
    DeletedBy { writer: tomb.writer, rule: tomb.rule, deleted: tomb.created }
}

fn disposed(
    point: RecoveryPointId,
    was: Option<&crate::Manifest>,
    by: Option<DeletedBy>,
    in_bin: bool,
) -> Disposed {
    let was = was.map(|manifest| Was {
        vm: manifest.vm.name.clone(),
        key: manifest.vm.key(),
        time: manifest.snapshot_time,
    });
    entry(point, was, by, in_bin)
}

fn retired(retired: Retired, freed: Option<(DateTime<Utc>, u64)>) -> Disposed {
    Disposed { freed, ..entry(retired.point, retired.was, retired.by, false) }
}

fn entry(
    point: RecoveryPointId,
    was: Option<Was>,
    by: Option<DeletedBy>,
    in_bin: bool,
) -> Disposed {
    let (vm, key, time) = match was {
        Some(was) => (Some(was.vm), Some(was.key), Some(was.time)),
        None => (None, None, None),
    };
    let (deleted, rule, writer) = match by {
        Some(by) => (Some(by.deleted), Some(by.rule), Some(by.writer)),
        None => (None, None, None),
    };
    Disposed { point, vm, key, time, deleted, rule, writer, in_bin, freed: None }
}
