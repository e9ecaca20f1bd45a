//! A bitmap of 64 KiB blocks that lives in a file, so that it survives a kill.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;

use fs_err as fs;
use kuramori_block::{Extent, ExtentSet};

use super::file::{read_at, write_at};

/// Bytes in one block of a bitmap.
pub(crate) const BLOCK: u64 = 64 * 1024;

/// One bit for each block of a disk. Every change is in the file before the call returns.
#[derive(Debug)]
pub(crate) struct BitFile {
    file: File,
    bytes: Vec<u8>,
}

impl BitFile {
    /// Opens or creates the bitmap of a disk of `capacity` bytes.
    pub(crate) fn open(path: &Path, capacity: u64) -> io::Result<Self> {
        let file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?
            .into_file();
        let mut bits = Self { file, bytes: Vec::new() };
        bits.grow(capacity);
        read_at(&bits.file, &mut bits.bytes, 0)?;
        Ok(bits)
    }

    /// Makes room for a larger disk; new blocks are clear.
    pub(crate) fn grow(&mut self, capacity: u64) {
        let bytes = usize_of(capacity.div_ceil(BLOCK).div_ceil(8));
        if bytes > self.bytes.len() {
            self.bytes.resize(bytes, 0);
        }
    }

    /// Returns whether a block is set.
    pub(crate) fn get(&self, block: u64) -> bool {
        let byte = usize_of(block / 8);
        self.bytes.get(byte).is_some_and(|b| b & (1 << (block % 8)) != 0)
    }

    /// Sets a range of blocks.
    pub(crate) fn set(&mut self, blocks: Range<u64>) -> io::Result<()> {
        if blocks.is_empty() {
            return Ok(());
        }
        let mut changed = false;
        for block in blocks.clone() {
            let byte = &mut self.bytes[usize_of(block / 8)];
            let bit = 1u8 << (block % 8);
            changed |= *byte & bit == 0;
            *byte |= bit;
        }
        if changed {
            let (first, last) = (blocks.start / 8, (blocks.end - 1) / 8);
            write_at(&self.file, &self.bytes[usize_of(first)..=usize_of(last)], first)?;
        }
        Ok(())
    }

    /// Clears everything.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.bytes.fill(0);
        write_at(&self.file, &self.bytes, 0)
    }

    /// Returns the set blocks as runs, in rising order.
    pub(crate) fn runs(&self) -> Vec<Range<u64>> {
        let mut runs: Vec<Range<u64>> = Vec::new();
        for (at, byte) in self.bytes.iter().enumerate().filter(|(_, b)| **b != 0) {
            for bit in (0..8).filter(|bit| byte & (1 << bit) != 0) {
                let block = at as u64 * 8 + bit;
                match runs.last_mut() {
                    Some(run) if run.end == block => run.end += 1,
                    _ => runs.push(block..block + 1),
                }
            }
        }
        runs
    }

    /// Returns the set blocks as extents of a disk of `capacity` bytes.
    pub(crate) fn extents(&self, capacity: u64) -> ExtentSet {
        self.runs()
            .into_iter()
            .filter(|r| r.start * BLOCK < capacity)
            .map(|r| {
                let start = r.start * BLOCK;
                Extent::new(start, (r.end * BLOCK).min(capacity) - start)
            })
            .collect()
    }
}

/// Returns the blocks that `len` bytes at `offset` touch.
pub(crate) fn blocks(offset: u64, len: u64) -> Range<u64> {
    if len == 0 { 0..0 } else { offset / BLOCK..(offset + len).div_ceil(BLOCK) }
}

pub(crate) fn usize_of(value: u64) -> usize {
    usize::try_from(value).expect("bitmaps and buffers fit the address space")
}
