//! Disks as numbers: offsets, lengths, extents, sets of extents, and the trait that reads them.
//!
//! Non-goals: any disk format, any I/O of its own.
//! Invariant guarded: an [`ExtentSet`] is always sorted, disjoint and merged, and offsets and
//! lengths never mix or overflow unnoticed.

mod extent;
mod memory;
mod reader;
mod set;
mod units;

pub use extent::Extent;
pub use memory::MemoryDisk;
pub use reader::{DiskReader, ReadError};
pub use set::ExtentSet;
pub use units::{ByteLen, ByteOffset, SECTOR_BYTES};
