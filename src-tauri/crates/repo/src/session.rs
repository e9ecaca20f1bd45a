//! One run of a writer, from its open record to its outcome.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use kuramori_base::{CancelToken, Clock, Progress};
use kuramori_block::ByteLen;

use crate::beat::Heart;
use crate::error::RepoError;
use crate::format::chunk::ChunkKind;
use crate::format::envelope::ObjectType;
use crate::format::manifest::{MAX_MANIFEST, Manifest, ManifestDisk};
use crate::format::session::{MAX_SESSION, Outcome, SessionOpen};
use crate::format::{FormatError, cbor, names};
use crate::guard::Guard;
use crate::ids::{ChunkId, ObjectHash, RecoveryPointId, SessionId};
use crate::inner::{Inner, lock};
use crate::options::SessionOptions;
use crate::pipeline::{PipelineUse, Tools};
use crate::point::{DiskDraft, PointDraft};
use crate::points::is_missing;
use crate::store::{BlobName, StoreError};
use crate::writer::DiskWriter;

/// What a disk writer needs to know of its session.
pub(crate) struct Who {
    pub(crate) id: SessionId,
    pub(crate) progress: Arc<dyn Progress>,
    pub(crate) cancel: CancelToken,
}

/// Makes one recovery point.
///
/// Dropping a session without [`Session::commit`] or [`Session::abandon`] leaves what a crash
/// leaves: an open record and chunks that the next session uses.
pub struct Session {
    inner: Arc<Inner>,
    pipeline: Arc<PipelineUse>,
    who: Who,
    options: SessionOptions,
    clock: Arc<dyn Clock>,
    /// Recovery points that existed after this session was opened.
    parents: Mutex<HashSet<RecoveryPointId>>,
    /// Beats from the open record on.
    heart: Option<Heart>,
}

impl Session {
    /// Opens a session: the record first, then the look at what may be referred to.
    pub(crate) fn open(
        inner: Arc<Inner>,
        pipeline: Arc<PipelineUse>,
        options: SessionOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, RepoError> {
        let id = SessionId::random()?;
        let who =
            Who { id, progress: Arc::clone(&options.progress), cancel: options.cancel.clone() };
        let parents = Mutex::default();
        let mut session = Self { inner, pipeline, who, options, clock, parents, heart: None };
        let record = SessionOpen {
            session: id,
            writer: session.options.writer,
            started: session.clock.now(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            reads: None,
            reads_all: None,
        };
        let early = if session.inner.options.keeps(Guard::OpenBeforePlans) {
            None
        } else {
            Some(session.inner.condemned(session.clock.as_ref())?)
        };
        let name = names::session_open(id);
        let bytes = session.seal(ObjectType::SessionOpen, name.as_str(), &cbor::encode(&record))?;
        session.inner.store.put_new(&name, &bytes)?;
        let clock = Arc::clone(&session.clock);
        let begun = Heart::start(Arc::clone(&session.inner), id, clock, None).and_then(|heart| {
            session.heart = Some(heart);
            session.look_around(early)
        });
        if let Err(error) = begun {
            session.try_abandon();
            return Err(error);
        }
        Ok(session)
    }

    /// Sees what must not be referred to, loads the index, and takes in packs that dead sessions
    /// left behind, once their bytes have been compared with their names.
    fn look_around(&self, early: Option<HashSet<ObjectHash>>) -> Result<(), RepoError> {
        let inner = &self.inner;
        let condemned = match early {
            Some(condemned) => condemned,
            None => inner.condemned(self.clock.as_ref())?,
        };
        inner.load_index_to_write()?;
        if inner.options.keeps(Guard::AvoidCondemned) {
            inner.index.condemn(&condemned);
        }
        let found = inner.take_unindexed();
        let (whole, broken): (Vec<_>, Vec<_>) = found.into_iter().partition(|pack| {
            let name = names::pack(pack.pack);
            let bytes = inner.store.get(&name, pack.size);
            bytes.is_ok_and(|bytes| ObjectHash::of(&bytes) == pack.pack)
        });
        if !broken.is_empty() {
            inner.index.retain(|pack| broken.iter().all(|b| b.pack != *pack));
        }
        self.pipeline.adopt(whole)
    }

    /// Returns the id of the session.
    pub fn id(&self) -> SessionId {
        self.who.id
    }

    /// Begins to write a disk.
    ///
    /// Chunks that are not written stay as in `parent`, the disk with that number of a recovery
    /// point of this repository; without a parent they are zeros. The parent may be smaller or
    /// larger: what lies past its end is zeros.
    ///
    /// # Errors
    /// [`RepoError::Invalid`] when there is no such parent disk or the disk is too large.
    pub fn disk_writer(
        &self,
        capacity: ByteLen,
        parent: Option<(&Manifest, usize)>,
    ) -> Result<DiskWriter, RepoError> {
        let parent = match parent {
            None => None,
            Some((manifest, number)) => {
                self.check_parent(manifest.id)?;
                Some(self.inner.disk_of(manifest, number)?)
            }
        };
        DiskWriter::new(&self.inner, Arc::clone(&self.pipeline), &self.who, capacity, parent)
    }

    /// What a disk builds on must exist now that the session is open: a collection that comes later
    /// finds the session, and one that came before has not taken it.
    fn check_parent(&self, parent: RecoveryPointId) -> Result<(), RepoError> {
        let mut parents = lock(&self.parents);
        if parents.contains(&parent) {
            return Ok(());
        }
        if !self.inner.committed()?.all.iter().any(|known| known.manifest.id == parent) {
            return Err(RepoError::Deleted { point: parent });
        }
        parents.insert(parent);
        Ok(())
    }

    /// Makes the recovery point. When this returns its id, everything it refers to is durable, and
    /// the record that makes it count was read back.
    ///
    /// # Errors
    /// No recovery point exists after any error but [`RepoError::CommitUnknown`].
    ///
    /// # Cancellation
    /// Honoured until the last step begins; then the recovery point is made.
    pub fn commit(self, draft: PointDraft) -> Result<RecoveryPointId, RepoError> {
        match self.try_commit(draft) {
            Ok(point) => Ok(point),
            Err(error @ (RepoError::CommitUnknown { .. } | RepoError::Revoked)) => Err(error),
            // What is missing was taken away after another computer had ended the session.
            Err(error) if is_missing(&error) && self.is_ended() => Err(RepoError::Revoked),
            Err(error) => {
                self.try_abandon();
                Err(error)
            }
        }
    }

    /// Whether its outcome stands in the repository.
    fn is_ended(&self) -> bool {
        self.inner.store.size(&names::session_outcome(self.who.id)).is_ok()
    }

    /// Stores a chunk that the repository has no good place of.
    pub(crate) fn keep_chunk(
        &self,
        kind: ChunkKind,
        bytes: &[u8],
        tools: &mut Tools,
    ) -> Result<(), RepoError> {
        self.who.cancel.check()?;
        self.pipeline.shared.check()?;
        self.pipeline.shared.store_chunk(kind, bytes, tools).map(|_| ())
    }

    /// Returns when all chunks are durable and indexed.
    pub(crate) fn flush(&self) -> Result<(), RepoError> {
        self.pipeline.flush(&self.who.cancel)
    }

    fn try_commit(&self, draft: PointDraft) -> Result<RecoveryPointId, RepoError> {
        self.check_disks(&draft.disks)?;
        self.pipeline.flush(&self.who.cancel)?;
        self.inner.check_identity()?;
        // One at a time, so that each links to the one before.
        let _one_at_a_time = lock(&self.inner.committing);
        let manifest = self.manifest(draft)?;
        manifest.check().map_err(|e| RepoError::invalid(e.to_string()))?;
        self.check_roots(&manifest)?;
        let folder = names::place(&self.inner.keys.place(&manifest.vm.key()));
        let bytes = self.seal(ObjectType::Manifest, &folder, &cbor::encode(&manifest))?;
        if bytes.len() as u64 > MAX_MANIFEST {
            return Err(RepoError::invalid("the recovery point's description is too large"));
        }
        let hash = ObjectHash::of(&bytes);
        let name = names::manifest(&folder, hash);
        self.inner.store.put(&name, &bytes)?;
        self.reads_back(&name, &bytes, MAX_MANIFEST)?;
        self.pipeline.shared.check()?;
        self.who.cancel.check()?;
        let point = manifest.id;
        self.decide(&Outcome::Committed { manifest: hash, point }, point)?;
        lock(&self.inner.points).remember(name, hash, manifest);
        Ok(point)
    }

    /// Every root must be somewhere: a last look before the recovery point counts.
    fn check_roots(&self, manifest: &Manifest) -> Result<(), RepoError> {
        for disk in &manifest.disks {
            let stored = !self.inner.index.locate(&disk.root, ChunkKind::Map).is_empty();
            if !disk.root.is_zero() && !stored {
                let object = format!("map node {}", disk.root.to_hex());
                return Err(self.inner.damaged(object, FormatError::Missing));
            }
        }
        Ok(())
    }

    fn check_disks(&self, disks: &[DiskDraft]) -> Result<(), RepoError> {
        if disks.iter().any(|disk| disk.saved.session != self.who.id) {
            return Err(RepoError::invalid("a disk was saved by another session"));
        }
        // A restore finds the bytes of a disk by its key: a second one would get those of the first.
        let mut keys = BTreeMap::new();
        for disk in disks {
            if let Some(first) = keys.insert(disk.key, &disk.label) {
                let (key, second) = (disk.key, &disk.label);
                let what = format!("the disks “{first}” and “{second}” have the same key {key}");
                return Err(RepoError::invalid(what));
            }
        }
        Ok(())
    }

    fn manifest(&self, draft: PointDraft) -> Result<Manifest, RepoError> {
        let chain = self.inner.chain(self.options.writer)?;
        Ok(Manifest {
            id: RecoveryPointId::random()?,
            session: self.who.id,
            writer: self.options.writer,
            sequence: chain.next_sequence,
            previous: chain.previous,
            vm: draft.vm,
            source: draft.source,
            config: draft.config,
            disks: draft.disks.into_iter().map(manifest_disk).collect(),
            consistency: draft.consistency,
            consistency_note: draft.consistency_note,
            snapshot_time: draft.snapshot_time,
            started: draft.started,
            committed: self.clock.now(),
            warnings: draft.warnings,
            not_included: draft.not_included,
            tool_version: draft.tool_version,
            made_for: draft.made_for,
            stages: draft.stages,
            chunk_len: self.inner.chunk_len(),
        })
    }

    /// Creates the one record that decides, and finds out what it says.
    fn decide(&self, outcome: &Outcome, point: RecoveryPointId) -> Result<(), RepoError> {
        let name = names::session_outcome(self.who.id);
        let bytes = self.seal(ObjectType::SessionOutcome, name.as_str(), &cbor::encode(outcome))?;
        let created = self.inner.store.put_new(&name, &bytes);
        // Whatever the store answered, what stands there now is what counts.
        match (self.inner.store.get(&name, MAX_SESSION), created) {
            (Ok(there), _) if there == bytes => Ok(()),
            (Ok(_), Err(StoreError::Exists { .. }))
                if !self.inner.options.keeps(Guard::OutcomeRegister) =>
            {
                self.inner.store.delete(&name)?;
                Ok(self.inner.store.put_new(&name, &bytes)?)
            }
            (Ok(_), Err(StoreError::Exists { .. })) => Err(RepoError::Revoked),
            (Ok(_), Ok(())) => {
                let location = self.inner.store.location();
                let source = StoreError::ReadBack { location, name: name.to_string() };
                Err(RepoError::CommitUnknown { point, source })
            }
            (Err(StoreError::NotFound { .. }), Err(error)) => Err(error.into()),
            (Ok(_), Err(source)) | (Err(source), _) => {
                Err(RepoError::CommitUnknown { point, source })
            }
        }
    }

    fn reads_back(&self, name: &BlobName, bytes: &[u8], limit: u64) -> Result<(), RepoError> {
        if self.inner.store.get(name, limit)? == bytes {
            return Ok(());
        }
        let location = self.inner.store.location();
        Err(StoreError::ReadBack { location, name: name.to_string() }.into())
    }

    /// Ends the session without a recovery point. Its chunks stay for the next one.
    ///
    /// # Errors
    /// When the store fails; the session counts as ended all the same.
    pub fn abandon(self) -> Result<(), RepoError> {
        // A cancelled session still stores what it has, which the next one then has not to send.
        self.pipeline.flush(&CancelToken::new())?;
        self.put_abandoned()
    }

    fn put_abandoned(&self) -> Result<(), RepoError> {
        let name = names::session_outcome(self.who.id);
        let body = cbor::encode(&Outcome::Abandoned);
        let bytes = self.seal(ObjectType::SessionOutcome, name.as_str(), &body)?;
        match self.inner.store.put_new(&name, &bytes) {
            // A collection has ended it before, with nothing lost: nothing was to come of it.
            Err(StoreError::Exists { .. }) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Says that nothing will come of the session, if that can be said at all.
    fn try_abandon(&self) {
        if let Err(error) = self.put_abandoned() {
            tracing::debug!(%error, "the session stays open");
        }
    }

    fn seal(&self, object: ObjectType, binding: &str, body: &[u8]) -> Result<Vec<u8>, RepoError> {
        let nanos = self.clock.now().timestamp_nanos_opt().unwrap_or_default();
        self.inner.sealing().seal(object, binding, body, nanos)
    }
}

fn manifest_disk(disk: DiskDraft) -> ManifestDisk {
    ManifestDisk {
        key: disk.key,
        label: disk.label,
        disk_uuid: disk.disk_uuid,
        change_id: disk.change_id,
        read_mode: disk.read_mode,
        transport: disk.transport,
        bytes_read: disk.bytes_read,
        capacity: disk.saved.capacity,
        root: if disk.saved.chunks == 0 { ChunkId::ZERO } else { disk.saved.root },
        chunks: disk.saved.chunks,
        new_bytes: disk.saved.new_bytes,
        stored_bytes: disk.saved.stored_bytes,
    }
}
