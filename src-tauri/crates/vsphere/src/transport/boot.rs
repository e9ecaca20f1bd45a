//! What is done to a new VM once it has its disks: the order in which it tries to boot from its
//! devices, and a look at where the disks lie.

use kuramori_base::CancelToken;

use super::device_key::Place;
use super::import_spec::Rebuilt;
use super::path::DatastorePath;
use super::placement::Placement;
use crate::DiskKey;
use crate::client::Client;
use crate::error::VsphereError;
use crate::hardware::{BootDevice, VmConfig, VmHardware};
use crate::refs::VmRef;
use crate::xml::XmlWriter;

/// Ends the making of a VM. Nothing here is worth losing it: what cannot be done is a warning.
pub(super) async fn finish(
    client: &Client,
    vm: &VmRef,
    hardware: &VmHardware,
    (place, rebuilt): (&Placement, &Rebuilt),
) -> Vec<String> {
    if hardware.boot_order.is_empty() && place.elsewhere.is_empty() {
        return Vec::new();
    }
    let made = match client.vm_config(vm).await {
        Ok(made) => made,
        Err(error) => return vec![format!("the boot order ({error})")],
    };
    let mut warnings = misplaced(&made, hardware, place);
    let order = translated(hardware, &rebuilt.cards, &made.hardware);
    if order.len() < hardware.boot_order.len() {
        warnings.push("a device in the boot order that the new VM does not have".to_owned());
    }
    if !order.is_empty()
        && let Err(error) = set_order(client, vm, &order).await
    {
        warnings.push(format!("the boot order ({error})"));
    }
    warnings
}

/// Names disks that the server put elsewhere than it was asked to.
fn misplaced(made: &VmConfig, hardware: &VmHardware, place: &Placement) -> Vec<String> {
    let mut warnings = Vec::new();
    for shape in &hardware.disks {
        let (wanted, _) = place.of_disk(shape.key);
        let at = Place::of(hardware, shape.key);
        let new = made.disks.iter().find(|d| Place::of(&made.hardware, d.key) == at);
        let lies = new.and_then(|d| d.backing.file.as_ref()).map(DatastorePath::datastore);
        if let Some(lies) = lies.filter(|lies| *lies != wanted) {
            let label = &shape.label;
            warnings.push(format!("“{label}” on “{wanted}”: the server put it on “{lies}”"));
        }
    }
    warnings
}

/// Finds the devices of an order in the new VM, where they have other keys. Those that it does not
/// have are left out.
fn translated(old: &VmHardware, cards: &[i32], new: &VmHardware) -> Vec<BootDevice> {
    let disk = |key: DiskKey| {
        let place = Place::of(old, key)?;
        let disk = new.disks.iter().find(|d| Place::of(new, d.key).as_ref() == Some(&place))?;
        Some(BootDevice::Disk { key: disk.key })
    };
    let card = |key: i32| {
        let position = cards.iter().position(|card| *card == key)?;
        Some(BootDevice::Card { key: new.nics.get(position)?.key })
    };
    let device = |device: &BootDevice| match device {
        BootDevice::Disk { key } => disk(*key),
        BootDevice::Card { key } => card(*key),
        BootDevice::Cdrom => (!new.drives.is_empty()).then_some(BootDevice::Cdrom),
        // None is rebuilt.
        BootDevice::Floppy => None,
    };
    old.boot_order.iter().filter_map(device).collect()
}

async fn set_order(client: &Client, vm: &VmRef, order: &[BootDevice]) -> Result<(), VsphereError> {
    const ACTION: &str = "set the boot order of a VM";
    let spec = |w: &mut XmlWriter| {
        w.group("spec", |w| w.group("bootOptions", |w| order.iter().for_each(|d| entry(w, d))));
    };
    let reply = client.change(ACTION, "ReconfigVM_Task", &vm.mo(), spec).await?;
    client.finish_task(ACTION, &reply, &|_| {}, &CancelToken::new()).await.map(|_| ())
}

fn entry(w: &mut XmlWriter, device: &BootDevice) {
    let (kind, key) = match device {
        BootDevice::Disk { key } => ("Disk", Some(key.get())),
        BootDevice::Card { key } => ("Ethernet", Some(*key)),
        BootDevice::Cdrom => ("Cdrom", None),
        BootDevice::Floppy => ("Floppy", None),
    };
    let kind = format!("VirtualMachineBootOptionsBootable{kind}Device");
    w.typed("bootOrder", &kind, |w| w.text_opt("deviceKey", key));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::{Controller, DiskShape, Drive, Nic};

    fn hardware(controller: i32, disks: &[(i32, i32)], cards: &[i32]) -> VmHardware {
        let disk = |(key, unit): &(i32, i32)| DiskShape {
            key: DiskKey::new(*key),
            label: format!("disk {key}"),
            capacity_bytes: 512,
            controller_key: controller,
            unit: *unit,
            thin: true,
            eager_zeroed: false,
            datastore: String::new(),
        };
        let card = |key: &i32| Nic {
            key: *key,
            label: String::new(),
            kind: "VirtualVmxnet3".to_owned(),
            mac: String::new(),
            mac_manual: false,
            network: String::new(),
            portgroup_key: None,
        };
        VmHardware {
            controllers: vec![Controller {
                key: controller,
                kind: "ParaVirtualSCSIController".to_owned(),
                bus: 0,
            }],
            disks: disks.iter().map(disk).collect(),
            nics: cards.iter().map(card).collect(),
            ..VmHardware::default()
        }
    }

    #[test]
    fn devices_are_found_by_place_and_those_left_behind_are_left_out() {
        let mut old = hardware(1000, &[(2000, 0), (2003, 3)], &[4000, 4001]);
        old.boot_order = vec![
            BootDevice::Cdrom,
            BootDevice::Disk { key: DiskKey::new(2003) },
            BootDevice::Card { key: 4000 },
            BootDevice::Card { key: 4001 },
            BootDevice::Floppy,
        ];
        let mut new = hardware(1005, &[(2083, 3), (2080, 0)], &[4000]);
        // The first card has no network there, so the second became the first.
        let order = translated(&old, &[4001], &new);
        let (disk, card) =
            (BootDevice::Disk { key: DiskKey::new(2083) }, BootDevice::Card { key: 4000 });
        assert_eq!(order, [disk.clone(), card]);
        let drive =
            Drive { key: 3000, label: String::new(), controller_key: 200, unit: 0, image: None };
        new.drives.push(drive);
        assert_eq!(translated(&old, &[], &new), [BootDevice::Cdrom, disk]);
    }
}
