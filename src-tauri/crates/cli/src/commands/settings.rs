use kuramori_app::AppError;

use crate::args::SettingsCommand;
use crate::context::{Context, blocking};
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
