//! Methods of VMs and snapshots.

use std::sync::Arc;

use super::Fault;
use super::call::{Call, Reply, is_true};
use crate::config::Special;
use crate::core::{Core, NewSnapshot, TaskContext, TaskStart};
use crate::value::{Ref, Value};
use crate::world::Vm;
use crate::xml::Element;

type Work = Result<Option<Value>, Fault>;

impl Call<'_> {
    pub(crate) fn run_vm(&self) -> Result<Reply, Fault> {
        match self.method {
            "CreateSnapshot_Task" => self.create_snapshot(self.flag("quiesce").unwrap_or(false)),
            "CreateSnapshotEx_Task" => {
                self.create_snapshot(self.body.child("quiesceSpec").is_some())
            }
            "RemoveSnapshot_Task" => self.remove_snapshot(),
            "RemoveAllSnapshots_Task" => self.remove_all(),
            "ConsolidateVMDisks_Task" => self
                .task("VirtualMachine.consolidateDisks", |c, t, vm| {
                    c.consolidate(t, vm).map(|()| None)
                }),
            "RevertToSnapshot_Task" => {
                let (vm, id) = self.snapshot_vm()?;
                self.start(vm, "vm.Snapshot.revert", move |c, t, vm| c.revert(t, vm, &id))
            }
            "RevertToCurrentSnapshot_Task" => self.revert_to_current(),
            "ReconfigVM_Task" => self.reconfigure(),
            "PowerOnVM_Task" => {
                self.task("VirtualMachine.powerOn", |c, t, vm| power(c, t, vm, true))
            }
            "PowerOffVM_Task" => {
                self.task("VirtualMachine.powerOff", |c, t, vm| power(c, t, vm, false))
            }
            "ShutdownGuest" => self.shut_down(),
            "Destroy_Task" => self.destroy(),
            "UnregisterVM" => self.unregister(),
            other => Err(Fault::new("MethodNotFound", format!("{other} is not implemented."))
                .with("receiver", self.this.clone())
                .with("method", other)),
        }
    }

    /// Starts a task on the VM that `_this` is.
    fn task(
        &self,
        description: &'static str,
        work: impl FnOnce(&Arc<Core>, &TaskContext, &Ref) -> Work + Send + 'static,
    ) -> Result<Reply, Fault> {
        self.start(self.this.clone(), description, work)
    }

    fn start(
        &self,
        vm: Ref,
        description: &'static str,
        work: impl FnOnce(&Arc<Core>, &TaskContext, &Ref) -> Work + Send + 'static,
    ) -> Result<Reply, Fault> {
        if !self.core.world().vms.contains_key(&vm.id) {
            return Err(Fault::gone(&vm));
        }
        let start = TaskStart {
            entity: vm.clone(),
            method: self.method,
            description,
            vm: Some(vm.id.clone()),
        };
        let core = Arc::clone(self.core);
        let task = self.core.start_task(start, move |context| work(&core, context, &vm));
        Ok(Reply::Value(Value::Ref(task)))
    }

    fn create_snapshot(&self, quiesce: bool) -> Result<Reply, Fault> {
        if self.flag("memory") == Some(true) {
            return Err(Fault::new("NotSupported", "The lab has no memory to save."));
        }
        let name = self.text("name").to_string();
        if name.is_empty() || name.chars().count() > 80 {
            return Err(Fault::new("InvalidName", format!("The name '{name}' is invalid."))
                .with("name", name));
        }
        let description = self.text("description").to_string();
        let new = NewSnapshot { name, description, quiesce };
        self.task("VirtualMachine.createSnapshot", move |core, task, vm| {
            core.create_snapshot(task, vm, new)
        })
    }

    fn snapshot_vm(&self) -> Result<(Ref, String), Fault> {
        let world = self.core.world();
        let (vm, snapshot) =
            world.snapshot(&self.this.id).ok_or_else(|| Fault::gone(&self.this))?;
        Ok((vm.reference(), snapshot.id.clone()))
    }

    fn remove_snapshot(&self) -> Result<Reply, Fault> {
        let (vm, id) = self.snapshot_vm()?;
        let mut gone = vec![id];
        if self.flag("removeChildren") == Some(true) {
            let world = self.core.world();
            let found = world.vms.get(&vm.id).ok_or_else(|| Fault::gone(&vm))?;
            descendants(found, &mut gone);
        }
        let consolidate = self.flag("consolidate").unwrap_or(true);
        self.start(vm, "vm.Snapshot.remove", move |core, task, vm| {
            core.remove_snapshots(task, vm, &gone, consolidate)
        })
    }

    fn remove_all(&self) -> Result<Reply, Fault> {
        let consolidate = self.flag("consolidate").unwrap_or(true);
        self.task("VirtualMachine.removeAllSnapshots", move |core, task, vm| {
            let gone: Vec<String> = {
                let world = core.world();
                let found = world.vms.get(&vm.id).ok_or_else(|| Fault::gone(vm))?;
                found.state.snapshots.iter().map(|s| s.id.clone()).collect()
            };
            core.remove_snapshots(task, vm, &gone, consolidate)
        })
    }

    fn revert_to_current(&self) -> Result<Reply, Fault> {
        self.task("VirtualMachine.revertToCurrentSnapshot", |core, task, vm| {
            let current = {
                let world = core.world();
                world.vms.get(&vm.id).and_then(|v| v.state.current_snapshot.clone())
            };
            let id = current.ok_or_else(|| Fault::new("NotFound", "There is no snapshot."))?;
            core.revert(task, vm, &id)
        })
    }

    fn destroy(&self) -> Result<Reply, Fault> {
        if self.this.kind != "VirtualMachine" {
            return Err(Fault::new("NotSupported", "Only VMs can be destroyed here."));
        }
        self.task("VirtualMachine.destroy", |core, _, vm| {
            if leased(core, vm) {
                return Err(crate::core::task_in_progress("lease"));
            }
            let on = core.world().vms.get(&vm.id).is_some_and(|v| v.state.powered_on);
            if on {
                return Err(Fault::invalid_power("poweredOff", "poweredOn"));
            }
            core.remove_vm(&vm.id)?;
            Ok(None)
        })
    }

    fn unregister(&self) -> Result<Reply, Fault> {
        let mut world = self.core.world();
        let vm = world.vms.get(&self.this.id).ok_or_else(|| Fault::gone(&self.this))?;
        if vm.state.powered_on {
            return Err(Fault::invalid_power("poweredOff", "poweredOn"));
        }
        let gone = world.vms.remove(&self.this.id);
        world.loose.extend(gone.into_iter().flat_map(|vm| vm.disks));
        self.core.save(&world)?;
        drop(world);
        self.core.notify();
        Ok(Reply::Void)
    }

    /// Asks the guest to shut down. It is no task: the guest takes its time after the answer.
    fn shut_down(&self) -> Result<Reply, Fault> {
        {
            let world = self.core.world();
            let vm = world.vms.get(&self.this.id).ok_or_else(|| Fault::gone(&self.this))?;
            if !vm.state.powered_on {
                return Err(Fault::invalid_power("poweredOn", "poweredOff"));
            }
            if !vm.state.tools {
                return Err(Fault::new("ToolsUnavailable", "VMware Tools do not run."));
            }
        }
        let (core, vm) = (Arc::clone(self.core), self.this.clone());
        std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(50));
            core.faults.hold("guest", |_| true, || core.stopping());
            if let Err(fault) = switch(&core, &vm, false) {
                tracing::warn!(fault = fault.message, "the guest did not shut down");
            }
        });
        Ok(Reply::Void)
    }

    /// Applies what the client uses: tracking, options, name, notes, disks that come and go, their
    /// sizes.
    fn reconfigure(&self) -> Result<Reply, Fault> {
        let spec = self.body.child("spec").ok_or_else(|| Fault::invalid_argument("spec"))?.clone();
        self.task("VirtualMachine.reconfigure", move |core, task, vm| {
            task.progress(30)?;
            super::configure::same_version(core, vm, &spec)?;
            let moves = |change: &&Element| {
                super::attach::moves_disk(change) || super::visit::adds_controller(change)
            };
            let moved: Vec<&Element> = spec.all("deviceChange").filter(moves).collect();
            if super::visit::is_visit(core, vm, &moved) {
                super::visit::visit(core, vm, &moved)?;
            } else if !moved.is_empty() {
                super::attach::move_disks(core, vm, &moved)?;
            }
            for change in spec.all("deviceChange").filter(|change| !moves(change)) {
                super::configure::change_device(core, vm, change)?;
            }
            let mut world = core.world();
            let found = world.vms.get_mut(&vm.id).ok_or_else(|| Fault::gone(vm))?;
            if let Some(wanted) = spec.text_of("changeTrackingEnabled").map(is_true) {
                let on = found.state.conf.change_tracking == Some(true);
                if wanted && !on && !found.state.snapshots.is_empty() {
                    return Err(Fault::new(
                        "InvalidState",
                        "Change tracking cannot be enabled while the VM has snapshots.",
                    ));
                }
            }
            super::configure::boots_from_its_own(&found.state.conf, &found.disks, &spec)?;
            super::configure::configure(&mut found.state.conf, &spec);
            core.save(&world)?;
            drop(world);
            core.notify();
            Ok(None)
        })
    }

    pub(crate) fn cancel_task(&self) -> Result<Reply, Fault> {
        let mut world = self.core.world();
        let task = world.tasks.get_mut(&self.this.id).ok_or_else(|| Fault::gone(&self.this))?;
        if task.completed.is_some() {
            return Err(Fault::new("InvalidState", "The task is already complete."));
        }
        task.cancel = true;
        Ok(Reply::Void)
    }
}

fn descendants(vm: &Vm, gone: &mut Vec<String>) {
    loop {
        let more: Vec<String> = vm
            .state
            .snapshots
            .iter()
            .filter(|s| {
                s.parent.as_ref().is_some_and(|p| gone.contains(p)) && !gone.contains(&s.id)
            })
            .map(|s| s.id.clone())
            .collect();
        if more.is_empty() {
            return;
        }
        gone.extend(more);
    }
}

fn power(core: &Arc<Core>, task: &TaskContext, vm: &Ref, on: bool) -> Work {
    task.progress(50)?;
    switch(core, vm, on)?;
    Ok(None)
}

/// Switches a VM on or off.
pub(crate) fn switch(core: &Arc<Core>, vm: &Ref, on: bool) -> Result<(), Fault> {
    if on && leased(core, vm) {
        return Err(crate::core::task_in_progress("lease"));
    }
    {
        let mut world = core.world();
        let found = world.vms.get_mut(&vm.id).ok_or_else(|| Fault::gone(vm))?;
        if found.state.powered_on == on {
            let state = if on { "poweredOn" } else { "poweredOff" };
            return Err(Fault::invalid_power(state, state));
        }
        if found.state.special == Some(Special::Template) {
            return Err(Fault::new("NotSupported", "A template cannot be switched on."));
        }
        found.state.powered_on = on;
        found.state.switched += 1;
        for nic in &mut found.state.conf.nics {
            nic.connected = on && nic.start_connected;
        }
        core.save(&world)?;
    }
    if on {
        core.stun_vm(vm)?;
    }
    core.notify();
    Ok(())
}

/// Returns whether an export or import holds the VM.
fn leased(core: &Core, vm: &Ref) -> bool {
    use crate::world::lease::LeaseState::{Initializing, Ready};
    let world = core.world();
    world.leases.values().any(|l| l.vm == vm.id && matches!(l.state, Initializing | Ready))
}
