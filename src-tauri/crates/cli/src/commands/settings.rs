use kuramori_app::{AppError, SettingsFrom};

use crate::args::{LeftCommand, SettingsCommand};
use crate::context::{Context, blocking, full};
use crate::output::Done;
use crate::text;

/// What computers left in a repository.
pub(super) async fn left(context: &Context, command: LeftCommand) -> Result<Done, AppError> {
    let LeftCommand::Show { repo } = command;
    let opened = context.place(&repo.into_repo()).await?;
    let list = blocking(move || opened.place.exported_settings(opened.app.as_ref())).await?;
    context.output.answer(&list, text::exported_settings);
    Ok(Done::Well)
}

pub(super) async fn run(context: &Context, command: SettingsCommand) -> Result<Done, AppError> {
    let app = context.app().await?;
    match command {
        SettingsCommand::Export { file } => {
            let path = full(&file);
            let shown = path.display().to_string();
            blocking(move || app.export_settings(&path)).await?;
            context.output.answer(&shown, |path| {
                format!("{path} is complete. Passwords and keys are not in it.")
            });
        }
        SettingsCommand::Import { file, from_repository, from, dry_run } => {
            let from = match (file, from_repository) {
                (_, Some(repository)) => SettingsFrom::Repository { repository, computer: from },
                (file, None) => SettingsFrom::File(full(&file.unwrap_or_default())),
            };
            let imported = blocking(move || app.import_settings(&from, dry_run)).await?;
            context.output.answer(&imported, text::settings_imported);
        }
    }
    Ok(Done::Well)
}
