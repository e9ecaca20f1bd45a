//! A VM with a past in a real repository, and what is said of what happens to it next.

use std::sync::Arc;

use kuramori_base::{Clock, ManualClock, Secret};
use kuramori_block::ByteLen;
use kuramori_jobs::anomaly::{Change, Verdict, judge};
use kuramori_repo::{
    BlobStore, ChunkIndex, Consistency, CreateOptions, DiskDraft, MemoryStore, PointDraft,
    ReadMode, RecoveryPointId, RepoError, Repository, SessionOptions, SourceKind, Unlock,
    VmIdentity, WriterId,
};

use crate::disk::{CHUNK, Dice, Disk, Use};

/// Runs before what is judged: one that saves all, and a fortnight.
const DAYS: usize = 14;

pub(crate) struct Trial {
    repository: Repository,
    clock: Arc<dyn Clock>,
    pub(crate) disk: Disk,
    pub(crate) dice: Dice,
    last: RecoveryPointId,
    saved: Vec<u8>,
    pub(crate) past: Vec<Change>,
}

impl Trial {
    /// A disk of so many bytes after a fortnight of ordinary days.
    pub(crate) fn new(seed: u64, len: usize) -> Result<Self, RepoError> {
        let mut dice = Dice::new(seed);
        let used_for = [Use::Files, Use::Database, Use::Web][dice.between(0, 3)];
        let disk = Disk::new(len, used_for, &mut dice);
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(chrono::DateTime::UNIX_EPOCH));
        let store: Arc<dyn BlobStore> = Arc::new(MemoryStore::new());
        let key = Unlock::KeyFile(Secret::new(vec![7; 32]));
        let created = Repository::create(store, &key, CreateOptions::named("trial"), &*clock)?;
        let (point, _) = save(&created.repository, &clock, &disk.bytes, None)?;
        let saved = disk.bytes.clone();
        let repository = created.repository;
        let mut trial =
            Self { repository, clock, disk, dice, last: point, saved, past: Vec::new() };
        for _ in 0..DAYS {
            trial.disk.day(&mut trial.dice);
            let before = (trial.last, trial.saved.as_slice());
            let (point, change) =
                save(&trial.repository, &trial.clock, &trial.disk.bytes, Some(before))?;
            trial.last = point;
            trial.saved = trial.disk.bytes.clone();
            trial.past.push(change);
        }
        Ok(trial)
    }

    /// What is said of the next run when this happens to the disk, on top of an ordinary day. The
    /// trial itself stays as it is.
    pub(crate) fn after(
        &mut self,
        happens: impl FnOnce(&mut Disk, &mut Dice),
    ) -> Result<(Change, Verdict), RepoError> {
        let mut disk = self.disk.clone();
        disk.day(&mut self.dice);
        happens(&mut disk, &mut self.dice);
        let before = Some((self.last, self.saved.as_slice()));
        let (_, change) = save(&self.repository, &self.clock, &disk.bytes, before)?;
        Ok((change, judge(&self.past, change)))
    }
}

/// Saves what changed of a disk, and says what it came to.
fn save(
    repository: &Repository,
    clock: &Arc<dyn Clock>,
    bytes: &[u8],
    before: Option<(RecoveryPointId, &[u8])>,
) -> Result<(RecoveryPointId, Change), RepoError> {
    let writer = WriterId::from_bytes([3; 16]);
    let session = repository.begin(SessionOptions::new(writer), clock.clone())?;
    let parent = before.map(|(point, _)| repository.point(point)).transpose()?;
    let parent = parent.as_ref().map(|manifest| (manifest, 0));
    let disk = session.disk_writer(ByteLen::new(bytes.len() as u64), parent)?;
    for (number, chunk) in bytes.chunks(CHUNK).enumerate() {
        let was = before.and_then(|(_, old)| old.get(number * CHUNK..number * CHUNK + chunk.len()));
        if was != Some(chunk) {
            let mut buffer = disk.buffer();
            buffer.extend_from_slice(chunk);
            disk.write(ChunkIndex::new(number as u64), buffer)?;
        }
    }
    let saved = disk.finish()?;
    let change = Change {
        new: saved.new_bytes.get(),
        stored: saved.stored_bytes.get(),
        used: saved.chunks * CHUNK as u64,
    };
    let now = clock.now();
    let disks = vec![DiskDraft {
        key: 2000,
        label: "Hard disk 1".to_owned(),
        disk_uuid: None,
        change_id: None,
        read_mode: ReadMode::Changed { since: String::new() },
        transport: "trial".to_owned(),
        bytes_read: saved.new_bytes,
        saved,
    }];
    let point = session.commit(PointDraft {
        vm: VmIdentity::named("vm"),
        source: SourceKind::Vm,
        config: Vec::new(),
        disks,
        consistency: Consistency::Crash,
        consistency_note: None,
        snapshot_time: now,
        started: now,
        warnings: Vec::new(),
        not_included: Vec::new(),
        tool_version: "trial".to_owned(),
        made_for: None,
        stages: Vec::new(),
    })?;
    Ok((point, change))
}
