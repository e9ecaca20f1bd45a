//! What an administrator does to VMs beside the client: rename, move, register anew, delete.

use super::Core;
use crate::LabError;
use crate::world::{Inventory, VmState};

impl Core {
    /// Changes a VM and lets everyone know.
    pub(crate) fn admin_change(
        &self,
        vm: &str,
        change: impl FnOnce(&mut VmState, &Inventory),
    ) -> Result<(), LabError> {
        let mut world = self.world();
        let world = &mut *world;
        let found = world.vms.values_mut().find(|v| v.state.conf.name == vm);
        let found = found.ok_or_else(|| LabError::NoVm(vm.to_string()))?;
        change(&mut found.state, &world.inventory);
        self.save(world)?;
        self.notify();
        Ok(())
    }

    pub(crate) fn admin_reregister(&self, vm: &str) -> Result<(), LabError> {
        let mut world = self.world();
        let old = world.vm_named(vm).map(|v| v.state.id.clone());
        let old = old.ok_or_else(|| LabError::NoVm(vm.to_string()))?;
        let new = self.new_vm_id(&mut world);
        if let Some(mut found) = world.vms.remove(&old) {
            found.state.id.clone_from(&new);
            world.vms.insert(new, found);
        }
        self.save(&world)?;
        drop(world);
        self.notify();
        Ok(())
    }

    pub(crate) fn admin_delete(&self, vm: &str) -> Result<(), LabError> {
        let id = self.world().vm_named(vm).map(|v| v.state.id.clone());
        self.remove_vm(&id.ok_or_else(|| LabError::NoVm(vm.to_string()))?)
    }
}

/// Moves a VM to the host after its own.
pub(crate) fn to_next_host(state: &mut VmState, inventory: &Inventory) {
    let hosts: Vec<&str> = inventory.kind("HostSystem").map(|n| n.at.id.as_str()).collect();
    let at = hosts.iter().position(|id| *id == state.host).unwrap_or(0);
    if let Some(next) = hosts.get((at + 1) % hosts.len().max(1)) {
        state.host = (*next).to_string();
    }
}
