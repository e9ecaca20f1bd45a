//! Recovery points in few words, for whoever looks at all of them often.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::error::RepoError;
use crate::format::manifest::{SourceKind, VmIdentity};
use crate::ids::RecoveryPointId;
use crate::point::DamagedObject;
use crate::repository::Repository;

/// All recovery points in few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brief {
    /// The VMs, in the order of their first recovery points.
    pub vms: Vec<BriefVm>,
    /// Objects that may be recovery points but cannot be read, see [`Repository::points`].
    pub damaged: Vec<DamagedObject>,
}

/// A VM of which there are recovery points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BriefVm {
    /// What names it across renames, see [`VmIdentity::key`].
    pub key: String,
    /// As its newest recovery point tells.
    pub identity: VmIdentity,
    /// What kind of thing it is.
    pub source: SourceKind,
    /// Its recovery points, in the order of the repository, oldest first.
    pub points: Vec<BriefPoint>,
}

/// A recovery point in few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BriefPoint {
    /// Its id.
    pub id: RecoveryPointId,
    /// Order in the repository.
    pub sequence: u64,
    /// When the state was frozen.
    pub time: DateTime<Utc>,
    /// When it was committed.
    pub committed: DateTime<Utc>,
    /// Whether nothing is known to be wrong with it.
    pub good: bool,
    /// Whether something went less than well.
    pub warned: bool,
    /// The job it was made by.
    pub job: Option<Arc<str>>,
    /// What its disks brought.
    pub disks: Vec<BriefDisk>,
}

/// What a recovery point brought of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BriefDisk {
    /// The key of the disk on its VM.
    pub key: i32,
    /// Size as the guest sees it, in bytes.
    pub capacity: u64,
    /// Bytes of chunks the repository did not have.
    pub new: u64,
    /// Bytes added to the repository for them.
    pub stored: u64,
    /// Bytes of chunks that hold anything but zeros.
    pub used: u64,
}

impl Repository {
    /// Returns the VMs with their recovery points, without those in the recycle bin.
    ///
    /// # Errors
    /// What the store says.
    pub fn brief(&self) -> Result<Brief, RepoError> {
        let committed = self.inner.committed()?;
        let doubts = self.tracking_doubts()?;
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut jobs: HashSet<Arc<str>> = HashSet::new();
        let mut newest = HashMap::new();
        let mut vms: Vec<BriefVm> = Vec::new();
        for known in committed.live() {
            let manifest = &known.manifest;
            let key = manifest.vm.key();
            let place = *places.entry(key).or_insert_with_key(|key| {
                let (identity, source) = (VmIdentity::default(), manifest.source);
                vms.push(BriefVm { key: key.clone(), identity, source, points: Vec::new() });
                vms.len() - 1
            });
            let job = manifest.made_for.as_ref().map(|made| made.job.as_str());
            let job = job.map(|job| {
                let known = jobs.get(job).cloned();
                known.unwrap_or_else(|| {
                    let job: Arc<str> = Arc::from(job);
                    jobs.insert(Arc::clone(&job));
                    job
                })
            });
            let doubted = |disk| doubts.iter().any(|doubt| doubt.concerns(disk));
            let good = doubts.is_empty() || !manifest.disks.iter().any(doubted);
            let disks = manifest.disks.iter().map(|disk| BriefDisk {
                key: disk.key,
                capacity: disk.capacity.get(),
                new: disk.new_bytes.get(),
                stored: disk.stored_bytes.get(),
                used: disk.chunks.saturating_mul(manifest.chunk_len.get()),
            });
            let Some(vm) = vms.get_mut(place) else { continue };
            newest.insert(place, known);
            vm.points.push(BriefPoint {
                id: manifest.id,
                sequence: manifest.sequence,
                time: manifest.snapshot_time,
                committed: manifest.committed,
                good,
                warned: !manifest.warnings.is_empty(),
                job,
                disks: disks.collect(),
            });
        }
        for (place, known) in newest {
            if let Some(vm) = vms.get_mut(place) {
                vm.identity = known.manifest.vm.clone();
            }
        }
        Ok(Brief { vms, damaged: committed.damaged })
    }
}
