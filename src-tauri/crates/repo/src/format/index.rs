//! Index objects: which pack holds which chunks. All of it stands in pack footers too.

use minicbor::{Decode, Encode};

use super::pack::PackEntry;
use super::{FormatError, cbor};
use crate::ids::ObjectHash;

/// Largest index object, in bytes.
pub(crate) const MAX_INDEX: u64 = 64 << 20;

/// The packs one index object speaks about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct IndexObject {
    #[n(0)]
    pub(crate) packs: Vec<IndexPack>,
}

/// One pack with its chunks, in the order of its footer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(crate) struct IndexPack {
    #[n(0)]
    pub(crate) pack: ObjectHash,
    /// Size of the file in bytes.
    #[n(1)]
    pub(crate) size: u64,
    #[n(2)]
    pub(crate) entries: Vec<PackEntry>,
}

impl IndexObject {
    pub(crate) fn decode(body: &[u8]) -> Result<Self, FormatError> {
        let index: Self = cbor::decode(body)?;
        for pack in &index.packs {
            super::pack::check_entries(&pack.entries)?;
        }
        Ok(index)
    }
}
