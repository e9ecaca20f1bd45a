//! Session records: who writes, and the one register that decides how it ended.

use chrono::{DateTime, Utc};
use minicbor::{Decode, Encode};

use crate::ids::{ObjectHash, RecoveryPointId, SessionId, WriterId};

/// Largest session record, in bytes.
pub(crate) const MAX_SESSION: u64 = 64 << 10;

/// Says that somebody is at work. Written before they look at what they may refer to or read.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct SessionOpen {
    #[n(0)]
    pub(crate) session: SessionId,
    #[n(1)]
    pub(crate) writer: WriterId,
    #[cbor(n(2), with = "crate::format::cbor::time")]
    pub(crate) started: DateTime<Utc>,
    #[n(3)]
    pub(crate) tool_version: String,
    /// The recovery point that is read, when nothing is written.
    #[n(4)]
    pub(crate) reads: Option<RecoveryPointId>,
    /// Whether everything is read and nothing is written.
    #[n(5)]
    pub(crate) reads_all: Option<bool>,
}

/// Says that a session is still at work. Never proves that it is not.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Beat {
    #[cbor(n(0), with = "crate::format::cbor::time")]
    pub(crate) time: DateTime<Utc>,
}

/// How a session ended. Created exclusively: there is one, for ever.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Outcome {
    /// Its recovery point exists.
    #[n(0)]
    Committed {
        /// The manifest that counts.
        #[n(0)]
        manifest: ObjectHash,
        /// The recovery point in it.
        #[n(1)]
        point: RecoveryPointId,
    },
    /// A collection ended it.
    #[n(1)]
    Revoked {
        /// The number of the collection.
        #[n(0)]
        collection: u64,
    },
    /// Its writer gave up.
    #[n(2)]
    Abandoned,
}
