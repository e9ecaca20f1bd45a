use super::build;
use super::types::{
    DatacenterSummary, DatastoreSummary, Inventory, NetworkKind, NodeId, NodeKind, VmSummary,
};
use super::{decode_name, encode_name};
use crate::client::Client;
use crate::error::VsphereError;
use crate::refs::{FolderRef, VmRef};

const VM_PATHS: &[&str] = &[
    "name",
    "parent",
    "parentVApp",
    "config.uuid",
    "config.instanceUuid",
    "config.template",
    "config.version",
    "config.guestId",
    "config.guestFullName",
    "config.changeTrackingEnabled",
    "config.hardware.device",
    "config.keyId",
    "config.managedBy",
    "config.ftInfo",
    "capability.changeTrackingSupported",
    "runtime.powerState",
    "runtime.connectionState",
    "runtime.host",
    "runtime.consolidationNeeded",
    "datastore",
    "snapshot",
    "guest.toolsRunningStatus",
    "summary.storage.committed",
];

const DATASTORE_PATHS: &[&str] = &[
    "name",
    "parent",
    "summary.type",
    "summary.capacity",
    "summary.freeSpace",
    "summary.accessible",
];

const HOST_PATHS: &[&str] = &[
    "name",
    "parent",
    "config.product.version",
    "config.product.build",
    "runtime.connectionState",
    "runtime.inMaintenanceMode",
    "datastore",
    "summary.managementServerIp",
    "hardware.systemInfo.uuid",
];

const WANTED: &[(&str, &[&str])] = &[
    ("VirtualMachine", VM_PATHS),
    ("HostSystem", HOST_PATHS),
    ("Datastore", DATASTORE_PATHS),
    ("Network", &["name"]),
    ("ComputeResource", &["name", "parent", "host", "resourcePool"]),
    ("ResourcePool", &["name", "parent", "owner"]),
    ("Datacenter", &["name", "parent", "datastore", "vmFolder"]),
    ("Folder", &["name", "parent", "childType"]),
];

impl Client {
    /// Lists everything the user may see.
    ///
    /// VMs whose configuration cannot be read are reported in it and never fail the list.
    ///
    /// # Errors
    /// As every call.
    pub async fn inventory(&self) -> Result<Inventory, VsphereError> {
        let objects = self.properties_of_all("list the inventory", WANTED).await?;
        let mut inventory = build::inventory(self.about().clone(), &objects);
        self.add_switches(&mut inventory).await?;
        self.add_folders_of_vapps(&mut inventory).await?;
        Ok(inventory)
    }

    /// A vApp hangs from a pool; the folder it is shown in has a property of its own, which other
    /// pools do not have.
    async fn add_folders_of_vapps(&self, inventory: &mut Inventory) -> Result<(), VsphereError> {
        if !inventory.nodes.iter().any(|node| node.kind == NodeKind::Vapp) {
            return Ok(());
        }
        let wanted: &[(&str, &[&str])] = &[("VirtualApp", &["parentFolder"])];
        for object in self.properties_of_all("list the vApps", wanted).await? {
            let id = NodeId::of(&object.object);
            if let Some(node) = inventory.nodes.iter_mut().find(|node| node.id == id) {
                node.folder = object.mo("parentFolder").as_ref().map(NodeId::of);
            }
        }
        Ok(())
    }

    /// Port groups of distributed switches need two more keys, which other networks do not have.
    async fn add_switches(&self, inventory: &mut Inventory) -> Result<(), VsphereError> {
        let distributed = |kind: &str| kind == "DistributedVirtualPortgroup";
        if !inventory.networks.iter().any(|n| n.kind == NetworkKind::Opaque) {
            return Ok(());
        }
        let action = "list the distributed switches";
        let wanted: &[(&str, &[&str])] = &[
            ("DistributedVirtualPortgroup", &["key", "config.distributedVirtualSwitch"]),
            ("DistributedVirtualSwitch", &["uuid"]),
        ];
        let objects = self.properties_of_all(action, wanted).await?;
        for group in objects.iter().filter(|o| distributed(&o.object.kind)) {
            let switch = group.mo("config.distributedVirtualSwitch");
            let uuid = objects.iter().find(|o| Some(&o.object) == switch.as_ref());
            let network =
                inventory.networks.iter_mut().find(|n| n.reference.as_str() == group.object.value);
            if let (Some(network), Some(portgroup_key)) = (network, group.string("key")) {
                let switch_uuid = uuid.and_then(|o| o.string("uuid")).unwrap_or_default();
                network.kind = NetworkKind::Distributed { portgroup_key, switch_uuid };
            }
        }
        Ok(())
    }

    /// Returns one VM as it is now. Its folder is left empty.
    ///
    /// # Errors
    /// [`VsphereError::NotFound`] when it is gone, [`VsphereError::Reply`] when its configuration
    /// cannot be read.
    pub async fn vm(&self, vm: &VmRef) -> Result<VmSummary, VsphereError> {
        const ACTION: &str = "read a VM";
        let object = self.properties(ACTION, &vm.mo(), VM_PATHS).await?;
        build::vm_alone(&object)
            .map_err(|_| VsphereError::missing(ACTION, "the configuration of the VM"))
    }

    /// Lists the datastores with their free space.
    ///
    /// # Errors
    /// As every call.
    pub async fn datastores(&self) -> Result<Vec<DatastoreSummary>, VsphereError> {
        let wanted: &[(&str, &[&str])] = &[("Datastore", DATASTORE_PATHS)];
        let objects = self.properties_of_all("list the datastores", wanted).await?;
        Ok(objects.iter().map(build::datastore).collect())
    }

    /// Lists the datacenters with the datastores each one holds.
    pub(crate) async fn datacenters(&self) -> Result<Vec<DatacenterSummary>, VsphereError> {
        let wanted: &[(&str, &[&str])] = &[
            ("Datacenter", &["name", "parent", "datastore", "vmFolder"]),
            ("Folder", &["name", "parent"]),
        ];
        let objects = self.properties_of_all("list the datacenters", wanted).await?;
        Ok(build::inventory(self.about().clone(), &objects).datacenters)
    }

    /// Finds a VM by its name, in one folder or anywhere.
    ///
    /// # Errors
    /// As every call.
    pub async fn find_vm(
        &self,
        folder: Option<&FolderRef>,
        name: &str,
    ) -> Result<Option<VmRef>, VsphereError> {
        let wanted: &[(&str, &[&str])] = &[("VirtualMachine", &["name", "parent"])];
        let objects = self.properties_of_all("look for a VM", wanted).await?;
        let stored = encode_name(name);
        let found = objects.into_iter().find(|object| {
            let here = object.text("name").is_some_and(|n| n == stored || decode_name(n) == name);
            let parent = object.mo("parent");
            here && folder.is_none_or(|f| parent.is_some_and(|p| p.value == f.as_str()))
        });
        Ok(found.map(|object| VmRef::new(object.object.value)))
    }

    /// Deletes a VM with its disks. One that is gone already is no error.
    ///
    /// # Errors
    /// As every call; `InvalidPowerState` when it runs.
    pub async fn destroy_vm(&self, vm: &VmRef) -> Result<(), VsphereError> {
        const ACTION: &str = "delete a VM";
        let done = match self.change(ACTION, "Destroy_Task", &vm.mo(), |_| {}).await {
            Ok(reply) => {
                let never = kuramori_base::CancelToken::new();
                self.finish_task(ACTION, &reply, &|_| {}, &never).await.map(|_| ())
            }
            Err(error) => Err(error),
        };
        match done {
            Err(VsphereError::NotFound { .. }) => Ok(()),
            other => other,
        }
    }
}
