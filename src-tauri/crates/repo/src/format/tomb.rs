//! Deletions and holds: what may end a recovery point, and what protects it.

use chrono::{DateTime, Utc};
use minicbor::{Decode, Encode};

use crate::ids::{HoldId, RecoveryPointId, WriterId};

/// Largest record about a recovery point, in bytes.
pub(crate) const MAX_TOMB: u64 = 64 << 10;

/// Says that a recovery point is to go. It lies in the recycle bin until an [`TombEnd`] decides.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Tomb {
    #[n(0)]
    pub(crate) point: RecoveryPointId,
    /// Its first, second, … deletion.
    #[n(1)]
    pub(crate) number: u32,
    #[n(2)]
    pub(crate) writer: WriterId,
    #[cbor(n(3), with = "crate::format::cbor::time")]
    pub(crate) created: DateTime<Utc>,
    /// Seconds of observed time it stays in the recycle bin.
    #[n(4)]
    pub(crate) delay: u32,
    /// Which rule, or who, wanted it gone.
    #[n(5)]
    pub(crate) rule: String,
}

/// What became of a deletion. Created exclusively: there is one, for ever.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum TombEnd {
    /// The recovery point was taken out of the recycle bin.
    #[n(0)]
    TakenBack {
        #[n(0)]
        writer: WriterId,
        #[cbor(n(1), with = "crate::format::cbor::time")]
        time: DateTime<Utc>,
    },
    /// The recovery point exists no more.
    #[n(1)]
    Deleted {
        #[n(0)]
        writer: WriterId,
        #[cbor(n(1), with = "crate::format::cbor::time")]
        time: DateTime<Utc>,
    },
}

/// Protects a recovery point from every deletion until it is released.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Hold {
    #[n(0)]
    pub(crate) id: HoldId,
    #[n(1)]
    pub(crate) point: RecoveryPointId,
    #[n(2)]
    pub(crate) writer: WriterId,
    #[cbor(n(3), with = "crate::format::cbor::time")]
    pub(crate) created: DateTime<Utc>,
    /// Why, in the words of whoever placed it.
    #[n(4)]
    pub(crate) reason: String,
}
