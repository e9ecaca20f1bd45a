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
mod http;
mod inventory;
mod preflight;
mod property;
mod readiness;
mod refs;
mod service;
mod session;
mod snapshot;
mod soap;
mod task;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;
pub mod transport;
#[cfg(test)]
mod vcsim;
mod xml;

pub use cbt::{CbtError, CbtUnusable, ChangeId, ChangeIdError, ChangeTracking, ChangedSince};
pub use client::{Client, ConnectOptions};
pub use endpoint::Endpoint;
pub use error::{ReplyError, Unreachable, VsphereError};
pub use fault::Fault;
pub use hardware::{
    Controller, DiskBacking, DiskConfig, DiskMode, DiskObstacle, DiskShape, DiskSharing, Nic,
    SavedConfig, VmConfig, VmHardware,
};
pub use inventory::{
    ComputeSummary, ConnectionState, DatacenterSummary, DatastoreSummary, FolderSummary,
    HostSummary, Inventory, NetworkKind, NetworkSummary, PoolSummary, PowerState, ToolsState,
    UnreadableVm, VmObstacle, VmSummary,
};
pub use preflight::{
    Function, LicenceVerdict, MissingRights, Privilege, ROLE_NAME, Rights, RightsVerdict,
    RoleFormat, RoleWords, VersionVerdict, role,
};
pub use readiness::{Heartbeat, Quietness, Readiness};
pub use refs::{
    ComputeRef, DatacenterRef, DatastoreRef, DiskKey, FolderRef, HostRef, NetworkRef, PoolRef,
    SnapshotRef, TaskRef, VmRef,
};
pub use service::{About, ServerKind};
pub use snapshot::{SnapshotNode, SnapshotRequest};
pub use task::OnPercent;
pub use tls::{CertificateSeen, Thumbprint, ThumbprintError, probe_certificate};
pub use xml::XmlError;
