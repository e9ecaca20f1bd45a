//! Numbers of the format and its fixed sectors.

use kuramori_block::{ByteLen, SECTOR_BYTES};

use super::GRAIN_BYTES;
use super::adapter::Adapter;

pub(super) const SECTOR: usize = 512;
pub(super) const MAGIC: u32 = 0x564d_444b;
/// Newline test, compressed grains, markers.
pub(super) const FLAGS: u32 = 0x0003_0001;
pub(super) const FLAG_COMPRESSED: u32 = 1 << 16;
pub(super) const FLAG_MARKERS: u32 = 1 << 17;
pub(super) const COMPRESSION_DEFLATE: u16 = 1;
/// Grain directory offset that says "see the footer".
pub(super) const AT_END: u64 = u64::MAX;
pub(super) const TABLE_ENTRIES: u64 = 512;
pub(super) const TABLE_SECTORS: u64 = TABLE_ENTRIES * 4 / SECTOR_BYTES;
/// Sectors before the first grain.
pub(super) const OVERHEAD_SECTORS: u64 = 128;
pub(super) const DESCRIPTOR_SECTORS: u64 = 20;
/// Bytes before the compressed data of a grain: first sector and length.
pub(super) const GRAIN_HEAD: usize = 12;
/// Twice what any vSphere version accepts as a disk.
pub(super) const MAX_CAPACITY: u64 = 128 << 40;

/// Types of the sectors that announce something other than a grain.
pub(super) mod marker {
    pub(in super::super) const END: u32 = 0;
    pub(in super::super) const TABLE: u32 = 1;
    pub(in super::super) const DIRECTORY: u32 = 2;
    pub(in super::super) const FOOTER: u32 = 3;
}

/// One sector with checked access to its integers.
#[derive(Clone)]
pub(super) struct Sector(pub(super) [u8; SECTOR]);

impl Sector {
    pub(super) fn zeros() -> Self {
        Self([0; SECTOR])
    }

    fn chunk<const N: usize>(&self, at: usize) -> [u8; N] {
        let tail = self.0.get(at..).unwrap_or_default();
        *tail.first_chunk().expect("fields of the format lie inside a sector")
    }

    pub(super) fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.chunk(at))
    }

    pub(super) fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.chunk(at))
    }

    pub(super) fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.chunk(at))
    }

    pub(super) fn put(&mut self, at: usize, bytes: &[u8]) {
        let place = self.0.get_mut(at..).and_then(|tail| tail.get_mut(..bytes.len()));
        place.expect("fields of the format lie inside a sector").copy_from_slice(bytes);
    }
}

/// Returns the header, or the footer when the place of the directory is known.
pub(super) fn header(capacity: ByteLen, directory_sector: u64) -> Sector {
    let mut sector = Sector::zeros();
    sector.put(0, &MAGIC.to_le_bytes());
    sector.put(4, &3u32.to_le_bytes());
    sector.put(8, &FLAGS.to_le_bytes());
    sector.put(12, &(capacity.get() / SECTOR_BYTES).to_le_bytes());
    sector.put(20, &(GRAIN_BYTES / SECTOR_BYTES).to_le_bytes());
    sector.put(28, &1u64.to_le_bytes());
    sector.put(36, &DESCRIPTOR_SECTORS.to_le_bytes());
    sector.put(44, &512u32.to_le_bytes());
    sector.put(56, &directory_sector.to_le_bytes());
    sector.put(64, &OVERHEAD_SECTORS.to_le_bytes());
    sector.put(73, b"\n \r\n");
    sector.put(77, &COMPRESSION_DEFLATE.to_le_bytes());
    sector
}

/// Returns the sector that announces `sectors` of metadata of type `kind`.
pub(super) fn metadata_marker(kind: u32, sectors: u64) -> Sector {
    let mut sector = Sector::zeros();
    sector.put(0, &sectors.to_le_bytes());
    sector.put(12, &kind.to_le_bytes());
    sector
}

/// Returns the descriptor text, filled up to its sectors.
pub(super) fn descriptor(capacity: ByteLen, adapter: Adapter) -> Vec<u8> {
    let sectors = capacity.get() / SECTOR_BYTES;
    let (cylinders, heads, tracks) = adapter.geometry(sectors);
    let adapter = adapter.name();
    let text = format!(
        "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n\
         createType=\"streamOptimized\"\n\n# Extent description\n\
         RW {sectors} SPARSE \"disk.vmdk\"\n\n# The Disk Data Base\n#DDB\n\n\
         ddb.virtualHWVersion = \"4\"\nddb.geometry.cylinders = \"{cylinders}\"\n\
         ddb.geometry.heads = \"{heads}\"\nddb.geometry.sectors = \"{tracks}\"\n\
         ddb.adapterType = \"{adapter}\"\n"
    );
    let mut bytes = text.into_bytes();
    bytes.resize(usize_of(DESCRIPTOR_SECTORS * SECTOR_BYTES), 0);
    bytes
}

pub(super) fn usize_of(bytes: u64) -> usize {
    ByteLen::new(bytes).as_usize()
}

pub(super) fn tables_of(capacity: ByteLen) -> u64 {
    capacity.get().div_ceil(GRAIN_BYTES * TABLE_ENTRIES)
}
