use kuramori_app::AppError;
use kuramori_app::dto::Empty;
use kuramori_app::schema::command;
use kuramori_app::upkeep::Thoroughness;

use super::{deletion, settings, upkeep};
use crate::args::{RepoArgs, RepoCommand};
use crate::context::{Context, blocking, full};
use crate::input;
use crate::output::Done;
use crate::text;

use super::keys;

pub(super) async fn run(context: &Context, command: RepoCommand) -> Result<Done, AppError> {
    match command {
        RepoCommand::Create { path, name, key } => {
            let app = context.app().await?;
            let key = input::first_key(&key)?;
            let created = blocking(move || app.create_repository(&name, &full(&path), key)).await?;
            context.output.answer(&created, |c| {
                format!(
                    "{}\nRecovery key, shown this once. Write it down and keep it apart:\n\n  {}\n",
                    text::repositories(std::slice::from_ref(&c.repository)),
                    c.recovery_key
                )
            });
            Ok(Done::Well)
        }
        RepoCommand::Attach { path, name, key } => {
            let app = context.app().await?;
            let key = input::needed_key(&key)?;
            let attached =
                blocking(move || app.attach_repository(&name, &full(&path), key)).await?;
            context.output.answer(&attached, |r| text::repositories(std::slice::from_ref(r)));
            Ok(Done::Well)
        }
        RepoCommand::List => {
            let app = context.app().await?;
            let list = app.call::<command::RepositoriesList>(Empty {}).await?;
            context.output.answer(&list, |l| text::repositories(&l.repositories));
            let ready = list.repositories.iter().all(|r| r.error.is_none() && r.alarm.is_none());
            Ok(if ready { Done::Well } else { Done::WithWarnings })
        }
        RepoCommand::Prune { repo, dry_run, confirm, despite_alarm } => {
            let how = (confirm, despite_alarm);
            deletion::prune(context, &repo.into_repo(), dry_run, how).await
        }
        RepoCommand::Accept { name } => accept(context, name).await,
        RepoCommand::Settings(command) => settings::left(context, command).await,
        RepoCommand::Info(repo) => info(context, &repo.into_repo()).await,
        RepoCommand::Key(command) => keys::run(context, command).await,
        RepoCommand::RecoverySheet { repo, output, language } => {
            keys::recovery_sheet(context, &repo.into_repo(), &output, language).await
        }
        RepoCommand::RecoveryCheck { name, repo_path } => {
            keys::recovery_check(context, name, repo_path).await
        }
        RepoCommand::Check { repo, read_data, budget, max_age } => {
            let how = match (read_data, budget, max_age) {
                (false, ..) => Thoroughness::Structure,
                (true, Some(percent), _) => Thoroughness::Percent(percent),
                (true, None, Some(age)) => Thoroughness::OlderThan(age),
                (true, None, None) => Thoroughness::AllData,
            };
            upkeep::check(context, repo.into_repo(), how).await
        }
        RepoCommand::Repair { repo, from, dry_run } => {
            upkeep::repair(context, repo.into_repo(), from, dry_run).await
        }
        RepoCommand::RebuildIndex(repo) => upkeep::rebuild_index(context, repo.into_repo()).await,
        RepoCommand::Stats(repo) => upkeep::stats(context, repo.into_repo()).await,
    }
}

async fn accept(context: &Context, name: String) -> Result<Done, AppError> {
    let app = context.app().await?;
    let view = blocking(move || app.accept_history(&name)).await?;
    context.output.answer(&view, |r| text::repositories(std::slice::from_ref(r)));
    Ok(Done::Well)
}

async fn info(context: &Context, repo: &RepoArgs) -> Result<Done, AppError> {
    let opened = context.place(repo).await?;
    let view = blocking(move || match &opened.app {
        Some(app) => app.repository_view(&opened.place, &opened.path),
        None => opened.place.view(&opened.path),
    })
    .await?;
    context.output.answer(&view, |r| text::repositories(std::slice::from_ref(r)));
    Ok(if view.alarm.is_none() { Done::Well } else { Done::WithWarnings })
}
