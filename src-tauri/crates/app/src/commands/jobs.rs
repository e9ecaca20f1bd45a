use kuramori_jobs::job::{Cause, Job, Paused};

use super::Handler;
use crate::app::App;
use crate::dto::{
    DuplicateJobRequest, Empty, JobList, JobPlanView, JobRequest, JobView, PauseJobRequest,
    PlanJobRequest, PresetsView, PreviewScheduleRequest, ProposeSchedulesRequest, RunJobRequest,
    RunStarted, SaveJobRequest, SchedulePreview, SchedulesProposed, ScopeView, Topic,
};
use crate::error::AppError;
use crate::jobs::{self, Asked};
use crate::schema::command;

impl Handler for command::JobsList {
    async fn handle(app: &App, _: Empty) -> Result<JobList, AppError> {
        app.blocking(|app| {
            let known = app.inner.log.jobs().map_err(|e| jobs::failed(&e))?;
            let all = known.jobs;
            let handled = app.inner.log.handled().map_err(|e| jobs::failed(&e))?;
            let views = all.iter().map(|job| jobs::job_view(app, job, &all, &handled));
            let jobs = views.collect::<Result<_, _>>()?;
            Ok(JobList { jobs, unreadable: known.unreadable })
        })
        .await
    }
}

impl Handler for command::JobsGet {
    async fn handle(app: &App, request: JobRequest) -> Result<JobView, AppError> {
        app.blocking(move |app| show(app, &jobs::find(app, &request.job_id)?)).await
    }
}

impl Handler for command::JobsSave {
    async fn handle(app: &App, request: SaveJobRequest) -> Result<JobView, AppError> {
        app.blocking(move |app| {
            let job = jobs::to_job(app, request.job_id.as_deref(), &request.draft)?;
            save(app, &job)
        })
        .await
    }
}

impl Handler for command::JobsPause {
    async fn handle(app: &App, request: PauseJobRequest) -> Result<JobView, AppError> {
        app.blocking(move |app| {
            let paused = request.paused.then_some(Paused { until: request.until });
            save(app, &Job { paused, ..jobs::find(app, &request.job_id)? })
        })
        .await
    }
}

impl Handler for command::JobsDelete {
    async fn handle(app: &App, request: JobRequest) -> Result<Empty, AppError> {
        app.blocking(move |app| {
            let job = jobs::find(app, &request.job_id)?;
            jobs::nothing_follows(app, &job)?;
            app.inner.log.delete_job(&job).map_err(|e| jobs::failed(&e))?;
            jobs::export(app, &job);
            app.inner.events.changed(Topic::Jobs, Some(job.id.to_string()));
            Ok(Empty {})
        })
        .await
    }
}

impl Handler for command::JobsRun {
    async fn handle(app: &App, request: RunJobRequest) -> Result<RunStarted, AppError> {
        let job = app.blocking(move |app| jobs::find(app, &request.job_id)).await?;
        let cause = match request.scope {
            ScopeView::Chosen { .. } => Cause::AskedForPart,
            ScopeView::All | ScopeView::Failed => Cause::Asked,
        };
        let asked = Asked { cause, slots: Vec::new(), scope: request.scope };
        let run_id = jobs::begin(app, &job, asked).await?.to_string();
        Ok(RunStarted { run_id })
    }
}

impl Handler for command::JobsDuplicate {
    async fn handle(app: &App, request: DuplicateJobRequest) -> Result<JobView, AppError> {
        app.blocking(move |app| save(app, &jobs::duplicate(app, &request)?)).await
    }
}

impl Handler for command::JobsPlan {
    async fn handle(app: &App, request: PlanJobRequest) -> Result<JobPlanView, AppError> {
        jobs::plan(app, request).await
    }
}

impl Handler for command::JobsPresets {
    async fn handle(app: &App, _: Empty) -> Result<PresetsView, AppError> {
        app.blocking(jobs::presets).await
    }
}

impl Handler for command::SchedulesPropose {
    async fn handle(
        app: &App,
        request: ProposeSchedulesRequest,
    ) -> Result<SchedulesProposed, AppError> {
        app.blocking(move |app| jobs::propose(app, &request)).await
    }
}

impl Handler for command::SchedulesPreview {
    async fn handle(
        app: &App,
        request: PreviewScheduleRequest,
    ) -> Result<SchedulePreview, AppError> {
        app.blocking(move |app| jobs::preview(app, &request)).await
    }
}

fn save(app: &App, job: &Job) -> Result<JobView, AppError> {
    jobs::keep(app, job)?;
    jobs::export(app, job);
    show(app, job)
}

fn show(app: &App, job: &Job) -> Result<JobView, AppError> {
    let (all, handled) = (jobs::all(app)?, app.inner.log.handled().map_err(|e| jobs::failed(&e))?);
    jobs::job_view(app, job, &all, &handled)
}
