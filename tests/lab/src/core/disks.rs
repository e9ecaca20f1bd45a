//! What the owner of the lab does to disks: guest writes, reads, growth, tracking resets.

use std::sync::Arc;

use super::Core;
use crate::LabError;
use crate::disk::{Disk, FrozenDisk, usize_of};

impl Core {
    /// Finds a disk by VM name and number, from 0.
    pub(crate) fn find_disk(&self, vm: &str, disk: usize) -> Result<Arc<Disk>, LabError> {
        let world = self.world();
        let found = world.vm_named(vm).ok_or_else(|| LabError::NoVm(vm.to_string()))?;
        let disk =
            found.disks.get(disk).ok_or_else(|| LabError::NoDisk { vm: vm.to_string(), disk })?;
        Ok(Arc::clone(disk))
    }

    /// Writes as the guest does.
    pub(crate) fn guest_write(
        &self,
        vm: &str,
        disk: usize,
        offset: u64,
        data: &[u8],
    ) -> Result<(), LabError> {
        let disk = self.find_disk(vm, disk)?;
        in_range(disk.inner().meta.capacity, offset, data.len() as u64)?;
        disk.guest_write(data, offset).map_err(LabError::io(disk.folder()))
    }

    /// Reads what the guest would read now.
    pub(crate) fn guest_read(
        &self,
        vm: &str,
        disk: usize,
        offset: u64,
        len: u64,
    ) -> Result<Vec<u8>, LabError> {
        let disk = self.find_disk(vm, disk)?;
        in_range(disk.inner().meta.capacity, offset, len)?;
        let mut buf = vec![0; usize_of(len)];
        disk.live_read(&mut buf, offset).map_err(LabError::io(disk.folder()))?;
        Ok(buf)
    }

    /// Opens a disk as a snapshot holds it. The snapshot is named by identifier or by name.
    pub(crate) fn frozen_disk(
        &self,
        vm: &str,
        disk: usize,
        snapshot: &str,
    ) -> Result<FrozenDisk, LabError> {
        let target = self.find_disk(vm, disk)?;
        let uuid = target.meta().uuid;
        let missing =
            || LabError::NoSnapshot { vm: vm.to_string(), snapshot: snapshot.to_string() };
        let (link, capacity) = {
            let world = self.world();
            let found = world.vm_named(vm).ok_or_else(|| LabError::NoVm(vm.to_string()))?;
            let snapshot = found
                .state
                .snapshots
                .iter()
                .find(|s| s.id == snapshot || s.name == snapshot)
                .ok_or_else(missing)?;
            let held = snapshot.disks.iter().find(|d| d.uuid == uuid).ok_or_else(missing)?;
            (held.link, held.capacity)
        };
        debug_assert_eq!(capacity, target.inner().meta.capacity);
        target.frozen(link).ok_or(LabError::Busy)
    }

    /// Makes a disk larger. A VM with snapshots cannot, as on a host.
    pub(crate) fn grow(&self, vm: &str, disk: usize, capacity: u64) -> Result<(), LabError> {
        let target = self.find_disk(vm, disk)?;
        let now = target.inner().meta.capacity;
        if capacity < now || !capacity.is_multiple_of(512) {
            return Err(LabError::Size(capacity, "it must be a multiple of 512, and no smaller"));
        }
        {
            let world = self.world();
            if world.vm_named(vm).is_some_and(|v| !v.state.snapshots.is_empty()) {
                return Err(LabError::Size(capacity, "the VM has snapshots"));
            }
        }
        target.grow(capacity).map_err(LabError::io(target.folder()))?;
        self.save(&self.world())?;
        self.notify();
        Ok(())
    }

    /// Starts a new tracking epoch, as if a host had lost the old one. Returns whether the disk
    /// is tracked at all.
    pub(crate) fn reset_tracking(&self, vm: &str, disk: usize) -> Result<bool, LabError> {
        let target = self.find_disk(vm, disk)?;
        let guard = target.stun();
        let tracked = target.reset_tracking(&guard).map_err(LabError::io(target.folder()))?;
        self.save(&self.world())?;
        drop(guard);
        self.notify();
        Ok(tracked)
    }
}

pub(crate) fn in_range(capacity: u64, offset: u64, len: u64) -> Result<(), LabError> {
    match offset.checked_add(len) {
        Some(end) if end <= capacity => Ok(()),
        _ => Err(LabError::PastEnd { offset, len, capacity }),
    }
}
