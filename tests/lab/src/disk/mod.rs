//! Virtual disks: chains of sparse files, guest writes, freezing, merging and change tracking.
//!
//! Locks, outermost first: `io` (guest writes and merges exclude each other and live reads), then
//! `inner` (short, no long I/O). Frozen reads take neither while they read.

mod bits;
mod cbt;
mod descriptor;
mod file;
mod frozen;
mod held;
mod import;
mod link;
mod snapshot;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, RwLock, RwLockWriteGuard};

use kuramori_block::{Extent, ExtentSet};
use serde::{Deserialize, Serialize};

use crate::config::{Backing, Deltas};

pub(crate) use bits::{BLOCK, usize_of};
pub(crate) use cbt::{Cbt, CbtMeta, ChangeId};
pub(crate) use file::{is_zero, read_at};
pub(crate) use frozen::FrozenDisk;
pub(crate) use link::{Link, LinkMeta, remove_if_there};
pub(crate) use snapshot::Merge;

/// What is remembered of a disk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DiskMeta {
    pub(crate) key: i32,
    pub(crate) controller: i32,
    pub(crate) unit: i32,
    pub(crate) uuid: String,
    pub(crate) capacity: u64,
    pub(crate) thin: bool,
    pub(crate) eager: bool,
    pub(crate) mode: String,
    pub(crate) datastore: String,
    /// The folder of the disk inside its datastore.
    pub(crate) dir: String,
    /// The disk's name without an ending.
    pub(crate) stem: String,
    pub(crate) links: Vec<LinkMeta>,
    pub(crate) current: u64,
    pub(crate) next_link: u64,
    pub(crate) next_delta: u32,
    #[serde(default)]
    pub(crate) deltas: Deltas,
    #[serde(default)]
    pub(crate) backing: Backing,
    pub(crate) cbt: Option<CbtMeta>,
}

impl DiskMeta {
    pub(crate) fn link(&self, id: u64) -> Option<&LinkMeta> {
        self.links.iter().find(|l| l.id == id)
    }

    /// Returns the link and its ancestors, newest first.
    pub(crate) fn chain(&self, id: u64) -> Vec<&LinkMeta> {
        let mut chain = Vec::new();
        let mut next = Some(id);
        while let Some(link) = next.and_then(|id| self.link(id)) {
            chain.push(link);
            next = link.parent;
        }
        chain
    }

    /// Returns the datastore path of a file beside the disk.
    pub(crate) fn path_of(&self, file: &str) -> String {
        format!("[{}] {}/{file}", self.datastore, self.dir)
    }
}

/// Where the lab keeps the files of disks.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// The folder with one folder for each datastore.
    pub(crate) datastores: PathBuf,
    /// Bitmaps of links and of change tracking; no client sees these.
    pub(crate) maps: PathBuf,
}

impl Places {
    pub(crate) fn folder(&self, meta: &DiskMeta) -> PathBuf {
        self.datastores.join(&meta.datastore).join(&meta.dir)
    }

    fn map(&self, meta: &DiskMeta, link: u64) -> PathBuf {
        self.maps.join(format!("{}-{link}.map", compact(&meta.uuid)))
    }

    fn cbt(&self, meta: &DiskMeta) -> PathBuf {
        self.maps.join(format!("{}-cbt", compact(&meta.uuid)))
    }
}

fn compact(uuid: &str) -> String {
    uuid.chars().filter(char::is_ascii_hexdigit).collect()
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) meta: DiskMeta,
    open: BTreeMap<u64, Arc<Link>>,
    cbt: Option<Cbt>,
    /// Links that were folded away and whose files are still there.
    trash: Vec<LinkMeta>,
}

/// One disk of a VM.
#[derive(Debug)]
pub(crate) struct Disk {
    places: Places,
    io: RwLock<()>,
    inner: Mutex<Inner>,
}

/// A link that was found by the name of its data file.
pub(crate) struct NamedLink {
    pub(crate) link: Arc<Link>,
    /// Whether the guest's writes go there.
    pub(crate) is_current: bool,
    /// How a host would keep it; `None` for a base.
    pub(crate) deltas: Option<Deltas>,
}

/// Proof that guest writes to a disk stand still.
pub(crate) type Stunned<'a> = RwLockWriteGuard<'a, ()>;

impl Disk {
    /// Opens a disk as it was remembered, creating files that are not there yet.
    pub(crate) fn open(meta: DiskMeta, places: &Places) -> io::Result<Self> {
        let folder = places.folder(&meta);
        fs_err::create_dir_all(&folder)?;
        fs_err::create_dir_all(&places.maps)?;
        let mut open = BTreeMap::new();
        for link in &meta.links {
            let map = places.map(&meta, link.id);
            let opened = Link::open(link.id, folder.join(&link.extent), map, meta.capacity)?;
            open.insert(link.id, Arc::new(opened));
        }
        let cbt = match &meta.cbt {
            Some(cbt) => Some(Cbt::open(cbt.clone(), places.cbt(&meta), meta.capacity)?),
            None => None,
        };
        let disk = Self {
            places: places.clone(),
            io: RwLock::new(()),
            inner: Mutex::new(Inner { meta, open, cbt, trash: Vec::new() }),
        };
        disk.inner().write_descriptors(&folder)?;
        Ok(disk)
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no holder panics")
    }

    /// Returns what is to be remembered of the disk now.
    pub(crate) fn meta(&self) -> DiskMeta {
        let inner = self.inner();
        let mut meta = inner.meta.clone();
        meta.cbt = inner.cbt.as_ref().map(|c| c.meta.clone());
        meta
    }

    /// Holds guest writes until the guard is dropped.
    pub(crate) fn stun(&self) -> Stunned<'_> {
        self.io.write().expect("no holder panics")
    }

    /// Writes as the guest does. The caller has checked that the range lies on the disk.
    pub(crate) fn guest_write(&self, data: &[u8], offset: u64) -> io::Result<()> {
        let _stunned = self.stun();
        let (chain, capacity) = {
            let mut inner = self.inner();
            let blocks = bits::blocks(offset, data.len() as u64);
            if let Some(cbt) = &mut inner.cbt {
                cbt.record(blocks)?;
            }
            (inner.chain(inner.meta.current), inner.meta.capacity)
        };
        write_through(&chain, data, offset, capacity)
    }

    /// Reads what the guest would read now.
    pub(crate) fn live_read(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let _io = self.io.read().expect("no holder panics");
        let chain = {
            let inner = self.inner();
            inner.chain(inner.meta.current)
        };
        link::read_chain(&chain, buf, offset)
    }

    /// Returns the state that `link` holds, or the live chain's when it is the current one.
    /// `None` while one of its files is being merged.
    pub(crate) fn frozen(&self, link: u64) -> Option<FrozenDisk> {
        let inner = self.inner();
        FrozenDisk::enter(inner.chain(link), inner.meta.capacity)
    }

    /// Finds the link whose data file is called `name`.
    pub(crate) fn link_named(&self, name: &str) -> Option<NamedLink> {
        let inner = self.inner();
        let found = inner.meta.links.iter().find(|l| l.extent == name)?;
        Some(NamedLink {
            link: Arc::clone(inner.open.get(&found.id)?),
            is_current: found.id == inner.meta.current,
            deltas: found.parent.map(|_| inner.meta.deltas),
        })
    }

    /// Returns the blocks the chain of `link` holds.
    pub(crate) fn allocated(&self, link: u64) -> ExtentSet {
        let inner = self.inner();
        let capacity = inner.meta.capacity;
        if !inner.meta.thin && inner.meta.eager {
            return ExtentSet::from_iter([Extent::new(0, capacity)]);
        }
        inner
            .chain(link)
            .iter()
            .fold(ExtentSet::new(), |set, link| set.union(&link.allocated(capacity)))
    }

    /// Makes the disk larger; what is added reads as zeros.
    pub(crate) fn grow(&self, capacity: u64) -> io::Result<()> {
        let _stunned = self.stun();
        let mut inner = self.inner();
        for link in inner.open.values() {
            link.grow(capacity)?;
        }
        if let Some(cbt) = &mut inner.cbt {
            cbt.grow(capacity);
        }
        inner.meta.capacity = capacity;
        let folder = self.places.folder(&inner.meta);
        inner.write_descriptors(&folder)
    }

    /// Returns the folder the disk's files lie in.
    pub(crate) fn folder(&self) -> PathBuf {
        self.places.folder(&self.inner().meta)
    }

    /// Removes all files of the disk.
    pub(crate) fn remove(&self) -> io::Result<()> {
        let _stunned = self.stun();
        let mut inner = self.inner();
        let folder = self.places.folder(&inner.meta);
        for meta in std::mem::take(&mut inner.meta.links) {
            remove_if_there(&folder.join(&meta.descriptor))?;
            if let Some(link) = inner.open.remove(&meta.id) {
                link.remove()?;
            }
        }
        inner.cbt = None;
        match fs_err::remove_dir_all(self.places.cbt(&inner.meta)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }
}

impl Inner {
    /// Returns the open files from `link` down to the base.
    pub(crate) fn chain(&self, link: u64) -> Vec<Arc<Link>> {
        self.meta.chain(link).iter().filter_map(|l| self.open.get(&l.id)).map(Arc::clone).collect()
    }

    fn write_descriptors(&self, folder: &Path) -> io::Result<()> {
        for link in &self.meta.links {
            let text = descriptor::text(&self.meta, link);
            fs_err::write(folder.join(&link.descriptor), text)?;
        }
        Ok(())
    }
}

/// Writes to the newest link, copying up the blocks that are written in part.
fn write_through(chain: &[Arc<Link>], data: &[u8], offset: u64, capacity: u64) -> io::Result<()> {
    let Some(top) = chain.first() else { return Err(io::ErrorKind::NotFound.into()) };
    let end = offset + data.len() as u64;
    for block in bits::blocks(offset, data.len() as u64) {
        let start = block * BLOCK;
        let stop = (start + BLOCK).min(capacity);
        let (from, to) = (start.max(offset), stop.min(end));
        let part = &data[usize_of(from - offset)..usize_of(to - offset)];
        if (from, to) == (start, stop) || top.holds(block) {
            top.write(part, from)?;
            continue;
        }
        let mut whole = vec![0; usize_of(stop - start)];
        link::read_chain(chain, &mut whole, start)?;
        whole[usize_of(from - start)..usize_of(to - start)].copy_from_slice(part);
        top.write(&whole, start)?;
    }
    Ok(())
}
