//! VMs that lie in files: what a vmx or an OVF says of one.
//!
//! Neither names its devices as a server does. What a server needs to build the VM again is
//! derived; what cannot be is named among the devices that are not rebuilt.

mod guest;
mod ovf;
mod units;
mod vmx;

pub use ovf::read_ovf;
pub use vmx::read_vmx;

use super::VmHardware;
use crate::DiskKey;
use crate::xml::XmlError;

/// A VM as its configuration file describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundVm {
    /// What it is made of. Sizes of disks are those of the file, 0 where it says none.
    pub hardware: VmHardware,
    /// Its disks, in the order of `hardware.disks`.
    pub disks: Vec<FoundDisk>,
    /// Disks that are there and cannot be saved, each with the reason.
    pub left_out: Vec<(String, &'static str)>,
    /// Name of the file that holds the NVRAM.
    pub nvram: Option<String>,
    /// Name of the file that holds the memory of a suspended VM.
    pub suspended: Option<String>,
}

/// Where the bytes of a disk lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDisk {
    /// Key inside the VM.
    pub key: DiskKey,
    /// Label, such as `Hard disk 1`.
    pub label: String,
    /// The file, as the configuration names it; `None` for a disk that was never written to.
    pub file: Option<String>,
    /// Identity of the disk inside the export, where one is given.
    pub id: Option<String>,
}

/// Why the configuration of a VM in files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FoundVmError {
    /// It is no such file.
    #[error("it is no configuration of a VM: {0}")]
    NotAVm(&'static str),
    /// It is not well-formed.
    #[error("it is no OVF")]
    Xml(#[from] XmlError),
    /// It is encrypted.
    #[error("the VM is encrypted")]
    Encrypted,
    /// It describes several VMs.
    #[error("it describes several VMs; one at a time can be saved")]
    SeveralVms,
    /// It asks for something nobody here knows.
    #[error("{0}")]
    Unsupported(&'static str),
}

/// Devices a VM can have of one kind; what claims more is not believed.
const MANY: usize = 1024;

/// Returns the server's word for a kind of SCSI controller.
fn scsi_kind(word: &str) -> &'static str {
    match word.to_ascii_lowercase().as_str() {
        "pvscsi" | "virtualscsi" => "ParaVirtualSCSIController",
        "lsisas1068" | "lsilogicsas" => "VirtualLsiLogicSASController",
        "buslogic" => "VirtualBusLogicController",
        _ => "VirtualLsiLogicController",
    }
}

/// Returns the server's word for a kind of network card.
fn nic_kind(word: &str) -> &'static str {
    match word.to_ascii_lowercase().as_str() {
        "vmxnet3" => "VirtualVmxnet3",
        "vmxnet2" | "vmxnet" => "VirtualVmxnet2",
        "e1000e" => "VirtualE1000e",
        "vlance" | "pcnet32" => "VirtualPCNet32",
        _ => "VirtualE1000",
    }
}

/// A bus that disks hang on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bus {
    Ide,
    Scsi,
    Sata,
    Nvme,
}

impl Bus {
    /// Key of the controller of a bus, as servers count them.
    fn controller_key(self, bus: i32) -> i32 {
        let first = match self {
            Self::Ide => 200,
            Self::Scsi => 1000,
            Self::Sata => 15_000,
            Self::Nvme => 31_000,
        };
        bus.saturating_add(first)
    }

    /// Returns how many buses of a kind a VM can have, and how many places each has.
    fn size(self) -> (i32, i32) {
        match self {
            Self::Ide => (2, 2),
            Self::Scsi | Self::Nvme => (4, 64),
            Self::Sata => (4, 30),
        }
    }

    /// Returns whether a VM can have this bus, and the bus this place.
    fn has_place(self, bus: i32, unit: i32) -> bool {
        let (buses, places) = self.size();
        (0..buses).contains(&bus) && (0..places).contains(&unit)
    }

    /// Key of a disk at a place of a bus, as servers count them. Each place that
    /// [there is](Self::has_place) has a key of its own.
    fn disk_key(self, bus: i32, unit: i32) -> i32 {
        let (first, places, unit) = match self {
            Self::Ide => (3000, 2, unit),
            Self::Scsi if unit < 16 => (2000, 16, unit),
            // Beyond the 16 places that every SCSI bus has: above those of all four.
            Self::Scsi => (2064, 48, unit - 16),
            Self::Sata => (16_000, 30, unit),
            Self::Nvme => (32_000, 64, unit),
        };
        bus.saturating_mul(places).saturating_add(unit).saturating_add(first)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_place_has_a_key_of_its_own() {
        let mut keys = BTreeMap::new();
        for kind in [Bus::Ide, Bus::Scsi, Bus::Sata, Bus::Nvme] {
            let (buses, places) = kind.size();
            for (bus, unit) in (0..buses).flat_map(|bus| (0..places).map(move |unit| (bus, unit))) {
                let place = (kind, bus, unit);
                assert!(kind.has_place(bus, unit));
                if let Some(other) = keys.insert(kind.disk_key(bus, unit), place) {
                    panic!("{place:?} and {other:?} have one key");
                }
            }
            for (bus, unit) in [(buses, 0), (0, places), (-1, 0), (0, -1)] {
                assert!(!kind.has_place(bus, unit), "{kind:?} {bus}:{unit}");
            }
        }
        let known = [(Bus::Scsi, 1, 0, 2016), (Bus::Sata, 0, 1, 16_001), (Bus::Ide, 1, 1, 3003)];
        for (kind, bus, unit, key) in known {
            assert_eq!(kind.disk_key(bus, unit), key, "as servers count");
        }
    }
}
