//! The format file: what must be known before any key is there, twice in the store.

use chrono::{DateTime, Utc};
use minicbor::{Decode, Encode};

use super::envelope::{ObjectType, open_plain, plain_object};
use super::slot::Slot;
use super::{FormatError, cbor};
use crate::crypto::Keys;
use crate::ids::RepositoryId;

/// Largest format file, in bytes.
pub(crate) const MAX_FORMAT: u64 = 256 << 10;
/// Smallest and largest chunk, in bytes.
pub(crate) const MIN_CHUNK: u32 = 4 << 10;
pub(crate) const MAX_CHUNK: u32 = 1 << 20;
/// Most key slots.
pub(crate) const MAX_SLOTS: usize = 64;

/// What the repository is like.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Config {
    /// Size of a chunk in bytes: a power of two.
    #[n(0)]
    pub(crate) chunk_len: u32,
    /// A program that does not know all of these must not read.
    #[n(1)]
    pub(crate) needed_to_read: Vec<String>,
    /// A program that does not know all of these must not write.
    #[n(2)]
    pub(crate) needed_to_write: Vec<String>,
    #[cbor(n(3), with = "crate::format::cbor::time")]
    pub(crate) created: DateTime<Utc>,
    /// Copies of the slots made with the repository.
    #[n(4)]
    pub(crate) slots: Vec<Slot>,
    /// A sealed [`Info`].
    #[cbor(n(5), with = "minicbor::bytes")]
    pub(crate) info: Vec<u8>,
}

/// What only key holders may know.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Info {
    #[n(0)]
    pub(crate) name: String,
    #[n(1)]
    pub(crate) tool_version: String,
}

/// The body of the file: the config as bytes, and a code that only key holders can make.
#[derive(Encode, Decode)]
#[cbor(map)]
struct Body {
    #[cbor(n(0), with = "minicbor::bytes")]
    config: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    mac: [u8; 32],
}

/// A format file as read, not yet authenticated.
#[derive(Debug, PartialEq)]
pub(crate) struct FormatFile {
    pub(crate) repository: RepositoryId,
    pub(crate) config: Config,
    encoded: Vec<u8>,
    mac: [u8; 32],
}

impl Config {
    pub(crate) fn write(&self, repository: RepositoryId, keys: &Keys) -> Vec<u8> {
        let config = cbor::encode(self);
        let mac = keys.config_mac(&config);
        plain_object(ObjectType::Format, repository, &cbor::encode(&Body { config, mac }))
    }

    /// Checks what both writer and reader hold to.
    pub(crate) fn check(&self) -> Result<(), FormatError> {
        if !self.chunk_len.is_power_of_two() || !(MIN_CHUNK..=MAX_CHUNK).contains(&self.chunk_len) {
            return Err(FormatError::Limit("the chunk size"));
        }
        if self.slots.len() > MAX_SLOTS {
            return Err(FormatError::Limit("the number of key slots"));
        }
        Ok(())
    }
}

impl FormatFile {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, FormatError> {
        let (header, body) = open_plain(ObjectType::Format, bytes)?;
        let body: Body = cbor::decode(body)?;
        let config: Config = cbor::decode(&body.config)?;
        config.check()?;
        Ok(Self { repository: header.repository, config, encoded: body.config, mac: body.mac })
    }

    /// Checks that a holder of the master key wrote this.
    pub(crate) fn authenticate(&self, keys: &Keys) -> Result<(), FormatError> {
        use subtle::ConstantTimeEq;
        let fine = bool::from(keys.config_mac(&self.encoded).ct_eq(&self.mac));
        if fine { Ok(()) } else { Err(FormatError::Authentication) }
    }
}
