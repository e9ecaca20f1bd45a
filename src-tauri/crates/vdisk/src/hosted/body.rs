//! One part of a disk: the file it lies in.

use kuramori_block::{ByteLen, ByteOffset, DiskReader, Extent, ExtentSet};

use super::descriptor::ExtentKind;
use super::error::{HostedError, Wrong};
use super::sparse::SparseFile;
use crate::chain::slice;
use crate::delta::{Delta, DeltaError, Place};

/// A part of a disk.
pub(super) struct Body {
    /// Where on the disk it begins.
    pub(super) start: u64,
    pub(super) len: u64,
    /// Name of its file, for errors.
    file: String,
    bytes: Bytes,
}

enum Bytes {
    Flat { file: Box<dyn DiskReader>, offset: u64 },
    Sparse(SparseFile),
    Delta(Delta),
    Zero,
}

impl Body {
    /// The whole of a disk in one sparse file.
    pub(super) fn of_sparse(file: String, sparse: SparseFile) -> Self {
        Self { start: 0, len: sparse.capacity(), file, bytes: Bytes::Sparse(sparse) }
    }

    /// A part without a file.
    pub(super) fn zeros(start: u64, len: u64) -> Self {
        Self { start, len, file: String::new(), bytes: Bytes::Zero }
    }

    /// A part in a file.
    pub(super) fn open(
        (start, len): (u64, u64),
        kind: ExtentKind,
        name: String,
        file: Box<dyn DiskReader>,
    ) -> Result<Self, HostedError> {
        let of_another_size = "it is not as long as its descriptor says";
        let bytes = match kind {
            ExtentKind::Zero => Bytes::Zero,
            ExtentKind::Flat { offset } => {
                let end = offset.checked_add(len);
                if end.is_none_or(|end| end > file.capacity().get()) {
                    return Err(Wrong::NotADisk(of_another_size).of(&name));
                }
                Bytes::Flat { file, offset }
            }
            ExtentKind::Sparse => {
                let sparse = SparseFile::open(file).map_err(|wrong| wrong.of(&name))?;
                if sparse.capacity() < len {
                    return Err(Wrong::NotADisk(of_another_size).of(&name));
                }
                Bytes::Sparse(sparse)
            }
            ExtentKind::Delta => {
                let delta = Delta::open(file).map_err(|error| delta_wrong(error).of(&name))?;
                if delta.capacity().get() != len {
                    return Err(Wrong::NotADisk(of_another_size).of(&name));
                }
                Bytes::Delta(delta)
            }
        };
        Ok(Self { start, len, file: name, bytes })
    }

    /// Fills in what the file holds of a part of the disk, `whole` being what the buffer stands
    /// for, and adds the rest of it to `below`. A part that does not touch this one is passed over.
    pub(super) fn read(
        &self,
        part: Extent,
        (whole, buf): (Extent, &mut [u8]),
        below: &mut Vec<Extent>,
    ) -> Result<(), HostedError> {
        let start = part.offset.get().max(self.start);
        let end = part.end().get().min(self.start.saturating_add(self.len));
        if start >= end {
            return Ok(());
        }
        let target = slice(buf, whole, Extent::new(start, end - start));
        let local = Extent::new(start - self.start, end - start);
        let mut missing = Vec::new();
        let read = match &self.bytes {
            Bytes::Zero => {
                target.fill(0);
                Ok(())
            }
            Bytes::Flat { file, offset } => read_at(&**file, offset + local.offset.get(), target),
            Bytes::Sparse(sparse) => sparse.read(local, target, &mut missing),
            Bytes::Delta(delta) => read_delta(delta, local, target, &mut missing),
        };
        read.map_err(|wrong| wrong.of(&self.file))?;
        let on_disk = |part: Extent| Extent::new(part.offset.get() + self.start, part.len.get());
        below.extend(missing.into_iter().map(on_disk));
        Ok(())
    }

    /// Adds the parts of the disk that the file may hold.
    pub(super) fn held(&self) -> Result<ExtentSet, HostedError> {
        let whole = || ExtentSet::whole(ByteLen::new(self.len));
        let held = match &self.bytes {
            Bytes::Zero => ExtentSet::new(),
            Bytes::Delta(_) => whole(),
            Bytes::Sparse(sparse) => sparse.held().map_err(|wrong| wrong.of(&self.file))?,
            Bytes::Flat { file, offset } => {
                let known = file.allocated();
                let known = known.map_err(|source| Wrong::Read { at: 0, source }.of(&self.file))?;
                let local = |part: Extent| {
                    let start = part.offset.get().max(*offset);
                    Extent::new(start - offset, part.end().get().saturating_sub(start))
                };
                known.map_or_else(whole, |known| known.iter().map(local).collect())
            }
        };
        let held = held.clipped(ByteLen::new(self.len));
        let on_disk = |part: Extent| Extent::new(part.offset.get() + self.start, part.len.get());
        Ok(held.iter().map(on_disk).collect())
    }

    pub(super) fn descriptor(&self) -> Option<&[u8]> {
        match &self.bytes {
            Bytes::Sparse(sparse) => sparse.descriptor(),
            _ => None,
        }
    }
}

fn read_at(file: &dyn DiskReader, at: u64, buf: &mut [u8]) -> Result<(), Wrong> {
    file.read_at(ByteOffset::new(at), buf).map_err(|source| Wrong::Read { at, source })
}

fn read_delta(
    delta: &Delta,
    part: Extent,
    buf: &mut [u8],
    below: &mut Vec<Extent>,
) -> Result<(), Wrong> {
    for segment in delta.map(part).map_err(delta_wrong)? {
        let target = slice(buf, part, segment.disk);
        match segment.place {
            Place::Below => below.push(segment.disk),
            Place::Zero => target.fill(0),
            Place::File(at) => read_at(delta.file(), at.get(), target)?,
        }
    }
    Ok(())
}

fn delta_wrong(error: DeltaError) -> Wrong {
    match error {
        DeltaError::Read { at, source } => Wrong::Read { at: at.get(), source },
        DeltaError::NotADelta { why } => Wrong::NotADisk(why),
        DeltaError::Damaged { at, why } => Wrong::Damaged { at: at.get(), why },
        DeltaError::InUse => Wrong::InUse,
        DeltaError::Unmapped { .. } => {
            Wrong::NotADisk("a part was unmapped by the guest, and nobody says what it reads as")
        }
    }
}
