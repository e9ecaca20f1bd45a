//! Finding VMs and other things.

use super::Fault;
use super::call::{Call, Reply};
use crate::props;
use crate::value::{Ref, Value};
use crate::world::Vm;

impl Call<'_> {
    pub(crate) fn find_by_uuid(&self) -> Reply {
        let wanted = self.text("uuid").trim().to_lowercase();
        let instance = self.flag("instanceUuid").unwrap_or(false);
        let world = self.core.world();
        let matches = |vm: &&Vm| {
            let conf = &vm.state.conf;
            let uuid = if instance { &conf.instance_uuid } else { &conf.uuid };
            uuid.to_lowercase() == wanted
        };
        let found: Vec<Ref> = match self.flag("vmSearch") {
            Some(true) => world.vms.values().filter(matches).map(Vm::reference).collect(),
            _ => Vec::new(),
        };
        if self.method == "FindAllByUuid" {
            return Reply::Value(Value::refs(found));
        }
        found.into_iter().next().map_or(Reply::Void, |r| Reply::Value(Value::Ref(r)))
    }

    pub(crate) fn find_by_path(&self) -> Reply {
        let world = self.core.world();
        let mut at = world.inventory.root().clone();
        for part in self.text("inventoryPath").split('/').filter(|p| !p.is_empty()) {
            let Some(next) = child(self, &world, &at, part) else { return Reply::Void };
            at = next;
        }
        Reply::Value(Value::Ref(at))
    }

    /// Finds a VM by its configuration file.
    pub(crate) fn find_by_file(&self) -> Reply {
        let world = self.core.world();
        let wanted = self.text("path").trim();
        let at = |vm: &&Vm| vm.path_of(&format!("{}.vmx", vm.state.dir)) == wanted;
        let found = world.vms.values().find(at).map(Vm::reference);
        found.map_or(Reply::Void, |r| Reply::Value(Value::Ref(r)))
    }

    pub(crate) fn find_child(&self) -> Result<Reply, Fault> {
        let entity = self.reference("entity").ok_or_else(|| Fault::invalid_argument("entity"))?;
        let world = self.core.world();
        if !props::exists(self.scope(&world), &entity) {
            return Err(Fault::gone(&entity));
        }
        let found = child(self, &world, &entity, self.text("name"));
        Ok(found.map_or(Reply::Void, |r| Reply::Value(Value::Ref(r))))
    }
}

fn child(call: &Call<'_>, world: &crate::world::World, of: &Ref, name: &str) -> Option<Ref> {
    let all = props::children(call.scope(world), &of.id);
    all.into_iter().find(|r| {
        let value = props::read(call.scope(world), r, "name");
        matches!(value, Ok(Some(Value::Str(n))) if n == name)
    })
}
