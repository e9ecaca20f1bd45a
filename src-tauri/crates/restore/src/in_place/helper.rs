//! The VMs that disks are sent into before the original takes them.

use std::sync::Arc;

use kuramori_base::{CancelToken, Counters, Progress};
use kuramori_jobs::IntentId;
use kuramori_vsphere::transport::{Identity, ImportDisk, ImportRequest, ImportedVm, import_vm};
use kuramori_vsphere::{DatastoreRef, DiskConfig, VmConfig, VmHardware};

use super::error::InPlaceError;
use super::promise::{Sent, annotation};
use super::run::{InPlace, InPlaceStep};
use super::survey::{Exchange, InPlacePlan};
use super::verify::{ReadBack, read_back};
use crate::stream::{DiskStream, adapter_of};
use crate::vm::{VmRestoreError, import_failed};

/// Disks that go to one datastore.
pub(super) struct Load<'a> {
    pub(super) datastore: DatastoreRef,
    pub(super) disks: Vec<&'a Exchange>,
}

/// Groups the disks by the datastore they go to: one helper for each.
pub(super) fn loads(plan: &InPlacePlan) -> Vec<Load<'_>> {
    let mut loads: Vec<Load<'_>> = Vec::new();
    for disk in &plan.disks {
        match loads.iter_mut().find(|l| l.datastore == disk.datastore.0) {
            Some(load) => load.disks.push(disk),
            None => {
                loads.push(Load { datastore: disk.datastore.0.clone(), disks: vec![disk] });
            }
        }
    }
    loads
}

/// A progress that others must not announce totals to: the whole is announced once.
struct Part(Arc<dyn Progress>);

impl Progress for Part {
    fn total(&self, _bytes: u64) {}

    fn add(&self, delta: Counters) {
        self.0.add(delta);
    }

    fn redo(&self, undone: u64, more: u64) {
        self.0.redo(undone, more);
    }
}

/// Makes a helper and sends its disks.
pub(super) fn send(
    job: &InPlace<'_>,
    plan: &InPlacePlan,
    (intent, name): (IntentId, &str),
    load: &Load<'_>,
    streams: Vec<ImportDisk>,
) -> Result<ImportedVm, InPlaceError> {
    let request = ImportRequest {
        hardware: shell(plan, intent, load),
        name: name.to_owned(),
        other_names: Vec::new(),
        datastore: load.datastore.clone(),
        elsewhere: Vec::new(),
        or_together: false,
        folder: None,
        pool: None,
        host: None,
        identity: Identity::New,
    };
    let progress: Arc<dyn Progress> = Arc::new(Part(job.progress.clone()));
    let made = job
        .client
        .handle()
        .block_on(import_vm(job.client, request, streams, progress, job.cancel))
        .map_err(|e| import_failed(e, job.cancel))?;
    job.host.step(InPlaceStep::Sent);
    Ok(made)
}

/// Opens the streams of a load.
pub(super) fn streams(
    job: &InPlace<'_>,
    hardware: &VmHardware,
    load: &Load<'_>,
) -> Result<Vec<ImportDisk>, VmRestoreError> {
    let open = |disk: &&Exchange| {
        let of = (job.point.disk(disk.position)?, adapter_of(hardware, disk.shape.controller_key));
        let (body, content_length) = DiskStream::new(of, job.progress.clone(), job.cancel.clone())?;
        Ok(ImportDisk { key: disk.shape.key, content_length, body: Box::new(body) })
    };
    load.disks.iter().map(open).collect()
}

/// The least VM that has the disks at their places.
fn shell(plan: &InPlacePlan, intent: IntentId, load: &Load<'_>) -> VmHardware {
    let original = &plan.hardware;
    let needed = |key| load.disks.iter().any(|disk| disk.shape.controller_key == key);
    let controllers = original.controllers.iter().filter(|c| needed(c.key));
    VmHardware {
        guest_id: original.guest_id.clone(),
        version: plan.version.clone(),
        firmware: original.firmware.clone(),
        annotation: annotation(&plan.name, intent),
        cpus: 1,
        cores_per_socket: 1,
        memory_mib: 128,
        controllers: controllers.cloned().collect(),
        disks: load.disks.iter().map(|d| d.shape.clone()).collect(),
        ..VmHardware::default()
    }
}

/// Reads back what was sent, and says where it lies.
pub(super) fn check(
    job: &InPlace<'_>,
    plan: &InPlacePlan,
    load: &Load<'_>,
    config: &VmConfig,
) -> Result<Vec<Sent>, InPlaceError> {
    let mut sent = Vec::new();
    for disk in &load.disks {
        let lies = found(plan, disk, config).ok_or(InPlaceError::Changed)?;
        let file = lies.backing.file.as_ref().ok_or(InPlaceError::Changed)?;
        let view = job.point.disk(disk.position).map_err(VmRestoreError::from)?;
        match read_back(job.client, &view, lies, &*job.progress, job.cancel)? {
            ReadBack::Same => {}
            ReadBack::Refused(reason) => job.host.not_read_back(&disk.shape.label, &reason),
        }
        sent.push(Sent {
            file: file.to_string(),
            helper_place: (lies.controller_key, lies.unit),
            place: (disk.controller_key, disk.shape.unit),
            capacity: lies.capacity.get(),
        });
    }
    Ok(sent)
}

/// Finds a disk in the helper by its place: the server chose its file's name and its key.
fn found<'a>(plan: &InPlacePlan, disk: &Exchange, config: &'a VmConfig) -> Option<&'a DiskConfig> {
    let wanted = &disk.shape;
    let saved = plan.hardware.controllers.iter().find(|c| c.key == wanted.controller_key);
    let there = config.hardware.controllers.iter().find(|c| match saved {
        Some(saved) => (&c.kind, c.bus) == (&saved.kind, saved.bus),
        None => c.key == wanted.controller_key,
    });
    let key = there.map_or(wanted.controller_key, |c| c.key);
    let here = |d: &&DiskConfig| (d.controller_key, d.unit) == (key, wanted.unit);
    config.disks.iter().find(here).filter(|d| d.capacity.get() == wanted.capacity_bytes)
}

/// Stops between two steps when that was asked for.
pub(super) fn go_on(cancel: &CancelToken) -> Result<(), VmRestoreError> {
    cancel.check().map_err(Into::into)
}
