use kuramori_jobs::job::{Cause, Job, Paused};

use super::Handler;
use crate::app::App;
use crate::dto::{
    Empty, JobList, JobRequest, JobView, PauseJobRequest, PreviewScheduleRequest, RunJobRequest,
    RunStarted, SaveJobRequest, SchedulePreview, Topic,
};
use crate::error::AppError;
use crate::jobs::{self, Asked};
use crate::schema::command;

impl Handler for command::JobsList {
    async fn handle(app: &App, _: Empty) -> Result<JobList, AppError> {
        app.blocking(|app| {
            let all = jobs::all(app)?;
            let handled = app.inner.log.handled().map_err(|e| jobs::failed(&e))?;
            let views = all.iter().map(|job| jobs::job_view(app, job, &all, &handled));
            Ok(JobList { jobs: views.collect::<Result<_, _>>()? })
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
            app.inner.events.changed(Topic::Jobs, Some(job.id.to_string()));
            Ok(Empty {})
        })
        .await
    }
}

impl Handler for command::JobsRun {
    async fn handle(app: &App, request: RunJobRequest) -> Result<RunStarted, AppError> {
        let job = app.blocking(move |app| jobs::find(app, &request.job_id)).await?;
        let asked = Asked { cause: Cause::Asked, slots: Vec::new(), scope: request.scope };
        let run_id = jobs::begin(app, &job, asked).await?.to_string();
        Ok(RunStarted { run_id })
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
    app.inner.log.save_job(job).map_err(|e| jobs::failed(&e))?;
    // What is new counts from now on, and not from whenever somebody looks next.
    let handled = app.inner.log.handled().map_err(|e| jobs::failed(&e))?;
    let fresh = job.schedules.iter().filter(|schedule| !handled.contains_key(&schedule.id));
    for schedule in fresh {
        let now = app.inner.clock.now();
        app.inner.log.set_handled(schedule.id, now).map_err(|e| jobs::failed(&e))?;
    }
    app.inner.events.changed(Topic::Jobs, Some(job.id.to_string()));
    show(app, job)
}

fn show(app: &App, job: &Job) -> Result<JobView, AppError> {
    let (all, handled) = (jobs::all(app)?, app.inner.log.handled().map_err(|e| jobs::failed(&e))?);
    jobs::job_view(app, job, &all, &handled)
}
