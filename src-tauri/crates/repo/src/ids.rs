//! Names of things: typed, so that they cannot be mixed up.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use minicbor::{Decode, Encode};

use crate::crypto;
use crate::error::RepoError;

/// A text that is not an id of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct IdError {
    /// What was given.
    pub text: String,
    /// What it should have been.
    pub expected: &'static str,
}

macro_rules! id16 {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(n(0), with = "minicbor::bytes")] [u8; 16]);

        impl $name {
            /// Makes an id from its 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Makes a new random id.
            ///
            /// # Errors
            /// When the operating system gives no random bytes.
            pub fn random() -> Result<Self, RepoError> {
                crypto::random().map(Self)
            }

            /// Returns the 16 bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Returns all 32 hexadecimal digits.
            pub fn to_hex(&self) -> String {
                HEXLOWER.encode(&self.0)
            }
        }

        impl fmt::Display for $name {
            /// Writes the first 12 digits: enough for people. Programs take `to_hex`.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.to_hex().get(..12).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.to_hex())
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// Reads all 32 digits, upper or lower case.
            fn from_str(text: &str) -> Result<Self, IdError> {
                let lower = text.trim().to_ascii_lowercase();
                let error = || IdError { text: text.to_owned(), expected: $expected };
                let bytes = HEXLOWER.decode(lower.as_bytes()).map_err(|_| error())?;
                bytes.try_into().map(Self).map_err(|_| error())
            }
        }
    };
}

id16! {
    /// Which repository an object belongs to. Random, made once, never changed.
    RepositoryId, "a repository id (32 hexadecimal digits)"
}
id16! {
    /// Names a recovery point. Random, so that it stays the same in a copy of the repository.
    ///
    /// `Display` is short; [`crate::Repository::resolve_point`] takes any unique prefix back.
    RecoveryPointId, "a recovery point id (32 hexadecimal digits)"
}
id16! {
    /// Who writes: one installation of the program, for as long as it lives.
    WriterId, "a writer id (32 hexadecimal digits)"
}
id16! {
    /// One session of a writer.
    SessionId, "a session id (32 hexadecimal digits)"
}
id16! {
    /// One hold of a recovery point.
    HoldId, "a hold id (32 hexadecimal digits)"
}
id16! {
    /// One key slot.
    SlotId, "a key slot id (32 hexadecimal digits)"
}

macro_rules! id32 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

        impl $name {
            /// Makes an id from its 32 bytes.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// Returns the 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// Returns all 64 hexadecimal digits.
            pub fn to_hex(&self) -> String {
                HEXLOWER.encode(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.to_hex().get(..12).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.to_hex())
            }
        }
    };
}

id32! {
    /// The keyed BLAKE3 hash of a chunk. All zeros stands for "nothing but zeros".
    ChunkId
}
id32! {
    /// The BLAKE3 hash of a file in the store, which is also its name.
    ObjectHash
}

impl ChunkId {
    /// The place of a chunk or map node that holds only zeros and is not stored.
    pub const ZERO: Self = Self([0; 32]);

    /// Returns whether nothing is stored for this place.
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

impl ObjectHash {
    /// Returns the hash of a whole file.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// Reads 64 lower case digits, as they stand in a file name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }
}

/// The position of a chunk on a disk, counted in chunks from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkIndex(u64);

impl ChunkIndex {
    /// Makes an index.
    pub const fn new(index: u64) -> Self {
        Self(index)
    }

    /// Returns the number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ChunkIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "chunk {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_short_and_parse_back_whole() {
        let id = RecoveryPointId::from_bytes([0xAB; 16]);
        assert_eq!(id.to_string(), "abababababab");
        assert_eq!(id.to_hex().parse(), Ok(id));
        assert_eq!(id.to_hex().to_uppercase().parse(), Ok(id));
        assert!("abab".parse::<RecoveryPointId>().is_err());
    }
}
