//! One file of a disk's chain: the base, or a delta that holds what was written after a snapshot.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, RwLock};

use fs_err as fs;
use kuramori_block::ExtentSet;
use serde::{Deserialize, Serialize};

use super::bits::{BLOCK, BitFile};
use super::file;
use super::held::Held;
use crate::config::Deltas;

/// What is remembered of a link.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LinkMeta {
    pub(crate) id: u64,
    pub(crate) parent: Option<u64>,
    /// The name of the data file, such as `web-flat.vmdk`.
    pub(crate) extent: String,
    /// The name of the text file that describes it, such as `web.vmdk`.
    pub(crate) descriptor: String,
    pub(crate) cid: u32,
}

/// An open link. Data lies at its own offset; the bitmap says which blocks the link holds.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: u64,
    pub(crate) path: PathBuf,
    file: File,
    bits: RwLock<BitFile>,
    map: PathBuf,
    readers: AtomicUsize,
    closed: AtomicBool,
    held: Mutex<Held>,
}

impl Link {
    /// Opens or creates the files of a link.
    pub(crate) fn open(id: u64, path: PathBuf, map: PathBuf, capacity: u64) -> io::Result<Self> {
        let file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        if file.metadata()?.len() < capacity {
            file.set_len(capacity)?;
        }
        let bits = RwLock::new(BitFile::open(&map, capacity)?);
        Ok(Self {
            id,
            path,
            file: file.into_file(),
            bits,
            held: Mutex::new(Held::new(&map)),
            map,
            readers: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
        })
    }

    pub(crate) fn holds(&self, block: u64) -> bool {
        self.bits.read().expect("no holder panics").get(block)
    }

    pub(crate) fn allocated(&self, capacity: u64) -> ExtentSet {
        self.bits.read().expect("no holder panics").extents(capacity)
    }

    pub(crate) fn runs(&self) -> Vec<std::ops::Range<u64>> {
        self.bits.read().expect("no holder panics").runs()
    }

    pub(crate) fn read(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        file::read_at(&self.file, buf, offset)
    }

    /// Writes whole blocks (the last may be cut by the end of the disk), data before the map.
    pub(crate) fn write(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        self.held().outdate()?;
        file::write_at(&self.file, buf, offset)?;
        let blocks = super::bits::blocks(offset, buf.len() as u64);
        self.bits.write().expect("no holder panics").set(blocks)
    }

    pub(crate) fn grow(&self, capacity: u64) -> io::Result<()> {
        self.held().outdate()?;
        self.file.set_len(capacity)?;
        self.bits.write().expect("no holder panics").grow(capacity);
        Ok(())
    }

    /// Drops all content; the file stays as long as it was.
    pub(crate) fn wipe(&self, capacity: u64) -> io::Result<()> {
        self.held().outdate()?;
        self.bits.write().expect("no holder panics").clear()?;
        self.file.set_len(0)?;
        self.file.set_len(capacity)
    }

    /// Registers a reader, unless the link is about to be merged or removed.
    pub(crate) fn enter(&self) -> bool {
        self.readers.fetch_add(1, Ordering::SeqCst);
        if self.closed.load(Ordering::SeqCst) {
            self.leave();
            return false;
        }
        true
    }

    pub(crate) fn leave(&self) {
        self.readers.fetch_sub(1, Ordering::SeqCst);
    }

    /// Keeps new readers out; returns whether none is left inside.
    pub(crate) fn close(&self) -> bool {
        self.closed.store(true, Ordering::SeqCst);
        self.readers.load(Ordering::SeqCst) == 0
    }

    pub(crate) fn reopen(&self) {
        self.closed.store(false, Ordering::SeqCst);
    }

    /// Removes the files. The caller has taken the link out of its disk.
    pub(crate) fn remove(&self) -> io::Result<()> {
        self.held().remove()?;
        remove_if_there(&self.path)?;
        remove_if_there(&self.map)
    }

    /// Opens the file that a host would hold of a delta that nobody writes to any more.
    pub(crate) fn as_held(&self, deltas: Deltas) -> io::Result<File> {
        self.held().open(self, deltas)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().expect("no holder panics")
    }

    pub(super) fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }
}

pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Reads through a chain, newest link first. A block no link holds is zero.
pub(crate) fn read_chain<L: AsRef<Link>>(
    chain: &[L],
    buf: &mut [u8],
    offset: u64,
) -> io::Result<()> {
    let end = offset + buf.len() as u64;
    let mut at = offset;
    while at < end {
        let owner = owner(chain, at / BLOCK);
        let mut stop = ((at / BLOCK + 1) * BLOCK).min(end);
        while stop < end && self::owner(chain, stop / BLOCK) == owner {
            stop = (stop + BLOCK).min(end);
        }
        let part =
            &mut buf[super::bits::usize_of(at - offset)..super::bits::usize_of(stop - offset)];
        match owner {
            Some(link) => chain[link].as_ref().read(part, at)?,
            None => part.fill(0),
        }
        at = stop;
    }
    Ok(())
}

fn owner<L: AsRef<Link>>(chain: &[L], block: u64) -> Option<usize> {
    chain.iter().position(|link| link.as_ref().holds(block))
}
