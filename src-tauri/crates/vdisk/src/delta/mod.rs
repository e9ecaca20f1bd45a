//! The deltas of VMware snapshots: what was written to a disk since the snapshot below was made.
//!
//! Two formats, both little-endian, neither documented by VMware; what is known comes from
//! readers in the field (QEMU's `block/vmdk.c`, libvmdk, Xen Orchestra). Both map a disk by a
//! directory of tables of 4096 entries, one for each grain.
//!
//! COWD (vmfsSparse; VMFS 5, NFS), u32 fields:
//!
//! | at | field |
//! | --- | --- |
//! | 0 | magic `COWD` |
//! | 4 | version 1 |
//! | 8 | flags 3 |
//! | 12 | capacity in sectors |
//! | 16 | sectors of a grain: 1 |
//! | 20 | first sector of the directory: 4 |
//! | 24 | entries of the directory |
//! | 28 | next free sector |
//!
//! An entry of the directory is the first sector of a table, one of a table the sector of a grain;
//! 0 stands for what lies below.
//!
//! seSparse (VMFS 6, disks above 2 TiB), u64 fields by number:
//!
//! | no. | field |
//! | --- | --- |
//! | 0, 1 | magic 0xCAFEBABE, version 0x2_0000_0001 |
//! | 2, 3, 4 | capacity, grain (8) and table (64) in sectors |
//! | 10 | sector of the volatile header: magic 0xCAFECAFE, three more; the fourth is the journal's state |
//! | 16, 17 | sector and sectors of the directory |
//! | 18, 19 | sector and sectors of the tables |
//! | 24, 25 | sector and sectors of the grains |
//!
//! An entry of the directory is 0, or 1 in its top four bits and the number of a table in its low
//! half. The top four bits of a table's entry are 0 for what lies below, 1 for a grain the guest
//! unmapped, 2 for zeros and 3 for data; a grain's number has its low 12 bits in bits 48 to 59.
//!
//! What an unmapped grain reads as is told differently; it is refused, and the disk is to be read
//! in another way. A journal that was not replayed belongs to a delta somebody still writes to.

mod error;
mod header;
mod read;
mod write;

pub use error::DeltaError;
pub use read::{Delta, Place, Segment};
pub use write::{DeltaWriteError, write_cowd, write_sesparse};

/// Entries of a table of either format.
const TABLE_ENTRIES: u64 = 4096;
const SECTOR: u64 = kuramori_block::SECTOR_BYTES;
/// Twice what any vSphere version accepts as a disk.
const MAX_CAPACITY: u64 = 128 << 40;

const COWD_MAGIC: u32 = u32::from_le_bytes(*b"COWD");
const COWD_HEADER_SECTORS: u64 = 4;

const SESPARSE_MAGIC: u64 = 0xCAFE_BABE;
const SESPARSE_VERSION: u64 = 0x2_0000_0001;
const SESPARSE_VOLATILE: u64 = 0xCAFE_CAFE;
const SESPARSE_GRAIN_SECTORS: u64 = 8;
const SESPARSE_TABLE_SECTORS: u64 = TABLE_ENTRIES * 8 / SECTOR;

/// Top four bits of an entry of seSparse.
mod kind {
    pub(super) const UNMAPPED: u64 = 1;
    pub(super) const ZERO: u64 = 2;
    pub(super) const DATA: u64 = 3;
    /// Of the directory: there is a table.
    pub(super) const TABLE: u64 = 1;
    pub(super) const SHIFT: u32 = 60;
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeltaFormat {
    /// COWD, that is vmfsSparse.
    Cowd,
    /// seSparse.
    SeSparse,
}

impl DeltaFormat {
    /// Bytes of an entry of a table.
    const fn entry(self) -> u64 {
        match self {
            Self::Cowd => 4,
            Self::SeSparse => 8,
        }
    }
}
