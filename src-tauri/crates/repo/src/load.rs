//! Fills the index: from index objects, and from the footers of packs none of them names.

use std::collections::HashMap;

use crate::error::{RepoError, RepoErrorKind};
use crate::format::chunk::ChunkKind;
use crate::format::config::MAX_FORMAT;
use crate::format::envelope::{HEADER_LEN, ObjectType};
use crate::format::index::{IndexObject, IndexPack, MAX_INDEX};
use crate::format::pack::{self, MAX_PACK, PackFooter, TRAILER_LEN, Trailer};
use crate::format::{FormatError, cbor, names};
use crate::ids::{ChunkId, ObjectHash};
use crate::index::Identity;
use crate::inner::{Inner, Loaded, lock};
use crate::store::{BlobName, StoreError};

impl Inner {
    /// Fills the index when it is empty, or looks for what is new when told to.
    ///
    /// Packs whose file is missing or has another size are left out: chunks in them are stored
    /// again by the next backup that has them.
    pub(crate) fn load_index(&self, again: bool) -> Result<(), RepoError> {
        let mut loaded = lock(&self.loaded);
        if self.index.drop_broken() {
            loaded.once = false;
            loaded.seen.clear();
        }
        if loaded.once && !again {
            return Ok(());
        }
        // Asked before the list, so that a pack stored in between is not taken for gone.
        let known = self.index.packs();
        let files: HashMap<ObjectHash, u64> = self
            .store
            .list(names::PACKS)?
            .into_iter()
            .filter_map(|entry| Some((names::hash_of(&entry.name)?, entry.size)))
            .collect();
        self.index.retain(|pack| files.contains_key(pack) || !known.contains(pack));
        if !loaded.once {
            loaded.seen.extend(self.recall_index(&files));
        }
        for entry in self.store.list(names::INDEX)? {
            let Some(hash) = names::hash_of(&entry.name) else { continue };
            if loaded.seen.contains(&hash) {
                continue;
            }
            match self.read_index(&entry.name) {
                Ok(index) => {
                    self.take_in(index, &files);
                    loaded.seen.insert(hash);
                    self.unload_index(&loaded);
                }
                // All of it stands in the packs as well.
                Err(error) if is_damage(&error) => {
                    tracing::warn!(%error, "an index object is damaged; its packs are read instead");
                }
                Err(error) => return Err(error),
            }
        }
        for (pack, size) in files {
            if self.index.knows(&pack) {
                continue;
            }
            match self.read_footer(pack, size) {
                Ok(footer) => {
                    self.index.add(&[(pack, footer.entries.clone())]);
                    loaded.unindexed.push(IndexPack { pack, size, entries: footer.entries });
                }
                Err(error) if is_damage(&error) => {
                    tracing::warn!(%error, "a pack is damaged; its chunks are not used");
                }
                Err(error) => return Err(error),
            }
        }
        loaded.once = true;
        Ok(())
    }

    /// Loads the index anew, with what checks found bad: no new data may refer to that.
    pub(crate) fn load_index_to_write(&self) -> Result<(), RepoError> {
        self.load_index(true)?;
        self.index.set_bad(self.check_state()?.bad_frames());
        Ok(())
    }

    /// Hands over the packs that no index object names.
    pub(crate) fn take_unindexed(&self) -> Vec<IndexPack> {
        std::mem::take(&mut lock(&self.loaded).unindexed)
    }

    /// Returns the pack that should hold a chunk, for a report that it does not.
    pub(crate) fn pack_meant_for(
        &self,
        id: &ChunkId,
        kind: ChunkKind,
    ) -> Result<Option<ObjectHash>, RepoError> {
        for entry in self.store.list(names::INDEX)? {
            let Ok(index) = self.read_index(&entry.name) else { continue };
            let holds = |p: &IndexPack| p.entries.iter().any(|e| e.id == *id && e.kind == kind);
            if let Some(pack) = index.packs.iter().find(|pack| holds(pack)) {
                return Ok(Some(pack.pack));
            }
        }
        Ok(None)
    }

    /// Stores an index object and returns its hash.
    pub(crate) fn put_index(
        &self,
        index: &IndexObject,
        nanos: i64,
    ) -> Result<ObjectHash, RepoError> {
        let body = cbor::encode(index);
        let bytes = self.sealing().seal(ObjectType::Index, names::INDEX_FOLDER, &body, nanos)?;
        let hash = ObjectHash::of(&bytes);
        self.store.put(&names::index(hash), &bytes)?;
        Ok(hash)
    }

    pub(crate) fn read_index(&self, name: &BlobName) -> Result<IndexObject, RepoError> {
        let binding = name.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
        let body = self.open_object(name, ObjectType::Index, binding, MAX_INDEX)?;
        IndexObject::decode(&body).map_err(|e| self.damaged(name.as_str(), e))
    }

    fn take_in(&self, index: IndexObject, files: &HashMap<ObjectHash, u64>) {
        let whole = |pack: &IndexPack| files.get(&pack.pack) == Some(&pack.size);
        let packs: Vec<_> = index.packs.into_iter().filter(whole).collect();
        self.index.add_indexed(&packs);
    }

    /// Begins with what this computer keeps of the index, and returns the index objects that need
    /// not be read for it.
    fn recall_index(&self, files: &HashMap<ObjectHash, u64>) -> Vec<ObjectHash> {
        let Some(folder) = &self.options.index_folder else { return Vec::new() };
        self.index.recall(folder, &self.index_identity(), files).unwrap_or_else(|error| {
            tracing::warn!(%error, "the index on this computer cannot be used; all is read instead");
            Vec::new()
        })
    }

    /// Keeps on this computer what would take much memory.
    fn unload_index(&self, loaded: &Loaded) {
        let Some(folder) = &self.options.index_folder else { return };
        let worth = self.options.index_in_memory;
        if let Err(error) = self.index.unload(folder, &self.index_identity(), worth, &loaded.seen) {
            tracing::warn!(%error, "the index stays in memory: it cannot be kept on this computer");
        }
    }

    fn index_identity(&self) -> Identity {
        Identity { repository: self.id, key: self.keys.local_index() }
    }

    /// Reads the list of chunks at the end of a pack. Costs three small reads.
    pub(crate) fn read_footer(&self, pack: ObjectHash, size: u64) -> Result<PackFooter, RepoError> {
        let name = names::pack(pack);
        let damaged = |e| self.damaged_pack(pack, e);
        let least = (HEADER_LEN + TRAILER_LEN) as u64;
        if size < least || size > u64::from(MAX_PACK) {
            return Err(damaged(FormatError::Length));
        }
        let head = self.store.get_range(&name, 0, HEADER_LEN)?;
        let (header, opener) = pack::open_header(&self.keys, self.id, &head).map_err(damaged)?;
        let tail = self.store.get_range(&name, size - TRAILER_LEN as u64, TRAILER_LEN)?;
        let trailer = Trailer::read(&tail, size).map_err(damaged)?;
        let at = trailer.footer_at().map_err(damaged)?;
        let mut sealed = self.store.get_range(&name, at, trailer.footer_len as usize)?;
        pack::open_footer(&header, &opener, trailer, &mut sealed).map_err(damaged)
    }
}

/// Whether the object is at fault, and not the way to it.
pub(crate) fn is_damage(error: &RepoError) -> bool {
    error.kind() == RepoErrorKind::Damaged
}

/// Times an object is read that the store cannot read.
const TRIES: usize = 3;

impl Inner {
    /// Reads an object and tells damage from a store that fails. `Ok(Err)` is what is wrong with
    /// the object, `Err` that nothing can be said about it.
    ///
    /// One object that cannot be read although others can is damage, such as a bad sector.
    pub(crate) fn judge<T>(
        &self,
        mut read: impl FnMut() -> Result<T, RepoError>,
    ) -> Result<Result<T, FormatError>, RepoError> {
        let mut tries = 1;
        loop {
            let error = match read() {
                Ok(value) => return Ok(Ok(value)),
                Err(error) => error,
            };
            return match error {
                RepoError::Damaged { source, .. } => Ok(Err(source)),
                RepoError::TooNew { feature, .. } => Ok(Err(FormatError::Structure(feature))),
                RepoError::Store(StoreError::NotFound { .. }) => Ok(Err(FormatError::Missing)),
                RepoError::Store(StoreError::Short { .. } | StoreError::TooLarge { .. }) => {
                    Ok(Err(FormatError::Length))
                }
                RepoError::Store(StoreError::Io { .. }) if tries < TRIES => {
                    tries += 1;
                    continue;
                }
                RepoError::Store(StoreError::Io { source, .. }) if self.store_works() => {
                    Ok(Err(FormatError::Unreadable(source.to_string())))
                }
                error => Err(error),
            };
        }
    }

    fn store_works(&self) -> bool {
        let read = |name| self.store.get(&name, MAX_FORMAT).is_ok();
        read(names::format()) || read(names::format_copy())
    }
}
