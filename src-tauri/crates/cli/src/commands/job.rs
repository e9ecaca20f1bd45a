//! Jobs.

use kuramori_app::dto::{
    Empty, ErrorCode, GroupView, InventoryRequest, InventoryView, JobDraft, JobRequest, JobView,
    PauseJobRequest, PickView, PreviewScheduleRequest, RunJobRequest, SaveJobRequest, ScheduleView,
    ScopeView, SourceView, SpansView,
};
use kuramori_app::schema::command;
use kuramori_app::{AppError, Client};

use crate::args::{DraftArgs, JobCommand, Named, ScheduleCommand, SpanArgs};
use crate::context::Context;
use crate::output::Done;
use crate::text;

pub(super) async fn run(context: &Context, command: JobCommand) -> Result<Done, AppError> {
    let app = context.client().await?;
    match command {
        JobCommand::Create { name, draft, run } => {
            let draft = create(&app, name, draft).await?;
            let request = SaveJobRequest { job_id: None, draft };
            let job = app.call::<command::JobsSave>(request).await?;
            if !run {
                return Ok(shown(context, &job));
            }
            let request = RunJobRequest { job_id: job.id, scope: ScopeView::All };
            let started = app.call::<command::JobsRun>(request).await?;
            context.follow(&app, &started.run_id).await
        }
        JobCommand::Edit { job, rename, draft } => {
            let request = JobRequest { job_id: job.clone() };
            let before = app.call::<command::JobsGet>(request).await?.draft;
            let draft = edit(&app, before, rename, draft).await?;
            let request = SaveJobRequest { job_id: Some(job), draft };
            Ok(shown(context, &app.call::<command::JobsSave>(request).await?))
        }
        JobCommand::List => {
            let list = app.call::<command::JobsList>(Empty {}).await?;
            context.output.answer(&list, text::job_list);
            Ok(Done::Well)
        }
        JobCommand::Show { job } => {
            Ok(shown(context, &app.call::<command::JobsGet>(JobRequest { job_id: job }).await?))
        }
        JobCommand::Run { job, failed, vms } => {
            let scope = match (failed, vms.is_empty()) {
                (true, _) => ScopeView::Failed,
                (_, false) => ScopeView::Chosen { names: vms },
                (_, true) => ScopeView::All,
            };
            let request = RunJobRequest { job_id: job, scope };
            let started = app.call::<command::JobsRun>(request).await?;
            context.follow(&app, &started.run_id).await
        }
        JobCommand::Pause { job, until } => {
            let request = PauseJobRequest { job_id: job, paused: true, until };
            Ok(shown(context, &app.call::<command::JobsPause>(request).await?))
        }
        JobCommand::Resume { job } => {
            let request = PauseJobRequest { job_id: job, paused: false, until: None };
            Ok(shown(context, &app.call::<command::JobsPause>(request).await?))
        }
        JobCommand::Delete { job } => {
            let request = JobRequest { job_id: job.clone() };
            let done = app.call::<command::JobsDelete>(request).await?;
            context
                .output
                .answer(&done, |_| format!("{job} is deleted; its recovery points stay.\n"));
            Ok(Done::Well)
        }
    }
}

pub(super) async fn schedule(
    context: &Context,
    command: ScheduleCommand,
) -> Result<Done, AppError> {
    let ScheduleCommand::Preview { at, zone, days } = command;
    let app = context.client().await?;
    let request = PreviewScheduleRequest { schedules: at, zone, days };
    let preview = app.call::<command::SchedulesPreview>(request).await?;
    context.output.answer(&preview, text::slots);
    Ok(Done::Well)
}

fn shown(context: &Context, job: &JobView) -> Done {
    context.output.answer(job, |job| text::jobs(std::slice::from_ref(job)));
    Done::Well
}

async fn create(app: &Client, name: String, args: DraftArgs) -> Result<JobDraft, AppError> {
    let repository_id = match &args.repo {
        Some(repo) => repo.clone(),
        None => match app.repository_names().await?.as_slice() {
            [only] => only.clone(),
            _ => return Err(AppError::new(ErrorCode::InvalidInput, "no repository: use --repo")),
        },
    };
    Ok(JobDraft {
        name,
        sources: sources(app, &args).await?,
        leave_out: args.leave_out,
        repository_id,
        limit: args.limit,
        schedules: args.at,
        spans: spans(args.spans, SpansView::default()),
        zone: args.zone,
        retry_minutes: vec![10, 20, 40],
        catch_up_hours: 12,
        rpo_minutes: args.rpo.map(|hours| hours.saturating_mul(60)),
    })
}

async fn edit(
    app: &Client,
    before: JobDraft,
    rename: Option<String>,
    args: DraftArgs,
) -> Result<JobDraft, AppError> {
    let chosen = sources(app, &args).await?;
    Ok(JobDraft {
        name: rename.unwrap_or(before.name),
        sources: if chosen.is_empty() { before.sources } else { chosen },
        leave_out: if args.leave_out.is_empty() { before.leave_out } else { args.leave_out },
        repository_id: args.repo.unwrap_or(before.repository_id),
        limit: args.limit.or(before.limit),
        schedules: schedules(before.schedules, args.at),
        spans: spans(args.spans, before.spans),
        zone: args.zone.or(before.zone),
        retry_minutes: before.retry_minutes,
        catch_up_hours: before.catch_up_hours,
        rpo_minutes: args.rpo.map(|hours| hours.saturating_mul(60)).or(before.rpo_minutes),
    })
}

/// A schedule for the same time as one before is that one: what it made is kept by it.
fn schedules(before: Vec<ScheduleView>, wanted: Vec<ScheduleView>) -> Vec<ScheduleView> {
    if wanted.is_empty() {
        return before;
    }
    let same = |one: ScheduleView| {
        let known = before.iter().find(|before| before.when == one.when);
        ScheduleView {
            id: known.and_then(|known| known.id.clone()),
            effective_from: known.and_then(|known| known.effective_from),
            allowed: known.and_then(|known| known.allowed.clone()),
            ..one
        }
    };
    wanted.into_iter().map(same).collect()
}

/// What is not given stays as it was.
fn spans(args: SpanArgs, before: SpansView) -> SpansView {
    SpansView {
        last: args.keep_last.unwrap_or(before.last),
        daily: args.keep_daily.unwrap_or(before.daily),
        weekly: args.keep_weekly.unwrap_or(before.weekly),
        monthly: args.keep_monthly.unwrap_or(before.monthly),
        yearly: args.keep_yearly.unwrap_or(before.yearly),
    }
}

async fn sources(app: &Client, args: &DraftArgs) -> Result<Vec<SourceView>, AppError> {
    let mut sources = Vec::new();
    for Named { server, name } in &args.vms {
        let inventory = inventory(app, server).await?;
        let is_it = |vm: &&kuramori_app::dto::VmView| vm.reference == *name || vm.name == *name;
        let vm = only(inventory.vms.iter().filter(is_it), name, ErrorCode::VmNotFound)?;
        let pick = PickView::Vm {
            instance_uuid: vm.instance_uuid.clone(),
            reference: vm.reference.clone(),
            name: vm.name.clone(),
        };
        sources.push(SourceView { server_id: inventory.server_id.clone(), pick });
    }
    for Named { server, name } in &args.groups {
        let inventory = inventory(app, server).await?;
        let group = only(groups(&inventory, name), name, ErrorCode::GroupNotFound)?;
        let pick = PickView::Group { id: group.id.clone(), name: group.name.clone() };
        sources.push(SourceView { server_id: inventory.server_id.clone(), pick });
    }
    let all = args.servers.iter();
    sources.extend(all.map(|id| SourceView { server_id: id.clone(), pick: PickView::All }));
    Ok(sources)
}

/// Returns the containers of a name; one that stands in several trees is one.
fn groups<'i>(inventory: &'i InventoryView, name: &str) -> impl Iterator<Item = &'i GroupView> {
    let trees = &inventory.trees;
    let all = [&trees.hosts, &trees.folders, &trees.storage, &trees.tags];
    let groups = all.into_iter().flat_map(|tree| &tree.groups);
    let mut found: Vec<_> = groups.filter(|g| !g.id.is_empty() && g.name == name).collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found.dedup_by(|a, b| a.id == b.id);
    found.into_iter()
}

fn only<T>(
    mut found: impl Iterator<Item = T>,
    name: &str,
    missing: ErrorCode,
) -> Result<T, AppError> {
    let one = found.next().ok_or_else(|| AppError::new(missing, name))?;
    if found.next().is_some() {
        let what = format!("“{name}”, since several are called so");
        return Err(AppError::new(ErrorCode::InvalidInput, what));
    }
    Ok(one)
}

async fn inventory(app: &Client, server: &str) -> Result<InventoryView, AppError> {
    let request = InventoryRequest { server_id: server.to_owned(), refresh: true };
    app.call::<command::InventoryGet>(request).await
}
