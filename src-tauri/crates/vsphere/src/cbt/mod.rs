//! Changed block tracking: which parts of a disk a snapshot may hold that an earlier one did not.

mod change_id;
mod error;
mod known_bugs;
mod query;
mod stale;
mod walk;

pub use change_id::{ChangeId, ChangeIdError};
pub use error::{CbtError, CbtUnusable};
pub use known_bugs::TrackingBug;
#[cfg(feature = "testing")]
pub(crate) use query::takes;
pub use query::{ChangeTracking, ChangedSince};
