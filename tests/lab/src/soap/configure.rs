//! Applying configuration specs.

use std::sync::Arc;

use super::Fault;
use super::call::is_true;
use crate::core::Core;
use crate::disk::Disk;
use crate::value::Ref;
use crate::world::{Boot, VmConf};
use crate::xml::Element;

/// Refuses a specification that was written for another version of the configuration.
pub(crate) fn same_version(core: &Core, vm: &Ref, spec: &Element) -> Result<(), Fault> {
    let Some(wanted) = spec.text_of("changeVersion").filter(|v| !v.is_empty()) else {
        return Ok(());
    };
    let world = core.world();
    let found = world.vms.get(&vm.id).ok_or_else(|| Fault::gone(vm))?;
    if found.change_version() == wanted {
        return Ok(());
    }
    Err(Fault::new(
        "ConcurrentAccess",
        "The object has already been modified by another operation.",
    ))
}

/// Takes over the plain settings of a `VirtualMachineConfigSpec`.
pub(crate) fn configure(conf: &mut VmConf, spec: &Element) {
    let text = |name: &str| spec.text_of(name).filter(|t| !t.is_empty()).map(str::to_string);
    let set = |field: &mut String, name: &str| {
        if let Some(value) = text(name) {
            *field = value;
        }
    };
    set(&mut conf.name, "name");
    set(&mut conf.version, "version");
    set(&mut conf.uuid, "uuid");
    set(&mut conf.instance_uuid, "instanceUuid");
    set(&mut conf.guest_id, "guestId");
    set(&mut conf.annotation, "annotation");
    set(&mut conf.firmware, "firmware");
    let number = |name: &str| text(name).and_then(|t| t.parse().ok());
    conf.cpus = number("numCPUs").unwrap_or(conf.cpus);
    conf.cores = number("numCoresPerSocket").unwrap_or(conf.cores);
    conf.memory_mb = text("memoryMB").and_then(|t| t.parse().ok()).unwrap_or(conf.memory_mb);
    for option in spec.all("extraConfig") {
        let key = option.text_of("key").unwrap_or_default().to_string();
        match option.child("value").map(|v| v.text.clone()) {
            Some(value) if !value.is_empty() => conf.extra.insert(key, value),
            _ => conf.extra.remove(&key),
        };
    }
    if let Some(on) = spec.text_of("changeTrackingEnabled") {
        conf.change_tracking = Some(is_true(on));
    }
    if let Some(boot) = spec.child("bootOptions") {
        let order: Vec<Boot> = boot.all("bootOrder").filter_map(boot_device).collect();
        if !order.is_empty() {
            conf.boot_order = order;
        }
    }
    let secure = spec.child("bootOptions").and_then(|b| b.text_of("efiSecureBootEnabled"));
    conf.secure_boot = secure.map_or(conf.secure_boot, is_true);
}

fn boot_device(entry: &Element) -> Option<Boot> {
    let key = || entry.text_of("deviceKey")?.parse().ok();
    match entry.xsi_type.as_deref()? {
        "VirtualMachineBootOptionsBootableDiskDevice" => Some(Boot::Disk(key()?)),
        "VirtualMachineBootOptionsBootableEthernetDevice" => Some(Boot::Card(key()?)),
        "VirtualMachineBootOptionsBootableCdromDevice" => Some(Boot::Cdrom),
        "VirtualMachineBootOptionsBootableFloppyDevice" => Some(Boot::Floppy),
        _ => None,
    }
}

/// Refuses to boot from what the VM does not have. One that is being imported has nothing yet.
pub(crate) fn boots_from_its_own(
    conf: &VmConf,
    disks: &[Arc<Disk>],
    spec: &Element,
) -> Result<(), Fault> {
    let Some(boot) = spec.child("bootOptions") else { return Ok(()) };
    let has = |device: &Boot| match device {
        Boot::Disk(key) => disks.iter().any(|disk| disk.inner().meta.key == *key),
        Boot::Card(key) => conf.nics.iter().any(|nic| nic.key == *key),
        Boot::Cdrom => !conf.drives.is_empty(),
        Boot::Floppy => false,
    };
    if boot.all("bootOrder").filter_map(boot_device).all(|device| has(&device)) {
        return Ok(());
    }
    Err(Fault::invalid_argument("configSpec.bootOptions.bootOrder"))
}

/// Returns the size a `VirtualDisk` device is to have.
pub(crate) fn capacity_of(device: &Element) -> Option<u64> {
    let bytes = device.text_of("capacityInBytes").and_then(|t| t.parse().ok());
    let kb = || device.text_of("capacityInKB")?.parse::<u64>().ok()?.checked_mul(1024);
    // Clients that do not know it say 0.
    bytes.or_else(kb).filter(|size| *size > 0)
}

/// Applies one device change to a VM that exists: the size of a disk, or a network card's
/// connection.
pub(crate) fn change_device(core: &Arc<Core>, vm: &Ref, change: &Element) -> Result<(), Fault> {
    let unsupported = || {
        Fault::new("InvalidDeviceSpec", "The lab changes only disk sizes and network connections.")
            .with("deviceIndex", 0)
    };
    let device = change.child("device").ok_or_else(unsupported)?;
    if change.text_of("operation") != Some("edit") {
        return Err(unsupported());
    }
    let key: i32 = device.text_of("key").and_then(|k| k.parse().ok()).ok_or_else(unsupported)?;
    if device.xsi_type.as_deref() != Some("VirtualDisk") {
        let mut world = core.world();
        let found = world.vms.get_mut(&vm.id).ok_or_else(|| Fault::gone(vm))?;
        let nics = &mut found.state.conf.nics;
        let nic = nics.iter_mut().find(|n| n.key == key).ok_or_else(unsupported)?;
        if let Some(connect) = device.child("connectable") {
            nic.connected = connect.text_of("connected").is_some_and(is_true);
            nic.start_connected = connect.text_of("startConnected").is_some_and(is_true);
        }
        return Ok(());
    }
    let (name, index) = {
        let world = core.world();
        let found = world.vms.get(&vm.id).ok_or_else(|| Fault::gone(vm))?;
        let index = found.disks.iter().position(|d| d.inner().meta.key == key);
        (found.state.conf.name.clone(), index.ok_or_else(unsupported)?)
    };
    let wanted = capacity_of(device).ok_or_else(unsupported)?;
    let now = core.find_disk(&name, index)?.inner().meta.capacity;
    if wanted == now {
        return Ok(());
    }
    core.grow(&name, index, wanted)
        .map_err(|e| Fault::new("InvalidDeviceOperation", e.to_string()).with("deviceIndex", 0))
}
