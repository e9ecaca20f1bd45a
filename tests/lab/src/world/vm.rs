//! VMs and their snapshots.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::visitor::{Visitor, VisitorMeta};
use crate::config::Special;
use crate::disk::{Disk, DiskMeta};
use crate::value::Ref;

/// A disk or SCSI, SATA or NVMe controller.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Controller {
    pub(crate) key: i32,
    pub(crate) kind: String,
    pub(crate) bus: i32,
    pub(crate) sharing: Option<String>,
}

/// A network card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Nic {
    pub(crate) key: i32,
    pub(crate) unit: i32,
    pub(crate) kind: String,
    pub(crate) mac: String,
    pub(crate) address_type: String,
    pub(crate) network: String,
    pub(crate) connected: bool,
    pub(crate) start_connected: bool,
}

/// A CD drive.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Drive {
    pub(crate) key: i32,
    pub(crate) controller: i32,
    pub(crate) unit: i32,
    /// The image in it; without one it is the viewer's own.
    pub(crate) image: Option<String>,
}

/// What a VM tries to boot from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Boot {
    Disk(i32),
    Card(i32),
    Cdrom,
    Floppy,
}

/// The configuration of a VM without its disks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct VmConf {
    pub(crate) name: String,
    pub(crate) annotation: String,
    pub(crate) guest_id: String,
    pub(crate) version: String,
    pub(crate) firmware: String,
    pub(crate) uuid: String,
    pub(crate) instance_uuid: String,
    pub(crate) cpus: i32,
    pub(crate) cores: i32,
    pub(crate) memory_mb: i64,
    pub(crate) extra: BTreeMap<String, String>,
    pub(crate) change_tracking: Option<bool>,
    pub(crate) secure_boot: bool,
    pub(crate) controllers: Vec<Controller>,
    pub(crate) nics: Vec<Nic>,
    #[serde(default)]
    pub(crate) drives: Vec<Drive>,
    #[serde(default)]
    pub(crate) boot_order: Vec<Boot>,
}

/// One disk as a snapshot holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SnapDisk {
    pub(crate) key: i32,
    pub(crate) uuid: String,
    pub(crate) capacity: u64,
    pub(crate) link: u64,
    pub(crate) change_id: Option<String>,
}

/// A snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) id: String,
    pub(crate) number: i32,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) quiesced: bool,
    pub(crate) powered_on: bool,
    pub(crate) parent: Option<String>,
    pub(crate) conf: VmConf,
    pub(crate) disks: Vec<SnapDisk>,
}

/// What is remembered of a VM.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct VmState {
    pub(crate) id: String,
    pub(crate) conf: VmConf,
    /// The folder of the VM inside its datastore.
    pub(crate) dir: String,
    pub(crate) datastore: String,
    pub(crate) folder: String,
    pub(crate) pool: String,
    pub(crate) host: String,
    pub(crate) powered_on: bool,
    pub(crate) tools: bool,
    /// How often it was switched on or off.
    #[serde(default)]
    pub(crate) switched: u32,
    /// How often disks came or went.
    #[serde(default)]
    pub(crate) reconfigured: u32,
    #[serde(default)]
    pub(crate) special: Option<Special>,
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) current_snapshot: Option<String>,
    pub(crate) snapshots_made: i32,
    pub(crate) consolidation_needed: bool,
    /// Whether an import still fills the VM.
    pub(crate) importing: bool,
    pub(crate) created: DateTime<Utc>,
    /// Filled only in the state file; the open disks are the truth while the lab runs.
    pub(crate) disks: Vec<DiskMeta>,
    /// As `disks`.
    #[serde(default)]
    pub(crate) visitors: Vec<VisitorMeta>,
}

/// A VM.
#[derive(Debug)]
pub(crate) struct Vm {
    pub(crate) state: VmState,
    pub(crate) disks: Vec<Arc<Disk>>,
    /// Disks of others that hang here to be read.
    pub(crate) visitors: Vec<Visitor>,
    /// The task that changes the VM now.
    pub(crate) busy: Option<String>,
}

impl Vm {
    pub(crate) fn reference(&self) -> Ref {
        Ref::new("VirtualMachine", self.state.id.clone())
    }

    /// Returns what is another one whenever the VM was switched on or off, or disks came or went.
    pub(crate) fn change_version(&self) -> String {
        let Self { state, .. } = self;
        format!("{}.{}.{}", state.created, state.switched, state.reconfigured)
    }

    /// Returns the datastore path of a file in the VM's folder.
    pub(crate) fn path_of(&self, file: &str) -> String {
        format!("[{}] {}/{file}", self.state.datastore, self.state.dir)
    }

    pub(crate) fn snapshot(&self, id: &str) -> Option<&Snapshot> {
        self.state.snapshots.iter().find(|s| s.id == id)
    }

    /// Finds a disk by its device key.
    pub(crate) fn disk(&self, key: i32) -> Option<&Arc<Disk>> {
        self.disks.iter().find(|d| d.inner().meta.key == key)
    }

    /// Finds a disk by its identity.
    pub(crate) fn disk_uuid(&self, uuid: &str) -> Option<&Arc<Disk>> {
        self.disks.iter().find(|d| d.inner().meta.uuid == uuid)
    }

    /// Returns the state to be remembered.
    pub(crate) fn to_state(&self) -> VmState {
        let mut state = self.state.clone();
        state.disks = self.disks.iter().map(|d| d.meta()).collect();
        state.visitors = self.visitors.iter().map(|v| v.meta.clone()).collect();
        state
    }

    /// Returns whether any disk has more links than its snapshots explain.
    pub(crate) fn has_stray_links(&self) -> bool {
        self.disks.iter().any(|d| {
            let meta = d.meta();
            meta.links.iter().any(|l| {
                l.id != meta.current
                    && !self
                        .state
                        .snapshots
                        .iter()
                        .any(|s| s.disks.iter().any(|f| f.uuid == meta.uuid && f.link == l.id))
            })
        })
    }
}
