//! Check records: which packs were read to the end when, and what was found bad.

use chrono::{DateTime, Utc};
use minicbor::{Decode, Encode};

use super::{FormatError, cbor};
use crate::ids::{ObjectHash, RecoveryPointId};

/// Largest check record, in bytes.
pub(crate) const MAX_CHECK: u64 = 64 << 20;
const HASH_LEN: usize = 32;

/// What one check knew at its end, earlier records included.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct CheckRecord {
    /// When the check ended.
    #[cbor(n(0), with = "crate::format::cbor::time")]
    pub(crate) checked: DateTime<Utc>,
    /// Packs whose every frame was read and found good.
    #[n(1)]
    pub(crate) proofs: Vec<ProofGroup>,
    /// Frames that are known to be bad.
    #[n(2)]
    pub(crate) bad: Vec<BadPack>,
    /// Disks of recovery points that cannot be restored whole.
    #[n(3)]
    pub(crate) disks: Vec<DamagedDisk>,
}

/// Packs that were read at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(crate) struct ProofGroup {
    #[cbor(n(0), with = "crate::format::cbor::time")]
    pub(crate) read: DateTime<Utc>,
    /// Their hashes, 32 bytes each.
    #[cbor(n(1), with = "minicbor::bytes")]
    packs: Vec<u8>,
}

/// Frames of one pack that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(crate) struct BadPack {
    #[n(0)]
    pub(crate) pack: ObjectHash,
    #[cbor(n(1), with = "crate::format::cbor::time")]
    pub(crate) read: DateTime<Utc>,
    /// Their numbers in the pack.
    #[n(2)]
    pub(crate) frames: Vec<u32>,
}

/// A disk that has lost bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(crate) struct DamagedDisk {
    #[n(0)]
    pub(crate) point: RecoveryPointId,
    /// Its position in the manifest.
    #[n(1)]
    pub(crate) disk: u32,
}

impl ProofGroup {
    pub(crate) fn new(read: DateTime<Utc>, packs: &[ObjectHash]) -> Self {
        Self { read, packs: packs.iter().flat_map(|pack| *pack.as_bytes()).collect() }
    }

    /// Returns the hashes of the packs.
    pub(crate) fn packs(&self) -> impl Iterator<Item = ObjectHash> {
        let (hashes, _) = self.packs.as_chunks::<HASH_LEN>();
        hashes.iter().map(|hash| ObjectHash::from_bytes(*hash))
    }
}

impl CheckRecord {
    pub(crate) fn decode(body: &[u8]) -> Result<Self, FormatError> {
        let record: Self = cbor::decode(body)?;
        let odd = |group: &ProofGroup| !group.packs.as_chunks::<HASH_LEN>().1.is_empty();
        if record.proofs.iter().any(odd) { Err(FormatError::Length) } else { Ok(record) }
    }
}
