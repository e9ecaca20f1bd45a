use std::path::{Path, PathBuf};
use std::sync::Arc;

use kuramori_engine::{Observer, RunEvent};
use kuramori_jobs::{Level, Outcome, Stage};
use kuramori_repo::{Manifest, ReadAs};
use kuramori_restore::{Identity, NewVm, VmRestore};
use kuramori_vsphere::Client;

use super::Handler;
use crate::access;
use crate::app::App;
use crate::convert;
use crate::dto::{
    ErrorCode, RestoreDiskRequest, RestorePlanView, RestoreTargets, RestoreVmRequest, RunKind,
    RunStarted, ServerRequest, VmIdentityChoice,
};
use crate::error::AppError;
use crate::inventory::datastore_view;
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
    let identity = identity(request.identity);
    let target = NewVm { name: request.name, datastore: request.datastore, identity };
    ready_with(app, point, &request.server_id, target).await
}

async fn ready_with(
    app: &App,
    point: PointRef,
    server_id: &str,
    target: NewVm,
) -> Result<Ready, AppError> {
    let target = NewVm { name: target.name.trim().to_owned(), ..target };
    if target.name.is_empty() {
        return Err(AppError::new(ErrorCode::InvalidInput, "an empty name"));
    }
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
    /// `target` is the datastore, the name and whether it is the original again.
    ///
    /// # Errors
    /// What stood in the way of beginning; the run tells the rest.
    pub async fn restore_vm(
        &self,
        point: PointRef,
        server_id: &str,
        target: (String, String, VmIdentityChoice),
    ) -> Result<RunStarted, AppError> {
        let (datastore, name, choice) = target;
        let target = NewVm { name, datastore, identity: identity(choice) };
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
                .map_err(|e| convert::restore(&e, &target.name, &server.name, place))?;
            let problems = plan
                .problems
                .iter()
                .map(|p| convert::restore(p, &target.name, &server.name, place))
                .map(|e| e.view(app.language()))
                .collect();
            Ok(RestorePlanView {
                vm_name: manifest.vm.name.clone(),
                bytes: plan.bytes.get(),
                capacity: plan.capacity.get(),
                disks: u32::try_from(manifest.disks.len()).unwrap_or(u32::MAX),
                networks: plan.networks,
                free_after: plan.free_after.map(kuramori_block::ByteLen::get),
                problems,
            })
        })
        .await
    }
}

impl Handler for command::RestoreVm {
    async fn handle(app: &App, request: RestoreVmRequest) -> Result<RunStarted, AppError> {
        start(app, ready(app, request).await?).await
    }
}

async fn start(app: &App, ready: Ready) -> Result<RunStarted, AppError> {
    let spec = RunSpec {
        kind: RunKind::RestoreVm,
        server: Some(ready.server.name.clone()),
        repository: ready.point.place.name.clone(),
        job: None,
    };
    let reader = access::reader(app)?;
    let item = Item {
        name: ready.target.name.clone(),
        key: format!("restore:{}/{}", ready.server.id, ready.target.name),
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
    let result = ItemResult { capacity, ..ItemResult::default() };
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
            let warned = !restored.left_out.is_empty();
            for what in restored.left_out {
                observer.event(Level::Warning, RunEvent::NotRestored { what });
            }
            let name = target.name.clone();
            observer.event(Level::Good, RunEvent::VmMade { name: name.clone() });
            let outcome = if warned { Outcome::SucceededWithWarnings } else { Outcome::Succeeded };
            (outcome, ItemResult { made: Some(name), ..result })
        }
        Err(e) => {
            let error = convert::restore(&e, &target.name, &server.name, &point.place.name);
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
        let spec = RunSpec {
            kind: RunKind::RestoreDisk,
            server: None,
            repository: point.place.name.clone(),
            job: None,
        };
        let reader = access::reader(app)?;
        let item = Item {
            name: manifest.vm.name.clone(),
            key: format!("file:{}", path.display()),
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
