//! Recovery points as callers see and make them.

use chrono::{DateTime, Utc};
use kuramori_block::ByteLen;

use crate::format::FormatError;
use crate::format::manifest::{
    Consistency, MadeFor, Manifest, ReadMode, SourceKind, StageTime, VmIdentity,
};
use crate::ids::{ChunkId, RecoveryPointId, SessionId, WriterId};
use crate::tracking::TrackingDoubt;

/// A recovery point in a list: what a person wants to know before choosing one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryPoint {
    /// Its id.
    pub id: RecoveryPointId,
    /// The installation that wrote it.
    pub writer: WriterId,
    /// The VM.
    pub vm: VmIdentity,
    /// What kind of thing it is.
    pub source: SourceKind,
    /// When the state was frozen.
    pub time: DateTime<Utc>,
    /// When the run began.
    pub started: DateTime<Utc>,
    /// When it was committed.
    pub committed: DateTime<Utc>,
    /// Order in the repository, whatever the clocks said.
    pub sequence: u64,
    /// The disks.
    pub disks: Vec<DiskSummary>,
    /// The consistency achieved.
    pub consistency: Consistency,
    /// What went less than well.
    pub warnings: Vec<String>,
    /// What the VM has that is not in here.
    pub not_included: Vec<String>,
    /// The program that wrote it.
    pub tool_version: String,
    /// What it was made for.
    pub made_for: Option<MadeFor>,
}

/// A disk of a [`RecoveryPoint`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskSummary {
    /// The key of the disk on its VM.
    pub key: i32,
    /// Its name for people.
    pub label: String,
    /// Size of the disk.
    pub capacity: ByteLen,
    /// How it was read.
    pub read_mode: ReadMode,
    /// Which way the bytes came.
    pub transport: String,
    /// How much was read, new and stored.
    pub sizes: Sizes,
    /// Whether it was read by a record of changes that was caught leaving some out later: it may
    /// miss changes that were made before it.
    pub unproven: bool,
}

/// How much work a disk or a recovery point was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Bytes read from the source.
    pub read: ByteLen,
    /// Bytes of chunks the repository did not have.
    pub new: ByteLen,
    /// Bytes added to the repository, compressed and encrypted.
    pub stored: ByteLen,
    /// Bytes of chunks that hold anything but zeros.
    pub used: ByteLen,
}

impl RecoveryPoint {
    /// Adds up the sizes of all disks.
    pub fn sizes(&self) -> Sizes {
        let sum = |part: fn(&Sizes) -> ByteLen| self.disks.iter().map(|d| part(&d.sizes)).sum();
        Sizes {
            read: sum(|s| s.read),
            new: sum(|s| s.new),
            stored: sum(|s| s.stored),
            used: sum(|s| s.used),
        }
    }
}

impl RecoveryPoint {
    /// Makes the list entry of a recovery point, with what was found out about it later.
    pub(crate) fn of(manifest: &Manifest, doubts: &[TrackingDoubt]) -> Self {
        let mut point = Self::from(manifest);
        for (summary, disk) in point.disks.iter_mut().zip(&manifest.disks) {
            summary.unproven = doubts.iter().any(|doubt| doubt.concerns(disk));
        }
        point
    }
}

impl From<&Manifest> for RecoveryPoint {
    fn from(m: &Manifest) -> Self {
        let disks = m.disks.iter().map(|d| DiskSummary {
            key: d.key,
            label: d.label.clone(),
            capacity: d.capacity,
            read_mode: d.read_mode.clone(),
            transport: d.transport.clone(),
            sizes: Sizes {
                read: d.bytes_read,
                new: d.new_bytes,
                stored: d.stored_bytes,
                used: ByteLen::new(d.chunks.saturating_mul(m.chunk_len.get())),
            },
            unproven: false,
        });
        Self {
            id: m.id,
            writer: m.writer,
            vm: m.vm.clone(),
            source: m.source,
            time: m.snapshot_time,
            started: m.started,
            committed: m.committed,
            sequence: m.sequence,
            disks: disks.collect(),
            consistency: m.consistency,
            warnings: m.warnings.clone(),
            not_included: m.not_included.clone(),
            tool_version: m.tool_version.clone(),
            made_for: m.made_for.clone(),
        }
    }
}

/// The recovery points of a repository, and what could not be read among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointList {
    /// Committed recovery points, newest last.
    pub points: Vec<RecoveryPoint>,
    /// Objects that may be recovery points but cannot be read. Never empty silently: a point that
    /// is missing from `points` because of damage is named here.
    pub damaged: Vec<DamagedObject>,
    /// Recovery points in the recycle bin, newest last.
    pub deleted: Vec<DeletedPoint>,
}

/// A recovery point in the recycle bin: complete, and gone once its time there is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedPoint {
    /// The recovery point.
    pub point: RecoveryPoint,
    /// When it was deleted; `None` when that record is damaged, and then it stays.
    pub deleted: Option<DateTime<Utc>>,
    /// Which rule, or who, deleted it.
    pub rule: String,
    /// How much more time it stays. Only time in which the repository was seen in use counts, so
    /// that a clock that jumps ends nothing.
    pub remaining: std::time::Duration,
}

/// An object that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedObject {
    /// Its name in the repository.
    pub object: String,
    /// What is wrong with it.
    pub reason: FormatError,
}

/// What a finished run knows about the recovery point it wants to commit.
#[derive(Clone, Debug)]
pub struct PointDraft {
    /// The VM.
    pub vm: VmIdentity,
    /// What kind of thing it is.
    pub source: SourceKind,
    /// The VM's configuration, opaque here. At most [`crate::MAX_CONFIG`] bytes.
    pub config: Vec<u8>,
    /// The disks. At most [`crate::MAX_DISKS`].
    pub disks: Vec<DiskDraft>,
    /// The consistency achieved.
    pub consistency: Consistency,
    /// What the guest tools said about it.
    pub consistency_note: Option<String>,
    /// When the state was frozen.
    pub snapshot_time: DateTime<Utc>,
    /// When the run began.
    pub started: DateTime<Utc>,
    /// What went less than well.
    pub warnings: Vec<String>,
    /// What the VM has that is not in here.
    pub not_included: Vec<String>,
    /// The program and its version.
    pub tool_version: String,
    /// What it is made for; none when somebody asked for it alone.
    pub made_for: Option<MadeFor>,
    /// Where the time went.
    pub stages: Vec<StageTime>,
}

/// A saved disk with what is known about it.
#[derive(Clone, Debug)]
pub struct DiskDraft {
    /// The key of the disk on its VM.
    pub key: i32,
    /// Its name for people.
    pub label: String,
    /// The UUID of the virtual disk.
    pub disk_uuid: Option<String>,
    /// The change id of the snapshot it was read from.
    pub change_id: Option<String>,
    /// How it was read.
    pub read_mode: ReadMode,
    /// Which way the bytes came.
    pub transport: String,
    /// Bytes read from the source.
    pub bytes_read: ByteLen,
    /// What [`crate::DiskWriter::finish`] returned.
    pub saved: SavedDisk,
}

/// A disk whose chunks and map are in packs, ready to be committed by the same session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedDisk {
    pub(crate) session: SessionId,
    /// Root of the chunk map.
    pub root: ChunkId,
    /// Size of the disk.
    pub capacity: ByteLen,
    /// Chunks that hold anything but zeros.
    pub chunks: u64,
    /// Chunks that were written and held only zeros.
    pub zero_chunks: u64,
    /// Bytes of chunks the repository did not have.
    pub new_bytes: ByteLen,
    /// Bytes added to the repository for them, map included.
    pub stored_bytes: ByteLen,
}
