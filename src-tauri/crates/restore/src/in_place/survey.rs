//! What a restore over the original would do, found out without touching anything.

use kuramori_block::ByteLen;
use kuramori_repo::{Manifest, Repository};
use kuramori_vsphere::{
    Client, DatastoreRef, DiskConfig, DiskShape, PowerState, ToolsState, VmConfig, VmHardware,
    VmRef, VmSummary,
};

use super::error::InPlaceError;
use super::promise::Before;
use crate::vm::{VmRestoreError, data_in_disk, hardware};

/// What may be done to a VM that runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// Nothing.
    #[default]
    None,
    /// The guest may be asked to shut down.
    ShutDown,
    /// It may be switched off, as by a pulled plug.
    PowerOff,
}

/// A disk of the recovery point and its place in the original.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    /// As the recovery point describes it.
    pub(super) shape: DiskShape,
    /// Its position in the recovery point.
    pub(super) position: usize,
    /// The controller in the original, by its key there.
    pub(super) controller_key: i32,
    /// The disk that has the place now.
    pub(super) old: Option<DiskConfig>,
    /// Where it goes.
    pub(super) datastore: (DatastoreRef, String),
    /// Bytes that hold anything but zeros.
    pub(super) bytes: ByteLen,
}

/// What a restore over the original would do. Nothing was touched to find out.
#[derive(Debug)]
pub struct InPlacePlan {
    /// The original.
    pub vm: VmRef,
    /// The identity it keeps for life.
    pub instance_uuid: String,
    /// Its name now.
    pub name: String,
    /// Whether it runs.
    pub power: PowerState,
    /// Bytes of data that will be sent.
    pub bytes: ByteLen,
    /// Sizes of the disks together.
    pub capacity: ByteLen,
    /// Files of the disks it has now and that are exchanged. They stay on the datastore.
    pub old_files: Vec<String>,
    /// Disks of the original that the recovery point does not have. They stay in it.
    pub untouched: Vec<String>,
    /// What stands in the way.
    pub problems: Vec<InPlaceError>,
    pub(super) disks: Vec<Exchange>,
    /// As the recovery point has it.
    pub(super) hardware: VmHardware,
    /// Version of the virtual hardware that the original has now: its host may have no higher one.
    pub(super) version: String,
}

impl InPlacePlan {
    /// Returns what the original has now at the places where disks are to be exchanged.
    pub(super) fn before(&self) -> Vec<Before> {
        let before = |disk: &Exchange| Before {
            place: (disk.controller_key, disk.shape.unit),
            file: disk.old.as_ref().and_then(|d| d.backing.file.as_ref()).map(ToString::to_string),
        };
        self.disks.iter().map(before).collect()
    }
}

/// Finds out what a restore over the original would do. Blocks.
///
/// # Errors
/// [`InPlaceError::OriginalGone`], [`InPlaceError::Ambiguous`], and when the server or the
/// repository cannot be asked; what would merely stop the restore is a problem of the plan.
pub fn plan_in_place(
    client: &Client,
    repository: &Repository,
    manifest: &Manifest,
    consent: Consent,
) -> Result<InPlacePlan, InPlaceError> {
    let hardware = hardware(manifest)?;
    let inventory = client.handle().block_on(client.inventory())?;
    let original = original(&inventory.vms, manifest, &hardware)?;
    let config = client.handle().block_on(client.vm_config(&original.reference))?;
    let mut problems = standing(original, &config, consent);
    let mut disks = Vec::new();
    for shape in &hardware.disks {
        let position = manifest.disks.iter().position(|d| d.key == shape.key.get());
        let position = position.unwrap_or_default();
        let bytes = data_in_disk(repository, manifest, position)?;
        match exchange(shape, (position, bytes), &hardware, &config) {
            Ok(found) => disks.push(found),
            Err(problem) => problems.push(problem),
        }
    }
    let stays =
        |d: &&DiskConfig| !disks.iter().any(|e| e.old.as_ref().is_some_and(|old| old.key == d.key));
    let untouched = config.disks.iter().filter(stays).map(|d| d.label.clone()).collect();
    for datastore in &inventory.datastores {
        let here = disks.iter().filter(|d| d.datastore.0 == datastore.reference);
        let needed: ByteLen = here.map(|d| d.bytes).sum();
        if datastore.free < needed {
            let (name, free) = (datastore.name.clone(), datastore.free);
            problems.push(VmRestoreError::NoRoom { datastore: name, free, needed }.into());
        }
    }
    let old_files = disks.iter().filter_map(|d| d.old.as_ref()?.backing.file.as_ref());
    Ok(InPlacePlan {
        vm: original.reference.clone(),
        instance_uuid: config.hardware.instance_uuid.clone(),
        name: original.name.clone(),
        power: original.power,
        bytes: disks.iter().map(|d| d.bytes).sum(),
        capacity: manifest.disks.iter().map(|d| d.capacity).sum(),
        old_files: old_files.map(ToString::to_string).collect(),
        untouched,
        problems,
        disks,
        hardware,
        version: config.hardware.version,
    })
}

/// Finds the VM by the identity that it keeps for life.
fn original<'a>(
    vms: &'a [VmSummary],
    manifest: &Manifest,
    hardware: &VmHardware,
) -> Result<&'a VmSummary, InPlaceError> {
    let wanted = manifest.vm.instance_uuid.as_deref().unwrap_or(&hardware.instance_uuid);
    let same = |vm: &&VmSummary| {
        let id = vm.instance_uuid.as_deref().unwrap_or_default();
        !id.is_empty() && id.eq_ignore_ascii_case(wanted)
    };
    let found: Vec<&VmSummary> = vms.iter().filter(same).collect();
    match found[..] {
        [only] => Ok(only),
        [] => Err(InPlaceError::OriginalGone(manifest.vm.name.clone())),
        _ => Err(InPlaceError::Ambiguous(found.len())),
    }
}

/// What about the VM as a whole stands in the way.
fn standing(vm: &VmSummary, config: &VmConfig, consent: Consent) -> Vec<InPlaceError> {
    let mut problems = Vec::new();
    match (vm.power, consent) {
        (PowerState::Suspended, _) => problems.push(InPlaceError::Suspended),
        (PowerState::On, Consent::None) => problems.push(InPlaceError::Running),
        (PowerState::On, Consent::ShutDown) if vm.tools == ToolsState::NotRunning => {
            problems.push(InPlaceError::NoTools);
        }
        _ => {}
    }
    let names: Vec<&str> = vm.snapshots.iter().map(|s| s.name.as_str()).collect();
    let linked = config.disks.iter().find(|d| !d.backing.parents.is_empty());
    match (names.is_empty(), linked) {
        (false, _) => problems.push(InPlaceError::Snapshots(names.join(", "))),
        (true, Some(disk)) => {
            let what = format!("links under “{}” that belong to none", disk.label);
            problems.push(InPlaceError::Snapshots(what));
        }
        (true, None) => {}
    }
    problems
}

/// Finds the place of a disk by controller and unit: names of files differ between datastores, and
/// keys may.
fn exchange(
    shape: &DiskShape,
    (position, bytes): (usize, ByteLen),
    saved: &VmHardware,
    now: &VmConfig,
) -> Result<Exchange, InPlaceError> {
    let no_place = |why: String| InPlaceError::NoPlace { disk: shape.label.clone(), why };
    let controller = saved.controllers.iter().find(|c| c.key == shape.controller_key);
    let there = now.hardware.controllers.iter().find(|c| match controller {
        Some(saved) => (&c.kind, c.bus) == (&saved.kind, saved.bus),
        None => c.key == shape.controller_key,
    });
    let controller_key = match (there, controller) {
        (Some(there), _) => there.key,
        // The two every VM has are not always listed.
        (None, None) if matches!(shape.controller_key, 200 | 201) => shape.controller_key,
        (None, Some(saved)) => {
            return Err(no_place(format!("it has no {} {}", saved.kind, saved.bus)));
        }
        (None, None) => return Err(no_place("it has no such controller".to_owned())),
    };
    let here = |d: &&DiskConfig| (d.controller_key, d.unit) == (controller_key, shape.unit);
    let old = now.disks.iter().find(here);
    if let Some(obstacle) = old.and_then(DiskConfig::obstacle) {
        return Err(no_place(format!("what is there now stays: {obstacle}")));
    }
    let beside = old.or_else(|| now.disks.iter().find(|d| d.obstacle().is_none()));
    let datastore = beside.and_then(|disk| {
        let file = disk.backing.root_file()?;
        Some((disk.backing.datastore.clone()?, file.datastore().to_owned()))
    });
    let datastore = datastore.ok_or_else(|| no_place("no datastore for it is known".to_owned()))?;
    Ok(Exchange {
        shape: shape.clone(),
        position,
        controller_key,
        old: old.cloned(),
        datastore,
        bytes,
    })
}
