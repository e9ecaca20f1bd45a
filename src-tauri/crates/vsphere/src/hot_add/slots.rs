//! A free place at the SCSI controllers of a VM.

use crate::reconfigure::NewController;
use crate::xml::Node;

/// Places of a controller. More is possible with some, and needed by nobody.
const UNITS: i32 = 16;
/// The controller's own place.
const OWN: i32 = 7;
/// A VM has no more SCSI controllers.
const BUSES: i32 = 4;
/// By which a disk names a controller that comes with it. Those of disks count down from -1.
const NEW_KEY: i32 = -100;

/// A free place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) controller: i32,
    /// Number of its bus.
    pub(super) bus: i32,
    pub(super) unit: i32,
    /// The controller, where it has to come first.
    pub(super) new: Option<NewController>,
}

/// Finds the first free place among the devices of a VM.
pub(super) fn free(devices: &[&Node]) -> Option<Slot> {
    let mut buses = Vec::new();
    for device in devices.iter().filter(|device| is_scsi(device.kind())) {
        let bus = device.number_at::<i32>("busNumber")?;
        buses.push(bus);
        let shared = device.text_at("sharedBus").is_some_and(|bus| bus != "noSharing");
        let Some(key) = device.number_at::<i32>("key").filter(|_| !shared) else { continue };
        let own = device.number_at("scsiCtlrUnitNumber").unwrap_or(OWN);
        // Whatever hangs there, not disks alone.
        let taken = |unit: i32| {
            let here = |d: &&Node| d.number_at("controllerKey") == Some(key);
            devices.iter().copied().filter(here).any(|d| d.number_at("unitNumber") == Some(unit))
        };
        let unit = (0..UNITS).find(|unit| ![own, OWN].contains(unit) && !taken(*unit));
        if let Some(unit) = unit {
            return Some(Slot { controller: key, bus, unit, new: None });
        }
    }
    let bus = (0..BUSES).find(|bus| !buses.contains(bus))?;
    let new = Some(NewController { key: NEW_KEY, bus });
    Some(Slot { controller: NEW_KEY, bus, unit: 0, new })
}

pub(super) fn is_scsi(kind: &str) -> bool {
    matches!(
        kind,
        "ParaVirtualSCSIController"
            | "VirtualLsiLogicController"
            | "VirtualLsiLogicSASController"
            | "VirtualBusLogicController"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

    fn devices(text: &str) -> Option<Slot> {
        let parsed = crate::xml::parse(&format!("<val xmlns:xsi=\"{XSI}\">{text}</val>")).unwrap();
        free(&parsed.children.iter().collect::<Vec<_>>())
    }

    fn controller(key: i32, bus: i32, sharing: &str) -> String {
        format!(
            "<VirtualDevice xsi:type=\"ParaVirtualSCSIController\"><key>{key}</key>\
             <busNumber>{bus}</busNumber><sharedBus>{sharing}</sharedBus></VirtualDevice>"
        )
    }

    fn at(controller: i32, unit: i32) -> String {
        format!(
            "<VirtualDevice xsi:type=\"VirtualDisk\"><key>{}</key>\
             <controllerKey>{controller}</controllerKey><unitNumber>{unit}</unitNumber>\
             </VirtualDevice>",
            3000 + unit
        )
    }

    #[test]
    fn the_first_free_place_is_taken_and_never_the_seventh() {
        let slot = |units: &[i32]| {
            let disks: String = units.iter().map(|unit| at(1000, *unit)).collect();
            devices(&(controller(1000, 0, "noSharing") + &disks)).unwrap()
        };
        assert_eq!((slot(&[]).controller, slot(&[]).unit, slot(&[]).new), (1000, 0, None));
        assert_eq!(slot(&[0, 1, 2, 3, 4, 5, 6]).unit, 8);
        let full: Vec<i32> = (0..16).filter(|unit| *unit != 7).collect();
        let new = Some(NewController { key: NEW_KEY, bus: 1 });
        assert_eq!(slot(&full), Slot { controller: NEW_KEY, bus: 1, unit: 0, new });
    }

    #[test]
    fn shared_and_missing_controllers_are_not_used() {
        let shared = controller(1000, 0, "physicalSharing");
        assert_eq!(devices(&shared).unwrap().new.map(|new| new.bus), Some(1));
        assert_eq!(devices("").unwrap().new.map(|new| new.bus), Some(0));
        let all: String = (0..4).map(|bus| controller(1000 + bus, bus, "virtualSharing")).collect();
        assert_eq!(devices(&all), None, "there is no room for another one");
    }
}
