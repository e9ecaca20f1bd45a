//! Properties of VMs.

use super::{Scope, config, guest, layout, snapshot};
use crate::config::Special;
use crate::value::{Obj, Ref, Value};
use crate::world::Vm;

pub(crate) fn power(on: bool) -> &'static str {
    if on { "poweredOn" } else { "poweredOff" }
}

pub(crate) fn property(scope: Scope<'_>, vm: &Vm, name: &str) -> Option<Value> {
    let state = &vm.state;
    let world = scope.world;
    let id =
        |kind: &str| world.inventory.nodes.iter().find(|n| n.at.id == kind).map(|n| n.at.clone());
    Some(match name {
        "name" => state.conf.name.as_str().into(),
        "parent" if state.special == Some(Special::InVapp) => return None,
        "parent" => id(&state.folder)?.into(),
        "resourcePool" => id(&state.pool)?.into(),
        "config" if state.special == Some(Special::Inaccessible) => return None,
        "config" => config::of_vm(scope, vm).into(),
        "parentVApp" if state.special == Some(Special::InVapp) => {
            Ref::new("VirtualApp", "resgroup-v1").into()
        }
        "capability" => capability().into(),
        "runtime" => runtime(scope, vm).into(),
        "guest" => guest::info(vm).into(),
        "guestHeartbeatStatus" => {
            let color = guest::heartbeat(scope, vm);
            Value::Enum("ManagedEntityStatus", color.to_string())
        }
        "overallStatus" | "configStatus" => Value::Enum("ManagedEntityStatus", "green".to_string()),
        "summary" => summary(scope, vm).into(),
        "storage" => storage(scope, vm).into(),
        "layoutEx" => layout::layout_ex(scope, vm).into(),
        "snapshot" => snapshot::info(vm)?.into(),
        "rootSnapshot" => Value::refs(
            state
                .snapshots
                .iter()
                .filter(|s| s.parent.is_none())
                .map(|s| Ref::new("VirtualMachineSnapshot", s.id.clone())),
        ),
        "datastore" => {
            let mut names: Vec<String> = vm.disks.iter().map(|d| d.meta().datastore).collect();
            names.push(state.datastore.clone());
            names.sort();
            names.dedup();
            Value::refs(
                names.iter().filter_map(|n| world.inventory.datastore(n)).map(|n| n.at.clone()),
            )
        }
        "network" => Value::refs(
            world
                .inventory
                .kind("Network")
                .filter(|n| state.conf.nics.iter().any(|c| c.network == n.name))
                .map(|n| n.at.clone()),
        ),
        "recentTask" => Value::refs(
            world
                .tasks
                .values()
                .filter(|t| t.entity.id == state.id)
                .map(|t| Ref::new("Task", t.id.clone())),
        ),
        "effectiveRole" => Value::List("int", vec![Value::Int(-1)]),
        "disabledMethod" => Value::strings(Vec::<String>::new()),
        _ => return None,
    })
}

fn power_of(vm: &Vm) -> &'static str {
    match vm.state.special {
        Some(Special::Suspended) => "suspended",
        _ => power(vm.state.powered_on),
    }
}

fn connection(vm: &Vm) -> &'static str {
    match vm.state.special {
        Some(Special::Inaccessible) => "inaccessible",
        Some(Special::Orphaned) => "orphaned",
        _ => "connected",
    }
}

fn capability() -> Obj {
    let yes = [
        "snapshotOperationsSupported",
        "multipleSnapshotsSupported",
        "memorySnapshotsSupported",
        "revertToSnapshotSupported",
        "quiescedSnapshotsSupported",
        "changeTrackingSupported",
        "diskOnlySnapshotOnSuspendedVMSupported",
        "cpuFeatureMaskSupported",
        "powerOffSnapshotsSupported",
        "snapshotConfigSupported",
    ];
    let known = |n: &&&str| crate::schema::schema().member("VirtualMachineCapability", n).is_some();
    yes.iter().filter(known).fold(Obj::new("VirtualMachineCapability"), |o, n| o.set(n, true))
}

fn runtime(scope: Scope<'_>, vm: &Vm) -> Obj {
    let host = scope.world.inventory.node(&vm.state.host).map(|n| n.at.clone());
    let paired = vm.state.special == Some(Special::FaultTolerant);
    let fault_tolerance = if paired { "running" } else { "notConfigured" };
    Obj::new("VirtualMachineRuntimeInfo")
        .opt("host", host)
        .choice("connectionState", connection(vm))
        .choice("powerState", power_of(vm))
        .choice("faultToleranceState", fault_tolerance)
        .set("toolsInstallerMounted", false)
        .opt("bootTime", vm.state.powered_on.then_some(vm.state.created))
        .set("numMksConnections", 0)
        .set("recordReplayState", Value::Enum("VirtualMachineRecordReplayState", "inactive".into()))
        .set("consolidationNeeded", vm.state.consolidation_needed)
}

fn summary(scope: Scope<'_>, vm: &Vm) -> Obj {
    let conf = &vm.state.conf;
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let config = Obj::new("VirtualMachineConfigSummary")
        .set("name", conf.name.as_str())
        .set("template", vm.state.special == Some(Special::Template))
        .set("vmPathName", vm.path_of(&format!("{}.vmx", vm.state.dir)))
        .set("memorySizeMB", i32::try_from(conf.memory_mb).unwrap_or(i32::MAX))
        .set("numCpu", conf.cpus)
        .set("numEthernetCards", count(conf.nics.len()))
        .set("numVirtualDisks", count(vm.disks.len()))
        .set("uuid", conf.uuid.as_str())
        .set("instanceUuid", conf.instance_uuid.as_str())
        .set("guestId", conf.guest_id.as_str())
        .set("guestFullName", config::guest_name(&conf.guest_id))
        .set("annotation", conf.annotation.as_str())
        .set("hwVersion", conf.version.as_str());
    let (committed, capacity) = sizes(vm);
    let storage = Obj::new("VirtualMachineStorageSummary")
        .set("committed", committed)
        .set("uncommitted", capacity.saturating_sub(committed))
        .set("unshared", committed)
        .set("timestamp", scope.core.clock.now());
    let quick = Obj::new("VirtualMachineQuickStats")
        .choice("guestHeartbeatStatus", guest::heartbeat(scope, vm));
    Obj::new("VirtualMachineSummary")
        .set("vm", vm.reference())
        .set("runtime", runtime(scope, vm))
        .set("guest", guest::summary(vm))
        .set("config", config)
        .set("storage", storage)
        .set("quickStats", quick)
        .choice("overallStatus", "green")
}

fn storage(scope: Scope<'_>, vm: &Vm) -> Obj {
    let (committed, capacity) = sizes(vm);
    let usage = scope.world.inventory.datastore(&vm.state.datastore).map(|n| {
        Obj::new("VirtualMachineUsageOnDatastore")
            .set("datastore", n.at.clone())
            .set("committed", committed)
            .set("uncommitted", capacity.saturating_sub(committed))
            .set("unshared", committed)
    });
    Obj::new("VirtualMachineStorageInfo")
        .set("perDatastoreUsage", Value::list("VirtualMachineUsageOnDatastore", usage))
        .set("timestamp", scope.core.clock.now())
}

/// Returns the bytes the disks take and the bytes they could take.
fn sizes(vm: &Vm) -> (u64, u64) {
    vm.disks.iter().fold((0, 0), |(used, all), disk| {
        let meta = disk.meta();
        (used + disk.allocated(meta.current).total().get(), all + meta.capacity)
    })
}
