use kuramori_base::Secret;

use super::random;
use crate::error::RepoError;
use crate::ids::{ChunkId, RepositoryId};

/// Derives 32 bytes for one purpose. Parts have fixed lengths or are the last, so that their
/// concatenation is unique.
pub(crate) fn derive(context: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for part in parts {
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// The one random secret of a repository; key slots wrap it.
#[derive(Debug, PartialEq)]
pub(crate) struct MasterKey(Secret<[u8; 32]>);

impl MasterKey {
    pub(crate) fn random() -> Result<Self, RepoError> {
        random().map(Secret::new).map(Self)
    }

    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// Everything derived from the master key.
#[derive(Debug)]
pub(crate) struct Keys {
    master: MasterKey,
    data_ids: Secret<[u8; 32]>,
    map_ids: Secret<[u8; 32]>,
    places: Secret<[u8; 32]>,
    config: Secret<[u8; 32]>,
}

impl Keys {
    /// Derives the keys of a repository.
    pub(crate) fn new(repository: RepositoryId, master: MasterKey) -> Self {
        let key =
            |context: &str| Secret::new(derive(context, &[master.expose(), repository.as_bytes()]));
        Self {
            data_ids: key("kuramori v1 ids of data chunks"),
            map_ids: key("kuramori v1 ids of map nodes"),
            places: key("kuramori v1 folders of VMs"),
            config: key("kuramori v1 authentication of the format file"),
            master,
        }
    }

    /// Returns the master key, for another slot to wrap.
    pub(crate) fn master(&self) -> &MasterKey {
        &self.master
    }

    /// Returns the id of a chunk of disk data.
    pub(crate) fn data_id(&self, bytes: &[u8]) -> ChunkId {
        ChunkId::from_bytes(*blake3::keyed_hash(self.data_ids.expose(), bytes).as_bytes())
    }

    /// Returns the id of a node of a chunk map. Its own key: guest data can never be a map.
    pub(crate) fn map_id(&self, bytes: &[u8]) -> ChunkId {
        ChunkId::from_bytes(*blake3::keyed_hash(self.map_ids.expose(), bytes).as_bytes())
    }

    /// Returns the folder name of a VM, which tells nothing about it.
    pub(crate) fn place(&self, vm: &str) -> [u8; 16] {
        let hash = blake3::keyed_hash(self.places.expose(), vm.as_bytes());
        *hash.as_bytes().first_chunk().expect("a hash has 32 bytes")
    }

    /// Returns the authentication code of the format file.
    pub(crate) fn config_mac(&self, bytes: &[u8]) -> [u8; 32] {
        *blake3::keyed_hash(self.config.expose(), bytes).as_bytes()
    }

    /// Returns the key that proves copies of the index on a computer.
    pub(crate) fn local_index(&self) -> [u8; 32] {
        derive("kuramori v1 copies of the index", &[self.master.expose()])
    }

    /// Returns the key of one file: never used for another.
    pub(crate) fn file_key(&self, epoch: u32, salt: &[u8; 32]) -> Secret<[u8; 32]> {
        let parts: [&[u8]; 3] = [self.master.expose(), &epoch.to_le_bytes(), salt];
        Secret::new(derive("kuramori v1 key of one file", &parts))
    }
}
