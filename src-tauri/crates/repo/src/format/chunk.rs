//! Chunks as frames of a pack.
//!
//! ```text
//!  0   1  codec: 0 raw, 1 zstd
//!  1   4  length of the chunk, little-endian
//!  5   4  length of the payload, little-endian
//!  9   …  payload
//!  …   …  zeros up to a multiple of 512
//!  …  16  tag, after sealing
//! ```

use minicbor::{Decode, Encode};
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe;

use super::FormatError;
use super::bytes::Cursor;
use super::config::MAX_CHUNK;
use super::envelope::{PAD, Suite};
use crate::crypto::TAG_LEN;
use crate::ids::{ChunkId, RepositoryId};

const FRAME_HEAD: usize = 9;
/// Largest frame, in bytes: a raw chunk with head, padding and tag.
pub(crate) const MAX_FRAME: u32 = MAX_CHUNK + 1024;
const RAW: u8 = 0;
const ZSTD: u8 = 1;
/// Level 1: about 2.2 : 1 on system disks at several times the speed of level 3.
const LEVEL: i32 = 1;
/// A window larger than this is refused, as nothing we write has one.
const WINDOW_LOG_MAX: u32 = 23;

/// What a chunk is for; part of what it is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum ChunkKind {
    /// Bytes of a disk.
    #[n(0)]
    Data,
    /// A node of a chunk map.
    #[n(1)]
    Map,
}

/// What a frame is bound to: suite, repository, kind, chunk id, number in the pack.
pub(crate) fn frame_aad(
    repository: RepositoryId,
    kind: ChunkKind,
    id: &ChunkId,
    number: u32,
) -> [u8; 54] {
    let mut bytes = Vec::with_capacity(54);
    bytes.extend_from_slice(&[Suite::Aes256Gcm as u8, kind as u8]);
    bytes.extend_from_slice(repository.as_bytes());
    bytes.extend_from_slice(id.as_bytes());
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.try_into().expect("the parts add up to the array")
}

/// Compresses chunks; one for each thread.
pub(crate) struct Encoder {
    zstd: Compressor<'static>,
    packed: Vec<u8>,
}

fn failed(_: std::io::Error) -> FormatError {
    FormatError::Compression
}

impl Encoder {
    pub(crate) fn new() -> Result<Self, FormatError> {
        Ok(Self { zstd: Compressor::new(LEVEL).map_err(failed)?, packed: Vec::new() })
    }

    /// Fills `frame` with the plain frame of a chunk, room for the tag included.
    ///
    /// Chunks that shrink by less than 5 % stay raw, which spares every reader the work.
    pub(crate) fn encode(&mut self, raw: &[u8], frame: &mut Vec<u8>) -> Result<(), FormatError> {
        let raw_len =
            u32::try_from(raw.len()).map_err(|_| FormatError::Limit("the size of a chunk"))?;
        let bound = zstd_safe::compress_bound(raw.len());
        self.packed.clear();
        self.packed.reserve(bound);
        let len = self.zstd.compress_to_buffer(raw, &mut self.packed).map_err(failed)?;
        let worth = len.saturating_mul(20) <= raw.len().saturating_mul(19);
        let (codec, payload) = if worth { (ZSTD, self.packed.as_slice()) } else { (RAW, raw) };
        let payload_len = u32::try_from(payload.len()).map_err(|_| FormatError::Length)?;
        let plain = payload.len().saturating_add(FRAME_HEAD).next_multiple_of(PAD);
        frame.clear();
        frame.reserve(plain.saturating_add(TAG_LEN));
        frame.push(codec);
        frame.extend_from_slice(&raw_len.to_le_bytes());
        frame.extend_from_slice(&payload_len.to_le_bytes());
        frame.extend_from_slice(payload);
        frame.resize(plain.saturating_add(TAG_LEN), 0);
        Ok(())
    }
}

/// Decompresses chunks; one for each thread.
pub(crate) struct Decoder {
    zstd: Decompressor<'static>,
}

impl Decoder {
    pub(crate) fn new() -> Result<Self, FormatError> {
        let mut zstd = Decompressor::new().map_err(failed)?;
        zstd.set_parameter(zstd_safe::DParameter::WindowLogMax(WINDOW_LOG_MAX)).map_err(failed)?;
        Ok(Self { zstd })
    }

    /// Replaces the content of `out` by the chunk in a decrypted frame, at most `limit` bytes.
    ///
    /// The memory used is the length the frame declares, never what the payload would grow to.
    pub(crate) fn decode(
        &mut self,
        plain: &[u8],
        limit: u32,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let mut c = Cursor::new(plain);
        let (codec, raw_len, payload_len) = (c.u8()?, c.u32()?, c.u32()?);
        if raw_len > limit {
            return Err(FormatError::Limit("the size of a chunk"));
        }
        let raw_len = usize::try_from(raw_len).map_err(|_| FormatError::Length)?;
        let payload = c.take(usize::try_from(payload_len).map_err(|_| FormatError::Length)?)?;
        if c.rest().len() >= PAD {
            return Err(FormatError::Length);
        }
        out.clear();
        match codec {
            RAW if payload.len() == raw_len => out.extend_from_slice(payload),
            RAW => return Err(FormatError::Length),
            ZSTD => self.inflate(payload, raw_len, out)?,
            _ => return Err(FormatError::Limit("the codec of a chunk")),
        }
        Ok(())
    }

    fn inflate(
        &mut self,
        payload: &[u8],
        raw_len: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let declared = zstd_safe::get_frame_content_size(payload).ok().flatten();
        let whole = zstd_safe::find_frame_compressed_size(payload).ok();
        if declared != u64::try_from(raw_len).ok() || whole != Some(payload.len()) {
            return Err(FormatError::Compression);
        }
        out.reserve_exact(raw_len);
        let len = self.zstd.decompress_to_buffer(payload, out).map_err(failed)?;
        if len == raw_len { Ok(()) } else { Err(FormatError::Compression) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A frame as a hostile writer with the key could make it.
    fn frame(codec: u8, raw_len: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![codec];
        bytes.extend(raw_len.to_le_bytes());
        bytes.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(payload);
        bytes.resize(bytes.len().next_multiple_of(PAD), 0);
        bytes
    }

    fn decode(plain: &[u8], limit: u32) -> Result<Vec<u8>, FormatError> {
        let mut out = Vec::new();
        Decoder::new().unwrap().decode(plain, limit, &mut out)?;
        Ok(out)
    }

    #[test]
    fn bombs_do_not_go_off() {
        let big = zstd::encode_all(&vec![0u8; 64 << 20][..], 1).unwrap();
        let small = zstd::bulk::compress(&[7; 4096], 1).unwrap();
        let two = [small.as_slice(), &small].concat();
        let cases = [
            (frame(ZSTD, u32::MAX, &big), "a declared length past the limit"),
            (frame(ZSTD, 4096, &big), "a payload that declares no length"),
            (frame(ZSTD, 4095, &small), "a payload that declares more"),
            (frame(ZSTD, 8192, &two), "two frames in a row"),
            (frame(ZSTD, 4096, &[0; 100]), "no zstd at all"),
            (frame(ZSTD, 0, &[]), "nothing"),
            (frame(RAW, 4096, &[0; 100]), "less than declared"),
            (frame(2, 4096, &[0; 4096]), "an unknown codec"),
            (vec![0; 8], "less than a head"),
        ];
        for (bytes, what) in cases {
            assert!(decode(&bytes, 4096).is_err(), "{what} must be refused");
        }
        assert_eq!(decode(&frame(ZSTD, 4096, &small), 4096).unwrap(), [7; 4096]);
    }

    #[test]
    fn memory_stays_at_the_declared_length() {
        let honest = zstd::bulk::compress(&vec![0; 1 << 20], 1).unwrap();
        let mut out = Vec::new();
        let plain = frame(ZSTD, 1 << 20, &honest);
        Decoder::new().unwrap().decode(&plain, 1 << 20, &mut out).unwrap();
        assert!(out.capacity() <= 1 << 20, "no more than declared: {}", out.capacity());
    }

    proptest! {
        #[test]
        fn chunks_round_trip(
            raw in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..3000),
                prop::collection::vec(0u8..2, 0..3000),
            ]
        ) {
            let mut frame = Vec::new();
            Encoder::new().unwrap().encode(&raw, &mut frame).unwrap();
            prop_assert_eq!(frame.len() % PAD, TAG_LEN);
            let plain = &frame[..frame.len() - TAG_LEN];
            prop_assert_eq!(decode(plain, 3000).unwrap(), raw);
        }

        #[test]
        fn any_bytes_are_an_error_or_a_chunk(plain in prop::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(chunk) = decode(&plain, 1000) {
                prop_assert!(chunk.len() <= 1000);
            }
        }
    }
}
