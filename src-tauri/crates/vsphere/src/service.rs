use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::endpoint::Endpoint;
use crate::error::VsphereError;
use crate::refs::MoRef;
use crate::session::{self, Outgoing};
use crate::soap::Answer;
use crate::xml::Node;

/// What kind of server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerKind {
    /// A single ESXi host.
    Esxi,
    /// A vCenter.
    Vcenter,
}

/// What a server says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Product, such as `VMware ESXi`.
    pub name: String,
    /// Product with version and build.
    pub full_name: String,
    /// Version, such as `8.0.3`.
    pub version: String,
    /// Build number.
    pub build: String,
    /// Version of the interface.
    pub api_version: String,
    /// ESXi or vCenter.
    pub kind: ServerKind,
    /// Identity of a vCenter. A host has none.
    pub instance_uuid: Option<String>,
}

/// Where the managers of a server live. They differ between ESXi and vCenter.
#[derive(Clone, Debug)]
pub(crate) struct ServiceContent {
    pub(crate) about: About,
    pub(crate) root_folder: MoRef,
    pub(crate) property_collector: MoRef,
    pub(crate) view_manager: MoRef,
    pub(crate) session_manager: MoRef,
    pub(crate) license_manager: Option<MoRef>,
    pub(crate) authorization_manager: Option<MoRef>,
    pub(crate) file_manager: Option<MoRef>,
    pub(crate) search_index: Option<MoRef>,
}

const ACTION: &str = "say what it is";

impl ServiceContent {
    /// Asks for the service content; needs no login.
    pub(crate) async fn fetch(
        endpoint: &Endpoint,
        http: &reqwest::Client,
        soap_action: &str,
    ) -> Result<Self, VsphereError> {
        let instance = MoRef::new("ServiceInstance", "ServiceInstance");
        let body = crate::soap::envelope("RetrieveServiceContent", &instance, |_| {});
        let outgoing = Outgoing {
            endpoint,
            http,
            soap_action,
            cookie: None,
            action: ACTION,
            timeout: Duration::from_mins(1),
        };
        let reply = session::send(&outgoing, body).await?;
        match reply.answer {
            Answer::Result(node) => Self::from_node(&node),
            Answer::Fault(fault) => Err(VsphereError::from_fault(ACTION, fault, false)),
        }
    }

    pub(crate) fn from_node(response: &Node) -> Result<Self, VsphereError> {
        let missing = |part| VsphereError::missing(ACTION, part);
        let content = response.child("returnval").ok_or_else(|| missing("its content"))?;
        let about = content.child("about").ok_or_else(|| missing("what it is"))?;
        let text = |name: &str| about.string_at(name).unwrap_or_default();
        let kind = match about.text_at("apiType") {
            Some("HostAgent") => ServerKind::Esxi,
            Some("VirtualCenter") => ServerKind::Vcenter,
            _ => return Err(missing("a known kind of server")),
        };
        let manager = |name: &'static str| content.mo_at(name).ok_or_else(|| missing(name));
        Ok(Self {
            about: About {
                name: text("name"),
                full_name: text("fullName"),
                version: text("version"),
                build: text("build"),
                api_version: text("apiVersion"),
                kind,
                instance_uuid: about.string_at("instanceUuid"),
            },
            root_folder: manager("rootFolder")?,
            property_collector: manager("propertyCollector")?,
            view_manager: manager("viewManager")?,
            session_manager: manager("sessionManager")?,
            license_manager: content.mo_at("licenseManager"),
            authorization_manager: content.mo_at("authorizationManager"),
            file_manager: content.mo_at("fileManager"),
            search_index: content.mo_at("searchIndex"),
        })
    }
}
