//! Creating, opening and asking a repository.

use std::sync::Arc;

use kuramori_base::{Clock, Secret};
use kuramori_block::ByteLen;

use crate::creation;
use crate::crypto::{Keys, MasterKey};
use crate::error::RepoError;
use crate::format::config::{Config, FormatFile, Info, MAX_CHUNK, MAX_FORMAT, MIN_CHUNK};
use crate::format::envelope::{ObjectType, Sealing};
use crate::format::manifest::{Manifest, VmIdentity};
use crate::format::{FormatError, cbor, names};
use crate::ids::{RecoveryPointId, RepositoryId};
use crate::inner::Inner;
use crate::key_ring::KeyRing;
use crate::options::{
    CreateOptions, OpenOptions, RepositoryInfo, RepositoryStub, SessionOptions, Unlock,
};
use crate::pipeline::PipelineUse;
use crate::point::{PointList, RecoveryPoint};
use crate::session::Session;
use crate::store::{self, BlobStore, StoreError};
use crate::unlock::{OpenFailure, SlotMaker, open_ring};
use crate::upkeep;
use crate::view::DiskView;

/// Features this program knows, for reading and for writing.
const KNOWN_FEATURES: [&str; 0] = [];
const MAX_NAME: usize = 200;

/// An open repository. Clones share one index and one pipeline.
#[derive(Clone)]
pub struct Repository {
    pub(crate) inner: Arc<Inner>,
}

/// A repository that was just made.
pub struct Created {
    /// The open repository.
    pub repository: Repository,
    /// The recovery key, to be shown once and written down. It is stored nowhere.
    pub recovery_key: Secret<String>,
}

impl Repository {
    /// Makes a repository in an empty place.
    ///
    /// # Errors
    /// [`RepoError::AlreadyExists`], [`StoreError::Occupied`] for other files,
    /// [`RepoError::WeakKey`], [`RepoError::Invalid`] for bad options, [`RepoError::Unsuitable`]
    /// for a place that breaks a promise repositories rest on, and what the store says.
    /// After an error there is no repository, or a whole one.
    pub fn create(
        store: Arc<dyn BlobStore>,
        unlock: &Unlock,
        options: CreateOptions,
        clock: &dyn Clock,
    ) -> Result<Created, RepoError> {
        let name = options.name.trim();
        if name.is_empty() || name.len() > MAX_NAME {
            return Err(RepoError::invalid("a repository needs a name of at most 200 bytes"));
        }
        let chunk_len = u32::try_from(options.chunk_len.get()).unwrap_or(u32::MAX);
        if !chunk_len.is_power_of_two() || !(MIN_CHUNK..=MAX_CHUNK).contains(&chunk_len) {
            let rule = "a chunk must be a power of two from 4 KiB to 1 MiB";
            return Err(RepoError::invalid(rule));
        }
        match Self::probe(store.as_ref()) {
            // Unreachable may just mean that the folder is still to be made.
            Err(
                RepoError::NotARepository { .. } | RepoError::Store(StoreError::Unreachable { .. }),
            ) => {}
            Ok(_) => return Err(RepoError::AlreadyExists { location: store.location() }),
            Err(other) => return Err(other),
        }
        let now = clock.now();
        let id = RepositoryId::random()?;
        let master = MasterKey::random()?;
        let maker = SlotMaker { repository: id, master: &master, now };
        let chosen = maker.chosen(unlock, options.kdf)?;
        let (recovery, recovery_key) = maker.recovery()?;
        let slots = vec![chosen, recovery];
        let keys = Arc::new(Keys::new(id, MasterKey::from_bytes(*master.expose())));
        let tool_version = env!("CARGO_PKG_VERSION").to_owned();
        let info = Info { name: name.to_owned(), tool_version };
        let nanos = now.timestamp_nanos_opt().unwrap_or_default();
        let sealing = Sealing { keys: &keys, repository: id };
        let sealed = sealing.seal(ObjectType::Info, "info", &cbor::encode(&info), nanos)?;
        let config = Config {
            chunk_len,
            needed_to_read: Vec::new(),
            needed_to_write: Vec::new(),
            created: now,
            slots,
            info: sealed,
        };
        store.prepare()?;
        creation::clear(store.as_ref())?;
        let found = store::probe(store.as_ref())?;
        creation::write(store.as_ref(), &config, id, &keys)?;
        upkeep::describe(store.as_ref());
        let inner = Inner::new(store, id, config, info, keys, options.open);
        if let Err(error) = inner.keep_probe(found, clock) {
            tracing::warn!(%error, "what the place does could not be recorded");
        }
        Ok(Created { repository: Self { inner: Arc::new(inner) }, recovery_key })
    }

    /// Opens a repository.
    ///
    /// # Errors
    /// [`RepoError::NotARepository`], [`RepoError::WrongKey`] for any key that does not fit,
    /// [`RepoError::TooNew`], [`RepoError::Damaged`], and what the store says.
    pub fn open(
        store: Arc<dyn BlobStore>,
        unlock: &Unlock,
        options: OpenOptions,
    ) -> Result<Self, RepoError> {
        let formats = read_formats(store.as_ref())?;
        let mut failure = None;
        for format in formats {
            match open_format(&store, format, unlock, &options) {
                Ok(inner) => return Ok(Self { inner: Arc::new(inner) }),
                // The second copy differs, so that one may be the right one.
                Err(error @ (RepoError::Damaged { .. } | RepoError::WrongKey)) => {
                    failure.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        let location = store.location();
        Err(failure.unwrap_or(RepoError::NotARepository { location }))
    }

    /// Says whether a repository lies there, and which, without any key.
    ///
    /// # Errors
    /// [`RepoError::NotARepository`], [`RepoError::TooNew`], [`RepoError::Damaged`], and what the
    /// store says.
    pub fn probe(store: &dyn BlobStore) -> Result<RepositoryStub, RepoError> {
        let format = read_formats(store)?
            .into_iter()
            .next()
            .ok_or_else(|| RepoError::NotARepository { location: store.location() })?;
        let ring = KeyRing::read(store, format.repository, &format.config.slots);
        let mut slots: Vec<_> = ring.seemingly_in_use().collect();
        slots.sort_by_key(|slot| slot.created);
        Ok(RepositoryStub {
            id: format.repository,
            created: format.config.created,
            chunk_len: ByteLen::new(u64::from(format.config.chunk_len)),
            slots: slots.into_iter().map(|slot| slot.kind).collect(),
        })
    }

    /// Returns its id.
    pub fn id(&self) -> RepositoryId {
        self.inner.id
    }

    /// Returns its name for people.
    pub fn name(&self) -> &str {
        &self.inner.info.name
    }

    /// Returns the size of its chunks.
    pub fn chunk_len(&self) -> ByteLen {
        self.inner.chunk_len()
    }

    /// Returns where it lies, for messages.
    pub fn location(&self) -> String {
        self.inner.store.location()
    }

    /// Returns its numbers. Lists all objects.
    ///
    /// # Errors
    /// What the store says.
    pub fn info(&self) -> Result<RepositoryInfo, RepoError> {
        let committed = self.inner.committed()?;
        let files = self.inner.store.list("")?;
        let packs = files.iter().filter(|f| f.name.as_str().starts_with(names::PACKS)).count();
        Ok(RepositoryInfo {
            id: self.inner.id,
            name: self.inner.info.name.clone(),
            location: self.location(),
            created: self.inner.config.created,
            chunk_len: self.inner.chunk_len(),
            points: committed.live().count(),
            damaged: committed.damaged.len(),
            packs,
            stored: ByteLen::new(files.iter().map(|f| f.size).sum()),
        })
    }

    /// Returns the committed recovery points, newest last, and what could not be read.
    ///
    /// # Errors
    /// What the store says. Damaged objects are part of the answer, not an error.
    pub fn points(&self) -> Result<PointList, RepoError> {
        self.points_where(|_| true)
    }

    /// As [`Repository::points`], of those recovery points that are wanted.
    ///
    /// # Errors
    /// As [`Repository::points`].
    pub fn points_where(&self, wanted: impl Fn(&Manifest) -> bool) -> Result<PointList, RepoError> {
        let committed = self.inner.committed()?;
        let doubts = self.tracking_doubts()?;
        let points = committed.live().filter(|known| wanted(&known.manifest));
        Ok(PointList {
            points: points.map(|k| RecoveryPoint::of(&k.manifest, &doubts)).collect(),
            deleted: crate::deletion::recycle_bin(&committed),
            damaged: committed.damaged,
        })
    }

    /// Finds the recovery point whose id begins with `prefix` (hexadecimal, any case).
    ///
    /// # Errors
    /// [`RepoError::PointNotFound`] or [`RepoError::PointAmbiguous`].
    pub fn resolve_point(&self, prefix: &str) -> Result<RecoveryPointId, RepoError> {
        let wanted = prefix.trim().to_ascii_lowercase();
        let points = self.inner.committed()?.all;
        let ids = points.iter().map(|known| known.manifest.id);
        let found: Vec<_> = ids.filter(|id| id.to_hex().starts_with(&wanted)).collect();
        let wanted = prefix.to_owned();
        match found.as_slice() {
            [id] if !wanted.trim().is_empty() => Ok(*id),
            [] | [_] => Err(RepoError::PointNotFound { wanted }),
            many => Err(RepoError::PointAmbiguous { wanted, count: many.len() }),
        }
    }

    /// Returns all there is to know about a recovery point, read from the store.
    ///
    /// # Errors
    /// [`RepoError::PointNotFound`]; [`RepoError::Damaged`] when its manifest cannot be read.
    pub fn point(&self, id: RecoveryPointId) -> Result<Manifest, RepoError> {
        let points = self.inner.committed()?.all;
        let known = points.iter().find(|known| known.manifest.id == id);
        let known = known.ok_or_else(|| RepoError::PointNotFound { wanted: id.to_hex() })?;
        self.inner.read_manifest(&known.name)
    }

    /// Returns what lists say of a recovery point, with what was found out about it later.
    ///
    /// # Errors
    /// What the store says.
    pub fn summary(&self, manifest: &Manifest) -> Result<RecoveryPoint, RepoError> {
        Ok(RecoveryPoint::of(manifest, &self.tracking_doubts()?))
    }

    /// Returns the newest recovery point of a VM.
    ///
    /// # Errors
    /// As [`Repository::point`]; no recovery point is not an error.
    pub fn latest(&self, vm: &VmIdentity) -> Result<Option<Manifest>, RepoError> {
        let committed = self.inner.committed()?;
        let newest = committed.live().rev().find(|known| known.manifest.vm.is_same(vm));
        newest.map(|known| self.inner.read_manifest(&known.name)).transpose()
    }

    /// Opens a disk of a recovery point for a short look. Whoever reads for longer than moments
    /// uses [`Repository::read`], which keeps collections away.
    ///
    /// # Errors
    /// [`RepoError::Invalid`] when there is no such disk; what the store says about the index.
    pub fn disk(&self, manifest: &Manifest, disk: usize) -> Result<DiskView, RepoError> {
        let disk = self.inner.disk_of(manifest, disk)?;
        DiskView::new(Arc::clone(&self.inner), disk.root, disk.capacity)
    }

    /// Begins to make a recovery point. Several sessions may be open at once.
    ///
    /// # Errors
    /// [`RepoError::InUse`] when another process of this computer writes,
    /// [`RepoError::TooNew`] when the repository uses features this program cannot write,
    /// [`RepoError::Swapped`] or an unreachable store when the place changed.
    pub fn begin(
        &self,
        options: SessionOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Session, RepoError> {
        options.cancel.check()?;
        self.writable()?;
        let pipeline = Arc::new(PipelineUse::take(&self.inner, &clock)?);
        self.restore_format_copy()?;
        upkeep::complete(&self.inner);
        Session::open(Arc::clone(&self.inner), pipeline, options, clock)
    }

    /// Checks that this program may write here, and that here is still this repository.
    pub(crate) fn writable(&self) -> Result<(), RepoError> {
        check_features(self.inner.store.as_ref(), &self.inner.config.needed_to_write)?;
        self.inner.check_identity()
    }

    /// A repository whose creation was cut short has one format file; it should have two.
    fn restore_format_copy(&self) -> Result<(), RepoError> {
        let store = self.inner.store.as_ref();
        match store.size(&names::format_copy()) {
            Err(StoreError::NotFound { .. }) => {
                let bytes = self.inner.config.write(self.inner.id, &self.inner.keys);
                match store.put_new(&names::format_copy(), &bytes) {
                    Err(StoreError::Exists { .. }) => Ok(()),
                    other => Ok(other?),
                }
            }
            Err(other) => Err(other.into()),
            Ok(_) => Ok(()),
        }
    }
}

/// Reads the copies of the format file that can be read and differ; at least one, or an error.
fn read_formats(store: &dyn BlobStore) -> Result<Vec<FormatFile>, RepoError> {
    let mut formats = Vec::new();
    let mut failure = None;
    for name in [names::format(), names::format_copy()] {
        match store.get(&name, MAX_FORMAT) {
            Ok(bytes) => match FormatFile::read(&bytes) {
                Ok(format) if formats.contains(&format) => {}
                Ok(format) => formats.push(format),
                Err(source) => failure = Some((name, source)),
            },
            Err(StoreError::NotFound { .. }) => {}
            Err(StoreError::TooLarge { .. }) => failure = Some((name, FormatError::Length)),
            Err(other) => return Err(other.into()),
        }
    }
    let location = store.location();
    match (formats.is_empty(), failure) {
        (false, _) => Ok(formats),
        (true, None) => Err(RepoError::NotARepository { location }),
        (true, Some((name, source))) => Err(match source.newer() {
            Some(feature) => RepoError::TooNew { location, feature },
            None => RepoError::Damaged { location, object: name.to_string(), source },
        }),
    }
}

fn check_features(store: &dyn BlobStore, needed: &[String]) -> Result<(), RepoError> {
    match needed.iter().find(|feature| !KNOWN_FEATURES.contains(&feature.as_str())) {
        None => Ok(()),
        Some(feature) => Err(RepoError::TooNew {
            location: store.location(),
            feature: format!("the feature `{feature}`"),
        }),
    }
}

fn open_format(
    store: &Arc<dyn BlobStore>,
    format: FormatFile,
    unlock: &Unlock,
    options: &OpenOptions,
) -> Result<Inner, RepoError> {
    check_features(store.as_ref(), &format.config.needed_to_read)?;
    let location = store.location();
    let id = format.repository;
    let ring = KeyRing::read(store.as_ref(), id, &format.config.slots);
    let keys = open_ring(id, &ring, unlock).map_err(|failure| match failure {
        OpenFailure::Damaged { slot, source } => {
            let object = names::slot(slot).to_string();
            RepoError::Damaged { location: location.clone(), object, source }
        }
        OpenFailure::Other(error) => error,
    })?;
    let keys = Arc::new(keys);
    let damaged = |source| RepoError::Damaged {
        location: location.clone(),
        object: names::FORMAT.to_owned(),
        source,
    };
    format.authenticate(&keys).map_err(damaged)?;
    let sealing = Sealing { keys: &keys, repository: id };
    let info = sealing
        .open(ObjectType::Info, "info", &format.config.info)
        .and_then(|body| cbor::decode::<Info>(&body))
        .map_err(damaged)?;
    Ok(Inner::new(Arc::clone(store), id, format.config, info, keys, options.clone()))
}
