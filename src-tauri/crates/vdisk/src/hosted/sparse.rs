//! A sparse file: grains behind tables, packed or not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use flate2::{Decompress, FlushDecompress, Status};
use kuramori_block::{ByteLen, ByteOffset, DiskReader, Extent, ExtentSet};

use super::MAX_CAPACITY;
use super::error::Wrong;
use crate::chain::slice;
use crate::field::{u16_at, u32_at, u64_at};

const MAGIC: u32 = u32::from_le_bytes(*b"KDMV");
const SECTOR: u64 = kuramori_block::SECTOR_BYTES;
const TABLE_ENTRIES: u64 = 512;
const FLAG_ZERO_GRAINS: u32 = 1 << 2;
const FLAG_PACKED: u32 = 3 << 16;
const AT_END: u64 = u64::MAX;
/// An entry that stands for zeros, where the header says so.
const ZERO_GRAIN: u32 = 1;
/// First sector and length before a packed grain.
const GRAIN_HEAD: u64 = 12;
/// Tables that stay in memory: 8 MiB.
const TABLES: usize = 4096;

/// What a grain reads as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grain {
    Below,
    Zero,
    /// Bytes from here on.
    Plain(u64),
    /// A packed grain from here on.
    Packed(u64),
}

/// A sparse file.
pub(super) struct SparseFile {
    file: Box<dyn DiskReader>,
    capacity: u64,
    grain: u64,
    packed: bool,
    zero_grains: bool,
    /// Sector of each table, 0 where there is none.
    directory: Vec<u32>,
    descriptor: Option<Vec<u8>>,
    tables: Mutex<HashMap<usize, Arc<[u32]>>>,
}

/// Returns whether a file begins like a sparse one.
pub(super) fn is_sparse(file: &dyn DiskReader) -> Result<bool, Wrong> {
    if file.capacity().get() < SECTOR {
        return Ok(false);
    }
    Ok(u32_at(&bytes(file, 0, SECTOR)?, 0) == MAGIC)
}

impl SparseFile {
    /// Reads the header, the descriptor and the directory.
    pub(super) fn open(file: Box<dyn DiskReader>) -> Result<Self, Wrong> {
        let first = bytes(&*file, 0, SECTOR)?;
        let packed = check(&first)?;
        if first.get(72) == Some(&1) {
            return Err(Wrong::InUse);
        }
        let grain = u64_at(&first, 20);
        let capacity = u64_at(&first, 12).checked_mul(SECTOR);
        let capacity = capacity.filter(|bytes| (1..=MAX_CAPACITY).contains(bytes));
        let capacity = capacity.ok_or(Wrong::NotADisk("the size of a disk that cannot be"))?;
        if !(1..=2048).contains(&grain) || !grain.is_power_of_two() {
            return Err(Wrong::NotADisk("grains of an odd size"));
        }
        let grain = grain.saturating_mul(SECTOR);
        let directory = directory(&*file, &first, capacity, grain)?;
        let descriptor = match (u64_at(&first, 28), u64_at(&first, 36)) {
            (0, _) | (_, 0) => None,
            (at, sectors) => {
                let len = sectors.saturating_mul(SECTOR);
                if len > super::descriptor::MAX_DESCRIPTOR {
                    return Err(Wrong::NotADisk("a descriptor too long to be true"));
                }
                Some(bytes(&*file, at.saturating_mul(SECTOR), len)?)
            }
        };
        let zero_grains = u32_at(&first, 8) & FLAG_ZERO_GRAINS != 0;
        let tables = Mutex::default();
        Ok(Self { file, capacity, grain, packed, zero_grains, directory, descriptor, tables })
    }

    /// Returns the size of the part of the disk in bytes.
    pub(super) fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Returns the descriptor inside the file.
    pub(super) fn descriptor(&self) -> Option<&[u8]> {
        self.descriptor.as_deref()
    }

    /// Fills in what the file holds of a part and adds the rest of it to `below`.
    pub(super) fn read(
        &self,
        part: Extent,
        buf: &mut [u8],
        below: &mut Vec<Extent>,
    ) -> Result<(), Wrong> {
        for run in self.map(part)? {
            let target = slice(buf, part, run.disk);
            match run.grain {
                Grain::Below => below.push(run.disk),
                Grain::Zero => target.fill(0),
                Grain::Plain(at) => self.read_at(at, target)?,
                Grain::Packed(at) => {
                    let within = run.disk.offset.get() % self.grain;
                    let grain = self.unpack(at, run.disk.offset.get() - within)?;
                    let from = ByteLen::new(within).as_usize();
                    let bytes = grain.get(from..).and_then(|rest| rest.get(..target.len()));
                    let short = Wrong::Damaged { at, why: "a grain unpacks to too little" };
                    target.copy_from_slice(bytes.ok_or(short)?);
                }
            }
        }
        Ok(())
    }

    /// Returns the parts that lie in the file.
    pub(super) fn held(&self) -> Result<ExtentSet, Wrong> {
        let mut held = ExtentSet::new();
        for (table, _) in self.directory.iter().enumerate().filter(|(_, at)| **at != 0) {
            let first = (table as u64).saturating_mul(TABLE_ENTRIES);
            for number in first..first.saturating_add(TABLE_ENTRIES) {
                let start = number.saturating_mul(self.grain);
                if start >= self.capacity {
                    break;
                }
                if matches!(self.find(number)?, Grain::Plain(_) | Grain::Packed(_)) {
                    held.insert(Extent::new(start, self.grain.min(self.capacity - start)));
                }
            }
        }
        Ok(held)
    }

    /// Returns what a part of the disk reads as. What goes on in the same place is one run; packed
    /// grains stand alone.
    fn map(&self, part: Extent) -> Result<Vec<Run>, Wrong> {
        let mut runs: Vec<Run> = Vec::new();
        for piece in part.pieces(ByteLen::new(self.grain)) {
            let within = piece.offset.get() % self.grain;
            let grain = match self.find(piece.offset.get() / self.grain)? {
                Grain::Plain(at) => Grain::Plain(at.saturating_add(within)),
                other => other,
            };
            match runs.last_mut() {
                Some(last) if last.goes_on(grain) => {
                    let from = last.disk.offset;
                    last.disk = Extent { offset: from, len: piece.end().since(from) };
                }
                _ => runs.push(Run { disk: piece, grain }),
            }
        }
        Ok(runs)
    }

    fn find(&self, number: u64) -> Result<Grain, Wrong> {
        let table = usize::try_from(number / TABLE_ENTRIES).unwrap_or(usize::MAX);
        let Some(sector) = self.directory.get(table).copied().filter(|sector| *sector != 0) else {
            return Ok(Grain::Below);
        };
        let entries = self.table(table, sector)?;
        let within = ByteLen::new(number % TABLE_ENTRIES).as_usize();
        let at = match entries.get(within).copied().unwrap_or_default() {
            0 => return Ok(Grain::Below),
            ZERO_GRAIN if self.zero_grains => return Ok(Grain::Zero),
            sector => u64::from(sector).saturating_mul(SECTOR),
        };
        if self.packed {
            return Ok(Grain::Packed(at));
        }
        // The last grain of a disk need not be whole, neither here nor there.
        let len = self.grain.min(self.capacity.saturating_sub(number.saturating_mul(self.grain)));
        match at.checked_add(len) {
            Some(end) if end <= self.file.capacity().get() => Ok(Grain::Plain(at)),
            _ => Err(Wrong::Damaged { at, why: "a grain past the end of the file" }),
        }
    }

    fn table(&self, number: usize, sector: u32) -> Result<Arc<[u32]>, Wrong> {
        if let Some(table) = self.tables.lock().unwrap_or_else(PoisonError::into_inner).get(&number)
        {
            return Ok(Arc::clone(table));
        }
        // Read without the lock: others go on meanwhile, and reading twice does no harm.
        let at = u64::from(sector).saturating_mul(SECTOR);
        let bytes = bytes(&*self.file, at, TABLE_ENTRIES * 4)?;
        let table: Arc<[u32]> =
            bytes.as_chunks().0.iter().map(|entry| u32::from_le_bytes(*entry)).collect();
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if tables.len() >= TABLES {
            tables.clear();
        }
        tables.insert(number, Arc::clone(&table));
        Ok(table)
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> Result<(), Wrong> {
        self.file.read_at(ByteOffset::new(at), buf).map_err(|source| Wrong::Read { at, source })
    }

    /// Unpacks the grain that begins at `disk` on the disk.
    fn unpack(&self, at: u64, disk: u64) -> Result<Vec<u8>, Wrong> {
        let damaged = |why| Wrong::Damaged { at, why };
        let head = bytes(&*self.file, at, GRAIN_HEAD)?;
        if u64_at(&head, 0).checked_mul(SECTOR) != Some(disk) {
            return Err(damaged("a grain that says it is another one"));
        }
        let len = u64::from(u32_at(&head, 8));
        if len == 0 || len > self.grain.saturating_mul(2) {
            return Err(damaged("a packed grain of an odd length"));
        }
        let packed = bytes(&*self.file, at.saturating_add(GRAIN_HEAD), len)?;
        let mut grain = Vec::with_capacity(ByteLen::new(self.grain).as_usize());
        let unpacked =
            Decompress::new(true).decompress_vec(&packed, &mut grain, FlushDecompress::Finish);
        match unpacked {
            Ok(Status::StreamEnd) => Ok(grain),
            _ => Err(damaged("a grain that does not unpack")),
        }
    }
}

/// A part of the disk and what it reads as.
struct Run {
    disk: Extent,
    grain: Grain,
}

impl Run {
    fn goes_on(&self, next: Grain) -> bool {
        match (self.grain, next) {
            (Grain::Plain(at), Grain::Plain(next)) => {
                at.saturating_add(self.disk.len.get()) == next
            }
            (Grain::Packed(_), _) => false,
            (this, next) => this == next,
        }
    }
}

/// Checks what does not depend on the rest of the file. Returns whether grains are packed.
fn check(first: &[u8]) -> Result<bool, Wrong> {
    if u32_at(first, 0) != MAGIC {
        return Err(Wrong::NotADisk("it begins with another mark"));
    }
    if !(1..=3).contains(&u32_at(first, 4)) {
        return Err(Wrong::NotADisk("a version nobody here knows"));
    }
    if u64::from(u32_at(first, 44)) != TABLE_ENTRIES {
        return Err(Wrong::NotADisk("tables of an odd size"));
    }
    match (u32_at(first, 8) & FLAG_PACKED, u16_at(first, 77)) {
        (0, 0) => Ok(false),
        (FLAG_PACKED, 1) => Ok(true),
        _ => Err(Wrong::NotADisk("grains packed in a way nobody here knows")),
    }
}

/// Reads the directory, which may lie behind everything else.
fn directory(
    file: &dyn DiskReader,
    first: &[u8],
    capacity: u64,
    grain: u64,
) -> Result<Vec<u32>, Wrong> {
    let mut at = u64_at(first, 56);
    if at == AT_END {
        // A marker, the footer and the end mark.
        let start = file.capacity().get().saturating_sub(3 * SECTOR);
        let tail = bytes(file, start, 3 * SECTOR)?;
        let footer = tail.get(512..).unwrap_or_default();
        if u32_at(&tail, 12) != 3
            || check(footer).is_err()
            || u64_at(footer, 12) != u64_at(first, 12)
        {
            let why = "it does not end with a footer: it is cut off";
            return Err(Wrong::Damaged { at: start, why });
        }
        at = u64_at(footer, 56);
    }
    let count = capacity.div_ceil(grain.saturating_mul(TABLE_ENTRIES));
    let at = at.saturating_mul(SECTOR);
    let bytes = bytes(file, at, count.saturating_mul(4))?;
    let tables: Vec<u32> =
        bytes.as_chunks().0.iter().map(|entry| u32::from_le_bytes(*entry)).collect();
    // One table in two places would make a small file claim any amount of data.
    let mut sorted: Vec<u32> = tables.iter().copied().filter(|sector| *sector != 0).collect();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(Wrong::Damaged { at, why: "two tables in one place" });
    }
    Ok(tables)
}

/// Reads a part of the file. What is not in it is known before memory is taken.
pub(super) fn bytes(file: &dyn DiskReader, at: u64, len: u64) -> Result<Vec<u8>, Wrong> {
    if at.checked_add(len).is_none_or(|end| end > file.capacity().get()) {
        return Err(Wrong::Damaged { at, why: "it points past the end of the file" });
    }
    let mut bytes = vec![0; ByteLen::new(len).as_usize()];
    file.read_at(ByteOffset::new(at), &mut bytes).map_err(|source| Wrong::Read { at, source })?;
    Ok(bytes)
}
