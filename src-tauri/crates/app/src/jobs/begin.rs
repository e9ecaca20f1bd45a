//! Beginning a run of a job.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kuramori_engine::{JobEvent, RunEvent};
use kuramori_jobs::job::{Cause, Job};
use kuramori_jobs::{Level, OfJob, Outcome, RunId, ScheduleId};
use kuramori_repo::{MadeFor, Promised};
use kuramori_vsphere::VmRef;

use super::members::{self, Member};
use super::{JobWork, failed};
use crate::access;
use crate::app::App;
use crate::commands::Work;
use crate::dto::{RunKind, ScopeView, Topic};
use crate::error::AppError;
use crate::load;
use crate::runs::{Item, ItemResult, RunSpec, Start};

/// Why a run of a job begins, and what it is about.
pub(crate) struct Asked {
    pub(crate) cause: Cause,
    pub(crate) slots: Vec<(ScheduleId, DateTime<Utc>)>,
    pub(crate) scope: ScopeView,
}

/// Begins a run of a job. What stands in the way of a VM, or of all of them, becomes a run that
/// failed, so that it is told like any other failure.
///
/// # Errors
/// [`crate::dto::ErrorCode::Busy`] while a VM of it is worked on; then nothing was begun, and its
/// slots are not dealt with. [`crate::dto::ErrorCode::StateDamaged`].
pub(crate) async fn begin(app: &App, job: &Job, asked: Asked) -> Result<RunId, AppError> {
    app.refuse_during_update()?;
    let work = JobWork::of(job)?;
    let mut found = members::look_up(app, &work.sources, &work.leave_out).await;
    narrow(app, job, &asked.scope, &mut found).await?;
    let mut items: Vec<Item> =
        found.failed.into_iter().map(|(name, error)| broken(name, error)).collect();
    let names = app.inner.settings.get();
    let repository = names.repository(&work.repository).map(|r| r.name.clone());
    let made_for = made_for(app, job, &asked).await?;
    match works(app, &work, &made_for, found.vms.clone()).await {
        Ok(more) => items.extend(more),
        Err(error) => items.extend(found.vms.into_iter().map(|m| broken(m.name, error.clone()))),
    }
    let began = RunEvent::Job(JobEvent::Began { job: job.name.clone(), cause: asked.cause });
    let left_out = found.left_out.into_iter();
    let left_out =
        left_out.map(|(name, reason)| RunEvent::Job(JobEvent::MemberLeftOut { name, reason }));
    let lines = std::iter::once((Level::Info, began))
        .chain(left_out.map(|event| (Level::Info, event)))
        .collect();
    let spec = RunSpec {
        kind: RunKind::Backup,
        server: None,
        repository: repository.unwrap_or_default(),
        job: Some(job.name.clone()),
        schedules: made_for.schedules.clone(),
    };
    let of_job = OfJob { job: job.id, cause: asked.cause, slots: asked.slots };
    let start = Start { spec, items, lines, of_job: Some(of_job) };
    let id = app.blocking(move |app| app.inner.runs.start(start)).await?;
    app.inner.events.changed(Topic::Run, Some(id.to_string()));
    app.inner.events.changed(Topic::Jobs, Some(job.id.to_string()));
    Ok(id)
}

/// Leaves only what the scope asks for.
async fn narrow(
    app: &App,
    job: &Job,
    scope: &ScopeView,
    found: &mut members::Members,
) -> Result<(), AppError> {
    let wanted: Vec<String> = match scope {
        ScopeView::All => return Ok(()),
        ScopeView::Chosen { names } => names.clone(),
        ScopeView::Failed => {
            let id = job.id;
            app.blocking(move |app| app.inner.log.failed_of(id).map_err(|e| failed(&e))).await?
        }
    };
    found.vms.retain(|m| wanted.contains(&m.name) || wanted.contains(&m.reference));
    found.failed.retain(|(name, _)| wanted.contains(name));
    found.left_out.clear();
    Ok(())
}

/// An item that cannot even begin.
pub(super) fn broken(name: String, error: AppError) -> Item {
    let key = format!("failed:{name}");
    let work = move |_: &_, _| {
        (Outcome::Failed, ItemResult { error: Some(error), ..ItemResult::default() })
    };
    Item { name, key, work: Box::new(work) }
}

/// Says what the recovery points of a run are made for: for the schedules that are due; those of the
/// run that failed, when it is tried again; and for the first, when somebody asked.
async fn made_for(app: &App, job: &Job, asked: &Asked) -> Result<MadeFor, AppError> {
    let due: Vec<ScheduleId> = match asked.cause {
        Cause::Retry { .. } => {
            let id = job.id;
            let before = move |app: &App| app.inner.log.newest_run_of(id).map_err(|e| failed(&e));
            let spec = app.blocking(before).await?.map(|run| run.spec);
            let spec: Option<RunSpec> = spec.and_then(|spec| serde_json::from_value(spec).ok());
            let ids = spec.map(|spec| spec.schedules).unwrap_or_default();
            ids.iter().filter_map(|id| id.parse().ok()).collect()
        }
        Cause::Asked => job.schedules.first().map(|schedule| schedule.id).into_iter().collect(),
        Cause::Due | Cause::CaughtUp { .. } | Cause::After { .. } => {
            asked.slots.iter().map(|(id, _)| *id).collect()
        }
    };
    let now = app.inner.clock.now();
    let counted = job.schedules.iter().filter(|schedule| due.contains(&schedule.id));
    let kept = counted.filter_map(|schedule| schedule.keep).map(|keep| keep.until(now, job.zone));
    let longest = kept.max_by_key(|until| until.unwrap_or(DateTime::<Utc>::MAX_UTC));
    let promised = longest.map(|until| match until {
        Some(time) => Promised::Until { time },
        None => Promised::Forever,
    });
    let schedules = due.iter().map(ToString::to_string).collect();
    Ok(MadeFor { job: job.id.to_string(), name: job.name.clone(), schedules, promised })
}

async fn works(
    app: &App,
    work: &JobWork,
    made_for: &MadeFor,
    vms: Vec<Member>,
) -> Result<Vec<Item>, AppError> {
    let (wanted, writer) = (work.repository.clone(), access::writer(app)?);
    let (entry, repository) = app.blocking(move |app| access::repository(app, &wanted)).await?;
    let throttle = Arc::new(load::throttle_of_run(&app.inner.throttle, work.limit));
    let mut items = Vec::with_capacity(vms.len());
    for vm in vms {
        let (server, client) = match access::client(app, &vm.server_id).await {
            Ok(signed_in) => signed_in,
            Err(error) => {
                items.push(broken(vm.name, error));
                continue;
            }
        };
        let work = Work {
            app: app.clone(),
            client,
            server: (server.id.clone(), server.name.clone()),
            vm: VmRef::new(&vm.reference),
            name: vm.name.clone(),
            repository: repository.clone(),
            place: entry.name.clone(),
            writer,
            throttle: throttle.clone(),
            mounts: Arc::new(server.mounts()),
            cold: None,
            made_for: Some(made_for.clone()),
        };
        items.push(Item {
            key: format!("vm:{}/{}", server.id, vm.reference),
            name: vm.name,
            work: Box::new(move |run, observer| work.run(run, &observer)),
        });
    }
    Ok(items)
}
