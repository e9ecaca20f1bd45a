//! An inventory in the words of those who look at it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use kuramori_repo::{RecoveryPoint, SourceKind, VmIdentity};
use kuramori_vsphere::{
    ConnectionState, DatastoreSummary, DiskConfig, Group, GroupKind, HostRef, PowerState,
    ToolsState, UnreadableVm, VmObstacle, VmPlace, VmRef, VmSummary,
};

use super::{KnownInventory, gone, same};
use crate::app::App;
use crate::dto::{
    DatastoreView, GroupKindView, GroupView, InventoryView, Language, LastPoint, PowerView,
    TrackingView, TreeView, TreesView, UnderView, VmDiskView, VmView,
};
use crate::messages;

/// Shows an inventory with everything that is known about its VMs elsewhere. Blocks.
pub(super) fn whole(app: &App, known: &KnownInventory) -> InventoryView {
    let all = super::all_known(app);
    let mut view = show(known, &all, app.language());
    add_points(app, known, &all, &mut view);
    view
}

/// Shows an inventory with what its server says alone: also VMs that are listed under another one.
pub(super) fn plain(app: &App, known: &KnownInventory) -> InventoryView {
    show(known, std::slice::from_ref(known), app.language())
}

fn show(known: &KnownInventory, all: &[KnownInventory], language: Language) -> InventoryView {
    let (entry, inventory) = (&known.entry, &known.inventory);
    let hosts: HashMap<&HostRef, &str> =
        inventory.hosts.iter().map(|h| (&h.reference, h.name.as_str())).collect();
    let readable = inventory.vms.iter().map(|vm| vm_view(vm, &hosts, (known.read_at, language)));
    let unreadable = inventory.unreadable.iter().map(|vm| unreadable_view(vm, language));
    let mut vms: Vec<VmView> = readable.chain(unreadable).collect();
    vms.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.reference.cmp(&b.reference)));
    let under = same::under(known, all);
    let elsewhere: HashSet<&str> =
        under.iter().flat_map(|under| &under.vms).map(VmRef::as_str).collect();
    vms.retain(|vm| !elsewhere.contains(vm.reference.as_str()));
    let also = same::also(known, all);
    for vm in &mut vms {
        vm.also_through = also.get(&VmRef::new(&vm.reference)).cloned().unwrap_or_default();
    }
    let mut trees = trees(known, language);
    for tree in [&mut trees.hosts, &mut trees.folders, &mut trees.storage, &mut trees.tags] {
        for group in &mut tree.groups {
            group.vms.retain(|vm| !elsewhere.contains(vm.as_str()));
        }
    }
    InventoryView {
        server_id: entry.id.clone(),
        server_name: entry.name.clone(),
        kind: entry.kind,
        read_at: known.read_at,
        vms,
        datastores: inventory.datastores.iter().map(datastore_view).collect(),
        trees,
        under: under.iter().map(under_view).collect(),
    }
}

fn under_view(under: &same::Under<'_>) -> UnderView {
    UnderView {
        server_id: under.server.entry.id.clone(),
        server_name: under.server.entry.name.clone(),
        vms: u32::try_from(under.vms.len()).unwrap_or(u32::MAX),
    }
}

fn trees(known: &KnownInventory, language: Language) -> TreesView {
    let tree = |groups: Vec<Group>| TreeView {
        groups: groups.into_iter().map(|group| group_view(group, &known.entry.name)).collect(),
        note: None,
    };
    let inventory = &known.inventory;
    let (tags, note): (&[_], _) = match &*known.tags {
        Ok(tags) => (tags, tags.is_empty().then(|| messages::no_tags(language).to_owned())),
        Err(why) => (&[], Some(messages::tags_unavailable(why, language))),
    };
    TreesView {
        hosts: tree(inventory.by_hosts()),
        folders: tree(inventory.by_folders()),
        storage: tree(inventory.by_storage()),
        tags: TreeView { note, ..tree(inventory.by_tags(tags)) },
    }
}

fn group_view(group: Group, server: &str) -> GroupView {
    GroupView {
        kind: match group.kind {
            GroupKind::Server => GroupKindView::Server,
            GroupKind::Datacenter => GroupKindView::Datacenter,
            GroupKind::Folder => GroupKindView::Folder,
            GroupKind::Cluster => GroupKindView::Cluster,
            GroupKind::Host => GroupKindView::Host,
            GroupKind::Vapp => GroupKindView::Vapp,
            GroupKind::Datastore => GroupKindView::Datastore,
            GroupKind::Category => GroupKindView::Category,
            GroupKind::Tag => GroupKindView::Tag,
        },
        name: match group.kind {
            GroupKind::Server => server.to_owned(),
            _ => group.name,
        },
        id: group.id.as_str().to_owned(),
        parent: group.parent.and_then(|parent| u32::try_from(parent).ok()),
        vms: group.vms.iter().map(|vm| vm.as_str().to_owned()).collect(),
    }
}

pub(crate) fn datastore_view(datastore: &DatastoreSummary) -> DatastoreView {
    DatastoreView {
        name: datastore.name.clone(),
        kind: datastore.kind.clone(),
        capacity: datastore.capacity.get(),
        free: datastore.free.get(),
        accessible: datastore.accessible,
    }
}

fn vm_view(
    vm: &VmSummary,
    hosts: &HashMap<&HostRef, &str>,
    (now, language): (DateTime<Utc>, Language),
) -> VmView {
    let problem = vm.obstacle().map(|o| messages::vm_obstacle(o, language).to_owned());
    VmView {
        reference: vm.reference.as_str().to_owned(),
        instance_uuid: vm.instance_uuid.clone(),
        name: vm.name.clone(),
        path: vm.folder.clone(),
        host: vm.host.as_ref().and_then(|h| hosts.get(h)).map(|h| (*h).to_owned()),
        power: match vm.power {
            PowerState::On => PowerView::On,
            PowerState::Off => PowerView::Off,
            PowerState::Suspended => PowerView::Suspended,
        },
        guest: (!vm.guest.is_empty()).then(|| vm.guest.clone()),
        tools_running: vm.tools == ToolsState::Running,
        template: vm.template,
        of_system: matches!(vm.obstacle(), Some(VmObstacle::Template | VmObstacle::System)),
        tracking: match (vm.change_tracking, vm.change_tracking_supported) {
            (true, _) => TrackingView::On,
            (false, Some(false)) => TrackingView::Unsupported,
            (false, _) => TrackingView::Off,
        },
        snapshots: u32::try_from(vm.snapshots.len()).unwrap_or(u32::MAX),
        disks: vm.disks.iter().map(|disk| disk_view(disk, language)).collect(),
        capacity: vm.disks.iter().map(|d| d.capacity.get()).sum(),
        used: Some(vm.committed.get()).filter(|bytes| *bytes > 0),
        last_point: None,
        also_through: Vec::new(),
        gone_since: None,
        cold: vm.power != PowerState::On && vm.cold_obstacle().is_none(),
        notes: if problem.is_none() { messages::vm_notes(vm, now, language) } else { Vec::new() },
        problem,
    }
}

/// Shows a VM of which little more than its name is known.
fn unreadable_view(vm: &UnreadableVm, language: Language) -> VmView {
    VmView {
        reference: vm.reference.as_str().to_owned(),
        instance_uuid: None,
        name: vm.name.clone(),
        path: Vec::new(),
        host: None,
        power: PowerView::Unknown,
        guest: None,
        tools_running: false,
        template: false,
        of_system: false,
        tracking: TrackingView::Unsupported,
        snapshots: 0,
        disks: Vec::new(),
        capacity: 0,
        used: None,
        last_point: None,
        also_through: Vec::new(),
        gone_since: None,
        problem: Some(messages::vm_obstacle(vm.obstacle(), language).to_owned()),
        cold: false,
        notes: Vec::new(),
    }
}

fn disk_view(disk: &DiskConfig, language: Language) -> VmDiskView {
    let left_out = disk.obstacle().map(|o| messages::disk_obstacle(o, language).to_owned());
    let note = messages::disk_note(disk, language).filter(|_| left_out.is_none());
    VmDiskView {
        key: disk.key.get(),
        uuid: disk.uuid.clone(),
        label: disk.label.clone(),
        capacity: disk.capacity.get(),
        thin: disk.thin,
        left_out,
        note: note.map(str::to_owned),
    }
}

/// Fills in the newest recovery point of each VM, and adds those that are gone but have some.
/// Repositories that are away are left out: the list of recovery points says so.
fn add_points(app: &App, known: &KnownInventory, all: &[KnownInventory], view: &mut InventoryView) {
    let mut newest: HashMap<String, (LastPoint, RecoveryPoint)> = HashMap::new();
    for entry in app.inner.settings.get().repositories {
        let points = app.place(&entry.id).and_then(|place| place.raw_points());
        for point in points.unwrap_or_default() {
            let key = point.vm.key();
            if newest.get(&key).is_some_and(|(known, _)| known.taken_at >= point.time) {
                continue;
            }
            let last = LastPoint {
                id: point.id.to_hex(),
                taken_at: point.time,
                repository_id: entry.id.clone(),
            };
            newest.insert(key, (last, point));
        }
    }
    let server = &known.entry.id;
    let unread = known.inventory.unreadable.iter().map(|vm| vm.reference.as_str());
    let unread: HashSet<&str> = unread.collect();
    for vm in &mut view.vms {
        let key = key(vm.instance_uuid.clone(), server, &vm.reference);
        // Of one that cannot be read only the reference is known.
        let by_reference = || {
            let saved = newest.values().filter(|(_, point)| {
                unread.contains(vm.reference.as_str())
                    && point.vm.server_id.as_ref() == Some(server)
                    && point.vm.moref.as_ref() == Some(&vm.reference)
            });
            saved.max_by_key(|(last, _)| last.taken_at)
        };
        let found = newest.get(&key).or_else(by_reference);
        vm.last_point = found.map(|(last, _)| last.clone());
    }
    let present: HashSet<String> = all.iter().flat_map(keys).chain(keys(known)).collect();
    newest.retain(|key, (_, point)| {
        let ours = point.source == SourceKind::Vm && point.vm.server_id.as_ref() == Some(server);
        let there = point.vm.moref.as_deref().is_some_and(|moref| unread.contains(moref));
        ours && !there && !present.contains(key)
    });
    let missing: HashSet<String> = newest.keys().cloned().collect();
    let since = gone::since(app, server, &present, &missing, known.read_at);
    for (key, (last, point)) in newest {
        let gone_since = since.get(&key).copied().unwrap_or(known.read_at);
        view.vms.push(gone_view(&key, last, &point, gone_since, app.language()));
        let trees = &mut view.trees;
        for tree in [&mut trees.hosts, &mut trees.folders, &mut trees.storage, &mut trees.tags] {
            if let Some(top) = tree.groups.first_mut() {
                top.vms.push(gone_reference(&key));
            }
        }
    }
    view.vms.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.reference.cmp(&b.reference)));
}

/// Returns under what recovery points are kept for a VM.
fn key(instance_uuid: Option<String>, server: &str, reference: &str) -> String {
    let (server_id, moref) = (Some(server.to_owned()), Some(reference.to_owned()));
    VmIdentity { instance_uuid, server_id, moref, ..VmIdentity::default() }.key()
}

/// Returns the keys of all VMs of a server that can be read.
fn keys(known: &KnownInventory) -> HashSet<String> {
    let server = &known.entry.id;
    let vms = known.inventory.vms.iter();
    vms.map(|vm| key(vm.instance_uuid.clone(), server, vm.reference.as_str())).collect()
}

/// No server uses such a reference, so that nothing else is taken for the VM that is gone.
fn gone_reference(key: &str) -> String {
    format!("gone/{key}")
}

/// Shows a VM of which only recovery points are left.
fn gone_view(
    key: &str,
    last: LastPoint,
    point: &RecoveryPoint,
    gone_since: DateTime<Utc>,
    language: Language,
) -> VmView {
    let vm = UnreadableVm {
        reference: VmRef::new(gone_reference(key)),
        name: point.vm.name.clone(),
        connection: ConnectionState::Orphaned,
        why: String::new(),
        place: VmPlace::default(),
    };
    VmView {
        instance_uuid: point.vm.instance_uuid.clone(),
        last_point: Some(last),
        problem: Some(messages::vm_gone(language).to_owned()),
        gone_since: Some(gone_since),
        ..unreadable_view(&vm, language)
    }
}
