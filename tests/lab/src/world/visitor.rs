//! Frozen disks of other VMs that hang on a VM, to be read there.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::vm::Vm;
use crate::disk::{Disk, DiskMeta, FrozenDisk, Link};

/// What is remembered of a visiting disk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct VisitorMeta {
    pub(crate) key: i32,
    pub(crate) controller: i32,
    pub(crate) unit: i32,
    /// Identity of the disk.
    pub(crate) uuid: String,
    /// The folder of the disk: others may have the same identity.
    #[serde(default)]
    pub(crate) dir: String,
    /// The newest of its links that is shown.
    pub(crate) link: u64,
}

/// A visiting disk. While it hangs there its links are neither merged nor removed.
#[derive(Debug)]
pub(crate) struct Visitor {
    pub(crate) meta: VisitorMeta,
    disk: Arc<Disk>,
    frozen: FrozenDisk,
}

impl Visitor {
    /// Takes hold of the links; `None` while one of them is merged.
    pub(crate) fn enter(meta: VisitorMeta, disk: &Arc<Disk>) -> Option<Self> {
        let frozen = disk.frozen(meta.link)?;
        Some(Self { meta, disk: Arc::clone(disk), frozen })
    }

    /// Returns those that hung on VMs when the lab was last running, each with its VM.
    pub(crate) fn of_last_run(
        vms: &BTreeMap<String, Vm>,
        loose: &[Arc<Disk>],
    ) -> Vec<(String, Self)> {
        let of = |vm: &Vm, meta: &VisitorMeta| {
            let mut disks = vms.values().flat_map(|v| &v.disks).chain(loose);
            let disk = disks.find(|d| {
                let inner = d.inner();
                inner.meta.uuid == meta.uuid && inner.meta.dir == meta.dir
            })?;
            Some((vm.state.id.clone(), Self::enter(meta.clone(), disk)?))
        };
        vms.values()
            .flat_map(|vm| vm.state.visitors.iter().filter_map(move |m| of(vm, m)))
            .collect()
    }

    /// Returns whether this link of this disk is what hangs there.
    pub(crate) fn is_of(&self, disk: &Arc<Disk>, link: u64) -> bool {
        Arc::ptr_eq(&self.disk, disk) && self.meta.link == link
    }

    /// Returns the bytes that the VM sees.
    pub(crate) fn frozen(&self) -> &FrozenDisk {
        &self.frozen
    }

    /// Returns whether this link is one of those held.
    pub(crate) fn holds(&self, link: &Arc<Link>) -> bool {
        self.frozen.holds(link)
    }

    /// Returns the datastore path of the newest link.
    pub(crate) fn file(&self) -> String {
        let meta = self.disk.meta();
        meta.link(self.meta.link).map(|l| meta.path_of(&l.descriptor)).unwrap_or_default()
    }

    /// Returns the disk as it hangs on the visited VM.
    pub(crate) fn shown(&self) -> DiskMeta {
        let mut meta = self.disk.meta();
        meta.key = self.meta.key;
        meta.controller = self.meta.controller;
        meta.unit = self.meta.unit;
        meta.mode = "independent_nonpersistent".to_string();
        meta
    }
}
