//! Client of VMware vSphere: one ESXi host or one vCenter, over its public interface.
//!
//! Non-goals: deciding what to back up, keeping anything, disk formats. Nothing here knows jobs or
//! repositories.
//! Invariants guarded: a password leaves only after the certificate was accepted; calls that change
//! something are sent once; an answer is believed only as far as it fits together.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

#[cfg(test)]
mod captures;
mod cbt;
mod client;
mod endpoint;
mod error;
mod fault;
mod hardware;
mod hot_add;
mod http;
mod inventory;
#[cfg(test)]
mod peers;
mod power;
mod preflight;
mod property;
mod readiness;
mod reconfigure;
mod refs;
mod service;
mod session;
mod small_files;
mod snapshot;
mod soap;
mod tags;
mod task;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;
pub mod transport;
mod watch;
mod xml;

pub use cbt::{
    CbtError, CbtUnusable, ChangeId, ChangeIdError, ChangeTracking, ChangedSince, TrackingBug,
};
pub use client::{Client, ConnectOptions};
pub use endpoint::Endpoint;
pub use error::{ReplyError, Unreachable, VsphereError};
pub use fault::Fault;
pub use hardware::{
    BootDevice, Controller, DiskBacking, DiskConfig, DiskMode, DiskObstacle, DiskShape,
    DiskSharing, Drive, FoundDisk, FoundVm, FoundVmError, HardwareVersion, Lost, Nic, SavedConfig,
    SavedTag, VersionTooLow, VmConfig, VmHardware, read_ovf, read_vmx,
};
pub use hot_add::{AttachFailed, AttachObstacle, Berth, Departure, Place, Sight, Visit};
pub use inventory::{
    ComputeSummary, ConnectionState, DatacenterSummary, DatastoreSummary, FolderSummary, Group,
    GroupKind, HostSummary, Inventory, InventoryNode, NetworkKind, NetworkSummary, NodeId,
    NodeKind, PoolSummary, PowerState, ToolsState, UnreadableVm, VmObstacle, VmPlace, VmSummary,
};
pub use power::PowerStamp;
pub use preflight::{
    Function, LicenceVerdict, MissingRights, Privilege, ROLE_NAME, Rights, RightsVerdict,
    RoleFormat, RoleWords, VersionVerdict, role,
};
pub use readiness::{Heartbeat, Quietness, Readiness};
pub use reconfigure::{DiskAt, DiskSwap};
pub use refs::{
    ComputeRef, DatacenterRef, DatastoreRef, DiskKey, FolderRef, HostRef, NetworkRef, PoolRef,
    SnapshotRef, TaskRef, VmRef,
};
pub use service::{About, ServerKind};
pub use small_files::{SmallFiles, SmallFilesEnd};
pub use snapshot::{SnapshotNode, SnapshotRequest};
pub use tags::{Tag, TagCategory, TagsUnavailable};
pub use task::OnPercent;
pub use tls::{CertificateSeen, Thumbprint, ThumbprintError, probe_certificate};
pub use watch::Watch;
pub use xml::XmlError;
