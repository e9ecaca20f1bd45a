//! A view of a disk that no guest write changes.

use std::io;
use std::sync::Arc;

use super::link::{Link, read_chain};

/// The content of a chain of links. While it lives, its files are neither merged nor removed.
#[derive(Debug)]
pub(crate) struct FrozenDisk {
    chain: Vec<Arc<Link>>,
    capacity: u64,
}

impl FrozenDisk {
    /// Registers as a reader of every link; `None` when one of them is being merged.
    pub(crate) fn enter(chain: Vec<Arc<Link>>, capacity: u64) -> Option<Self> {
        for (at, link) in chain.iter().enumerate() {
            if !link.enter() {
                chain[..at].iter().for_each(|l| l.leave());
                return None;
            }
        }
        Some(Self { chain, capacity })
    }

    /// Returns whether a link is one of the chain.
    pub(crate) fn holds(&self, link: &Arc<Link>) -> bool {
        self.chain.iter().any(|held| Arc::ptr_eq(held, link))
    }

    /// Returns the size of the disk in bytes.
    pub(crate) fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Reads bytes; the range must lie on the disk.
    pub(crate) fn read(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        read_chain(&self.chain, buf, offset)
    }

    /// Returns the runs of blocks any link holds, merged.
    pub(crate) fn allocated(&self) -> kuramori_block::ExtentSet {
        self.chain.iter().fold(kuramori_block::ExtentSet::new(), |set, link| {
            set.union(&link.allocated(self.capacity))
        })
    }
}

impl Drop for FrozenDisk {
    fn drop(&mut self) {
        self.chain.iter().for_each(|l| l.leave());
    }
}
