//! A delta as a host would hold it. The lab itself writes each block at its own offset, which is
//! quick; what clients read is a true vmfsSparse or seSparse file, made when somebody asks.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use kuramori_block::{ByteLen, ByteOffset, DiskReader, ExtentSet, ReadError};
use kuramori_vdisk::delta::{DeltaWriteError, write_cowd, write_sesparse};

use super::Link;
use super::bits::{BLOCK, usize_of};
use super::file::is_zero;
use super::link::remove_if_there;
use crate::config::Deltas;

impl Deltas {
    /// Part of the name of a delta's file.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::VmfsSparse => "delta",
            Self::SeSparse => "sesparse",
        }
    }

    /// Types of the disk and of its extent in a descriptor.
    pub(super) fn types(self) -> (&'static str, &'static str) {
        match self {
            Self::VmfsSparse => ("vmfsSparse", "VMFSSPARSE"),
            Self::SeSparse => ("seSparse", "SESPARSE"),
        }
    }
}

/// The file, if it was made since the link last changed.
#[derive(Debug)]
pub(super) struct Held {
    path: PathBuf,
    is_made: bool,
}

impl Held {
    /// Nothing yet; what an earlier run left is made anew.
    pub(super) fn new(map: &Path) -> Self {
        Self { path: map.with_extension("held"), is_made: false }
    }

    /// Forgets the file: the link is about to change.
    pub(super) fn outdate(&mut self) -> io::Result<()> {
        if self.is_made { self.remove() } else { Ok(()) }
    }

    /// Removes the file, whichever run made it.
    pub(super) fn remove(&mut self) -> io::Result<()> {
        self.is_made = false;
        remove_if_there(&self.path)
    }

    /// Opens the file, making it first where there is none.
    pub(super) fn open(&mut self, link: &Link, deltas: Deltas) -> io::Result<File> {
        if !self.is_made {
            make(&self.path, link, deltas)?;
            self.is_made = true;
        }
        Ok(fs::File::open(&self.path)?.into_file())
    }
}

fn make(path: &Path, link: &Link, deltas: Deltas) -> io::Result<()> {
    let mut out = io::BufWriter::new(fs::File::create(path)?);
    let disk = LinkDisk { link, capacity: link.len()? };
    let held = link.allocated(disk.capacity);
    let written = match deltas {
        Deltas::VmfsSparse => write_cowd(&mut out, &disk, &held),
        Deltas::SeSparse => {
            let zeroed = zeroed(link, &held)?;
            write_sesparse(&mut out, &disk, &held, &zeroed)
        }
    };
    written.map_err(|error| match error {
        DeltaWriteError::Write(error) => error,
        other => io::Error::other(other),
    })?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(())
}

/// Returns the blocks that were written with zeros, which a host only marks.
fn zeroed(link: &Link, held: &ExtentSet) -> io::Result<ExtentSet> {
    let mut found = ExtentSet::new();
    for block in held.iter().flat_map(|extent| extent.pieces(ByteLen::new(BLOCK))) {
        let mut bytes = vec![0; usize_of(block.len.get())];
        link.read(&mut bytes, block.offset.get())?;
        if is_zero(&bytes) {
            found.insert(block);
        }
    }
    Ok(found)
}

/// What a link holds, at its place on the disk.
struct LinkDisk<'a> {
    link: &'a Link,
    capacity: u64,
}

impl DiskReader for LinkDisk<'_> {
    fn capacity(&self) -> ByteLen {
        ByteLen::new(self.capacity)
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        self.check_range(offset, buf.len())?;
        self.link.read(buf, offset.get()).map_err(|error| ReadError::source(offset, error))
    }
}
