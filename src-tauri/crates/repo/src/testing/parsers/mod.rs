//! Every parser of the format.
//!
//! Changes are made below checksums and seals, as somebody with the key could: what does not open
//! never reaches these parsers. A parser returns a value or an error; it never panics, and never
//! takes more memory than its limits say.

mod packs;
mod plain;
mod records;

use kuramori_base::testing::Parser;

use crate::crypto::{Keys, MasterKey};
use crate::format::cbor;
use crate::ids::{ObjectHash, RecoveryPointId, RepositoryId, SessionId, WriterId};

const REPOSITORY: RepositoryId = RepositoryId::from_bytes([7; 16]);
const WRITER: WriterId = WriterId::from_bytes([3; 16]);
const SESSION: SessionId = SessionId::from_bytes([2; 16]);
const POINT: RecoveryPointId = RecoveryPointId::from_bytes([1; 16]);
const HASH: ObjectHash = ObjectHash::from_bytes([5; 32]);

/// Returns the parsers, each with bytes that it takes.
pub fn parsers() -> Vec<Parser> {
    let mut all = records::parsers();
    all.extend(plain::parsers());
    all.extend(packs::parsers());
    all
}

fn keys() -> Keys {
    Keys::new(REPOSITORY, MasterKey::from_bytes([9; 32]))
}

/// Whether bytes are a value of one of several kinds of record.
fn is<T: for<'b> minicbor::Decode<'b, ()>>(bytes: &[u8]) -> bool {
    cbor::decode::<T>(bytes).is_ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn changed_bytes_do_no_harm() {
        kuramori_base::testing::torment(super::parsers());
    }
}
