//! Long work on one repository: with progress, stopped by Ctrl-C.

use std::sync::Arc;
use std::time::Duration;

use kuramori_app::dto::{ErrorCode, Language};
use kuramori_app::upkeep::{Thoroughness, Upkeep};
use kuramori_app::{AppError, CancelToken, Place, Tally, Writer};

use crate::args::RepoArgs;
use crate::context::{Context, Opened, blocking, clock};
use crate::output::Done;
use crate::progress::ProgressLine;
use crate::text::upkeep as text;

/// How often progress is shown.
const TICK: Duration = Duration::from_millis(200);

pub(super) async fn check(
    context: &Context,
    repo: RepoArgs,
    how: Thoroughness,
) -> Result<Done, AppError> {
    let opened = context.place(&repo).await?;
    let found = run(context, opened, move |place, upkeep| place.check(how, upkeep)).await?;
    context.output.answer(&found, text::check);
    Ok(if found.sound { Done::Well } else { Done::Failed })
}

pub(super) async fn repair(
    context: &Context,
    repo: RepoArgs,
    from: Option<String>,
    dry_run: bool,
) -> Result<Done, AppError> {
    let opened = context.place(&repo).await?;
    let other = match (from, &opened.app) {
        (None, _) => None,
        (Some(name), Some(app)) => {
            let app = app.clone();
            Some(blocking(move || app.place(&name)).await?)
        }
        (Some(name), None) => {
            return Err(AppError::new(
                ErrorCode::InvalidInput,
                format!("“{name}” with --repo-path: --from takes repositories known here"),
            ));
        }
    };
    let work = move |place: &Place, upkeep: &Upkeep| place.repair(other.as_ref(), dry_run, upkeep);
    let done = run(context, opened, work).await?;
    context.output.answer(&done, text::repair);
    Ok(if done.after.sound { Done::Well } else { Done::Failed })
}

pub(super) async fn rebuild_index(context: &Context, repo: RepoArgs) -> Result<Done, AppError> {
    let opened = context.place(&repo).await?;
    let done = run(context, opened, Place::rebuild_index).await?;
    context.output.answer(&done, text::rebuild);
    Ok(if done.damaged.is_empty() { Done::Well } else { Done::WithWarnings })
}

pub(super) async fn stats(context: &Context, repo: RepoArgs) -> Result<Done, AppError> {
    let opened = context.place(&repo).await?;
    let stats = run(context, opened, Place::stats).await?;
    context.output.answer(&stats, text::stats);
    Ok(Done::Well)
}

/// Works on a repository, showing how it goes.
async fn run<T: Send + 'static>(
    context: &Context,
    opened: Opened,
    work: impl FnOnce(&Place, &Upkeep) -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    let writer = match &opened.app {
        Some(app) => app.writer()?,
        None => Writer::once()?,
    };
    let (tally, cancel) = (Arc::new(Tally::new()), CancelToken::new());
    let upkeep = Upkeep {
        writer,
        clock: clock(),
        progress: tally.clone(),
        cancel: cancel.clone(),
        language: Language::En,
    };
    let mut line = ProgressLine::new(context.output);
    let ended = blocking(move || work(&opened.place, &upkeep));
    tokio::pin!(ended);
    let mut ticks = tokio::time::interval(TICK);
    let result = loop {
        tokio::select! {
            result = &mut ended => break result,
            _ = ticks.tick() => line.show_bytes(tally.counters().done, tally.announced()),
            _ = tokio::signal::ctrl_c() => cancel.cancel(),
        }
    };
    line.clear();
    result
}
