//! Which VMs a job saves, at the moment it runs.

use std::collections::{BTreeMap, HashSet};

use crate::app::App;
use crate::dto::{ErrorCode, InventoryView, PickView, SourceView, TreeView, VmView};
use crate::error::AppError;
use crate::inventory;

/// A VM that is to be saved.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) server_id: String,
    pub(super) reference: String,
    pub(super) name: String,
}

/// What a job's choice comes to.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// What is to be saved.
    pub(super) vms: Vec<Member>,
    /// What was asked for by name and is not there, or cannot be looked up: each with why.
    pub(super) failed: Vec<(String, AppError)>,
    /// What lies in a container and is not meant to be saved: each with why.
    pub(super) left_out: Vec<(String, String)>,
}

/// Looks up what `sources` name now.
pub(super) async fn look_up(app: &App, sources: &[SourceView], leave_out: &[String]) -> Members {
    let mut by_server: BTreeMap<&str, Vec<&PickView>> = BTreeMap::new();
    for source in sources {
        by_server.entry(&source.server_id).or_default().push(&source.pick);
    }
    let mut members = Members::default();
    for (server_id, picks) in by_server {
        match inventory::fresh(app, server_id).await {
            Ok(inventory) => of_server(&inventory, &picks, leave_out, &mut members),
            Err(error) => {
                let name = |pick: &&PickView| match pick {
                    PickView::Vm { name, .. } | PickView::Group { name, .. } => name.clone(),
                    PickView::All => server_name(app, server_id),
                };
                members.failed.extend(picks.iter().map(|pick| (name(pick), error.clone())));
            }
        }
    }
    members
}

fn server_name(app: &App, id: &str) -> String {
    let settings = app.inner.settings.get();
    settings.server(id).map_or_else(|_| id.to_owned(), |server| server.name.clone())
}

fn of_server(
    inventory: &InventoryView,
    picks: &[&PickView],
    leave_out: &[String],
    members: &mut Members,
) {
    // One that is chosen twice is saved once.
    let mut seen = HashSet::new();
    let unwanted = |vm: &VmView| leave_out.iter().any(|x| *x == vm.name || *x == vm.reference);
    for pick in picks {
        match pick {
            PickView::Vm { instance_uuid, reference, name } => {
                match one(inventory, instance_uuid.as_deref(), reference) {
                    Some(vm) if seen.insert(vm.reference.clone()) => {
                        members.vms.push(member(inventory, vm));
                    }
                    Some(_) => {}
                    None => {
                        let error = AppError::new(ErrorCode::VmNotFound, name);
                        members.failed.push((name.clone(), error));
                    }
                }
            }
            PickView::Group { id, name } => match in_group(inventory, id) {
                None => {
                    let error = AppError::new(ErrorCode::GroupNotFound, name);
                    members.failed.push((name.clone(), error));
                }
                Some(references) => {
                    let inside = |vm: &&VmView| references.contains(vm.reference.as_str());
                    let found = inventory.vms.iter().filter(inside);
                    add(inventory, found.filter(|vm| !unwanted(vm)), &mut seen, members);
                }
            },
            PickView::All => {
                add(inventory, inventory.vms.iter().filter(|vm| !unwanted(vm)), &mut seen, members);
            }
        }
    }
}

fn add<'v>(
    inventory: &InventoryView,
    vms: impl Iterator<Item = &'v VmView>,
    seen: &mut HashSet<String>,
    members: &mut Members,
) {
    for vm in vms.filter(|vm| vm.gone_since.is_none()) {
        if seen.insert(vm.reference.clone()) {
            match &vm.problem {
                None => members.vms.push(member(inventory, vm)),
                Some(why) if vm.of_system => members.left_out.push((vm.name.clone(), why.clone())),
                Some(why) => {
                    let error =
                        AppError::new(ErrorCode::VmNotSupported, &vm.name).detail(why.clone());
                    members.failed.push((vm.name.clone(), error));
                }
            }
        }
    }
}

/// Finds a VM by its UUID, which stays when it moves, and by its reference only if it has none.
fn one<'i>(
    inventory: &'i InventoryView,
    instance_uuid: Option<&str>,
    reference: &str,
) -> Option<&'i VmView> {
    let there = inventory.vms.iter().filter(|vm| vm.gone_since.is_none());
    let is_it = |vm: &&VmView| match instance_uuid {
        Some(uuid) => vm.instance_uuid.as_deref() == Some(uuid),
        None => vm.reference == reference,
    };
    let found: Vec<_> = there.filter(is_it).collect();
    // Copies may share a UUID; then the reference tells them apart.
    let same = found.iter().find(|vm| vm.reference == reference);
    same.or(found.first()).copied()
}

/// Returns the VMs in a container and in those below it.
pub(crate) fn in_group<'i>(inventory: &'i InventoryView, id: &str) -> Option<HashSet<&'i str>> {
    let trees = &inventory.trees;
    let all = [&trees.hosts, &trees.folders, &trees.storage, &trees.tags];
    all.into_iter().find_map(|tree| below(tree, id))
}

fn below<'t>(tree: &'t TreeView, id: &str) -> Option<HashSet<&'t str>> {
    let top = tree.groups.iter().position(|group| group.id == id && !id.is_empty())?;
    let mut inside = vec![false; tree.groups.len()];
    // Each comes after the one above it.
    for (place, group) in tree.groups.iter().enumerate() {
        let above = group.parent.and_then(|parent| inside.get(usize::try_from(parent).ok()?));
        let is_inside = place == top || above.copied().unwrap_or_default();
        if let Some(inside) = inside.get_mut(place) {
            *inside = is_inside;
        }
    }
    let groups = tree.groups.iter().zip(inside).filter(|(_, inside)| *inside);
    Some(groups.flat_map(|(group, _)| &group.vms).map(String::as_str).collect())
}

fn member(inventory: &InventoryView, vm: &VmView) -> Member {
    Member {
        server_id: inventory.server_id.clone(),
        reference: vm.reference.clone(),
        name: vm.name.clone(),
    }
}
