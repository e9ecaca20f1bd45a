//! Changed block tracking that was caught leaving changes out, and which recovery points rest on it.

use chrono::{DateTime, Utc};
use kuramori_base::Clock;

use crate::error::RepoError;
use crate::format::manifest::{ManifestDisk, ReadMode, VmIdentity};
use crate::format::meta::Meta;
use crate::format::names;
use crate::ids::WriterId;
use crate::inner::lock;
use crate::load::is_damage;
use crate::points::is_missing;
use crate::repository::Repository;

/// A record of changes that was caught leaving changes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackingDoubt {
    /// When that was found.
    pub time: DateTime<Utc>,
    /// Name of the VM, for people.
    pub vm: String,
    /// Label of the disk, for people.
    pub disk: String,
    /// The epoch of the record: what stands before the last slash in its change ids. Unique to
    /// one disk and one start of tracking.
    pub epoch: String,
    /// Pieces that were read again.
    pub pieces: u64,
    /// How many of them had changed without being named.
    pub wrong: u64,
}

impl TrackingDoubt {
    /// Returns whether a change id belongs to the record.
    pub fn is_of(&self, change_id: &str) -> bool {
        change_id.rsplit_once('/').is_some_and(|(epoch, _)| epoch == self.epoch)
    }

    /// Returns whether a disk was read by this record, so that it may miss changes.
    pub(crate) fn concerns(&self, disk: &ManifestDisk) -> bool {
        !matches!(disk.read_mode, ReadMode::Whole { .. })
            && disk.change_id.as_deref().is_some_and(|id| self.is_of(id))
    }
}

fn doubt(meta: Meta) -> Option<TrackingDoubt> {
    match meta {
        Meta::Doubt { time, vm, disk, epoch, pieces, wrong, .. } => {
            Some(TrackingDoubt { time, vm, disk, epoch, pieces, wrong })
        }
        _ => None,
    }
}

impl Repository {
    /// Notes for good that a record of changes left some out. Recovery points that were read by
    /// it are listed as unproven from then on.
    ///
    /// # Errors
    /// What the store says.
    pub fn doubt_tracking(
        &self,
        doubt: TrackingDoubt,
        writer: WriterId,
        clock: &dyn Clock,
    ) -> Result<(), RepoError> {
        self.writable()?;
        let TrackingDoubt { time, vm, disk, epoch, pieces, wrong } = doubt;
        let meta = Meta::Doubt { time, writer, vm, disk, epoch, pieces, wrong };
        // Twice, each sealed by itself: a doubt that rots must not become trust.
        self.inner.put_meta(&meta, std::iter::empty(), clock)?;
        self.inner.put_meta(&meta, std::iter::empty(), clock)
    }

    /// Returns all records of changes that were caught, oldest first.
    ///
    /// # Errors
    /// What the store says.
    pub fn tracking_doubts(&self) -> Result<Vec<TrackingDoubt>, RepoError> {
        let mut cache = lock(&self.inner.points);
        let mut doubts = Vec::new();
        for entry in self.inner.store.list(names::META)? {
            let name = entry.name;
            if names::hash_of(&name).is_none() {
                continue;
            }
            if !cache.doubts().contains_key(&name) {
                let meta = match self.inner.meta(&name) {
                    Ok(meta) => meta,
                    Err(error) if is_missing(&error) => continue, // replaced since
                    Err(error) if is_damage(&error) => {
                        tracing::warn!(%error, "an object that a computer left is damaged");
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                cache.doubts().insert(name.clone(), meta.and_then(doubt));
            }
            doubts.extend(cache.doubts().get(&name).cloned().flatten());
        }
        doubts.sort_by_key(|doubt| doubt.time);
        doubts.dedup();
        Ok(doubts)
    }

    /// Returns when a disk of a VM was last read without trust in a record of changes: the time
    /// of that recovery point, deleted ones included as long as they exist.
    ///
    /// # Errors
    /// What the store says.
    pub fn last_read_whole(
        &self,
        vm: &VmIdentity,
        disk: &ManifestDisk,
    ) -> Result<Option<DateTime<Utc>>, RepoError> {
        let same = |other: &&ManifestDisk| match (&other.disk_uuid, &disk.disk_uuid) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            (None, None) => other.key == disk.key,
            _ => false,
        };
        let whole = |disk: &ManifestDisk| !matches!(disk.read_mode, ReadMode::Changed { .. });
        let committed = self.inner.committed()?;
        let mut of_vm = committed.all.iter().rev().filter(|known| known.manifest.vm.is_same(vm));
        let found = of_vm.find(|known| known.manifest.disks.iter().find(same).is_some_and(whole));
        Ok(found.map(|known| known.manifest.snapshot_time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubt_is_about_one_epoch_and_what_was_read_by_it() {
        let doubt = TrackingDoubt {
            time: DateTime::UNIX_EPOCH,
            vm: "vm".to_owned(),
            disk: "Hard disk 1".to_owned(),
            epoch: "52 de-61 d5".to_owned(),
            pieces: 9,
            wrong: 1,
        };
        assert!(doubt.is_of("52 de-61 d5/81"));
        for other in ["52 de-61 d5", "52 de-61 d5/81/1", "52 de-61 d/5", "x/81", ""] {
            assert!(!doubt.is_of(other), "{other}");
        }
    }
}
