//! Every parser against changed versions of valid bytes. `KURAMORI_SOAK=100` tries 100 times as many.
//!
//! Changes are made below checksums and seals, as somebody with the key could: what does not open
//! never reaches these parsers. A parser returns a value or an error; it never panics, and never
//! takes more memory than its limits say.

use super::check::{BadPack, CheckRecord, DamagedDisk, ProofGroup};
use super::chunk::{ChunkKind, Decoder, Encoder};
use super::collection::{Done, Final, Plan, Retired};
use super::config::{Config, FormatFile, Info};
use super::envelope::{Header, ObjectType, Sealing, Suite, padded, plain_object, unpadded};
use super::index::{IndexObject, IndexPack};
use super::manifest::{
    Consistency, Manifest, ManifestDisk, ReadMode, SourceKind, StageTime, VmIdentity,
};
use super::pack::{self, PackEntry, PackFooter, TRAILER_LEN, Trailer, footer_aad};
use super::session::{Beat, Outcome, SessionOpen};
use super::slot::{Slot, SlotKind, SlotPlan};
use super::tomb::{Hold, Tomb, TombEnd};
use super::{FormatError, cbor};
use crate::crypto::{Keys, MasterKey, Opener, Sealer, TAG_LEN, parse_recovery_key};
use crate::ids::{
    ChunkId, HoldId, ObjectHash, RecoveryPointId, RepositoryId, SessionId, SlotId, WriterId,
};
use crate::map::{FANOUT, decode_node};
use chrono::DateTime;
use kuramori_base::Secret;
use kuramori_block::ByteLen;

/// Cases for each sample.
const CASES: u64 = 1500;
const REPOSITORY: RepositoryId = RepositoryId::from_bytes([7; 16]);

/// Random enough, and the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap() % sides.max(1)
    }

    /// Returns bytes with one to four changes.
    fn change(&mut self, sample: &[u8]) -> Vec<u8> {
        let mut bytes = sample.to_vec();
        for _ in 0..=self.roll(4) {
            let at = self.roll(bytes.len());
            match self.roll(8) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << self.roll(8),
                1 if !bytes.is_empty() => {
                    bytes[at] = [0, 0x7F, 0x80, 0x9B, 0xBB, 0x5B, 0xFB, 0xFF][self.roll(8)];
                }
                2 => bytes.truncate(at),
                3 => bytes.insert(at, u8::try_from(self.roll(256)).unwrap()),
                4 if !bytes.is_empty() => {
                    bytes.remove(at);
                }
                5 => {
                    let (from, len) = (self.roll(sample.len()), self.roll(40));
                    let part: Vec<u8> = sample.iter().skip(from).take(len).copied().collect();
                    bytes.splice(at..at, part);
                }
                6 => {
                    let number = [0, 1, u32::MAX, i32::MAX.unsigned_abs(), 1 << 20][self.roll(5)];
                    for (byte, new) in bytes.iter_mut().skip(at).zip(number.to_le_bytes()) {
                        *byte = new;
                    }
                }
                _ => {
                    let head = [0x9B, 0xBB, 0x5B, 0x7B][self.roll(4)];
                    let huge = (self.0 >> self.roll(60)).to_be_bytes();
                    bytes.splice(at..at, std::iter::once(head).chain(huge));
                }
            }
        }
        bytes
    }
}

/// Hands changed versions of a sample to a parser. Some must be refused, or nothing was tried.
fn torment(sample: &[u8], parse: &mut dyn FnMut(&[u8]) -> Result<(), FormatError>) {
    assert_eq!(parse(sample), Ok(()), "the sample is valid");
    let soak = std::env::var("KURAMORI_SOAK").ok().and_then(|n| n.parse().ok()).unwrap_or(1u64);
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ u64::from(blake3::hash(sample).as_bytes()[0]));
    let mut refused = 0;
    for _ in 0..CASES.saturating_mul(soak) {
        refused += u64::from(parse(&dice.change(sample)).is_err());
    }
    assert!(refused > CASES / 10, "the changes matter: {refused}");
}

fn keys() -> Keys {
    Keys::new(REPOSITORY, MasterKey::from_bytes([9; 32]))
}

/// Bytes that do not compress.
fn blake3_bytes(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().finalize_xof().fill(&mut bytes);
    bytes
}

fn entry(number: u8) -> PackEntry {
    let id = ChunkId::from_bytes([number; 32]);
    PackEntry { id, kind: ChunkKind::Data, len: 528, raw_len: 500 }
}

fn manifest() -> Manifest {
    let disk = ManifestDisk {
        key: 2000,
        label: "Hard disk 1".to_owned(),
        disk_uuid: Some("6000C29".to_owned()),
        change_id: Some("52 aa/7".to_owned()),
        read_mode: ReadMode::Changed { since: "52 aa/6".to_owned() },
        transport: "nbd".to_owned(),
        bytes_read: ByteLen::new(1),
        capacity: ByteLen::new(1 << 40),
        root: ChunkId::from_bytes([1; 32]),
        chunks: 9,
        new_bytes: ByteLen::new(2),
        stored_bytes: ByteLen::new(3),
    };
    Manifest {
        id: RecoveryPointId::from_bytes([1; 16]),
        session: SessionId::from_bytes([2; 16]),
        writer: WriterId::from_bytes([3; 16]),
        sequence: 4,
        previous: Some(ObjectHash::from_bytes([5; 32])),
        vm: VmIdentity { instance_uuid: Some("u".to_owned()), ..VmIdentity::named("vm") },
        source: SourceKind::Vm,
        config: b"<vm/>".to_vec(),
        disks: vec![disk],
        consistency: Consistency::FileSystem,
        consistency_note: Some("note".to_owned()),
        snapshot_time: DateTime::UNIX_EPOCH,
        started: DateTime::UNIX_EPOCH,
        committed: DateTime::UNIX_EPOCH,
        warnings: vec!["{}".to_owned()],
        not_included: vec!["disk".to_owned()],
        tool_version: "1".to_owned(),
        stages: vec![StageTime { stage: "read".to_owned(), millis: 5 }],
        chunk_len: ByteLen::new(4096),
    }
}

#[test]
fn sealed_objects() {
    let packs = vec![IndexPack {
        pack: ObjectHash::from_bytes([1; 32]),
        size: 5000,
        entries: vec![entry(1), entry(2)],
    }];
    let index = cbor::encode(&IndexObject { packs });
    torment(&index, &mut |bytes| IndexObject::decode(bytes).map(|_| ()));
    torment(&cbor::encode(&manifest()), &mut |bytes| Manifest::decode(bytes).map(|_| ()));
    let open = SessionOpen {
        reads_all: None,
        session: SessionId::from_bytes([1; 16]),
        writer: WriterId::from_bytes([2; 16]),
        started: DateTime::UNIX_EPOCH,
        tool_version: "1".to_owned(),
        reads: Some(RecoveryPointId::from_bytes([3; 16])),
    };
    torment(&cbor::encode(&open), &mut |bytes| cbor::decode::<SessionOpen>(bytes).map(|_| ()));
    let (manifest, point) = (ObjectHash::from_bytes([1; 32]), RecoveryPointId::from_bytes([2; 16]));
    let outcome = cbor::encode(&Outcome::Committed { manifest, point });
    torment(&outcome, &mut |bytes| cbor::decode::<Outcome>(bytes).map(|_| ()));
    let info = Info { name: "name".to_owned(), tool_version: "1".to_owned() };
    torment(&cbor::encode(&info), &mut |bytes| cbor::decode::<Info>(bytes).map(|_| ()));
    let record = CheckRecord {
        checked: DateTime::UNIX_EPOCH,
        proofs: vec![ProofGroup::new(DateTime::UNIX_EPOCH, &[manifest, manifest])],
        bad: vec![BadPack { pack: manifest, read: DateTime::UNIX_EPOCH, frames: vec![1, 2] }],
        disks: vec![DamagedDisk { point, disk: 1 }],
    };
    torment(&cbor::encode(&record), &mut |bytes| {
        CheckRecord::decode(bytes).map(|record| {
            assert!(record.proofs.iter().map(|g| g.packs().count()).sum::<usize>() <= 4);
        })
    });
}

#[test]
fn records_of_deletions_and_collections() {
    fn both<T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()>>(value: &T) {
        torment(&cbor::encode(value), &mut |bytes| cbor::decode::<T>(bytes).map(|_| ()));
    }
    let (point, writer) = (RecoveryPointId::from_bytes([2; 16]), WriterId::from_bytes([3; 16]));
    let (created, rule) = (DateTime::UNIX_EPOCH, "rule".to_owned());
    both(&Tomb { point, number: 1, writer, created, delay: 9, rule: rule.clone() });
    both(&TombEnd::Deleted { writer, time: created });
    both(&Hold { id: HoldId::from_bytes([4; 16]), point, writer, created, reason: rule.clone() });
    both(&Beat { time: created });
    let packs = vec![ObjectHash::from_bytes([5; 32]); 3];
    let plan = Plan { number: 1, writer, time: created, packs: packs.clone(), tool_version: rule };
    both(&plan);
    let session = SessionId::from_bytes([6; 16]);
    let retired = Retired { point, session, manifest: ObjectHash::from_bytes([5; 32]) };
    both(&Final::Decided { packs, points: vec![retired] });
    both(&Done { time: created, freed: 7 });
}

#[test]
fn plain_objects_and_the_frame_around_all() {
    let keys = keys();
    let plan = SlotPlan {
        id: SlotId::from_bytes([1; 16]),
        kind: SlotKind::KeyFile,
        kdf: None,
        salt: [2; 32],
        created: DateTime::UNIX_EPOCH,
    };
    let secret = Secret::new([4; 32]);
    let slot = plan.wrap(REPOSITORY, &secret, &MasterKey::from_bytes([9; 32])).unwrap();
    torment(&cbor::encode(&slot), &mut |bytes| {
        let object = plain_object(ObjectType::KeySlot, REPOSITORY, bytes);
        let slot = Slot::read(&object, REPOSITORY, SlotId::from_bytes([1; 16]))?;
        if slot.kdf.is_none() {
            // Opens, is another's, or was changed; never a panic.
            drop(slot.unwrap_with(REPOSITORY, &secret));
        }
        Ok(())
    });
    let config = Config {
        chunk_len: 4096,
        needed_to_read: vec![],
        needed_to_write: vec!["x".to_owned()],
        created: DateTime::UNIX_EPOCH,
        slots: vec![slot],
        info: vec![1; 40],
    };
    let object = config.write(REPOSITORY, &keys);
    let body = object[64..object.len() - 32].to_vec();
    torment(&body, &mut |bytes| {
        let object = plain_object(ObjectType::Format, REPOSITORY, bytes);
        FormatFile::read(&object)?.authenticate(&keys)
    });
    torment(&object, &mut |bytes| FormatFile::read(bytes).map(|_| ()));
    let sealing = Sealing { keys: &keys, repository: REPOSITORY };
    let sealed = sealing.seal(ObjectType::Index, "index/0", &[5; 700], 0).unwrap();
    torment(&sealed, &mut |bytes| sealing.open(ObjectType::Index, "index/0", bytes).map(|_| ()));
    torment(&sealed[..64], &mut |bytes| {
        Header::read(bytes, ObjectType::Index, Suite::Aes256Gcm).map(|_| ())
    });
}

#[test]
fn packs_and_chunks() {
    let keys = keys();
    let header = Header {
        object: ObjectType::Pack,
        suite: Suite::Aes256Gcm,
        epoch: 0,
        repository: REPOSITORY,
        salt: [3; 32],
    };
    let key = keys.file_key(0, &header.salt);
    let entries = vec![entry(1), entry(2)];
    let file_len = |footer: usize| u32::try_from(64 + 2 * 528 + footer + TRAILER_LEN).unwrap();
    torment(&cbor::encode(&PackFooter { entries }), &mut |bytes| {
        let mut footer = padded(bytes)?;
        let (mut sealer, mut skipped) = (Sealer::new(&key), [0; TAG_LEN]);
        sealer.seal(b"", &mut skipped)?;
        sealer.seal(b"", &mut skipped)?;
        sealer.seal(&footer_aad(&header), &mut footer)?;
        let footer_len = u32::try_from(footer.len()).unwrap();
        let trailer = Trailer { frames: 2, footer_len, file_len: file_len(footer.len()) };
        pack::open_footer(&header, &Opener::new(&key), trailer, &mut footer).map(|_| ())
    });
    let trailer = Trailer { frames: 2, footer_len: 528, file_len: file_len(528) }.write();
    torment(&trailer, &mut |bytes| {
        let trailer = Trailer::read(bytes, u64::from(file_len(528)))?;
        trailer.footer_at().map(|at| assert!(at <= u64::from(file_len(528))))
    });
    torment(&padded(&[1; 600]).unwrap(), &mut |bytes| unpadded(bytes).map(|_| ()));
    let mut decoder = Decoder::new().unwrap();
    for raw in [vec![b'x'; 4096], blake3_bytes(4096)] {
        let mut frame = Vec::new();
        Encoder::new().unwrap().encode(&raw, &mut frame).unwrap();
        frame.truncate(frame.len() - TAG_LEN);
        torment(&frame, &mut |bytes| {
            let mut out = Vec::new();
            decoder.decode(bytes, 8192, &mut out)?;
            assert!(out.len() <= 8192 && out.capacity() <= 8192, "within the limit");
            Ok(())
        });
    }
    torment(&[7; 64], &mut |bytes| {
        decode_node(bytes).map(|node| assert!(node.len() as u64 <= FANOUT))
    });
}

#[test]
fn typed_recovery_keys() {
    let key = crate::crypto::print_recovery_key(&[5; 32]);
    torment(key.expose().as_bytes(), &mut |bytes| {
        let typed = Secret::new(String::from_utf8_lossy(bytes).into_owned());
        parse_recovery_key(&typed).map(|_| ()).map_err(|_| FormatError::Checksum)
    });
}
