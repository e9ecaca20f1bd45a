use std::path::{Path, PathBuf};

use kuramori_app::dto::{Empty, ErrorCode, UpdateFileRequest};
use kuramori_app::schema::command;
use kuramori_app::updates::{self, Launch};
use kuramori_app::{AppError, SecretsChoice};

use crate::args::UpdateCommand;
use crate::context::{Context, blocking, clock, full};
use crate::output::Done;
use crate::text;

pub(super) async fn run(context: &Context, command: UpdateCommand) -> Result<Done, AppError> {
    match command {
        UpdateCommand::Check => {
            let app = context.app().await?;
            let view = app.call::<command::UpdatesCheck>(Empty {}).await?;
            context.output.answer(&view, text::updates);
        }
        UpdateCommand::Status => {
            let app = context.app().await?;
            let view = app.call::<command::UpdatesStatus>(Empty {}).await?;
            context.output.answer(&view, text::updates);
        }
        UpdateCommand::Install { file } => install(context, file).await?,
        UpdateCommand::Apply { journal } => {
            blocking(move || updates::apply(&journal, &*clock())).await?;
        }
        UpdateCommand::Confirm { token } => {
            let app = context.open(Some(&token))?;
            app.confirm_update(&token)?;
        }
    }
    Ok(Done::Well)
}

async fn install(context: &Context, file: Option<PathBuf>) -> Result<(), AppError> {
    let app = context.app().await?;
    match file {
        Some(file) => {
            let request = UpdateFileRequest { path: word(&full(&file))? };
            app.call::<command::UpdatesOpenFile>(request).await?;
        }
        None => {
            app.call::<command::UpdatesCheck>(Empty {}).await?;
        }
    }
    app.install_update(Launch::command_line(confirming(context)?)).await?;
    let view = app.call::<command::UpdatesStatus>(Empty {}).await?;
    context.output.answer(&view, |view| {
        let version = view.offer.as_ref().map_or("", |offer| &offer.version);
        format!("Version {version} is put in place now. See `kuramori update status` in a moment.")
    });
    Ok(())
}

/// The arguments for the new version, up to the token: the same state folder and secrets.
fn confirming(context: &Context) -> Result<Vec<String>, AppError> {
    let mut args = Vec::new();
    if let Some(state) = &context.state {
        args.extend(["--state".to_owned(), word(&full(state))?]);
    }
    if let SecretsChoice::Sealed(key) = &context.secrets {
        args.extend(["--secrets".to_owned(), format!("sealed:{}", word(&full(key))?)]);
    }
    args.extend(["update", "confirm"].map(str::to_owned));
    Ok(args)
}

fn word(path: &Path) -> Result<String, AppError> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| AppError::new(ErrorCode::InvalidInput, path.display().to_string()))
}
