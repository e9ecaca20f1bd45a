//! What others do to the disks that hang on a VM to be read, and when its guest notices.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Core, disk_key};
use crate::LabError;
use crate::world::{Visitor, VisitorMeta};

const CONTROLLER: i32 = 1000;

impl Core {
    /// Gives a disk another identity, as a copy of its files has it.
    pub(crate) fn set_disk_uuid(&self, vm: &str, disk: usize, uuid: &str) -> Result<(), LabError> {
        let world = self.world();
        let found = world.vm_named(vm).ok_or_else(|| LabError::NoVm(vm.to_string()))?;
        let target = found.disks.get(disk).ok_or_else(|| LabError::NoVm(vm.to_string()))?;
        uuid.clone_into(&mut target.inner().meta.uuid);
        self.save(&world)
    }

    /// Attaches the first disk of a VM to another VM, as another program does, and lets its guest
    /// notice at once. Returns the path of the link.
    pub(crate) fn attach_for_others(
        &self,
        to: &str,
        of: &str,
        (unit, link): (i32, Option<u64>),
    ) -> Result<String, LabError> {
        let mut world = self.world();
        let none = || LabError::NoVm(of.to_string());
        let disk = world.vm_named(of).and_then(|vm| vm.disks.first()).ok_or_else(none)?;
        let (disk, meta) = (Arc::clone(disk), disk.meta());
        let visitor = VisitorMeta {
            key: disk_key(CONTROLLER, unit),
            controller: CONTROLLER,
            unit,
            uuid: meta.uuid.clone(),
            dir: meta.dir.clone(),
            link: link.unwrap_or(meta.current),
        };
        let visitor = Visitor::enter(visitor, &disk).ok_or_else(none)?;
        let (file, id) = (visitor.file(), world.vm_named(to).map(|vm| vm.state.id.clone()));
        let id = id.ok_or_else(|| LabError::NoVm(to.to_string()))?;
        if let Some(own) = world.vms.get_mut(&id) {
            self.show(to, &visitor)?;
            own.visitors.push(visitor);
            own.state.reconfigured += 1;
        }
        self.save(&world)?;
        drop(world);
        self.notify();
        Ok(file)
    }

    /// Lets the guest notice what is attached only once this is taken back.
    pub(crate) fn hold_devices(&self, held: bool) -> Result<(), LabError> {
        self.devices_held.store(held, Ordering::SeqCst);
        let world = self.world();
        for vm in world.vms.values() {
            for visitor in &vm.visitors {
                self.plug_in(&vm.state.conf.name, visitor)?;
            }
        }
        Ok(())
    }

    /// Counts a change of a VM's configuration that changes nothing else.
    pub(crate) fn touch(&self, vm: &str) -> Result<(), LabError> {
        self.admin_change(vm, |state, _| state.reconfigured += 1)
    }
}
