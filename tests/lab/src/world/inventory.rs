//! The things around the VMs: folders, datacenter, hosts, pools, datastores, networks.

use crate::Shape;
use crate::value::Ref;

/// One thing of the inventory that is not a VM.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: Ref,
    pub(crate) name: &'static str,
    pub(crate) parent: Option<Ref>,
}

/// The fixed inventory of a shape.
#[derive(Clone, Debug)]
pub(crate) struct Inventory {
    pub(crate) shape: Shape,
    /// The identity a vCenter or host keeps for life.
    pub(crate) instance_uuid: String,
    pub(crate) nodes: Vec<Node>,
}

/// Identifiers of managers, which differ between shapes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Managers {
    pub(crate) property_collector: &'static str,
    pub(crate) session_manager: &'static str,
    pub(crate) search_index: &'static str,
    pub(crate) file_manager: &'static str,
    pub(crate) disk_manager: &'static str,
    pub(crate) ovf_manager: &'static str,
    pub(crate) license_manager: &'static str,
    pub(crate) authorization: &'static str,
    pub(crate) task_manager: &'static str,
    pub(crate) guest_operations: &'static str,
}

const ESXI: [(&str, &str, &str, &str); 12] = [
    ("Folder", "ha-folder-root", "ha-folder-root", ""),
    ("Datacenter", "ha-datacenter", "ha-datacenter", "ha-folder-root"),
    ("Folder", "ha-folder-vm", "vm", "ha-datacenter"),
    ("Folder", "ha-folder-host", "host", "ha-datacenter"),
    ("Folder", "ha-folder-datastore", "datastore", "ha-datacenter"),
    ("Folder", "ha-folder-network", "network", "ha-datacenter"),
    ("ComputeResource", "ha-compute-res", "lab-esxi.lab.test", "ha-folder-host"),
    ("HostSystem", "ha-host", "lab-esxi.lab.test", "ha-compute-res"),
    ("ResourcePool", "ha-root-pool", "Resources", "ha-compute-res"),
    ("Datastore", "6717f1a2-0c0a40b2-7d1e-000c29000001", "datastore1", "ha-folder-datastore"),
    ("Datastore", "6717f1a2-0c0a40b2-7d1e-000c29000002", "datastore2", "ha-folder-datastore"),
    ("Network", "HaNetwork-VM Network", "VM Network", "ha-folder-network"),
];

const VCENTER: [(&str, &str, &str, &str); 19] = [
    ("Folder", "group-d1", "Datacenters", ""),
    ("Folder", "group-d2", "Sites", "group-d1"),
    ("Datacenter", "datacenter-3", "DC1", "group-d2"),
    ("Folder", "group-v4", "vm", "datacenter-3"),
    ("Folder", "group-h5", "host", "datacenter-3"),
    ("Folder", "group-s6", "datastore", "datacenter-3"),
    ("Folder", "group-n7", "network", "datacenter-3"),
    ("ClusterComputeResource", "domain-c8", "Cluster1", "group-h5"),
    ("HostSystem", "host-9", "esx1.lab.test", "domain-c8"),
    ("HostSystem", "host-10", "esx2.lab.test", "domain-c8"),
    ("ResourcePool", "resgroup-11", "Resources", "domain-c8"),
    ("ResourcePool", "resgroup-12", "Production", "resgroup-11"),
    ("ResourcePool", "resgroup-13", "Test", "resgroup-11"),
    ("Datastore", "datastore-14", "datastore1", "group-s6"),
    ("Datastore", "datastore-15", "datastore2", "group-s6"),
    ("Network", "network-16", "VM Network", "group-n7"),
    ("Folder", "group-v17", "Servers", "group-v4"),
    ("Folder", "group-v18", "Restored", "group-v4"),
    ("Network", "network-19", "Isolated", "group-n7"),
];

impl Inventory {
    pub(crate) fn new(shape: Shape, instance_uuid: String) -> Self {
        let rows: &[_] = match shape {
            Shape::Esxi => &ESXI,
            Shape::Vcenter => &VCENTER,
        };
        let nodes = rows
            .iter()
            .map(|(kind, id, name, parent)| Node {
                at: Ref::new(kind, *id),
                name,
                parent: rows.iter().find(|r| r.1 == *parent).map(|r| Ref::new(r.0, r.1)),
            })
            .collect();
        Self { shape, instance_uuid, nodes }
    }

    pub(crate) fn managers(&self) -> Managers {
        match self.shape {
            Shape::Esxi => Managers {
                property_collector: "ha-property-collector",
                session_manager: "ha-sessionmgr",
                search_index: "ha-searchindex",
                file_manager: "ha-nfc-file-manager",
                disk_manager: "ha-vdiskmanager",
                ovf_manager: "ha-ovf-manager",
                license_manager: "ha-license-manager",
                authorization: "ha-authmgr",
                task_manager: "ha-taskmgr",
                guest_operations: "ha-guest-operations-manager",
            },
            Shape::Vcenter => Managers {
                property_collector: "propertyCollector",
                session_manager: "SessionManager",
                search_index: "SearchIndex",
                file_manager: "FileManager",
                disk_manager: "virtualDiskManager",
                ovf_manager: "OvfManager",
                license_manager: "LicenseManager",
                authorization: "AuthorizationManager",
                task_manager: "TaskManager",
                guest_operations: "guestOperationsManager",
            },
        }
    }

    pub(crate) fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|n| n.at.id == id)
    }

    /// Returns the nodes of a kind.
    pub(crate) fn kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Node> {
        self.nodes.iter().filter(move |n| n.at.kind == kind)
    }

    pub(crate) fn children<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Node> {
        self.nodes.iter().filter(move |n| n.parent.as_ref().is_some_and(|p| p.id == id))
    }

    pub(crate) fn root(&self) -> &Ref {
        &self.nodes[0].at
    }

    /// Returns the folder, pool and host a VM made by the lab gets; spread over what there is.
    pub(crate) fn place(&self, number: usize) -> (&'static str, &'static str, &'static str) {
        match (self.shape, number % 2) {
            (Shape::Esxi, _) => ("ha-folder-vm", "ha-root-pool", "ha-host"),
            (Shape::Vcenter, 0) => ("group-v17", "resgroup-12", "host-9"),
            (Shape::Vcenter, _) => ("group-v4", "resgroup-13", "host-10"),
        }
    }

    /// Returns the path a client gives as `dcPath`.
    pub(crate) fn dc_path(&self) -> &'static str {
        match self.shape {
            Shape::Esxi => "ha-datacenter",
            Shape::Vcenter => "Sites/DC1",
        }
    }

    /// Returns the datastore of that name.
    pub(crate) fn datastore(&self, name: &str) -> Option<&Node> {
        self.kind("Datastore").find(|n| n.name == name)
    }

    /// Returns whether `id` lies somewhere below `ancestor`, or is it.
    pub(crate) fn below(&self, id: &str, ancestor: &str) -> bool {
        let mut at = Some(id.to_string());
        while let Some(id) = at {
            if id == ancestor {
                return true;
            }
            at = self.node(&id).and_then(|n| n.parent.as_ref()).map(|p| p.id.clone());
        }
        false
    }
}
