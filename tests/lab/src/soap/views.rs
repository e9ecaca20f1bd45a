//! Container views.

use uuid::Uuid;

use super::Fault;
use super::call::{Call, Reply};
use crate::props::{self, Scope};
use crate::schema::schema;
use crate::value::{Ref, Value};
use crate::world::Vm;
use crate::world::session::View;

/// Returns what a view shows now.
pub(crate) fn view_members(scope: Scope<'_>, view: &View) -> Vec<Ref> {
    let inventory = &scope.world.inventory;
    let container = &view.container;
    let wanted =
        |r: &Ref| view.kinds.is_empty() || view.kinds.iter().any(|k| schema().is_a(r.kind, k));
    let inside = |parent: Option<&str>| match parent {
        Some(parent) if view.recursive => inventory.below(parent, &container.id),
        Some(parent) => parent == container.id,
        None => false,
    };
    let nodes = inventory
        .nodes
        .iter()
        .filter(|n| inside(n.parent.as_ref().map(|p| p.id.as_str())))
        .map(|n| n.at.clone());
    let holds = |vm: &&Vm| {
        let home = if container.kind == "ResourcePool" { &vm.state.pool } else { &vm.state.folder };
        inside(Some(home)) || (container.kind == "HostSystem" && vm.state.host == container.id)
    };
    let vms = scope.world.vms.values().filter(holds).map(Vm::reference);
    nodes.chain(vms).filter(wanted).collect()
}

impl Call<'_> {
    pub(crate) fn create_view(&self) -> Result<Reply, Fault> {
        let session = self.session()?.to_string();
        let container =
            self.reference("container").ok_or_else(|| Fault::invalid_argument("container"))?;
        let mut world = self.core.world();
        if !props::exists(self.scope(&world), &container) {
            return Err(Fault::gone(&container));
        }
        let kinds = self.body.all("type").map(|t| t.text.trim().to_string()).collect();
        let recursive = self.flag("recursive").unwrap_or(false);
        let id = format!("session[{session}]{}", Uuid::new_v4());
        if let Some(session) = world.sessions.get_mut(&session) {
            session.views.insert(id.clone(), View { container, kinds, recursive });
        }
        Ok(Reply::Value(Value::Ref(Ref::new("ContainerView", id))))
    }

    pub(crate) fn destroy_view(&self) -> Result<Reply, Fault> {
        let session = self.session()?;
        let mut world = self.core.world();
        let found = world.sessions.get_mut(session).and_then(|s| s.views.remove(&self.this.id));
        found.map(|_| Reply::Void).ok_or_else(|| Fault::gone(&self.this))
    }
}
