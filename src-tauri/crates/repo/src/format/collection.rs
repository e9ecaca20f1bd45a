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
