//! A recovery point as a new VM.

mod error;
mod names;
mod placing;

use std::collections::BTreeMap;
use std::sync::Arc;

use kuramori_base::{CancelToken, Progress};
use kuramori_block::{ByteLen, DiskReader};
use kuramori_repo::{Manifest, Reader, Repository, SourceKind};
use kuramori_vsphere::transport::{
    DatastoreHttp, DatastoreHttpError, Identity, ImportDisk, ImportError, ImportRequest, import_vm,
};
use kuramori_vsphere::{
    Client, DiskShape, HardwareVersion, HostSummary, Inventory, Lost, SavedConfig, SavedTag,
    TagsUnavailable, VersionTooLow, VmHardware, VmRef,
};

use crate::stream::{DiskStream, adapter_of};
pub use error::VmRestoreError;
pub(crate) use error::import_failed;
use placing::Placing;
pub use placing::{Moved, PlacedDisk};

/// Where the new VM goes.
#[derive(Clone, Debug)]
pub struct NewVm {
    /// Its name, if somebody typed one. Else that of the original, with a number behind it when
    /// another VM has that.
    pub name: Option<String>,
    /// Name of the datastore for its files, and for its disks unless they go elsewhere.
    pub datastore: String,
    /// Names of the datastores that were chosen for disks, by key of the disk.
    pub disks: BTreeMap<i32, String>,
    /// Whether it is the original again or another one.
    pub identity: Identity,
}

/// Something about a new VM that is not as in the original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VmNote {
    /// The name was taken, so it gets another one.
    Named {
        /// The name of the original.
        wanted: String,
        /// The one it gets.
        name: String,
    },
    /// Its virtual hardware is of a lower version: the target has no higher one.
    Lowered {
        /// The version it had.
        from: String,
        /// The one it gets.
        to: String,
    },
    /// What it loses by that.
    Lost(Lost),
    /// Which versions the target has could not be found out, so nothing was lowered.
    VersionsUnknown {
        /// Why.
        reason: String,
    },
    /// A disk does not go to the datastore it lay on.
    Moved(PlacedDisk, Moved),
    /// The server has no such tag.
    NoTag(SavedTag),
}

/// What a restore would do. Nothing was moved to find out.
#[derive(Debug)]
pub struct VmRestorePlan {
    /// The name the VM will have.
    pub name: String,
    /// Bytes of data that will be sent.
    pub bytes: ByteLen,
    /// Sizes of the disks together.
    pub capacity: ByteLen,
    /// Networks of the original's adapters; they start disconnected.
    pub networks: Vec<String>,
    /// Room left on the VM's own datastore afterwards.
    pub free_after: Option<ByteLen>,
    /// Its disks, and where each goes.
    pub disks: Vec<PlacedDisk>,
    /// What is not as in the original.
    pub notes: Vec<VmNote>,
    /// Devices that are not rebuilt, in sentences.
    pub left_behind: Vec<String>,
    /// What stands in the way.
    pub problems: Vec<VmRestoreError>,
    request: Option<ImportRequest>,
}

/// Finds out what a restore would do. Blocks.
///
/// # Errors
/// When the server or the repository cannot be asked; what would merely stop the restore is a
/// problem of the plan.
pub fn plan_vm(
    client: &Client,
    repository: &Repository,
    manifest: &Manifest,
    target: &NewVm,
) -> Result<VmRestorePlan, VmRestoreError> {
    let mut hardware = hardware(manifest)?;
    let inventory = client.handle().block_on(client.inventory()).map_err(VmRestoreError::Server)?;
    let mut shapes = Vec::new();
    for shape in &hardware.disks {
        shapes.push((shape, data_in_disk(repository, manifest, position(manifest, shape)?)?));
    }
    let bytes: ByteLen = shapes.iter().map(|(_, bytes)| *bytes).sum();
    let placing = placing::place(&inventory, &shapes, target);
    let Placing { disks, home, elsewhere, or_together, hosts, mut problems } = placing;
    let mut notes: Vec<VmNote> =
        disks.iter().filter_map(|disk| Some(VmNote::Moved(disk.clone(), disk.moved?))).collect();
    let (name, other_names) = name(&inventory, target, manifest, (&mut notes, &mut problems));
    let (host, highest) = best_host(client, &hardware, &hosts, &mut notes);
    if let Some(highest) = highest
        && let Err(too_low) = lower(&mut hardware, highest, &mut notes)
    {
        problems.push(too_low.into());
    }
    let mut networks: Vec<String> = hardware.nics.iter().map(|n| n.network.clone()).collect();
    networks.dedup();
    let on_home: u64 = home.map_or(0, |home| {
        disks.iter().filter(|d| d.datastore == home.name).map(|d| d.bytes.get()).sum()
    });
    let left_behind = hardware.left_behind();
    let request = home.map(|home| ImportRequest {
        hardware,
        name: name.clone(),
        other_names,
        datastore: home.reference.clone(),
        elsewhere,
        or_together,
        folder: None,
        pool: None,
        host: host.map(|host| host.reference.clone()),
        identity: target.identity,
    });
    Ok(VmRestorePlan {
        name,
        bytes,
        capacity: manifest.disks.iter().map(|d| d.capacity).sum(),
        networks,
        free_after: home.map(|d| ByteLen::new(d.free.get().saturating_sub(on_home))),
        disks,
        notes,
        left_behind,
        problems,
        request,
    })
}

/// Chooses the name, and those that may take its place.
fn name(
    inventory: &Inventory,
    target: &NewVm,
    manifest: &Manifest,
    (notes, problems): (&mut Vec<VmNote>, &mut Vec<VmRestoreError>),
) -> (String, Vec<String>) {
    let wanted = target.name.as_ref().unwrap_or(&manifest.vm.name).clone();
    let taken = inventory.vms.iter().any(|vm| vm.name == wanted);
    let mut free = names::free(inventory, &wanted);
    if !taken {
        // Somebody may take it meanwhile.
        return (wanted, if target.name.is_none() { free } else { Vec::new() });
    }
    let first = if free.is_empty() { wanted.clone() } else { free.remove(0) };
    if target.name.is_some() {
        problems.push(VmRestoreError::NameTaken { name: wanted.clone(), free: first });
        return (wanted, Vec::new());
    }
    notes.push(VmNote::Named { wanted, name: first.clone() });
    (first, free)
}

/// Chooses the first host that has the VM's hardware, else the one that comes closest. Returns it
/// with its highest version, where that is known.
fn best_host<'a>(
    client: &Client,
    hardware: &VmHardware,
    hosts: &[&'a HostSummary],
    notes: &mut Vec<VmNote>,
) -> (Option<&'a HostSummary>, Option<HardwareVersion>) {
    let wanted = HardwareVersion::parse(&hardware.version);
    let mut best: Option<(&HostSummary, HardwareVersion)> = None;
    let mut unknown = None;
    for host in hosts {
        match highest_of(client, host) {
            Ok(highest) if Some(highest) >= wanted => return (Some(host), Some(highest)),
            Ok(highest) if best.is_none_or(|(_, before)| highest > before) => {
                best = Some((host, highest));
            }
            Ok(_) => {}
            Err(reason) => drop(unknown.get_or_insert(reason)),
        }
    }
    if let (None, Some(reason)) = (best, unknown) {
        notes.push(VmNote::VersionsUnknown { reason });
    }
    (best.map(|(host, _)| host).or(hosts.first().copied()), best.map(|(_, highest)| highest))
}

fn highest_of(client: &Client, host: &HostSummary) -> Result<HardwareVersion, String> {
    let never = CancelToken::new();
    let asked = client.handle().block_on(client.highest_hardware(&host.reference, &never));
    let highest = asked.map_err(|error| error.to_string())?;
    highest.ok_or_else(|| "the server names none".to_owned())
}

/// Lowers the version of the hardware to what the host has.
fn lower(
    hardware: &mut VmHardware,
    highest: HardwareVersion,
    notes: &mut Vec<VmNote>,
) -> Result<(), VersionTooLow> {
    let from = hardware.version.clone();
    if let Some(lost) = hardware.lower_to(highest)? {
        notes.push(VmNote::Lowered { from, to: hardware.version.clone() });
        notes.extend(lost.into_iter().map(VmNote::Lost));
    }
    Ok(())
}

/// Returns the position of a disk in a recovery point.
fn position(manifest: &Manifest, shape: &DiskShape) -> Result<usize, VmRestoreError> {
    let position = manifest.disks.iter().position(|d| d.key == shape.key.get());
    position.ok_or_else(|| VmRestoreError::Config(format!("{} is missing", shape.label)))
}

/// Bytes of a disk that hold anything but zeros.
pub(crate) fn data_in_disk(
    repository: &Repository,
    manifest: &Manifest,
    disk: usize,
) -> Result<ByteLen, VmRestoreError> {
    let data = repository.disk(manifest, disk)?.allocated()?;
    Ok(data.map_or(ByteLen::ZERO, |d| d.total()))
}

fn saved(manifest: &Manifest) -> Result<SavedConfig, VmRestoreError> {
    if manifest.source != SourceKind::Vm {
        return Err(VmRestoreError::NotAVm);
    }
    serde_json::from_slice(&manifest.config).map_err(|e| VmRestoreError::Config(e.to_string()))
}

/// Returns the VM's hardware, with those disks only that are in the recovery point.
pub(crate) fn hardware(manifest: &Manifest) -> Result<VmHardware, VmRestoreError> {
    let mut hardware = saved(manifest)?.hardware;
    hardware.disks.retain(|d| manifest.disks.iter().any(|m| m.key == d.key.get()));
    if hardware.disks.len() != manifest.disks.len() {
        return Err(VmRestoreError::Config("it does not name all of its disks".to_owned()));
    }
    Ok(hardware)
}

/// What to restore and with what.
pub struct VmRestore<'a> {
    /// The server.
    pub client: &'a Client,
    /// Where the recovery point lies.
    pub repository: &'a Repository,
    /// The recovery point.
    pub point: &'a Reader,
    /// The new VM.
    pub target: &'a NewVm,
    /// Hears of bytes.
    pub progress: Arc<dyn Progress>,
    /// Stops the work.
    pub cancel: &'a CancelToken,
}

/// A VM that was restored: powered off, its network adapters disconnected.
#[derive(Clone, Debug)]
pub struct RestoredVm {
    /// The VM on its server.
    pub vm: VmRef,
    /// Its name.
    pub name: String,
    /// What is not as in the original.
    pub notes: Vec<VmNote>,
    /// What of the original is not in it, in sentences.
    pub left_out: Vec<String>,
}

/// Restores a recovery point as a new VM. Blocks; call it on a thread outside the runtime. Two disks
/// are sent at once.
///
/// # Errors
/// [`VmRestoreError`]; the server removes what was begun.
///
/// # Cancellation
/// Looked at for each MiB; the server removes what was begun.
pub fn restore_vm(job: &VmRestore<'_>) -> Result<RestoredVm, VmRestoreError> {
    let manifest = job.point.manifest();
    let plan = plan_vm(job.client, job.repository, manifest, job.target)?;
    if let Some(problem) = plan.problems.into_iter().next() {
        return Err(problem);
    }
    let no_store = || VmRestoreError::NoDatastore(job.target.datastore.clone());
    let request = plan.request.ok_or_else(no_store)?;
    job.cancel.check()?;
    let hardware = &request.hardware;
    let mut disks = Vec::with_capacity(hardware.disks.len());
    for shape in &hardware.disks {
        let view = job.point.disk(position(manifest, shape)?)?;
        let of = (view, adapter_of(hardware, shape.controller_key));
        let (body, content_length) = DiskStream::new(of, job.progress.clone(), job.cancel.clone())?;
        disks.push(ImportDisk { key: shape.key, content_length, body: Box::new(body) });
    }
    let sent = import_vm(job.client, request, disks, job.progress.clone(), job.cancel);
    let imported = job.client.handle().block_on(sent).map_err(|error| {
        taken_meanwhile(job, error).unwrap_or_else(|e| import_failed(e, job.cancel))
    })?;
    let (vm, mut left_out) = (imported.reference, imported.warnings);
    if let Some(nvram) = saved(manifest)?.nvram {
        // Without it the VM is there and whole; its firmware only has to be shown what to boot.
        if let Err(error) = job.client.handle().block_on(give_nvram(job.client, &vm, nvram)) {
            left_out.push(format!("NVRAM ({error})"));
        }
    }
    let mut notes = plan.notes;
    let tags = saved(manifest)?.tags;
    if !tags.is_empty() {
        match job.client.handle().block_on(job.client.put_tags(&vm, &tags)) {
            Ok(missing) => notes.extend(missing.into_iter().map(VmNote::NoTag)),
            Err(TagsUnavailable::SingleHost) => notes.extend(tags.into_iter().map(VmNote::NoTag)),
            Err(error) => left_out.push(format!("its tags ({error})")),
        }
    }
    if imported.name != plan.name {
        notes.retain(|note| !matches!(note, VmNote::Named { .. }));
        let wanted = manifest.vm.name.clone();
        notes.push(VmNote::Named { wanted, name: imported.name.clone() });
    }
    Ok(RestoredVm { vm, name: imported.name, notes, left_out })
}

/// Offers another name when somebody took this one between the look at the server and the call.
fn taken_meanwhile(job: &VmRestore<'_>, error: ImportError) -> Result<VmRestoreError, ImportError> {
    // Said in the answer, or by the lease.
    let taken = match &error {
        ImportError::Call(said) => said.fault().is_some_and(|fault| fault.is("DuplicateName")),
        _ => false,
    };
    let Some(name) = job.target.name.as_ref().filter(|_| taken) else { return Err(error) };
    let Ok(inventory) = job.client.handle().block_on(job.client.inventory()) else {
        return Err(error);
    };
    let free = names::free(&inventory, name).into_iter().next().unwrap_or_default();
    Ok(VmRestoreError::NameTaken { name: name.clone(), free })
}

/// Puts the firmware's memory in place before the VM is powered on for the first time.
async fn give_nvram(client: &Client, vm: &VmRef, nvram: Vec<u8>) -> Result<(), DatastoreHttpError> {
    DatastoreHttp::new(client).await?.put_nvram(vm, nvram).await
}
