//! Freezing, merging, reverting and the life of change tracking.

use std::io;
use std::sync::Arc;

use kuramori_block::ExtentSet;

use super::bits::BLOCK;
use super::{Cbt, ChangeId, Disk, Link, LinkMeta, Stunned, usize_of};

/// How an attempt to fold a link into its parent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    /// One link fewer.
    Done,
    /// Nothing to do: the link is needed by more than one successor, or has none.
    Kept,
    /// Somebody reads one of the files.
    Busy,
}

impl Disk {
    /// Freezes the current link and starts a delta. Returns the frozen link and its change id.
    ///
    /// # Errors
    /// When a file cannot be created; the disk then goes on as before.
    pub(crate) fn freeze(&self, _stunned: &Stunned<'_>) -> io::Result<(u64, Option<ChangeId>)> {
        let mut inner = self.inner();
        let folder = self.places.folder(&inner.meta);
        let (frozen, id) = (inner.meta.current, inner.meta.next_link);
        let number = inner.meta.next_delta;
        let link = LinkMeta {
            id,
            parent: Some(frozen),
            extent: format!("{}-{number:06}-{}.vmdk", inner.meta.stem, inner.meta.deltas.word()),
            descriptor: format!("{}-{number:06}.vmdk", inner.meta.stem),
            cid: random(),
        };
        let map = self.places.map(&inner.meta, id);
        let open = Link::open(id, folder.join(&link.extent), map, inner.meta.capacity)?;
        let change = inner.cbt.as_mut().map(Cbt::mark).transpose()?;
        inner.open.insert(id, Arc::new(open));
        inner.meta.links.push(link);
        inner.meta.current = id;
        inner.meta.next_link += 1;
        inner.meta.next_delta += 1;
        inner.write_descriptors(&folder)?;
        Ok((frozen, change))
    }

    /// Switches tracking on or off, as a stun does after the flag was changed.
    pub(crate) fn apply_tracking(&self, _stunned: &Stunned<'_>, wanted: bool) -> io::Result<()> {
        let mut inner = self.inner();
        match (wanted, inner.cbt.is_some()) {
            (true, false) => {
                let dir = self.places.cbt(&inner.meta);
                inner.cbt = Some(Cbt::start(dir, inner.meta.capacity)?);
            }
            (false, true) => {
                inner.cbt = None;
            }
            _ => {}
        }
        Ok(())
    }

    /// Starts a new epoch when the disk is tracked. Returns whether it was.
    pub(crate) fn reset_tracking(&self, _stunned: &Stunned<'_>) -> io::Result<bool> {
        let mut inner = self.inner();
        if inner.cbt.is_none() {
            return Ok(false);
        }
        // The old epoch's files stay until the disk goes: a kill before the new epoch is
        // remembered must find them.
        let dir = self.places.cbt(&inner.meta);
        inner.cbt = Some(Cbt::start(dir, inner.meta.capacity)?);
        Ok(true)
    }

    /// Returns the id of the running disk, when it is tracked.
    pub(crate) fn change_id(&self) -> Option<ChangeId> {
        self.inner().cbt.as_ref().map(Cbt::now)
    }

    /// Returns what was written between two ids; `None` where the current epoch cannot say.
    pub(crate) fn changed(&self, from: ChangeId, to: ChangeId) -> Option<ExtentSet> {
        self.inner().cbt.as_ref()?.changed(from, to)
    }

    /// Throws away what was written since `link` was frozen and starts a new delta on it.
    pub(crate) fn revert(&self, stunned: &Stunned<'_>, link: u64) -> io::Result<()> {
        let dropped = {
            let mut inner = self.inner();
            let old = inner.meta.current;
            inner.meta.current = link;
            old
        };
        self.freeze(stunned)?;
        self.reset_tracking(stunned)?;
        self.discard(dropped)
    }

    /// Removes a link no other link and no snapshot needs.
    fn discard(&self, id: u64) -> io::Result<()> {
        let mut inner = self.inner();
        let needed = inner.meta.links.iter().any(|l| l.parent == Some(id));
        if needed || inner.meta.current == id {
            return Ok(());
        }
        let folder = self.folder_of(&inner);
        inner.detach(id, &folder)
    }

    fn folder_of(&self, inner: &super::Inner) -> std::path::PathBuf {
        self.places.folder(&inner.meta)
    }

    /// Folds the only successor of `link` into it. The successor's snapshots, if any, are then
    /// held by `link`. The caller names links that no snapshot keeps.
    pub(crate) fn fold(&self, _stunned: &Stunned<'_>, link: u64) -> io::Result<(Merge, u64)> {
        let (parent, child) = {
            let mut inner = self.inner();
            let children: Vec<u64> =
                inner.meta.links.iter().filter(|l| l.parent == Some(link)).map(|l| l.id).collect();
            match children[..] {
                [] if inner.meta.current != link => {
                    let folder = self.folder_of(&inner);
                    if !inner.open.get(&link).is_none_or(|l| l.close()) {
                        inner.open[&link].reopen();
                        return Ok((Merge::Busy, link));
                    }
                    inner.detach(link, &folder)?;
                    return Ok((Merge::Done, link));
                }
                [child] => (Arc::clone(&inner.open[&link]), Arc::clone(&inner.open[&child])),
                _ => return Ok((Merge::Kept, link)),
            }
        };
        let free = parent.close() & child.close();
        if !free {
            parent.reopen();
            child.reopen();
            return Ok((Merge::Busy, child.id));
        }
        copy_blocks(&child, &parent)?;
        let mut inner = self.inner();
        for other in inner.meta.links.iter_mut().filter(|l| l.parent == Some(child.id)) {
            other.parent = Some(parent.id);
        }
        if inner.meta.current == child.id {
            inner.meta.current = parent.id;
        }
        // Taken out before its files go: a stale delta must never be folded a second time.
        if let Some(at) = inner.meta.links.iter().position(|l| l.id == child.id) {
            let gone = inner.meta.links.remove(at);
            inner.trash.push(gone);
        }
        parent.reopen();
        Ok((Merge::Done, child.id))
    }

    /// Removes the files of folded links, once the new state is remembered.
    pub(crate) fn empty_trash(&self) -> io::Result<()> {
        let mut inner = self.inner();
        let folder = self.places.folder(&inner.meta);
        for gone in std::mem::take(&mut inner.trash) {
            super::remove_if_there(&folder.join(gone.descriptor))?;
            if let Some(link) = inner.open.remove(&gone.id) {
                link.remove()?;
            }
        }
        inner.write_descriptors(&folder)
    }
}

impl super::Inner {
    fn detach(&mut self, id: u64, folder: &std::path::Path) -> io::Result<()> {
        if let Some(at) = self.meta.links.iter().position(|l| l.id == id) {
            let meta = self.meta.links.remove(at);
            super::remove_if_there(&folder.join(meta.descriptor))?;
        }
        match self.open.remove(&id) {
            Some(link) => link.remove(),
            None => Ok(()),
        }
    }
}

fn copy_blocks(from: &Link, to: &Link) -> io::Result<()> {
    const STEP: u64 = 64;
    let end_of_file = fs_err::metadata(&from.path)?.len();
    for run in from.runs() {
        let mut block = run.start;
        while block < run.end {
            let stop = (block + STEP).min(run.end);
            let (start, end) = (block * BLOCK, (stop * BLOCK).min(end_of_file));
            let mut buf = vec![0; usize_of(end - start)];
            from.read(&mut buf, start)?;
            to.write(&buf, start)?;
            block = stop;
        }
    }
    Ok(())
}

pub(crate) fn random() -> u32 {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    u32::from_le_bytes(bytes) | 1
}
