//! Backs VMs up: plan, acquire, extents, pipeline, commit, release.
//!
//! Non-goals: deciding when, restoring, talking to people.
//! Invariant guarded: every snapshot of ours has an intent in the run log before it exists, and is
//! removed on success, failure, cancel and the next start; a recovery point is committed only when
//! every byte of every disk in it was read from that snapshot.

mod audit;
mod backup;
mod config_files;
mod disk;
mod error;
mod export;
mod files;
mod guards;
mod image;
mod pipeline;
mod plan;
mod policy;
mod quiet;
mod report;
mod snapshot;
mod throttle;
mod tracking;

pub use backup::{VmBackup, VmReport, backup_vm};
pub use error::{EngineError, Obstacle};
pub use image::{ImageBackup, ImageError, ImageFile, backup_image, parse_areas};
pub use pipeline::PipelineError;
pub use plan::WholeReason;
pub use policy::{Policy, Unmet};
pub use report::{Mode, Observer, RunEvent, Step};
pub use snapshot::{OpenIntent, is_a_backup_snapshot, open_intents, recover};
pub use throttle::Throttle;

/// Name and version recorded in every recovery point.
pub(crate) const TOOL_VERSION: &str = concat!("kuramori ", env!("CARGO_PKG_VERSION"));
