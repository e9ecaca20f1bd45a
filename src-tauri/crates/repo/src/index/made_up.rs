//! For measurements: the index of a repository larger than there is room for.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use super::file::{Covered, CoveredPack, Identity, IndexFile};
use super::{Entry, Index, Key};
use crate::format::chunk::ChunkKind;
use crate::ids::{ChunkId, ObjectHash, RepositoryId};

/// Chunks of a pack, and the bytes that their frames take.
const PER_PACK: u64 = 256;
const FRAME: u32 = 160 << 10;
const PACK_BYTES: u64 = 40 << 20;

const IDENTITY: Identity = Identity { repository: RepositoryId::from_bytes([7; 16]), key: [9; 32] };

/// An index in a file, of chunks that do not exist.
pub struct MadeUpIndex {
    index: Index,
    chunks: u64,
}

impl MadeUpIndex {
    /// Writes the file of an index of so many chunks into a folder.
    ///
    /// # Errors
    /// What the disk says.
    pub fn write(folder: &Path, chunks: u64) -> io::Result<()> {
        let packs = (0..chunks.div_ceil(PER_PACK)).map(pack).collect();
        let covered = Covered { objects: Vec::new(), packs };
        let mut at = 0;
        let mut next = || {
            let number = at;
            at += 1;
            Ok((number < chunks).then(|| entry(number, chunks)))
        };
        IndexFile::write(folder, &IDENTITY, covered, &mut next).map(|_| ())
    }

    /// Opens it as a repository does that finds all its packs in the store.
    ///
    /// # Errors
    /// What the disk says.
    pub fn open(folder: &Path, chunks: u64) -> io::Result<Self> {
        let packs = (0..chunks.div_ceil(PER_PACK)).map(pack).map(|pack| (pack.name, pack.size));
        let files: HashMap<_, _> = packs.collect();
        let index = Index::default();
        index.recall(folder, &IDENTITY, &files)?;
        Ok(Self { index, chunks })
    }

    /// Whether the index knows a chunk by its number; those past the end are not in it.
    pub fn holds(&self, number: u64) -> bool {
        let mut id = [0; 32];
        let (head, _) = id.split_first_chunk_mut().expect("an id is longer than a key");
        *head = key(number, self.chunks);
        self.index.holds(&ChunkId::from_bytes(id), ChunkKind::Data)
    }
}

/// Keys grow with the number and are spread evenly, as hashes are.
fn key(number: u64, chunks: u64) -> Key {
    let step = u128::MAX / u128::from(chunks.max(1));
    let mut key = (u128::from(number).wrapping_mul(step) | 2).to_be_bytes();
    key[15] &= 0xFE;
    key
}

fn entry(number: u64, chunks: u64) -> Entry {
    // Neighbours by key lie in different packs.
    let packs = chunks.div_ceil(PER_PACK).max(1);
    let (pack, at) = (number % packs, u32::try_from(number / packs).unwrap_or_default());
    let pack = u32::try_from(pack).unwrap_or_default();
    Entry { key: key(number, chunks), pack, offset: at * FRAME, len: FRAME, number: at }
}

fn pack(number: u64) -> CoveredPack {
    CoveredPack { name: ObjectHash::of(&number.to_le_bytes()), size: PACK_BYTES }
}
