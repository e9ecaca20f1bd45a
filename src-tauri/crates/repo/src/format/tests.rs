//! Parsers against any bytes, and bytes that must never change.

use data_encoding::HEXLOWER;
use proptest::prelude::*;

use super::chunk::ChunkKind;
use super::config::FormatFile;
use super::envelope::{HEADER_LEN, Header, ObjectType, Suite};
use super::index::IndexObject;
use super::manifest::{Manifest, ReadMode};
use super::pack::{PackEntry, Trailer, check_entries};
use super::session::{Outcome, SessionOpen};
use super::slot::Slot;
use super::{FormatError, cbor};
use crate::ids::{ChunkId, ObjectHash, RecoveryPointId, RepositoryId, SlotId};

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

#[test]
fn the_documented_bytes_stay_as_they_are() {
    let header = Header {
        object: ObjectType::Pack,
        suite: Suite::Aes256Gcm,
        epoch: 0,
        repository: RepositoryId::from_bytes([0xAA; 16]),
        salt: [0xBB; 32],
    };
    let expected =
        format!("4b5552414d4f5249{}{}{}", "0100030100000000", "aa".repeat(16), "bb".repeat(32));
    assert_eq!(hex(&header.write()), expected);
    let read = Header::read(&header.write(), ObjectType::Pack, Suite::Aes256Gcm);
    assert_eq!(read, Ok(header));
    let trailer = Trailer { frames: 1, footer_len: 2, file_len: 3 };
    assert_eq!(hex(&trailer.write()), "0100000002000000030000004b454e44");
    let entry =
        PackEntry { id: ChunkId::from_bytes([1; 32]), kind: ChunkKind::Map, len: 528, raw_len: 32 };
    let expected = format!("845820{}011902101820", "01".repeat(32));
    assert_eq!(hex(&cbor::encode(&entry)), expected);
    let outcome = Outcome::Committed {
        manifest: ObjectHash::from_bytes([2; 32]),
        point: RecoveryPointId::from_bytes([3; 16]),
    };
    let expected = format!("8200825820{}50{}", "02".repeat(32), "03".repeat(16));
    assert_eq!(hex(&cbor::encode(&outcome)), expected);
    assert_eq!(hex(&cbor::encode(&Outcome::Abandoned)), "820280");
    let changed = ReadMode::Changed { since: "a".to_owned() };
    assert_eq!(hex(&cbor::encode(&changed)), "8202816161");
}

#[test]
fn versions_types_and_suites_are_told_apart() {
    let header = Header {
        object: ObjectType::Index,
        suite: Suite::Aes256Gcm,
        epoch: 0,
        repository: RepositoryId::from_bytes([0; 16]),
        salt: [0; 32],
    };
    let read = |change: &dyn Fn(&mut [u8; HEADER_LEN])| {
        let mut bytes = header.write();
        change(&mut bytes);
        Header::read(&bytes, ObjectType::Index, Suite::Aes256Gcm).map(|_| ())
    };
    assert_eq!(read(&|_| ()), Ok(()));
    assert_eq!(read(&|b| b[0] = b'X'), Err(FormatError::Magic));
    assert_eq!(read(&|b| b[8] = 2), Err(FormatError::Version(2)));
    assert_eq!(read(&|b| b[10] = 3), Err(FormatError::Type));
    assert_eq!(read(&|b| b[11] = 0), Err(FormatError::Type));
    assert_eq!(read(&|b| b[11] = 2), Err(FormatError::Suite(2)));
}

#[test]
fn unknown_variants_are_refused_and_unknown_fields_skipped() {
    assert!(cbor::decode::<Outcome>(&HEXLOWER.decode(b"820980").unwrap()).is_err());
    assert!(cbor::decode::<ChunkKind>(&[9]).is_err());
    // {0: [], 99: "new"}
    let index = HEXLOWER.decode(b"a200801863636e6577").unwrap();
    assert_eq!(IndexObject::decode(&index), Ok(IndexObject::default()));
    let mut longer = cbor::encode(&Outcome::Abandoned);
    longer.push(0);
    assert_eq!(cbor::decode::<Outcome>(&longer), Err(FormatError::Length));
}

#[test]
fn huge_declared_lengths_take_no_memory() {
    // An array and a byte string that claim 2^62 members.
    for head in ["a1009b4000000000000000", "a1005b4000000000000000"] {
        let bytes = HEXLOWER.decode(head.as_bytes()).unwrap();
        assert!(IndexObject::decode(&bytes).is_err());
        assert!(Manifest::decode(&bytes).is_err());
    }
    let entry = |len| PackEntry { id: ChunkId::ZERO, kind: ChunkKind::Data, len, raw_len: 0 };
    assert!(check_entries(&[entry(u32::MAX)]).is_err());
    assert!(check_entries(&vec![entry(1 << 20); 200]).is_err(), "more than a pack may have");
}

proptest! {
    #[test]
    fn any_bytes_are_an_error_or_a_value(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let id = RepositoryId::from_bytes([0; 16]);
        let accepted = [
            FormatFile::read(&bytes).is_ok(),
            Slot::read(&bytes, id, SlotId::from_bytes([0; 16])).is_ok(),
            Manifest::decode(&bytes).is_ok(),
            Trailer::read(&bytes, bytes.len() as u64).is_ok(),
            cbor::decode::<SessionOpen>(&bytes).is_ok(),
            cbor::decode::<Slot>(&bytes).is_ok(),
        ];
        prop_assert_eq!(accepted, [false; 6], "random bytes are no object");
        // These are short enough to be hit by chance, which is fine.
        let short = (IndexObject::decode(&bytes).is_ok(), cbor::decode::<Outcome>(&bytes).is_ok());
        prop_assert!(bytes.len() < 100 || short == (false, false));
    }
}
