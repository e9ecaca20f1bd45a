use std::sync::Arc;

use kuramori_base::{CancelToken, Cancelled, Hint, Progress};
use kuramori_block::{ByteLen, DiskReader, ReadError};
use kuramori_repo::{Manifest, Reader, RepoError, Repository, SourceKind};
use kuramori_vsphere::transport::{
    DatastoreHttp, DatastoreHttpError, Identity, ImportDisk, ImportError, ImportRequest, import_vm,
};
use kuramori_vsphere::{
    Client, DatastoreSummary, Inventory, SavedConfig, VmHardware, VmRef, VsphereError,
};

use crate::stream::{DiskStream, adapter_of};

/// Why a VM could not be restored. Nothing of it stays on the server.
#[derive(Debug, thiserror::Error)]
pub enum VmRestoreError {
    /// The server refused or failed.
    #[error("the server could not take the VM")]
    Server(#[source] VsphereError),
    /// The server refused or failed while the VM was sent.
    #[error(transparent)]
    Import(ImportError),
    /// The repository refused.
    #[error(transparent)]
    Repository(#[from] RepoError),
    /// The recovery point could not be read.
    #[error("the recovery point could not be read")]
    Read(#[from] ReadError),
    /// There is a VM of this name already.
    #[error("the server has a VM called “{0}”")]
    NameTaken(String),
    /// There is no such datastore.
    #[error("the server has no datastore called “{0}” that can be used")]
    NoDatastore(String),
    /// The datastore is too small.
    #[error("the datastore “{datastore}” has {free} free, the disks need {needed}")]
    NoRoom {
        /// The datastore.
        datastore: String,
        /// What is free.
        free: ByteLen,
        /// What the disks need with the data they hold.
        needed: ByteLen,
    },
    /// The recovery point was made of a disk image.
    #[error("this recovery point is of a disk image, not of a VM")]
    NotAVm,
    /// The configuration in the recovery point cannot be used.
    #[error("the VM's configuration in the recovery point cannot be used: {0}")]
    Config(String),
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Hint for VmRestoreError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Server(e) => e.hints(),
            Self::Import(e) => e.hints(),
            Self::Repository(e) => e.hints(),
            _ => Vec::new(),
        }
    }
}

/// Where the new VM goes.
#[derive(Clone, Debug)]
pub struct NewVm {
    /// Its name.
    pub name: String,
    /// Name of the datastore for its disks.
    pub datastore: String,
    /// Whether it is the original again or another one.
    pub identity: Identity,
}

/// What a restore would do. Nothing was moved to find out.
#[derive(Debug)]
pub struct VmRestorePlan {
    /// Bytes of data that will be sent.
    pub bytes: ByteLen,
    /// Sizes of the disks together.
    pub capacity: ByteLen,
    /// Networks of the original's adapters; they start disconnected.
    pub networks: Vec<String>,
    /// Room left on the datastore afterwards.
    pub free_after: Option<ByteLen>,
    /// What stands in the way.
    pub problems: Vec<VmRestoreError>,
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
    let hardware = hardware(manifest)?;
    let inventory = client.handle().block_on(client.inventory()).map_err(VmRestoreError::Server)?;
    let bytes = data_in(repository, manifest)?;
    let found = find_datastore(&inventory, &target.datastore);
    let mut problems = Vec::new();
    if inventory.vms.iter().any(|vm| vm.name == target.name) {
        problems.push(VmRestoreError::NameTaken(target.name.clone()));
    }
    match found {
        None => problems.push(VmRestoreError::NoDatastore(target.datastore.clone())),
        Some(datastore) if datastore.free < bytes => problems.push(VmRestoreError::NoRoom {
            datastore: target.datastore.clone(),
            free: datastore.free,
            needed: bytes,
        }),
        Some(_) => {}
    }
    let mut networks: Vec<String> = hardware.nics.into_iter().map(|n| n.network).collect();
    networks.dedup();
    Ok(VmRestorePlan {
        bytes,
        capacity: manifest.disks.iter().map(|d| d.capacity).sum(),
        networks,
        free_after: found.map(|d| ByteLen::new(d.free.get().saturating_sub(bytes.get()))),
        problems,
    })
}

fn find_datastore<'a>(inventory: &'a Inventory, name: &str) -> Option<&'a DatastoreSummary> {
    inventory.datastores.iter().find(|d| d.name == name && d.accessible)
}

/// Bytes of all disks that hold anything but zeros.
fn data_in(repository: &Repository, manifest: &Manifest) -> Result<ByteLen, VmRestoreError> {
    (0..manifest.disks.len()).map(|disk| data_in_disk(repository, manifest, disk)).sum()
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
    /// What of the original is not in it, in sentences.
    pub left_out: Vec<String>,
}

/// Restores a recovery point as a new VM. Blocks; call it on a thread outside the runtime.
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
    job.cancel.check()?;
    let hardware = hardware(manifest)?;
    let mut disks = Vec::with_capacity(hardware.disks.len());
    for shape in &hardware.disks {
        let position = manifest.disks.iter().position(|d| d.key == shape.key.get());
        let position = position
            .ok_or_else(|| VmRestoreError::Config(format!("{} is missing", shape.label)))?;
        let of = (job.point.disk(position)?, adapter_of(&hardware, shape.controller_key));
        let (body, content_length) = DiskStream::new(of, job.progress.clone(), job.cancel.clone())?;
        disks.push(ImportDisk { key: shape.key, content_length, body: Box::new(body) });
    }
    let imported = job.client.handle().block_on(async {
        let inventory = job.client.inventory().await.map_err(VmRestoreError::Server)?;
        let datastore = find_datastore(&inventory, &job.target.datastore)
            .ok_or_else(|| VmRestoreError::NoDatastore(job.target.datastore.clone()))?;
        let request = ImportRequest {
            hardware,
            name: job.target.name.clone(),
            datastore: datastore.reference.clone(),
            folder: None,
            pool: None,
            host: None,
            identity: job.target.identity,
        };
        import_vm(job.client, request, disks, job.progress.clone(), job.cancel)
            .await
            .map_err(|e| import_failed(e, job.cancel))
    })?;
    let (vm, mut left_out) = (imported.reference, imported.warnings);
    if let Some(nvram) = saved(manifest)?.nvram {
        // Without it the VM is there and whole; its firmware only has to be shown what to boot.
        if let Err(error) = job.client.handle().block_on(give_nvram(job.client, &vm, nvram)) {
            left_out.push(format!("NVRAM ({error})"));
        }
    }
    Ok(RestoredVm { vm, left_out })
}

/// Puts the firmware's memory in place before the VM is powered on for the first time.
async fn give_nvram(client: &Client, vm: &VmRef, nvram: Vec<u8>) -> Result<(), DatastoreHttpError> {
    DatastoreHttp::new(client).await?.put_nvram(vm, nvram).await
}

/// Finds what really went wrong behind a failed import: a body that could not be read is a fault
/// of the repository, and a stop shows itself in many ways.
pub(crate) fn import_failed(error: ImportError, cancel: &CancelToken) -> VmRestoreError {
    if let Err(cancelled) = cancel.check() {
        return cancelled.into();
    }
    match error {
        ImportError::Cancelled(e) => e.into(),
        ImportError::Call(e) => VmRestoreError::Server(e),
        ImportError::Body { source, .. } => {
            VmRestoreError::Read(ReadError::source(kuramori_block::ByteOffset::ZERO, source))
        }
        other => VmRestoreError::Import(other),
    }
}
