//! Small repositories and disks to test with.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kuramori_base::{Clock, ManualClock, Secret};
use kuramori_block::{ByteLen, ByteOffset, DiskReader, ReadError};
use kuramori_repo::{
    BlobStore, ChunkIndex, Consistency, CreateOptions, DiskDraft, DiskView, KdfCost, Manifest,
    MemoryStore, OpenOptions, PointDraft, ReadMode, RecoveryPointId, RepoError, Repository,
    SavedDisk, Session, SessionOptions, SourceKind, Unlock, VmIdentity, WriterId,
};

pub(crate) const CHUNK: usize = 4096;

pub(crate) fn key_file() -> Unlock {
    Unlock::KeyFile(Secret::new(vec![0x5A; 32]))
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::new(noon()))
}

pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// Small packs, so that a few chunks make several.
pub(crate) fn open_options() -> OpenOptions {
    OpenOptions {
        pack_len: ByteLen::new(32 << 10),
        write_budget: ByteLen::new(64 << 10),
        workers: Some(2),
        ..OpenOptions::default()
    }
}

pub(crate) fn create_options() -> CreateOptions {
    CreateOptions {
        chunk_len: ByteLen::new(CHUNK as u64),
        kdf: KdfCost::INSECURE_FOR_TESTS,
        open: open_options(),
        ..CreateOptions::named("test repository")
    }
}

pub(crate) fn create(store: &Arc<dyn BlobStore>) -> Repository {
    let created =
        Repository::create(Arc::clone(store), &key_file(), create_options(), clock().as_ref());
    created.unwrap().repository
}

pub(crate) fn memory() -> Arc<dyn BlobStore> {
    Arc::new(MemoryStore::new())
}

pub(crate) fn open(store: &Arc<dyn BlobStore>) -> Result<Repository, RepoError> {
    open_with(store, &key_file())
}

pub(crate) fn open_with(
    store: &Arc<dyn BlobStore>,
    unlock: &Unlock,
) -> Result<Repository, RepoError> {
    Repository::open(Arc::clone(store), unlock, open_options())
}

pub(crate) fn writer() -> WriterId {
    WriterId::from_bytes([3; 16])
}

pub(crate) fn begin(repository: &Repository) -> Result<Session, RepoError> {
    repository.begin(SessionOptions::new(writer()), clock())
}

/// Bytes that do not compress and differ by seed.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

pub(crate) fn vm(name: &str) -> VmIdentity {
    VmIdentity { instance_uuid: Some(format!("uuid-of-{name}")), ..VmIdentity::named(name) }
}

pub(crate) fn draft(name: &str, disks: Vec<SavedDisk>) -> PointDraft {
    let disks = disks.into_iter().zip(2000i32..).map(|(saved, key)| DiskDraft {
        key,
        label: format!("Hard disk {}", key - 1999),
        disk_uuid: None,
        change_id: Some("52 aa/7".to_owned()),
        read_mode: ReadMode::Changed { since: "52 aa/6".to_owned() },
        transport: "folder".to_owned(),
        bytes_read: ByteLen::new(77),
        saved,
    });
    PointDraft {
        vm: vm(name),
        source: SourceKind::Vm,
        config: b"<vm/>".to_vec(),
        disks: disks.collect(),
        consistency: Consistency::Crash,
        consistency_note: None,
        snapshot_time: noon(),
        started: noon(),
        warnings: vec!["one warning".to_owned()],
        not_included: vec![],
        tool_version: "test".to_owned(),
        made_for: None,
        stages: vec![],
    }
}

/// Saves a whole image as one disk, on top of a parent or not.
pub(crate) fn save(
    session: &Session,
    image: &[u8],
    parent: Option<(&Manifest, usize)>,
) -> Result<SavedDisk, RepoError> {
    let writer = session.disk_writer(ByteLen::new(image.len() as u64), parent)?;
    for (chunk, index) in image.chunks(CHUNK).zip(0..) {
        let mut buffer = writer.buffer();
        buffer.extend_from_slice(chunk);
        writer.write(ChunkIndex::new(index), buffer)?;
    }
    writer.finish()
}

/// Makes a recovery point of one image.
pub(crate) fn back_up(
    repository: &Repository,
    name: &str,
    image: &[u8],
) -> Result<RecoveryPointId, RepoError> {
    let session = begin(repository)?;
    let saved = save(&session, image, None)?;
    session.commit(draft(name, vec![saved]))
}

/// Reads a disk of a recovery point back, in reads that do not fit the chunks.
pub(crate) fn restore(
    repository: &Repository,
    point: RecoveryPointId,
    disk: usize,
) -> anyhow::Result<Vec<u8>> {
    let manifest = repository.point(point)?;
    Ok(read_disk(&repository.disk(&manifest, disk)?)?)
}

/// Reads a disk to the end, in reads that do not fit the chunks.
pub(crate) fn read_disk(view: &DiskView) -> Result<Vec<u8>, ReadError> {
    let mut image = vec![0xEE; view.capacity().as_usize()];
    for (part, number) in image.chunks_mut(3 * CHUNK - 512).zip(0u64..) {
        let offset = number * (3 * CHUNK as u64 - 512);
        view.read_at(ByteOffset::new(offset), part)?;
    }
    Ok(image)
}
