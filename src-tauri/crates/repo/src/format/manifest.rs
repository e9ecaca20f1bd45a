//! The manifest: root of a recovery point.

use chrono::{DateTime, Utc};
use kuramori_block::ByteLen;
use minicbor::{Decode, Encode};

use super::{FormatError, cbor};
use crate::ids::{ChunkId, ObjectHash, RecoveryPointId, SessionId, WriterId};

/// Largest manifest that is read, in bytes.
pub(crate) const MAX_MANIFEST: u64 = 24 << 20;
/// Largest opaque configuration, in bytes.
pub const MAX_CONFIG: usize = 16 << 20;
/// Most disks of one recovery point.
pub const MAX_DISKS: usize = 1024;
/// Most entries of each list of texts.
const MAX_TEXTS: usize = 10_000;
/// Longest text in bytes.
const MAX_TEXT: usize = 64 << 10;

/// Which VM it is, across renames and moves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct VmIdentity {
    /// The name it had. Names change; see [`VmIdentity::is_same`].
    #[n(0)]
    pub name: String,
    /// The instance UUID of vSphere.
    #[n(1)]
    pub instance_uuid: Option<String>,
    /// The BIOS UUID the guest sees.
    #[n(2)]
    pub bios_uuid: Option<String>,
    /// The server it was on, as the program names it.
    #[n(3)]
    pub server_id: Option<String>,
    /// Its managed object reference on that server.
    #[n(4)]
    pub moref: Option<String>,
}

impl VmIdentity {
    /// Makes the identity of something that only has a name, such as a disk image.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Returns the text that stays the same for the same VM: instance UUID, else server and
    /// reference, else the name.
    pub fn key(&self) -> String {
        match (&self.instance_uuid, &self.server_id, &self.moref) {
            (Some(uuid), ..) => format!("uuid:{}", uuid.to_ascii_lowercase()),
            (None, Some(server), Some(moref)) => format!("ref:{server}/{moref}"),
            _ => format!("name:{}", self.name),
        }
    }

    /// Returns whether both are the same VM.
    pub fn is_same(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

/// What kind of thing was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum SourceKind {
    /// A VM of a server.
    #[n(0)]
    Vm,
    /// Disk images from files.
    #[n(1)]
    Image,
}

/// How the bytes of a disk were read. The recovery point is complete in every case.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ReadMode {
    /// Every byte of the disk.
    #[n(0)]
    Whole {
        /// Why nothing less would do.
        #[n(0)]
        reason: String,
    },
    /// The areas that are in use.
    #[n(1)]
    Allocated {
        /// Why not only what changed.
        #[n(0)]
        reason: String,
    },
    /// The areas changed since a change id.
    #[n(2)]
    Changed {
        /// The change id of the recovery point it builds on.
        #[n(0)]
        since: String,
    },
}

/// How consistent the saved state is, as achieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Consistency {
    /// As after a power cut.
    #[n(0)]
    Crash,
    /// The guest's file systems were flushed and frozen.
    #[n(1)]
    FileSystem,
    /// Applications took part as well.
    #[n(2)]
    Application,
}

/// How long one stage took.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct StageTime {
    /// The stage, such as "read".
    #[n(0)]
    pub stage: String,
    /// Its duration in milliseconds.
    #[n(1)]
    pub millis: u64,
}

/// What a recovery point was made for: it is kept by that rule.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct MadeFor {
    /// The job, by its id.
    #[n(0)]
    pub job: String,
    /// What the job was called.
    #[n(1)]
    pub name: String,
    /// The schedules that it counts for, by their ids.
    #[n(2)]
    pub schedules: Vec<String>,
    /// Until when those schedules promised to keep it, as they were when it was made.
    #[n(3)]
    pub promised: Option<Promised>,
}

/// For how long a recovery point was promised to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Promised {
    /// Until then.
    #[n(0)]
    Until {
        /// When that is.
        #[cbor(n(0), with = "crate::format::cbor::time")]
        time: DateTime<Utc>,
    },
    /// For ever.
    #[n(1)]
    Forever,
}

/// One disk of a recovery point.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ManifestDisk {
    /// The key of the disk on its VM.
    #[n(0)]
    pub key: i32,
    /// Its name for people, such as "Hard disk 1".
    #[n(1)]
    pub label: String,
    /// The UUID of the virtual disk.
    #[n(2)]
    pub disk_uuid: Option<String>,
    /// The change id of the snapshot it was read from, to ask for later changes.
    #[n(3)]
    pub change_id: Option<String>,
    /// How it was read.
    #[n(4)]
    pub read_mode: ReadMode,
    /// Which way the bytes came.
    #[n(5)]
    pub transport: String,
    /// Bytes read from the source.
    #[cbor(n(6), with = "crate::format::cbor::len")]
    pub bytes_read: ByteLen,
    /// Size of the disk.
    #[cbor(n(7), with = "crate::format::cbor::len")]
    pub capacity: ByteLen,
    /// Root of the chunk map; all zeros for an empty disk.
    #[n(8)]
    pub root: ChunkId,
    /// Chunks that hold anything but zeros.
    #[n(9)]
    pub chunks: u64,
    /// Bytes of chunks the repository did not have, before compression.
    #[cbor(n(10), with = "crate::format::cbor::len")]
    pub new_bytes: ByteLen,
    /// Bytes added to the repository for them.
    #[cbor(n(11), with = "crate::format::cbor::len")]
    pub stored_bytes: ByteLen,
}

/// All there is to know about a recovery point.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Manifest {
    /// Its id.
    #[n(0)]
    pub id: RecoveryPointId,
    /// The session that made it; its outcome decides whether the recovery point exists.
    #[n(1)]
    pub session: SessionId,
    /// Who wrote it.
    #[n(2)]
    pub writer: WriterId,
    /// One more than every recovery point the writer knew: order, whatever the clocks said.
    #[n(3)]
    pub sequence: u64,
    /// The hash of this writer's previous manifest.
    #[n(4)]
    pub previous: Option<ObjectHash>,
    /// The VM.
    #[n(5)]
    pub vm: VmIdentity,
    /// What kind of thing it is.
    #[n(6)]
    pub source: SourceKind,
    /// The VM's configuration, in the form the engine gave it.
    #[cbor(n(7), with = "minicbor::bytes")]
    pub config: Vec<u8>,
    /// The disks, in the order they were given.
    #[n(8)]
    pub disks: Vec<ManifestDisk>,
    /// The consistency achieved.
    #[n(9)]
    pub consistency: Consistency,
    /// What the guest tools said about it.
    #[n(10)]
    pub consistency_note: Option<String>,
    /// When the state was frozen: the time of the recovery point.
    #[cbor(n(11), with = "crate::format::cbor::time")]
    pub snapshot_time: DateTime<Utc>,
    /// When the run began.
    #[cbor(n(12), with = "crate::format::cbor::time")]
    pub started: DateTime<Utc>,
    /// When it was committed.
    #[cbor(n(13), with = "crate::format::cbor::time")]
    pub committed: DateTime<Utc>,
    /// What went less than well.
    #[n(14)]
    pub warnings: Vec<String>,
    /// What the VM has that is not in here.
    #[n(15)]
    pub not_included: Vec<String>,
    /// The program that wrote it.
    #[n(16)]
    pub tool_version: String,
    /// Where the time went.
    #[n(17)]
    pub stages: Vec<StageTime>,
    /// Size of a chunk in bytes.
    #[cbor(n(18), with = "crate::format::cbor::len")]
    pub chunk_len: ByteLen,
    /// What it was made for; none when somebody asked for it alone.
    #[n(19)]
    pub made_for: Option<MadeFor>,
}

impl Manifest {
    /// Checks the limits, when written and when read.
    pub(crate) fn check(&self) -> Result<(), FormatError> {
        let texts = [self.warnings.len(), self.not_included.len(), self.stages.len()];
        if texts.into_iter().any(|n| n > MAX_TEXTS) {
            return Err(FormatError::Limit("the number of warnings, gaps or stages"));
        }
        let long = |text: &String| text.len() > MAX_TEXT;
        if self.warnings.iter().chain(&self.not_included).any(long) || long(&self.vm.name) {
            return Err(FormatError::Limit("the length of a text"));
        }
        if let Some(made_for) = &self.made_for {
            let ids = [&made_for.job, &made_for.name];
            if ids.into_iter().chain(&made_for.schedules).any(long)
                || made_for.schedules.len() > MAX_TEXTS
            {
                return Err(FormatError::Limit("the length of what it was made for"));
            }
        }
        if self.config.len() > MAX_CONFIG {
            return Err(FormatError::Limit("the size of the configuration"));
        }
        if self.disks.len() > MAX_DISKS {
            return Err(FormatError::Limit("the number of disks"));
        }
        Ok(())
    }

    pub(crate) fn decode(body: &[u8]) -> Result<Self, FormatError> {
        let manifest: Self = cbor::decode(body)?;
        manifest.check()?;
        Ok(manifest)
    }
}
