//! Disks taken out of VMs and given to them, while their files stay where they are.
//!
//! Nothing here can say that a file is to be made or deleted: a disk that goes may be a customer's.

use kuramori_base::CancelToken;
use kuramori_block::ByteLen;

use crate::DiskKey;
use crate::client::Client;
use crate::error::VsphereError;
use crate::hardware::{DiskConfig, DiskMode};
use crate::refs::VmRef;
use crate::transport::DatastorePath;
use crate::xml::{Node, XmlWriter};

/// A disk that exists as a file, and the place of a VM it is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskAt {
    /// Its descriptor.
    pub file: DatastorePath,
    /// The controller, by its key inside the VM.
    pub controller_key: i32,
    /// The place at the controller.
    pub unit: i32,
    /// Its size.
    pub capacity: ByteLen,
    /// What becomes of writes to it.
    pub mode: DiskMode,
}

/// A controller that comes together with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NewController {
    /// A key below 0, by which the disk names it.
    pub(crate) key: i32,
    /// Number of its bus.
    pub(crate) bus: i32,
}

/// What changes about the disks of a VM, all at once or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiskSwap {
    /// Disks that go. Their files stay.
    pub out: Vec<DiskConfig>,
    /// Disks that come.
    pub into: Vec<DiskAt>,
    /// Whether the record of changed areas ends: what it says is of the disks that went.
    pub end_tracking: bool,
    /// The version of the configuration that this was planned for, from [`Client::power`]. With
    /// another one the server refuses: being switched on is a change of it.
    pub version: Option<String>,
}

impl Client {
    /// Takes disks out of a VM and puts others in, in one task of the server: it does all of it or
    /// nothing. No file is made, changed or deleted. The VM must be off, or the disks be such as
    /// are attached to one that runs: see [`Client::attach_frozen`].
    ///
    /// # Errors
    /// As every call; the fault `ConcurrentAccess` when the VM has another version than
    /// [`DiskSwap::version`], and then nothing was done. When the connection fails the task may have run nevertheless: look at
    /// [`Client::vm_config`].
    pub async fn swap_disks(&self, vm: &VmRef, swap: &DiskSwap) -> Result<(), VsphereError> {
        self.reconfigure_disks("exchange the disks of a VM", vm, swap).await
    }

    pub(crate) async fn reconfigure_disks(
        &self,
        action: &str,
        vm: &VmRef,
        swap: &DiskSwap,
    ) -> Result<(), VsphereError> {
        let task = self.begin_reconfigure(action, vm, swap, None).await?;
        // Never cancelled: what hangs where must be known.
        self.finish_task(action, &task, &|_| {}, &CancelToken::new()).await.map(|_| ())
    }

    /// Asks for the changes. Returns the answer that names the task.
    pub(crate) async fn begin_reconfigure(
        &self,
        action: &str,
        vm: &VmRef,
        swap: &DiskSwap,
        controller: Option<NewController>,
    ) -> Result<Node, VsphereError> {
        self.change(action, "ReconfigVM_Task", &vm.mo(), |w| {
            w.group("spec", |w| write(w, swap, controller));
        })
        .await
    }

    /// Takes a VM off the server's list. Its files stay. One that is gone already is no error.
    ///
    /// # Errors
    /// As every call; `InvalidPowerState` when it runs.
    pub async fn unregister_vm(&self, vm: &VmRef) -> Result<(), VsphereError> {
        const ACTION: &str = "take a VM off the list";
        match self.change(ACTION, "UnregisterVM", &vm.mo(), |_| {}).await {
            Ok(_) | Err(VsphereError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Writes the specification. Element order is the schema's; disks go before others take their
/// places.
fn write(w: &mut XmlWriter, swap: &DiskSwap, controller: Option<NewController>) {
    if let Some(version) = &swap.version {
        w.text("changeVersion", version);
    }
    for disk in &swap.out {
        w.group("deviceChange", |w| {
            // Without a file operation the file stays.
            w.text("operation", "remove");
            w.typed("device", "VirtualDisk", |w| {
                w.text("key", disk.key.get());
                place(w, disk.controller_key, disk.unit, disk.capacity);
            });
        });
    }
    if let Some(NewController { key, bus }) = controller {
        w.group("deviceChange", |w| {
            w.text("operation", "add");
            w.typed("device", "ParaVirtualSCSIController", |w| {
                w.text("key", key);
                w.text("busNumber", bus);
                w.text("sharedBus", "noSharing");
            });
        });
    }
    for (position, disk) in (1i32..).zip(&swap.into) {
        w.group("deviceChange", |w| {
            w.text("operation", "add");
            w.typed("device", "VirtualDisk", |w| {
                w.text("key", DiskKey::new(-position).get());
                w.typed("backing", "VirtualDiskFlatVer2BackingInfo", |w| {
                    w.text("fileName", &disk.file);
                    w.text("diskMode", disk.mode.wire());
                });
                place(w, disk.controller_key, disk.unit, disk.capacity);
            });
        });
    }
    if swap.end_tracking {
        w.text("changeTrackingEnabled", false);
    }
}

fn place(w: &mut XmlWriter, controller_key: i32, unit: i32, capacity: ByteLen) {
    w.text("controllerKey", controller_key);
    w.text("unitNumber", unit);
    w.text("capacityInKB", capacity.get().div_ceil(1024));
    w.text("capacityInBytes", capacity.get());
}
