//! What lies in what.

use super::decode_name;
use super::types::{InventoryNode, NodeId, NodeKind, VmPlace};
use crate::property::Properties;

/// Makes the container of an object that is one.
pub(super) fn node(object: &Properties) -> Option<InventoryNode> {
    let kind = match object.object.kind.as_str() {
        "Folder" | "StoragePod" => NodeKind::Folder,
        "Datacenter" => NodeKind::Datacenter,
        "ClusterComputeResource" => NodeKind::Cluster,
        "ComputeResource" => NodeKind::Compute,
        "HostSystem" => NodeKind::Host,
        "ResourcePool" => NodeKind::Pool,
        "VirtualApp" => NodeKind::Vapp,
        "Datastore" => NodeKind::Datastore,
        _ => return None,
    };
    // A name that may not be read still has to be told from others.
    let name = object.text("name").map(decode_name).filter(|name| !name.is_empty());
    Some(InventoryNode {
        id: NodeId::of(&object.object),
        kind,
        name: name.unwrap_or_else(|| object.object.value.clone()),
        parent: object.mo("parent").as_ref().map(NodeId::of),
        folder: None,
        holds_vms: holds_vms(object),
    })
}

/// Returns whether an object is a folder VMs can be placed in.
pub(super) fn holds_vms(object: &Properties) -> bool {
    let types = object.get("childType");
    types.is_some_and(|types| types.children.iter().any(|child| child.text == "VirtualMachine"))
}

/// Returns what a VM lies in.
pub(super) fn place(object: &Properties) -> VmPlace {
    let one = |path: &str| object.mo(path).as_ref().map(NodeId::of);
    VmPlace {
        folder: one("parent"),
        vapp: one("parentVApp"),
        host: one("runtime.host"),
        datastores: object.mos("datastore").iter().map(NodeId::of).collect(),
    }
}
