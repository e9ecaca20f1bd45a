//! Rules by which recovery points are kept.

use kuramori_app::AppError;
use kuramori_app::dto::{Empty, JobRequest, Language, WhatIfRequest};
use kuramori_app::schema::command;

use crate::args::{RepoArgs, RetentionCommand, RuleArgs};
use crate::context::{Context, blocking, clock};
use crate::output::Done;
use crate::text;

pub(super) async fn run(context: &Context, command: RetentionCommand) -> Result<Done, AppError> {
    match command {
        RetentionCommand::WhatIf { repo, rule } => what_if(context, repo, rule).await,
        RetentionCommand::Job { job, draft } => {
            let app = context.client().await?;
            let request = JobRequest { job_id: job.clone() };
            let before = app.call::<command::JobsGet>(request).await?.draft;
            let draft = super::job_draft::edit(&app, before, None, *draft).await?;
            let request = WhatIfRequest { job_id: Some(job), draft };
            let view = app.call::<command::RetentionWhatIf>(request).await?;
            context.output.answer(&view, text::judged);
            Ok(Done::Well)
        }
        RetentionCommand::Ledger { repo } => {
            let opened = context.place(&repo).await?;
            let view = blocking(move || opened.place.ledger()).await?;
            context.output.answer(&view, text::ledger);
            Ok(if view.broken.is_empty() { Done::Well } else { Done::WithWarnings })
        }
        RetentionCommand::Bin { hours } => {
            let app = context.client().await?;
            let mut settings = app.call::<command::SettingsGet>(Empty {}).await?;
            if let Some(hours) = hours {
                settings.recycle_bin_hours = hours;
                settings = app.call::<command::SettingsSet>(settings).await?;
            }
            context.output.answer(&settings, |settings| {
                let hours = settings.recycle_bin_hours;
                format!("Deleted recovery points stay {hours} hours in the recycle bin.\n")
            });
            Ok(Done::Well)
        }
    }
}

async fn what_if(context: &Context, repo: RepoArgs, rule: RuleArgs) -> Result<Done, AppError> {
    let opened = context.place(&repo).await?;
    let view = blocking(move || {
        let language = opened.app.as_ref().map_or(Language::En, kuramori_app::App::language);
        opened.place.what_if(&rule.asked(), language, clock().as_ref())
    })
    .await?;
    context.output.answer(&view, text::judged);
    Ok(Done::Well)
}
