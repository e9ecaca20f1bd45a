//! The state all handles of one open repository share, and the reading of objects.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use kuramori_block::ByteLen;

use crate::cache::ObjectCache;
use crate::crypto::{Keys, Opener};
use crate::error::RepoError;
use crate::format::chunk::{ChunkKind, Decoder, frame_aad};
use crate::format::config::{Config, Info, MAX_FORMAT};
use crate::format::envelope::{HEADER_LEN, ObjectType, Sealing};
use crate::format::index::IndexPack;
use crate::format::{FormatError, cbor, names, pack};
use crate::ids::{ChunkId, ObjectHash, RepositoryId};
use crate::index::{Index, Location};
use crate::map::NODE_BYTES;
use crate::options::OpenOptions;
use crate::pipeline::Writing;
use crate::points::{PointCache, is_missing};
use crate::store::{BlobName, BlobStore, StoreError};

/// Keys of packs kept ready; each takes less than a kilobyte.
const MAX_OPENERS: usize = 4096;
/// Decoders kept for the next reader.
const MAX_DECODERS: usize = 16;

/// One open repository.
pub(crate) struct Inner {
    pub(crate) store: Arc<dyn BlobStore>,
    pub(crate) id: RepositoryId,
    pub(crate) config: Config,
    pub(crate) info: Info,
    pub(crate) keys: Arc<Keys>,
    pub(crate) options: OpenOptions,
    pub(crate) index: Index,
    /// How far the index is filled; held while somebody fills it.
    pub(crate) loaded: Mutex<Loaded>,
    pub(crate) points: Mutex<PointCache>,
    /// What this computer keeps of it from one time to the next.
    pub(crate) cache: OnceLock<Arc<dyn ObjectCache>>,
    /// Held from linking a manifest to the one before until it counts.
    pub(crate) committing: Mutex<()>,
    /// The pipeline all sessions share, while there are any.
    pub(crate) writing: Mutex<Writing>,
    /// Whether what lies beside the objects was looked after since the repository was opened.
    pub(crate) looked_after: OnceLock<()>,
    openers: Mutex<HashMap<ObjectHash, Arc<Opener>>>,
    decoders: Mutex<Vec<Decoder>>,
}

/// Which frame of a pack it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameOf<'a> {
    pub(crate) id: &'a ChunkId,
    pub(crate) kind: ChunkKind,
    /// Its number in the pack.
    pub(crate) number: u32,
}

/// What was read into the index.
#[derive(Default)]
pub(crate) struct Loaded {
    pub(crate) once: bool,
    /// Index objects that need no second look.
    pub(crate) seen: HashSet<ObjectHash>,
    /// Packs that no index object names; the next writer writes one.
    pub(crate) unindexed: Vec<IndexPack>,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder of this lock panics")
}

impl Inner {
    pub(crate) fn new(
        store: Arc<dyn BlobStore>,
        id: RepositoryId,
        config: Config,
        info: Info,
        keys: Arc<Keys>,
        options: OpenOptions,
    ) -> Self {
        Self {
            store,
            id,
            config,
            info,
            keys,
            options,
            index: Index::default(),
            loaded: Mutex::default(),
            points: Mutex::default(),
            cache: OnceLock::new(),
            committing: Mutex::default(),
            writing: Mutex::default(),
            looked_after: OnceLock::new(),
            openers: Mutex::default(),
            decoders: Mutex::default(),
        }
    }

    /// Opens the same repository once more, with nothing read yet: for work that wants to see it
    /// as it is now, and nobody else's changes after that. It knows no cache.
    pub(crate) fn fresh(&self) -> Self {
        // Collections count places of an index that is in memory as a whole.
        let options = OpenOptions { index_folder: None, ..self.options.clone() };
        Self::new(
            Arc::clone(&self.store),
            self.id,
            self.config.clone(),
            self.info.clone(),
            Arc::clone(&self.keys),
            options,
        )
    }

    pub(crate) fn chunk_len(&self) -> ByteLen {
        ByteLen::new(u64::from(self.config.chunk_len))
    }

    pub(crate) fn sealing(&self) -> Sealing<'_> {
        Sealing { keys: &self.keys, repository: self.id }
    }

    /// Wraps what is wrong with an object, with the name of the object.
    pub(crate) fn damaged(&self, object: impl Into<String>, source: FormatError) -> RepoError {
        let location = self.store.location();
        match source.newer() {
            Some(feature) => RepoError::TooNew { location, feature },
            None => RepoError::Damaged { location, object: object.into(), source },
        }
    }

    /// Wraps what is wrong with a pack. Its header has no checksum of its own, so an unknown version
    /// there is damage: a newer format says so in the format file.
    pub(crate) fn damaged_pack(&self, pack: ObjectHash, source: FormatError) -> RepoError {
        let (location, object) = (self.store.location(), names::pack(pack).to_string());
        RepoError::Damaged { location, object, source }
    }

    /// Reads and opens a sealed object of at most `limit` bytes.
    pub(crate) fn open_object(
        &self,
        name: &BlobName,
        object: ObjectType,
        binding: &str,
        limit: u64,
    ) -> Result<Vec<u8>, RepoError> {
        self.open_bytes(name, object, binding, &self.store.get(name, limit)?)
    }

    /// Opens a sealed object that was read.
    pub(crate) fn open_bytes(
        &self,
        name: &BlobName,
        object: ObjectType,
        binding: &str,
        bytes: &[u8],
    ) -> Result<Vec<u8>, RepoError> {
        self.check_name(name, bytes)?;
        self.sealing().open(object, binding, bytes).map_err(|e| self.damaged(name.as_str(), e))
    }

    /// An object whose name is a hash must have that hash.
    fn check_name(&self, name: &BlobName, bytes: &[u8]) -> Result<(), RepoError> {
        match names::hash_of(name) {
            Some(hash) if hash != ObjectHash::of(bytes) => {
                Err(self.damaged(name.as_str(), FormatError::Checksum))
            }
            _ => Ok(()),
        }
    }

    /// Checks that the place still holds this repository.
    pub(crate) fn check_identity(&self) -> Result<(), RepoError> {
        let bytes = match self.store.get(&names::format(), MAX_FORMAT) {
            Err(StoreError::NotFound { .. }) => {
                self.store.get(&names::format_copy(), MAX_FORMAT).map_err(|e| match e {
                    StoreError::NotFound { location, .. } => RepoError::NotARepository { location },
                    other => RepoError::Store(other),
                })?
            }
            other => other?,
        };
        // A damaged copy is for `check` to report; a foreign one stops us here.
        let Ok(file) = crate::format::config::FormatFile::read(&bytes) else { return Ok(()) };
        if file.repository == self.id {
            Ok(())
        } else {
            Err(RepoError::Swapped {
                location: self.store.location(),
                expected: self.id,
                found: file.repository,
            })
        }
    }

    /// Returns the key to the frames of a pack.
    pub(crate) fn opener(&self, pack: &ObjectHash) -> Result<Arc<Opener>, RepoError> {
        if let Some(opener) = lock(&self.openers).get(pack) {
            return Ok(Arc::clone(opener));
        }
        let name = names::pack(*pack);
        let header = self.store.get_range(&name, 0, HEADER_LEN)?;
        let (_, opener) = pack::open_header(&self.keys, self.id, &header)
            .map_err(|e| self.damaged_pack(*pack, e))?;
        let opener = Arc::new(opener);
        let mut openers = lock(&self.openers);
        if openers.len() >= MAX_OPENERS {
            openers.clear();
        }
        openers.insert(*pack, Arc::clone(&opener));
        Ok(opener)
    }

    /// Reads a chunk, verified against its id. Tries every place it lies in, each twice, since
    /// reads over networks fail now and then.
    pub(crate) fn read_chunk(
        &self,
        id: &ChunkId,
        kind: ChunkKind,
        out: &mut Vec<u8>,
    ) -> Result<(), RepoError> {
        let mut places = self.index.locate(id, kind);
        if places.is_empty() {
            // Index objects may be lost or older than the point; pack footers know as well.
            self.load_index(true)?;
            places = self.index.locate(id, kind);
        }
        let mut last = None;
        for place in places.iter().flat_map(|p| [p, p]) {
            match self.read_frame(place, id, kind, out) {
                Ok(()) => return Ok(()),
                Err(error) => last = Some(error),
            }
        }
        if last.as_ref().is_some_and(is_missing) {
            // A collection may have moved the chunk to another pack.
            self.load_index(true)?;
            let moved = self.index.locate(id, kind);
            for place in moved.iter().filter(|place| !places.contains(place)) {
                match self.read_frame(place, id, kind, out) {
                    Ok(()) => return Ok(()),
                    Err(error) => last = Some(error),
                }
            }
        }
        out.clear();
        match last {
            Some(error) => Err(error),
            None => Err(self.missing(id, kind)?),
        }
    }

    /// Says which pack a chunk should be in, where an index still knows.
    pub(crate) fn missing(&self, id: &ChunkId, kind: ChunkKind) -> Result<RepoError, RepoError> {
        Ok(match self.pack_meant_for(id, kind)? {
            Some(pack) => self.damaged_pack(pack, FormatError::Missing),
            None => self.damaged(format!("chunk {}", id.to_hex()), FormatError::Missing),
        })
    }

    /// Reads a chunk from one place, verified against its id.
    pub(crate) fn read_frame(
        &self,
        place: &Location,
        id: &ChunkId,
        kind: ChunkKind,
        out: &mut Vec<u8>,
    ) -> Result<(), RepoError> {
        let name = names::pack(place.pack);
        let opener = self.opener(&place.pack)?;
        let mut sealed = self.store.get_range(&name, place.offset, place.len)?;
        let damaged = |e| self.damaged_pack(place.pack, e);
        let mut decoder = match lock(&self.decoders).pop() {
            Some(decoder) => decoder,
            None => Decoder::new().map_err(damaged)?,
        };
        let frame = FrameOf { id, kind, number: place.number };
        let opened = self.open_frame(&opener, frame, &mut sealed, (&mut decoder, out));
        let mut decoders = lock(&self.decoders);
        if decoders.len() < MAX_DECODERS {
            decoders.push(decoder);
        }
        drop(decoders);
        opened.map_err(damaged)
    }

    /// Decrypts, decompresses and verifies one frame in place; `out` is the chunk afterwards.
    pub(crate) fn open_frame(
        &self,
        opener: &Opener,
        frame: FrameOf<'_>,
        sealed: &mut [u8],
        (decoder, out): (&mut Decoder, &mut Vec<u8>),
    ) -> Result<(), FormatError> {
        let aad = frame_aad(self.id, frame.kind, frame.id, frame.number);
        let plain = opener.open(u64::from(frame.number), &aad, sealed)?;
        let limit = match frame.kind {
            ChunkKind::Data => self.config.chunk_len,
            ChunkKind::Map => NODE_BYTES,
        };
        decoder.decode(plain, limit, out)?;
        if self.chunk_id(frame.kind, out) == *frame.id { Ok(()) } else { Err(FormatError::Content) }
    }

    /// Returns the id of a chunk of a kind.
    pub(crate) fn chunk_id(&self, kind: ChunkKind, bytes: &[u8]) -> ChunkId {
        match kind {
            ChunkKind::Data => self.keys.data_id(bytes),
            ChunkKind::Map => self.keys.map_id(bytes),
        }
    }

    /// Decodes the plain structure of an object.
    pub(crate) fn decode<T: for<'b> minicbor::Decode<'b, ()>>(
        &self,
        name: &BlobName,
        body: &[u8],
    ) -> Result<T, RepoError> {
        cbor::decode(body).map_err(|e| self.damaged(name.as_str(), e))
    }
}
