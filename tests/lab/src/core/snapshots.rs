//! Snapshots of whole VMs.

use std::sync::Arc;
use std::time::Duration;

use super::{Core, TaskContext};
use crate::config::Special;
use crate::disk::{Disk, Merge, Stunned, remove_if_there};
use crate::faults::FaultKind;
use crate::soap::Fault;
use crate::value::{Ref, Value};
use crate::world::{SnapDisk, Snapshot, Vm};
use crate::{LabError, Shape};

/// The longest chain of snapshots a VM may have.
const MAX_SNAPSHOTS: usize = 32;

/// How long a merge waits for readers to go.
const MERGE_PATIENCE: Duration = Duration::from_secs(3);

/// What a snapshot is to be.
#[derive(Clone, Debug)]
pub(crate) struct NewSnapshot {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) quiesce: bool,
}

impl Core {
    fn vm_disks(&self, vm: &Ref) -> Result<Vec<Arc<Disk>>, Fault> {
        let world = self.world();
        let found = world.vms.get(&vm.id).ok_or_else(|| Fault::gone(vm))?;
        Ok(found.disks.clone())
    }

    /// Makes a snapshot: all disks of the VM at one moment.
    pub(crate) fn create_snapshot(
        &self,
        context: &TaskContext,
        vm: &Ref,
        new: NewSnapshot,
    ) -> Result<Option<Value>, Fault> {
        self.may_snapshot(vm, &new)?;
        context.progress(20)?;
        let disks = self.vm_disks(vm)?;
        let guards: Vec<Stunned<'_>> = disks.iter().map(|d| d.stun()).collect();
        let mut frozen = Vec::new();
        for (disk, guard) in disks.iter().zip(&guards) {
            if disk.inner().meta.mode != "persistent" {
                continue;
            }
            let (link, change) = disk.freeze(guard).map_err(|e| Fault::system(e.to_string()))?;
            let meta = disk.meta();
            frozen.push(SnapDisk {
                key: meta.key,
                uuid: meta.uuid,
                capacity: meta.capacity,
                link,
                change_id: change.map(|c| c.to_string()),
            });
        }
        let id = self.record_snapshot(vm, new, frozen)?;
        self.stunned(vm, &disks, &guards)?;
        drop(guards);
        context.progress(90)?;
        Ok(Some(Value::Ref(id)))
    }

    fn may_snapshot(&self, vm: &Ref, new: &NewSnapshot) -> Result<(), Fault> {
        let world = self.world();
        let found = world.vms.get(&vm.id).ok_or_else(|| Fault::gone(vm))?;
        if found.state.snapshots.len() >= MAX_SNAPSHOTS {
            return Err(Fault::new("TooManySnapshotLevels", "Snapshot hierarchy is too deep."));
        }
        if matches!(found.state.special, Some(Special::FaultTolerant | Special::Template)) {
            return Err(Fault::new(
                "NotSupported",
                "The operation is not supported on the object.",
            ));
        }
        if new.quiesce && found.state.powered_on && !found.state.tools {
            return Err(Fault::new(
                "ApplicationQuiesceFault",
                "An error occurred while quiescing the virtual machine.",
            ));
        }
        Ok(())
    }

    fn record_snapshot(
        &self,
        vm: &Ref,
        new: NewSnapshot,
        disks: Vec<SnapDisk>,
    ) -> Result<Ref, Fault> {
        let mut world = self.world();
        let number = world.number();
        let shape = self.shape;
        let now = self.clock.now();
        let found = world.vms.get_mut(&vm.id).ok_or_else(|| Fault::gone(vm))?;
        let id = match shape {
            Shape::Esxi => format!("{}-snapshot-{number}", vm.id),
            Shape::Vcenter => format!("snapshot-{number}"),
        };
        let state = &mut found.state;
        state.snapshots_made += 1;
        let file = snapshot_file(&state.dir, state.snapshots_made);
        let place = self.places.datastores.join(&state.datastore).join(&state.dir).join(file);
        fs_err::write(place, format!("state of {id}")).map_err(|e| Fault::system(e.to_string()))?;
        state.snapshots.push(Snapshot {
            id: id.clone(),
            number: state.snapshots_made,
            name: new.name,
            description: new.description,
            created: now,
            quiesced: new.quiesce && state.powered_on,
            powered_on: false,
            parent: state.current_snapshot.take(),
            conf: state.conf.clone(),
            disks,
        });
        state.current_snapshot = Some(id.clone());
        self.save(&world)?;
        drop(world);
        self.notify();
        Ok(Ref::new("VirtualMachineSnapshot", id))
    }

    /// Applies what takes effect when a VM is stunned: change tracking as it was configured.
    fn stunned(&self, vm: &Ref, disks: &[Arc<Disk>], guards: &[Stunned<'_>]) -> Result<(), Fault> {
        let wanted = self
            .world()
            .vms
            .get(&vm.id)
            .is_some_and(|v| v.state.conf.change_tracking == Some(true));
        for (disk, guard) in disks.iter().zip(guards) {
            let tracked = wanted && disk.inner().meta.mode == "persistent";
            disk.apply_tracking(guard, tracked).map_err(|e| Fault::system(e.to_string()))?;
        }
        let world = self.world();
        self.save(&world)?;
        Ok(())
    }

    /// Lets change tracking take effect, as a power-on does.
    pub(crate) fn stun_vm(&self, vm: &Ref) -> Result<(), Fault> {
        let disks = self.vm_disks(vm)?;
        let guards: Vec<Stunned<'_>> = disks.iter().map(|d| d.stun()).collect();
        self.stunned(vm, &disks, &guards)
    }

    /// Removes a snapshot, with its children if asked, and merges what then is not needed.
    pub(crate) fn remove_snapshots(
        &self,
        context: &TaskContext,
        vm: &Ref,
        gone: &[String],
        consolidate: bool,
    ) -> Result<Option<Value>, Fault> {
        context.progress(10)?;
        {
            let mut world = self.world();
            let found = world.vms.get_mut(&vm.id).ok_or_else(|| Fault::gone(vm))?;
            let folder = self.places.datastores.join(&found.state.datastore).join(&found.state.dir);
            for id in gone {
                if let Some(number) = drop_snapshot(found, id) {
                    let file = folder.join(snapshot_file(&found.state.dir, number));
                    remove_if_there(&file).map_err(|e| Fault::system(e.to_string()))?;
                }
            }
            // Remembered before any file changes, so that a kill leaves a chain that still reads.
            found.state.consolidation_needed = true;
            self.save(&world)?;
        }
        self.notify();
        context.progress(30)?;
        if consolidate && self.faults.active(FaultKind::NoConsolidation).is_none() {
            self.consolidate(context, vm)?;
        }
        let disks = self.vm_disks(vm)?;
        let guards: Vec<Stunned<'_>> = disks.iter().map(|d| d.stun()).collect();
        self.stunned(vm, &disks, &guards)?;
        Ok(None)
    }

    /// Merges every link no snapshot needs. Where readers are in the way, the need stays marked.
    pub(crate) fn consolidate(&self, context: &TaskContext, vm: &Ref) -> Result<(), Fault> {
        let disks = self.vm_disks(vm)?;
        let mut all = true;
        for disk in &disks {
            all &= self.merge_disk(context, vm, disk)?;
        }
        let mut world = self.world();
        if let Some(found) = world.vms.get_mut(&vm.id) {
            found.state.consolidation_needed = !all;
        }
        self.save(&world)?;
        drop(world);
        self.notify();
        Ok(())
    }

    fn merge_disk(&self, context: &TaskContext, vm: &Ref, disk: &Arc<Disk>) -> Result<bool, Fault> {
        let io = |e: std::io::Error| Fault::system(e.to_string());
        let mut kept = Vec::new();
        let mut waited = Duration::ZERO;
        loop {
            let Some(link) = self.loose_link(vm, disk, &kept)? else { return Ok(true) };
            let guard = disk.stun();
            let (merge, child) = disk.fold(&guard, link).map_err(io)?;
            match merge {
                Merge::Done => {
                    self.relink(vm, disk, child, link)?;
                    disk.empty_trash().map_err(io)?;
                    drop(guard);
                    context.progress(60)?;
                }
                Merge::Kept => kept.push(link),
                Merge::Busy if waited >= MERGE_PATIENCE => return Ok(false),
                Merge::Busy => {
                    drop(guard);
                    let step = Duration::from_millis(20);
                    std::thread::sleep(step);
                    waited += step;
                }
            }
        }
    }

    /// Finds a link that is neither current nor held by a snapshot.
    fn loose_link(&self, vm: &Ref, disk: &Arc<Disk>, kept: &[u64]) -> Result<Option<u64>, Fault> {
        let world = self.world();
        let found = world.vms.get(&vm.id).ok_or_else(|| Fault::gone(vm))?;
        let meta = disk.meta();
        let held = |link: u64| {
            found
                .state
                .snapshots
                .iter()
                .any(|s| s.disks.iter().any(|d| d.uuid == meta.uuid && d.link == link))
        };
        Ok(meta
            .links
            .iter()
            .map(|l| l.id)
            .find(|id| *id != meta.current && !held(*id) && !kept.contains(id)))
    }

    /// Points snapshots of a folded link to the link that now holds its content.
    fn relink(&self, vm: &Ref, disk: &Arc<Disk>, old: u64, new: u64) -> Result<(), LabError> {
        let uuid = disk.meta().uuid;
        let mut world = self.world();
        if let Some(found) = world.vms.get_mut(&vm.id) {
            for snapshot in &mut found.state.snapshots {
                for d in snapshot.disks.iter_mut().filter(|d| d.uuid == uuid && d.link == old) {
                    d.link = new;
                }
            }
        }
        self.save(&world)
    }

    /// Goes back to a snapshot. Tracking starts a new epoch; the VM ends up powered off.
    pub(crate) fn revert(
        &self,
        context: &TaskContext,
        vm: &Ref,
        snapshot: &str,
    ) -> Result<Option<Value>, Fault> {
        context.progress(20)?;
        let disks = self.vm_disks(vm)?;
        let target = {
            let world = self.world();
            let found = world.vms.get(&vm.id).ok_or_else(|| Fault::gone(vm))?;
            let snapshot = found.snapshot(snapshot);
            snapshot.cloned().ok_or_else(|| Fault::new("NotFound", "The snapshot is gone."))?
        };
        let guards: Vec<Stunned<'_>> = disks.iter().map(|d| d.stun()).collect();
        for (disk, guard) in disks.iter().zip(&guards) {
            let uuid = disk.meta().uuid;
            if let Some(to) = target.disks.iter().find(|d| d.uuid == uuid) {
                disk.revert(guard, to.link).map_err(|e| Fault::system(e.to_string()))?;
            }
        }
        let mut world = self.world();
        if let Some(found) = world.vms.get_mut(&vm.id) {
            found.state.current_snapshot = Some(target.id.clone());
            found.state.powered_on = false;
            let tracking = found.state.conf.change_tracking;
            found.state.conf = target.conf.clone();
            found.state.conf.change_tracking = tracking;
        }
        self.save(&world)?;
        drop(world);
        self.notify();
        Ok(None)
    }
}

/// Name of the file that a host makes for each snapshot. Numbers are never given out again.
pub(crate) fn snapshot_file(stem: &str, number: i32) -> String {
    format!("{stem}-Snapshot{number}.vmsn")
}

/// Forgets a snapshot and returns its number.
fn drop_snapshot(vm: &mut Vm, id: &str) -> Option<i32> {
    let state = &mut vm.state;
    let at = state.snapshots.iter().position(|s| s.id == id)?;
    let gone = state.snapshots.remove(at);
    for child in state.snapshots.iter_mut().filter(|s| s.parent.as_deref() == Some(id)) {
        child.parent.clone_from(&gone.parent);
    }
    if state.current_snapshot.as_deref() == Some(id) {
        state.current_snapshot = gone.parent;
    }
    Some(gone.number)
}
