use kuramori_app::{AppError, SecretsChoice, SettingsFrom};

use crate::args::{LeftCommand, SettingsCommand, Switch};
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
        SettingsCommand::Autostart { switch } => {
            let on = switch.map(|switch| switch == Switch::On);
            let view = app.autostart(served(context), on).await?;
            context.output.answer(&view, |view| text::autostart(*view));
        }
    }
    Ok(Done::Well)
}

/// What the program is given when it starts by itself: to keep the jobs of this state folder.
fn served(context: &Context) -> Vec<String> {
    let mut arguments = Vec::new();
    if let Some(state) = &context.state {
        arguments.extend(["--state".to_owned(), full(state).display().to_string()]);
    }
    if let SecretsChoice::Sealed(key) = &context.secrets {
        arguments.extend(["--secrets".to_owned(), format!("sealed:{}", full(key).display())]);
    }
    arguments.push("serve".to_owned());
    arguments
}
