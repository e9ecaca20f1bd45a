//! What the owner of the lab can see and change besides disks.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::LabError;
use crate::core::Core;
use crate::faults::{FaultKind, FaultSpec};
use crate::http::App;
use crate::world::Vm;

/// A disk of a VM.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiskInfo {
    /// Its identity.
    pub uuid: String,
    /// Its device key.
    pub key: i32,
    /// Its size in bytes.
    pub capacity: u64,
    /// Bytes its files hold, in blocks of 64 KiB.
    pub allocated: u64,
    /// Whether it is thin.
    pub thin: bool,
    /// The datastore path of the link the VM writes to.
    pub file: String,
    /// The files of the chain, the base last.
    pub chain: Vec<String>,
    /// The change id of the running disk, when it is tracked.
    pub change_id: Option<String>,
}

/// A disk in a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SnapshotDiskInfo {
    /// The disk's identity.
    pub uuid: String,
    /// The datastore path of the link that holds the frozen state.
    pub file: String,
    /// The change id of the moment.
    pub change_id: Option<String>,
}

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SnapshotInfo {
    /// Its identifier in the API.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// Whether it was asked to quiesce a running guest.
    pub quiesced: bool,
    /// The snapshot it builds on.
    pub parent: Option<String>,
    /// Its disks.
    pub disks: Vec<SnapshotDiskInfo>,
}

/// A network card of a VM.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NicInfo {
    /// The network it is on.
    pub network: String,
    /// Its address.
    pub mac: String,
    /// Whether it is connected.
    pub connected: bool,
    /// Whether it will be when the VM starts.
    pub start_connected: bool,
}

/// A VM.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VmInfo {
    /// Its name.
    pub name: String,
    /// Its identifier in the API.
    pub id: String,
    /// Its instance UUID.
    pub instance_uuid: String,
    /// Its BIOS UUID.
    pub uuid: String,
    /// Its guest identifier.
    pub guest_id: String,
    /// Its firmware.
    pub firmware: String,
    /// Its processors.
    pub cpus: i32,
    /// Its memory in MiB.
    pub memory_mb: i64,
    /// Whether it runs.
    pub powered_on: bool,
    /// Whether change tracking is configured.
    pub change_tracking: bool,
    /// Whether links are left that no snapshot explains.
    pub consolidation_needed: bool,
    /// Whether an import still fills it.
    pub importing: bool,
    /// Its disks.
    pub disks: Vec<DiskInfo>,
    /// Files of frozen disks of others that hang on it.
    pub visitors: Vec<String>,
    /// Its network cards.
    pub nics: Vec<NicInfo>,
    /// The version of its hardware.
    pub version: String,
    /// What its CD drives have in them.
    pub drives: Vec<Option<String>>,
    /// What it tries to boot from, by device key where it has one.
    pub boot_order: Vec<String>,
    /// Its snapshots, oldest first.
    pub snapshots: Vec<SnapshotInfo>,
    /// The snapshot the running state builds on.
    pub current_snapshot: Option<String>,
}

pub(crate) fn vms(core: &Core) -> Vec<VmInfo> {
    let world = core.world();
    let mut all: Vec<VmInfo> = world.vms.values().map(vm).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

fn vm(vm: &Vm) -> VmInfo {
    let state = &vm.state;
    let conf = &state.conf;
    VmInfo {
        name: conf.name.clone(),
        id: state.id.clone(),
        instance_uuid: conf.instance_uuid.clone(),
        uuid: conf.uuid.clone(),
        guest_id: conf.guest_id.clone(),
        firmware: conf.firmware.clone(),
        cpus: conf.cpus,
        memory_mb: conf.memory_mb,
        powered_on: state.powered_on,
        change_tracking: conf.change_tracking == Some(true),
        consolidation_needed: state.consolidation_needed,
        importing: state.importing,
        disks: vm.disks.iter().map(|d| disk(d)).collect(),
        visitors: vm.visitors.iter().map(crate::world::Visitor::file).collect(),
        nics: conf
            .nics
            .iter()
            .map(|n| NicInfo {
                network: n.network.clone(),
                mac: n.mac.clone(),
                connected: n.connected,
                start_connected: n.start_connected,
            })
            .collect(),
        version: conf.version.clone(),
        drives: conf.drives.iter().map(|d| d.image.clone()).collect(),
        boot_order: conf.boot_order.iter().map(|boot| format!("{boot:?}")).collect(),
        snapshots: state.snapshots.iter().map(|s| snapshot(vm, s)).collect(),
        current_snapshot: state.current_snapshot.clone(),
    }
}

fn disk(disk: &crate::disk::Disk) -> DiskInfo {
    let meta = disk.meta();
    let chain: Vec<String> =
        meta.chain(meta.current).iter().map(|l| meta.path_of(&l.descriptor)).collect();
    DiskInfo {
        uuid: meta.uuid.clone(),
        key: meta.key,
        capacity: meta.capacity,
        allocated: disk.allocated(meta.current).total().get(),
        thin: meta.thin,
        file: chain.first().cloned().unwrap_or_default(),
        chain,
        change_id: disk.change_id().map(|c| c.to_string()),
    }
}

fn snapshot(vm: &Vm, snapshot: &crate::world::Snapshot) -> SnapshotInfo {
    let disks = snapshot.disks.iter().map(|held| {
        let meta = vm.disk_uuid(&held.uuid).map(|d| d.meta());
        let file = meta.as_ref().and_then(|m| m.link(held.link).map(|l| m.path_of(&l.descriptor)));
        SnapshotDiskInfo {
            uuid: held.uuid.clone(),
            file: file.unwrap_or_default(),
            change_id: held.change_id.clone(),
        }
    });
    SnapshotInfo {
        id: snapshot.id.clone(),
        name: snapshot.name.clone(),
        description: snapshot.description.clone(),
        created: snapshot.created,
        quiesced: snapshot.quiesced,
        parent: snapshot.parent.clone(),
        disks: disks.collect(),
    }
}

/// Puts a fault in place, including those that act at once.
pub(crate) fn add_fault(app: &App, spec: FaultSpec) -> Result<u64, LabError> {
    match spec.kind {
        FaultKind::ExpireSessions => {
            app.core.world().sessions.clear();
            app.core.notify();
            // It has struck; nothing stays in place.
            return Ok(0);
        }
        FaultKind::WrongCertificate => app.certificates.pretend(true),
        _ => {}
    }
    app.core.faults.add(spec).map_err(LabError::Fault)
}

/// Removes one fault, or all.
pub(crate) fn remove_faults(app: &App, id: Option<u64>) {
    app.core.faults.remove(id);
    let wrong = app.core.faults.active(FaultKind::WrongCertificate).is_some();
    app.certificates.pretend(wrong);
}
