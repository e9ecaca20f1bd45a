//! What there is on a server: VMs, and everything a person picks from or a restore needs.

mod build;
mod names;
mod nodes;
mod obstacle;
mod query;
mod types;
mod views;
#[cfg(test)]
mod views_tests;

#[cfg(feature = "testing")]
pub(crate) use build::inventory;
pub(crate) use names::{decode_name, encode_name};
pub use obstacle::VmObstacle;
pub use types::{
    ComputeSummary, ConnectionState, DatacenterSummary, DatastoreSummary, FolderSummary,
    HostSummary, Inventory, InventoryNode, NetworkKind, NetworkSummary, NodeId, NodeKind,
    PoolSummary, PowerState, ToolsState, UnreadableVm, VmPlace, VmSummary,
};
pub use views::{Group, GroupKind};
