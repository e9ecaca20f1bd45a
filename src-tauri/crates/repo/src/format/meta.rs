//! What computers leave in a repository for each other: what they found out about its place and
//! about the record of changes of a disk, and their settings.

use chrono::{DateTime, Utc};
use minicbor::{Decode, Encode};

use super::{FormatError, cbor};
use crate::ids::WriterId;

/// Largest object of this kind, in bytes.
pub(crate) const MAX_META: u64 = 4 << 20;

/// The content of an object.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Meta {
    /// A computer tried what the place promises, and it kept all of it.
    #[n(0)]
    Probe {
        #[cbor(n(0), with = "crate::format::cbor::time")]
        time: DateTime<Utc>,
        /// Whether what was written survives a power cut, as far as the system says.
        #[n(1)]
        durable: bool,
        #[n(2)]
        tool_version: String,
    },
    /// The settings of an installation, so that another one can take them over.
    #[n(1)]
    Settings {
        #[cbor(n(0), with = "crate::format::cbor::time")]
        time: DateTime<Utc>,
        #[n(1)]
        writer: WriterId,
        /// What the computer is called, for people.
        #[n(2)]
        computer: String,
        /// Opaque here. No secrets.
        #[cbor(n(3), with = "minicbor::bytes")]
        body: Vec<u8>,
    },
    /// The record of changes of a disk left some out. Never removed: it says of every recovery
    /// point that was read by that record that it may miss changes.
    #[n(2)]
    Doubt {
        #[cbor(n(0), with = "crate::format::cbor::time")]
        time: DateTime<Utc>,
        #[n(1)]
        writer: WriterId,
        /// Name of the disk's VM, for people.
        #[n(2)]
        vm: String,
        /// Label of the disk, for people.
        #[n(3)]
        disk: String,
        /// The epoch: what stands before the last slash in the disk's change ids.
        #[n(4)]
        epoch: String,
        /// Pieces that were read again.
        #[n(5)]
        pieces: u64,
        /// How many of them had changed.
        #[n(6)]
        wrong: u64,
    },
}

impl Meta {
    /// Reads an object; `None` for a kind that a newer program wrote, which concerns nobody here.
    pub(crate) fn decode(body: &[u8]) -> Result<Option<Self>, FormatError> {
        match cbor::decode(body) {
            Ok(meta) => Ok(Some(meta)),
            Err(error) => match kind(body) {
                Some(kind) if kind > 2 => Ok(None),
                _ => Err(error),
            },
        }
    }
}

fn kind(body: &[u8]) -> Option<u32> {
    let mut decoder = minicbor::Decoder::new(body);
    (decoder.array().ok()? == Some(2)).then(|| decoder.u32().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_the_future_are_passed_over_and_broken_ones_named() {
        let probe =
            Meta::Probe { time: DateTime::UNIX_EPOCH, durable: true, tool_version: "1".to_owned() };
        let bytes = cbor::encode(&probe);
        assert_eq!(Meta::decode(&bytes), Ok(Some(probe)));
        for cut in 0..bytes.len() {
            assert!(Meta::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert_eq!(Meta::decode(&[0x82, 0x07, 0x80]), Ok(None));
    }
}
