//! Rules by which recovery points are kept.

use kuramori_app::AppError;
use kuramori_app::dto::Language;

use crate::args::RetentionCommand;
use crate::context::{Context, blocking, clock};
use crate::output::Done;
use crate::text;

pub(super) async fn run(context: &Context, command: RetentionCommand) -> Result<Done, AppError> {
    let RetentionCommand::WhatIf { repo, rule } = command;
    let opened = context.place(&repo).await?;
    let view = blocking(move || {
        let language = opened.app.as_ref().map_or(Language::En, kuramori_app::App::language);
        opened.place.what_if(&rule.asked(), language, clock().as_ref())
    })
    .await?;
    context.output.answer(&view, text::judged);
    Ok(Done::Well)
}
