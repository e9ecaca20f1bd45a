//! Bytes that neither compress nor repeat, the same on every machine.

use std::{io::Write, path::Path};

use anyhow::Result;
use fs_err::File;

/// A source of noise (splitmix64); equal seeds give equal bytes.
pub(super) struct Noise(u64);

impl Noise {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Writes a new file of `length` bytes, a multiple of 64 KiB.
    pub(super) fn write_file(mut self, path: &Path, length: u64) -> Result<()> {
        let mut out = File::create(path)?;
        let mut block = vec![0; 64 << 10];
        for _ in 0..length / block.len() as u64 {
            for word in block.chunks_exact_mut(8) {
                word.copy_from_slice(&self.next().to_le_bytes());
            }
            out.write_all(&block)?;
        }
        Ok(())
    }
}
