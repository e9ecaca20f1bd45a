use kuramori_app::{AppError, SecretsChoice};

use crate::args::{OwnSettingsCommand, SettingsCommand, Switch};
use crate::context::{Context, blocking, full};
use crate::output::Done;
use crate::text;

pub(super) async fn run(context: &Context, command: SettingsCommand) -> Result<Done, AppError> {
    match command {
        SettingsCommand::Show { repo } => {
            let opened = context.place(&repo.into_repo()).await?;
            let list =
                blocking(move || opened.place.exported_settings(opened.app.as_ref())).await?;
            context.output.answer(&list, text::exported_settings);
        }
        SettingsCommand::Import { name, from } => {
            let app = context.app().await?;
            let imported = blocking(move || app.import_settings(&name, from.as_deref())).await?;
            context.output.answer(&imported, text::settings_imported);
        }
    }
    Ok(Done::Well)
}

/// Settings of this installation.
pub(super) async fn own(context: &Context, command: OwnSettingsCommand) -> Result<Done, AppError> {
    let OwnSettingsCommand::Autostart { switch } = command;
    let app = context.app().await?;
    let on = switch.map(|switch| switch == Switch::On);
    let view = app.autostart(served(context), on).await?;
    context.output.answer(&view, text::autostart);
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
