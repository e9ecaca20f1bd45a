use kuramori_app::AppError;
use kuramori_app::dto::{Language, ListPointsRequest};
use kuramori_app::schema::command;

use crate::args::PointsCommand;
use crate::context::{Context, blocking};
use crate::output::Done;
use crate::text;

pub(super) async fn run(context: &Context, command: PointsCommand) -> Result<Done, AppError> {
    let PointsCommand::List { repo, vm } = command;
    let list = if repo.repo_path.is_some() {
        let opened = context.place(&repo).await?;
        let mut list = blocking(move || opened.place.points(Language::En)).await?;
        if let Some(vm) = &vm {
            list.points.retain(|p| p.vm_name == *vm || p.instance_uuid.as_ref() == Some(vm));
        }
        list
    } else {
        let app = context.app().await?;
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
