//! What the bytes in the store mean. `docs/REPOSITORY_FORMAT.md` is the reference.
//!
//! Everything read here may come from a hostile store: sizes are capped before memory is taken,
//! enums are closed, arithmetic is checked and nothing is indexed.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

pub(crate) mod bytes;
pub(crate) mod cbor;
pub(crate) mod check;
pub(crate) mod chunk;
pub(crate) mod collection;
pub(crate) mod config;
pub(crate) mod envelope;
mod error;
pub(crate) mod index;
pub(crate) mod manifest;
pub(crate) mod meta;
pub(crate) mod names;
pub(crate) mod pack;
pub(crate) mod session;
pub(crate) mod slot;
#[cfg(test)]
mod tests;
pub(crate) mod tomb;

pub use error::FormatError;
