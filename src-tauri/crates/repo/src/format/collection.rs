//! Records of a collection: the packs it wants to remove, and the one register that decides.

use chrono::{DateTime, Utc};
use minicbor::{Decode, Encode};

use crate::ids::{ObjectHash, RecoveryPointId, SessionId, WriterId};

/// Largest record of a collection, in bytes: half a million packs, more than ten tebibytes.
pub(crate) const MAX_COLLECTION: u64 = 32 << 20;

/// Says which packs a collection wants to remove. Sessions that open later do not refer to them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Plan {
    #[n(0)]
    pub(crate) number: u64,
    #[n(1)]
    pub(crate) writer: WriterId,
    #[cbor(n(2), with = "crate::format::cbor::time")]
    pub(crate) time: DateTime<Utc>,
    #[n(3)]
    pub(crate) packs: Vec<ObjectHash>,
    #[n(4)]
    pub(crate) tool_version: String,
}

/// What a collection removes. Created exclusively: there is one, for ever.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Final {
    /// Nothing: it was given up, by itself or by a later one.
    #[n(0)]
    Aborted,
    /// Exactly these.
    #[n(1)]
    Decided {
        #[n(0)]
        packs: Vec<ObjectHash>,
        #[n(1)]
        points: Vec<Retired>,
        /// Hash of the final record before this one, so that none can be taken out unseen. Missing
        /// in the first one and in those of programs that did not write it.
        #[n(2)]
        previous: Option<ObjectHash>,
    },
}

/// A deleted recovery point whose records go with the packs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(crate) struct Retired {
    #[n(0)]
    pub(crate) point: RecoveryPointId,
    #[n(1)]
    pub(crate) session: SessionId,
    #[n(2)]
    pub(crate) manifest: ObjectHash,
    /// What it was, as far as its manifest could be read.
    #[n(3)]
    pub(crate) was: Option<Was>,
    /// Who deleted it, as far as that record could be read.
    #[n(4)]
    pub(crate) by: Option<DeletedBy>,
}

/// What a recovery point was whose records are gone.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Was {
    /// Name of the VM.
    #[n(0)]
    pub(crate) vm: String,
    /// What names it across renames.
    #[n(1)]
    pub(crate) key: String,
    /// When its state was frozen.
    #[cbor(n(2), with = "crate::format::cbor::time")]
    pub(crate) time: DateTime<Utc>,
}

/// Who deleted a recovery point.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct DeletedBy {
    #[n(0)]
    pub(crate) writer: WriterId,
    /// Which rule, or who, wanted it gone.
    #[n(1)]
    pub(crate) rule: String,
    /// When it was put into the recycle bin.
    #[cbor(n(2), with = "crate::format::cbor::time")]
    pub(crate) deleted: DateTime<Utc>,
}

/// Says that a collection removed all it decided on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Done {
    #[cbor(n(0), with = "crate::format::cbor::time")]
    pub(crate) time: DateTime<Utc>,
    /// Bytes of the packs that were removed.
    #[n(1)]
    pub(crate) freed: u64,
}
