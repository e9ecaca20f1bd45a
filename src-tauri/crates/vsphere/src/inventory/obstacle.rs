use std::fmt;

use super::{ConnectionState, UnreadableVm, VmSummary};

/// Why a VM cannot be backed up as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VmObstacle {
    /// It is a template.
    Template,
    /// vSphere made it for itself, and makes it anew where it is gone.
    System,
    /// It is one of the pair of a fault-tolerant VM.
    FaultTolerant,
    /// Its files cannot be reached.
    Inaccessible,
    /// It is on no host any more.
    Orphaned,
    /// Its configuration is damaged.
    Invalid,
    /// Its host is not in touch with the server.
    Unavailable,
    /// The server does not show its configuration.
    Unreadable,
    /// It has no disk.
    NoDisk,
    /// None of its disks can be saved.
    NoSavedDisk,
}

impl fmt::Display for VmObstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Template => "it is a template, and templates have no snapshots",
            Self::System => "vSphere made it for itself and makes it anew where it is gone",
            Self::FaultTolerant => "fault tolerance protects it, and such VMs have no snapshots",
            Self::Inaccessible => "its files cannot be reached",
            Self::Orphaned => "it is on no host any more",
            Self::Invalid => "its configuration is damaged",
            Self::Unavailable => "its host is not in touch with the server",
            Self::Unreadable => "the server does not show its configuration",
            Self::NoDisk => "it has no disk",
            Self::NoSavedDisk => "it has no disk that can be saved",
        })
    }
}

impl ConnectionState {
    fn obstacle(self) -> Option<VmObstacle> {
        match self {
            Self::Connected => None,
            Self::Inaccessible => Some(VmObstacle::Inaccessible),
            Self::Orphaned => Some(VmObstacle::Orphaned),
            Self::Invalid => Some(VmObstacle::Invalid),
            Self::Unavailable => Some(VmObstacle::Unavailable),
        }
    }
}

impl VmSummary {
    /// Returns why the VM cannot be backed up, or `None` when it can. A suspended VM can: its
    /// disks lie still.
    pub fn obstacle(&self) -> Option<VmObstacle> {
        let saved = |disk: &crate::DiskConfig| disk.obstacle().is_none();
        if self.system {
            Some(VmObstacle::System)
        } else if self.template {
            Some(VmObstacle::Template)
        } else if self.fault_tolerant {
            Some(VmObstacle::FaultTolerant)
        } else if let Some(away) = self.connection.obstacle() {
            Some(away)
        } else if self.disks.is_empty() {
            Some(VmObstacle::NoDisk)
        } else if !self.disks.iter().any(saved) {
            Some(VmObstacle::NoSavedDisk)
        } else {
            None
        }
    }
}

impl UnreadableVm {
    /// Returns why the VM cannot be backed up.
    pub fn obstacle(&self) -> VmObstacle {
        self.connection.obstacle().unwrap_or(VmObstacle::Unreadable)
    }
}
