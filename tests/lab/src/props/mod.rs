//! The properties of managed objects.

mod config;
mod devices;
mod guest;
mod host;
mod layout;
mod manager;
mod node;
mod snapshot;
mod vm;

pub(crate) use manager::{service_content, user_session};
pub(crate) use node::children;

use std::collections::HashMap;

use crate::core::Core;
use crate::schema::schema;
use crate::soap::Fault;
use crate::value::{PathError, Ref, Value, descend};
use crate::world::World;

/// What properties are read from: the world under its lock, and the call's session.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) core: &'a Core,
    pub(crate) world: &'a World,
    pub(crate) session: Option<&'a str>,
}

/// Reads a property path of an object; `None` when it is unset.
///
/// # Errors
/// `InvalidProperty` for a path the type does not have, `ManagedObjectNotFound` for no object.
pub(crate) fn read(scope: Scope<'_>, obj: &Ref, path: &str) -> Result<Option<Value>, Fault> {
    read_cached(scope, obj, path, &mut Tops::new())
}

/// What whole properties of one object are, by name, while several paths into them are read.
pub(crate) type Tops = HashMap<String, Option<Value>>;

/// As [`read`]; each whole property is made once.
pub(crate) fn read_cached(
    scope: Scope<'_>,
    obj: &Ref,
    path: &str,
    tops: &mut Tops,
) -> Result<Option<Value>, Fault> {
    let parts: Vec<&str> = path.split('.').collect();
    let invalid = || {
        Fault::new("InvalidProperty", format!("The property {path} of {} is unknown.", obj.kind))
            .with("name", path)
    };
    let first = parts.first().copied().unwrap_or_default();
    let (name, _) = first.split_once('[').unwrap_or((first, ""));
    let member = schema().property(obj.kind, name).ok_or_else(invalid)?;
    if !exists(scope, obj) {
        return Err(Fault::gone(obj));
    }
    if !tops.contains_key(name) {
        tops.insert(name.to_string(), top(scope, obj, name));
    }
    let value = tops.get(name).cloned().flatten();
    match descend(member, value, &parts[1..]) {
        Ok(value) => Ok(value),
        Err(PathError) => Err(invalid()),
    }
}

/// Returns the names of the properties a type has.
pub(crate) fn names(kind: &str) -> Vec<&'static str> {
    schema()
        .objects
        .get(kind)
        .map(|t| t.members.iter().map(|m| m.name).collect())
        .unwrap_or_default()
}

/// Returns whether an object is there.
pub(crate) fn exists(scope: Scope<'_>, obj: &Ref) -> bool {
    let world = scope.world;
    let session = || scope.session.and_then(|s| world.sessions.get(s));
    match obj.kind {
        "VirtualMachine" => world.vms.contains_key(&obj.id),
        "VirtualMachineSnapshot" => world.snapshot(&obj.id).is_some(),
        "Task" => world.tasks.contains_key(&obj.id),
        "HttpNfcLease" => {
            world.leases.get(&obj.id).is_some_and(|l| scope.session == Some(l.session.as_str()))
        }
        "ContainerView" => session().is_some_and(|s| s.views.contains_key(&obj.id)),
        "PropertyCollector" => {
            obj.id == world.inventory.managers().property_collector
                || session().is_some_and(|s| s.collectors.contains_key(&obj.id))
        }
        "PropertyFilter" => session().is_some_and(|s| {
            s.collectors.values().any(|c| c.filters.iter().any(|f| f.id == obj.id))
        }),
        "EnvironmentBrowser" => {
            obj.id.strip_prefix("envbrowser-").is_some_and(|id| world.inventory.node(id).is_some())
        }
        "HostDatastoreBrowser" => obj
            .id
            .strip_prefix("datastoreBrowser-")
            .is_some_and(|id| world.inventory.node(id).is_some()),
        _ => {
            world.inventory.node(&obj.id).is_some_and(|n| n.at.kind == obj.kind)
                || manager::is(&world.inventory.managers(), obj)
        }
    }
}

fn top(scope: Scope<'_>, obj: &Ref, name: &str) -> Option<Value> {
    let world = scope.world;
    match obj.kind {
        "VirtualMachine" => vm::property(scope, world.vms.get(&obj.id)?, name),
        "VirtualMachineSnapshot" => {
            let (vm, snap) = world.snapshot(&obj.id)?;
            snapshot::property(scope, vm, snap, name)
        }
        "Task" => manager::task(world.tasks.get(&obj.id)?, name),
        "HttpNfcLease" => manager::lease(scope, world.leases.get(&obj.id)?, name),
        "ContainerView" => manager::view(scope, obj, name),
        "HostSystem" => host::property(scope, obj, name),
        "Datastore" => node::datastore(scope, obj, name),
        _ if world.inventory.node(&obj.id).is_some() => node::property(scope, obj, name),
        _ => manager::property(scope, obj, name),
    }
}
