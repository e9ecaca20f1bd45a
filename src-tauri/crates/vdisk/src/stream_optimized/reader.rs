#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::io::Read;

use flate2::{Decompress, FlushDecompress, Status};
use kuramori_block::{ByteLen, ByteOffset, SECTOR_BYTES};

use super::StreamReadError;
use super::layout::{self, GRAIN_HEAD, SECTOR, Sector, marker, usize_of};

/// Smallest and largest grain taken, in sectors. VMware writes 128.
const GRAIN_SECTORS: std::ops::RangeInclusive<u64> = 8..=2048;
/// Sectors before the first grain; a file of tables made beforehand may need many.
const MAX_OVERHEAD: u64 = 1 << 24;

/// Reads the grains of a stream-optimized VMDK from its beginning to its end.
///
/// Memory is two grains. Nothing of the tables is needed, so the source need not seek.
#[derive(Debug)]
pub struct StreamReader<R> {
    source: R,
    capacity: ByteLen,
    grain_bytes: u64,
    /// Streams with the directory at the end have an end mark; files with it in front may not.
    needs_end_mark: bool,
    at: u64,
    next_disk_offset: u64,
    tables_left: u64,
    packed: Vec<u8>,
    inflater: Decompress,
    ended: bool,
}

impl<R: Read> StreamReader<R> {
    /// Reads the header and everything before the first grain.
    ///
    /// # Errors
    /// [`StreamReadError::NotAStream`] when the header is of another kind or out of all bounds,
    /// [`StreamReadError::Io`] from the source.
    pub fn new(source: R) -> Result<Self, StreamReadError> {
        let mut reader = Self {
            source,
            capacity: ByteLen::ZERO,
            grain_bytes: 0,
            needs_end_mark: true,
            at: 0,
            next_disk_offset: 0,
            tables_left: 0,
            packed: Vec::new(),
            inflater: Decompress::new(true),
            ended: false,
        };
        let header = reader.sector()?;
        let shape = Shape::parse(&header)?;
        reader.capacity = shape.capacity;
        reader.grain_bytes = shape.grain_bytes;
        reader.needs_end_mark = shape.directory == layout::AT_END;
        // One table covers at least 8 sectors × 512 entries of disk; directory and footer add two.
        reader.tables_left = shape.capacity.get().div_ceil(8 * 512 * 512).saturating_add(2);
        reader.skip(shape.overhead.saturating_sub(1))?;
        Ok(reader)
    }

    /// Returns the size of the disk in the stream.
    pub fn capacity(&self) -> ByteLen {
        self.capacity
    }

    /// Returns how many bytes of the stream have been taken from the source.
    pub fn position(&self) -> ByteOffset {
        ByteOffset::new(self.at)
    }

    /// Unpacks the next grain into `grain` and returns where on the disk it lies, or `None` after
    /// the last one. `grain` is cut at the end of the disk; offsets rise.
    ///
    /// # Errors
    /// [`StreamReadError::Damaged`] or [`StreamReadError::Inflate`] when the stream breaks its
    /// format, also when it stops before its end mark; [`StreamReadError::Io`] from the source.
    /// After an error the reader is of no more use.
    pub fn next_grain(
        &mut self,
        grain: &mut Vec<u8>,
    ) -> Result<Option<ByteOffset>, StreamReadError> {
        while !self.ended {
            let begin = self.at;
            let Some(head) = self.item_head()? else {
                self.ended = true;
                break;
            };
            if head.u32(8) != 0 {
                return self.grain(begin, &head, grain).map(Some);
            }
            self.metadata(begin, &head)?;
        }
        Ok(None)
    }

    /// Reads the first sector of an item. The end of the source is an end only where no end mark
    /// is due.
    fn item_head(&mut self) -> Result<Option<Sector>, StreamReadError> {
        if !self.needs_end_mark {
            let mut first = [0u8; 1];
            let got = self.source.read(&mut first).map_err(|source| self.io(source))?;
            if got == 0 {
                return Ok(None);
            }
            let mut sector = Sector::zeros();
            sector.put(0, &first);
            let rest = sector.0.get_mut(1..).unwrap_or_default();
            let read = self.source.read_exact(rest);
            read.map_err(|source| self.io(source))?;
            self.at = self.at.saturating_add(SECTOR_BYTES);
            return Ok(Some(sector));
        }
        self.sector().map(Some)
    }

    fn grain(
        &mut self,
        begin: u64,
        head: &Sector,
        grain: &mut Vec<u8>,
    ) -> Result<ByteOffset, StreamReadError> {
        let damaged = |why| StreamReadError::Damaged { at: ByteOffset::new(begin), why };
        let len = usize_of(u64::from(head.u32(8)));
        if len as u64 > self.grain_bytes.saturating_mul(2) {
            return Err(damaged("a grain is longer than any packed grain"));
        }
        let disk = head
            .u64(0)
            .checked_mul(SECTOR_BYTES)
            .filter(|disk| *disk < self.capacity.get())
            .ok_or_else(|| damaged("a grain lies past the end of the disk"))?;
        if disk.checked_rem(self.grain_bytes) != Some(0) {
            return Err(damaged("a grain does not begin on a grain"));
        }
        if disk < self.next_disk_offset {
            return Err(damaged("the grains do not rise"));
        }
        self.read_packed(head, len)?;
        let due = self.capacity.get().saturating_sub(disk).min(self.grain_bytes);
        let got = self
            .inflate(grain)
            .map_err(|source| StreamReadError::Inflate { disk: ByteOffset::new(disk), source })?;
        if got != Status::StreamEnd || (grain.len() as u64) < due {
            return Err(damaged("a grain unpacks to another size"));
        }
        grain.truncate(usize_of(due));
        self.next_disk_offset = disk.saturating_add(self.grain_bytes);
        Ok(ByteOffset::new(disk))
    }

    /// Collects the packed bytes, which begin inside the sector already read.
    fn read_packed(&mut self, head: &Sector, len: usize) -> Result<(), StreamReadError> {
        let inline = head.0.get(GRAIN_HEAD..).unwrap_or_default();
        let mut packed = std::mem::take(&mut self.packed);
        packed.clear();
        packed.extend_from_slice(inline);
        let whole = len.saturating_add(GRAIN_HEAD).next_multiple_of(SECTOR);
        let rest = whole.saturating_sub(SECTOR);
        packed.resize(inline.len().saturating_add(rest), 0);
        let read = self.source.read_exact(packed.get_mut(inline.len()..).unwrap_or_default());
        read.map_err(|source| self.io(source))?;
        self.at = self.at.saturating_add(rest as u64);
        packed.truncate(len);
        self.packed = packed;
        Ok(())
    }

    /// Unpacks the packed bytes into `grain`, which never grows past one grain.
    fn inflate(&mut self, grain: &mut Vec<u8>) -> Result<Status, flate2::DecompressError> {
        let limit = usize_of(self.grain_bytes);
        grain.clear();
        grain.reserve_exact(limit);
        self.inflater.reset(true);
        let status = self.inflater.decompress_vec(&self.packed, grain, FlushDecompress::Finish)?;
        grain.truncate(limit);
        Ok(status)
    }

    fn metadata(&mut self, begin: u64, head: &Sector) -> Result<(), StreamReadError> {
        let damaged = |why| StreamReadError::Damaged { at: ByteOffset::new(begin), why };
        let sectors = head.u64(0);
        match head.u32(12) {
            marker::END if sectors == 0 => self.ended = true,
            marker::TABLE if sectors <= 64 && self.tables_left > 0 => {
                self.tables_left = self.tables_left.saturating_sub(1);
                self.skip(sectors)?;
            }
            marker::DIRECTORY if sectors <= 1 << 16 && self.tables_left > 0 => {
                self.tables_left = self.tables_left.saturating_sub(1);
                self.skip(sectors)?;
            }
            marker::FOOTER if sectors == 1 && self.tables_left > 0 => {
                self.tables_left = self.tables_left.saturating_sub(1);
                let footer = Shape::parse(&self.sector()?)?;
                if footer.capacity != self.capacity {
                    return Err(damaged("the footer names another capacity than the header"));
                }
            }
            _ => return Err(damaged("an unknown or oversized marker")),
        }
        Ok(())
    }

    fn sector(&mut self) -> Result<Sector, StreamReadError> {
        let mut sector = Sector::zeros();
        let read = self.source.read_exact(&mut sector.0);
        read.map_err(|source| self.io(source))?;
        self.at = self.at.saturating_add(SECTOR_BYTES);
        Ok(sector)
    }

    fn skip(&mut self, sectors: u64) -> Result<(), StreamReadError> {
        for _ in 0..sectors {
            self.sector()?;
        }
        Ok(())
    }

    fn io(&self, source: std::io::Error) -> StreamReadError {
        StreamReadError::Io { at: ByteOffset::new(self.at), source }
    }
}

/// What the header says.
struct Shape {
    capacity: ByteLen,
    grain_bytes: u64,
    directory: u64,
    overhead: u64,
}

impl Shape {
    fn parse(sector: &Sector) -> Result<Self, StreamReadError> {
        let wrong = |why| Err(StreamReadError::NotAStream { why });
        if sector.u32(0) != layout::MAGIC {
            return wrong("no VMDK magic");
        }
        if !(1..=3).contains(&sector.u32(4)) {
            return wrong("unknown version");
        }
        let wanted = layout::FLAG_COMPRESSED | layout::FLAG_MARKERS;
        if sector.u32(8) & wanted != wanted {
            return wrong("its grains are not compressed behind markers");
        }
        if sector.u16(77) != layout::COMPRESSION_DEFLATE {
            return wrong("unknown compression");
        }
        let grain_sectors = sector.u64(20);
        if !GRAIN_SECTORS.contains(&grain_sectors) || !grain_sectors.is_power_of_two() {
            return wrong("unusual grain size");
        }
        let capacity = sector.u64(12).saturating_mul(SECTOR_BYTES);
        if capacity == 0 || capacity > layout::MAX_CAPACITY {
            return wrong("impossible capacity");
        }
        let overhead = sector.u64(64);
        if overhead == 0 || overhead > MAX_OVERHEAD {
            return wrong("impossible place of the first grain");
        }
        Ok(Self {
            capacity: ByteLen::new(capacity),
            grain_bytes: grain_sectors.saturating_mul(SECTOR_BYTES),
            directory: sector.u64(56),
            overhead,
        })
    }
}
