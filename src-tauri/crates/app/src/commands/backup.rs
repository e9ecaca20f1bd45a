use std::sync::Arc;

use kuramori_engine::{Cold, Mounts, Observer, Policy, RunEvent, Throttle, VmBackup, backup_vm};
use kuramori_jobs::{Level, Outcome};
use kuramori_repo::{MadeFor, Repository, WriterId};
use kuramori_vsphere::{Client, VmRef};

use super::Handler;
use crate::access;
use crate::app::App;
use crate::convert;
use crate::dto::{ErrorCode, RunKind, RunStarted, StartBackupRequest, Topic};
use crate::error::AppError;
use crate::exported;
use crate::load;
use crate::runs::{Item, ItemEnd, ItemObserver, ItemResult, LiveRun, RunSpec, Start};
use crate::schema::command;

impl Handler for command::BackupStart {
    async fn handle(app: &App, request: StartBackupRequest) -> Result<RunStarted, AppError> {
        if request.vms.is_empty() {
            return Err(AppError::new(ErrorCode::InvalidInput, "a backup of no VM"));
        }
        let asked = Some(request.clone());
        let (server, client) = access::client(app, &request.server_id).await?;
        let inventory = client.inventory().await.map_err(|e| convert::server(&e, &server.name))?;
        let (wanted, writer) = (request.repository_id, access::writer(app)?);
        let (entry, repository) = app.blocking(move |app| access::repository(app, &wanted)).await?;
        if request.limit == Some(0) {
            let what = "limit of 0, which would stop the backup";
            return Err(AppError::new(ErrorCode::InvalidInput, what));
        }
        let throttle = Arc::new(load::throttle_of_run(&app.inner.throttle, request.limit));
        let mounts = Arc::new(server.mounts());
        let mut items = Vec::new();
        for vm in &request.vms {
            let found = inventory
                .vms
                .iter()
                .find(|v| v.reference.as_str() == vm)
                .ok_or_else(|| AppError::new(ErrorCode::VmNotFound, vm))?;
            let work = Work {
                app: app.clone(),
                client: client.clone(),
                server: (server.id.clone(), server.name.clone()),
                vm: found.reference.clone(),
                name: found.name.clone(),
                repository: repository.clone(),
                place: entry.name.clone(),
                writer,
                throttle: throttle.clone(),
                mounts: mounts.clone(),
                made_for: None,
                policy: Policy {
                    cold: request.cold.as_ref().map(|cold| Cold::new(cold.shut_down)),
                    ..Policy::default()
                },
            };
            items.push(Item {
                name: found.name.clone(),
                key: format!("vm:{}/{}", server.id, found.reference),
                waits: false,
                work: Box::new(move |run, observer| work.run(run, &observer)),
            });
        }
        let spec = RunSpec::of(RunKind::Backup, entry.name);
        let spec = RunSpec { server: Some(server.name), asked, ..spec };
        let run_id = app.start_run(spec, items).await?;
        Ok(RunStarted { run_id })
    }
}

impl App {
    /// Begins a run and tells its id.
    pub(super) async fn start_run(
        &self,
        spec: RunSpec,
        items: Vec<Item>,
    ) -> Result<String, AppError> {
        self.refuse_during_update()?;
        let id = self.blocking(move |app| app.inner.runs.start(Start::of(spec, items))).await?;
        self.inner.events.changed(Topic::Run, Some(id.to_string()));
        Ok(id.to_string())
    }
}

/// The backup of one VM.
pub(crate) struct Work {
    pub(crate) app: App,
    pub(crate) client: Client,
    pub(crate) server: (String, String),
    pub(crate) vm: VmRef,
    pub(crate) name: String,
    pub(crate) repository: Repository,
    pub(crate) place: String,
    pub(crate) writer: WriterId,
    pub(crate) throttle: Arc<Throttle>,
    pub(crate) mounts: Arc<Mounts>,
    pub(crate) policy: Policy,
    pub(crate) made_for: Option<MadeFor>,
}

impl Work {
    pub(crate) fn run(self, run: &Arc<LiveRun>, observer: &ItemObserver) -> ItemEnd {
        let (server_id, server_name) = &self.server;
        let id = self.repository.id().to_hex();
        if let Some(alarm) = self.app.alarm(&id, &self.place) {
            let reason = alarm.view(self.app.language()).title;
            observer.event(Level::Warning, RunEvent::HistoryBroken { reason });
        }
        let report = backup_vm(&VmBackup {
            client: &self.client,
            server_id,
            vm: &self.vm,
            repository: &self.repository,
            writer: self.writer,
            run: run.id,
            log: &self.app.inner.log,
            made_for: self.made_for.as_ref(),
            policy: &self.policy,
            throttle: &self.throttle,
            budgets: &self.app.inner.budgets,
            mounts: &self.mounts,
            hot_add: &self.app.inner.hot_add,
            clock: self.app.inner.clock.clone(),
            progress: run.tally(observer.item),
            cancel: &run.cancel,
            observer,
        });
        let error = report.error.map(|e| convert::backup(&e, &self.name, server_name, &self.place));
        if report.outcome != Outcome::Failed {
            self.app.inner.events.changed(Topic::Points, None);
            self.app.look_back(&self.repository);
            exported::leave(&self.app, &self.repository);
        }
        let result = ItemResult {
            capacity: run.capacity(observer.item),
            point: report.point.map(|p| p.to_hex()),
            error,
            ..ItemResult::default()
        };
        (report.outcome, result)
    }
}
