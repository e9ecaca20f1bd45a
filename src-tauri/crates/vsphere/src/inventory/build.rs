//! From properties to summaries.

use std::collections::HashMap;

use kuramori_block::ByteLen;

use super::types::{
    ComputeSummary, ConnectionState, DatacenterSummary, DatastoreSummary, FolderSummary,
    HostSummary, Inventory, NetworkKind, NetworkSummary, PoolSummary, PowerState, ToolsState,
    UnreadableVm, VmSummary,
};
use super::{decode_name, nodes};
use crate::hardware::disks_of;
use crate::property::Properties;
use crate::refs::{
    ComputeRef, DatacenterRef, DatastoreRef, FolderRef, HostRef, MoRef, NetworkRef, PoolRef, VmRef,
};
use crate::service::About;
use crate::xml::Node;

/// Parents are followed no further; a loop would otherwise never end.
const MAX_LEVELS: usize = 64;

/// Sorts the objects of a server into an inventory.
pub(crate) fn inventory(about: About, objects: &[Properties]) -> Inventory {
    let tree = Tree::new(objects);
    let of = |kinds: &'static [&'static str]| {
        objects.iter().filter(move |o| kinds.contains(&o.object.kind.as_str()))
    };
    let mut vms = Vec::new();
    let mut unreadable = Vec::new();
    for object in of(&["VirtualMachine"]) {
        match vm(object, &tree) {
            Ok(found) => vms.push(found),
            Err(found) => unreadable.push(*found),
        }
    }
    vms.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.reference.cmp(&b.reference)));
    Inventory {
        about,
        datacenters: of(&["Datacenter"]).map(|o| datacenter(o, &tree)).collect(),
        folders: of(&["Folder"]).map(|o| folder(o, &tree)).collect(),
        compute: of(&["ComputeResource", "ClusterComputeResource"]).map(compute).collect(),
        hosts: of(&["HostSystem"]).map(host).collect(),
        datastores: of(&["Datastore"]).map(datastore).collect(),
        networks: of(&["Network", "DistributedVirtualPortgroup", "OpaqueNetwork"])
            .map(network)
            .collect(),
        pools: of(&["ResourcePool"]).map(pool).collect(),
        vms,
        unreadable,
        nodes: objects.iter().filter_map(nodes::node).collect(),
    }
}

/// Who hangs under whom.
struct Tree<'a> {
    nodes: HashMap<&'a MoRef, (&'a str, Option<MoRef>)>,
}

impl<'a> Tree<'a> {
    fn new(objects: &'a [Properties]) -> Self {
        let node =
            |o: &'a Properties| (&o.object, (o.text("name").unwrap_or_default(), o.mo("parent")));
        Self { nodes: objects.iter().map(node).collect() }
    }

    /// Returns the objects above, nearest first, with their stored names.
    fn above(&self, mut parent: Option<MoRef>) -> Vec<(MoRef, &'a str)> {
        let mut found = Vec::new();
        while let Some(object) = parent.take()
            && found.len() < MAX_LEVELS
            && let Some((name, next)) = self.nodes.get(&object)
        {
            found.push((object, *name));
            parent.clone_from(next);
        }
        found
    }

    /// Returns the name of an object, or its reference where the name was not listed.
    fn name_of(&self, object: &MoRef) -> String {
        let name = self.nodes.get(object).map(|(name, _)| decode_name(name));
        name.filter(|name| !name.is_empty()).unwrap_or_else(|| object.value.clone())
    }

    /// Returns the names from the datacenter down. The folder right under a datacenter is hidden
    /// from people, as in vSphere's own screens.
    fn folder_path(&self, parent: Option<MoRef>) -> Vec<String> {
        let above = self.above(parent);
        let datacenter = above.iter().position(|(object, _)| object.kind == "Datacenter");
        let mut names: Vec<String> = match datacenter {
            Some(at) => {
                let below = above.iter().take(at.saturating_sub(1));
                below.chain(above.get(at)).map(|(_, name)| decode_name(name)).collect()
            }
            None => Vec::new(),
        };
        names.reverse();
        names
    }
}

fn name(object: &Properties) -> String {
    decode_name(object.text("name").unwrap_or_default())
}

fn datacenter(object: &Properties, tree: &Tree<'_>) -> DatacenterSummary {
    let mut path: Vec<&str> = vec![object.text("name").unwrap_or_default()];
    // The root folder has no parent and is not part of the path; views leave it out.
    path.extend(tree.above(object.mo("parent")).into_iter().map(|(_, name)| name));
    path.reverse();
    DatacenterSummary {
        reference: DatacenterRef::new(&object.object.value),
        name: name(object),
        path: path.join("/"),
        vm_folder: object.mo("vmFolder").map(|mo| FolderRef::new(mo.value)),
        datastores: object
            .mos("datastore")
            .into_iter()
            .map(|mo| DatastoreRef::new(mo.value))
            .collect(),
    }
}

fn folder(object: &Properties, tree: &Tree<'_>) -> FolderSummary {
    let mut path = tree.folder_path(object.mo("parent"));
    let parent_is_datacenter = object.mo("parent").is_some_and(|mo| mo.kind == "Datacenter");
    if !parent_is_datacenter {
        path.push(name(object));
    }
    FolderSummary {
        reference: FolderRef::new(&object.object.value),
        name: name(object),
        path,
        holds_vms: nodes::holds_vms(object),
    }
}

fn compute(object: &Properties) -> ComputeSummary {
    ComputeSummary {
        reference: ComputeRef::new(&object.object.value),
        name: name(object),
        cluster: object.object.kind == "ClusterComputeResource",
        hosts: object.mos("host").into_iter().map(|mo| HostRef::new(mo.value)).collect(),
        pool: object.mo("resourcePool").map(|mo| PoolRef::new(mo.value)),
    }
}

fn connection(object: &Properties) -> ConnectionState {
    match object.text("runtime.connectionState") {
        Some("connected") => ConnectionState::Connected,
        Some("inaccessible") => ConnectionState::Inaccessible,
        Some("orphaned") => ConnectionState::Orphaned,
        Some("invalid") => ConnectionState::Invalid,
        _ => ConnectionState::Unavailable,
    }
}

fn host(object: &Properties) -> HostSummary {
    HostSummary {
        reference: HostRef::new(&object.object.value),
        name: name(object),
        version: object.string("config.product.version").unwrap_or_default(),
        build: object.string("config.product.build").unwrap_or_default(),
        connection: connection(object),
        maintenance: object.bool("runtime.inMaintenanceMode").unwrap_or(false),
        datastores: object
            .mos("datastore")
            .into_iter()
            .map(|mo| DatastoreRef::new(mo.value))
            .collect(),
        compute: object.mo("parent").map(|mo| ComputeRef::new(mo.value)),
        managed_by: object.string("summary.managementServerIp"),
        hardware_uuid: object.string("hardware.systemInfo.uuid"),
    }
}

/// Builds a datastore; also for callers that list datastores alone.
pub(super) fn datastore(object: &Properties) -> DatastoreSummary {
    let bytes = |path: &str| ByteLen::new(object.number(path).unwrap_or(0));
    DatastoreSummary {
        reference: DatastoreRef::new(&object.object.value),
        name: name(object),
        kind: object.string("summary.type").unwrap_or_default(),
        capacity: bytes("summary.capacity"),
        free: bytes("summary.freeSpace"),
        accessible: object.bool("summary.accessible").unwrap_or(false),
    }
}

fn network(object: &Properties) -> NetworkSummary {
    let key = object.string("key");
    let kind = match (object.object.kind.as_str(), key) {
        ("DistributedVirtualPortgroup", Some(portgroup_key)) => {
            NetworkKind::Distributed { portgroup_key, switch_uuid: String::new() }
        }
        ("Network", _) => NetworkKind::Standard,
        _ => NetworkKind::Opaque,
    };
    NetworkSummary { reference: NetworkRef::new(&object.object.value), name: name(object), kind }
}

fn pool(object: &Properties) -> PoolSummary {
    PoolSummary {
        reference: PoolRef::new(&object.object.value),
        name: name(object),
        owner: object.mo("owner").map(|mo| ComputeRef::new(mo.value)),
    }
}

/// Builds a VM, or says why it cannot be read.
pub(super) fn vm_alone(object: &Properties) -> Result<VmSummary, Box<UnreadableVm>> {
    vm(object, &Tree { nodes: HashMap::new() })
}

fn vm(object: &Properties, tree: &Tree<'_>) -> Result<VmSummary, Box<UnreadableVm>> {
    let Some(devices) = object.get("config.hardware.device") else {
        return Err(Box::new(UnreadableVm {
            reference: VmRef::new(&object.object.value),
            name: name(object),
            connection: vm_connection(object),
            why: why_unreadable(object),
            place: nodes::place(object),
        }));
    };
    let devices: Vec<&Node> = devices.children.iter().collect();
    let encrypted = object.get("config.keyId").is_some();
    let running = object.text("guest.toolsRunningStatus") == Some("guestToolsRunning");
    let name = name(object);
    let vapp = object.mo("parentVApp").map(|vapp| tree.name_of(&vapp));
    let folder = match &vapp {
        Some(vapp) => vec![vapp.clone()],
        None => tree.folder_path(object.mo("parent")),
    };
    Ok(VmSummary {
        reference: VmRef::new(&object.object.value),
        system: is_system(object, &name),
        fault_tolerant: object.get("config.ftInfo").is_some(),
        vapp,
        name,
        instance_uuid: object.string("config.instanceUuid"),
        bios_uuid: object.string("config.uuid"),
        power: match object.text("runtime.powerState") {
            Some("poweredOn") => PowerState::On,
            Some("suspended") => PowerState::Suspended,
            _ => PowerState::Off,
        },
        connection: vm_connection(object),
        guest: object
            .string("config.guestFullName")
            .or_else(|| object.string("config.guestId"))
            .unwrap_or_default(),
        tools: if running { ToolsState::Running } else { ToolsState::NotRunning },
        hardware_version: object.string("config.version").unwrap_or_default(),
        change_tracking: object.bool("config.changeTrackingEnabled").unwrap_or(false),
        change_tracking_supported: object.bool("capability.changeTrackingSupported"),
        disks: disks_of(&devices, encrypted),
        macs: devices.iter().filter_map(|device| device.string_at("macAddress")).collect(),
        host: object.mo("runtime.host").map(|mo| HostRef::new(mo.value)),
        folder,
        place: nodes::place(object),
        template: object.bool("config.template").unwrap_or(false),
        consolidation_needed: object.bool("runtime.consolidationNeeded").unwrap_or(false),
        snapshots: object.get("snapshot").map(crate::snapshot::tree).unwrap_or_default(),
        committed: ByteLen::new(object.number("summary.storage.committed").unwrap_or(0)),
        encrypted,
    })
}

/// A server that does not say is taken to be in touch: calls about the VM will tell.
fn vm_connection(object: &Properties) -> ConnectionState {
    match object.get("runtime.connectionState") {
        Some(_) => connection(object),
        None => ConnectionState::Connected,
    }
}

/// Returns whether the server made the VM for itself: the helpers of clusters, called vCLS.
fn is_system(object: &Properties, name: &str) -> bool {
    let by = object.get("config.managedBy").and_then(|by| by.text_at("extensionKey"));
    by.is_some_and(|key| key.starts_with("com.vmware.vim.eam")) || name.starts_with("vCLS")
}

fn why_unreadable(object: &Properties) -> String {
    let fault = object.missing.iter().find(|(path, _)| path.starts_with("config"));
    match (fault, object.text("runtime.connectionState")) {
        (Some((_, fault)), _) => fault.kind.clone(),
        (None, Some(state)) if state != "connected" => state.to_owned(),
        _ => "it has no configuration".to_owned(),
    }
}
