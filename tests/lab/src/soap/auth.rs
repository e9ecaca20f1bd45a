//! Privileges and tickets.

use uuid::Uuid;

use super::Fault;
use super::call::{Call, Reply};
use crate::value::{Obj, Value};

/// Every privilege the lab knows.
pub(crate) const PRIVILEGES: [&str; 35] = [
    "System.Anonymous",
    "System.View",
    "System.Read",
    "Sessions.ValidateSession",
    "Datastore.AllocateSpace",
    "Datastore.Browse",
    "Datastore.FileManagement",
    "Network.Assign",
    "Resource.AssignVMToPool",
    "VApp.Export",
    "VApp.Import",
    "VirtualMachine.Config.AddExistingDisk",
    "VirtualMachine.Config.AddNewDisk",
    "VirtualMachine.Config.AddRemoveDevice",
    "VirtualMachine.Config.AdvancedConfig",
    "VirtualMachine.Config.ChangeTracking",
    "VirtualMachine.Config.CPUCount",
    "VirtualMachine.Config.DiskExtend",
    "VirtualMachine.Config.Memory",
    "VirtualMachine.Config.RemoveDisk",
    "VirtualMachine.Config.Resource",
    "VirtualMachine.Config.Settings",
    "VirtualMachine.Interact.DeviceConnection",
    "VirtualMachine.Interact.PowerOff",
    "VirtualMachine.Interact.PowerOn",
    "VirtualMachine.Inventory.Create",
    "VirtualMachine.Inventory.CreateFromExisting",
    "VirtualMachine.Inventory.Delete",
    "VirtualMachine.Inventory.Register",
    "VirtualMachine.Inventory.Unregister",
    "VirtualMachine.Provisioning.DiskRandomRead",
    "VirtualMachine.Provisioning.GetVmFiles",
    "VirtualMachine.State.CreateSnapshot",
    "VirtualMachine.State.RemoveSnapshot",
    "VirtualMachine.State.RevertToSnapshot",
];

/// Returns the privilege a method needs beyond reading.
pub(crate) fn privilege(method: &str) -> Option<&'static str> {
    Some(match method {
        "CreateSnapshot_Task" | "CreateSnapshotEx_Task" => "VirtualMachine.State.CreateSnapshot",
        "RemoveSnapshot_Task" | "RemoveAllSnapshots_Task" | "ConsolidateVMDisks_Task" => {
            "VirtualMachine.State.RemoveSnapshot"
        }
        "RevertToSnapshot_Task" | "RevertToCurrentSnapshot_Task" => {
            "VirtualMachine.State.RevertToSnapshot"
        }
        "ReconfigVM_Task" => "VirtualMachine.Config.ChangeTracking",
        "QueryChangedDiskAreas" => "VirtualMachine.Provisioning.DiskRandomRead",
        "ExportVm" | "ExportSnapshot" | "CreateDescriptor" => "VApp.Export",
        "ImportVApp" | "CreateImportSpec" => "VApp.Import",
        "PowerOnVM_Task" => "VirtualMachine.Interact.PowerOn",
        "PowerOffVM_Task" | "ShutdownGuest" => "VirtualMachine.Interact.PowerOff",
        "Destroy_Task" => "VirtualMachine.Inventory.Delete",
        "UnregisterVM" => "VirtualMachine.Inventory.Unregister",
        "DeleteDatastoreFile_Task" => "Datastore.FileManagement",
        "SearchDatastore_Task" | "SearchDatastoreSubFolders_Task" => "Datastore.Browse",
        _ => return None,
    })
}

/// Returns whether a method changes something, which a free licence prohibits.
pub(crate) fn changes_state(method: &str) -> bool {
    privilege(method).is_some()
        && !matches!(
            method,
            "QueryChangedDiskAreas" | "SearchDatastore_Task" | "SearchDatastoreSubFolders_Task"
        )
}

/// Returns whether a host raises a fault in the answer even where there is a task.
pub(crate) fn raised_at_once(fault: Option<&str>) -> bool {
    matches!(
        fault,
        Some(
            "NotAuthenticated"
                | "NoPermission"
                | "RestrictedVersion"
                | "ManagedObjectNotFound"
                | "InvalidRequest"
                | "InvalidArgument"
                | "NotSupported"
                | "SystemError"
        )
    )
}

impl Call<'_> {
    pub(crate) fn has_privilege(&self) -> Reply {
        let has = |id: &str| {
            let denied = !id.starts_with("System.") && self.core.faults.denies(id);
            PRIVILEGES.contains(&id) && !denied
        };
        let asked: Vec<&str> = self.body.all("privId").map(|e| e.text.trim()).collect();
        if self.method == "HasPrivilegeOnEntity" {
            let answers = asked.iter().map(|id| Value::Bool(has(id))).collect();
            return Reply::Value(Value::List("boolean", answers));
        }
        let entities = self.body.all("entity").filter_map(super::call::reference);
        let answers = entities.map(|entity| {
            let each = asked.iter().map(|id| {
                Obj::new("PrivilegeAvailability").set("privId", *id).set("isGranted", has(id))
            });
            Obj::new("EntityPrivilege")
                .set("entity", entity)
                .set("privAvailability", Value::list("PrivilegeAvailability", each))
        });
        Reply::Value(Value::list("EntityPrivilege", answers))
    }

    /// Hands out a ticket that is good for one request to exactly that URL.
    pub(crate) fn acquire_ticket(&self) -> Result<Reply, Fault> {
        let spec = self.body.child("spec").ok_or_else(|| Fault::invalid_argument("spec"))?;
        let url = spec.text_of("url").ok_or_else(|| Fault::invalid_argument("spec.url"))?;
        let method = spec.text_of("method").unwrap_or("httpGet").trim_start_matches("http");
        let id = format!("cst-{}", Uuid::new_v4());
        let path = url.split_once("://").map_or(url, |(_, rest)| rest);
        let path = path.find('/').map_or("/", |at| &path[at..]);
        let grant = format!("{} {path}", method.to_ascii_uppercase());
        self.core.world().tickets.insert(id.clone(), grant);
        let authority = &self.core.identity.authority;
        let ticket = Obj::new("SessionManagerGenericServiceTicket")
            .set("id", id)
            .set("hostName", authority.as_str())
            .set("sslThumbprint", self.core.identity.sha1.as_str());
        Ok(Reply::Value(ticket.into()))
    }
}
