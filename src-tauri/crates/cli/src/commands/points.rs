use kuramori_app::AppError;
use kuramori_app::dto::{Language, ListPointsRequest};
use kuramori_app::schema::command;

use super::deletion;
use crate::args::{PointsCommand, RepoArgs};
use crate::context::{Context, blocking};
use crate::output::Done;
use crate::text;

pub(super) async fn run(context: &Context, command: PointsCommand) -> Result<Done, AppError> {
    match command {
        PointsCommand::List { repo, vm } => list(context, repo, vm).await,
        PointsCommand::Config { point, repo } => config(context, &repo, point).await,
        PointsCommand::Forget { repo, args } => deletion::forget(context, repo, args).await,
        PointsCommand::Deleted { repo } => deletion::recycle_bin(context, &repo).await,
        PointsCommand::Undelete { point, repo } => deletion::undelete(context, &repo, point).await,
        PointsCommand::Hold { point, repo, reason } => {
            deletion::hold(context, &repo, point, reason).await
        }
        PointsCommand::Holds { repo } => deletion::holds(context, &repo).await,
        PointsCommand::Release { hold, repo } => deletion::release(context, &repo, hold).await,
    }
}

async fn config(context: &Context, repo: &RepoArgs, point: String) -> Result<Done, AppError> {
    let opened = context.place(repo).await?;
    let config = blocking(move || opened.place.find(&point)?.config()).await?;
    context.output.answer(&config, |config| format!("{config:#}"));
    Ok(Done::Well)
}

async fn list(context: &Context, repo: RepoArgs, vm: Option<String>) -> Result<Done, AppError> {
    let list = if repo.repo_path.is_some() {
        let opened = context.place(&repo).await?;
        let mut list = blocking(move || opened.place.points(Language::En)).await?;
        if let Some(vm) = &vm {
            list.points.retain(|p| p.vm_name == *vm || p.instance_uuid.as_ref() == Some(vm));
        }
        list
    } else {
        let app = context.client().await?;
        let request = ListPointsRequest { repository_id: repo.repo, vm };
        app.call::<command::PointsList>(request).await?
    };
    context.output.answer(&list, |l| {
        let mut text = text::points(&l.points);
        for missing in &l.unreadable {
            text.push_str(&text::error(&missing.error));
        }
        text
    });
    Ok(if list.unreadable.is_empty() { Done::Well } else { Done::WithWarnings })
}
