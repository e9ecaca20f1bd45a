use std::io::Write;

use kuramori_block::{ByteLen, ByteOffset, SECTOR_BYTES};

use super::adapter::Adapter;
use super::layout::{self, SECTOR, marker, usize_of};
use super::{GRAIN_BYTES, StreamWriteError, zlib};

/// How the grains of a written stream are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrainCompression {
    /// Not compressed, so that [`stored_len`] knows the length of the stream beforehand.
    Stored,
    /// Compressed with this deflate level, 1 to 9.
    Deflate(u32),
}

/// Writes a disk as a stream-optimized VMDK. Memory is one grain and 4 bytes for each 32 MiB of
/// capacity.
///
/// Without [`StreamWriter::finish`] the stream has no end and no reader takes it.
#[derive(Debug)]
pub struct StreamWriter<W> {
    out: W,
    capacity: ByteLen,
    compression: GrainCompression,
    written: u64,
    next_grain: u64,
    table: Vec<u32>,
    /// Which table `table` is; meaningful while any of its entries is set.
    table_index: u64,
    directory: Vec<u32>,
    item: Vec<u8>,
    padded: Vec<u8>,
}

impl<W: Write> StreamWriter<W> {
    /// Writes the header and the descriptor of a disk of `capacity` bytes, whole sectors, for a kind
    /// of controller.
    ///
    /// # Errors
    /// [`StreamWriteError::Capacity`] for a size the format cannot hold, [`StreamWriteError::Io`]
    /// from the destination.
    pub fn new(
        out: W,
        (capacity, adapter): (ByteLen, Adapter),
        compression: GrainCompression,
    ) -> Result<Self, StreamWriteError> {
        check_capacity(capacity)?;
        let tables = usize_of(layout::tables_of(capacity));
        let mut writer = Self {
            out,
            capacity,
            compression,
            written: 0,
            next_grain: 0,
            table: vec![0; usize_of(layout::TABLE_ENTRIES)],
            table_index: 0,
            directory: vec![0; tables],
            item: Vec::new(),
            padded: Vec::new(),
        };
        let mut head = layout::header(capacity, layout::AT_END).0.to_vec();
        head.extend_from_slice(&layout::descriptor(capacity, adapter));
        head.resize(usize_of(layout::OVERHEAD_SECTORS * SECTOR_BYTES), 0);
        writer.put(&head)?;
        Ok(writer)
    }

    /// Writes the 64 KiB of disk from `offset` on. The grain at the end of the disk may be shorter.
    ///
    /// Offsets must rise. Grains never written read as zeros.
    ///
    /// # Errors
    /// [`StreamWriteError::GrainOutOfPlace`] for an offset that is not a grain or does not rise, or
    /// data that is not exactly the grain; [`StreamWriteError::Io`] from the destination.
    pub fn write_grain(&mut self, offset: ByteOffset, data: &[u8]) -> Result<(), StreamWriteError> {
        let grain = offset.get() / GRAIN_BYTES;
        let expected = self.capacity.get().saturating_sub(offset.get()).min(GRAIN_BYTES);
        let fits = expected > 0 && data.len() as u64 == expected;
        if !offset.get().is_multiple_of(GRAIN_BYTES) || !fits || grain < self.next_grain {
            return Err(StreamWriteError::GrainOutOfPlace {
                offset,
                len: ByteLen::new(data.len() as u64),
                capacity: self.capacity,
            });
        }
        self.enter_table(grain / layout::TABLE_ENTRIES)?;
        let at = self.sector()?;
        self.put_grain(grain, data)?;
        if let Some(entry) = self.table.get_mut(usize_of(grain % layout::TABLE_ENTRIES)) {
            *entry = at;
        }
        self.next_grain = grain + 1;
        Ok(())
    }

    /// Writes the tables, the footer and the end mark, and gives the destination back.
    ///
    /// # Errors
    /// [`StreamWriteError::Io`] from the destination.
    pub fn finish(mut self) -> Result<W, StreamWriteError> {
        self.flush_table()?;
        let directory: Vec<u8> = self.directory.iter().flat_map(|e| e.to_le_bytes()).collect();
        let sectors = (directory.len() as u64).div_ceil(SECTOR_BYTES);
        self.put(&layout::metadata_marker(marker::DIRECTORY, sectors).0)?;
        let directory_sector = u64::from(self.sector()?);
        self.put_padded(directory)?;
        self.put(&layout::metadata_marker(marker::FOOTER, 1).0)?;
        self.put(&layout::header(self.capacity, directory_sector).0)?;
        self.put(&layout::metadata_marker(marker::END, 0).0)?;
        let written = ByteLen::new(self.written);
        self.out.flush().map_err(|source| StreamWriteError::Io { written, source })?;
        Ok(self.out)
    }

    fn put_grain(&mut self, grain: u64, data: &[u8]) -> Result<(), StreamWriteError> {
        let mut item = std::mem::take(&mut self.item);
        item.clear();
        item.resize(layout::GRAIN_HEAD, 0);
        if data.len() as u64 == GRAIN_BYTES {
            self.pack(data, &mut item);
        } else {
            // Readers unpack whole grains, also where the disk ends inside one.
            self.padded.clear();
            self.padded.extend_from_slice(data);
            self.padded.resize(usize_of(GRAIN_BYTES), 0);
            self.pack(&self.padded, &mut item);
        }
        let len = u32::try_from(item.len() - layout::GRAIN_HEAD)
            .expect("a packed grain is little more than 64 KiB");
        let first_sector = grain * (GRAIN_BYTES / SECTOR_BYTES);
        let mut head = first_sector.to_le_bytes().to_vec();
        head.extend_from_slice(&len.to_le_bytes());
        item.splice(..layout::GRAIN_HEAD, head);
        self.item = self.put_padded(item)?;
        Ok(())
    }

    fn pack(&self, data: &[u8], item: &mut Vec<u8>) {
        match self.compression {
            GrainCompression::Stored => zlib::store(data, item),
            GrainCompression::Deflate(level) => zlib::deflate(data, level, item),
        }
    }

    fn enter_table(&mut self, index: u64) -> Result<(), StreamWriteError> {
        if index != self.table_index {
            self.flush_table()?;
            self.table_index = index;
        }
        Ok(())
    }

    /// Writes the current grain table if any grain of it was written.
    fn flush_table(&mut self) -> Result<(), StreamWriteError> {
        if self.table.iter().all(|entry| *entry == 0) {
            return Ok(());
        }
        self.put(&layout::metadata_marker(marker::TABLE, layout::TABLE_SECTORS).0)?;
        let at = self.sector()?;
        let bytes: Vec<u8> = self.table.iter().flat_map(|e| e.to_le_bytes()).collect();
        self.put(&bytes)?;
        if let Some(entry) = self.directory.get_mut(usize_of(self.table_index)) {
            *entry = at;
        }
        self.table.fill(0);
        Ok(())
    }

    /// Returns the sector the next item begins on.
    fn sector(&self) -> Result<u32, StreamWriteError> {
        u32::try_from(self.written / SECTOR_BYTES)
            .map_err(|_| StreamWriteError::TooLong { written: ByteLen::new(self.written) })
    }

    fn put_padded(&mut self, mut bytes: Vec<u8>) -> Result<Vec<u8>, StreamWriteError> {
        bytes.resize(bytes.len().next_multiple_of(SECTOR), 0);
        self.put(&bytes)?;
        Ok(bytes)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), StreamWriteError> {
        let written = ByteLen::new(self.written);
        self.out.write_all(bytes).map_err(|source| StreamWriteError::Io { written, source })?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

/// Returns the exact length of a [`GrainCompression::Stored`] stream of a disk of `capacity` bytes
/// that holds the given grains (offset on the disk divided by [`GRAIN_BYTES`]), in rising order
/// and each once.
///
/// # Errors
/// [`StreamWriteError::Capacity`] for a size the format cannot hold,
/// [`StreamWriteError::GrainOutOfPlace`] for grains that do not rise or lie past the end.
pub fn stored_len(
    capacity: ByteLen,
    grains: impl IntoIterator<Item = u64>,
) -> Result<ByteLen, StreamWriteError> {
    check_capacity(capacity)?;
    let grain_len = layout::GRAIN_HEAD + zlib::stored_size(usize_of(GRAIN_BYTES));
    let grain_sectors = grain_len.div_ceil(SECTOR) as u64;
    let directory = (layout::tables_of(capacity) * 4).div_ceil(SECTOR_BYTES);
    let mut sectors = layout::OVERHEAD_SECTORS + 1 + directory + 3;
    let (mut last, mut table) = (None, None);
    for grain in grains {
        let inside = grain < capacity.div_ceil(ByteLen::new(GRAIN_BYTES));
        if !inside || last.is_some_and(|last| grain <= last) {
            return Err(StreamWriteError::GrainOutOfPlace {
                offset: ByteOffset::new(grain.saturating_mul(GRAIN_BYTES)),
                len: ByteLen::new(GRAIN_BYTES),
                capacity,
            });
        }
        sectors += grain_sectors;
        if table != Some(grain / layout::TABLE_ENTRIES) {
            table = Some(grain / layout::TABLE_ENTRIES);
            sectors += 1 + layout::TABLE_SECTORS;
        }
        last = Some(grain);
    }
    Ok(ByteLen::new(sectors * SECTOR_BYTES))
}

fn check_capacity(capacity: ByteLen) -> Result<(), StreamWriteError> {
    let bytes = capacity.get();
    if bytes == 0 || bytes > layout::MAX_CAPACITY || !bytes.is_multiple_of(SECTOR_BYTES) {
        return Err(StreamWriteError::Capacity { capacity });
    }
    Ok(())
}
