use std::collections::HashMap;
use std::sync::PoisonError;

use kuramori_vsphere::{
    DatastoreSummary, DiskConfig, HostRef, Inventory, PowerState, ToolsState, VmSummary,
};

use super::Handler;
use crate::access;
use crate::app::App;
use crate::convert;
use crate::dto::{
    DatastoreView, InventoryRequest, InventoryView, LastPoint, PointView, PowerView, Topic,
    TrackingView, VmDiskView, VmView,
};
use crate::error::AppError;
use crate::schema::command;
use crate::settings::ServerEntry;

impl Handler for command::InventoryGet {
    async fn handle(app: &App, request: InventoryRequest) -> Result<InventoryView, AppError> {
        let id = app.inner.settings.get().server(&request.server_id)?.id.clone();
        let known = || {
            let inventories = app.inner.inventories.lock().unwrap_or_else(PoisonError::into_inner);
            inventories.get(&id).cloned()
        };
        let mut view = match known().filter(|_| !request.refresh) {
            Some(view) => view,
            None => read(app, &id).await?,
        };
        app.blocking(move |app| {
            add_points(app, &mut view);
            Ok(view)
        })
        .await
    }
}

async fn read(app: &App, id: &str) -> Result<InventoryView, AppError> {
    let (entry, client) = access::client(app, id).await?;
    let inventory = client.inventory().await.map_err(|e| convert::server(&e, &entry.name))?;
    let view = InventoryView { read_at: app.inner.clock.now(), ..show(&entry, &inventory) };
    let mut inventories = app.inner.inventories.lock().unwrap_or_else(PoisonError::into_inner);
    inventories.insert(entry.id.clone(), view.clone());
    drop(inventories);
    app.inner.events.changed(Topic::Inventory, Some(entry.id));
    Ok(view)
}

fn show(entry: &ServerEntry, inventory: &Inventory) -> InventoryView {
    let hosts: HashMap<&HostRef, &str> =
        inventory.hosts.iter().map(|h| (&h.reference, h.name.as_str())).collect();
    let vms = inventory.vms.iter().filter(|vm| !vm.system).map(|vm| vm_view(vm, &hosts));
    InventoryView {
        server_id: entry.id.clone(),
        server_name: entry.name.clone(),
        kind: entry.kind,
        read_at: chrono::DateTime::UNIX_EPOCH,
        vms: vms.collect(),
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

fn vm_view(vm: &VmSummary, hosts: &HashMap<&HostRef, &str>) -> VmView {
    let can_be_saved = vm.disks.iter().any(|d| d.obstacle().is_none());
    let problem = if vm.template {
        Some("templates have no snapshots".to_owned())
    } else if !can_be_saved {
        Some("it has no disk that can be saved".to_owned())
    } else {
        None
    };
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
        disks: vm.disks.iter().map(disk_view).collect(),
        capacity: vm.disks.iter().map(|d| d.capacity.get()).sum(),
        used: Some(vm.committed.get()).filter(|bytes| *bytes > 0),
        last_point: None,
        problem,
    }
}

fn disk_view(disk: &DiskConfig) -> VmDiskView {
    VmDiskView {
        key: disk.key.get(),
        label: disk.label.clone(),
        capacity: disk.capacity.get(),
        thin: disk.thin,
        left_out: disk.obstacle().map(|o| o.to_string()),
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
