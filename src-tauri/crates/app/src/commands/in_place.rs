//! A restore over the original. The backup of the state as it is and the restore are siblings; here
//! they meet.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kuramori_engine::{Observer, Policy, RunEvent};
use kuramori_jobs::{Level, Outcome, Stage};
use kuramori_repo::{Manifest, ReadAs, WriterId};
use kuramori_restore::{
    Consent, InPlace, InPlaceError, InPlaceHost, SafetyPointFailed, plan_in_place, restore_in_place,
};
use kuramori_vsphere::{Client, PowerState, VmRef};

use super::Handler;
use super::backup;
use super::restore::{failed, read};
use crate::access;
use crate::app::App;
use crate::convert;
use crate::dto::{ErrorCode, InPlacePlanView, RestoreInPlaceRequest, RunKind, RunStarted, StopVm};
use crate::error::AppError;
use crate::load;
use crate::place::PointRef;
use crate::runs::{Item, ItemEnd, ItemObserver, ItemResult, LiveRun, RunSpec};
use crate::schema::command;
use crate::settings::ServerEntry;

/// A restore over the original with everything it needs at hand.
struct Ready {
    server: ServerEntry,
    client: Client,
    point: PointRef,
    manifest: Manifest,
    options: Options,
}

/// What was asked for besides the recovery point.
#[derive(Clone, Debug)]
struct Options {
    confirm: String,
    stop: StopVm,
    turn_on: bool,
}

impl Options {
    fn consent(&self) -> Consent {
        match self.stop {
            StopVm::No => Consent::None,
            StopVm::ShutDown => Consent::ShutDown,
            StopVm::PowerOff => Consent::PowerOff,
        }
    }
}

async fn ready(app: &App, request: RestoreInPlaceRequest) -> Result<Ready, AppError> {
    let (repository, point) = (request.repository_id, request.point_id);
    let (point, manifest) = app
        .blocking(move |app| {
            let point = app.place(&repository)?.find(&point)?;
            let manifest = point.manifest()?;
            Ok((point, manifest))
        })
        .await?;
    let (server, client) = access::client(app, &request.server_id).await?;
    let (confirm, stop, turn_on) = (request.confirm, request.stop, request.turn_on);
    Ok(Ready { server, client, point, manifest, options: Options { confirm, stop, turn_on } })
}

impl Handler for command::RestoreInPlacePlan {
    async fn handle(
        app: &App,
        request: RestoreInPlaceRequest,
    ) -> Result<InPlacePlanView, AppError> {
        let ready = ready(app, request).await?;
        app.blocking(move |app| {
            let Ready { server, client, point, manifest, options } = ready;
            let place = &point.place.name;
            let said =
                |e: &InPlaceError| convert::in_place(e, &manifest.vm.name, &server.name, place);
            let repository = &point.place.repository;
            let plan = plan_in_place(&client, repository, &manifest, options.consent())
                .map_err(|e| said(&e))?;
            Ok(InPlacePlanView {
                vm_name: plan.name,
                running: plan.power == PowerState::On,
                bytes: plan.bytes.get(),
                capacity: plan.capacity.get(),
                disks: u32::try_from(manifest.disks.len()).unwrap_or(u32::MAX),
                old_files: plan.old_files,
                untouched: plan.untouched,
                problems: plan.problems.iter().map(|p| said(p).view(app.language())).collect(),
            })
        })
        .await
    }
}

impl Handler for command::RestoreInPlace {
    async fn handle(app: &App, request: RestoreInPlaceRequest) -> Result<RunStarted, AppError> {
        let ready = ready(app, request).await?;
        let (reader, writer) = (access::reader(app)?, access::writer(app)?);
        let (client, repository) = (ready.client.clone(), ready.point.place.repository.clone());
        let (manifest, consent) = (ready.manifest.clone(), ready.options.consent());
        let (server, place) = (ready.server.name.clone(), ready.point.place.name.clone());
        let plan = app
            .blocking(move |_| {
                plan_in_place(&client, &repository, &manifest, consent)
                    .map_err(|e| convert::in_place(&e, &manifest.vm.name, &server, &place))
            })
            .await?;
        if ready.options.confirm.trim() != plan.name {
            return Err(AppError::new(ErrorCode::NameNotConfirmed, plan.name));
        }
        let spec = RunSpec {
            server: Some(ready.server.name.clone()),
            ..RunSpec::of(RunKind::RestoreInPlace, ready.point.place.name.clone())
        };
        let app_of_run = app.clone();
        let item = Item {
            name: plan.name.clone(),
            // As a backup of the VM names it: one or the other.
            key: format!("vm:{}/{}", ready.server.id, plan.vm),
            waits: false,
            work: Box::new(move |run, observer| {
                restore(&app_of_run, &ready, (&reader, writer), run, &observer)
            }),
        };
        Ok(RunStarted { run_id: app.start_run(spec, vec![item]).await? })
    }
}

/// What a restore over the original asks of the application.
struct Host<'a> {
    app: &'a App,
    ready: &'a Ready,
    writer: WriterId,
    run: &'a Arc<LiveRun>,
    observer: &'a ItemObserver,
    /// Whether anything was told that is no success.
    warned: AtomicBool,
    /// Why there is no recovery point to go back to.
    unsafe_because: Mutex<Option<AppError>>,
}

impl Host<'_> {
    fn warn(&self, event: RunEvent) {
        self.warned.store(true, Ordering::Relaxed);
        self.observer.event(Level::Warning, event);
    }
}

impl InPlaceHost for Host<'_> {
    fn safety_point(&self, vm: &VmRef) -> Result<(), SafetyPointFailed> {
        let Ready { server, client, point, manifest, .. } = self.ready;
        self.observer.event(Level::Info, RunEvent::SafetyPointFirst);
        let work = backup::Work {
            app: self.app.clone(),
            client: client.clone(),
            server: (server.id.clone(), server.name.clone()),
            vm: vm.clone(),
            name: manifest.vm.name.clone(),
            repository: point.place.repository.clone(),
            place: point.place.name.clone(),
            writer: self.writer,
            throttle: Arc::new(load::throttle_of_run(&self.app.inner.throttle, None)),
            mounts: Arc::new(server.mounts()),
            policy: Policy::default(),
            made_for: None,
        };
        let (outcome, result) = work.run(self.run, self.observer);
        self.observer.stage(Stage::Read);
        if outcome == Outcome::SucceededWithWarnings {
            self.warned.store(true, Ordering::Relaxed);
        }
        if matches!(outcome, Outcome::Succeeded | Outcome::SucceededWithWarnings) {
            return Ok(());
        }
        *self.unsafe_because.lock().unwrap_or_else(PoisonError::into_inner) = result.error;
        Err(SafetyPointFailed)
    }

    fn not_read_back(&self, disk: &str, reason: &str) {
        let (disk, reason) = (disk.to_owned(), reason.to_owned());
        self.warn(RunEvent::NotReadBack { disk, reason });
    }

    fn left(&self, reason: &InPlaceError) {
        let reason = AppError::new(ErrorCode::Internal, "").because(reason).causes.join(": ");
        self.warn(RunEvent::ExchangeLeft { reason });
    }

    fn small_left(&self, file: &str, reason: &InPlaceError) {
        let reason = AppError::new(ErrorCode::Internal, "").because(reason).causes.join(": ");
        self.warn(RunEvent::SmallFileLeft { file: file.to_owned(), reason });
    }

    fn kept(&self, files: &[String]) {
        for file in files {
            self.warn(RunEvent::SentDiskLeft { file: file.clone() });
        }
    }
}

fn restore(
    app: &App,
    ready: &Ready,
    (reader, writer): (&ReadAs, WriterId),
    run: &Arc<LiveRun>,
    observer: &ItemObserver,
) -> ItemEnd {
    let Ready { server, client, point, manifest, options } = ready;
    observer.stage(Stage::Check);
    let capacity = manifest.disks.iter().map(|d| d.capacity.get()).sum();
    run.set_capacity(observer.item, capacity);
    let vm = Some(manifest.vm.key());
    let result = ItemResult { capacity, vm, ..ItemResult::default() };
    let opened = match read(point, reader, observer) {
        Ok(opened) => opened,
        Err(error) => return failed(error, result),
    };
    let (warned, unsafe_because) = (AtomicBool::new(false), Mutex::default());
    let host = Host { app, ready, writer, run, observer, warned, unsafe_because };
    let restored = restore_in_place(&InPlace {
        client,
        server_id: &server.id,
        repository: &point.place.repository,
        point: &opened.reader,
        run: run.id,
        log: &app.inner.log,
        clock: app.inner.clock.clone(),
        consent: options.consent(),
        turn_on: options.turn_on,
        progress: run.tally(observer.item),
        cancel: &run.cancel,
        host: &host,
    });
    let restored = match restored {
        Ok(restored) => restored,
        Err(error) => {
            let mut said =
                convert::in_place(&error, &manifest.vm.name, &server.name, &point.place.name);
            let inner = host.unsafe_because.into_inner().unwrap_or_else(PoisonError::into_inner);
            if let Some(inner) = inner {
                said.causes.extend(inner.causes);
                if inner.code == ErrorCode::Cancelled {
                    said.code = ErrorCode::Cancelled;
                }
            }
            return failed(said, result);
        }
    };
    for file in restored.new_files {
        observer.event(Level::Info, RunEvent::NewDiskAt { file });
    }
    for file in restored.old_files {
        observer.event(Level::Info, RunEvent::OldDiskKept { file });
    }
    for disk in restored.untouched {
        observer.event(Level::Info, RunEvent::DiskUntouched { disk });
    }
    let (name, on) = (restored.name, restored.on);
    observer.event(Level::Good, RunEvent::Exchanged { name: name.clone(), on });
    let warned = host.warned.into_inner();
    let outcome = if warned { Outcome::SucceededWithWarnings } else { Outcome::Succeeded };
    (outcome, ItemResult { made: Some(name), ..result })
}
