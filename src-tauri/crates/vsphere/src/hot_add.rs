//! Frozen disks of other VMs, attached to the VM that this program runs in, to be read there.
//!
//! What is attached keeps no writes (`independent_nonpersistent`), and whatever is detached stays
//! as a file: nothing here can say otherwise.

mod slots;

use std::fmt;
use std::time::Duration;

use crate::client::Client;
use crate::error::VsphereError;
use crate::hardware::{DiskConfig, DiskMode, VmConfig, disks_of};
use crate::inventory::{DatastoreSummary, PowerState, VmSummary};
use crate::reconfigure::{DiskAt, DiskSwap};
use crate::refs::{DatastoreRef, HostRef, MoRef, VmRef};
use crate::transport::DatastorePath;
use crate::xml::Node;

const PATHS: &[&str] = &[
    "config.hardware.device",
    "config.changeVersion",
    "config.files.vmPathName",
    "config.flags.diskUuidEnabled",
    "runtime.host",
];

/// Between two tries to detach.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

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
            Self::Full => "all SCSI controllers of the VM of this computer are full",
        })
    }
}

/// What the server says about a VM that disks are to be attached to.
struct Seat {
    disks: Vec<DiskConfig>,
    version: Option<String>,
    shows_uuids: bool,
    host: Option<HostRef>,
    home: Option<DatastorePath>,
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
        const ACTION: &str = "look for the VM of this computer";
        let Some(index) = &self.service().search_index else { return Ok(Vec::new()) };
        let mut found: Vec<MoRef> = Vec::new();
        for uuid in uuids {
            let reply = self
                .read(ACTION, "FindAllByUuid", index, |w| {
                    w.text("uuid", uuid);
                    w.text("vmSearch", true);
                    w.text("instanceUuid", false);
                })
                .await?;
            for vm in reply.all("returnval").filter_map(Node::mo) {
                if !found.contains(&vm) {
                    found.push(vm);
                }
            }
        }
        let mut own = Vec::new();
        for vm in found {
            let vm = match self.vm(&VmRef::new(vm.value)).await {
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

    /// Returns why a frozen disk cannot be attached to the VM `to`, or `None` when it may be.
    /// `source` is the configuration that froze, `stores` the datastores of the server.
    ///
    /// # Errors
    /// As every call.
    pub async fn attach_obstacle(
        &self,
        to: &VmRef,
        stores: &[DatastoreSummary],
        (source, disk): (&VmConfig, &DiskConfig),
    ) -> Result<Option<AttachObstacle>, VsphereError> {
        let seat = self.seat(to).await?;
        let seen = match &seat.host {
            Some(host) => self.datastores_of(host).await?,
            None => Vec::new(),
        };
        Ok(obstacle(&seat, &seen, stores, (source, disk)))
    }

    /// Attaches a frozen disk to a VM that runs. Writes to it are kept nowhere.
    ///
    /// # Errors
    /// As every call; the fault `ConcurrentAccess` when the VM was changed at the same moment, and
    /// then nothing was done. When the connection fails it may hang there nevertheless: look with
    /// [`Client::visitors`].
    pub async fn attach_frozen(&self, to: &VmRef, disk: &DiskConfig) -> Result<(), VsphereError> {
        const ACTION: &str = "attach a disk to the VM of this computer";
        let seat = self.seat(to).await?;
        let slot = seat.slot.ok_or_else(|| VsphereError::missing(ACTION, "a free place"))?;
        let file = disk.backing.file.clone();
        let file = file.ok_or_else(|| VsphereError::missing(ACTION, "the file of the disk"))?;
        let into = vec![DiskAt {
            file,
            controller_key: slot.controller,
            unit: slot.unit,
            capacity: disk.capacity,
            mode: DiskMode::IndependentNonpersistent,
        }];
        let swap = DiskSwap { into, version: seat.version, ..DiskSwap::default() };
        self.reconfigure_disks(ACTION, to, &swap, slot.new).await
    }

    /// Returns the disks of a VM that keep no writes and lie outside its own folder: those that
    /// were attached to be read. None when the VM is gone.
    ///
    /// # Errors
    /// As every call.
    pub async fn visitors(&self, of: &VmRef) -> Result<Vec<DiskConfig>, VsphereError> {
        match self.seat(of).await {
            Ok(seat) => Ok(seat.visitors().cloned().collect()),
            Err(VsphereError::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Detaches those of [`Client::visitors`] that `is_ours` names. Returns how many there were.
    /// Their files stay. Others who change the VM at the same moment are waited for.
    ///
    /// # Errors
    /// As every call; the fault `ConcurrentAccess` or `TaskInProgress` when others were at it for
    /// longer than `patience`, and then nothing was done.
    pub async fn detach(
        &self,
        from: &VmRef,
        is_ours: impl Fn(&DiskConfig) -> bool,
        patience: Duration,
    ) -> Result<usize, VsphereError> {
        let (mut pause, mut waited) = (FIRST_PAUSE, Duration::ZERO);
        loop {
            match self.detach_once(from, &is_ours).await {
                Err(error) if is_taken(&error) && waited < patience => {
                    tokio::time::sleep(pause).await;
                    waited += pause;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                other => return other,
            }
        }
    }

    async fn detach_once(
        &self,
        from: &VmRef,
        is_ours: &impl Fn(&DiskConfig) -> bool,
    ) -> Result<usize, VsphereError> {
        const ACTION: &str = "detach a disk from the VM of this computer";
        let seat = match self.seat(from).await {
            Ok(seat) => seat,
            Err(VsphereError::NotFound { .. }) => return Ok(0),
            Err(error) => return Err(error),
        };
        let out: Vec<DiskConfig> = seat.visitors().filter(|disk| is_ours(disk)).cloned().collect();
        let count = out.len();
        if count > 0 {
            // Keys are given out again: the version says that it is still the same disk's.
            let swap = DiskSwap { out, version: seat.version, ..DiskSwap::default() };
            self.reconfigure_disks(ACTION, from, &swap, None).await?;
        }
        Ok(count)
    }

    async fn seat(&self, vm: &VmRef) -> Result<Seat, VsphereError> {
        let properties = self.properties("read the devices of a VM", &vm.mo(), PATHS).await?;
        let devices = properties.get("config.hardware.device");
        let devices: Vec<&Node> = devices.map(|d| d.children.iter().collect()).unwrap_or_default();
        Ok(Seat {
            disks: disks_of(&devices, false),
            version: properties.string("config.changeVersion"),
            shows_uuids: properties.bool("config.flags.diskUuidEnabled").unwrap_or(false),
            host: properties.mo("runtime.host").map(|host| HostRef::new(host.value)),
            home: properties.text("config.files.vmPathName").and_then(|path| path.parse().ok()),
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
    fn visitors(&self) -> impl Iterator<Item = &DiskConfig> {
        self.disks.iter().filter(|disk| {
            let mut links = disk.backing.file.iter().chain(&disk.backing.parents);
            let outside = links.all(|link| self.home.as_ref().is_some_and(|h| !is_beside(h, link)));
            disk.mode == DiskMode::IndependentNonpersistent && outside
        })
    }
}

/// Returns whether somebody else was changing the VM.
fn is_taken(error: &VsphereError) -> bool {
    error.fault().is_some_and(|f| f.is("ConcurrentAccess") || f.is("TaskInProgress"))
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
    let home = seat.home.as_ref().map(DatastorePath::datastore);
    if on_vsan(file.datastore()) && !home.is_some_and(on_vsan) {
        return Some(AttachObstacle::VsanMix);
    }
    seat.slot.is_none().then_some(AttachObstacle::Full)
}

#[cfg(test)]
mod tests;
