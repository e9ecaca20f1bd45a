//! What of its identity a restored VM may keep without getting into another VM's way.

use super::import::{Identity, ImportRequest};
use crate::hardware::{Nic, VmHardware};
use crate::inventory::Inventory;

/// The parts of an identity that are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    /// Whether both UUIDs are.
    pub(super) uuids: bool,
    /// The cards that keep their address, by key.
    cards: Vec<i32>,
    /// What could not be kept, in words.
    pub(super) warnings: Vec<String>,
}

impl Kept {
    /// Decides what to keep: what was asked for and no other VM has.
    pub(super) fn of(request: &ImportRequest, inventory: &Inventory) -> Self {
        if request.identity == Identity::New {
            return Self::default();
        }
        let mut kept = Self::default();
        let hardware = &request.hardware;
        match holder_of_uuid(hardware, inventory) {
            Some(name) => kept.warnings.push(format!("its old UUIDs, which “{name}” has")),
            None => kept.uuids = true,
        }
        for nic in hardware.nics.iter().filter(|nic| !nic.mac.is_empty()) {
            match holder_of_address(&nic.mac, inventory) {
                Some(name) => kept.warnings.push(format!(
                    "the old address of “{}”, {}, which “{name}” has",
                    nic.label, nic.mac
                )),
                None => kept.cards.push(nic.key),
            }
        }
        kept
    }

    /// Returns whether a card keeps its address.
    pub(super) fn keeps(&self, nic: &Nic) -> bool {
        self.cards.contains(&nic.key)
    }
}

fn holder_of_uuid<'a>(hardware: &VmHardware, inventory: &'a Inventory) -> Option<&'a str> {
    let same = |theirs: &Option<String>, ours: &str| {
        !ours.is_empty() && theirs.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(ours))
    };
    let held = inventory.vms.iter().find(|vm| {
        same(&vm.instance_uuid, &hardware.instance_uuid) || same(&vm.bios_uuid, &hardware.uuid)
    });
    held.map(|vm| vm.name.as_str())
}

fn holder_of_address<'a>(mac: &str, inventory: &'a Inventory) -> Option<&'a str> {
    let has = |vm: &&crate::VmSummary| vm.macs.iter().any(|held| held.eq_ignore_ascii_case(mac));
    inventory.vms.iter().find(has).map(|vm| vm.name.as_str())
}
