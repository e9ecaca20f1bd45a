//! A large part of the index in a file of this computer, read block by block.
//!
//! ```text
//! blocks  128 entries of 32 bytes each, sorted by key; the last block may be shorter
//! meta    CBOR: what the file covers, and for each block its first key and its tag
//! tail    length of meta u64, keyed hash of meta 32 bytes
//! ```
//!
//! Only what was proved by its keyed hash is believed, so that no damage of the file can make a
//! chunk look stored that is not. What cannot be read counts as unknown and makes the whole file
//! useless: see [`IndexFile::is_broken`]. The file is a copy of what index objects say and may be
//! deleted at any time.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use fs_err::File;
use minicbor::{Decode, Encode};

use super::entry::{ENTRY, Entry, Key};
use crate::format::cbor;
use crate::ids::{ObjectHash, RepositoryId};
use crate::inner::lock;

/// Entries of a block: a page, so that a lookup of a large index costs one small read.
const BLOCK: usize = if cfg!(test) { 16 } else { 128 };
/// Blocks of each of two generations that stay in memory: 32 MiB in all.
const KEPT: usize = if cfg!(test) { 2 } else { 4096 };
const TAIL: usize = 8 + 32;
const VERSION: u32 = 2;
/// Most that is believed of the length of meta, in bytes.
const MAX_META: u64 = 1 << 30;
const TAG: usize = 16;
/// First key and tag.
const ROW: usize = 16 + TAG;

/// Whose index it is, and the key that proves it.
#[derive(Clone, Copy)]
pub(crate) struct Identity {
    pub(crate) repository: RepositoryId,
    pub(crate) key: [u8; 32],
}

/// What an index file knows besides its entries.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Covered {
    /// Index objects that need not be read.
    #[n(0)]
    pub(crate) objects: Vec<ObjectHash>,
    /// Packs by the numbers that entries give them.
    #[n(1)]
    pub(crate) packs: Vec<CoveredPack>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(crate) struct CoveredPack {
    #[n(0)]
    pub(crate) name: ObjectHash,
    /// Size of the file in bytes.
    #[n(1)]
    pub(crate) size: u64,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Meta {
    #[n(0)]
    version: u32,
    #[n(1)]
    repository: RepositoryId,
    #[n(2)]
    entries: u64,
    #[n(3)]
    covered: Covered,
    #[cbor(n(4), with = "minicbor::bytes")]
    table: Vec<u8>,
}

struct BlockRef {
    first: Key,
    tag: [u8; TAG],
}

/// Blocks in memory, in two generations: what was not asked for since the last change of
/// generations goes.
struct Blocks {
    file: File,
    young: HashMap<usize, Arc<[Entry]>>,
    old: HashMap<usize, Arc<[Entry]>>,
}

/// The file, open.
pub(crate) struct IndexFile {
    path: PathBuf,
    key: [u8; 32],
    entries: u64,
    table: Vec<BlockRef>,
    blocks: Mutex<Blocks>,
    broken: AtomicBool,
}

impl std::fmt::Debug for IndexFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IndexFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl IndexFile {
    /// Opens the newest whole file in a folder and removes the others.
    ///
    /// # Errors
    /// The folder cannot be listed or made.
    pub(crate) fn newest(
        folder: &Path,
        identity: &Identity,
    ) -> io::Result<Option<(Self, Covered)>> {
        fs_err::create_dir_all(folder)?;
        let mut found = None;
        for (_, path) in numbered(folder, identity)?.into_iter().rev() {
            if found.is_none() {
                match Self::open(&path, identity) {
                    Ok(opened) => {
                        found = Some(opened);
                        continue;
                    }
                    Err(error) => tracing::warn!(
                        %error,
                        path = %path.display(),
                        "a local copy of the index is damaged; it is made anew"
                    ),
                }
            }
            // Somebody may have it open, who then reads what the next one replaces.
            if let Err(error) = fs_err::remove_file(&path) {
                tracing::debug!(%error, "an old copy of the index stays for now");
            }
        }
        Ok(found)
    }

    fn open(path: &Path, identity: &Identity) -> io::Result<(Self, Covered)> {
        let damaged = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let mut file = File::open(path)?;
        let len = file.metadata()?.len();
        let tail_at = len.checked_sub(TAIL as u64).ok_or_else(|| damaged("too short"))?;
        file.seek(SeekFrom::Start(tail_at))?;
        let mut tail = [0; TAIL];
        file.read_exact(&mut tail)?;
        let (meta_len, tag) = tail.split_first_chunk().expect("the tail begins with a length");
        let meta_len = u64::from_le_bytes(*meta_len);
        let meta_at = tail_at
            .checked_sub(meta_len)
            .filter(|_| meta_len <= MAX_META)
            .ok_or_else(|| damaged("its end makes no sense"))?;
        file.seek(SeekFrom::Start(meta_at))?;
        let mut meta = Vec::new();
        (&mut file).take(meta_len).read_to_end(&mut meta)?;
        if !same(blake3::keyed_hash(&identity.key, &meta).as_bytes(), tag) {
            return Err(damaged("its description is not genuine"));
        }
        let meta: Meta = cbor::decode(&meta).map_err(io::Error::other)?;
        let blocks = usize::try_from(meta.entries.div_ceil(BLOCK as u64)).unwrap_or(usize::MAX);
        if meta.version != VERSION
            || meta.repository != identity.repository
            || meta.entries.checked_mul(ENTRY as u64) != Some(meta_at)
            || meta.table.len() != blocks.saturating_mul(ROW)
        {
            return Err(damaged("it is of another kind"));
        }
        let row = |row: &[u8]| {
            let (first, tag) = row.split_first_chunk().expect("a row is longer than a key");
            BlockRef { first: *first, tag: *tag.first_chunk().expect("a tag follows") }
        };
        let opened = Self {
            path: path.to_owned(),
            key: identity.key,
            entries: meta.entries,
            table: meta.table.chunks_exact(ROW).map(row).collect(),
            blocks: Mutex::new(Blocks { file, young: HashMap::new(), old: HashMap::new() }),
            broken: AtomicBool::new(false),
        };
        Ok((opened, meta.covered))
    }

    /// Writes the next file of a folder: `next` gives its entries in the order of their keys.
    ///
    /// # Errors
    /// What the disk or `next` says; nothing is left then.
    pub(super) fn write(
        folder: &Path,
        identity: &Identity,
        covered: Covered,
        next: &mut dyn FnMut() -> io::Result<Option<Entry>>,
    ) -> io::Result<(Self, Covered)> {
        fs_err::create_dir_all(folder)?;
        let number = numbered(folder, identity)?.last().map_or(1, |(number, _)| number + 1);
        let path = folder.join(format!("{}-{number:08}.index", identity.repository.to_hex()));
        let written = File::create_new(&path)
            .and_then(|file| fill(file, identity, covered, next))
            .and_then(|()| Self::open(&path, identity));
        if written.is_err()
            && let Err(error) = fs_err::remove_file(&path)
        {
            tracing::debug!(%error, "an unfinished copy of the index stays for now");
        }
        written
    }

    /// Removes the file, which is of no use any more.
    pub(super) fn discard(self) {
        if let Err(error) = fs_err::remove_file(&self.path) {
            tracing::debug!(%error, "a copy of the index stays for now");
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.entries
    }

    /// Whether a block could not be read or proved. What it knew is missing from then on, and the
    /// index objects have to be read again.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Returns all places of a chunk, with the file's own numbers of packs.
    pub(super) fn find(&self, key: &Key) -> Vec<Entry> {
        let mut found = Vec::new();
        let first = self.table.partition_point(|block| block.first < *key).saturating_sub(1);
        for number in first..self.table.len() {
            if self.table[number].first > *key {
                break;
            }
            let Some(block) = self.block(number) else { break };
            let at = block.partition_point(|entry| entry.key < *key);
            found.extend(block[at..].iter().take_while(|entry| entry.key == *key));
        }
        found
    }

    fn block(&self, number: usize) -> Option<Arc<[Entry]>> {
        let mut blocks = lock(&self.blocks);
        if let Some(block) = blocks.young.get(&number) {
            return Some(Arc::clone(block));
        }
        let block = match blocks.old.remove(&number) {
            Some(block) => block,
            None => match self.read(&mut blocks.file, number) {
                Ok(block) => block.into(),
                Err(error) => {
                    if !self.broken.swap(true, Ordering::Relaxed) {
                        let path = self.path.display();
                        tracing::warn!(%error, %path, "a local copy of the index is damaged");
                    }
                    return None;
                }
            },
        };
        if blocks.young.len() >= KEPT {
            blocks.old = std::mem::take(&mut blocks.young);
        }
        blocks.young.insert(number, Arc::clone(&block));
        Some(block)
    }

    /// Reads a block and proves it.
    fn read(&self, file: &mut File, number: usize) -> io::Result<Vec<Entry>> {
        let at = number as u64 * BLOCK as u64;
        let count = usize::try_from(self.entries.saturating_sub(at)).unwrap_or(BLOCK).min(BLOCK);
        let mut bytes = vec![0; count * ENTRY];
        file.seek(SeekFrom::Start(at * ENTRY as u64))?;
        file.read_exact(&mut bytes)?;
        if !same(&tag(&self.key, number as u64, &bytes), &self.table[number].tag) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a block is not genuine"));
        }
        Ok(bytes.as_chunks().0.iter().map(Entry::from_bytes).collect())
    }

    /// Returns the entries one after the other, without keeping blocks.
    pub(super) fn walk(&self) -> impl FnMut() -> io::Result<Option<Entry>> + '_ {
        let (mut block, mut number) = (Vec::new().into_iter(), 0);
        move || {
            if let Some(entry) = block.next() {
                return Ok(Some(entry));
            }
            if number == self.table.len() {
                return Ok(None);
            }
            block = self.read(&mut lock(&self.blocks).file, number)?.into_iter();
            number += 1;
            Ok(block.next())
        }
    }
}

fn fill(
    file: File,
    identity: &Identity,
    covered: Covered,
    next: &mut dyn FnMut() -> io::Result<Option<Entry>>,
) -> io::Result<()> {
    let mut out = io::BufWriter::new(file);
    let (mut table, mut block, mut entries) = (Vec::new(), Vec::with_capacity(BLOCK * ENTRY), 0);
    loop {
        let entry = next()?;
        if let Some(entry) = entry {
            block.extend(entry.to_bytes());
            entries += 1;
        }
        if block.len() == BLOCK * ENTRY || (entry.is_none() && !block.is_empty()) {
            let number = (table.len() / ROW) as u64;
            table.extend_from_slice(&block[..16]);
            table.extend(tag(&identity.key, number, &block));
            out.write_all(&block)?;
            block.clear();
        }
        if entry.is_none() {
            break;
        }
    }
    let meta = Meta { version: VERSION, repository: identity.repository, entries, covered, table };
    let meta = cbor::encode(&meta);
    out.write_all(&meta)?;
    out.write_all(&(meta.len() as u64).to_le_bytes())?;
    out.write_all(blake3::keyed_hash(&identity.key, &meta).as_bytes())?;
    // Not synced: after a power cut it is whole or it is made anew.
    out.flush()
}

/// Files of a repository in a folder, by their numbers.
fn numbered(folder: &Path, identity: &Identity) -> io::Result<Vec<(u64, PathBuf)>> {
    let prefix = format!("{}-", identity.repository.to_hex());
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let (name, path) = entry.map(|entry| (entry.file_name(), entry.path()))?;
        let number = name.to_str().and_then(|name| {
            name.strip_prefix(&prefix)?.strip_suffix(".index")?.parse::<u64>().ok()
        });
        found.extend(number.map(|number| (number, path)));
    }
    found.sort_unstable();
    Ok(found)
}

/// Proves one block at its place.
fn tag(key: &[u8; 32], number: u64, block: &[u8]) -> [u8; TAG] {
    let mut hasher = blake3::Hasher::new_keyed(key);
    let hash = hasher.update(&number.to_le_bytes()).update(block).finalize();
    *hash.as_bytes().first_chunk().expect("a hash is longer than a tag")
}

fn same(a: &[u8], b: &[u8]) -> bool {
    subtle::ConstantTimeEq::ct_eq(a, b).into()
}
