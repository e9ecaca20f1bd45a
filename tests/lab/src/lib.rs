//! A vSphere endpoint made of real virtual disks, for tests, demonstrations and trying the app
//! without a host.
//!
//! Start one in-process with [`Lab::start`], or run the program `kuramori-lab`. Clients see TLS,
//! SOAP and `/folder` as on a standalone host or a vCenter; the owner writes as the guests do,
//! reads back what any snapshot holds, counts what was served and injects faults.
//!
//! Non-goals: memory, CPUs, guests that run; being reachable from another machine.
//! Invariant guarded: a snapshot's bytes never change while it exists, and a guest write is in
//! the change tracking before it is on the disk.

#![forbid(unsafe_code)]

mod config;
mod core;
mod disk;
mod error;
mod faults;
mod http;
mod info;
mod lab;
mod props;
mod schema;
mod soap;
mod stats;
mod tag_config;
mod tls;
mod value;
mod world;
mod xml;

pub use config::{
    Backing, Deltas, DiskSource, LabConfig, LabDisk, LabOptions, LabVm, Shape, Special,
};
pub use error::LabError;
pub use faults::{FaultInfo, FaultKind, FaultSpec, FaultWhen};
pub use info::{DiskInfo, NicInfo, SnapshotDiskInfo, SnapshotInfo, VmInfo};
pub use lab::{Lab, LabHandle};
pub use stats::{LabStats, Served};
pub use tag_config::{LabTag, TagApi};
