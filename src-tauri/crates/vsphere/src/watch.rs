//! Hearing from a server that its inventory changed.

use std::collections::BTreeSet;

use crate::client::Client;
use crate::error::VsphereError;
use crate::property::filter_spec;
use crate::refs::MoRef;
use crate::session::transient;
use crate::soap;
use crate::xml::Node;

/// How long the server holds one question, in seconds. Well below the limit of a call.
const WAIT: u32 = 60;
/// Objects the server tells of at once; the first answer names everything there is.
const AT_ONCE: u32 = 500;
/// More answers than any change needs; a server that never comes to an end is not believed.
const MAX_ANSWERS: usize = 10_000;

/// What is watched: what people see change. Sizes and times change all the time and are left out.
const WATCHED: &[(&str, &[&str])] = &[
    (
        "VirtualMachine",
        &[
            "name",
            "parent",
            "parentVApp",
            "config.changeVersion",
            "config.template",
            "runtime.host",
            "runtime.powerState",
            "runtime.connectionState",
            "runtime.consolidationNeeded",
            "snapshot",
            "guest.toolsRunningStatus",
        ],
    ),
    ("HostSystem", &["name", "parent", "runtime.connectionState", "runtime.inMaintenanceMode"]),
    ("Datastore", &["name", "parent", "summary.accessible"]),
    ("ComputeResource", &["name", "parent"]),
    ("ResourcePool", &["name", "parent"]),
    ("Datacenter", &["name", "parent"]),
    ("Folder", &["name", "parent"]),
];

const ACTION: &str = "watch the inventory";

/// A filter on the server that tells when the inventory changes, with a property collector of its
/// own: each carries one waiting call. It belongs to one session and ends with it. Nothing of what
/// the server tells is kept here.
#[derive(Debug)]
pub struct Watch {
    client: Client,
    collector: MoRef,
    view: MoRef,
    version: String,
}

impl Client {
    /// Begins to watch the inventory. What there is now counts as known.
    ///
    /// # Errors
    /// As every call.
    pub async fn watch(&self) -> Result<Watch, VsphereError> {
        self.ensure_session().await?;
        let service = self.service();
        let reply = self
            .sent("CreateContainerView", &service.view_manager, |w| {
                w.mo("container", &service.root_folder);
                for (kind, _) in WATCHED {
                    w.text("type", kind);
                }
                w.text("recursive", true);
            })
            .await?;
        let view = reference(&reply, "a view")?;
        let reply =
            self.sent("CreatePropertyCollector", &service.property_collector, |_| {}).await?;
        let collector = reference(&reply, "a property collector")?;
        let mut watch = Watch { client: self.clone(), collector, view, version: String::new() };
        let made = self
            .sent("CreateFilter", &watch.collector, |w| {
                filter_spec(w, "spec", &watch.view, WATCHED);
                w.text("partialUpdates", true);
            })
            .await;
        // The first answer names everything there is.
        let begun = match made {
            Ok(_) => watch.rest().await.map(drop),
            Err(error) => Err(error),
        };
        match begun {
            Ok(()) => Ok(watch),
            Err(error) => {
                watch.close().await;
                Err(error)
            }
        }
    }

    async fn sent(
        &self,
        method: &str,
        this: &MoRef,
        arguments: impl FnOnce(&mut crate::xml::XmlWriter),
    ) -> Result<Node, VsphereError> {
        // Not repeated after a new login: what it refers to died with the session.
        let (_, result) = self.once(ACTION, soap::envelope(method, this, arguments)).await;
        result
    }
}

fn reference(reply: &Node, what: &'static str) -> Result<MoRef, VsphereError> {
    reply.mo_at("returnval").ok_or_else(|| VsphereError::missing(ACTION, what))
}

impl Watch {
    /// Returns when something changed, with the number of objects that did. Waits for as long as it
    /// takes; dropping the future stops waiting and harms nothing.
    ///
    /// # Errors
    /// [`VsphereError::SessionExpired`] or [`VsphereError::NotFound`] when the session ended, after
    /// which a new watch is needed; otherwise as every call.
    pub async fn changed(&mut self) -> Result<usize, VsphereError> {
        loop {
            let changed = self.rest().await?;
            if changed > 0 {
                return Ok(changed);
            }
        }
    }

    /// Asks once, and on while the server says there is more.
    async fn rest(&mut self) -> Result<usize, VsphereError> {
        let mut changed = BTreeSet::new();
        let mut cut = 0;
        for _ in 0..MAX_ANSWERS {
            let asked = self.client.sent("WaitForUpdatesEx", &self.collector, |w| {
                w.text("version", &self.version);
                w.group("options", |w| {
                    w.text("maxWaitSeconds", WAIT);
                    w.text("maxObjectUpdates", AT_ONCE);
                });
            });
            let reply = match asked.await {
                Ok(reply) => reply,
                // The same version may be asked for again: nothing told is lost.
                Err(error) if transient(&error) && cut < 2 => {
                    cut += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            // Nothing happened for so long.
            let Some(set) = reply.child("returnval") else { return Ok(changed.len()) };
            let version = set.string_at("version").filter(|version| !version.is_empty());
            self.version = version.ok_or_else(|| VsphereError::missing(ACTION, "a version"))?;
            for object in set.all("filterSet").flat_map(|filter| filter.all("objectSet")) {
                changed.extend(object.mo_at("obj"));
            }
            if set.text_at("truncated") != Some("true") {
                return Ok(changed.len());
            }
        }
        Err(VsphereError::missing(ACTION, "an end of the changes"))
    }

    /// Removes the filter from the server. After an error it may be gone already.
    pub async fn close(self) {
        for (method, of) in
            [("DestroyPropertyCollector", &self.collector), ("DestroyView", &self.view)]
        {
            if let Err(error) = self.client.sent(method, of, |_| {}).await {
                tracing::debug!(%error, method, "a watch was left behind");
            }
        }
    }
}
