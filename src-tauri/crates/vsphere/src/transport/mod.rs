//! Ways disk bytes travel.

pub(crate) mod gate;
mod path;

pub use path::{DatastorePath, DatastorePathError};
