//! What there is on a server: VMs, and everything a person picks from or a restore needs.

mod build;
mod names;
mod obstacle;
mod query;
mod types;

#[cfg(feature = "testing")]
pub(crate) use build::inventory;
pub(crate) use names::{decode_name, encode_name};
pub use obstacle::VmObstacle;
pub use types::{
    ComputeSummary, ConnectionState, DatacenterSummary, DatastoreSummary, FolderSummary,
    HostSummary, Inventory, NetworkKind, NetworkSummary, PoolSummary, PowerState, ToolsState,
    UnreadableVm, VmSummary,
};
