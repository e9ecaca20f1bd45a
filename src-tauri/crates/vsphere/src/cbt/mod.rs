//! Changed block tracking: which parts of a disk a snapshot may hold that an earlier one did not.

mod change_id;
mod error;
mod query;
mod walk;

pub use change_id::{ChangeId, ChangeIdError};
pub use error::{CbtError, CbtUnusable};
pub use query::{ChangeTracking, ChangedSince};
