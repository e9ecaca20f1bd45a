//! Content that does not come from the guest: disk images and uploads.

use std::fs::File;
use std::io;
use std::path::Path;

use super::bits::{BLOCK, usize_of};
use super::file::{is_zero, read_at};
use super::{Disk, write_through};

const STEP: u64 = 4 * 1024 * 1024;

impl Disk {
    /// Writes to the current link without telling change tracking. Zeros stay holes where
    /// nothing was written before.
    pub(crate) fn load(&self, data: &[u8], offset: u64) -> io::Result<()> {
        let _stunned = self.stun();
        let (chain, capacity) = {
            let inner = self.inner();
            (inner.chain(inner.meta.current), inner.meta.capacity)
        };
        let end = (offset + data.len() as u64).min(capacity);
        let mut at = offset;
        while at < end {
            let stop = ((at / BLOCK + 1) * BLOCK).min(end);
            let part = &data[usize_of(at - offset)..usize_of(stop - offset)];
            if !is_zero(part) || chain.iter().any(|l| l.holds(at / BLOCK)) {
                write_through(&chain, part, at, capacity)?;
            }
            at = stop;
        }
        Ok(())
    }

    /// Copies a raw image into the current link, leaving out what is zero.
    pub(crate) fn load_raw(&self, image: &Path) -> io::Result<()> {
        let file = fs_err::File::open(image)?.into_file();
        let len = file.metadata()?.len();
        let mut buf = vec![0; usize_of(STEP)];
        let mut at = 0;
        while let Some(start) = next_data(&file, at, len)? {
            // Whole blocks only, so that a block is never loaded in two parts.
            let start = start - start % BLOCK;
            let stop = (start + STEP).min(len);
            let part = &mut buf[..usize_of(stop - start)];
            read_at(&file, part, start)?;
            self.load(part, start)?;
            at = stop;
        }
        Ok(())
    }

    /// Empties the current link, for an upload that replaces the file, and counts every block of
    /// the disk as changed.
    pub(crate) fn wipe(&self) -> io::Result<()> {
        let _stunned = self.stun();
        let mut inner = self.inner();
        let capacity = inner.meta.capacity;
        if let Some(cbt) = &mut inner.cbt {
            cbt.record(0..capacity.div_ceil(BLOCK))?;
        }
        match inner.open.get(&inner.meta.current) {
            Some(link) => link.wipe(capacity),
            None => Ok(()),
        }
    }
}

/// Returns where the next bytes that may not be zero begin, or `None` at the end.
#[cfg(target_os = "linux")]
fn next_data(file: &File, at: u64, len: u64) -> io::Result<Option<u64>> {
    use rustix::fs::{SeekFrom, seek};
    if at >= len {
        return Ok(None);
    }
    match seek(file, SeekFrom::Data(at)) {
        Ok(start) => Ok(Some(start).filter(|s| *s < len)),
        Err(rustix::io::Errno::NXIO) => Ok(None),
        // File systems without holes to tell of.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::OPNOTSUPP) => Ok(Some(at)),
        Err(e) => Err(e.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn next_data(_file: &File, at: u64, len: u64) -> io::Result<Option<u64>> {
    Ok(Some(at).filter(|at| *at < len))
}
