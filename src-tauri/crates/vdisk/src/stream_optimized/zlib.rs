//! Packing one grain as a zlib stream.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// The most one stored block holds.
const STORED_BLOCK: usize = 65_535;

/// Bytes a zlib stream of stored blocks takes for `len` bytes of data.
pub(super) const fn stored_size(len: usize) -> usize {
    2 + len.div_ceil(STORED_BLOCK) * 5 + len + 4
}

/// Appends `data` as a zlib stream of stored blocks, whose length depends on `data.len()` alone.
pub(super) fn store(data: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&[0x78, 0x01]);
    let mut blocks = data.chunks(STORED_BLOCK).peekable();
    while let Some(block) = blocks.next() {
        let len = u16::try_from(block.len()).expect("a stored block is at most 65 535 bytes");
        out.push(u8::from(blocks.peek().is_none()));
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&(!len).to_le_bytes());
        out.extend_from_slice(block);
    }
    out.extend_from_slice(&adler32(data).to_be_bytes());
}

/// Appends `data` as a compressed zlib stream.
pub(super) fn deflate(data: &[u8], level: u32, out: &mut Vec<u8>) {
    let mut encoder = ZlibEncoder::new(out, Compression::new(level.min(9)));
    encoder
        .write_all(data)
        .and_then(|()| encoder.try_finish())
        .expect("writing to memory does not fail");
}

fn adler32(data: &[u8]) -> u32 {
    const BASE: u32 = 65_521;
    /// The most bytes after which the sums still fit 32 bits.
    const RUN: usize = 5552;
    let (mut a, mut b) = (1u32, 0u32);
    for run in data.chunks(RUN) {
        for &byte in run {
            a += u32::from(byte);
            b += a;
        }
        a %= BASE;
        b %= BASE;
    }
    b << 16 | a
}
