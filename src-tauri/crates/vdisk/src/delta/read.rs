//! Where the bytes of a delta lie.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kuramori_block::{ByteLen, ByteOffset, DiskReader, Extent, ReadError};

use super::header::{self, Header, bytes, damaged};
use super::{DeltaError, DeltaFormat, TABLE_ENTRIES, kind};

/// Tables that stay in memory: 8 MiB.
const TABLES: usize = 256;

/// What a part of a disk reads as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// What lies below this delta.
    Below,
    /// Zeros.
    Zero,
    /// The bytes of the delta's file from here on.
    File(ByteOffset),
}

/// A part of a disk and what it reads as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The part.
    pub disk: Extent,
    /// What it reads as.
    pub place: Place,
}

/// A delta in a file.
pub struct Delta {
    file: Box<dyn DiskReader>,
    header: Header,
    tables: Mutex<HashMap<usize, Arc<[u64]>>>,
}

impl std::fmt::Debug for Delta {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delta")
            .field("format", &self.header.format)
            .field("capacity", &self.header.capacity)
            .finish_non_exhaustive()
    }
}

impl Delta {
    /// Opens the delta in a file, which tells its format by itself.
    ///
    /// # Errors
    /// [`DeltaError::NotADelta`], [`DeltaError::InUse`] and [`DeltaError::Damaged`] for what the
    /// file is, [`DeltaError::Read`] when it cannot be read.
    pub fn open(file: Box<dyn DiskReader>) -> Result<Self, DeltaError> {
        let header = header::read(file.as_ref())?;
        Ok(Self { file, header, tables: Mutex::default() })
    }

    /// Returns the format.
    pub fn format(&self) -> DeltaFormat {
        self.header.format
    }

    /// Returns the size of the disk.
    pub fn capacity(&self) -> ByteLen {
        ByteLen::new(self.header.capacity)
    }

    /// Returns the file.
    pub fn file(&self) -> &dyn DiskReader {
        self.file.as_ref()
    }

    /// Returns what a part of the disk reads as, in rising order and without a gap. Neighbours
    /// that go on in the same place are one segment.
    ///
    /// # Errors
    /// [`DeltaError::Damaged`] and [`DeltaError::Unmapped`] for what a table says,
    /// [`DeltaError::Read`] when one cannot be read.
    pub fn map(&self, part: Extent) -> Result<Vec<Segment>, DeltaError> {
        let at = part.offset;
        let on_disk = part.end().get() <= self.header.capacity && part.len.get() > 0;
        if !on_disk {
            let (capacity, len) = (self.capacity(), part.len);
            let source = ReadError::PastEnd { offset: at, len, capacity };
            return Err(DeltaError::Read { at, source });
        }
        let grain = self.header.grain;
        let mut segments: Vec<Segment> = Vec::new();
        for piece in part.pieces(ByteLen::new(grain)) {
            let number = piece.offset.get() / grain;
            let within = piece.offset.get() % grain;
            let place = match self.grain(number)? {
                Place::File(at) => Place::File(ByteOffset::new(at.get().saturating_add(within))),
                other => other,
            };
            match segments.last_mut() {
                Some(last) if goes_on(last, place) => {
                    last.disk = Extent {
                        offset: last.disk.offset,
                        len: piece.end().since(last.disk.offset),
                    };
                }
                _ => segments.push(Segment { disk: piece, place }),
            }
        }
        Ok(segments)
    }

    fn grain(&self, number: u64) -> Result<Place, DeltaError> {
        let table = usize::try_from(number / TABLE_ENTRIES).unwrap_or(usize::MAX);
        let Some(at) = self.header.tables.get(table).copied().filter(|at| *at != 0) else {
            return Ok(Place::Below);
        };
        let entries = self.table(table, at)?;
        let within = ByteLen::new(number % TABLE_ENTRIES).as_usize();
        let entry = entries.get(within).copied().unwrap_or_default();
        let disk = ByteOffset::new(number.saturating_mul(self.header.grain));
        let start = match (self.header.format, entry >> kind::SHIFT) {
            (_, _) if entry == 0 => return Ok(Place::Below),
            (DeltaFormat::Cowd, _) => entry.saturating_mul(super::SECTOR),
            (DeltaFormat::SeSparse, kind::DATA) => {
                let grain = (entry >> 48 & 0xFFF) | (entry & 0xFFFF_FFFF_FFFF) << 12;
                self.header.grains_at.saturating_add(grain.saturating_mul(self.header.grain))
            }
            (DeltaFormat::SeSparse, kind::ZERO) => return Ok(Place::Zero),
            (DeltaFormat::SeSparse, kind::UNMAPPED) => return Err(DeltaError::Unmapped { disk }),
            (DeltaFormat::SeSparse, _) => {
                return Err(damaged(at, "an entry of a table that makes no sense"));
            }
        };
        // The last grain of a disk need not be whole, neither here nor there.
        let len = self.header.grain.min(self.header.capacity.saturating_sub(disk.get()));
        match start.checked_add(len) {
            Some(end) if end <= self.file.capacity().get() => {
                Ok(Place::File(ByteOffset::new(start)))
            }
            _ => Err(damaged(at, "a grain past the end of the file")),
        }
    }

    fn table(&self, number: usize, at: u64) -> Result<Arc<[u64]>, DeltaError> {
        let known = |tables: &HashMap<usize, Arc<[u64]>>| tables.get(&number).map(Arc::clone);
        if let Some(table) = known(&self.tables.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(table);
        }
        // Read without the lock: others go on meanwhile, and reading twice does no harm.
        let bytes = bytes(self.file(), at, TABLE_ENTRIES * self.header.format.entry())?;
        let table: Arc<[u64]> = match self.header.format {
            DeltaFormat::Cowd => {
                let entries = bytes.as_chunks().0.iter();
                entries.map(|entry| u64::from(u32::from_le_bytes(*entry))).collect()
            }
            DeltaFormat::SeSparse => {
                bytes.as_chunks().0.iter().map(|entry| u64::from_le_bytes(*entry)).collect()
            }
        };
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if tables.len() >= TABLES {
            tables.clear();
        }
        tables.insert(number, Arc::clone(&table));
        Ok(table)
    }
}

fn goes_on(last: &Segment, place: Place) -> bool {
    match (last.place, place) {
        (Place::File(at), Place::File(next)) => at.saturating_add(last.disk.len) == next,
        (last, place) => last == place,
    }
}
