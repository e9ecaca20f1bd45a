//! Beginning a run of a job.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kuramori_engine::{DiskChoice, JobEvent, Moment, Policy, RunEvent};
use kuramori_jobs::job::{Cause, Job, opens_at, pauses_at};
use kuramori_jobs::{JobId, Level, OfJob, Outcome, RunId, ScheduleId};
use kuramori_repo::{MadeFor, Promised};
use kuramori_vsphere::VmRef;

use super::members::{self, Member, Members, Servers};
use super::{JobWork, failed};
use crate::access;
use crate::app::App;
use crate::commands::Work;
use crate::dto::{DiskChoiceView, ErrorCode, RunKind, ScopeView, Topic};
use crate::error::AppError;
use crate::load;
use crate::runs::{Item, ItemResult, PausesAt, RunSpec, Start};

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
/// [`crate::dto::ErrorCode::UpdateApplying`]; then nothing was begun, and its slots are not dealt
/// with. [`crate::dto::ErrorCode::StateDamaged`].
pub(crate) async fn begin(app: &App, job: &Job, asked: Asked) -> Result<RunId, AppError> {
    app.refuse_during_update()?;
    let work = JobWork::of(job)?;
    let mut found = members::look_up(app, &work, &mut Servers::default()).await;
    narrow(app, job, &asked.scope, &mut found).await?;
    let id = job.id;
    let unsaved = app.blocking(move |app| app.inner.log.failed_of(id).map_err(|e| failed(&e)));
    let unsaved = unsaved.await?;
    // What was not saved last time goes first, or a window that is too short never comes to it.
    found.vms.sort_by_key(|m| !unsaved.contains(&m.name));
    let mut items: Vec<Item> =
        found.failed.into_iter().map(|(name, error)| broken(name, error)).collect();
    let names = app.inner.settings.get();
    let repository = names.repository(&work.repository).map(|r| r.name.clone());
    let made_for = made_for(app, job, &asked).await?;
    match works(app, &work, &made_for, found.vms.clone()).await {
        Ok(more) => items.extend(more),
        Err(error) => items.extend(found.vms.into_iter().map(|m| broken(m.name, error.clone()))),
    }
    if items.is_empty() {
        // Nothing was saved: that is no success.
        let error = AppError::new(ErrorCode::NothingToSave, &job.name);
        items.push(broken(job.name.clone(), error));
    }
    let began = RunEvent::Job(JobEvent::Began { job: job.name.clone(), cause: asked.cause });
    let left_out = found.left_out.into_iter();
    let left_out =
        left_out.map(|(name, reason)| RunEvent::Job(JobEvent::MemberLeftOut { name, reason }));
    let told = found.told.into_iter().map(|(level, event)| (level, RunEvent::Job(event)));
    let lines = std::iter::once((Level::Info, began))
        .chain(left_out.map(|event| (Level::Info, event)))
        .chain(told)
        .collect();
    let spec = RunSpec {
        job: Some(job.name.clone()),
        schedules: made_for.schedules.clone(),
        ..RunSpec::of(RunKind::Backup, repository.unwrap_or_default())
    };
    let now = app.inner.clock.now();
    let pauses = pauses_at(job, asked.cause, &asked.slots, now).map(|at| {
        let continues = opens_at(job, at).map(|at| Moment { at, zone: job.zone });
        PausesAt { at, continues }
    });
    let of_job = OfJob { job: job.id, cause: asked.cause, slots: asked.slots };
    let start = Start { spec, items, lines, of_job: Some(of_job), pauses };
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
    found: &mut Members,
) -> Result<(), AppError> {
    let is = |m: &Member, name: &String| m.name == *name || m.reference == *name;
    let known = |found: &Members, name: &String| {
        found.vms.iter().any(|m| is(m, name)) || found.failed.iter().any(|(n, _)| n == name)
    };
    let wanted: Vec<String> = match scope {
        ScopeView::All => return Ok(()),
        ScopeView::Chosen { names } => names.clone(),
        ScopeView::Failed => {
            let id = job.id;
            app.blocking(move |app| app.inner.log.failed_of(id).map_err(|e| failed(&e))).await?
        }
    };
    let unknown: Vec<&String> = wanted.iter().filter(|name| !known(found, name)).collect();
    if matches!(scope, ScopeView::Failed) {
        // What failed under that name stood for several VMs, or for one that is called otherwise
        // now: all are saved rather than one too few.
        if wanted.is_empty() || !unknown.is_empty() {
            return Ok(());
        }
    }
    let missing = unknown.into_iter();
    let missing: Vec<_> =
        missing.map(|name| (name.clone(), AppError::new(ErrorCode::VmNotFound, name))).collect();
    found.vms.retain(|m| wanted.iter().any(|name| is(m, name)));
    found.failed.retain(|(name, _)| wanted.contains(name));
    found.failed.extend(missing);
    found.left_out.clear();
    found.told.clear();
    Ok(())
}

/// An item that cannot even begin. It stands in the way of no other, also not of one that failed
/// under the same name at the same time.
pub(super) fn broken(name: String, error: AppError) -> Item {
    let key = format!("failed:{}", uuid::Uuid::new_v4());
    let work = move |_: &_, _| {
        (Outcome::Failed, ItemResult { error: Some(error), ..ItemResult::default() })
    };
    Item { name, key, waits: true, work: Box::new(work) }
}

/// Says what the recovery points of a run are made for: for the schedules that are due; for those of
/// the last run too, if that failed, since this one makes good for it; and for the first, when
/// somebody asked.
async fn made_for(app: &App, job: &Job, asked: &Asked) -> Result<MadeFor, AppError> {
    let mut due: Vec<ScheduleId> = asked.slots.iter().map(|(id, _)| *id).collect();
    if matches!(asked.cause, Cause::Asked | Cause::AskedForPart) {
        due.extend(job.schedules.first().map(|schedule| schedule.id));
    }
    let id = job.id;
    let missed = app.blocking(move |app| missed_schedules(app, id)).await?;
    let missed = missed.into_iter().filter(|id| !due.contains(id)).collect::<Vec<_>>();
    due.extend(missed);
    let now = app.inner.clock.now();
    let kept = |only: bool| {
        let counted = job.schedules.iter().filter(|s| !only || due.contains(&s.id));
        let kept = counted.filter_map(|s| s.keep).map(|keep| keep.until(now, job.zone));
        kept.max_by_key(|until| until.unwrap_or(DateTime::<Utc>::MAX_UTC))
    };
    // Its schedules may be other ones by now: then it is kept as long as any of them keeps.
    let promised = kept(true).or_else(|| kept(false)).map(|until| match until {
        Some(time) => Promised::Until { time },
        None => Promised::Forever,
    });
    let schedules = due.iter().map(ToString::to_string).collect();
    Ok(MadeFor { job: job.id.to_string(), name: job.name.clone(), schedules, promised })
}

/// Returns the schedules that the last run of a job counted for, if it did not end well.
fn missed_schedules(app: &App, job: JobId) -> Result<Vec<ScheduleId>, AppError> {
    let log = &app.inner.log;
    let last = log.last_run_of(job).map_err(|e| failed(&e))?;
    let Some(last) = last.filter(|last| !last.outcome.is_some_and(Outcome::is_success)) else {
        return Ok(Vec::new());
    };
    let spec = log.run(last.run).map_err(|e| failed(&e))?.map(|run| run.spec);
    let spec: Option<RunSpec> = spec.and_then(|spec| serde_json::from_value(spec).ok());
    let ids = spec.map(|spec| spec.schedules).unwrap_or_default();
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

fn policy(leave_out: &[DiskChoiceView]) -> Policy {
    let choice = |choice: &DiskChoiceView| DiskChoice {
        uuid: choice.uuid.clone(),
        key: choice.key,
        label: choice.label.clone(),
    };
    Policy { leave_out: leave_out.iter().map(choice).collect(), ..Policy::default() }
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
            policy: policy(&vm.leave_out),
            made_for: Some(made_for.clone()),
        };
        items.push(Item {
            key: format!("vm:{}/{}", server.id, vm.reference),
            name: vm.name,
            // Another run may work on it now: it gets its turn.
            waits: true,
            work: Box::new(move |run, observer| work.run(run, &observer)),
        });
    }
    Ok(items)
}
