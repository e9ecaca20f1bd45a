//! Properties of folders, datacenters, clusters, pools, datastores and networks.

use super::Scope;
use crate::faults::FaultKind;
use crate::value::{Obj, Ref, Value};
use crate::world::Vm;

/// The capacity every datastore of the lab claims, in bytes.
const DATASTORE_BYTES: u64 = 8 << 40;

pub(crate) fn property(scope: Scope<'_>, obj: &Ref, name: &str) -> Option<Value> {
    let inventory = &scope.world.inventory;
    let node = inventory.node(&obj.id)?;
    let refs = |kind: &str| Value::refs(inventory.kind(kind).map(|n| n.at.clone()));
    match name {
        "name" => return Some(node.name.into()),
        "parent" => return node.parent.clone().map(Value::Ref),
        "overallStatus" | "configStatus" => {
            return Some(Value::Enum("ManagedEntityStatus", "green".to_string()));
        }
        "effectiveRole" => return Some(Value::List("int", vec![Value::Int(-1)])),
        "disabledMethod" => return Some(Value::strings(Vec::<String>::new())),
        _ => {}
    }
    match (obj.kind, name) {
        ("Folder", "childEntity") => Some(Value::refs(children(scope, &obj.id))),
        ("Folder", "childType") => Some(Value::strings(child_types(node.name))),
        ("Datacenter", "vmFolder" | "hostFolder" | "datastoreFolder" | "networkFolder") => {
            let wanted = name.trim_end_matches("Folder");
            let found = inventory.children(&obj.id).find(|n| n.name == wanted)?;
            Some(found.at.clone().into())
        }
        ("Datacenter" | "ComputeResource" | "ClusterComputeResource", "datastore") => {
            Some(refs("Datastore"))
        }
        ("Datacenter" | "ComputeResource" | "ClusterComputeResource", "network") => {
            Some(refs("Network"))
        }
        ("ComputeResource" | "ClusterComputeResource" | "Network", "host") => {
            Some(refs("HostSystem"))
        }
        ("ComputeResource" | "ClusterComputeResource", "resourcePool") => {
            Some(root_pool(scope)?.into())
        }
        ("ComputeResource" | "ClusterComputeResource", "environmentBrowser") => {
            Some(Ref::new("EnvironmentBrowser", format!("envbrowser-{}", obj.id)).into())
        }
        ("ResourcePool", "owner") => {
            let owner = inventory.nodes.iter().find(|n| n.at.kind.ends_with("ComputeResource"))?;
            Some(owner.at.clone().into())
        }
        ("ResourcePool", "resourcePool") => {
            Some(Value::refs(inventory.children(&obj.id).map(|n| n.at.clone())))
        }
        ("ResourcePool", "vm") => {
            let inside = scope.world.vms.values().filter(|v| v.state.pool == obj.id);
            Some(Value::refs(inside.map(Vm::reference)))
        }
        ("Network", "summary") => Some(
            Obj::new("NetworkSummary")
                .set("network", obj.clone())
                .set("name", node.name)
                .set("accessible", true)
                .set("ipPoolName", "")
                .into(),
        ),
        ("Network", "vm") => {
            let on = |v: &&Vm| v.state.conf.nics.iter().any(|n| n.network == node.name);
            Some(Value::refs(scope.world.vms.values().filter(on).map(Vm::reference)))
        }
        _ => None,
    }
}

fn root_pool(scope: Scope<'_>) -> Option<Ref> {
    scope.world.inventory.kind("ResourcePool").next().map(|n| n.at.clone())
}

/// Returns what lies directly in a folder.
pub(crate) fn children(scope: Scope<'_>, folder: &str) -> Vec<Ref> {
    let nodes = scope.world.inventory.children(folder).map(|n| n.at.clone());
    let vms = scope.world.vms.values().filter(|v| v.state.folder == folder).map(Vm::reference);
    nodes.chain(vms).collect()
}

fn child_types(name: &str) -> Vec<&'static str> {
    match name {
        "host" => vec!["Folder", "ComputeResource"],
        "datastore" => vec!["Folder", "Datastore"],
        "network" => vec!["Folder", "Network"],
        "Datacenters" | "ha-folder-root" | "Sites" => vec!["Folder", "Datacenter"],
        _ => vec!["Folder", "VirtualMachine", "VirtualApp"],
    }
}

pub(crate) fn datastore(scope: Scope<'_>, obj: &Ref, name: &str) -> Option<Value> {
    let world = scope.world;
    let node = world.inventory.node(&obj.id)?;
    let url = format!("ds:///vmfs/volumes/{}/", obj.id);
    Some(match name {
        "summary" => Obj::new("DatastoreSummary")
            .set("datastore", obj.clone())
            .set("name", node.name)
            .set("url", url)
            .set("capacity", DATASTORE_BYTES)
            .set("freeSpace", free(scope, node.name))
            .set("uncommitted", 0i64)
            .set("accessible", true)
            .set("multipleHostAccess", world.inventory.kind("HostSystem").count() > 1)
            .set("type", if scope.core.options.nfs { "NFS" } else { "VMFS" })
            .set("maintenanceMode", "normal")
            .into(),
        "info" if scope.core.options.nfs => return None,
        "info" => {
            let volume = Obj::new("HostVmfsVolume")
                .set("type", "VMFS")
                .set("name", node.name)
                .set("capacity", DATASTORE_BYTES)
                .set("blockSizeMb", 1)
                .set("maxBlocks", 63_963_136)
                .set("majorVersion", 6)
                .set("version", "6.82")
                .set("uuid", obj.id.as_str())
                .set("vmfsUpgradable", false);
            Obj::new("VmfsDatastoreInfo")
                .set("name", node.name)
                .set("url", url)
                .set("freeSpace", free(scope, node.name))
                .set("maxFileSize", 64i64 << 40)
                .set("vmfs", volume)
                .into()
        }
        "host" => Value::list(
            "DatastoreHostMount",
            world.inventory.kind("HostSystem").map(|host| {
                let mount = Obj::new("HostMountInfo")
                    .set("path", format!("/vmfs/volumes/{}", obj.id))
                    .set("accessMode", "readWrite")
                    .set("mounted", true)
                    .set("accessible", true);
                Obj::new("DatastoreHostMount").set("key", host.at.clone()).set("mountInfo", mount)
            }),
        ),
        "browser" => {
            Ref::new("HostDatastoreBrowser", format!("datastoreBrowser-{}", obj.id)).into()
        }
        "vm" => Value::refs(
            world.vms.values().filter(|v| v.state.datastore == node.name).map(Vm::reference),
        ),
        "capability" => {
            let yes = [
                "directoryHierarchySupported",
                "rawDiskMappingsSupported",
                "perFileThinProvisioningSupported",
            ];
            yes.iter().fold(Obj::new("DatastoreCapability"), |o, n| o.set(n, true)).into()
        }
        _ => return property(scope, obj, name),
    })
}

fn free(scope: Scope<'_>, datastore: &str) -> u64 {
    if let Some(full) = scope.core.faults.active(FaultKind::FullDatastore) {
        return full.bytes.unwrap_or_default();
    }
    let used: u64 = scope
        .world
        .vms
        .values()
        .flat_map(|v| &v.disks)
        .filter(|d| d.inner().meta.datastore == datastore)
        .map(|d| {
            let current = d.inner().meta.current;
            d.allocated(current).total().get()
        })
        .sum();
    DATASTORE_BYTES.saturating_sub(used)
}
