use kuramori_block::ByteLen;
use serde::{Deserialize, Serialize};

use crate::hardware::DiskConfig;
use crate::refs::{
    ComputeRef, DatacenterRef, DatastoreRef, FolderRef, HostRef, MoRef, NetworkRef, PoolRef, VmRef,
};
use crate::service::About;
use crate::snapshot::SnapshotNode;

/// Everything on a server that the user may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// What the server is.
    pub about: About,
    /// Datacenters. A single host has one.
    pub datacenters: Vec<DatacenterSummary>,
    /// Folders of all kinds.
    pub folders: Vec<FolderSummary>,
    /// Clusters, and the compute side of single hosts.
    pub compute: Vec<ComputeSummary>,
    /// Hosts.
    pub hosts: Vec<HostSummary>,
    /// Datastores.
    pub datastores: Vec<DatastoreSummary>,
    /// Networks and port groups.
    pub networks: Vec<NetworkSummary>,
    /// Resource pools.
    pub pools: Vec<PoolSummary>,
    /// VMs, sorted by name.
    pub vms: Vec<VmSummary>,
    /// VMs that exist but whose configuration cannot be read.
    pub unreadable: Vec<UnreadableVm>,
    /// Everything VMs lie in, of all kinds, for the trees; see [`Inventory::by_hosts`].
    pub nodes: Vec<InventoryNode>,
}

/// Names a container within one server, whatever its kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(String);

impl NodeId {
    /// Wraps an identifier that is unique within the server.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn of(object: &MoRef) -> Self {
        Self(format!("{}:{}", object.kind, object.value))
    }

    pub(crate) fn top() -> Self {
        Self(String::new())
    }

    /// Returns it as text; empty for the server itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A folder of any kind, also a cluster of datastores.
    Folder,
    /// A datacenter.
    Datacenter,
    /// A cluster.
    Cluster,
    /// The compute side of a single host.
    Compute,
    /// A host.
    Host,
    /// A resource pool.
    Pool,
    /// A vApp.
    Vapp,
    /// A datastore.
    Datastore,
}

/// A container of the inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryNode {
    /// Which.
    pub id: NodeId,
    /// What it is.
    pub kind: NodeKind,
    /// Name for people.
    pub name: String,
    /// What it lies in, as the server says; that object need not be in the list.
    pub parent: Option<NodeId>,
    /// The folder of VMs a vApp lies in; it hangs from a pool otherwise.
    pub folder: Option<NodeId>,
    /// Whether VMs can be placed in this folder.
    pub holds_vms: bool,
}

/// What a VM lies in. The objects need not be in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VmPlace {
    /// Its folder. A member of a vApp has none.
    pub folder: Option<NodeId>,
    /// Its vApp.
    pub vapp: Option<NodeId>,
    /// Its host.
    pub host: Option<NodeId>,
    /// Its datastores.
    pub datastores: Vec<NodeId>,
}

/// A datacenter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatacenterSummary {
    /// Which.
    pub reference: DatacenterRef,
    /// Name.
    pub name: String,
    /// Folder names and its own name as stored, joined by slashes; names it in file URLs.
    pub path: String,
    /// The folder of its VMs.
    pub vm_folder: Option<FolderRef>,
    /// Its datastores.
    pub datastores: Vec<DatastoreRef>,
}

/// A folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderSummary {
    /// Which.
    pub reference: FolderRef,
    /// Name.
    pub name: String,
    /// Names from the datacenter down to this folder.
    pub path: Vec<String>,
    /// Whether VMs can be placed in it.
    pub holds_vms: bool,
}

/// A cluster or the compute side of a single host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComputeSummary {
    /// Which.
    pub reference: ComputeRef,
    /// Name.
    pub name: String,
    /// Whether it is a cluster.
    pub cluster: bool,
    /// Its hosts.
    pub hosts: Vec<HostRef>,
    /// The resource pool at its top.
    pub pool: Option<PoolRef>,
}

/// Whether a server is in touch with one of its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionState {
    /// It is.
    Connected,
    /// Its files cannot be reached: their datastore is away.
    Inaccessible,
    /// It is listed, but no longer on any host.
    Orphaned,
    /// Its configuration is damaged.
    Invalid,
    /// Its host is not in touch, or it is not in touch for another reason.
    Unavailable,
}

/// An ESXi host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSummary {
    /// Which.
    pub reference: HostRef,
    /// Name.
    pub name: String,
    /// Product version, such as `8.0.3`.
    pub version: String,
    /// Build number.
    pub build: String,
    /// Whether its server is in touch with it.
    pub connection: ConnectionState,
    /// Whether it takes no VMs at present.
    pub maintenance: bool,
    /// Datastores it mounts.
    pub datastores: Vec<DatastoreRef>,
    /// Its cluster or compute side.
    pub compute: Option<ComputeRef>,
    /// Address of the vCenter that manages it; one should then add that instead.
    pub managed_by: Option<String>,
    /// Identity of the hardware, the same through its vCenter.
    pub hardware_uuid: Option<String>,
}

/// A datastore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatastoreSummary {
    /// Which.
    pub reference: DatastoreRef,
    /// Name.
    pub name: String,
    /// Kind of storage, such as `VMFS`, `NFS`, `vsan`.
    pub kind: String,
    /// Size.
    pub capacity: ByteLen,
    /// Free space.
    pub free: ByteLen,
    /// Whether it can be used now.
    pub accessible: bool,
}

/// What kind of network it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkKind {
    /// A port group of a host.
    Standard,
    /// A port group of a distributed switch.
    Distributed {
        /// Key of the port group.
        portgroup_key: String,
        /// UUID of the switch.
        switch_uuid: String,
    },
    /// A network of another product.
    Opaque,
}

/// A network VMs can be put on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkSummary {
    /// Which.
    pub reference: NetworkRef,
    /// Name.
    pub name: String,
    /// What it is.
    pub kind: NetworkKind,
}

/// A resource pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolSummary {
    /// Which.
    pub reference: PoolRef,
    /// Name.
    pub name: String,
    /// Whose it is.
    pub owner: Option<ComputeRef>,
}

/// Whether a VM runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PowerState {
    /// It runs.
    On,
    /// It is off.
    Off,
    /// It is suspended.
    Suspended,
}

/// State of VMware Tools in the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToolsState {
    /// They run, so the guest can hold its writes.
    Running,
    /// They do not run, or are not there.
    NotRunning,
}

/// A VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VmSummary {
    /// Which, on this server.
    pub reference: VmRef,
    /// Name.
    pub name: String,
    /// Identity inside the vCenter; stays when the VM moves.
    pub instance_uuid: Option<String>,
    /// BIOS UUID; clones often share it.
    pub bios_uuid: Option<String>,
    /// Whether it runs.
    pub power: PowerState,
    /// Whether its host is in touch.
    pub connection: ConnectionState,
    /// Guest operating system, in words.
    pub guest: String,
    /// State of VMware Tools.
    pub tools: ToolsState,
    /// Version of the virtual hardware, such as `vmx-19`.
    pub hardware_version: String,
    /// Whether changed areas are recorded.
    pub change_tracking: bool,
    /// Whether they could be, where the server says so.
    pub change_tracking_supported: Option<bool>,
    /// Disks.
    pub disks: Vec<DiskConfig>,
    /// Addresses of its network cards.
    pub macs: Vec<String>,
    /// Host it lives on.
    pub host: Option<HostRef>,
    /// Names from the datacenter down to its folder.
    pub folder: Vec<String>,
    /// What it lies in.
    pub place: VmPlace,
    /// Whether it is a template, which has no snapshots.
    pub template: bool,
    /// Whether the server made it for itself.
    pub system: bool,
    /// Whether it is one of the pair of a fault-tolerant VM, which has no snapshots.
    pub fault_tolerant: bool,
    /// The vApp it is part of: its name, or its reference where the name is not known.
    pub vapp: Option<String>,
    /// Whether it runs on deltas no snapshot needs.
    pub consolidation_needed: bool,
    /// Snapshots, each after its parent.
    pub snapshots: Vec<SnapshotNode>,
    /// Space it takes on its datastores.
    pub committed: ByteLen,
    /// Whether it lies encrypted.
    pub encrypted: bool,
}

/// A VM whose configuration cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableVm {
    /// Which.
    pub reference: VmRef,
    /// Name, where that much is known.
    pub name: String,
    /// Whether the server is in touch with it.
    pub connection: ConnectionState,
    /// Why, in a few words.
    pub why: String,
    /// What it lies in.
    pub place: VmPlace,
}
