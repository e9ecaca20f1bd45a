//! Backs VMs up: plan, acquire, extents, pipeline, commit, release. VMs in files of this computer
//! go the same way, without a server.
//!
//! Non-goals: deciding when, restoring, talking to people.
//! Invariant guarded: every snapshot of ours has an intent in the run log before it exists, and is
//! removed on success, failure, cancel and the next start, so does every disk attached to our own
//! VM, which goes first; a recovery point is committed only when
//! every byte of every disk in it was read from that snapshot.

mod audit;
mod backup;
mod budget;
mod cold;
mod config_files;
mod disk;
mod disks;
mod error;
mod export;
mod files;
mod guards;
mod hot_add;
mod image;
mod job_event;
mod local;
mod lost;
mod mounted;
mod observer;
mod pipeline;
mod plan;
mod policy;
mod power;
mod quiet;
mod report;
mod samples;
mod snapshot;
mod throttle;
mod tracking;
mod ways;

pub use backup::{VmBackup, VmReport, backup_vm};
pub use budget::{Budget, Budgets};
pub use error::{EngineError, Obstacle};
pub use hot_add::HotAdd;
pub use image::{ImageBackup, ImageError, ImageFile, backup_image, parse_areas};
pub use job_event::JobEvent;
pub use local::{LocalError, LocalSource};
pub use lost::{LostSnapshots, find_lost_snapshots};
pub use mounted::Mounts;
pub use observer::{Observer, Step};
pub use pipeline::PipelineError;
pub use plan::WholeReason;
pub use policy::{Cold, Policy, Unmet};
pub use report::{Mode, RunEvent, WhyMoved};
pub use snapshot::{OpenIntent, is_a_backup_snapshot, open_intents, recover};
pub use throttle::Throttle;
pub use ways::{Faster, HotAddNeeds};

/// Name and version recorded in every recovery point.
pub(crate) const TOOL_VERSION: &str = concat!("kuramori ", env!("CARGO_PKG_VERSION"));
