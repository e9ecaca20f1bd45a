//! What a VM boots from, and its CD drives.

use serde::{Deserialize, Serialize};

use crate::DiskKey;
use crate::xml::Node;

/// What a VM may boot from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "kebab-case")]
pub enum BootDevice {
    /// A disk.
    Disk {
        /// Key inside the VM.
        key: DiskKey,
    },
    /// A network card.
    Card {
        /// Key inside the VM.
        key: i32,
    },
    /// A CD drive.
    Cdrom,
    /// A floppy drive.
    Floppy,
}

impl BootDevice {
    /// Reads the order of a VM's configuration. Kinds that are not known are left out.
    pub(super) fn order(config: &Node) -> Vec<Self> {
        let Some(options) = config.child("bootOptions") else { return Vec::new() };
        options.all("bootOrder").filter_map(Self::of).collect()
    }

    fn of(entry: &Node) -> Option<Self> {
        let key = || entry.number_at("deviceKey");
        match entry.kind() {
            "VirtualMachineBootOptionsBootableDiskDevice" => {
                Some(Self::Disk { key: DiskKey::new(key()?) })
            }
            "VirtualMachineBootOptionsBootableEthernetDevice" => Some(Self::Card { key: key()? }),
            "VirtualMachineBootOptionsBootableCdromDevice" => Some(Self::Cdrom),
            "VirtualMachineBootOptionsBootableFloppyDevice" => Some(Self::Floppy),
            _ => None,
        }
    }
}

/// A CD drive. It comes back empty: what was in it is a file that the VM does not own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drive {
    /// Key inside the VM.
    pub key: i32,
    /// Label, such as `CD/DVD drive 1`.
    pub label: String,
    /// Which controller it hangs on.
    pub controller_key: i32,
    /// At which place of the controller.
    pub unit: i32,
    /// The image in it, as a path of a datastore.
    pub image: Option<String>,
}

impl Drive {
    pub(super) fn of(device: &Node) -> Option<Self> {
        (device.kind() == "VirtualCdrom").then_some(())?;
        Some(Self {
            key: device.number_at("key")?,
            label: device.string_at("deviceInfo.label").unwrap_or_default(),
            controller_key: device.number_at("controllerKey")?,
            unit: device.number_at("unitNumber").unwrap_or(0),
            image: device.string_at("backing.fileName").filter(|file| !file.is_empty()),
        })
    }
}
