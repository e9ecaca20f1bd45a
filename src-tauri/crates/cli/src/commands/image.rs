use std::path::PathBuf;
use std::sync::Arc;

use kuramori_app::dto::Language;
use kuramori_app::{AppError, CancelToken, ImageRequest, Tally, Writer};

use super::restore::disk_to_file;
use crate::args::{ImageCommand, RepoArgs};
use crate::context::{Context, blocking, clock};
use crate::input;
use crate::output::Done;
use crate::text;

pub(super) async fn run(context: &Context, command: ImageCommand) -> Result<Done, AppError> {
    match command {
        ImageCommand::Backup { file, repo, name, changed } => {
            backup(context, file, &repo, name, changed).await
        }
        ImageCommand::Restore { point, repo, output } => {
            disk_to_file(context, &point, repo, 0, output).await
        }
    }
}

async fn backup(
    context: &Context,
    file: PathBuf,
    repo: &RepoArgs,
    name: Option<String>,
    changed: Option<PathBuf>,
) -> Result<Done, AppError> {
    let areas = changed.as_deref().map(input::text).transpose()?;
    let opened = context.place(repo).await?;
    let writer = match &opened.app {
        Some(app) => app.writer()?,
        None => Writer::once()?,
    };
    let cancel = CancelToken::new();
    let stop = cancel.clone();
    let work = blocking(move || {
        let point = opened.place.backup_image(ImageRequest {
            file: &file,
            name: name.as_deref(),
            areas: areas.as_deref(),
            writer,
            clock: clock(),
            progress: Arc::new(Tally::new()),
            cancel: &cancel,
        })?;
        point.view(Language::En)
    });
    tokio::pin!(work);
    let point = tokio::select! {
        done = &mut work => done?,
        _ = tokio::signal::ctrl_c() => {
            stop.cancel();
            work.await?
        }
    };
    context.output.answer(&point, |p| text::points(std::slice::from_ref(p)));
    Ok(Done::Well)
}
