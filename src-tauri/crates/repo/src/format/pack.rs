//! Packs: files of sealed chunks.
//!
//! ```text
//!  0     64  header, type 3; its salt makes the key of this pack
//! 64      …  frames: sealed chunks, frame i under nonce i
//!  …      …  footer: sealed list of the chunks, nonce = number of frames
//!  …     16  trailer: frames u32, footer length u32, file length u32, "KEND"
//! ```

use minicbor::{Decode, Encode};

use super::bytes::Cursor;
use super::chunk::{ChunkKind, MAX_FRAME};
use super::envelope::{HEADER_LEN, Header, ObjectType, Suite, unpadded};
use super::{FormatError, cbor};
use crate::crypto::{Keys, Opener, TAG_LEN};
use crate::ids::{ChunkId, RepositoryId};

/// Largest pack that is read, in bytes.
pub(crate) const MAX_PACK: u32 = 128 << 20;
/// Largest footer, in bytes.
const MAX_FOOTER: u32 = 32 << 20;
pub(crate) const TRAILER_LEN: usize = 16;
const END: [u8; 4] = *b"KEND";

/// One chunk of a pack. Its offset is the sum of the lengths before it, its number its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(crate) struct PackEntry {
    #[n(0)]
    pub(crate) id: ChunkId,
    #[n(1)]
    pub(crate) kind: ChunkKind,
    /// Length of the frame in bytes, tag included.
    #[n(2)]
    pub(crate) len: u32,
    /// Length of the chunk in bytes.
    #[n(3)]
    pub(crate) raw_len: u32,
}

/// The content of a footer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct PackFooter {
    #[n(0)]
    pub(crate) entries: Vec<PackEntry>,
}

/// The last bytes of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trailer {
    pub(crate) frames: u32,
    pub(crate) footer_len: u32,
    pub(crate) file_len: u32,
}

impl Trailer {
    pub(crate) fn write(self) -> [u8; TRAILER_LEN] {
        let mut bytes = Vec::with_capacity(TRAILER_LEN);
        for number in [self.frames, self.footer_len, self.file_len] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&END);
        bytes.try_into().expect("the parts add up to the trailer")
    }

    /// Reads the last bytes of a pack of `size` bytes.
    pub(crate) fn read(bytes: &[u8], size: u64) -> Result<Self, FormatError> {
        let mut c = Cursor::new(bytes);
        let (frames, footer_len, file_len) = (c.u32()?, c.u32()?, c.u32()?);
        if c.array()? != END || !c.rest().is_empty() {
            return Err(FormatError::Magic);
        }
        if u64::from(file_len) != size || file_len > MAX_PACK || footer_len > MAX_FOOTER {
            return Err(FormatError::Length);
        }
        Ok(Self { frames, footer_len, file_len })
    }

    /// Returns where the footer begins.
    pub(crate) fn footer_at(self) -> Result<u64, FormatError> {
        u64::from(self.file_len)
            .checked_sub(TRAILER_LEN as u64)
            .and_then(|end| end.checked_sub(u64::from(self.footer_len)))
            .filter(|at| *at >= HEADER_LEN as u64)
            .ok_or(FormatError::Length)
    }
}

/// Checks the lengths of all entries and returns where the last frame ends.
pub(crate) fn check_entries(entries: &[PackEntry]) -> Result<u64, FormatError> {
    let mut at = HEADER_LEN as u64;
    for entry in entries {
        if entry.len > MAX_FRAME || entry.raw_len > super::config::MAX_CHUNK {
            return Err(FormatError::Limit("the size of a chunk"));
        }
        at = at.saturating_add(u64::from(entry.len));
    }
    if at > u64::from(MAX_PACK) {
        return Err(FormatError::Limit("the size of a pack"));
    }
    Ok(at)
}

/// Reads the header of a pack of this repository and returns it with the key to its frames.
pub(crate) fn open_header(
    keys: &Keys,
    repository: RepositoryId,
    bytes: &[u8],
) -> Result<(Header, Opener), FormatError> {
    let header = Header::read(bytes, ObjectType::Pack, Suite::Aes256Gcm)?;
    if header.repository != repository {
        return Err(FormatError::Repository);
    }
    let opener = Opener::new(&keys.file_key(header.epoch, &header.salt));
    Ok((header, opener))
}

/// What the footer is bound to.
pub(crate) fn footer_aad(header: &Header) -> Vec<u8> {
    [header.write().as_slice(), b"footer"].concat()
}

/// Opens the sealed footer and checks that its entries fill the pack exactly.
pub(crate) fn open_footer(
    header: &Header,
    opener: &Opener,
    trailer: Trailer,
    sealed: &mut [u8],
) -> Result<PackFooter, FormatError> {
    if sealed.len() < TAG_LEN {
        return Err(FormatError::Length);
    }
    let plain = opener.open(u64::from(trailer.frames), &footer_aad(header), sealed)?;
    let footer: PackFooter = cbor::decode(unpadded(plain)?)?;
    let count = u32::try_from(footer.entries.len()).map_err(|_| FormatError::Length)?;
    if count != trailer.frames || check_entries(&footer.entries)? != trailer.footer_at()? {
        return Err(FormatError::Length);
    }
    Ok(footer)
}
