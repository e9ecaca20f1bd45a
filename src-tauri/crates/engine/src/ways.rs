//! The ways to read a disk, which of them are open for it, and what would be faster.

use kuramori_vsphere::DiskConfig;
use serde::{Deserialize, Serialize};

use crate::backup::VmBackup;
use crate::disk::Frozen;

const MIB: u64 = 1 << 20;

/// A way to read a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The disk's file where its datastore is mounted on this computer.
    Mounted,
    /// The disk itself, attached to the VM that this computer is.
    HotAdd,
    /// Ranges of the disk's file over the datastore browser.
    DatastoreHttp,
    /// The whole disk as a stream over an export lease.
    Export,
}

impl Way {
    /// The name recorded in recovery points.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mounted => "mounted datastore",
            Self::HotAdd => "HotAdd",
            Self::DatastoreHttp => "datastore HTTPS",
            Self::Export => "export lease",
        }
    }

    /// Returns the ways that are open for a disk, the fastest first. A mounted datastore is read
    /// beside the host and changes nothing on the server, so it comes before attaching the disk.
    pub(crate) fn open_for(job: &VmBackup<'_>, disk: &DiskConfig) -> Vec<Self> {
        let mounted = job.mounts.hold(disk).then_some(Self::Mounted);
        let attached = job.hot_add.is_a_guest().then_some(Self::HotAdd);
        mounted.into_iter().chain(attached).chain([Self::DatastoreHttp, Self::Export]).collect()
    }
}

/// What would make reading a disk faster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum Faster {
    /// Saying where an NFS datastore is mounted on this computer.
    Mount {
        /// Name of the datastore.
        datastore: String,
    },
    /// What keeps disks from being attached to the VM of this computer.
    HotAdd {
        /// What it takes.
        needs: HotAddNeeds,
    },
    /// A higher limit.
    Limit {
        /// The limit in force, in MiB a second.
        mib: u64,
    },
}

/// What it takes to attach disks to the VM of this computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HotAddNeeds {
    /// More rights of the account on that VM.
    Rights,
    /// That the VM shows its guest the UUIDs of disks.
    DiskUuids,
    /// That the program runs as an administrator.
    Administrator,
    /// That the system leaves disks alone that come.
    DisksLeftAlone,
}

impl Faster {
    /// Returns what would make the next reading faster than it was over `way`.
    pub(crate) fn than(
        way: Way,
        job: &VmBackup<'_>,
        frozen: &Frozen<'_>,
        disk: &DiskConfig,
    ) -> Vec<Self> {
        let limit = job.throttle.limit().map(|limit| Self::Limit { mib: limit.get() / MIB });
        let store = disk.backing.datastore.as_ref();
        let on_nfs = frozen.stores.iter().find(|s| store == Some(&s.reference));
        let on_nfs = on_nfs.filter(|s| s.kind.to_ascii_uppercase().starts_with("NFS"));
        let mount = on_nfs.filter(|_| way != Way::Mounted && !job.mounts.hold(disk));
        let mount = mount.map(|store| Self::Mount { datastore: store.name.clone() });
        mount.into_iter().chain(limit).collect()
    }
}
