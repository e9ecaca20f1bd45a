//! What crosses the line to the window, the command line and, later, HTTP.
//!
//! Sizes are bytes as JSON numbers (all below 2^53), times RFC 3339 in UTC, ids opaque strings.

#[macro_use]
mod wire;

mod alerts;
mod app;
mod deletion;
mod error;
mod exported;
mod inventory;
mod job_plan;
mod jobs;
mod keys;
mod notices;
mod point_sums;
mod points;
mod protection;
mod repositories;
mod restore;
mod retention;
mod runs;
mod servers;
mod sources;
mod trees;
mod updates;

pub use alerts::*;
pub use app::*;
pub use deletion::*;
pub use error::*;
pub use exported::*;
pub use inventory::*;
pub use job_plan::*;
pub use jobs::*;
pub use keys::*;
pub use notices::*;
pub use point_sums::*;
pub use points::*;
pub use protection::*;
pub use repositories::*;
pub use restore::*;
pub use retention::*;
pub use runs::*;
pub use servers::*;
pub use sources::*;
pub use trees::*;
pub use updates::*;
