//! Updates of the program itself: check, download, verify, put in place, take back.
//!
//! | step | what protects it |
//! |---|---|
//! | manifest | its exact bytes are signed with a key compiled into the program; nothing in it is looked at before |
//! | package | size and hash stand in the manifest; checked while it is unpacked |
//! | names in the package | no way out of its folder, no links, no devices, no reserved names |
//! | files in place | written beside the old ones, checked again, renamed over them one by one |
//! | new version | must say that it started within a time limit, else the old files come back |
//! | crash | each step is in a journal on disk before the next begins; the next start goes on from it |
//!
//! Only the helper changes files of the installation: a copy of the command line in the state
//! folder, since a running program cannot be replaced on every system.
//!
//! Non-goals: installers, package managers.
//! Invariant guarded: nothing that is not signed by the pinned key, and nothing older than what was
//! seen before, is ever put in place.

mod apply;
mod download;
mod error;
mod feed;
mod fetch;
mod helper;
mod installation;
mod journal;
mod launch;
mod manifest;
mod names;
mod offer;
mod offline;
mod package;
mod previous;
mod service;
mod stage;
#[cfg(test)]
mod tests;

pub(crate) use error::UpdateError;
pub(crate) use helper::guard;
pub use helper::{AtStart, apply, at_start};
pub(crate) use installation::Kind;
pub(crate) use journal::Outcome;
pub use launch::Launch;
pub(crate) use service::{Parts, Updates};
