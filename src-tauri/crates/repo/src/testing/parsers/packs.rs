//! Packs, the chunks in them, and the maps that name chunks.

use kuramori_base::testing::Parser;

use super::records::entry;
use super::{REPOSITORY, keys};
use crate::crypto::{Opener, Sealer, TAG_LEN};
use crate::format::FormatError;
use crate::format::cbor::encode;
use crate::format::chunk::{Decoder, Encoder};
use crate::format::envelope::{Header, ObjectType, Suite, padded};
use crate::format::pack::{self, PackFooter, TRAILER_LEN, Trailer, footer_aad};
use crate::map::{FANOUT, decode_node};

/// Bytes before the footer of the sample.
const FRAMES: usize = 64 + 2 * 528;
/// The most bytes a chunk of the sample may have.
const LIMIT: u32 = 8192;

pub(super) fn parsers() -> Vec<Parser> {
    let footer = encode(&PackFooter { entries: vec![entry(1), entry(2)] });
    let trailer = Trailer { frames: 2, footer_len: 528, file_len: file_len(528) }.write();
    let mut decoder = Decoder::new().expect("a decoder");
    vec![
        Parser::new("pack-footer", [footer], |bytes| footer_opens(bytes).is_ok()),
        Parser::new("pack-trailer", [trailer], |bytes| {
            let size = u64::from(file_len(528));
            let read = Trailer::read(bytes, size).and_then(Trailer::footer_at);
            read.is_ok_and(|at| {
                assert!(at <= size, "a footer lies inside of its file");
                true
            })
        }),
        Parser::new(
            "chunk",
            [vec![b'x'; 4096], noise(4096)].map(|raw| frame(&raw)),
            move |bytes| {
                let mut out = Vec::new();
                let limit = LIMIT as usize;
                decoder.decode(bytes, LIMIT, &mut out).is_ok_and(|()| {
                    assert!(out.len() <= limit && out.capacity() <= limit, "within the limit");
                    true
                })
            },
        ),
        Parser::new("map-node", [[7; 64]], |bytes| {
            decode_node(bytes).is_ok_and(|node| {
                assert!(node.len() as u64 <= FANOUT);
                true
            })
        }),
    ]
}

fn file_len(footer: usize) -> u32 {
    u32::try_from(FRAMES + footer + TRAILER_LEN).unwrap_or(u32::MAX)
}

/// Seals a footer as somebody with the key would, and opens it.
fn footer_opens(bytes: &[u8]) -> Result<(), FormatError> {
    let header = Header {
        object: ObjectType::Pack,
        suite: Suite::Aes256Gcm,
        epoch: 0,
        repository: REPOSITORY,
        salt: [3; 32],
    };
    let key = keys().file_key(0, &header.salt);
    let mut footer = padded(bytes)?;
    let (mut sealer, mut skipped) = (Sealer::new(&key), [0; TAG_LEN]);
    sealer.seal(b"", &mut skipped)?;
    sealer.seal(b"", &mut skipped)?;
    sealer.seal(&footer_aad(&header), &mut footer)?;
    let footer_len = u32::try_from(footer.len()).map_err(|_| FormatError::Checksum)?;
    let trailer = Trailer { frames: 2, footer_len, file_len: file_len(footer.len()) };
    pack::open_footer(&header, &Opener::new(&key), trailer, &mut footer).map(|_| ())
}

fn frame(raw: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    Encoder::new().and_then(|mut e| e.encode(raw, &mut frame)).expect("a frame");
    frame.truncate(frame.len() - TAG_LEN);
    frame
}

/// Bytes that do not compress.
fn noise(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().finalize_xof().fill(&mut bytes);
    bytes
}
