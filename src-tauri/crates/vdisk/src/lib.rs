//! Virtual disk formats: the stream-optimized VMDK that VMware's lease export sends and its import
//! takes, the deltas of snapshots with what lies below them, and the VMDKs of desktop products and
//! exports.
//!
//! Non-goals: sockets, repositories, mounting. A format is parsed from any `Read` and written to
//! any `Write`.
//! Invariant guarded: whatever bytes come in, a reader answers with data that lies on the disk or
//! with an error; it never panics and its memory does not depend on what the input claims.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

pub mod chain;
pub mod delta;
mod field;
pub mod hosted;
pub mod stream_optimized;
#[cfg(feature = "testing")]
pub mod testing;
