//! Telling which disk of a lease is which disk of the VM.

use super::lease::DeviceUrl;
use crate::DiskKey;
use crate::hardware::VmHardware;

/// A place in a VM: kind of controller, bus, unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    kind: String,
    bus: i32,
    unit: i32,
}

impl Place {
    /// Reads the end of a lease's key, such as `/vm-70/VirtualLsiLogicController0:1`.
    pub(super) fn parse(key: &str) -> Option<Self> {
        let last = key.rsplit('/').next()?;
        let (controller, unit) = last.rsplit_once(':')?;
        let kind = controller.trim_end_matches(|c: char| c.is_ascii_digit());
        let bus = controller.strip_prefix(kind)?.parse().ok()?;
        let named = !kind.is_empty();
        named.then_some(Self { kind: kind.to_owned(), bus, unit: unit.parse().ok()? })
    }

    /// Returns the place of a disk.
    pub(super) fn of(hardware: &VmHardware, disk: DiskKey) -> Option<Self> {
        let disk = hardware.disks.iter().find(|d| d.key == disk)?;
        let controller = hardware.controllers.iter().find(|c| c.key == disk.controller_key)?;
        Some(Self { kind: controller.kind.clone(), bus: controller.bus, unit: disk.unit })
    }
}

/// Finds the key among those of a lease that stands for a disk.
///
/// With one disk on both sides there is nothing to mix up, whatever the key says.
pub(super) fn find<'a>(
    hardware: &VmHardware,
    disk: DiskKey,
    offered: &'a [DeviceUrl],
) -> Option<&'a DeviceUrl> {
    if let ([only], [shape]) = (offered, hardware.disks.as_slice())
        && shape.key == disk
    {
        return Some(only);
    }
    let place = Place::of(hardware, disk)?;
    offered.iter().find(|url| {
        [&url.key, &url.import_key].iter().any(|key| Place::parse(key).as_ref() == Some(&place))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Controller, DiskShape};

    #[test]
    fn keys_of_leases_name_places() {
        let place = |kind: &str, bus, unit| Some(Place { kind: kind.to_owned(), bus, unit });
        assert_eq!(
            Place::parse("/vm-70/VirtualLsiLogicController0:1"),
            place("VirtualLsiLogicController", 0, 1)
        );
        assert_eq!(
            Place::parse("/6/ParaVirtualSCSIController12:15"),
            place("ParaVirtualSCSIController", 12, 15)
        );
        for other in ["/vm-42/disk:0", "/vm-42/nvram", "", "/x/0:0", "/x/C0:", "/x/C0:-"] {
            assert_eq!(Place::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_disk_is_found_by_its_place_and_never_guessed_among_several() {
        let disk = |key, controller_key, unit| DiskShape {
            key: DiskKey::new(key),
            label: String::new(),
            capacity_bytes: 512,
            controller_key,
            unit,
            thin: true,
            eager_zeroed: false,
            datastore: String::new(),
        };
        let controller = |key, bus| Controller { key, kind: "VirtualAHCIController".into(), bus };
        let mut hardware = VmHardware {
            controllers: vec![controller(15000, 0), controller(15001, 1)],
            disks: vec![disk(16000, 15000, 0), disk(16030, 15001, 0)],
            ..VmHardware::default()
        };
        let offered =
            |keys: &[&str]| keys.iter().map(|key| DeviceUrl::with_key(key)).collect::<Vec<_>>();
        let two = offered(&["/vm-1/VirtualAHCIController1:0", "/vm-1/VirtualAHCIController0:0"]);
        let found = |hardware: &VmHardware, key, offered: &[DeviceUrl]| {
            find(hardware, DiskKey::new(key), offered).map(|url| url.key.clone())
        };
        assert_eq!(found(&hardware, 16030, &two), Some(two[0].key.clone()));
        assert_eq!(found(&hardware, 16000, &two), Some(two[1].key.clone()));
        assert_eq!(found(&hardware, 1, &two), None);
        let odd = offered(&["/vm-1/disk:0"]);
        assert_eq!(found(&hardware, 16000, &odd), None);
        hardware.disks.pop();
        assert_eq!(found(&hardware, 16000, &odd), Some(odd[0].key.clone()));
    }
}
