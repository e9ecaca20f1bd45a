//! What a server will refuse later, asked before.

mod licence;
mod privileges;
mod role;
mod version;

pub use licence::LicenceVerdict;
pub use privileges::{Function, MissingRights, Privilege, Rights, RightsVerdict};
pub use role::{ROLE_NAME, RoleFormat, RoleWords, role};
pub use version::VersionVerdict;

use crate::client::Client;
use crate::error::VsphereError;
use crate::refs::{MoRef, VmRef};

impl Client {
    /// Returns what the licences say about backups. Not seeing any says nothing about them.
    ///
    /// # Errors
    /// As every call.
    pub async fn licence(&self) -> Result<LicenceVerdict, VsphereError> {
        const ACTION: &str = "read the licences";
        let Some(manager) = &self.service().license_manager else {
            return Ok(LicenceVerdict::Unknown);
        };
        let properties = match self.properties(ACTION, manager, &["licenses"]).await {
            Ok(properties) => properties,
            Err(VsphereError::NoPermission { .. }) => return Ok(LicenceVerdict::Unknown),
            Err(error) => return Err(error),
        };
        let verdict = licence::verdict(self.about().kind, properties.get("licenses"));
        if verdict != (LicenceVerdict::Evaluation { ends: None }) {
            return Ok(verdict);
        }
        // Some servers tell the end only here, others not at all; the evaluation stays one.
        let ends = match self.properties(ACTION, manager, &["evaluation"]).await {
            Ok(properties) => properties.get("evaluation").and_then(licence::end),
            Err(_) => None,
        };
        Ok(LicenceVerdict::Evaluation { ends })
    }

    /// Returns what the account lacks at the top of the inventory, by what it is needed for.
    ///
    /// Rights this server does not know, because of its version, are not asked for.
    ///
    /// # Errors
    /// As every call.
    pub async fn rights(&self) -> Result<Rights, VsphereError> {
        const ACTION: &str = "look at the account's rights";
        let Some(manager) = &self.service().authorization_manager else {
            return Ok(Rights::default());
        };
        let asked = match self.properties(ACTION, manager, &["privilegeList"]).await {
            Ok(list) => privileges::known(list.get("privilegeList")),
            Err(VsphereError::NoPermission { .. }) => privileges::known(None),
            Err(error) => return Err(error),
        };
        let root: &MoRef = &self.service().root_folder;
        let ids: Vec<&str> = asked.iter().map(|(_, privilege)| privilege.id).collect();
        let granted = self.granted(ACTION, manager, root, &ids).await?;
        let refused = asked.into_iter().zip(granted).filter(|(_, granted)| !granted);
        Ok(Rights::without(refused.map(|(asked, _)| asked)))
    }

    /// Returns the rights of a function that the account lacks on one VM.
    ///
    /// # Errors
    /// As every call.
    pub async fn rights_missing_on(
        &self,
        vm: &VmRef,
        function: Function,
    ) -> Result<Vec<&'static Privilege>, VsphereError> {
        const ACTION: &str = "look at the account's rights on a VM";
        let Some(manager) = &self.service().authorization_manager else { return Ok(Vec::new()) };
        let asked = function.privileges();
        let ids: Vec<&str> = asked.iter().map(|privilege| privilege.id).collect();
        let granted = self.granted(ACTION, manager, &vm.mo(), &ids).await?;
        let refused = asked.iter().zip(granted).filter(|(_, granted)| !granted);
        Ok(refused.map(|(privilege, _)| privilege).collect())
    }

    async fn granted(
        &self,
        action: &'static str,
        manager: &MoRef,
        entity: &MoRef,
        ids: &[&str],
    ) -> Result<Vec<bool>, VsphereError> {
        let session = self.session_key(action).await?;
        let reply = self
            .read(action, "HasPrivilegeOnEntity", manager, |w| {
                w.mo("entity", entity);
                w.text("sessionId", &session);
                for id in ids {
                    w.text("privId", id);
                }
            })
            .await?;
        let granted: Vec<bool> = reply.all("returnval").map(|n| n.text == "true").collect();
        if granted.len() != ids.len() {
            return Err(VsphereError::missing(action, "an answer for each right"));
        }
        Ok(granted)
    }

    async fn session_key(&self, action: &'static str) -> Result<String, VsphereError> {
        let manager = &self.service().session_manager;
        let properties = self.properties(action, manager, &["currentSession"]).await?;
        let key = properties.get("currentSession").and_then(|s| s.string_at("key"));
        key.ok_or_else(|| VsphereError::missing(action, "the session"))
    }
}
