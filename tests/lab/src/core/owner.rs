//! Snapshots made, removed and reverted to by the owner of the lab, without a client.

use std::sync::Arc;
use std::time::Duration;

use super::{Core, NewSnapshot, TaskContext, TaskStart};
use crate::LabError;
use crate::disk::ChangeId;
use crate::soap::Fault;
use crate::value::{Ref, Value};
use crate::world::task::TaskState;

impl Core {
    fn vm_ref(&self, vm: &str) -> Result<Ref, LabError> {
        let world = self.world();
        let found = world.vm_named(vm).ok_or_else(|| LabError::NoVm(vm.to_string()))?;
        Ok(found.reference())
    }

    /// Finds a snapshot by identifier or name.
    fn snapshot_id(&self, vm: &str, snapshot: &str) -> Result<String, LabError> {
        let world = self.world();
        let found = world.vm_named(vm).ok_or_else(|| LabError::NoVm(vm.to_string()))?;
        let mut all = found.state.snapshots.iter();
        all.find(|s| s.id == snapshot || s.name == snapshot).map(|s| s.id.clone()).ok_or_else(
            || LabError::NoSnapshot { vm: vm.to_string(), snapshot: snapshot.to_string() },
        )
    }

    /// Switches a VM on or off at once, as a person at the host does.
    pub(crate) fn owner_switch(self: &Arc<Self>, vm: &str, on: bool) -> Result<(), LabError> {
        let reference = self.vm_ref(vm)?;
        crate::soap::switch(self, &reference, on).map_err(|fault| LabError::Refused {
            vm: vm.to_string(),
            fault: fault.detail.kind.to_string(),
            message: fault.message,
        })
    }

    /// Runs a task and waits for its end.
    fn owner_task(
        self: &Arc<Self>,
        vm: &str,
        description: &'static str,
        work: impl FnOnce(&Arc<Self>, &TaskContext, &Ref) -> Result<Option<Value>, Fault>
        + Send
        + 'static,
    ) -> Result<Option<Value>, LabError> {
        let entity = self.vm_ref(vm)?;
        let start = TaskStart {
            entity: entity.clone(),
            method: "Owner",
            description,
            vm: Some(entity.id.clone()),
        };
        let core = Arc::clone(self);
        let task = self.start_task(start, move |context| work(&core, context, &entity));
        let mut world = self.world();
        loop {
            match world.tasks.get(&task.id).map(|t| (t.state, t.result.clone(), t.error.clone())) {
                Some((TaskState::Success, result, _)) => return Ok(result),
                Some((TaskState::Error, _, Some(fault))) => {
                    return Err(LabError::Refused {
                        vm: vm.to_string(),
                        fault: fault.detail.kind.to_string(),
                        message: fault.message,
                    });
                }
                _ => world = self.wait(world, Duration::from_millis(100)),
            }
        }
    }

    pub(crate) fn owner_snapshot(
        self: &Arc<Self>,
        vm: &str,
        name: &str,
    ) -> Result<String, LabError> {
        let new =
            NewSnapshot { name: name.to_string(), description: String::new(), quiesce: false };
        let made =
            self.owner_task(vm, "VirtualMachine.createSnapshot", move |core, task, vm| {
                core.create_snapshot(task, vm, new)
            })?;
        match made {
            Some(Value::Ref(snapshot)) => Ok(snapshot.id),
            _ => self.snapshot_id(vm, name),
        }
    }

    pub(crate) fn owner_remove(self: &Arc<Self>, vm: &str, snapshot: &str) -> Result<(), LabError> {
        let id = self.snapshot_id(vm, snapshot)?;
        let done = self.owner_task(vm, "vm.Snapshot.remove", move |core, task, vm| {
            core.remove_snapshots(task, vm, &[id], true)
        });
        done.map(|_| ())
    }

    pub(crate) fn owner_revert(self: &Arc<Self>, vm: &str, snapshot: &str) -> Result<(), LabError> {
        let id = self.snapshot_id(vm, snapshot)?;
        let done = self
            .owner_task(vm, "vm.Snapshot.revert", move |core, task, vm| core.revert(task, vm, &id));
        done.map(|_| ())
    }

    pub(crate) fn changed_since(
        &self,
        vm: &str,
        disk: usize,
        snapshot: &str,
    ) -> Result<Vec<(u64, u64)>, LabError> {
        let target = self.find_disk(vm, disk)?;
        let uuid = target.meta().uuid;
        let id = self.snapshot_id(vm, snapshot)?;
        let unknown = || LabError::Untracked { vm: vm.to_string(), snapshot: snapshot.to_string() };
        let from = {
            let world = self.world();
            let held = world.snapshot(&id).and_then(|(_, s)| {
                s.disks.iter().find(|d| d.uuid == uuid).and_then(|d| d.change_id.clone())
            });
            held.as_deref().and_then(ChangeId::parse).ok_or_else(unknown)?
        };
        let now = target.change_id().ok_or_else(unknown)?;
        let set = target.changed(from, now).ok_or_else(unknown)?;
        Ok(set.iter().map(|e| (e.offset.get(), e.len.get())).collect())
    }
}
