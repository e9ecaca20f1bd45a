//! Properties of managers, tasks, leases and views.

use super::{Scope, host};
use crate::Shape;
use crate::faults::FaultKind;
use crate::value::{Obj, Ref, Value};
use crate::world::inventory::Managers;
use crate::world::{Lease, Task};

/// Returns whether an object is one of the managers.
pub(crate) fn is(managers: &Managers, obj: &Ref) -> bool {
    let id = match obj.kind {
        "ServiceInstance" => "ServiceInstance",
        "ViewManager" => "ViewManager",
        "SessionManager" => managers.session_manager,
        "SearchIndex" => managers.search_index,
        "FileManager" => managers.file_manager,
        "VirtualDiskManager" => managers.disk_manager,
        "OvfManager" => managers.ovf_manager,
        "LicenseManager" => managers.license_manager,
        "AuthorizationManager" => managers.authorization,
        "TaskManager" => managers.task_manager,
        "GuestOperationsManager" => managers.guest_operations,
        _ => return false,
    };
    obj.id == id
}

/// Returns the content of the service instance.
pub(crate) fn service_content(scope: Scope<'_>) -> Obj {
    let inventory = &scope.world.inventory;
    let m = inventory.managers();
    Obj::new("ServiceContent")
        .set("rootFolder", inventory.root().clone())
        .set("propertyCollector", Ref::new("PropertyCollector", m.property_collector))
        .set("viewManager", Ref::new("ViewManager", "ViewManager"))
        .set("about", host::about(scope, scope.core.shape, &inventory.instance_uuid))
        .set("sessionManager", Ref::new("SessionManager", m.session_manager))
        .set("authorizationManager", Ref::new("AuthorizationManager", m.authorization))
        .set("licenseManager", Ref::new("LicenseManager", m.license_manager))
        .set("searchIndex", Ref::new("SearchIndex", m.search_index))
        .set("fileManager", Ref::new("FileManager", m.file_manager))
        .set("virtualDiskManager", Ref::new("VirtualDiskManager", m.disk_manager))
        .set("ovfManager", Ref::new("OvfManager", m.ovf_manager))
        .set("taskManager", Ref::new("TaskManager", m.task_manager))
        .set("guestOperationsManager", Ref::new("GuestOperationsManager", m.guest_operations))
}

/// Returns a session as its owner sees it.
pub(crate) fn user_session(session: &crate::world::Session) -> Obj {
    Obj::new("UserSession")
        .set("key", session.key.as_str())
        .set("userName", session.user.as_str())
        .set("fullName", session.user.as_str())
        .set("loginTime", session.since)
        .set("lastActiveTime", session.last_active)
        .set("locale", "en_US")
        .set("messageLocale", "en_US")
        .set("extensionSession", false)
        .set("ipAddress", "127.0.0.1")
        .set("userAgent", session.agent.as_str())
        .set("callCount", session.calls)
}

pub(crate) fn property(scope: Scope<'_>, obj: &Ref, name: &str) -> Option<Value> {
    let world = scope.world;
    Some(match (obj.kind, name) {
        ("ServiceInstance", "content") => service_content(scope).into(),
        ("ServiceInstance", "serverClock") => scope.core.clock.now().into(),
        ("SessionManager", "currentSession") => {
            user_session(world.sessions.get(scope.session?)?).into()
        }
        ("SessionManager", "sessionList") => {
            Value::list("UserSession", world.sessions.values().map(user_session))
        }
        ("SessionManager", "defaultLocale") => "en".into(),
        ("SessionManager", "supportedLocaleList" | "messageLocaleList") => {
            Value::strings(["en", "en_US", "ja"])
        }
        ("LicenseManager", "licenses") => {
            Value::list("LicenseManagerLicenseInfo", [license(scope)])
        }
        ("LicenseManager", "licensedEdition") => edition(scope).0.into(),
        ("AuthorizationManager", "privilegeList") => Value::list(
            "AuthorizationPrivilege",
            crate::soap::PRIVILEGES.iter().map(|id| {
                let (group, name) = id.rsplit_once('.').unwrap_or(("", id));
                Obj::new("AuthorizationPrivilege")
                    .set("privId", *id)
                    .set("onParent", false)
                    .set("name", name)
                    .set("privGroupName", group)
            }),
        ),
        ("TaskManager", "recentTask") => {
            Value::refs(world.tasks.values().map(|t| Ref::new("Task", t.id.clone())))
        }
        ("HostDatastoreBrowser", "datastore") => {
            let id = obj.id.strip_prefix("datastoreBrowser-")?;
            Value::refs(world.inventory.node(id).map(|n| n.at.clone()))
        }
        ("PropertyCollector", "filter") => {
            let session = world.sessions.get(scope.session?)?;
            let filters =
                session.collectors.get(&obj.id).map(|c| &c.filters[..]).unwrap_or_default();
            Value::refs(filters.iter().map(|f| Ref::new("PropertyFilter", f.id.clone())))
        }
        ("ViewManager", "viewList") => {
            let session = world.sessions.get(scope.session?)?;
            Value::refs(session.views.keys().map(|id| Ref::new("ContainerView", id.clone())))
        }
        _ => return None,
    })
}

/// Returns the edition's key and name.
fn edition(scope: Scope<'_>) -> (&'static str, &'static str) {
    if scope.core.faults.active(FaultKind::RestrictedLicense).is_some() {
        return ("esxBasic", "vSphere 8 Hypervisor");
    }
    match scope.core.shape {
        Shape::Esxi => ("esx.enterprisePlus.cpuPackageCoreLimited", "vSphere 8 Enterprise Plus"),
        Shape::Vcenter => ("vc.standard.instance", "vCenter Server 8 Standard"),
    }
}

fn license(scope: Scope<'_>) -> Obj {
    let (key, name) = edition(scope);
    let mut properties: Vec<Obj> = Vec::new();
    let pair = |k: &str, v: &str| Obj::new("KeyValue").set("key", k).set("value", v);
    if scope.core.faults.active(FaultKind::RestrictedLicense).is_none() {
        for (k, v) in [("dvs", "vSphere Distributed Switch"), ("vstorage", "vStorage APIs")] {
            properties.push(Obj::new("KeyAnyValue").set("key", "feature").set("value", pair(k, v)));
        }
    }
    Obj::new("LicenseManagerLicenseInfo")
        .set("licenseKey", "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA")
        .set("editionKey", key)
        .set("name", name)
        .set("total", 0)
        .set("costUnit", "cpuPackage")
        .set("properties", Value::list("KeyAnyValue", properties))
}

pub(crate) fn task(task: &Task, name: &str) -> Option<Value> {
    if name != "info" {
        return None;
    }
    // Managers are no entities; tasks on their behalf name none.
    let entity = crate::schema::schema().is_a(task.entity.kind, "ManagedEntity");
    let reason = Obj::new("TaskReasonUser").set("userName", "root");
    let info = Obj::new("TaskInfo")
        .set("key", task.id.as_str())
        .set("task", Ref::new("Task", task.id.clone()))
        .set("name", task.method)
        .set("descriptionId", task.description)
        .opt("entity", entity.then(|| task.entity.clone()))
        .opt("entityName", entity.then_some(task.entity_name.as_str()))
        .choice("state", task.state.name())
        .set("cancelled", task.cancel)
        .set("cancelable", true)
        .opt("error", task.error.clone())
        .opt("result", task.result.clone())
        .opt("progress", task.progress)
        .set("reason", reason)
        .set("queueTime", task.queued)
        .opt("startTime", task.started)
        .opt("completeTime", task.completed)
        .set("eventChainId", 0);
    Some(info.into())
}

pub(crate) fn lease(scope: Scope<'_>, lease: &Lease, name: &str) -> Option<Value> {
    Some(match name {
        "state" => Value::Enum("HttpNfcLeaseState", lease.state.name().to_string()),
        "initializeProgress" => 100.into(),
        "transferProgress" => lease.progress.into(),
        "mode" => "pushOrGet".into(),
        "error" => Value::Fault(Box::new(lease.error.clone()?)),
        "info" => lease_info(scope, lease)?.into(),
        _ => return None,
    })
}

fn lease_info(scope: Scope<'_>, lease: &Lease) -> Option<Obj> {
    if lease.state != crate::world::lease::LeaseState::Ready {
        return None;
    }
    let (options, identity) = (&scope.core.options, &scope.core.identity);
    let port = identity.authority.rsplit(':').next().unwrap_or_default();
    let host = match (&options.lease_host, scope.core.shape) {
        (Some(host), _) if host.contains(':') => host.clone(),
        (Some(host), _) => format!("{host}:{port}"),
        (None, Shape::Esxi) => "*".to_owned(),
        (None, Shape::Vcenter) => identity.authority.clone(),
    };
    let thumbprint = options.lease_thumbprint.as_ref().unwrap_or(&identity.sha1);
    let urls = lease.files.values().map(|f| {
        Obj::new("HttpNfcLeaseDeviceUrl")
            .set("key", f.key.as_str())
            .set("importKey", f.import_key.as_str())
            .set("url", format!("https://{host}/nfc/{}/{}", lease.ticket(), f.target))
            .set("sslThumbprint", thumbprint.as_str())
            .set("disk", true)
            .set("targetId", f.target.as_str())
            .set("datastoreKey", "datastore1")
    });
    let capacity: u64 = lease.files.values().map(|f| f.capacity / 1024).sum();
    let seconds = i32::try_from(lease.timeout.as_secs().max(1)).unwrap_or(i32::MAX);
    Some(
        Obj::new("HttpNfcLeaseInfo")
            .set("lease", Ref::new("HttpNfcLease", lease.id.clone()))
            .set("entity", crate::world::World::vm_ref(&lease.vm))
            .set("deviceUrl", Value::list("HttpNfcLeaseDeviceUrl", urls))
            .set("totalDiskCapacityInKB", capacity)
            .set("leaseTimeout", seconds),
    )
}

pub(crate) fn view(scope: Scope<'_>, obj: &Ref, name: &str) -> Option<Value> {
    let view = scope.world.sessions.get(scope.session?)?.views.get(&obj.id)?;
    Some(match name {
        "container" => view.container.clone().into(),
        "type" => Value::strings(view.kinds.clone()),
        "recursive" => view.recursive.into(),
        "view" => Value::refs(crate::soap::view_members(scope, view)),
        _ => return None,
    })
}
