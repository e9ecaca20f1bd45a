use std::fmt;

use kuramori_block::ByteLen;
use serde::{Deserialize, Serialize};

use crate::DiskKey;
use crate::cbt::ChangeId;
use crate::refs::DatastoreRef;
use crate::transport::DatastorePath;

/// How a disk takes part in snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskMode {
    /// Ordinary.
    Persistent,
    /// Left out of snapshots.
    IndependentPersistent,
    /// Left out of snapshots, changes are dropped at power-off.
    IndependentNonpersistent,
    /// Another mode in which changes do not simply stay.
    Other,
}

impl DiskMode {
    pub(super) fn parse(text: &str) -> Self {
        match text {
            "persistent" => Self::Persistent,
            "independent_persistent" => Self::IndependentPersistent,
            "independent_nonpersistent" => Self::IndependentNonpersistent,
            _ => Self::Other,
        }
    }

    /// Returns the server's word for it.
    pub(crate) fn wire(self) -> &'static str {
        match self {
            Self::Persistent => "persistent",
            Self::IndependentPersistent => "independent_persistent",
            Self::IndependentNonpersistent => "independent_nonpersistent",
            // Of several that mean this, the one that keeps nothing.
            Self::Other => "nonpersistent",
        }
    }
}

/// How a disk is shared with other VMs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskSharing {
    /// It is not.
    None,
    /// Several VMs may write to it.
    MultiWriter,
    /// Its controller's bus is shared.
    Bus,
}

/// Where the bytes of a disk lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskBacking {
    /// Type in the server's own words, such as `VirtualDiskFlatVer2BackingInfo`.
    pub kind: String,
    /// The link that holds the newest bytes.
    pub file: Option<DatastorePath>,
    /// Its datastore.
    pub datastore: Option<DatastoreRef>,
    /// The links under it, nearest first. Not empty when `file` is a delta.
    pub parents: Vec<DatastorePath>,
    /// Set on storage whose disks are objects instead of files.
    pub object_id: Option<String>,
    /// Physical or virtual compatibility of a raw device mapping.
    pub compatibility: Option<String>,
}

impl DiskBacking {
    /// Returns the deepest link, which stays the same over snapshots.
    pub fn root_file(&self) -> Option<&DatastorePath> {
        self.parents.last().or(self.file.as_ref())
    }

    /// Returns whether the disk is a raw device mapping.
    pub fn is_raw_device(&self) -> bool {
        self.kind.contains("RawDisk") || self.kind.contains("PartitionedRaw")
    }
}

/// A disk of a VM or of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskConfig {
    /// Key inside the VM.
    pub key: DiskKey,
    /// Label, such as `Hard disk 1`.
    pub label: String,
    /// Size.
    pub capacity: ByteLen,
    /// Identity that survives moving the file; the best way to recognise a disk.
    pub uuid: Option<String>,
    /// Identity inside the vCenter.
    pub object_id: Option<String>,
    /// Where its bytes lie.
    pub backing: DiskBacking,
    /// Position in the record of changes. In a snapshot it is the one to keep for the next time.
    pub change_id: Option<ChangeId>,
    /// How it takes part in snapshots.
    pub mode: DiskMode,
    /// Whether space is given out only as needed.
    pub thin: bool,
    /// How other VMs share it.
    pub sharing: DiskSharing,
    /// Which controller it hangs on.
    pub controller_key: i32,
    /// At which place of the controller.
    pub unit: i32,
    /// Whether its bytes lie encrypted on the datastore.
    pub encrypted: bool,
    /// Whether it is a first class disk: a volume that lives without a VM, such as a container
    /// platform's, and is attached here for now.
    pub first_class: bool,
}

/// Why a disk cannot be part of a recovery point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskObstacle {
    /// Snapshots leave it out.
    Independent,
    /// Its changes do not stay.
    Nonpersistent,
    /// It is a raw device in physical mode.
    PhysicalRawDevice,
    /// It is a kind of storage without snapshots.
    UnsupportedBacking,
    /// Several VMs write to it.
    MultiWriter,
    /// It hangs on a bus that VMs share.
    SharedBus,
    /// It is a volume of its own that only visits the VM.
    FirstClass,
}

impl fmt::Display for DiskObstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Independent => "the disk is independent, so snapshots leave it out",
            Self::Nonpersistent => "the changes of the disk do not stay",
            Self::PhysicalRawDevice => "the disk is a raw device in physical mode",
            Self::UnsupportedBacking => "its kind of storage has no snapshots",
            Self::MultiWriter => "several VMs write to the disk",
            Self::SharedBus => "the disk hangs on a bus that several VMs share",
            Self::FirstClass => "the disk is a volume of its own (FCD) that only visits the VM",
        })
    }
}

impl DiskConfig {
    /// Returns why the disk of a VM that is off cannot be copied as it lies there, or `None` when
    /// it can: those that only snapshots leave out can.
    pub fn cold_obstacle(&self) -> Option<DiskObstacle> {
        let raw = self.backing.is_raw_device().then_some(DiskObstacle::PhysicalRawDevice);
        match self.mode {
            DiskMode::Other => Some(DiskObstacle::Nonpersistent),
            DiskMode::Persistent
            | DiskMode::IndependentPersistent
            | DiskMode::IndependentNonpersistent => self.lasting_obstacle().or(raw),
        }
    }

    /// Returns why the disk cannot be backed up, or `None` when it can.
    pub fn obstacle(&self) -> Option<DiskObstacle> {
        match self.mode {
            DiskMode::Persistent => self.lasting_obstacle(),
            DiskMode::IndependentPersistent | DiskMode::IndependentNonpersistent => {
                Some(DiskObstacle::Independent)
            }
            DiskMode::Other => Some(DiskObstacle::Nonpersistent),
        }
    }

    /// What stands in the way whether the VM runs or not: others may write to the disk, or its
    /// bytes lie where they cannot be read.
    fn lasting_obstacle(&self) -> Option<DiskObstacle> {
        if self.first_class {
            return Some(DiskObstacle::FirstClass);
        }
        match self.sharing {
            DiskSharing::None => {}
            DiskSharing::MultiWriter => return Some(DiskObstacle::MultiWriter),
            DiskSharing::Bus => return Some(DiskObstacle::SharedBus),
        }
        match self.backing.kind.as_str() {
            "VirtualDiskFlatVer2BackingInfo"
            | "VirtualDiskSeSparseBackingInfo"
            | "VirtualDiskSparseVer2BackingInfo" => None,
            "VirtualDiskRawDiskMappingVer1BackingInfo"
                if self.backing.compatibility.as_deref() == Some("virtualMode") =>
            {
                None
            }
            "VirtualDiskRawDiskMappingVer1BackingInfo" => Some(DiskObstacle::PhysicalRawDevice),
            _ => Some(DiskObstacle::UnsupportedBacking),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk() -> DiskConfig {
        DiskConfig {
            key: DiskKey::new(2000),
            label: "Hard disk 1".to_owned(),
            capacity: ByteLen::from_mib(1),
            uuid: None,
            object_id: None,
            backing: DiskBacking {
                kind: "VirtualDiskFlatVer2BackingInfo".to_owned(),
                file: None,
                datastore: None,
                parents: Vec::new(),
                object_id: None,
                compatibility: None,
            },
            change_id: None,
            mode: DiskMode::IndependentPersistent,
            thin: true,
            sharing: DiskSharing::None,
            controller_key: 1000,
            unit: 0,
            encrypted: false,
            first_class: false,
        }
    }

    /// Nobody but its own VM may write to a disk that is copied: that one is off, others are not.
    #[test]
    fn an_independent_disk_is_copied_cold_only_when_it_is_its_vms_alone() {
        let alone = disk();
        assert_eq!(
            (alone.cold_obstacle(), alone.obstacle()),
            (None, Some(DiskObstacle::Independent))
        );
        let backing = |kind: &str, how: &str| {
            let mut disk = disk();
            disk.backing.kind = kind.to_owned();
            disk.backing.compatibility = Some(how.to_owned());
            disk
        };
        let raw = "VirtualDiskRawDiskMappingVer1BackingInfo";
        for (shared, expected) in [
            (DiskConfig { sharing: DiskSharing::MultiWriter, ..disk() }, DiskObstacle::MultiWriter),
            (DiskConfig { sharing: DiskSharing::Bus, ..disk() }, DiskObstacle::SharedBus),
            (DiskConfig { first_class: true, ..disk() }, DiskObstacle::FirstClass),
            (DiskConfig { mode: DiskMode::Other, ..disk() }, DiskObstacle::Nonpersistent),
            (backing(raw, "virtualMode"), DiskObstacle::PhysicalRawDevice),
            (backing(raw, "physicalMode"), DiskObstacle::PhysicalRawDevice),
            (backing("VirtualDiskLocalPMemBackingInfo", ""), DiskObstacle::UnsupportedBacking),
        ] {
            assert_eq!(shared.cold_obstacle(), Some(expected), "{shared:?}");
        }
    }
}
