//! What a check found, for people and programs.

use chrono::{DateTime, Utc};
use kuramori_block::{ByteLen, Extent};

use crate::format::FormatError;
use crate::ids::{ObjectHash, RecoveryPointId};

/// The result of [`crate::Repository::check`].
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    /// Committed recovery points whose maps were walked.
    pub points: usize,
    /// Files that were looked at.
    pub files: u64,
    /// Packs, and their bytes.
    pub packs: u64,
    /// Bytes of all packs.
    pub pack_bytes: ByteLen,
    /// Packs that were read to the end.
    pub packs_read: u64,
    /// Bytes of the packs that were read to the end.
    pub bytes_read: ByteLen,
    /// Different chunks that recovery points use.
    pub chunks: u64,
    /// Damaged objects, by name.
    pub damaged: Vec<Damage>,
    /// Recovery points that are gone without a record of their deletion.
    pub missing: Vec<MissingPoint>,
    /// What nobody uses. Never damage.
    pub spare: Spare,
    /// How long ago all data was last proven readable.
    pub proof: Proof,
    /// Whether the result could be kept in the repository.
    pub recorded: bool,
}

impl CheckReport {
    /// Returns whether nothing is damaged or missing.
    pub fn is_sound(&self) -> bool {
        self.damaged.is_empty() && self.missing.is_empty()
    }

    /// Returns the recovery points that cannot be restored whole, each once.
    pub fn lost_points(&self) -> Vec<RecoveryPointId> {
        let hits = self.damaged.iter().flat_map(|damage| &damage.hits);
        let mut points: Vec<_> = hits.map(|hit| hit.point).collect();
        points.sort_unstable();
        points.dedup();
        points
    }
}

/// A damaged object and what it takes along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Its name in the repository.
    pub object: String,
    /// What is wrong with it.
    pub reason: FormatError,
    /// Disks of recovery points that cannot be restored whole because of it. Empty when there is
    /// a second copy of all that matters.
    pub hits: Vec<Hit>,
}

/// A disk of a recovery point that has lost bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The recovery point.
    pub point: RecoveryPointId,
    /// Name of its VM; empty when its manifest cannot be read.
    pub vm: String,
    /// When its state was frozen; `None` when its manifest cannot be read.
    pub time: Option<DateTime<Utc>>,
    /// Position of the disk; `None` for the whole recovery point.
    pub disk: Option<usize>,
    /// Name of the disk.
    pub label: String,
    /// The lost areas of the disk in rising order, the first few of them.
    pub ranges: Vec<Extent>,
    /// Lost bytes of the disk, in all areas.
    pub bytes: ByteLen,
    /// Whether there are more areas than named.
    pub more: bool,
}

/// A recovery point that another one follows but that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingPoint {
    /// The hash of its manifest.
    pub manifest: ObjectHash,
    /// The recovery point that was made after it by the same installation.
    pub follower: RecoveryPointId,
    /// Name of the VM of that one.
    pub vm: String,
    /// When that one was frozen.
    pub time: DateTime<Utc>,
}

/// What lies in the repository and no recovery point uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spare {
    /// Chunks.
    pub chunks: u64,
    /// Their bytes in packs, second copies included.
    pub bytes: ByteLen,
    /// Manifests that were never committed.
    pub manifests: u64,
    /// Files whose names say nothing to this program, the first few of them.
    pub strangers: Vec<String>,
}

/// How far all data was proven readable by reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Packs there are.
    pub packs: u64,
    /// Packs that were read to the end and found good at least once.
    pub proven: u64,
    /// When the pack was read whose reading lies back longest; `None` when there is no pack or one
    /// was never read.
    pub oldest: Option<DateTime<Utc>>,
}
