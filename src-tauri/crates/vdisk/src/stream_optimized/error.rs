use std::io;

use kuramori_base::Hint;
use kuramori_block::{ByteLen, ByteOffset};

/// Why a stream-optimized VMDK could not be read.
#[derive(Debug, thiserror::Error)]
pub enum StreamReadError {
    /// The source failed or ended in the middle of an item.
    #[error("reading the disk stream at {at} of the stream failed")]
    Io {
        /// Where in the stream.
        at: ByteOffset,
        /// What the source said.
        #[source]
        source: io::Error,
    },
    /// The first sector is not the header of a stream-optimized VMDK.
    #[error("the disk stream does not begin like a stream-optimized VMDK: {why}")]
    NotAStream {
        /// What is wrong with the header.
        why: &'static str,
    },
    /// A later item breaks the format.
    #[error("the disk stream is damaged at {at} of the stream: {why}")]
    Damaged {
        /// Where in the stream the item begins.
        at: ByteOffset,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The compressed bytes of a grain do not unpack.
    #[error("the data for {disk} of the disk does not unpack")]
    Inflate {
        /// The first byte of the grain on the disk.
        disk: ByteOffset,
        /// What the decompressor said.
        #[source]
        source: flate2::DecompressError,
    },
}

impl Hint for StreamReadError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Io { .. } | Self::Damaged { .. } | Self::Inflate { .. } => vec![
                "Transfer the disk again from its beginning: a disk stream cannot be resumed."
                    .into(),
            ],
            Self::NotAStream { .. } => {
                vec!["Check that the file or URL holds a stream-optimized VMDK.".into()]
            }
        }
    }
}

/// Why a stream-optimized VMDK could not be written.
#[derive(Debug, thiserror::Error)]
pub enum StreamWriteError {
    /// The destination failed.
    #[error("writing the disk stream failed after {written}")]
    Io {
        /// Bytes written before.
        written: ByteLen,
        /// What the destination said.
        #[source]
        source: io::Error,
    },
    /// The capacity is zero, not whole sectors, or more than the format holds.
    #[error("a disk of {capacity} cannot be written as a stream-optimized VMDK")]
    Capacity {
        /// The size asked for.
        capacity: ByteLen,
    },
    /// A grain does not begin on a grain, goes back, or lies past the end.
    #[error(
        "a grain of {len} at {offset} does not follow the grains before it on a disk of {capacity}"
    )]
    GrainOutOfPlace {
        /// Where on the disk.
        offset: ByteOffset,
        /// How long the data was.
        len: ByteLen,
        /// The size of the disk.
        capacity: ByteLen,
    },
    /// The stream grew past 2 TiB, beyond which its tables cannot point.
    #[error("the disk stream grew past {written}, more than its tables can address")]
    TooLong {
        /// Bytes written before.
        written: ByteLen,
    },
}

impl Hint for StreamWriteError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::TooLong { .. } => {
                vec!["Write this disk compressed, or restore it as a raw file.".into()]
            }
            Self::Io { .. } | Self::Capacity { .. } | Self::GrainOutOfPlace { .. } => Vec::new(),
        }
    }
}
