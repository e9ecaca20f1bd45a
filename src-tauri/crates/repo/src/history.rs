//! Comparing a repository with what a computer saw of it before.
//!
//! A store can bring back an older state of all its files, and every one of them is genuine. Only
//! who was there knows better. What a computer remembers are the recovery points it saw and the
//! number of the last collection; each of these can go only in a way that leaves a record.

use std::collections::{BTreeMap, HashMap, HashSet};

use minicbor::{Decode, Encode};

use crate::error::RepoError;
use crate::format::{FormatError, cbor};
use crate::ids::{ObjectHash, RecoveryPointId, RepositoryId, WriterId};
use crate::repository::Repository;

/// Largest memory that is read, in bytes; a recovery point takes about 75.
const MAX_MEMORY: usize = 64 << 20;
/// How many recovery points an alarm names.
const NAMED: usize = 20;

/// What a computer remembers of a repository. It holds no secret: ids, hashes and numbers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Memory {
    #[n(0)]
    repository: RepositoryId,
    /// Recovery points that were there.
    #[n(1)]
    points: BTreeMap<RecoveryPointId, Remembered>,
    /// The number of the last collection that decided.
    #[n(2)]
    collection: u64,
    /// Installations with two histories, when somebody has seen that.
    #[n(3)]
    forked: Vec<WriterId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
struct Remembered {
    #[n(0)]
    manifest: ObjectHash,
    #[n(1)]
    sequence: u64,
}

/// What cannot have happened to a repository by its own rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alarm {
    /// Recovery points that this computer saw, that are gone, and that nobody deleted: how many.
    pub missing: usize,
    /// The newest of them.
    pub newest_missing: Vec<RecoveryPointId>,
    /// The last collection that this computer saw and the last one there is now, when that is an
    /// earlier one: an older state of the repository came back.
    pub collections: Option<(u64, u64)>,
    /// Installations whose recovery points follow the same one twice: two histories were mixed, or
    /// an installation was copied.
    pub forked: Vec<WriterId>,
}

impl Alarm {
    fn is_silent(&self) -> bool {
        self.missing == 0 && self.collections.is_none() && self.forked.is_empty()
    }
}

/// The outcome of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookBack {
    /// What is wrong, if anything.
    pub alarm: Option<Alarm>,
    /// What to remember from now on. What is missing stays in it, so that the alarm stays.
    pub remember: Memory,
    /// What to remember to take the repository for what it is now.
    pub accepted: Memory,
}

impl Memory {
    /// Reads what [`Memory::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`FormatError`] when it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        if bytes.len() > MAX_MEMORY {
            return Err(FormatError::Length);
        }
        let (body, checksum) = bytes.split_last_chunk::<32>().ok_or(FormatError::Length)?;
        if blake3::hash(body).as_bytes() != checksum {
            return Err(FormatError::Checksum);
        }
        cbor::decode(body)
    }

    /// Writes it in a form to keep.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = cbor::encode(self);
        let checksum = blake3::hash(&bytes);
        bytes.extend_from_slice(checksum.as_bytes());
        bytes
    }
}

impl Repository {
    /// Compares the repository with what is remembered of it.
    ///
    /// Deleting recovery points, here or elsewhere, is no alarm, nor is damage that a list of
    /// recovery points names.
    ///
    /// # Errors
    /// [`RepoError::Invalid`] for the memory of another repository; what the store says;
    /// [`RepoError::Damaged`] when the record of a collection cannot be read that may explain what
    /// is missing.
    pub fn look_back(&self, memory: Option<&Memory>) -> Result<LookBack, RepoError> {
        if memory.is_some_and(|memory| memory.repository != self.id()) {
            return Err(RepoError::invalid("this is the memory of another repository"));
        }
        let committed = self.inner.committed()?;
        let points = committed.all.iter().map(|known| {
            let (manifest, sequence) = (known.hash, known.manifest.sequence);
            (known.manifest.id, Remembered { manifest, sequence })
        });
        let collection = self.inner.last_decided()?;
        let (repository, forked) = (self.id(), forked(&committed));
        let accepted =
            Memory { repository, points: points.collect(), collection, forked: forked.clone() };
        let mut remember = Memory { forked: Vec::new(), ..accepted.clone() };
        let mut alarm = Alarm { forked, ..Alarm::default() };
        if let Some(memory) = memory {
            remember.forked.clone_from(&memory.forked);
            alarm.forked.retain(|writer| !memory.forked.contains(writer));
            let known = committed.gone.iter().chain(&committed.unreadable);
            let mut explained: HashSet<_> = known.map(|point| point.manifest).collect();
            // A damaged record may be that of any of them; checks and lists name it.
            let mut unclear = !committed.undecided.is_empty();
            let is_lost = |(id, point): &(&RecoveryPointId, &Remembered),
                           explained: &HashSet<_>| {
                accepted.points.get(*id).is_none_or(|now| now.manifest != point.manifest)
                    && !explained.contains(&point.manifest)
            };
            let mut lost: Vec<_> =
                memory.points.iter().filter(|point| is_lost(point, &explained)).collect();
            if !lost.is_empty() {
                let retired = self.inner.retired()?;
                unclear |= retired.unclear;
                explained.extend(retired.manifests);
                lost.retain(|point| is_lost(point, &explained));
            }
            if !unclear {
                lost.sort_by_key(|(_, point)| std::cmp::Reverse(point.sequence));
                alarm.missing = lost.len();
                alarm.newest_missing = lost.iter().take(NAMED).map(|(id, _)| **id).collect();
            }
            for (id, point) in lost {
                remember.points.entry(*id).or_insert_with(|| point.clone());
            }
            if memory.collection > collection {
                alarm.collections = Some((memory.collection, collection));
                remember.collection = memory.collection;
            }
        }
        let alarm = Some(alarm).filter(|alarm| !alarm.is_silent());
        Ok(LookBack { alarm, remember, accepted })
    }
}

/// Writers of which two recovery points follow the same one.
fn forked(committed: &crate::points::Committed) -> Vec<WriterId> {
    let mut followers: HashMap<ObjectHash, usize> = HashMap::new();
    let mut writers = Vec::new();
    for known in &committed.all {
        let Some(previous) = known.manifest.previous else { continue };
        let count = followers.entry(previous).or_default();
        *count += 1;
        if *count == 2 && !writers.contains(&known.manifest.writer) {
            writers.push(known.manifest.writer);
        }
    }
    writers
}
