//! A disk under snapshots: a plain base and the deltas above it, read as one.

use kuramori_block::{ByteLen, ByteOffset, DiskReader, Extent, ReadError};

use crate::delta::{Delta, DeltaError, Place};

/// Parts of a file that lie closer together are read at once: a request costs more than that.
const GAP: u64 = 64 << 10;
/// Most that is read at once.
const AT_ONCE: u64 = 8 << 20;

/// A base with its deltas, the oldest first. What was never written reads as in the base.
#[derive(Debug)]
pub struct DiskChain<B> {
    base: B,
    deltas: Vec<Delta>,
}

/// A part of the buffer, and where its bytes lie in a file.
#[derive(Clone, Copy)]
struct Piece {
    disk: Extent,
    file: u64,
}

impl<B: DiskReader> DiskChain<B> {
    /// Puts deltas onto a base.
    ///
    /// # Errors
    /// [`DeltaError::NotADelta`] for a delta of a disk of another size: it belongs elsewhere.
    pub fn new(base: B, deltas: Vec<Delta>) -> Result<Self, DeltaError> {
        if deltas.iter().any(|delta| delta.capacity() != base.capacity()) {
            return Err(DeltaError::NotADelta { why: "it is of a disk of another size" });
        }
        Ok(Self { base, deltas })
    }

    /// Returns how many deltas there are.
    pub fn depth(&self) -> usize {
        self.deltas.len()
    }

    fn read(&self, part: Extent, buf: &mut [u8]) -> Result<(), ReadError> {
        let (whole, mut open) = (part, vec![part]);
        for delta in self.deltas.iter().rev() {
            let (mut below, mut pieces) = (Vec::new(), Vec::new());
            for part in open {
                let segments = delta.map(part);
                for segment in segments.map_err(|e| ReadError::source(part.offset, e))? {
                    let disk = segment.disk;
                    match segment.place {
                        Place::Below => below.push(disk),
                        Place::Zero => slice(buf, whole, disk).fill(0),
                        Place::File(at) => pieces.push(Piece { disk, file: at.get() }),
                    }
                }
            }
            gather(delta.file(), pieces, whole, buf)?;
            open = below;
            if open.is_empty() {
                break;
            }
        }
        let base = open.into_iter().map(|disk| Piece { disk, file: disk.offset.get() }).collect();
        gather(&self.base, base, whole, buf)
    }
}

impl<B: DiskReader> DiskReader for DiskChain<B> {
    fn capacity(&self) -> ByteLen {
        self.base.capacity()
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        self.check_range(offset, buf.len())?;
        if buf.is_empty() {
            return Ok(());
        }
        self.read(Extent { offset, len: ByteLen::new(buf.len() as u64) }, buf)
    }
}

/// Reads pieces of a file, neighbours at once.
fn gather(
    file: &dyn DiskReader,
    mut pieces: Vec<Piece>,
    whole: Extent,
    buf: &mut [u8],
) -> Result<(), ReadError> {
    pieces.sort_unstable_by_key(|piece| piece.file);
    let end_of = |piece: &Piece| piece.file.saturating_add(piece.disk.len.get());
    let mut rest = pieces.as_slice();
    while let Some(first) = rest.first() {
        let mut end = end_of(first);
        let more = rest.iter().skip(1).take_while(|piece| {
            let near = piece.file.saturating_sub(end) <= GAP;
            let together = near && end_of(piece).saturating_sub(first.file) <= AT_ONCE;
            if together {
                end = end.max(end_of(piece));
            }
            together
        });
        let (group, after) = rest.split_at(1 + more.count());
        if let [alone] = group {
            let at = ByteOffset::new(alone.file);
            file.read_at(at, slice(buf, whole, alone.disk))?;
        } else {
            let mut bytes = vec![0; ByteLen::new(end - first.file).as_usize()];
            file.read_at(ByteOffset::new(first.file), &mut bytes)?;
            for piece in group {
                let at = ByteLen::new(piece.file - first.file).as_usize();
                let target = slice(buf, whole, piece.disk);
                let source = bytes.get(at..).and_then(|rest| rest.get(..target.len()));
                target.copy_from_slice(source.expect("a piece lies in what was read for it"));
            }
        }
        rest = after;
    }
    Ok(())
}

/// Returns the part of the buffer that stands for a part of the disk.
pub(crate) fn slice(buf: &mut [u8], whole: Extent, part: Extent) -> &mut [u8] {
    let at = part.offset.since(whole.offset).as_usize();
    let place = buf.get_mut(at..).and_then(|rest| rest.get_mut(..part.len.as_usize()));
    place.expect("parts of a read lie in its buffer")
}
