//! The stream-optimized VMDK: one header, then compressed grains in rising order, each behind its
//! own little header, with the tables at the end.
//!
//! All integers are little-endian; a sector is 512 bytes and every item begins on one.
//!
//! | part | sectors | content |
//! | --- | --- | --- |
//! | header | 1 | magic `KDMV`, version 3, capacity, grain size, compression |
//! | descriptor | 20 | text |
//! | padding | to 128 | zeros |
//! | grain | as needed | u64 first sector, u32 compressed length, zlib data |
//! | grain table | 1 + 4 | marker, 512 × u32 sector of a grain in the file, 0 = zeros |
//! | grain directory | 1 + n | marker, u32 sector of each grain table, 0 = all zeros |
//! | footer | 1 + 1 | marker, header again with the place of the directory |
//! | end of stream | 1 | marker of zeros |
//!
//! A grain that is absent reads as zeros. Version rule: versions 1 to 3 are read, 3 is written.

mod adapter;
mod error;
mod layout;
mod reader;
#[cfg(test)]
mod tests;
mod writer;
mod zlib;

pub use adapter::Adapter;
pub use error::{StreamReadError, StreamWriteError};
pub use reader::StreamReader;
pub use writer::{GrainCompression, StreamWriter, stored_len};

/// Bytes of disk in one grain of the streams written here.
pub const GRAIN_BYTES: u64 = 64 * 1024;
