//! Changed block tracking: which parts of a disk a snapshot may hold that an earlier one did not.

mod change_id;
mod error;
mod query;
mod walk;

pub use change_id::{ChangeId, ChangeIdError};
pub use error::{CbtError, CbtUnusable};
#[cfg(feature = "testing")]
pub(crate) use query::takes;
pub use query::{ChangeTracking, ChangedSince};
