//! Frozen disks of other VMs, attached to the VM that this program runs in, to be read there.
//!
//! What is attached keeps no writes (`independent_nonpersistent`), and whatever is detached stays
//! as a file: nothing here can say otherwise.

mod slots;
mod visit;

use std::fmt;

use kuramori_base::CancelToken;

use crate::client::Client;
use crate::error::VsphereError;
use crate::hardware::{DiskConfig, DiskMode, VmConfig, disks_of};
use crate::inventory::{DatastoreSummary, PowerState, VmSummary};
use crate::reconfigure::{DiskAt, DiskSwap};
use crate::refs::{DatastoreRef, HostRef, VmRef};
use crate::transport::DatastorePath;
use crate::xml::Node;

pub use self::visit::{Departure, Place, Sight, Visit};

const PATHS: &[&str] = &[
    "config.hardware.device",
    "config.changeVersion",
    "config.files.vmPathName",
    "config.flags.diskUuidEnabled",
    "runtime.host",
];

/// Why a frozen disk cannot be read by attaching it to a VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttachObstacle {
    /// It hangs on an IDE controller.
    Ide,
    /// It lies encrypted, and only its own VM has the key.
    Encrypted,
    /// It is no file on a datastore, such as a raw device.
    NotAFile,
    /// It has no UUID, by which it would be found.
    NoUuid,
    /// The VM does not show its guest the UUIDs of disks.
    UuidsOff,
    /// The host of the VM does not see the datastore.
    DatastoreUnseen,
    /// It lies on vSAN and the VM does not.
    VsanMix,
    /// It is already attached to the VM, or one with its UUID.
    Attached,
    /// It lies beside the files of the VM itself, and could not be told from one of its own.
    AtHome,
    /// All controllers are full.
    Full,
}

impl fmt::Display for AttachObstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ide => "the disk hangs on an IDE controller, and such disks cannot be attached",
            Self::Encrypted => "the disk lies encrypted",
            Self::NotAFile => "the disk is no file on a datastore",
            Self::NoUuid => "the server shows no UUID of the disk, by which to find it",
            Self::UuidsOff => {
                "the VM of this computer does not show disk UUIDs (disk.EnableUUID is not TRUE)"
            }
            Self::DatastoreUnseen => {
                "the host of the VM of this computer does not see the datastore of the disk"
            }
            Self::VsanMix => "the disk lies on vSAN, and the VM of this computer does not",
            Self::Attached => "a disk with its file or UUID is attached to this computer already",
            Self::AtHome => "the disk lies in the folder of the VM of this computer",
            Self::Full => "all SCSI controllers of the VM of this computer are full",
        })
    }
}

/// A free place for a disk, in a VM as it was when this was asked for. Once the VM has changed, the
/// server attaches nothing there any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Berth {
    slot: slots::Slot,
    version: String,
}

impl Berth {
    /// Returns the place.
    pub fn place(&self) -> Place {
        Place { bus: self.slot.bus, unit: self.slot.unit }
    }

    /// Returns the version of the VM's configuration for which it is free.
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// Why a disk was not attached.
#[derive(Debug)]
pub struct AttachFailed {
    /// What happened.
    pub error: VsphereError,
    /// Whether the server certainly did not attach it, and will not.
    pub settled: bool,
}

/// What the server says about a VM that disks are to be attached to. Nothing of it may be missing:
/// a disk that is not shown would be taken for one that is not there.
pub(crate) struct Seat {
    disks: Vec<DiskConfig>,
    /// Keys of controllers, with the numbers of their buses.
    buses: Vec<(i32, i32)>,
    version: String,
    shows_uuids: bool,
    host: Option<HostRef>,
    home: DatastorePath,
    slot: Option<slots::Slot>,
}

impl Client {
    /// Returns the running VMs that have one of these BIOS UUIDs and one of these addresses of
    /// network cards: clones share the former, computers of another site may have either.
    ///
    /// # Errors
    /// As every call.
    pub async fn own_vm(
        &self,
        uuids: &[String],
        macs: &[String],
    ) -> Result<Vec<VmSummary>, VsphereError> {
        let mut found: Vec<VmRef> = Vec::new();
        for uuid in uuids {
            for vm in self.vms_of_uuid(uuid, false).await? {
                if !found.contains(&vm) {
                    found.push(vm);
                }
            }
        }
        let mut own = Vec::new();
        for vm in found {
            let vm = match self.vm(&vm).await {
                Ok(vm) => vm,
                // It went, or shows nothing of itself: not where this program runs.
                Err(VsphereError::NotFound { .. } | VsphereError::Reply { .. }) => continue,
                Err(error) => return Err(error),
            };
            let has_card = vm.macs.iter().any(|mac| macs.contains(&mac.to_lowercase()));
            if vm.power == PowerState::On && has_card {
                own.push(vm);
            }
        }
        Ok(own)
    }

    /// Returns the VMs that have this BIOS UUID, or this one of their own (`instance`).
    pub(super) async fn vms_of_uuid(
        &self,
        uuid: &str,
        instance: bool,
    ) -> Result<Vec<VmRef>, VsphereError> {
        const ACTION: &str = "look for the VM of this computer";
        let Some(index) = &self.service().search_index else { return Ok(Vec::new()) };
        let reply = self
            .read(ACTION, "FindAllByUuid", index, |w| {
                w.text("uuid", uuid);
                w.text("vmSearch", true);
                w.text("instanceUuid", instance);
            })
            .await?;
        let found = reply.all("returnval").filter_map(Node::mo);
        Ok(found.map(|vm| VmRef::new(vm.value)).collect())
    }

    /// Returns a place for a frozen disk on the VM `to`, or why it cannot be attached there.
    /// `source` is the configuration that froze, `stores` the datastores of the server.
    ///
    /// # Errors
    /// As every call.
    pub async fn berth(
        &self,
        to: &VmRef,
        stores: &[DatastoreSummary],
        (source, disk): (&VmConfig, &DiskConfig),
    ) -> Result<Result<Berth, AttachObstacle>, VsphereError> {
        let seat = self.seat(to).await?;
        let seen = match &seat.host {
            Some(host) => self.datastores_of(host).await?,
            None => Vec::new(),
        };
        Ok(match obstacle(&seat, &seen, stores, (source, disk)) {
            Some(obstacle) => Err(obstacle),
            None => seat.berth().ok_or(AttachObstacle::Full),
        })
    }

    /// Attaches a frozen disk to a VM that runs. Writes to it are kept nowhere.
    ///
    /// # Errors
    /// As every call; the fault `ConcurrentAccess` when the VM has changed since `berth` was asked
    /// for. Unless the failure is settled the disk may hang there, or soon: look with
    /// [`Client::look_for`].
    pub async fn attach_frozen(
        &self,
        to: &VmRef,
        disk: &DiskConfig,
        berth: &Berth,
    ) -> Result<(), AttachFailed> {
        const ACTION: &str = "attach a disk to the VM of this computer";
        let Some(file) = disk.backing.file.clone() else {
            let error = VsphereError::missing(ACTION, "the file of the disk");
            return Err(AttachFailed { error, settled: true });
        };
        let into = vec![DiskAt {
            file,
            controller_key: berth.slot.controller,
            unit: berth.slot.unit,
            capacity: disk.capacity,
            mode: DiskMode::IndependentNonpersistent,
        }];
        let version = Some(berth.version.clone());
        let swap = DiskSwap { into, version, ..DiskSwap::default() };
        let task = match self.begin_reconfigure(ACTION, to, &swap, berth.slot.new).await {
            Ok(task) => task,
            Err(error) => return Err(AttachFailed { settled: is_refusal(&error), error }),
        };
        // Never cancelled: what hangs where must be known.
        match self.finish_task(ACTION, &task, &|_| {}, &CancelToken::new()).await {
            Ok(_) => Ok(()),
            // Anything else may have befallen the asking, while the task goes on.
            Err(error) => {
                let settled = matches!(error, VsphereError::TaskFailed { .. });
                Err(AttachFailed { error, settled })
            }
        }
    }

    pub(crate) async fn seat(&self, vm: &VmRef) -> Result<Seat, VsphereError> {
        const ACTION: &str = "read the devices of a VM";
        let missing = |part| VsphereError::missing(ACTION, part);
        let properties = self.properties(ACTION, &vm.mo(), PATHS).await?;
        let devices = properties.get("config.hardware.device");
        let devices: Vec<&Node> =
            devices.ok_or_else(|| missing("the devices"))?.children.iter().collect();
        let disks = disks_of(&devices, false);
        if disks.len() != devices.iter().filter(|device| device.kind() == "VirtualDisk").count() {
            return Err(missing("one of the disks"));
        }
        let bus = |d: &&Node| Some((d.number_at("key")?, d.number_at("busNumber")?));
        let version = properties.string("config.changeVersion");
        let home = properties.text("config.files.vmPathName").and_then(|path| path.parse().ok());
        Ok(Seat {
            disks,
            buses: devices.iter().filter(|d| slots::is_scsi(d.kind())).filter_map(bus).collect(),
            version: version.ok_or_else(|| missing("the version of its configuration"))?,
            shows_uuids: properties.bool("config.flags.diskUuidEnabled").unwrap_or(false),
            host: properties.mo("runtime.host").map(|host| HostRef::new(host.value)),
            home: home.ok_or_else(|| missing("the folder of the VM"))?,
            slot: slots::free(&devices),
        })
    }

    async fn datastores_of(&self, host: &HostRef) -> Result<Vec<DatastoreRef>, VsphereError> {
        const ACTION: &str = "look which datastores a host sees";
        let properties = self.properties(ACTION, &host.mo(), &["datastore"]).await?;
        let stores = properties.mos("datastore").into_iter();
        Ok(stores.map(|store| DatastoreRef::new(store.value)).collect())
    }
}

impl Seat {
    pub(crate) fn berth(&self) -> Option<Berth> {
        Some(Berth { slot: self.slot?, version: self.version.clone() })
    }
}

/// Whether an answer to the call itself says that the server did not begin. A word of trouble on
/// the way between servers does not.
fn is_refusal(error: &VsphereError) -> bool {
    const REFUSALS: [&str; 12] = [
        "ConcurrentAccess",
        "TaskInProgress",
        "InvalidState",
        "InvalidPowerState",
        "InvalidArgument",
        "InvalidDeviceSpec",
        "InvalidVmConfig",
        "InvalidDatastore",
        "FileLocked",
        "FileNotFound",
        "FileFault",
        "NoPermission",
    ];
    matches!(error, VsphereError::RestrictedVersion { .. })
        || error.fault().is_some_and(|fault| REFUSALS.iter().any(|kind| fault.is(kind)))
}

/// Returns whether two files lie in the same folder.
fn is_beside(one: &DatastorePath, other: &DatastorePath) -> bool {
    let folder = |path: &DatastorePath| {
        let folder = path.file().rsplit_once('/').map(|(folder, _)| folder.to_owned());
        (path.datastore().to_owned(), folder.unwrap_or_default())
    };
    folder(one) == folder(other)
}

fn obstacle(
    seat: &Seat,
    seen: &[DatastoreRef],
    stores: &[DatastoreSummary],
    (source, disk): (&VmConfig, &DiskConfig),
) -> Option<AttachObstacle> {
    let controllers = &source.hardware.controllers;
    let of = controllers.iter().find(|c| c.key == disk.controller_key);
    if of.is_none_or(|controller| controller.kind == "VirtualIDEController") {
        return Some(AttachObstacle::Ide);
    }
    if disk.encrypted {
        return Some(AttachObstacle::Encrypted);
    }
    let Some(file) = disk.backing.file.as_ref().filter(|_| !disk.backing.is_raw_device()) else {
        return Some(AttachObstacle::NotAFile);
    };
    let Some(uuid) = &disk.uuid else { return Some(AttachObstacle::NoUuid) };
    let mut links = disk.backing.parents.iter().chain([file]);
    if links.any(|link| is_beside(&seat.home, link)) {
        return Some(AttachObstacle::AtHome);
    }
    let twin = |there: &DiskConfig| {
        there.backing.file.as_ref() == Some(file)
            || there.backing.parents.contains(file)
            || there.uuid.as_ref().is_some_and(|other| other.eq_ignore_ascii_case(uuid))
    };
    if seat.disks.iter().any(twin) {
        return Some(AttachObstacle::Attached);
    }
    if !seat.shows_uuids {
        return Some(AttachObstacle::UuidsOff);
    }
    if disk.backing.datastore.as_ref().is_none_or(|store| !seen.contains(store)) {
        return Some(AttachObstacle::DatastoreUnseen);
    }
    let on_vsan = |name: &str| {
        let store = stores.iter().find(|store| store.name == name);
        store.is_some_and(|store| store.kind.eq_ignore_ascii_case("vsan"))
    };
    if on_vsan(file.datastore()) && !on_vsan(seat.home.datastore()) {
        return Some(AttachObstacle::VsanMix);
    }
    seat.slot.is_none().then_some(AttachObstacle::Full)
}

#[cfg(test)]
mod tests;
