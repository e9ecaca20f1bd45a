//! Runs.

use kuramori_app::dto::{ErrorCode, ListRunsRequest, RunRequest};
use kuramori_app::schema::command;
use kuramori_app::{AppError, Client};

use crate::args::RunsCommand;
use crate::context::Context;
use crate::output::Done;
use crate::text;

/// Runs among which one is looked for by the beginning of its id.
const MOST: u32 = 1000;

pub(super) async fn run(context: &Context, command: RunsCommand) -> Result<Done, AppError> {
    let client = context.client().await?;
    match command {
        RunsCommand::List { job, failed, since, limit } => {
            let request = ListRunsRequest { limit, job, since, failed: failed.then_some(true) };
            let list = client.call::<command::RunsList>(request).await?;
            context.output.answer(&list, |list| text::runs(&list.runs));
        }
        RunsCommand::Show { run, log } => {
            let run_id = find(&client, &run).await?;
            let run = client.call::<command::RunsGet>(RunRequest { run_id }).await?;
            context.output.answer(&run, |run| text::run_report(run, log));
        }
        RunsCommand::Again { run } => {
            let run_id = find(&client, &run).await?;
            let started = client.call::<command::RunsAgain>(RunRequest { run_id }).await?;
            return context.follow(&client, &started.run_id).await;
        }
        RunsCommand::Cancel { run } => {
            let run_id = find(&client, &run).await?;
            let done = client.call::<command::RunsCancel>(RunRequest { run_id }).await?;
            context.output.answer(&done, |_| "It was asked to stop.".to_owned());
        }
    }
    Ok(Done::Well)
}

/// Finds a run by its id, the beginning of it, or as the last one.
async fn find(client: &Client, wanted: &str) -> Result<String, AppError> {
    let request = ListRunsRequest { limit: MOST, ..ListRunsRequest::default() };
    let runs = client.call::<command::RunsList>(request).await?.runs;
    let is_it = |id: &str| id.starts_with(wanted) || wanted == "last";
    let mut found = runs.into_iter().map(|run| run.id).filter(|id| is_it(id));
    let unknown = |why: &str| {
        let what = format!("“{wanted}” as a run: {why}");
        AppError::new(ErrorCode::InvalidInput, what)
    };
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(id),
        (Some(id), Some(_)) if wanted == "last" => Ok(id),
        (Some(_), Some(_)) => Err(unknown("more than one begins so")),
        (None, _) => Err(unknown("there is none")),
    }
}
