//! What a VM is made of, in the form that is kept with a recovery point and rebuilt from it.

mod boot;
mod disk;
mod found;
mod parse;
mod saved;
mod version;

pub use boot::{BootDevice, Drive};
pub use disk::{DiskBacking, DiskConfig, DiskMode, DiskObstacle, DiskSharing};
pub use found::{FoundDisk, FoundVm, FoundVmError, read_ovf, read_vmx};
pub(crate) use parse::{CONFIG_PATHS, disks_of, vm_config};

pub use saved::{SavedConfig, SavedTag};
use serde::{Deserialize, Serialize};
pub(crate) use version::PASSED_THROUGH;
pub use version::{HardwareVersion, Lost, VersionTooLow};

use crate::DiskKey;

/// The configuration of a VM at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VmConfig {
    /// What is needed to build the VM again.
    pub hardware: VmHardware,
    /// Its disks, with where their bytes lie.
    pub disks: Vec<DiskConfig>,
    /// Whether the VM records changed areas.
    pub change_tracking: bool,
}

/// What is needed to build a VM again. Kept inside recovery points, so fields are only ever added,
/// each with a default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VmHardware {
    /// Name.
    pub name: String,
    /// Guest operating system, in the server's own identifier.
    pub guest_id: String,
    /// Version of the virtual hardware, such as `vmx-19`.
    pub version: String,
    /// `bios` or `efi`.
    pub firmware: String,
    /// Whether EFI checks signatures at boot.
    pub secure_boot: bool,
    /// BIOS UUID.
    pub uuid: String,
    /// UUID inside the vCenter.
    pub instance_uuid: String,
    /// Notes.
    pub annotation: String,
    /// Virtual processors.
    pub cpus: u32,
    /// Cores in one socket.
    pub cores_per_socket: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Whether processors may be added while it runs.
    pub cpu_hot_add: bool,
    /// Whether memory may be added while it runs.
    pub memory_hot_add: bool,
    /// Whether the guest may run VMs itself.
    pub nested_hv: bool,
    /// Whether a Windows guest protects itself by virtualisation.
    pub vbs: bool,
    /// Pause before booting, in milliseconds.
    pub boot_delay_ms: u64,
    /// What it tries to boot from, in this order; empty when nobody chose one.
    pub boot_order: Vec<BootDevice>,
    /// Disk controllers.
    pub controllers: Vec<Controller>,
    /// Disks.
    pub disks: Vec<DiskShape>,
    /// Network cards.
    pub nics: Vec<Nic>,
    /// CD drives.
    pub drives: Vec<Drive>,
    /// Whether the guest sees disk UUIDs.
    pub disk_uuid_enabled: bool,
    /// Settings the interface has no field for.
    pub extra_config: Vec<(String, String)>,
    /// Devices that are not rebuilt, by label.
    pub other_devices: Vec<String>,
}

/// A disk controller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controller {
    /// Key inside the VM.
    pub key: i32,
    /// Type in the server's own words, such as `ParaVirtualSCSIController`.
    pub kind: String,
    /// Number of the bus.
    pub bus: i32,
}

/// A disk without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskShape {
    /// Key inside the VM.
    pub key: DiskKey,
    /// Label, such as `Hard disk 1`.
    pub label: String,
    /// Size in bytes.
    pub capacity_bytes: u64,
    /// Which controller it hangs on.
    pub controller_key: i32,
    /// At which place of the controller.
    pub unit: i32,
    /// Whether space was given out only as needed.
    pub thin: bool,
    /// Whether all space was zeroed when the disk was made.
    pub eager_zeroed: bool,
    /// Name of the datastore it lay on; empty where that is not known.
    #[serde(default)]
    pub datastore: String,
}

/// A network card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nic {
    /// Key inside the VM.
    pub key: i32,
    /// Label, such as `Network adapter 1`.
    pub label: String,
    /// Type in the server's own words, such as `VirtualVmxnet3`.
    pub kind: String,
    /// MAC address.
    pub mac: String,
    /// Whether the address was set by hand.
    pub mac_manual: bool,
    /// Name of the network, where the backing carries one.
    pub network: String,
    /// Port group key of a distributed switch, where the card hangs on one.
    pub portgroup_key: Option<String>,
}
