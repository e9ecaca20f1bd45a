//! Records inside sealed objects.

use chrono::DateTime;
use kuramori_base::testing::Parser;
use kuramori_block::ByteLen;

use super::{HASH, POINT, SESSION, WRITER, is};
use crate::format::cbor::encode;
use crate::format::check::{BadPack, CheckRecord, DamagedDisk, ProofGroup};
use crate::format::chunk::ChunkKind;
use crate::format::collection::{DeletedBy, Done, Final, Plan, Retired, Was};
use crate::format::config::Info;
use crate::format::index::{IndexObject, IndexPack};
use crate::format::manifest::{
    Consistency, MadeFor, Manifest, ManifestDisk, Promised, ReadMode, SourceKind, StageTime,
    VmIdentity,
};
use crate::format::meta::Meta;
use crate::format::pack::PackEntry;
use crate::format::session::{Beat, Outcome, SessionOpen};
use crate::format::tomb::{Hold, Tomb, TombEnd};
use crate::ids::{ChunkId, HoldId, ObjectHash};

pub(super) fn parsers() -> Vec<Parser> {
    vec![
        Parser::new("index", [encode(&index())], |bytes| IndexObject::decode(bytes).is_ok()),
        Parser::new("manifest", [encode(&manifest())], |bytes| Manifest::decode(bytes).is_ok()),
        Parser::new("session", sessions(), |bytes| {
            is::<SessionOpen>(bytes) || is::<Outcome>(bytes) || is::<Beat>(bytes)
        }),
        Parser::new("deletion", deletions(), |bytes| {
            is::<Tomb>(bytes) || is::<TombEnd>(bytes) || is::<Hold>(bytes)
        }),
        Parser::new("collection", collections(), |bytes| {
            is::<Plan>(bytes) || is::<Final>(bytes) || is::<Done>(bytes)
        }),
        Parser::new("check", [encode(&check())], |bytes| {
            let Ok(record) = CheckRecord::decode(bytes) else { return false };
            let packs = record.proofs.iter().map(|group| group.packs().count()).sum::<usize>();
            assert!(packs.saturating_mul(size_of::<ObjectHash>()) <= bytes.len());
            true
        }),
        Parser::new("meta", metas(), |bytes| Meta::decode(bytes).is_ok() || is::<Info>(bytes)),
    ]
}

pub(super) fn entry(number: u8) -> PackEntry {
    let id = ChunkId::from_bytes([number; 32]);
    PackEntry { id, kind: ChunkKind::Data, len: 528, raw_len: 500 }
}

fn index() -> IndexObject {
    IndexObject {
        packs: vec![IndexPack { pack: HASH, size: 5000, entries: vec![entry(1), entry(2)] }],
    }
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
        id: POINT,
        session: SESSION,
        writer: WRITER,
        sequence: 4,
        previous: Some(HASH),
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
        made_for: Some(MadeFor {
            job: "1".to_owned(),
            name: "nightly".to_owned(),
            schedules: vec!["2".to_owned()],
            promised: Some(Promised::Until { time: DateTime::UNIX_EPOCH }),
        }),
        tool_version: "1".to_owned(),
        stages: vec![StageTime { stage: "read".to_owned(), millis: 5 }],
        chunk_len: ByteLen::new(4096),
    }
}

fn sessions() -> Vec<Vec<u8>> {
    let open = SessionOpen {
        session: SESSION,
        writer: WRITER,
        started: DateTime::UNIX_EPOCH,
        tool_version: "1".to_owned(),
        reads: Some(POINT),
        reads_all: None,
    };
    vec![
        encode(&open),
        encode(&Outcome::Committed { manifest: HASH, point: POINT }),
        encode(&Outcome::Revoked { collection: 7 }),
        encode(&Beat { time: DateTime::UNIX_EPOCH }),
    ]
}

fn deletions() -> Vec<Vec<u8>> {
    let (created, rule) = (DateTime::UNIX_EPOCH, "rule".to_owned());
    let hold = HoldId::from_bytes([4; 16]);
    let tomb =
        Tomb { point: POINT, number: 1, writer: WRITER, created, delay: 9, rule: rule.clone() };
    vec![
        encode(&tomb),
        encode(&TombEnd::Deleted { writer: WRITER, time: created }),
        encode(&Hold { id: hold, point: POINT, writer: WRITER, created, reason: rule }),
    ]
}

fn collections() -> Vec<Vec<u8>> {
    let (time, packs) = (DateTime::UNIX_EPOCH, vec![HASH; 3]);
    let was = Was { vm: "vm".to_owned(), key: "name:vm".to_owned(), time };
    let by = DeletedBy { writer: WRITER, rule: "rule".to_owned(), deleted: time };
    let (was, by) = (Some(was), Some(by));
    let retired = Retired { point: POINT, session: SESSION, manifest: HASH, was, by };
    let bare = Retired { was: None, by: None, ..retired.clone() };
    let (previous, none) = (Some(HASH), packs.clone());
    let tool_version = "1".to_owned();
    vec![
        encode(&Plan { number: 1, writer: WRITER, time, packs: packs.clone(), tool_version }),
        encode(&Final::Decided { packs, points: vec![retired], previous }),
        encode(&Final::Decided { packs: none, points: vec![bare], previous: None }),
        encode(&Done { time, freed: 7 }),
    ]
}

fn check() -> CheckRecord {
    CheckRecord {
        checked: DateTime::UNIX_EPOCH,
        proofs: vec![ProofGroup::new(DateTime::UNIX_EPOCH, &[HASH, HASH])],
        bad: vec![BadPack { pack: HASH, read: DateTime::UNIX_EPOCH, frames: vec![1, 2] }],
        disks: vec![DamagedDisk { point: POINT, disk: 1 }],
    }
}

fn metas() -> Vec<Vec<u8>> {
    let (time, tool_version) = (DateTime::UNIX_EPOCH, "1".to_owned());
    let body = b"{}".to_vec();
    vec![
        encode(&Meta::Probe { time, durable: true, tool_version: tool_version.clone() }),
        encode(&Meta::Settings { time, writer: WRITER, computer: "pc".to_owned(), body }),
        encode(&Info { name: "name".to_owned(), tool_version }),
    ]
}
