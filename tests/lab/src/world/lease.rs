//! Leases for exporting and importing disks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::disk::{Disk, FrozenDisk};
use crate::soap::Fault;

/// How far a lease is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeaseState {
    Initializing,
    Ready,
    Done,
    Error,
}

impl LeaseState {
    /// Whether a client still has to end it.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Initializing | Self::Ready)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Initializing => "initializing",
            Self::Ready => "ready",
            Self::Done => "done",
            Self::Error => "error",
        }
    }
}

/// Where the bytes of a device URL come from or go to.
#[derive(Clone, Debug)]
pub(crate) enum LeaseDisk {
    Export(Arc<FrozenDisk>),
    Import(Arc<Disk>),
    /// The lease has ended.
    Closed,
}

/// What went over one device URL.
#[derive(Clone, Debug)]
pub(crate) struct Transferred {
    pub(crate) sha1: String,
    pub(crate) sha256: String,
    pub(crate) size: u64,
    pub(crate) populated: u64,
}

/// One device URL.
#[derive(Clone, Debug)]
pub(crate) struct LeaseFile {
    pub(crate) key: String,
    pub(crate) import_key: String,
    /// The last part of the URL, such as `disk-0.vmdk`.
    pub(crate) target: String,
    pub(crate) capacity: u64,
    pub(crate) disk: LeaseDisk,
    pub(crate) transferred: Option<Transferred>,
}

/// A lease.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) id: String,
    pub(crate) session: String,
    pub(crate) state: LeaseState,
    pub(crate) import: bool,
    pub(crate) vm: String,
    pub(crate) files: BTreeMap<String, LeaseFile>,
    pub(crate) progress: i32,
    pub(crate) error: Option<Fault>,
    /// When progress or data was last seen.
    pub(crate) seen: Duration,
    pub(crate) timeout: Duration,
    /// The task that stands for the transfer.
    pub(crate) task: Option<String>,
}

impl Lease {
    /// Returns the part of the identifier that stands in URLs.
    pub(crate) fn ticket(&self) -> &str {
        self.id.rsplit(']').next().unwrap_or(&self.id)
    }
}
