use kuramori_jobs::RunRecord;

use super::Handler;
use crate::app::{App, parse_run};
use crate::dto::{Empty, ErrorCode, ListRunsRequest, RunList, RunRequest, RunView, Topic};
use crate::error::AppError;
use crate::runs::{render, summary};
use crate::schema::command;

/// Most runs in one list.
const MOST: u32 = 1000;

fn log_failed(error: &kuramori_jobs::LogError) -> AppError {
    AppError::new(ErrorCode::StateDamaged, "runs.sqlite").because(error)
}

impl Handler for command::RunsList {
    async fn handle(app: &App, request: ListRunsRequest) -> Result<RunList, AppError> {
        app.blocking(move |app| {
            let limit = request.limit.clamp(1, MOST);
            let logged = app.inner.log.runs(limit).map_err(|e| log_failed(&e))?;
            // The live one knows more than the log does.
            let fresh = |r: RunRecord| app.inner.runs.get(r.id).map_or(r, |live| live.record());
            let runs = logged.into_iter().map(|r| summary(&fresh(r), app.language())).collect();
            Ok(RunList { runs })
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
            let record = app.inner.log.run(id).map_err(|e| log_failed(&e))?.ok_or_else(|| {
                AppError::new(ErrorCode::InvalidInput, format!("“{id}” as a run"))
            })?;
            let lines = app.inner.log.lines(id).map_err(|e| log_failed(&e))?;
            Ok(render(&record, &lines, app.language()))
        })
        .await
    }
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
