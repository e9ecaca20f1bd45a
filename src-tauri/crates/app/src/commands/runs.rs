use kuramori_jobs::{Outcome, RunId, RunRecord};

use super::Handler;
use crate::app::{App, parse_run};
use crate::dto::{
    Empty, ErrorCode, ListRunsRequest, OutcomeView, RunJobRequest, RunList, RunRequest, RunStarted,
    RunSummary, RunView, ScopeView, StartBackupRequest, Topic,
};
use crate::error::AppError;
use crate::runs::{RunSpec, render, summary};
use crate::schema::command;

/// Most runs in one list.
const MOST: u32 = 1000;

/// Most runs that are looked through for those that are asked for.
const LOOKED_THROUGH: u32 = 20_000;

fn is_wanted(run: &RunSummary, request: &ListRunsRequest) -> bool {
    let failed = matches!(run.outcome, Some(OutcomeView::Failed | OutcomeView::Cancelled));
    request.job.as_ref().is_none_or(|job| run.job.as_ref() == Some(job))
        && request.since.is_none_or(|since| run.started_at >= since)
        && (failed || request.failed != Some(true))
}

fn log_failed(error: &kuramori_jobs::LogError) -> AppError {
    AppError::new(ErrorCode::StateDamaged, "runs.sqlite").because(error)
}

impl Handler for command::RunsList {
    async fn handle(app: &App, request: ListRunsRequest) -> Result<RunList, AppError> {
        app.blocking(move |app| {
            let limit = request.limit.clamp(1, MOST);
            let narrowed = request.job.is_some() || request.since.is_some();
            let narrowed = narrowed || request.failed == Some(true);
            let look = if narrowed { LOOKED_THROUGH } else { limit };
            let logged = app.inner.log.runs(look).map_err(|e| log_failed(&e))?;
            // The live one knows more than the log does.
            let fresh = |r: RunRecord| app.inner.runs.get(r.id).map_or(r, |live| live.record());
            let runs = logged.into_iter().map(|r| summary(&fresh(r), app.language()));
            let runs = runs.filter(|run| is_wanted(run, &request));
            Ok(RunList { runs: runs.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect() })
        })
        .await
    }
}

impl Handler for command::RunsGet {
    async fn handle(app: &App, request: RunRequest) -> Result<RunView, AppError> {
        let id = parse_run(&request.run_id)?;
        app.blocking(move |app| {
            if let Some(live) = app.inner.runs.get(id) {
                return Ok(app.inner.runs.view(&live));
            }
            let record = logged(app, id)?;
            let lines = app.inner.log.lines(id).map_err(|e| log_failed(&e))?;
            Ok(render(&record, &lines, app.language()))
        })
        .await
    }
}

impl Handler for command::RunsAgain {
    /// Of what failed, or of everything where nothing did.
    async fn handle(app: &App, request: RunRequest) -> Result<RunStarted, AppError> {
        let id = parse_run(&request.run_id)?;
        let record = app.blocking(move |app| logged(app, id)).await?;
        if let Some((job, _)) = record.job {
            let (job_id, scope) = (job.to_string(), ScopeView::Failed);
            return command::JobsRun::handle(app, RunJobRequest { job_id, scope }).await;
        }
        let spec: Option<RunSpec> = serde_json::from_value(record.spec).ok();
        let asked = spec.and_then(|spec| spec.asked).ok_or_else(|| {
            let what = format!("“{id}” as a backup that can be repeated");
            AppError::new(ErrorCode::InvalidInput, what)
        })?;
        let items = asked.vms.iter().zip(&record.items);
        let missed = items.filter(|(_, item)| !item.outcome.is_some_and(Outcome::is_success));
        let missed = missed.map(|(vm, _)| vm.clone());
        let missed: Vec<_> = missed.collect();
        let vms = if missed.is_empty() { asked.vms } else { missed };
        command::BackupStart::handle(app, StartBackupRequest { vms, ..asked }).await
    }
}

fn logged(app: &App, id: RunId) -> Result<RunRecord, AppError> {
    let record = app.inner.log.run(id).map_err(|e| log_failed(&e))?;
    record.ok_or_else(|| AppError::new(ErrorCode::InvalidInput, format!("“{id}” as a run")))
}

impl Handler for command::RunsCancel {
    async fn handle(app: &App, request: RunRequest) -> Result<Empty, AppError> {
        let id = parse_run(&request.run_id)?;
        app.blocking(move |app| {
            app.inner.runs.cancel(id);
            app.inner.events.changed(Topic::Run, Some(id.to_string()));
            Ok(Empty {})
        })
        .await
    }
}
