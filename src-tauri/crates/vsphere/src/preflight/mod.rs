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
use crate::refs::MoRef;

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
        let session = self.session_key(ACTION).await?;
        let root: &MoRef = &self.service().root_folder;
        let reply = self
            .read(ACTION, "HasPrivilegeOnEntity", manager, |w| {
                w.mo("entity", root);
                w.text("sessionId", &session);
                for (_, privilege) in &asked {
                    w.text("privId", privilege.id);
                }
            })
            .await?;
        let granted: Vec<bool> = reply.all("returnval").map(|n| n.text == "true").collect();
        if granted.len() != asked.len() {
            return Err(VsphereError::missing(ACTION, "an answer for each right"));
        }
        let refused = asked.into_iter().zip(granted).filter(|(_, granted)| !granted);
        Ok(Rights::without(refused.map(|(asked, _)| asked)))
    }

    async fn session_key(&self, action: &'static str) -> Result<String, VsphereError> {
        let manager = &self.service().session_manager;
        let properties = self.properties(action, manager, &["currentSession"]).await?;
        let key = properties.get("currentSession").and_then(|s| s.string_at("key"));
        key.ok_or_else(|| VsphereError::missing(action, "the session"))
    }
}
