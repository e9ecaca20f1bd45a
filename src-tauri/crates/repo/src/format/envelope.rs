//! The frame around every object: a 64-byte header, the body, a BLAKE3 checksum.
//!
//! ```text
//!  0   8  magic "KURAMORI"
//!  8   2  format version, little-endian: 1
//! 10   1  object type
//! 11   1  cipher suite: 0 plain, 1 AES-256-GCM
//! 12   4  key epoch, little-endian
//! 16  16  repository id
//! 32  32  salt of the file's key; zeros when plain
//! 64   …  body
//!  …  32  BLAKE3 of everything before (packs have a trailer of their own)
//! ```

use super::FormatError;
use super::bytes::Cursor;
use crate::crypto::{Keys, Opener, Sealer, TAG_LEN, hedged_salt};
use crate::error::RepoError;
use crate::ids::RepositoryId;

pub(crate) const MAGIC: [u8; 8] = *b"KURAMORI";
pub(crate) const FORMAT_VERSION: u16 = 1;
pub(crate) const HEADER_LEN: usize = 64;
const CHECKSUM_LEN: usize = 32;
/// Sealed bodies and chunks are filled up to a multiple of this many bytes.
pub(crate) const PAD: usize = 512;
/// The epoch of the only master key there is so far.
pub(crate) const EPOCH: u32 = 0;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ObjectType {
    Format = 1,
    KeySlot = 2,
    Pack = 3,
    Index = 4,
    Manifest = 5,
    SessionOpen = 6,
    SessionOutcome = 7,
    Info = 8,
    SlotRemoval = 9,
    SessionBeat = 16,
    Tomb = 17,
    TombEnd = 18,
    Hold = 19,
    CollectionPlan = 20,
    CollectionFinal = 21,
    CollectionDone = 22,
    Check = 32,
    Meta = 33,
}

/// Whether a body is readable or sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Suite {
    Plain = 0,
    Aes256Gcm = 1,
}

/// The first 64 bytes of every object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) object: ObjectType,
    pub(crate) suite: Suite,
    pub(crate) epoch: u32,
    pub(crate) repository: RepositoryId,
    pub(crate) salt: [u8; 32],
}

impl Header {
    pub(crate) fn write(&self) -> [u8; HEADER_LEN] {
        let mut bytes = Vec::with_capacity(HEADER_LEN);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&[self.object as u8, self.suite as u8]);
        bytes.extend_from_slice(&self.epoch.to_le_bytes());
        bytes.extend_from_slice(self.repository.as_bytes());
        bytes.extend_from_slice(&self.salt);
        bytes.try_into().expect("the parts add up to the header")
    }

    /// Reads a header and checks that it is of the type its place says.
    pub(crate) fn read(
        bytes: &[u8],
        object: ObjectType,
        suite: Suite,
    ) -> Result<Self, FormatError> {
        let mut c = Cursor::new(bytes);
        if c.array()? != MAGIC {
            return Err(FormatError::Magic);
        }
        match c.u16()? {
            FORMAT_VERSION => {}
            0 => return Err(FormatError::Magic),
            newer => return Err(FormatError::Version(newer)),
        }
        if c.u8()? != object as u8 {
            return Err(FormatError::Type);
        }
        match c.u8()? {
            known if known == suite as u8 => {}
            0 | 1 => return Err(FormatError::Type),
            unknown => return Err(FormatError::Suite(unknown)),
        }
        let epoch = c.u32()?;
        let repository = RepositoryId::from_bytes(c.array()?);
        Ok(Self { object, suite, epoch, repository, salt: c.array()? })
    }
}

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let hash = blake3::hash(&bytes);
    bytes.extend_from_slice(hash.as_bytes());
    bytes
}

/// Checks the checksum, then the header, and returns header and body. The checksum comes first: it
/// stays where it is in every version, so damage is never mistaken for a newer format.
fn split(
    bytes: &[u8],
    object: ObjectType,
    suite: Suite,
) -> Result<(Header, &[u8], &[u8]), FormatError> {
    let at = bytes.len().checked_sub(CHECKSUM_LEN).ok_or(FormatError::Length)?;
    let (signed, checksum) = bytes.split_at_checked(at).ok_or(FormatError::Length)?;
    if blake3::hash(signed).as_bytes() != checksum {
        return Err(FormatError::Checksum);
    }
    let header = Header::read(signed, object, suite)?;
    let (head, body) = signed.split_at_checked(HEADER_LEN).ok_or(FormatError::Length)?;
    Ok((header, head, body))
}

/// Makes a readable object.
pub(crate) fn plain_object(object: ObjectType, repository: RepositoryId, body: &[u8]) -> Vec<u8> {
    let header = Header { object, suite: Suite::Plain, epoch: EPOCH, repository, salt: [0; 32] };
    let mut bytes = header.write().to_vec();
    bytes.extend_from_slice(body);
    with_checksum(bytes)
}

/// Opens a readable object.
pub(crate) fn open_plain(object: ObjectType, bytes: &[u8]) -> Result<(Header, &[u8]), FormatError> {
    let (header, _, body) = split(bytes, object, Suite::Plain)?;
    Ok((header, body))
}

/// Puts a length in front and zeros behind, so that sizes say little, and leaves room for the tag.
pub(crate) fn padded(body: &[u8]) -> Result<Vec<u8>, FormatError> {
    let len = u32::try_from(body.len()).map_err(|_| FormatError::Limit("the size of an object"))?;
    let plain = body.len().saturating_add(4).next_multiple_of(PAD);
    let mut bytes = Vec::with_capacity(plain.saturating_add(TAG_LEN));
    bytes.extend_from_slice(&len.to_le_bytes());
    bytes.extend_from_slice(body);
    bytes.resize(plain.saturating_add(TAG_LEN), 0);
    Ok(bytes)
}

/// Undoes [`padded`] after decryption.
pub(crate) fn unpadded(plain: &[u8]) -> Result<&[u8], FormatError> {
    let mut c = Cursor::new(plain);
    let len = usize::try_from(c.u32()?).map_err(|_| FormatError::Length)?;
    c.take(len)
}

/// Who seals objects and what for.
pub(crate) struct Sealing<'a> {
    pub(crate) keys: &'a Keys,
    pub(crate) repository: RepositoryId,
}

impl Sealing<'_> {
    /// Makes a sealed object. `binding` is what its place says about it, such as its name.
    pub(crate) fn seal(
        &self,
        object: ObjectType,
        binding: &str,
        body: &[u8],
        nanos: i64,
    ) -> Result<Vec<u8>, RepoError> {
        let salt = hedged_salt(nanos, blake3::hash(body).as_bytes())?;
        let suite = Suite::Aes256Gcm;
        let header =
            Header { object, suite, epoch: EPOCH, repository: self.repository, salt }.write();
        let too_big = |source: FormatError| RepoError::invalid(format!("too large: {source}"));
        let mut body = padded(body).map_err(too_big)?;
        Sealer::new(&self.keys.file_key(EPOCH, &salt))
            .seal(&aad(&header, binding), &mut body)
            .map_err(too_big)?;
        let mut bytes = header.to_vec();
        bytes.append(&mut body);
        Ok(with_checksum(bytes))
    }

    /// Opens a sealed object of this repository.
    pub(crate) fn open(
        &self,
        object: ObjectType,
        binding: &str,
        bytes: &[u8],
    ) -> Result<Vec<u8>, FormatError> {
        let (header, head, body) = split(bytes, object, Suite::Aes256Gcm)?;
        if header.repository != self.repository {
            return Err(FormatError::Repository);
        }
        let mut body = body.to_vec();
        let key = self.keys.file_key(header.epoch, &header.salt);
        let plain = Opener::new(&key).open(0, &aad(head, binding), &mut body)?;
        unpadded(plain).map(<[u8]>::to_vec)
    }
}

fn aad(header: &[u8], binding: &str) -> Vec<u8> {
    [header, binding.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::MasterKey;

    #[test]
    fn objects_open_only_as_what_they_are() {
        let id = RepositoryId::from_bytes([1; 16]);
        let keys = Keys::new(id, MasterKey::from_bytes([2; 32]));
        let sealing = Sealing { keys: &keys, repository: id };
        let bytes = sealing.seal(ObjectType::Index, "index/0", b"body", 5).unwrap();
        assert_eq!(sealing.open(ObjectType::Index, "index/0", &bytes).unwrap(), b"body");
        let wrong_type = sealing.open(ObjectType::Manifest, "index/0", &bytes);
        assert_eq!(wrong_type, Err(FormatError::Type));
        let wrong_place = sealing.open(ObjectType::Index, "index/1", &bytes);
        assert_eq!(wrong_place, Err(FormatError::Authentication));
        let other = Sealing { keys: &keys, repository: RepositoryId::from_bytes([3; 16]) };
        let foreign = other.open(ObjectType::Index, "index/0", &bytes);
        assert_eq!(foreign, Err(FormatError::Repository));
        for cut in 0..bytes.len() {
            assert!(sealing.open(ObjectType::Index, "index/0", &bytes[..cut]).is_err());
        }
    }
}
