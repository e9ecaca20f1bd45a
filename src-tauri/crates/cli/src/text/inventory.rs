//! What a server holds.

use std::collections::HashMap;

use kuramori_app::dto::{
    GroupKindView, GroupView, InventoryView, PowerView, TrackingView, TreeView, VmView,
};

use super::{line, size, table};

/// Shows the VMs, then what is special about some of them, and which disks are not saved.
pub(crate) fn inventory(inventory: &InventoryView) -> String {
    let rows: Vec<Vec<String>> = inventory.vms.iter().map(row).collect();
    let head = ["VM", "REFERENCE", "POWER", "DISKS", "SIZE", "TRACKING", "SAVED", "LAST POINT"];
    let mut text = table(&head, &rows);
    for under in &inventory.under {
        let (count, name) = (under.vms, &under.server_name);
        line(&mut text, format_args!("Listed under {name}, which manages this host: {count} VMs"));
    }
    for vm in &inventory.vms {
        if let Some(since) = vm.gone_since {
            line(&mut text, format_args!("{}: gone since {}", vm.name, since.to_rfc3339()));
        }
        if !vm.also_through.is_empty() {
            line(
                &mut text,
                format_args!("{}: also through {}", vm.name, vm.also_through.join(", ")),
            );
        }
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

/// Shows one order of the VMs, each container above what lies in it.
pub(crate) fn tree(inventory: &InventoryView, tree: &TreeView) -> String {
    let names: HashMap<&str, &str> =
        inventory.vms.iter().map(|vm| (vm.reference.as_str(), vm.name.as_str())).collect();
    let mut text = String::new();
    let mut levels: Vec<usize> = Vec::with_capacity(tree.groups.len());
    let mut top: &[String] = &[];
    for group in &tree.groups {
        let parent = group.parent.and_then(|parent| usize::try_from(parent).ok());
        let level = parent.and_then(|parent| levels.get(parent)).map_or(0, |level| level + 1);
        levels.push(level);
        line(&mut text, format_args!("{}{}{}", "  ".repeat(level), group.name, kind(group)));
        if level == 0 {
            top = &group.vms;
        } else {
            vms(&mut text, level, &group.vms, &names);
        }
    }
    // What lies in nothing comes last: above the containers it would look as if in them.
    vms(&mut text, 0, top, &names);
    if let Some(note) = &tree.note {
        line(&mut text, format_args!("{note}"));
    }
    text
}

fn vms(text: &mut String, level: usize, vms: &[String], names: &HashMap<&str, &str>) {
    for vm in vms {
        let name = names.get(vm.as_str()).copied().unwrap_or(vm);
        line(text, format_args!("{}- {name}", "  ".repeat(level + 1)));
    }
}

fn kind(group: &GroupView) -> &'static str {
    match group.kind {
        GroupKindView::Server => "",
        GroupKindView::Datacenter => " (datacenter)",
        GroupKindView::Folder => "/",
        GroupKindView::Cluster => " (cluster)",
        GroupKindView::Host => " (host)",
        GroupKindView::Vapp => " (vApp)",
        GroupKindView::Datastore => " (datastore)",
        GroupKindView::Category => ":",
        GroupKindView::Tag => " (tag)",
    }
}
