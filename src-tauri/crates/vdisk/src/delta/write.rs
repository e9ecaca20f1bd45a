//! Writing deltas, for those who play a host.

use std::collections::BTreeMap;
use std::io::{self, Write};

use kuramori_block::{ByteLen, ByteOffset, DiskReader, ExtentSet, ReadError};

use super::{
    COWD_HEADER_SECTORS, COWD_MAGIC, SECTOR, SESPARSE_GRAIN_SECTORS, SESPARSE_MAGIC,
    SESPARSE_TABLE_SECTORS, SESPARSE_VERSION, SESPARSE_VOLATILE, TABLE_ENTRIES, kind,
};

const COWD_TABLE_SECTORS: u64 = TABLE_ENTRIES * 4 / SECTOR;
/// First sector of the directory, and the unit that the parts after it begin on.
const SESPARSE_DIRECTORY: u64 = 4096;
const SESPARSE_UNIT: u64 = 2048;

/// Why a delta could not be written.
#[derive(Debug, thiserror::Error)]
pub enum DeltaWriteError {
    /// The bytes of the disk could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The destination failed.
    #[error("writing the delta failed")]
    Write(#[from] io::Error),
    /// The format cannot say it.
    #[error("the disk is too large for a delta of this format")]
    TooLarge,
}

/// Grains by the table they stand in; within, in rising order.
type Grains = BTreeMap<u64, Vec<u64>>;

/// Writes a COWD delta that holds `changed` of a disk.
///
/// # Errors
/// What disk or destination say, and [`DeltaWriteError::TooLarge`] above 2 TiB.
pub fn write_cowd(
    out: &mut dyn Write,
    disk: &dyn DiskReader,
    changed: &ExtentSet,
) -> Result<(), DeltaWriteError> {
    let small = |sector: u64| u32::try_from(sector).map_err(|_| DeltaWriteError::TooLarge);
    let capacity = disk.capacity().get().div_ceil(SECTOR);
    let grains = grains(changed, SECTOR, disk.capacity());
    let count = capacity.div_ceil(TABLE_ENTRIES);
    let directory_sectors = (count * 4).div_ceil(SECTOR);
    let tables_at = COWD_HEADER_SECTORS + directory_sectors;
    let data_at = tables_at + grains.len() as u64 * COWD_TABLE_SECTORS;
    let end = data_at + grains.values().map(|table| table.len() as u64).sum::<u64>();
    let mut header = Vec::new();
    let fields =
        [1, 3, small(capacity)?, 1, small(COWD_HEADER_SECTORS)?, small(count)?, small(end)?];
    header.extend(COWD_MAGIC.to_le_bytes());
    header.extend(fields.into_iter().flat_map(u32::to_le_bytes));
    put(out, header, COWD_HEADER_SECTORS)?;

    let mut directory = vec![0u32; ByteLen::new(count).as_usize()];
    for (place, number) in (0u64..).zip(grains.keys()) {
        let sector = small(tables_at + place * COWD_TABLE_SECTORS)?;
        *slot(&mut directory, *number)? = sector;
    }
    put(out, directory.into_iter().flat_map(u32::to_le_bytes).collect(), directory_sectors)?;
    let mut next = data_at;
    for table in grains.values() {
        let mut entries = vec![0u32; ByteLen::new(TABLE_ENTRIES).as_usize()];
        for grain in table {
            *slot(&mut entries, grain % TABLE_ENTRIES)? = small(next)?;
            next += 1;
        }
        put(out, entries.into_iter().flat_map(u32::to_le_bytes).collect(), COWD_TABLE_SECTORS)?;
    }
    copy(out, disk, &grains, SECTOR)
}

/// Writes a seSparse delta that holds `changed` of a disk. Whole grains in `zeroed` are marked as
/// zeros and hold no data, `changed` or not.
///
/// # Errors
/// What disk or destination say.
pub fn write_sesparse(
    out: &mut dyn Write,
    disk: &dyn DiskReader,
    changed: &ExtentSet,
    zeroed: &ExtentSet,
) -> Result<(), DeltaWriteError> {
    let grain = SESPARSE_GRAIN_SECTORS * SECTOR;
    let capacity = disk.capacity().get().div_ceil(SECTOR);
    let zeros = whole_grains(zeroed, grain, disk.capacity());
    let mut data = grains(changed, grain, disk.capacity());
    for table in data.values_mut() {
        table.retain(|number| {
            let of_zeros = zeros.get(&(number / TABLE_ENTRIES));
            of_zeros.is_none_or(|zeros| zeros.binary_search(number).is_err())
        });
    }
    data.retain(|_, table| !table.is_empty());
    let used: Vec<u64> = {
        let mut used: Vec<u64> = data.keys().chain(zeros.keys()).copied().collect();
        used.sort_unstable();
        used.dedup();
        used
    };
    let count = capacity.div_ceil(SESPARSE_GRAIN_SECTORS * TABLE_ENTRIES);
    let directory_sectors = (count * 8).div_ceil(SECTOR).next_multiple_of(SESPARSE_UNIT);
    let tables_at = SESPARSE_DIRECTORY + directory_sectors;
    let tables_sectors =
        (used.len() as u64 * SESPARSE_TABLE_SECTORS).next_multiple_of(SESPARSE_UNIT);
    let grains_at = tables_at + tables_sectors;
    sesparse_headers(out, capacity, [directory_sectors, tables_at, tables_sectors, grains_at])?;

    let mut directory = vec![0u64; ByteLen::new(count).as_usize()];
    for (place, number) in (0u64..).zip(&used) {
        *slot(&mut directory, *number)? = kind::TABLE << kind::SHIFT | place;
    }
    put(out, directory.into_iter().flat_map(u64::to_le_bytes).collect(), directory_sectors)?;
    let mut next = 0u64;
    for number in &used {
        let mut entries = vec![0u64; ByteLen::new(TABLE_ENTRIES).as_usize()];
        for grain in zeros.get(number).into_iter().flatten() {
            *slot(&mut entries, grain % TABLE_ENTRIES)? = kind::ZERO << kind::SHIFT;
        }
        for grain in data.get(number).into_iter().flatten() {
            let split = (next & 0xFFF) << 48 | next >> 12;
            *slot(&mut entries, grain % TABLE_ENTRIES)? = kind::DATA << kind::SHIFT | split;
            next += 1;
        }
        put(out, entries.into_iter().flat_map(u64::to_le_bytes).collect(), SESPARSE_TABLE_SECTORS)?;
    }
    let written = used.len() as u64 * SESPARSE_TABLE_SECTORS;
    put(out, Vec::new(), tables_sectors - written)?;
    copy(out, disk, &data, grain)
}

/// Writes everything before the directory.
fn sesparse_headers(
    out: &mut dyn Write,
    capacity: u64,
    [directory_sectors, tables_at, tables_sectors, grains_at]: [u64; 4],
) -> Result<(), DeltaWriteError> {
    let mut header = vec![SESPARSE_MAGIC, SESPARSE_VERSION, capacity];
    header.extend([SESPARSE_GRAIN_SECTORS, SESPARSE_TABLE_SECTORS]);
    header.extend([0; 5]);
    // Volatile header, journal's header, journal; then directory and tables.
    header.extend([1, 1, 2, 1, SESPARSE_UNIT, SESPARSE_UNIT]);
    header.extend([SESPARSE_DIRECTORY, directory_sectors, tables_at, tables_sectors]);
    // Maps of free and used grains are for those who write on; none are kept here.
    header.extend([grains_at, 0, grains_at, 0, grains_at, capacity]);
    put(out, header.into_iter().flat_map(u64::to_le_bytes).collect(), 1)?;
    let volatile = [SESPARSE_VOLATILE, 0, 0, 0];
    put(out, volatile.into_iter().flat_map(u64::to_le_bytes).collect(), SESPARSE_DIRECTORY - 1)
}

/// Returns the grains that `set` touches.
fn grains(set: &ExtentSet, grain: u64, capacity: ByteLen) -> Grains {
    let unit = ByteLen::new(grain);
    let grown = set.iter().map(|extent| extent.aligned(unit, capacity));
    let mut found = Grains::new();
    for extent in grown.collect::<ExtentSet>().iter() {
        for number in extent.offset.get() / grain..extent.end().get().div_ceil(grain) {
            found.entry(number / TABLE_ENTRIES).or_default().push(number);
        }
    }
    found
}

/// Returns the grains that lie in `set` whole, the last one of the disk as far as it goes.
fn whole_grains(set: &ExtentSet, grain: u64, capacity: ByteLen) -> Grains {
    let mut found = Grains::new();
    for extent in set.iter() {
        let at_end = extent.end().get() >= capacity.get();
        let end = if at_end { capacity.get().div_ceil(grain) } else { extent.end().get() / grain };
        for number in extent.offset.get().div_ceil(grain)..end {
            found.entry(number / TABLE_ENTRIES).or_default().push(number);
        }
    }
    found
}

/// Copies grains, the last one of the disk filled up with zeros.
fn copy(
    out: &mut dyn Write,
    disk: &dyn DiskReader,
    grains: &Grains,
    grain: u64,
) -> Result<(), DeltaWriteError> {
    for number in grains.values().flatten() {
        let at = number * grain;
        let len = grain.min(disk.capacity().get() - at);
        let mut bytes = vec![0; ByteLen::new(len).as_usize()];
        disk.read_at(ByteOffset::new(at), &mut bytes)?;
        put(out, bytes, grain / SECTOR)?;
    }
    Ok(())
}

/// Writes bytes, filled up to so many sectors.
fn put(out: &mut dyn Write, mut bytes: Vec<u8>, sectors: u64) -> Result<(), DeltaWriteError> {
    bytes.resize(ByteLen::new(sectors * SECTOR).as_usize(), 0);
    Ok(out.write_all(&bytes)?)
}

fn slot<T>(entries: &mut [T], number: u64) -> Result<&mut T, DeltaWriteError> {
    entries.get_mut(ByteLen::new(number).as_usize()).ok_or(DeltaWriteError::TooLarge)
}
