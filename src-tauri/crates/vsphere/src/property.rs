//! Reading properties of managed objects, page by page.

use std::collections::BTreeMap;

use crate::client::Client;
use crate::error::VsphereError;
use crate::fault::Fault;
use crate::refs::MoRef;
use crate::session::transient;
use crate::soap;
use crate::xml::{Node, XmlWriter};

/// Objects asked for at once. Servers with thousands of VMs answer larger pages very slowly.
const PAGE: u32 = 100;
/// More pages than any inventory has; a server that never ends its list is not believed.
const MAX_PAGES: usize = 10_000;

/// The properties of one object that were there and readable.
#[derive(Clone, Debug)]
pub(crate) struct Properties {
    pub(crate) object: MoRef,
    values: BTreeMap<String, Node>,
    pub(crate) missing: Vec<(String, Fault)>,
}

impl Properties {
    pub(crate) fn get(&self, path: &str) -> Option<&Node> {
        self.values.get(path)
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.get(path).map(|node| node.text.as_str())
    }

    pub(crate) fn string(&self, path: &str) -> Option<String> {
        self.text(path).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    pub(crate) fn bool(&self, path: &str) -> Option<bool> {
        self.text(path).map(|text| text == "true" || text == "1")
    }

    pub(crate) fn number<T: std::str::FromStr>(&self, path: &str) -> Option<T> {
        self.text(path).and_then(|text| text.parse().ok())
    }

    pub(crate) fn mo(&self, path: &str) -> Option<MoRef> {
        self.get(path).and_then(Node::mo)
    }

    /// Returns the references in an array.
    pub(crate) fn mos(&self, path: &str) -> Vec<MoRef> {
        self.get(path).map(|n| n.children.iter().filter_map(Node::mo).collect()).unwrap_or_default()
    }
}

/// Writes a `specSet` for some properties of one object.
pub(crate) fn object_spec(w: &mut XmlWriter, object: &MoRef, paths: &[&str]) {
    w.group("specSet", |w| {
        property_spec(w, &object.kind, paths);
        w.group("objectSet", |w| {
            w.mo("obj", object);
            w.text("skip", false);
        });
    });
}

fn property_spec(w: &mut XmlWriter, kind: &str, paths: &[&str]) {
    w.group("propSet", |w| {
        w.text("type", kind);
        w.text("all", false);
        for path in paths {
            w.text("pathSet", path);
        }
    });
}

/// Writes a filter specification, as the element `name`, for everything in a view.
pub(crate) fn filter_spec(w: &mut XmlWriter, name: &str, view: &MoRef, wanted: &[(&str, &[&str])]) {
    w.group(name, |w| {
        for (kind, paths) in wanted {
            property_spec(w, kind, paths);
        }
        w.group("objectSet", |w| {
            w.mo("obj", view);
            w.text("skip", true);
            w.typed("selectSet", "TraversalSpec", |w| {
                w.text("name", "view");
                w.text("type", "ContainerView");
                w.text("path", "view");
                w.text("skip", false);
            });
        });
    });
}

impl Client {
    /// Reads some properties of one object.
    ///
    /// # Errors
    /// [`VsphereError::NotFound`] when the object is gone.
    pub(crate) async fn properties(
        &self,
        action: &str,
        object: &MoRef,
        paths: &[&str],
    ) -> Result<Properties, VsphereError> {
        for last in [false, true] {
            let collector = &self.service().property_collector;
            let body = soap::envelope("RetrievePropertiesEx", collector, |w| {
                object_spec(w, object, paths);
                w.group("options", |_| {});
            });
            let reply = self.read_raw(action, body).await?;
            let mut found = Collected::default();
            found.add(&reply);
            if !found.expired
                && let Some(properties) = found.objects.remove(object)
            {
                return Ok(properties);
            }
            // ESXi answers an expired session like this.
            if !last {
                self.ensure_session().await?;
            }
        }
        Err(VsphereError::NotFound { action: action.to_owned(), object: object.to_string() })
    }

    /// Reads properties of all objects of some kinds.
    pub(crate) async fn properties_of_all(
        &self,
        action: &str,
        wanted: &[(&str, &[&str])],
    ) -> Result<Vec<Properties>, VsphereError> {
        match self.list_once(action, wanted).await {
            // A view and the place in a list die with the session.
            Err(VsphereError::NotFound { .. } | VsphereError::SessionExpired { .. }) => {
                self.list_once(action, wanted).await
            }
            Err(error) if transient(&error) => self.list_once(action, wanted).await,
            other => other,
        }
    }

    async fn list_once(
        &self,
        action: &str,
        wanted: &[(&str, &[&str])],
    ) -> Result<Vec<Properties>, VsphereError> {
        self.ensure_session().await?;
        let service = self.service();
        let reply = self
            .read(action, "CreateContainerView", &service.view_manager, |w| {
                w.mo("container", &service.root_folder);
                for (kind, _) in wanted {
                    w.text("type", kind);
                }
                w.text("recursive", true);
            })
            .await?;
        let view =
            reply.mo_at("returnval").ok_or_else(|| VsphereError::missing(action, "a view"))?;
        let found = self.pages(action, &view, wanted).await;
        // Views stay on the server until the session ends.
        if let Err(error) = self.read(action, "DestroyView", &view, |_| {}).await {
            tracing::debug!(%error, "a view was left behind");
        }
        found
    }

    async fn pages(
        &self,
        action: &str,
        view: &MoRef,
        wanted: &[(&str, &[&str])],
    ) -> Result<Vec<Properties>, VsphereError> {
        let collector = &self.service().property_collector;
        let first = soap::envelope("RetrievePropertiesEx", collector, |w| {
            filter_spec(w, "specSet", view, wanted);
            w.group("options", |w| w.text("maxObjects", PAGE));
        });
        let mut found = Collected::default();
        let mut reply = self.page(action, first).await?;
        for _ in 0..MAX_PAGES {
            found.add(&reply);
            if found.expired {
                return Err(VsphereError::SessionExpired { action: action.to_owned() });
            }
            let Some(token) = reply.text_at("returnval.token").map(str::to_owned) else {
                return Ok(found.objects.into_values().collect());
            };
            let next = soap::envelope("ContinueRetrievePropertiesEx", collector, |w| {
                w.text("token", &token);
            });
            reply = self.page(action, next).await?;
        }
        Err(VsphereError::missing(action, "an end of the list"))
    }

    /// Sends one page request. It is not repeated alone: its view died with the session.
    async fn page(&self, action: &str, body: String) -> Result<Node, VsphereError> {
        let (_, result) = self.once(action, body).await;
        result
    }
}

/// Objects of several pages; one object may be split over two.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) objects: BTreeMap<MoRef, Properties>,
    expired: bool,
}

impl Collected {
    pub(crate) fn add(&mut self, reply: &Node) {
        let objects = reply.all("returnval").flat_map(|value| value.all("objects"));
        for node in objects {
            let Some(object) = node.mo_at("obj") else { continue };
            let entry = self.objects.entry(object.clone()).or_insert_with(|| Properties {
                object,
                values: BTreeMap::new(),
                missing: Vec::new(),
            });
            for property in node.all("propSet") {
                if let (Some(name), Some(value)) =
                    (property.string_at("name"), property.child("val"))
                {
                    entry.values.insert(name, value.clone());
                }
            }
            for missing in node.all("missingSet") {
                let fault = missing.child("fault").map(Fault::from_localized);
                let fault = fault.unwrap_or_default();
                self.expired |= fault.is("NotAuthenticated");
                entry.missing.push((missing.string_at("path").unwrap_or_default(), fault));
            }
        }
    }
}
