use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kuramori_engine::{Observer, RunEvent, WhyMoved};
use kuramori_jobs::{Level, Outcome, Stage};
use kuramori_repo::{Manifest, ReadAs};
use kuramori_restore::{Identity, Moved, NewVm, PlacedDisk, VmNote, VmRestore};
use kuramori_vsphere::{Client, SavedTag};

use super::Handler;
use crate::access;
use crate::app::App;
use crate::convert;
use crate::dto::{
    ErrorCode, PlannedDisk, RestoreDiskRequest, RestorePlanView, RestoreTargets, RestoreVmRequest,
    RunKind, RunStarted, ServerRequest, VmIdentityChoice,
};
use crate::error::AppError;
use crate::inventory::datastore_view;
use crate::messages;
use crate::place::{OpenPoint, PointRef};
use crate::runs::{Item, ItemEnd, ItemObserver, ItemResult, LiveRun, RunSpec};
use crate::schema::command;
use crate::settings::ServerEntry;

impl Handler for command::RestoreTargets {
    async fn handle(app: &App, request: ServerRequest) -> Result<RestoreTargets, AppError> {
        let (server, client) = access::client(app, &request.server_id).await?;
        let inventory = client.inventory().await.map_err(|e| convert::server(&e, &server.name))?;
        Ok(RestoreTargets {
            datastores: inventory.datastores.iter().map(datastore_view).collect(),
            networks: inventory.networks.iter().map(|n| n.name.clone()).collect(),
            vm_names: inventory.vms.iter().map(|v| v.name.clone()).collect(),
        })
    }
}

/// A restore with everything it needs at hand.
struct Ready {
    server: ServerEntry,
    client: Client,
    point: PointRef,
    manifest: Manifest,
    target: NewVm,
}

async fn ready(app: &App, request: RestoreVmRequest) -> Result<Ready, AppError> {
    let (repository, point) = (request.repository_id, request.point_id);
    let point = app.blocking(move |app| app.place(&repository)?.find(&point)).await?;
    let target = NewVmChoice {
        datastore: request.datastore,
        disks: request.disks.into_iter().map(|d| (d.key, d.datastore)).collect(),
        name: request.name,
        identity: request.identity,
    };
    ready_with(app, point, &request.server_id, target).await
}

/// What a new VM is to be.
#[derive(Debug)]
pub struct NewVmChoice {
    /// The datastore to put it on.
    pub datastore: String,
    /// Datastores of single disks, by key.
    pub disks: BTreeMap<i32, String>,
    /// Its name, if somebody typed one.
    pub name: Option<String>,
    /// Whether it is the original again.
    pub identity: VmIdentityChoice,
}

async fn ready_with(
    app: &App,
    point: PointRef,
    server_id: &str,
    target: NewVmChoice,
) -> Result<Ready, AppError> {
    let name = target.name.map(|name| name.trim().to_owned());
    if name.as_ref().is_some_and(String::is_empty) {
        return Err(AppError::new(ErrorCode::InvalidInput, "an empty name"));
    }
    let NewVmChoice { datastore, disks, identity, .. } = target;
    let target = NewVm { name, datastore, disks, identity: self::identity(identity) };
    let (server, client) = access::client(app, server_id).await?;
    let (point, manifest) = app
        .blocking(move |_| {
            let manifest = point.manifest()?;
            Ok((point, manifest))
        })
        .await?;
    Ok(Ready { server, client, point, manifest, target })
}

impl App {
    /// Restores a recovery point as a new VM, also from a repository that is not known here.
    ///
    /// # Errors
    /// What stood in the way of beginning; the run tells the rest.
    pub async fn restore_vm(
        &self,
        point: PointRef,
        server_id: &str,
        target: NewVmChoice,
    ) -> Result<RunStarted, AppError> {
        start(self, ready_with(self, point, server_id, target).await?).await
    }
}

fn identity(choice: VmIdentityChoice) -> Identity {
    match choice {
        VmIdentityChoice::New => Identity::New,
        VmIdentityChoice::Keep => Identity::Keep,
    }
}

impl Handler for command::RestorePlan {
    async fn handle(app: &App, request: RestoreVmRequest) -> Result<RestorePlanView, AppError> {
        let ready = ready(app, request).await?;
        app.blocking(move |app| {
            let Ready { server, client, point, manifest, target } = ready;
            let repository = &point.place.repository;
            let place = &point.place.name;
            let plan = kuramori_restore::plan_vm(&client, repository, &manifest, &target)
                .map_err(|e| convert::restore(&e, &manifest.vm.name, &server.name, place))?;
            let problems = plan
                .problems
                .iter()
                .map(|p| convert::restore(p, &plan.name, &server.name, place))
                .map(|e| e.view(app.language()))
                .collect();
            let events = plan.notes.iter().map(note);
            let left = plan.left_behind.iter().cloned().map(|what| RunEvent::NotRestored { what });
            let notes = not_saved(&manifest)
                .chain(events)
                .chain(left)
                .map(|event| messages::event(&event, app.language()))
                .collect();
            Ok(RestorePlanView {
                vm_name: manifest.vm.name.clone(),
                name: plan.name,
                notes,
                bytes: plan.bytes.get(),
                capacity: plan.capacity.get(),
                disks: plan.disks.iter().map(planned_disk).collect(),
                networks: plan.networks,
                free_after: plan.free_after.map(kuramori_block::ByteLen::get),
                problems,
            })
        })
        .await
    }
}

fn planned_disk(disk: &PlacedDisk) -> PlannedDisk {
    PlannedDisk {
        key: disk.key.get(),
        label: disk.label.clone(),
        capacity: disk.capacity.get(),
        bytes: disk.bytes.get(),
        lay: Some(disk.lay.clone()).filter(|lay| !lay.is_empty()),
        datastore: disk.datastore.clone(),
    }
}

/// What of the VM is not in its recovery point.
fn not_saved(manifest: &Manifest) -> impl Iterator<Item = RunEvent> + '_ {
    manifest.not_included.iter().map(|disk| RunEvent::NotRestored { what: disk.clone() })
}

/// What a note of a restore says in the log of its run.
fn note(note: &VmNote) -> RunEvent {
    match note.clone() {
        VmNote::Named { wanted, name } => RunEvent::VmNamed { wanted, name },
        VmNote::Lowered { from, to } => RunEvent::HardwareLowered { from, to },
        VmNote::NoTag(SavedTag { category, name: tag }) => RunEvent::TagMissing { category, tag },
        VmNote::Lost(feature) => RunEvent::FeatureLost { feature },
        VmNote::VersionsUnknown { reason } => RunEvent::HardwareUnknown { reason },
        VmNote::Moved(disk, why) => RunEvent::DiskMoved {
            disk: disk.label,
            lay: disk.lay,
            datastore: disk.datastore,
            why: match why {
                Moved::Gone => WhyMoved::Gone,
                Moved::NoRoom => WhyMoved::NoRoom,
                Moved::OutOfReach => WhyMoved::OutOfReach,
            },
        },
    }
}

impl Handler for command::RestoreVm {
    async fn handle(app: &App, request: RestoreVmRequest) -> Result<RunStarted, AppError> {
        start(app, ready(app, request).await?).await
    }
}

async fn start(app: &App, ready: Ready) -> Result<RunStarted, AppError> {
    let spec = RunSpec {
        server: Some(ready.server.name.clone()),
        ..RunSpec::of(RunKind::RestoreVm, ready.point.place.name.clone())
    };
    let reader = access::reader(app)?;
    let name = ready.target.name.clone().unwrap_or_else(|| ready.manifest.vm.name.clone());
    let item = Item {
        key: format!("restore:{}/{name}", ready.server.id),
        name,
        waits: false,
        work: Box::new(move |run, observer| restore_vm(&ready, &reader, run, &observer)),
    };
    Ok(RunStarted { run_id: app.start_run(spec, vec![item]).await? })
}

/// Begins to read a recovery point, and tells when nothing protects it meanwhile.
pub(super) fn read(
    point: &PointRef,
    reader: &ReadAs,
    observer: &ItemObserver,
) -> Result<OpenPoint, AppError> {
    let opened = point.read_as(reader)?;
    if let Some(reason) = opened.unprotected() {
        observer.event(Level::Warning, RunEvent::NotProtected { reason });
    }
    Ok(opened)
}

fn restore_vm(
    ready: &Ready,
    reader: &ReadAs,
    run: &Arc<LiveRun>,
    observer: &ItemObserver,
) -> ItemEnd {
    let Ready { server, client, point, manifest, target } = ready;
    observer.stage(Stage::Check);
    let capacity = manifest.disks.iter().map(|d| d.capacity.get()).sum();
    run.set_capacity(observer.item, capacity);
    let vm = Some(manifest.vm.key());
    let result = ItemResult { capacity, vm, ..ItemResult::default() };
    let reader = match read(point, reader, observer) {
        Ok(reader) => reader,
        Err(error) => return failed(error, result),
    };
    let tally = run.tally(observer.item);
    observer.stage(Stage::Read);
    let restored = kuramori_restore::restore_vm(&VmRestore {
        client,
        repository: &point.place.repository,
        point: &reader.reader,
        target,
        progress: tally,
        cancel: &run.cancel,
    });
    match restored {
        Ok(restored) => {
            let mut warned = !restored.left_out.is_empty();
            for event in not_saved(manifest) {
                observer.event(Level::Warning, event);
                warned = true;
            }
            for note in &restored.notes {
                // The name and an answer that was not needed take nothing from the VM.
                let plain = matches!(note, VmNote::Named { .. } | VmNote::VersionsUnknown { .. });
                warned |= !plain;
                let level = if plain { Level::Info } else { Level::Warning };
                observer.event(level, self::note(note));
            }
            for what in restored.left_out {
                observer.event(Level::Warning, RunEvent::NotRestored { what });
            }
            let name = restored.name;
            observer.event(Level::Good, RunEvent::VmMade { name: name.clone() });
            let outcome = if warned { Outcome::SucceededWithWarnings } else { Outcome::Succeeded };
            (outcome, ItemResult { made: Some(name), ..result })
        }
        Err(e) => {
            let name = target.name.as_ref().unwrap_or(&manifest.vm.name);
            let error = convert::restore(&e, name, &server.name, &point.place.name);
            failed(error, result)
        }
    }
}

pub(super) fn failed(error: AppError, result: ItemResult) -> ItemEnd {
    let outcome =
        if error.code == ErrorCode::Cancelled { Outcome::Cancelled } else { Outcome::Failed };
    (outcome, ItemResult { error: Some(error), ..result })
}

impl Handler for command::RestoreDisk {
    async fn handle(app: &App, request: RestoreDiskRequest) -> Result<RunStarted, AppError> {
        let (repository, id) = (request.repository_id, request.point_id);
        let (point, manifest) = app
            .blocking(move |app| {
                let point = app.place(&repository)?.find(&id)?;
                let manifest = point.manifest()?;
                Ok((point, manifest))
            })
            .await?;
        let disk = usize::try_from(request.disk).unwrap_or(usize::MAX);
        let Some(capacity) = manifest.disks.get(disk).map(|d| d.capacity.get()) else {
            return Err(AppError::new(
                ErrorCode::InvalidInput,
                format!("disk {} of {}", request.disk, manifest.disks.len()),
            ));
        };
        let path = PathBuf::from(request.path);
        let spec = RunSpec::of(RunKind::RestoreDisk, point.place.name.clone());
        let reader = access::reader(app)?;
        let item = Item {
            name: manifest.vm.name.clone(),
            key: format!("file:{}", path.display()),
            waits: false,
            work: Box::new(move |run, observer| {
                run.set_capacity(observer.item, capacity);
                let result = ItemResult { capacity, ..ItemResult::default() };
                match read(&point, &reader, &observer) {
                    Ok(opened) => write_disk(&opened, (disk, &path), result, run, &observer),
                    Err(error) => failed(error, result),
                }
            }),
        };
        Ok(RunStarted { run_id: app.start_run(spec, vec![item]).await? })
    }
}

fn write_disk(
    point: &OpenPoint,
    (disk, path): (usize, &Path),
    result: ItemResult,
    run: &Arc<LiveRun>,
    observer: &ItemObserver,
) -> ItemEnd {
    observer.stage(Stage::Read);
    match point.write_disk(disk, path, &*run.tally(observer.item), &run.cancel) {
        Ok(()) => {
            let path = path.display().to_string();
            observer.event(Level::Good, RunEvent::FileWritten { path: path.clone() });
            (Outcome::Succeeded, ItemResult { made: Some(path), ..result })
        }
        Err(error) => failed(error, result),
    }
}
