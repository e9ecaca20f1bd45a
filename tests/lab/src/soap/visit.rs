//! Frozen disks of other VMs attached to a VM, to be read there, and detached again.
//!
//! They keep no writes (`independent_nonpersistent`). A host allows more than this; the lab refuses
//! whatever could change or delete a disk of somebody else.

use std::sync::Arc;

use super::Fault;
use super::attach::{Place, invalid, place_of};
use super::configure::capacity_of;
use super::files::StorePath;
use crate::core::{Core, disk_key};
use crate::disk::Disk;
use crate::value::Ref;
use crate::world::{Controller, Visitor, VisitorMeta, Vm, World};
use crate::xml::Element;

const ADD_DISK: &str = "VirtualMachine.Config.AddExistingDisk";
const REMOVE_DISK: &str = "VirtualMachine.Config.RemoveDisk";
/// The controller's own place.
const OWN: i32 = 7;
const UNITS: i32 = 16;
const BUSES: i32 = 4;

/// Returns whether a device change is about a SCSI controller that comes.
pub(crate) fn adds_controller(change: &Element) -> bool {
    let kind = change.child("device").and_then(|d| d.xsi_type.as_deref());
    let scsi = kind.is_some_and(|kind| crate::schema::schema().is_a(kind, "VirtualSCSIController"));
    scsi && change.text_of("operation") == Some("add")
}

/// Returns whether changes are about visiting disks: one comes, or one that is there goes.
pub(crate) fn is_visit(core: &Core, vm: &Ref, changes: &[&Element]) -> bool {
    let world = core.world();
    let Some(found) = world.vms.get(&vm.id) else { return false };
    changes.iter().any(|change| {
        let Some(device) = change.child("device") else { return false };
        let mode = device.child("backing").and_then(|b| b.text_of("diskMode"));
        let key = device.text_of("key").and_then(|key| key.parse::<i32>().ok());
        let goes = change.text_of("operation") == Some("remove");
        mode == Some("independent_nonpersistent")
            || goes && found.visitors.iter().any(|v| Some(v.meta.key) == key)
    })
}

/// What a specification makes of the visitors of a VM.
#[derive(Default)]
struct Plan {
    controllers: Vec<Controller>,
    /// The keys by which disks name controllers that come, and those that they get.
    keys: Vec<(i32, i32)>,
    come: Vec<Visitor>,
    go: Vec<i32>,
}

/// Applies all changes, or none of them.
pub(crate) fn visit(core: &Arc<Core>, vm: &Ref, changes: &[&Element]) -> Result<(), Fault> {
    let mut plan = Plan::default();
    let mut world = core.world();
    let found = world.vms.get(&vm.id).ok_or_else(|| Fault::gone(vm))?;
    for (index, change) in changes.iter().enumerate() {
        if adds_controller(change) {
            controller(found, &mut plan, change).ok_or_else(|| invalid(index))?;
        } else if change.text_of("operation") == Some("remove") {
            let key = leaves(found, change).ok_or_else(|| invalid(index))?;
            plan.go.push(key);
        } else {
            let visitor = comes(&world, found, &plan, change, index)?;
            plan.come.push(visitor);
        }
    }
    for (changes, right) in [(!plan.come.is_empty(), ADD_DISK), (!plan.go.is_empty(), REMOVE_DISK)]
    {
        if changes && core.faults.denies(right) {
            let said = "Permission to perform this operation was denied.";
            let fault = Fault::new("NoPermission", said).with("object", vm.clone());
            return Err(fault.with("privilegeId", right));
        }
    }
    let name = found.state.conf.name.clone();
    let found = world.vms.get_mut(&vm.id).ok_or_else(|| Fault::gone(vm))?;
    found.state.conf.controllers.append(&mut plan.controllers);
    let mut gone = Vec::new();
    for key in plan.go {
        gone.extend(found.visitors.extract_if(.., |v| v.meta.key == key));
    }
    let came: Vec<i32> = plan.come.iter().map(|v| v.meta.key).collect();
    found.visitors.extend(plan.come);
    found.state.reconfigured += 1;
    for visitor in found.visitors.iter().filter(|v| came.contains(&v.meta.key)) {
        core.plug_in(&name, visitor)?;
    }
    for visitor in gone {
        core.pull_out(&name, &visitor)?;
    }
    core.save(&world)?;
    drop(world);
    core.notify();
    Ok(())
}

fn controller(vm: &Vm, plan: &mut Plan, change: &Element) -> Option<()> {
    let device = change.child("device")?;
    let number = |name: &str| device.text_of(name).and_then(|t| t.parse::<i32>().ok());
    let (key, bus) = (number("key")?, number("busNumber")?);
    let scsi = |c: &&Controller| c.kind.contains("SCSI") || c.kind.contains("Logic");
    let taken = |all: &[Controller]| all.iter().filter(scsi).any(|c| c.bus == bus);
    let free = !taken(&vm.state.conf.controllers) && !taken(&plan.controllers);
    if !(0..BUSES).contains(&bus) || !free || key >= 0 {
        return None;
    }
    plan.keys.push((key, 1000 + bus));
    plan.controllers.push(Controller {
        key: 1000 + bus,
        kind: device.xsi_type.clone()?,
        bus,
        sharing: device.text_of("sharedBus").map(str::to_string),
    });
    Some(())
}

fn leaves(vm: &Vm, change: &Element) -> Option<i32> {
    let key: i32 = change.child("device")?.text_of("key")?.parse().ok()?;
    // A host would delete the file of somebody else.
    let keeps = change.child("fileOperation").is_none();
    (keeps && vm.visitors.iter().any(|v| v.meta.key == key)).then_some(key)
}

/// Finds the disk and the link that a descriptor is of.
fn link_of<'a>(world: &'a World, at: &StorePath) -> Option<(&'a Arc<Disk>, u64, bool)> {
    let of = |disk: &'a Arc<Disk>, runs: bool| {
        let meta = disk.meta();
        let here = |descriptor: &str| format!("{}/{descriptor}", meta.dir) == at.path;
        let link = meta.links.iter().find(|l| here(&l.descriptor))?;
        (meta.datastore == at.datastore).then_some((disk, link.id, runs && link.id == meta.current))
    };
    let of_vms = world.vms.values().flat_map(|v| v.disks.iter().map(|d| (d, v.state.powered_on)));
    of_vms.chain(world.loose.iter().map(|d| (d, false))).find_map(|(disk, runs)| of(disk, runs))
}

fn comes(
    world: &World,
    vm: &Vm,
    plan: &Plan,
    change: &Element,
    index: usize,
) -> Result<Visitor, Fault> {
    let device = change.child("device").ok_or_else(|| invalid(index))?;
    let backing = device.child("backing").ok_or_else(|| invalid(index))?;
    let plain = change.child("fileOperation").is_none()
        && backing.text_of("diskMode") == Some("independent_nonpersistent");
    let text = backing.text_of("fileName").filter(|_| plain).unwrap_or_default();
    let at = StorePath::parse(text).ok_or_else(|| invalid(index))?;
    let missing = || Fault::file("FileNotFound", text, format!("File {text} was not found"));
    let (disk, link, is_written) = link_of(world, &at).ok_or_else(missing)?;
    let locked = || {
        let refusal = format!("Unable to access file {text} since it is locked");
        Fault::file("FileLocked", text, refusal)
    };
    let uuid = disk.meta().uuid;
    // A host locks files: disks with equal UUIDs, and other links of one disk, are no matter to it.
    let visited = |v: &Visitor| v.is_of(disk, link);
    if is_written || world.vms.values().flat_map(|v| &v.visitors).any(visited) {
        return Err(locked());
    }
    let Place { controller, unit } = place_of(device).ok_or_else(|| invalid(index))?;
    let key = plan.keys.iter().find(|(named, _)| *named == controller).map(|(_, key)| *key);
    let controller = key.unwrap_or(controller);
    let all = vm.state.conf.controllers.iter().chain(&plan.controllers);
    let scsi = |c: &Controller| c.key == controller && !c.kind.contains("AHCI");
    let here = |c: i32, u: i32| (c, u) == (controller, unit);
    let taken = vm.disks.iter().any(|d| {
        let inner = d.inner();
        here(inner.meta.controller, inner.meta.unit)
    });
    let visitors = vm.visitors.iter().chain(&plan.come);
    let taken = taken || visitors.into_iter().any(|v| here(v.meta.controller, v.meta.unit));
    let fits = capacity_of(device).is_none_or(|wanted| wanted == disk.inner().meta.capacity);
    let is_place = (0..UNITS).contains(&unit) && unit != OWN;
    if !all.into_iter().any(scsi) || taken || !is_place || !fits {
        return Err(invalid(index));
    }
    let (key, dir) = (disk_key(controller, unit), disk.meta().dir);
    let meta = VisitorMeta { key, controller, unit, uuid, dir, link };
    Visitor::enter(meta, disk).ok_or_else(locked)
}
