//! What servers hold: read once, kept, and read again when the server tells that it changed.

mod gone;
mod live;
mod same;
mod view;

use std::sync::{Arc, PoisonError};

use chrono::{DateTime, Utc};
use kuramori_vsphere::{Inventory, TagCategory, TagsUnavailable};

pub(crate) use view::datastore_view;

use crate::access;
use crate::app::App;
use crate::commands::Handler;
use crate::convert;
use crate::dto::{InventoryRequest, InventoryView, Topic};
use crate::error::AppError;
use crate::schema::command;
use crate::settings::ServerEntry;

impl Handler for command::InventoryGet {
    async fn handle(app: &App, request: InventoryRequest) -> Result<InventoryView, AppError> {
        let id = app.inner.settings.get().server(&request.server_id)?.id.clone();
        let known = match known(app, &id).filter(|_| !request.refresh) {
            Some(known) => known,
            None => read(app, &id).await?,
        };
        app.blocking(move |app| Ok(view::whole(app, &known))).await
    }
}

/// An inventory as it was read; it is put in words for each who asks.
#[derive(Clone)]
pub(crate) struct KnownInventory {
    entry: ServerEntry,
    inventory: Arc<Inventory>,
    tags: Arc<Result<Vec<TagCategory>, TagsUnavailable>>,
    read_at: DateTime<Utc>,
}

fn known(app: &App, id: &str) -> Option<KnownInventory> {
    let inventories = app.inner.inventories.lock().unwrap_or_else(PoisonError::into_inner);
    inventories.get(id).cloned()
}

/// Returns all inventories read so far of servers that are still there.
fn all_known(app: &App) -> Vec<KnownInventory> {
    let servers = app.inner.settings.get().servers;
    let inventories = app.inner.inventories.lock().unwrap_or_else(PoisonError::into_inner);
    servers.iter().filter_map(|server| inventories.get(&server.id).cloned()).collect()
}

/// Forgets what a server held.
pub(crate) fn forget(app: &App, id: &str) {
    let mut inventories = app.inner.inventories.lock().unwrap_or_else(PoisonError::into_inner);
    inventories.remove(id);
}

/// Reads an inventory anew, for whoever wants to know which VMs there are and nothing about their
/// recovery points: no repository is asked. Where tags cannot be read, it says why.
pub(crate) async fn fresh(
    app: &App,
    id: &str,
) -> Result<(InventoryView, Result<(), String>), AppError> {
    let id = app.inner.settings.get().server(id)?.id.clone();
    let known = read(app, &id).await?;
    let tags = known.tags.as_ref().as_ref().map(drop).map_err(ToString::to_string);
    Ok((view::plain(app, &known), tags))
}

async fn read(app: &App, id: &str) -> Result<KnownInventory, AppError> {
    let (entry, client) = access::client(app, id).await?;
    let (inventory, tags) = tokio::join!(client.inventory(), client.tags());
    let inventory = inventory.map_err(|e| convert::server(&e, &entry.name))?;
    if let Err(why) = &tags {
        tracing::debug!(server = entry.name, %why, "there are no tags");
    }
    let (id, read_at) = (entry.id.clone(), app.inner.clock.now());
    let known =
        KnownInventory { entry, inventory: Arc::new(inventory), tags: Arc::new(tags), read_at };
    // One that was removed while it was read does not come back.
    if app.inner.settings.get().server(&id).is_ok() {
        let mut inventories = app.inner.inventories.lock().unwrap_or_else(PoisonError::into_inner);
        inventories.insert(id.clone(), known.clone());
    }
    app.inner.events.changed(Topic::Inventory, Some(id));
    Ok(known)
}
