//! Disks taken out of a VM and given to a VM, while their files stay where they are.
//!
//! Stricter than a host, on purpose: a host moves disks of running VMs too, and lets two VMs that
//! are off name the same file. Frozen disks that are attached to be read are another matter:
//! `visit`.

use std::sync::Arc;

use super::Fault;
use super::configure::capacity_of;
use super::files::StorePath;
use crate::core::{Core, disk_key};
use crate::disk::Disk;
use crate::value::Ref;
use crate::world::World;
use crate::xml::Element;

/// Where a disk is to hang.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) controller: i32,
    pub(super) unit: i32,
}

/// What a specification makes of the disks of a VM.
#[derive(Debug, Default)]
struct Plan {
    keep: Vec<Arc<Disk>>,
    add: Vec<(Arc<Disk>, Place)>,
    loose: Vec<Arc<Disk>>,
    destroy: Vec<Arc<Disk>>,
}

/// Returns whether a device change adds or removes a disk.
pub(crate) fn moves_disk(change: &Element) -> bool {
    let disk = change.child("device").is_some_and(|d| d.xsi_type.as_deref() == Some("VirtualDisk"));
    disk && matches!(change.text_of("operation"), Some("add" | "remove"))
}

pub(super) fn invalid(index: usize) -> Fault {
    let index = i32::try_from(index).unwrap_or(i32::MAX);
    Fault::new("InvalidDeviceSpec", format!("Invalid configuration for device '{index}'."))
        .with("property", "virtualDeviceSpec.device")
        .with("deviceIndex", index)
}

/// Applies all changes, or none of them.
pub(crate) fn move_disks(core: &Arc<Core>, vm: &Ref, changes: &[&Element]) -> Result<(), Fault> {
    let world = core.world();
    let found = world.vms.get(&vm.id).ok_or_else(|| Fault::gone(vm))?;
    if found.state.powered_on {
        return Err(Fault::invalid_power("poweredOff", "poweredOn"));
    }
    if !found.state.snapshots.is_empty() {
        return Err(Fault::new("InvalidState", "Disks in snapshots stay where they are."));
    }
    let mut plan = Plan { keep: found.disks.clone(), ..Plan::default() };
    for (index, change) in changes.iter().enumerate() {
        match change.text_of("operation") {
            Some("remove") => remove(&mut plan, change).ok_or_else(|| invalid(index))?,
            _ => add(&world, vm, &mut plan, change, index)?,
        }
    }
    apply(core, world, vm, plan)
}

/// Reads where a device is to hang.
pub(super) fn place_of(device: &Element) -> Option<Place> {
    let number = |name: &str| device.text_of(name).and_then(|t| t.parse::<i32>().ok());
    let (controller, unit) = number("controllerKey").zip(number("unitNumber"))?;
    Some(Place { controller, unit })
}

fn remove(plan: &mut Plan, change: &Element) -> Option<()> {
    let key: i32 = change.child("device")?.text_of("key")?.parse().ok()?;
    let position = plan.keep.iter().position(|d| d.inner().meta.key == key)?;
    let disk = plan.keep.remove(position);
    match change.text_of("fileOperation") {
        None => plan.loose.push(disk),
        Some("destroy") => plan.destroy.push(disk),
        Some(_) => return None,
    }
    Some(())
}

fn add(
    world: &World,
    vm: &Ref,
    plan: &mut Plan,
    change: &Element,
    index: usize,
) -> Result<(), Fault> {
    let device = change.child("device").ok_or_else(|| invalid(index))?;
    let file = device.child("backing").and_then(|b| b.text_of("fileName"));
    let file = file.filter(|_| change.text_of("fileOperation").is_none());
    let at = file.and_then(StorePath::parse).ok_or_else(|| invalid(index))?;
    let named = |disk: &&Arc<Disk>| {
        let meta = disk.meta();
        let here = meta.link(meta.current).map(|l| format!("{}/{}", meta.dir, l.descriptor));
        meta.datastore == at.datastore && here.as_deref() == Some(at.path.as_str())
    };
    let text = file.unwrap_or_default();
    if world.vms.values().flat_map(|v| &v.disks).any(|d| named(&d)) {
        let refusal = format!("Unable to access file {text} since it is locked");
        return Err(Fault::file("FileLocked", text, refusal));
    }
    let missing = || Fault::file("FileNotFound", text, format!("File {text} was not found"));
    let disk = world.loose.iter().find(named).ok_or_else(missing)?;
    let Place { controller, unit } = place_of(device).ok_or_else(|| invalid(index))?;
    let conf = world.vms.get(&vm.id).map(|v| &v.state.conf);
    let there = conf.is_some_and(|c| c.controllers.iter().any(|c| c.key == controller));
    let held = |d: &Arc<Disk>| {
        let inner = d.inner();
        (inner.meta.controller, inner.meta.unit) == (controller, unit)
    };
    let taken = plan.keep.iter().any(held)
        || plan.add.iter().any(|(_, p)| (p.controller, p.unit) == (controller, unit));
    let size = capacity_of(device).is_none_or(|wanted| wanted == disk.inner().meta.capacity);
    if !there && !matches!(controller, 200 | 201) || taken || unit == 7 || !size {
        return Err(invalid(index));
    }
    plan.add.push((Arc::clone(disk), Place { controller, unit }));
    Ok(())
}

fn apply(
    core: &Arc<Core>,
    mut world: std::sync::MutexGuard<'_, World>,
    vm: &Ref,
    plan: Plan,
) -> Result<(), Fault> {
    let Plan { mut keep, add, loose, destroy } = plan;
    world.loose.retain(|held| !add.iter().any(|(disk, _)| Arc::ptr_eq(held, disk)));
    for (disk, place) in add {
        {
            let mut inner = disk.inner();
            inner.meta.controller = place.controller;
            inner.meta.unit = place.unit;
            inner.meta.key = disk_key(place.controller, place.unit);
        }
        keep.push(disk);
    }
    keep.sort_by_key(|disk| disk.inner().meta.key);
    world.loose.extend(loose);
    let found = world.vms.get_mut(&vm.id).ok_or_else(|| Fault::gone(vm))?;
    found.disks = keep;
    found.state.reconfigured += 1;
    core.write_vmx(found)?;
    core.save(&world)?;
    drop(world);
    for disk in destroy {
        disk.remove().map_err(|e| Fault::system(e.to_string()))?;
    }
    core.notify();
    Ok(())
}
