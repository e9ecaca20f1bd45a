use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use chrono::{DateTime, Utc};
use kuramori_vsphere::{
    DatastoreSummary, DiskConfig, HostRef, Inventory, PowerState, ToolsState, UnreadableVm,
    VmSummary,
};

use super::Handler;
use crate::access;
use crate::app::App;
use crate::convert;
use crate::dto::{
    DatastoreView, InventoryRequest, InventoryView, Language, LastPoint, PointView, PowerView,
    Topic, TrackingView, VmDiskView, VmView,
};
use crate::error::AppError;
use crate::messages;
use crate::schema::command;
use crate::settings::ServerEntry;

impl Handler for command::InventoryGet {
    async fn handle(app: &App, request: InventoryRequest) -> Result<InventoryView, AppError> {
        let id = app.inner.settings.get().server(&request.server_id)?.id.clone();
        let known = || {
            let inventories = app.inner.inventories.lock().unwrap_or_else(PoisonError::into_inner);
            inventories.get(&id).cloned()
        };
        let known = match known().filter(|_| !request.refresh) {
            Some(known) => known,
            None => read(app, &id).await?,
        };
        let mut view = show(&known, app.language());
        app.blocking(move |app| {
            add_points(app, &mut view);
            Ok(view)
        })
        .await
    }
}

/// An inventory as it was read; it is put in words for each who asks.
#[derive(Clone)]
pub(crate) struct KnownInventory {
    entry: ServerEntry,
    inventory: Arc<Inventory>,
    read_at: DateTime<Utc>,
}

async fn read(app: &App, id: &str) -> Result<KnownInventory, AppError> {
    let (entry, client) = access::client(app, id).await?;
    let inventory = client.inventory().await.map_err(|e| convert::server(&e, &entry.name))?;
    let (id, read_at) = (entry.id.clone(), app.inner.clock.now());
    let known = KnownInventory { entry, inventory: Arc::new(inventory), read_at };
    let mut inventories = app.inner.inventories.lock().unwrap_or_else(PoisonError::into_inner);
    inventories.insert(id.clone(), known.clone());
    drop(inventories);
    app.inner.events.changed(Topic::Inventory, Some(id));
    Ok(known)
}

fn show(known: &KnownInventory, language: Language) -> InventoryView {
    let (entry, inventory) = (&known.entry, &known.inventory);
    let hosts: HashMap<&HostRef, &str> =
        inventory.hosts.iter().map(|h| (&h.reference, h.name.as_str())).collect();
    let readable = inventory.vms.iter().map(|vm| vm_view(vm, &hosts, (known.read_at, language)));
    let unreadable = inventory.unreadable.iter().map(|vm| unreadable_view(vm, language));
    let mut vms: Vec<VmView> = readable.chain(unreadable).collect();
    vms.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.reference.cmp(&b.reference)));
    InventoryView {
        server_id: entry.id.clone(),
        server_name: entry.name.clone(),
        kind: entry.kind,
        read_at: known.read_at,
        vms,
        datastores: inventory.datastores.iter().map(datastore_view).collect(),
    }
}

pub(super) fn datastore_view(datastore: &DatastoreSummary) -> DatastoreView {
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
        tracking: TrackingView::Unsupported,
        snapshots: 0,
        disks: Vec::new(),
        capacity: 0,
        used: None,
        last_point: None,
        problem: Some(messages::vm_obstacle(vm.obstacle(), language).to_owned()),
        notes: Vec::new(),
    }
}

fn disk_view(disk: &DiskConfig, language: Language) -> VmDiskView {
    let left_out = disk.obstacle().map(|o| messages::disk_obstacle(o, language).to_owned());
    let note = messages::disk_note(disk, language).filter(|_| left_out.is_none());
    VmDiskView {
        key: disk.key.get(),
        label: disk.label.clone(),
        capacity: disk.capacity.get(),
        thin: disk.thin,
        left_out,
        note: note.map(str::to_owned),
    }
}

/// Fills in the newest recovery point of each VM. Repositories that are away are left out: the
/// list of recovery points says so.
fn add_points(app: &App, view: &mut InventoryView) {
    let mut newest: HashMap<String, PointView> = HashMap::new();
    for entry in app.inner.settings.get().repositories {
        let points = app.place(&entry.id).and_then(|p| p.points(app.language()));
        for point in points.map(|list| list.points).unwrap_or_default() {
            let Some(uuid) = point.instance_uuid.clone() else { continue };
            let better = newest.get(&uuid).is_none_or(|known| known.taken_at < point.taken_at);
            if better {
                newest.insert(uuid, point);
            }
        }
    }
    for vm in &mut view.vms {
        let point = vm.instance_uuid.as_ref().and_then(|uuid| newest.get(uuid));
        vm.last_point = point.map(|p| LastPoint {
            id: p.id.clone(),
            taken_at: p.taken_at,
            repository_id: p.repository_id.clone(),
        });
    }
}
