//! What a server holds.

use kuramori_app::dto::{InventoryView, PowerView, TrackingView, VmView};

use super::{line, size, table};

/// Shows the VMs, then what is special about some of them, and which disks are not saved.
pub(crate) fn inventory(inventory: &InventoryView) -> String {
    let rows: Vec<Vec<String>> = inventory.vms.iter().map(row).collect();
    let head = ["VM", "REFERENCE", "POWER", "DISKS", "SIZE", "TRACKING", "SAVED", "LAST POINT"];
    let mut text = table(&head, &rows);
    for vm in &inventory.vms {
        let about = vm.problem.iter().chain(&vm.notes);
        for sentence in about {
            line(&mut text, format_args!("{}: {sentence}", vm.name));
        }
        for disk in &vm.disks {
            if let Some(sentence) = disk.left_out.as_ref().or(disk.note.as_ref()) {
                line(&mut text, format_args!("{}, {}: {sentence}", vm.name, disk.label));
            }
        }
    }
    text
}

fn row(vm: &VmView) -> Vec<String> {
    let power = match vm.power {
        PowerView::On => "on",
        PowerView::Off => "off",
        PowerView::Suspended => "suspended",
        PowerView::Unknown => "–",
    };
    let tracking = match vm.tracking {
        TrackingView::On => "on",
        TrackingView::Off => "off",
        TrackingView::Unsupported => "not possible",
    };
    let saved = vm.disks.iter().filter(|disk| disk.left_out.is_none()).count();
    let verdict = match &vm.problem {
        Some(_) => "no".to_owned(),
        None if saved == vm.disks.len() => "yes".to_owned(),
        None => format!("{saved} of {} disks", vm.disks.len()),
    };
    vec![
        vm.name.clone(),
        vm.reference.clone(),
        power.to_owned(),
        vm.disks.len().to_string(),
        size(vm.capacity),
        tracking.to_owned(),
        verdict,
        vm.last_point.as_ref().map_or("–".into(), |p| p.taken_at.to_rfc3339()),
    ]
}
