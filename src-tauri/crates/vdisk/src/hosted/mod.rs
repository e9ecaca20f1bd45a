//! VMDKs as Workstation, Fusion and exports hold them: in files of their own, read anywhere.
//!
//! A disk begins with a descriptor: text, in a file of its own or inside a sparse file.
//!
//! | key | meaning |
//! | --- | --- |
//! | `CID` | number of the content |
//! | `parentCID` | that of the disk below, `ffffffff` for none |
//! | `parentFileNameHint` | descriptor of the disk below |
//! | `createType` | `monolithicSparse`, `twoGbMaxExtentFlat`, … |
//! | `RW 4192256 SPARSE "disk-s001.vmdk"` | the next part of the disk and the file it lies in |
//!
//! A sparse file maps its part by a directory of tables of 512 entries, little-endian:
//!
//! | at | field of its header |
//! | --- | --- |
//! | 0, 4 | magic `KDMV`, version 1 to 3 |
//! | 8 | flags: 4 entry 1 is zeros, 0x30000 packed grains |
//! | 12, 20 | capacity and grain in sectors |
//! | 28, 36 | sector and sectors of the descriptor |
//! | 44 | entries of a table: 512 |
//! | 56 | sector of the directory; all ones: see the footer |
//! | 72 | 1 while somebody writes to it |
//! | 77 | 1: packed as zlib streams |
//!
//! An entry of the directory is the sector of a table, one of a table that of a grain; 0 stands
//! for what lies below.
//!
//! Files name each other by path. Which of these are followed is up to the [`FileSet`]: nothing
//! here opens a file by itself.

mod body;
mod descriptor;
mod disk;
mod error;
mod sparse;

pub use disk::HostedDisk;
pub use error::{FileSetError, HostedError};

use kuramori_block::DiskReader;

/// Twice what any product accepts as a disk.
const MAX_CAPACITY: u64 = 128 << 40;

/// A file of a set.
pub struct SetFile {
    /// What the set calls it.
    pub name: String,
    /// Its bytes.
    pub bytes: Box<dyn DiskReader>,
}

/// Files that belong together: those of a folder, or of an archive.
pub trait FileSet: Send + Sync {
    /// Opens the file that another one calls `name`. `by` is what the set calls that other one;
    /// empty when a person named the file.
    ///
    /// # Errors
    /// [`FileSetError`]; above all, a file that is not of the set is never opened.
    fn open(&self, by: &str, name: &str) -> Result<SetFile, FileSetError>;
}
