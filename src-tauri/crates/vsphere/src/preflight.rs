//! What a server will refuse later, asked before.

use crate::client::Client;
use crate::error::VsphereError;
use crate::property::Properties;
use crate::refs::MoRef;

/// Privileges a backup and a restore need, by the server's own names.
pub const NEEDED_PRIVILEGES: [&str; 11] = [
    "VirtualMachine.State.CreateSnapshot",
    "VirtualMachine.State.RemoveSnapshot",
    "VirtualMachine.Config.ChangeTracking",
    "VirtualMachine.Provisioning.DiskRandomRead",
    "VirtualMachine.Provisioning.GetVmFiles",
    "Datastore.Browse",
    "Datastore.FileManagement",
    "VApp.Export",
    "VApp.Import",
    "Datastore.AllocateSpace",
    "Resource.AssignVMToPool",
];

/// Edition of the free ESXi, whose licence refuses every change over the network.
const FREE_EDITION: &str = "esxBasic";

/// A licence of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    /// Its name, such as `VMware vSphere 8 Standard`.
    pub name: String,
    /// Whether it is known to forbid backup. Other licences may do so too; the first change tells.
    pub forbids_backup: bool,
}

impl Client {
    /// Returns the licences the account may see. Not seeing any says nothing about them.
    ///
    /// # Errors
    /// As every call.
    pub async fn licences(&self) -> Result<Vec<Licence>, VsphereError> {
        const ACTION: &str = "read the licences";
        let Some(manager) = &self.service().license_manager else { return Ok(Vec::new()) };
        let properties = match self.properties(ACTION, manager, &["licenses"]).await {
            Ok(properties) => properties,
            Err(VsphereError::NoPermission { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        Ok(licences(&properties))
    }

    /// Returns which of [`NEEDED_PRIVILEGES`] the account lacks at the top of the inventory.
    ///
    /// # Errors
    /// As every call.
    pub async fn missing_privileges(&self) -> Result<Vec<&'static str>, VsphereError> {
        const ACTION: &str = "look at the account's rights";
        let Some(manager) = &self.service().authorization_manager else { return Ok(Vec::new()) };
        let session = self.session_key(ACTION).await?;
        let root: &MoRef = &self.service().root_folder;
        let reply = self
            .read(ACTION, "HasPrivilegeOnEntity", manager, |w| {
                w.mo("entity", root);
                w.text("sessionId", &session);
                for privilege in NEEDED_PRIVILEGES {
                    w.text("privId", privilege);
                }
            })
            .await?;
        let granted: Vec<bool> = reply.all("returnval").map(|n| n.text == "true").collect();
        if granted.len() != NEEDED_PRIVILEGES.len() {
            return Err(VsphereError::missing(ACTION, "an answer for each right"));
        }
        let pairs = NEEDED_PRIVILEGES.into_iter().zip(granted);
        Ok(pairs.filter(|(_, granted)| !granted).map(|(privilege, _)| privilege).collect())
    }

    async fn session_key(&self, action: &'static str) -> Result<String, VsphereError> {
        let manager = &self.service().session_manager;
        let properties = self.properties(action, manager, &["currentSession"]).await?;
        let key = properties.get("currentSession").and_then(|s| s.string_at("key"));
        key.ok_or_else(|| VsphereError::missing(action, "the session"))
    }
}

fn licences(properties: &Properties) -> Vec<Licence> {
    let list = properties.get("licenses").map(|n| n.children.as_slice()).unwrap_or_default();
    list.iter()
        .map(|licence| Licence {
            name: licence.string_at("name").unwrap_or_default(),
            forbids_backup: licence.text_at("editionKey") == Some(FREE_EDITION),
        })
        .collect()
}
