//! Jobs.

use kuramori_app::dto::{
    DuplicateJobRequest, Empty, JobDraft, JobRequest, JobView, PauseJobRequest, PlanJobRequest,
    PreviewScheduleRequest, ProposeSchedulesRequest, RunJobRequest, SaveJobRequest, ScopeView,
};
use kuramori_app::schema::command;
use kuramori_app::{AppError, Client};

use super::job_draft::{create, edit};
use crate::args::{JobCommand, ScheduleCommand};
use crate::context::Context;
use crate::output::Done;
use crate::text;

pub(super) async fn run(context: &Context, command: JobCommand) -> Result<Done, AppError> {
    let app = context.client().await?;
    match command {
        JobCommand::Create { name, draft, run } => {
            make(context, &app, create(&app, name, draft).await?, run).await
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
        JobCommand::Plan { job } => {
            let request = PlanJobRequest { job_id: Some(job), draft: None };
            let plan = app.call::<command::JobsPlan>(request).await?;
            context.output.answer(&plan, text::job_plan);
            Ok(Done::Well)
        }
        JobCommand::Duplicate { job, name } => {
            let request = DuplicateJobRequest { job_id: job, name };
            Ok(shown(context, &app.call::<command::JobsDuplicate>(request).await?))
        }
        JobCommand::Presets => {
            let presets = app.call::<command::JobsPresets>(Empty {}).await?;
            context.output.answer(&presets, text::presets);
            Ok(Done::Well)
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

/// Makes a job and, if that is wished, runs it.
async fn make(
    context: &Context,
    app: &Client,
    draft: JobDraft,
    run: bool,
) -> Result<Done, AppError> {
    let request = SaveJobRequest { job_id: None, draft };
    let job = app.call::<command::JobsSave>(request).await?;
    if !run {
        return Ok(shown(context, &job));
    }
    let request = RunJobRequest { job_id: job.id, scope: ScopeView::All };
    let started = app.call::<command::JobsRun>(request).await?;
    context.follow(app, &started.run_id).await
}

pub(super) async fn schedule(
    context: &Context,
    command: ScheduleCommand,
) -> Result<Done, AppError> {
    let app = context.client().await?;
    match command {
        ScheduleCommand::Preview { at, zone, days } => {
            let request = PreviewScheduleRequest { schedules: at, zone, days };
            let preview = app.call::<command::SchedulesPreview>(request).await?;
            context.output.answer(&preview, text::slots);
        }
        ScheduleCommand::Propose { rpo, zone } => {
            let rpo_minutes = rpo.saturating_mul(60);
            let request = ProposeSchedulesRequest { rpo_minutes, zone };
            let proposed = app.call::<command::SchedulesPropose>(request).await?;
            context.output.answer(&proposed, |proposed| format!("{}\n", proposed.sentence));
        }
    }
    Ok(Done::Well)
}

fn shown(context: &Context, job: &JobView) -> Done {
    context.output.answer(job, |job| text::jobs(std::slice::from_ref(job)));
    Done::Well
}
