//! Everything that exists in the lab, and the one lock around it.

pub(crate) mod inventory;
pub(crate) mod lease;
pub(crate) mod persist;
pub(crate) mod session;
pub(crate) mod task;
pub(crate) mod visitor;
pub(crate) mod vm;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

pub(crate) use inventory::Inventory;
pub(crate) use lease::Lease;
pub(crate) use session::Session;
pub(crate) use task::Task;
pub(crate) use visitor::{Visitor, VisitorMeta};
pub(crate) use vm::{Boot, Controller, Drive, Nic, SnapDisk, Snapshot, Vm, VmConf, VmState};

use crate::disk::Disk;
use crate::value::Ref;

/// Everything that exists.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) inventory: Inventory,
    /// Counts up over the whole life of the lab's folder; identifiers come from it.
    pub(crate) next: u64,
    pub(crate) vms: BTreeMap<String, Vm>,
    /// Disks that no VM has, as files of their datastore.
    pub(crate) loose: Vec<Arc<Disk>>,
    pub(crate) tasks: BTreeMap<String, Task>,
    pub(crate) leases: BTreeMap<String, Lease>,
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) tickets: HashMap<String, String>,
    /// Tags that were attached to VMs since the start, by number.
    pub(crate) tagged: Vec<(usize, String)>,
}

impl World {
    /// Returns a number no other thing has or had.
    pub(crate) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Returns a folder name no VM uses; a host adds a number in the same way.
    pub(crate) fn free_dir(&self, datastore: &str, name: &str) -> String {
        let mut plain = name.replace(['/', '\\', '\0'], "_");
        if plain.is_empty() || plain.chars().all(|c| c == '.') {
            plain.insert(0, '_');
        }
        let taken = |dir: &str| {
            let home = |v: &Vm| v.state.datastore == datastore && v.state.dir == dir;
            self.vms.values().any(home) || self.has_disk_in(datastore, dir)
        };
        let numbered = (1..).map(|n| format!("{plain}_{n}"));
        std::iter::once(plain.clone())
            .chain(numbered)
            .find(|dir| !taken(dir))
            .unwrap_or_else(|| plain.clone())
    }

    /// Returns whether a disk, of a VM or of none, lies in a folder.
    pub(crate) fn has_disk_in(&self, datastore: &str, dir: &str) -> bool {
        let mut disks = self.vms.values().flat_map(|v| &v.disks).chain(&self.loose);
        disks.any(|disk| {
            let inner = disk.inner();
            inner.meta.datastore == datastore && inner.meta.dir == dir
        })
    }

    pub(crate) fn vm_named(&self, name: &str) -> Option<&Vm> {
        self.vms.values().find(|vm| vm.state.conf.name == name)
    }

    /// Finds a snapshot and its VM by the snapshot's identifier.
    pub(crate) fn snapshot(&self, id: &str) -> Option<(&Vm, &Snapshot)> {
        self.vms.values().find_map(|vm| {
            vm.state.snapshots.iter().find(|s| s.id == id).map(|snapshot| (vm, snapshot))
        })
    }

    /// Returns a VM's reference.
    pub(crate) fn vm_ref(id: &str) -> Ref {
        Ref::new("VirtualMachine", id)
    }
}
