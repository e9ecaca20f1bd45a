//! What a lab is made of.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kuramori_base::Clock;
use serde::{Deserialize, Serialize};

use crate::tag_config::{LabTag, TagApi};

/// What the lab presents itself as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Shape {
    /// A standalone host: `HostAgent`, one datacenter called `ha-datacenter`.
    #[default]
    Esxi,
    /// A vCenter: a datacenter in a folder, a cluster of two hosts, VM folders, resource pools.
    Vcenter,
}

/// Where the content of a new disk comes from.
#[derive(Clone, Debug)]
pub enum DiskSource {
    /// A raw image, copied without its zeros. The image itself is never changed.
    Image(PathBuf),
    /// Nothing: a sparse disk of that many bytes.
    Empty(u64),
}

/// What is special about a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Special {
    /// It is a template.
    Template,
    /// It is suspended.
    Suspended,
    /// It is the primary of a fault-tolerant pair.
    FaultTolerant,
    /// Its files cannot be reached: it has no configuration.
    Inaccessible,
    /// It is listed but on no host.
    Orphaned,
    /// vSphere made it for a cluster's own use.
    Agent,
    /// It is part of a vApp.
    InVapp,
}

/// How a disk is shown to clients. Its bytes lie in a file all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Backing {
    /// A file.
    #[default]
    File,
    /// A file several VMs write to.
    MultiWriter,
    /// A raw device, mapped in virtual mode.
    VirtualRawDevice,
    /// A raw device, mapped in physical mode.
    PhysicalRawDevice,
    /// A first class disk, which lives without a VM and is attached to this one.
    FirstClass,
}

/// One disk of a VM that is to be made.
#[derive(Clone, Debug)]
pub struct LabDisk {
    /// The content.
    pub source: DiskSource,
    /// Whether the disk is thin. A thick one is eagerly zeroed.
    pub thin: bool,
    /// The datastore it lies on, where that is not the VM's.
    pub datastore: Option<&'static str>,
}

/// A VM that is to exist. One that is there already, by name, is left as it is.
#[derive(Clone, Debug)]
pub struct LabVm {
    pub(crate) name: String,
    pub(crate) disks: Vec<LabDisk>,
    pub(crate) powered_on: bool,
    pub(crate) tools: bool,
    pub(crate) guest_id: String,
    pub(crate) firmware: String,
    pub(crate) change_tracking: bool,
    pub(crate) special: Option<Special>,
    pub(crate) modes: BTreeMap<usize, (&'static str, Backing)>,
    pub(crate) uuids: Option<(String, String)>,
    pub(crate) disk_uuids: bool,
    pub(crate) version: Option<String>,
    pub(crate) drive: Option<String>,
    pub(crate) boots_from: Option<usize>,
}

impl LabVm {
    /// Makes a running Linux VM without disks.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            disks: Vec::new(),
            powered_on: true,
            tools: true,
            guest_id: "debian12_64Guest".to_string(),
            firmware: "efi".to_string(),
            change_tracking: false,
            special: None,
            modes: BTreeMap::new(),
            uuids: None,
            disk_uuids: true,
            version: None,
            drive: None,
            boots_from: None,
        }
    }

    /// Lays the disk that was added last on another datastore.
    #[must_use]
    pub fn on(mut self, datastore: &'static str) -> Self {
        if let Some(last) = self.disks.last_mut() {
            last.datastore = Some(datastore);
        }
        self
    }

    /// Sets the version of the virtual hardware, such as `vmx-21`.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Adds a CD drive with an image in it.
    #[must_use]
    pub fn drive(mut self, image: impl Into<String>) -> Self {
        self.drive = Some(image.into());
        self
    }

    /// Lets the VM try a disk first and its first card then when it boots.
    #[must_use]
    pub fn boots_from(mut self, disk: usize) -> Self {
        self.boots_from = Some(disk);
        self
    }

    /// Sets the instance UUID and the BIOS UUID, which are made up otherwise.
    #[must_use]
    pub fn uuids(mut self, instance: impl Into<String>, bios: impl Into<String>) -> Self {
        self.uuids = Some((instance.into(), bios.into()));
        self
    }

    /// Sets whether the guest sees the UUIDs of disks. It does unless this says otherwise.
    #[must_use]
    pub fn disk_uuids(mut self, shown: bool) -> Self {
        self.disk_uuids = shown;
        self
    }

    /// Adds a thin disk with the content of a raw image.
    #[must_use]
    pub fn image(mut self, path: impl Into<PathBuf>) -> Self {
        self.disks.push(LabDisk {
            source: DiskSource::Image(path.into()),
            thin: true,
            datastore: None,
        });
        self
    }

    /// Adds an empty thin disk of `bytes` bytes; a multiple of 512.
    #[must_use]
    pub fn capacity(mut self, bytes: u64) -> Self {
        self.disks.push(LabDisk { source: DiskSource::Empty(bytes), thin: true, datastore: None });
        self
    }

    /// Adds a disk.
    #[must_use]
    pub fn disk(mut self, disk: LabDisk) -> Self {
        self.disks.push(disk);
        self
    }

    /// Sets whether the VM is running. It is unless this says otherwise.
    #[must_use]
    pub fn powered_on(mut self, on: bool) -> Self {
        self.powered_on = on;
        self
    }

    /// Sets whether the guest tools run. They do unless this says otherwise.
    #[must_use]
    pub fn tools(mut self, running: bool) -> Self {
        self.tools = running;
        self
    }

    /// Sets the guest identifier, such as `windows2019srv_64Guest`.
    #[must_use]
    pub fn guest_id(mut self, id: impl Into<String>) -> Self {
        self.guest_id = id.into();
        self
    }

    /// Sets the firmware: `bios` or `efi`.
    #[must_use]
    pub fn firmware(mut self, firmware: impl Into<String>) -> Self {
        self.firmware = firmware.into();
        self
    }

    /// Makes the VM a special one.
    #[must_use]
    pub fn special(mut self, special: Special) -> Self {
        self.powered_on &= !matches!(special, Special::Template | Special::Suspended);
        self.special = Some(special);
        self
    }

    /// Leaves the disk that was added last out of snapshots.
    #[must_use]
    pub fn independent(mut self) -> Self {
        let last = self.disks.len().saturating_sub(1);
        self.modes.entry(last).or_insert(("persistent", Backing::File)).0 =
            "independent_persistent";
        self
    }

    /// Sets how the disk that was added last is shown.
    #[must_use]
    pub fn backing(mut self, backing: Backing) -> Self {
        let last = self.disks.len().saturating_sub(1);
        self.modes.entry(last).or_insert(("persistent", backing)).1 = backing;
        self
    }

    /// Makes the VM with change tracking already on and in effect.
    #[must_use]
    pub fn change_tracking(mut self, on: bool) -> Self {
        self.change_tracking = on;
        self
    }
}

/// How a host's storage keeps what is written after a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deltas {
    /// vmfsSparse, also called COWD: VMFS 5 and NFS.
    #[default]
    VmfsSparse,
    /// seSparse: VMFS 6.
    SeSparse,
}

/// Things a test may want to be different from a host's defaults.
#[derive(Clone, Debug)]
pub struct LabOptions {
    /// How long a session may be idle. 30 minutes.
    pub session_timeout: Duration,
    /// How long a lease lives without progress or data. 300 seconds.
    pub lease_timeout: Duration,
    /// Most areas in one answer of `QueryChangedDiskAreas`. 2000.
    pub cbt_areas: usize,
    /// Most bytes of a disk one answer of `QueryChangedDiskAreas` speaks about; no limit when
    /// `None`. With a limit, answers without any area occur.
    pub cbt_window: Option<u64>,
    /// Most requests under `/folder` that are served at once. 4.
    pub folder_requests: usize,
    /// How long the steps of a task take, each. None.
    pub task_step: Duration,
    /// The deflate level of exported disks, 0 to 9. 1.
    pub export_level: u32,
    /// How snapshots of new disks are kept. vmfsSparse.
    pub deltas: Deltas,
    /// Version and build that hosts say they are of, where not the lab's usual ones.
    pub host: Option<(&'static str, &'static str)>,
    /// Whether datastores are exports of a NAS instead of VMFS volumes. No.
    pub nfs: bool,
    /// Tags; only a vCenter has any. None.
    pub tags: Vec<LabTag>,
    /// How tags are offered. Under `/api`.
    pub tag_api: TagApi,
    /// UUID of the hardware of the first host, which is made up otherwise.
    pub host_uuid: Option<String>,
    /// Address of the vCenter a standalone host says it is managed by. None.
    pub managed_by: Option<String>,
    /// A VM, by name, and the folder in which its guest sees itself and the disks that are attached
    /// to it: `sys` and `dev`, as on Linux. None.
    pub guest: Option<(String, PathBuf)>,
    /// The highest version of virtual hardware of the hosts. 21.
    pub hardware: u16,
    /// The highest version of the first host, where it is older than the others. None.
    pub older_host: Option<u16>,
    /// Whether an import may name datastores for its disks. Yes.
    pub places_disks: bool,
    /// Whether a VM is exported by one lease at a time. No.
    pub one_lease: bool,
    /// Host whose address stands in the URLs of leases: with a port that one, else the lab's own
    /// port under another name. `*` on a host and the lab's own address on a vCenter.
    pub lease_host: Option<String>,
    /// Thumbprint that comes with the URLs of leases, if not the right one.
    pub lease_thumbprint: Option<String>,
}

impl Default for LabOptions {
    fn default() -> Self {
        Self {
            session_timeout: Duration::from_mins(30),
            lease_timeout: Duration::from_mins(5),
            cbt_areas: 2000,
            cbt_window: None,
            folder_requests: 4,
            task_step: Duration::ZERO,
            export_level: 1,
            deltas: Deltas::default(),
            host: None,
            nfs: false,
            tags: Vec::new(),
            tag_api: TagApi::default(),
            host_uuid: None,
            managed_by: None,
            guest: None,
            hardware: 21,
            older_host: None,
            places_disks: true,
            one_lease: false,
            lease_host: None,
            lease_thumbprint: None,
        }
    }
}

/// Everything [`crate::Lab::start`] needs.
#[derive(Clone)]
pub struct LabConfig {
    /// Where all state lives. A lab started again on the same folder has the same VMs.
    pub dir: PathBuf,
    /// What the lab presents itself as.
    pub shape: Shape,
    /// VMs that are to exist.
    pub vms: Vec<LabVm>,
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The only user.
    pub user: String,
    /// Its password.
    pub password: String,
    /// What differs from a host's defaults.
    pub options: LabOptions,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
}

impl LabConfig {
    /// Makes a standalone host in `dir` on a free loopback port, user `root`, password `lab-pass`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            shape: Shape::Esxi,
            vms: Vec::new(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            user: "root".to_string(),
            password: "lab-pass".to_string(),
            options: LabOptions::default(),
            clock: Arc::new(kuramori_base::SystemClock::new()),
        }
    }

    /// Sets the shape.
    #[must_use]
    pub fn shape(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    /// Adds a VM.
    #[must_use]
    pub fn vm(mut self, vm: LabVm) -> Self {
        self.vms.push(vm);
        self
    }

    /// Changes options.
    #[must_use]
    pub fn options(mut self, change: impl FnOnce(&mut LabOptions)) -> Self {
        change(&mut self.options);
        self
    }
}
