//! From the first sectors of a file to where its tables lie.

use kuramori_block::{ByteLen, ByteOffset, DiskReader};

use super::{
    COWD_HEADER_SECTORS, COWD_MAGIC, DeltaError, DeltaFormat, MAX_CAPACITY, SECTOR,
    SESPARSE_GRAIN_SECTORS, SESPARSE_MAGIC, SESPARSE_TABLE_SECTORS, SESPARSE_VERSION,
    SESPARSE_VOLATILE, TABLE_ENTRIES, kind,
};
use crate::field::{u32_at, u64_at};

/// What a header says, believed only as far as it fits together and lies in the file.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) format: DeltaFormat,
    pub(super) capacity: u64,
    /// Bytes of a grain.
    pub(super) grain: u64,
    /// Where each table begins in the file, 0 where there is none.
    pub(super) tables: Vec<u64>,
    /// Where grains begin, for entries that count grains.
    pub(super) grains_at: u64,
}

pub(super) fn read(file: &dyn DiskReader) -> Result<Header, DeltaError> {
    let first = bytes(file, 0, SECTOR)?;
    if u32_at(&first, 0) == COWD_MAGIC {
        cowd(file, &first)
    } else if u64_at(&first, 0) == SESPARSE_MAGIC {
        sesparse(file, &first)
    } else {
        Err(DeltaError::NotADelta { why: "it begins with another mark" })
    }
}

fn refuse<T>(why: &'static str) -> Result<T, DeltaError> {
    Err(DeltaError::NotADelta { why })
}

fn cowd(file: &dyn DiskReader, first: &[u8]) -> Result<Header, DeltaError> {
    if u32_at(first, 4) != 1 {
        return refuse("another version of COWD");
    }
    let grain_sectors = u64::from(u32_at(first, 16));
    if !grain_sectors.is_power_of_two() || grain_sectors > 128 {
        return refuse("grains of an odd size");
    }
    let (capacity, grain) = size(u64::from(u32_at(first, 12)), grain_sectors)?;
    let (at, held) = (u64::from(u32_at(first, 20)), u64::from(u32_at(first, 24)));
    let count = table_count(capacity, grain);
    if at < COWD_HEADER_SECTORS || held < count {
        return refuse("a directory that is too short or lies in the header");
    }
    let directory = bytes(file, at.saturating_mul(SECTOR), count.saturating_mul(4))?;
    let table = TABLE_ENTRIES * DeltaFormat::Cowd.entry();
    let tables =
        directory.as_chunks().0.iter().map(|entry| match u64::from(u32::from_le_bytes(*entry)) {
            0 => Ok(0),
            sector => in_file(file, sector.saturating_mul(SECTOR), table),
        });
    let tables = tables.collect::<Result<_, _>>()?;
    Ok(Header { format: DeltaFormat::Cowd, capacity, grain, tables, grains_at: 0 })
}

fn sesparse(file: &dyn DiskReader, first: &[u8]) -> Result<Header, DeltaError> {
    let field = |number: usize| u64_at(first, number.saturating_mul(8));
    if field(1) != SESPARSE_VERSION {
        return refuse("another version of seSparse");
    }
    if field(3) != SESPARSE_GRAIN_SECTORS || field(4) != SESPARSE_TABLE_SECTORS {
        return refuse("grains or tables of an odd size");
    }
    let (capacity, grain) = size(field(2), SESPARSE_GRAIN_SECTORS)?;
    let volatile = bytes(file, field(10).saturating_mul(SECTOR), SECTOR)?;
    if u64_at(&volatile, 0) != SESPARSE_VOLATILE {
        return refuse("no second header");
    }
    if u64_at(&volatile, 24) != 0 {
        return Err(DeltaError::InUse);
    }
    let count = table_count(capacity, grain);
    let (at, room) = (field(16).saturating_mul(SECTOR), field(17).saturating_mul(SECTOR));
    if room / 8 < count {
        return refuse("a directory that is too short");
    }
    let (tables_at, table) = (field(18).saturating_mul(SECTOR), SESPARSE_TABLE_SECTORS * SECTOR);
    let held = field(19) / SESPARSE_TABLE_SECTORS;
    let directory = bytes(file, at, count.saturating_mul(8))?;
    let tables = directory.as_chunks().0.iter().map(|entry| {
        let entry = u64::from_le_bytes(*entry);
        let (mark, number) = (entry >> kind::SHIFT, entry & u64::from(u32::MAX));
        match mark {
            _ if entry == 0 => Ok(0),
            kind::TABLE if number < held => {
                in_file(file, tables_at.saturating_add(number.saturating_mul(table)), table)
            }
            _ => Err(damaged(at, "an entry of the directory that makes no sense")),
        }
    });
    let tables = tables.collect::<Result<_, _>>()?;
    let grains_at = field(24).saturating_mul(SECTOR);
    Ok(Header { format: DeltaFormat::SeSparse, capacity, grain, tables, grains_at })
}

/// Returns capacity and grain in bytes.
fn size(sectors: u64, grain_sectors: u64) -> Result<(u64, u64), DeltaError> {
    let capacity = sectors.checked_mul(SECTOR).filter(|bytes| (1..=MAX_CAPACITY).contains(bytes));
    match capacity {
        Some(capacity) => Ok((capacity, grain_sectors.saturating_mul(SECTOR))),
        None => refuse("the size of a disk that cannot be"),
    }
}

fn table_count(capacity: u64, grain: u64) -> u64 {
    capacity.div_ceil(grain.saturating_mul(TABLE_ENTRIES))
}

/// Returns a place of the file when what begins there ends inside the file.
fn in_file(file: &dyn DiskReader, at: u64, len: u64) -> Result<u64, DeltaError> {
    if at.checked_add(len).is_none_or(|end| end > file.capacity().get()) {
        return Err(damaged(at, "it points past the end of the file"));
    }
    Ok(at)
}

pub(super) fn damaged(at: u64, why: &'static str) -> DeltaError {
    DeltaError::Damaged { at: ByteOffset::new(at), why }
}

/// Reads a part of the file. What is not in it is known before memory is taken.
pub(super) fn bytes(file: &dyn DiskReader, at: u64, len: u64) -> Result<Vec<u8>, DeltaError> {
    in_file(file, at, len)?;
    let mut bytes = vec![0; ByteLen::new(len).as_usize()];
    let at = ByteOffset::new(at);
    file.read_at(at, &mut bytes).map_err(|source| DeltaError::Read { at, source })?;
    Ok(bytes)
}
