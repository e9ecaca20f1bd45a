//! The specification a server builds a restored VM from. Element order is the schema's.

use super::identity::Kept;
use super::placement::Placement;
use crate::hardware::{Controller, DiskShape, Drive, Nic, PASSED_THROUGH, VmHardware};
use crate::inventory::{NetworkKind, NetworkSummary, encode_name};
use crate::xml::XmlWriter;

/// Keys of the two IDE controllers every VM has.
const DEFAULT_IDE: [i32; 2] = [200, 201];

/// What became of the original's devices.
#[derive(Debug, Default)]
pub(super) struct Rebuilt {
    /// What could not be carried over, in sentences.
    pub(super) warnings: Vec<String>,
    /// Keys of the original's cards, in the order in which the new VM has them.
    pub(super) cards: Vec<i32>,
}

/// Writes the `VirtualMachineImportSpec`.
pub(super) fn write(
    w: &mut XmlWriter,
    hardware: &VmHardware,
    name: &str,
    (place, kept): (&Placement, &Kept),
) -> Rebuilt {
    let mut rebuilt = Rebuilt { warnings: kept.warnings.clone(), cards: Vec::new() };
    w.typed("spec", "VirtualMachineImportSpec", |w| {
        w.typed("configSpec", "VirtualMachineConfigSpec", |w| {
            config(w, hardware, name, (place, kept), &mut rebuilt);
        });
    });
    rebuilt.warnings.extend(hardware.left_behind());
    rebuilt
}

fn config(
    w: &mut XmlWriter,
    hardware: &VmHardware,
    name: &str,
    (place, kept): (&Placement, &Kept),
    rebuilt: &mut Rebuilt,
) {
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    w.text("name", encode_name(name));
    w.text_opt("version", filled(&hardware.version));
    if kept.uuids {
        w.text_opt("uuid", filled(&hardware.uuid));
        w.text_opt("instanceUuid", filled(&hardware.instance_uuid));
    }
    w.text_opt("guestId", filled(&hardware.guest_id));
    w.text_opt("annotation", filled(&hardware.annotation));
    w.group("files", |w| w.text("vmPathName", format!("[{}]", place.datastore)));
    if hardware.disk_uuid_enabled || hardware.vbs {
        w.group("flags", |w| {
            w.text("diskUuidEnabled", hardware.disk_uuid_enabled);
            w.text_opt("vbsEnabled", hardware.vbs.then_some(true));
        });
    }
    w.text("numCPUs", hardware.cpus.max(1));
    w.text("numCoresPerSocket", hardware.cores_per_socket.max(1));
    w.text("memoryMB", hardware.memory_mib.max(4));
    w.text_opt("memoryHotAddEnabled", hardware.memory_hot_add.then_some(true));
    w.text_opt("cpuHotAddEnabled", hardware.cpu_hot_add.then_some(true));
    devices(w, hardware, (place, kept), rebuilt);
    for (key, value) in hardware.extra_config.iter().filter(|(key, _)| keeps(key)) {
        w.group("extraConfig", |w| {
            w.text("key", key);
            w.typed_text("value", "string", value);
        });
    }
    if hardware.secure_boot || hardware.boot_delay_ms > 0 {
        // The order comes later: the server has to give the disks their keys first.
        w.group("bootOptions", |w| {
            w.text_opt("bootDelay", Some(hardware.boot_delay_ms).filter(|delay| *delay > 0));
            w.text_opt("efiSecureBootEnabled", hardware.secure_boot.then_some(true));
        });
    }
    w.text_opt("firmware", filled(&hardware.firmware));
    w.text_opt("nestedHVEnabled", hardware.nested_hv.then_some(true));
}

fn devices(
    w: &mut XmlWriter,
    hardware: &VmHardware,
    (place, kept): (&Placement, &Kept),
    rebuilt: &mut Rebuilt,
) {
    for each in hardware.controllers.iter().filter(|c| !DEFAULT_IDE.contains(&c.key)) {
        add(w, &each.kind, |w| controller(w, each));
    }
    for disk in &hardware.disks {
        w.group("deviceChange", |w| {
            w.text("operation", "add");
            w.text("fileOperation", "create");
            w.typed("device", "VirtualDisk", |w| virtual_disk(w, disk, place));
        });
    }
    for nic in &hardware.nics {
        match (nic.kind.as_str(), place.network(nic)) {
            (PASSED_THROUGH, _) => {}
            (_, Some(network)) => {
                add(w, &nic.kind, |w| card(w, nic, network, kept.keeps(nic)));
                rebuilt.cards.push(nic.key);
            }
            (_, None) => rebuilt.warnings.push(format!(
                "“{}” was left out: there is no network “{}”.",
                nic.label, nic.network
            )),
        }
    }
    let there =
        |key| DEFAULT_IDE.contains(&key) || hardware.controllers.iter().any(|c| c.key == key);
    for each in hardware.drives.iter().filter(|drive| there(drive.controller_key)) {
        add(w, "VirtualCdrom", |w| drive(w, each));
    }
}

fn add(w: &mut XmlWriter, kind: &str, device: impl FnOnce(&mut XmlWriter)) {
    w.group("deviceChange", |w| {
        w.text("operation", "add");
        w.typed("device", kind, device);
    });
}

/// New devices carry negative keys; the server gives the real ones.
fn new_key(key: i32) -> i32 {
    if DEFAULT_IDE.contains(&key) { key } else { key.saturating_abs().saturating_neg() }
}

fn controller(w: &mut XmlWriter, controller: &Controller) {
    w.text("key", new_key(controller.key));
    w.text("busNumber", controller.bus);
    let scsi = !matches!(
        controller.kind.as_str(),
        "VirtualAHCIController" | "VirtualNVMEController" | "VirtualIDEController"
    );
    if scsi {
        w.text("sharedBus", "noSharing");
    }
}

fn virtual_disk(w: &mut XmlWriter, disk: &DiskShape, place: &Placement) {
    w.text("key", new_key(disk.key.get()));
    w.typed("backing", "VirtualDiskFlatVer2BackingInfo", |w| {
        let (name, store) = place.of_disk(disk.key);
        w.text("fileName", format!("[{name}]"));
        if let Some(store) = store {
            w.mo("datastore", store);
        }
        w.text("diskMode", "persistent");
        w.text("thinProvisioned", true);
    });
    w.text("controllerKey", new_key(disk.controller_key));
    w.text("unitNumber", disk.unit);
    w.text("capacityInKB", disk.capacity_bytes.div_ceil(1024));
    w.text("capacityInBytes", disk.capacity_bytes);
}

/// Writes a CD drive of the viewer's computer: the one kind that is there on every server.
fn drive(w: &mut XmlWriter, drive: &Drive) {
    w.text("key", new_key(drive.key));
    w.typed("backing", "VirtualCdromRemoteAtapiBackingInfo", |w| {
        w.text("deviceName", "");
        w.text("useAutoDetect", false);
    });
    w.group("connectable", |w| {
        w.text("startConnected", false);
        w.text("allowGuestControl", true);
        w.text("connected", false);
    });
    w.text("controllerKey", new_key(drive.controller_key));
    w.text("unitNumber", drive.unit);
}

/// Writes a card that is not connected: the original VM may still run. Its address is its own
/// where it keeps that, else one the server gives.
fn card(w: &mut XmlWriter, nic: &Nic, network: &NetworkSummary, keep_address: bool) {
    w.text("key", new_key(nic.key));
    match &network.kind {
        NetworkKind::Distributed { portgroup_key, switch_uuid } => {
            w.typed("backing", "VirtualEthernetCardDistributedVirtualPortBackingInfo", |w| {
                w.group("port", |w| {
                    w.text("switchUuid", switch_uuid);
                    w.text("portgroupKey", portgroup_key);
                });
            });
        }
        NetworkKind::Standard | NetworkKind::Opaque => {
            w.typed("backing", "VirtualEthernetCardNetworkBackingInfo", |w| {
                w.text("deviceName", encode_name(&network.name));
            });
        }
    }
    w.group("connectable", |w| {
        w.text("startConnected", false);
        w.text("allowGuestControl", true);
        w.text("connected", false);
    });
    if !keep_address {
        w.text("addressType", "generated");
        return;
    }
    // One that a vCenter gave is checked by it against others.
    let given = nic.mac.get(..8).is_some_and(|maker| maker == "00:50:56") && !nic.mac_manual;
    w.text("addressType", if given { "assigned" } else { "manual" });
    w.text("macAddress", &nic.mac);
}

/// Returns whether a setting belongs to the VM and not to its former place or run.
fn keeps(key: &str) -> bool {
    const DROPPED: &[&str] = &[
        "migrate.",
        "sched.swap.",
        "vmware.tools.",
        "guestinfo.",
        "uuid.",
        "nvram",
        "viv.",
        "vmotion.",
        "monitor.",
        "svga.",
        "hostcpuid.",
        "guestcpuid.",
        "userlevelcpuid.",
        "numa.",
        "tools.guest.",
        "toolsinstallmanager.",
        "cleanshutdown",
        "softpoweroff",
        "pcibridge",
        "vmci",
        "hpet0",
        "replay.",
        "evcCompatibilityMode",
    ];
    let lower = key.to_ascii_lowercase();
    let volatile = DROPPED.iter().any(|start| lower.starts_with(&start.to_ascii_lowercase()));
    let of_a_disk =
        lower.rsplit('.').next().is_some_and(|end| matches!(end, "ctkenabled" | "redo"));
    !volatile && !of_a_disk
}

#[cfg(test)]
#[path = "import_spec_tests.rs"]
mod tests;
