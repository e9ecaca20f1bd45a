//! What earlier checks found, kept in the repository: `checks/<hash>`.
//!
//! Each check writes one record of all it knows and then removes the records it took over. Records
//! of several computers are merged when read: of each pack, the newest reading counts.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::report::Damage;
use super::{Check, Proof};
use crate::error::RepoError;
use crate::format::check::{BadPack, CheckRecord, DamagedDisk, MAX_CHECK, ProofGroup};
use crate::format::envelope::ObjectType;
use crate::format::{cbor, names};
use crate::ids::{ObjectHash, RecoveryPointId};
use crate::inner::Inner;
use crate::point::DamagedObject;
use crate::store::BlobName;

/// The merged records.
#[derive(Debug, Default)]
pub(crate) struct CheckState {
    read: HashMap<ObjectHash, DateTime<Utc>>,
    bad: BTreeMap<ObjectHash, Vec<u32>>,
    checked: Option<DateTime<Utc>>,
    disks: HashSet<(RecoveryPointId, u32)>,
    records: Vec<BlobName>,
}

impl CheckState {
    fn merge(&mut self, record: CheckRecord) {
        for group in &record.proofs {
            for pack in group.packs() {
                if self.is_newer(&pack, group.read) {
                    self.good(pack, group.read);
                }
            }
        }
        for found in record.bad {
            if self.is_newer(&found.pack, found.read) {
                self.bad(found.pack, found.read, found.frames);
            }
        }
        if self.checked.is_none_or(|checked| checked < record.checked) {
            self.checked = Some(record.checked);
            self.disks = record.disks.iter().map(|disk| (disk.point, disk.disk)).collect();
        }
    }

    /// Of two readings at the same time, the later one taken counts: bad ones come last.
    fn is_newer(&self, pack: &ObjectHash, read: DateTime<Utc>) -> bool {
        self.read.get(pack).is_none_or(|known| *known <= read)
    }

    /// Notes that a pack was read and found good.
    pub(super) fn good(&mut self, pack: ObjectHash, now: DateTime<Utc>) {
        self.bad.remove(&pack);
        self.read.insert(pack, now);
    }

    /// Notes that a pack was read and found bad.
    pub(super) fn bad(&mut self, pack: ObjectHash, now: DateTime<Utc>, frames: Vec<u32>) {
        self.bad.insert(pack, frames);
        self.read.insert(pack, now);
    }

    /// Returns whether a pack was found bad when it was last read.
    pub(super) fn is_bad(&self, pack: &ObjectHash) -> bool {
        self.bad.contains_key(pack)
    }

    /// Returns when a pack was last read and found good.
    pub(super) fn proven(&self, pack: &ObjectHash) -> Option<DateTime<Utc>> {
        self.read.get(pack).copied().filter(|_| !self.is_bad(pack))
    }

    /// Returns the frames that are known to be bad.
    pub(crate) fn bad_frames(&self) -> impl Iterator<Item = (&ObjectHash, &[u32])> {
        self.bad.iter().map(|(pack, frames)| (pack, frames.as_slice()))
    }

    /// Returns the disks of a recovery point that the last check found to have lost bytes.
    pub(crate) fn lost_disks(&self, point: RecoveryPointId) -> Vec<usize> {
        let of_point = self.disks.iter().filter(|(id, _)| *id == point);
        of_point.filter_map(|(_, disk)| usize::try_from(*disk).ok()).collect()
    }

    /// Sums up how far these packs are proven.
    pub(crate) fn proof<'p>(&self, packs: impl Iterator<Item = &'p ObjectHash>) -> Proof {
        let mut proof = Proof::default();
        for pack in packs {
            proof.packs += 1;
            if let Some(read) = self.proven(pack) {
                proof.proven += 1;
                proof.oldest = Some(proof.oldest.map_or(read, |oldest| oldest.min(read)));
            }
        }
        if proof.proven < proof.packs {
            proof.oldest = None;
        }
        proof
    }

    fn to_record(&self, checked: DateTime<Utc>) -> CheckRecord {
        let mut groups: BTreeMap<DateTime<Utc>, Vec<ObjectHash>> = BTreeMap::new();
        for (pack, read) in self.read.iter().filter(|(pack, _)| !self.is_bad(pack)) {
            groups.entry(*read).or_default().push(*pack);
        }
        let mut disks: Vec<_> = self
            .disks
            .iter()
            .map(|(point, disk)| DamagedDisk { point: *point, disk: *disk })
            .collect();
        disks.sort_unstable_by_key(|disk| (disk.point, disk.disk));
        let bad = self.bad.iter().map(|(pack, frames)| BadPack {
            pack: *pack,
            read: self.read.get(pack).copied().unwrap_or(checked),
            frames: frames.clone(),
        });
        CheckRecord {
            checked,
            proofs: groups
                .into_iter()
                .map(|(read, mut packs)| {
                    packs.sort_unstable();
                    ProofGroup::new(read, &packs)
                })
                .collect(),
            bad: bad.collect(),
            disks,
        }
    }
}

impl Inner {
    /// Reads and merges all check records. Damaged ones are left out: what they said is found out
    /// again.
    pub(crate) fn check_state(&self) -> Result<CheckState, RepoError> {
        Ok(self.read_check_state()?.0)
    }

    /// As [`Inner::check_state`], with the records that are damaged.
    pub(crate) fn read_check_state(&self) -> Result<(CheckState, Vec<DamagedObject>), RepoError> {
        let (mut state, mut damaged) = (CheckState::default(), Vec::new());
        for entry in self.store.list(names::CHECKS)? {
            let record = self.judge(|| {
                let object = ObjectType::Check;
                let body =
                    self.open_object(&entry.name, object, names::CHECKS_FOLDER, MAX_CHECK)?;
                CheckRecord::decode(&body).map_err(|e| self.damaged(entry.name.as_str(), e))
            })?;
            match record {
                Ok(record) => {
                    state.merge(record);
                    state.records.push(entry.name);
                }
                Err(reason) => {
                    damaged.push(DamagedObject { object: entry.name.to_string(), reason });
                }
            }
        }
        Ok((state, damaged))
    }

    /// Stores what is known as one record, then removes those it was merged from.
    fn write_check_state(
        &self,
        state: &mut CheckState,
        now: DateTime<Utc>,
    ) -> Result<(), RepoError> {
        let body = cbor::encode(&state.to_record(now));
        let nanos = now.timestamp_nanos_opt().unwrap_or_default();
        let bytes = self.sealing().seal(ObjectType::Check, names::CHECKS_FOLDER, &body, nanos)?;
        let name = names::check(ObjectHash::of(&bytes));
        self.store.put(&name, &bytes)?;
        for old in std::mem::replace(&mut state.records, vec![name]) {
            if let Err(error) = self.store.delete(&old) {
                // Two records say the same.
                tracing::debug!(%error, "an older check record stays");
            }
        }
        Ok(())
    }
}

impl Check<'_> {
    /// Keeps what this check found. Returns whether that was possible: a check of a repository
    /// that cannot be written is a check all the same. Without `damaged` the check was cut short.
    pub(super) fn record(&mut self, damaged: Option<&[Damage]>) -> bool {
        let now = self.now();
        let there: HashSet<_> = self.packs.iter().filter(|p| p.there).map(|p| p.hash).collect();
        self.state.read.retain(|pack, _| there.contains(pack));
        self.state.bad.retain(|pack, _| there.contains(pack));
        if let Some(damaged) = damaged {
            let hits = damaged.iter().flat_map(|damage| &damage.hits);
            let disks = hits.filter_map(|hit| Some((hit.point, u32::try_from(hit.disk?).ok()?)));
            self.state.disks = disks.collect();
        }
        if !self.writes {
            return false;
        }
        let kept = self.inner.write_check_state(&mut self.state, now);
        if let Err(error) = &kept {
            tracing::warn!(%error, "the result of the check could not be kept in the repository");
        }
        kept.is_ok()
    }
}
