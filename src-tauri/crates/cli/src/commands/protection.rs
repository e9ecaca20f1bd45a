//! What is promised for VMs, and what somebody has to look at.

use kuramori_app::AppError;
use kuramori_app::dto::{
    AlertRequest, ClassView, Empty, PromiseChange, PromiseView, SetClassRequest,
};
use kuramori_app::schema::command;

use crate::args::{AlertsCommand, ClassChoice, ClassesArgs, ProtectionCommand};
use crate::context::Context;
use crate::output::Done;
use crate::text;

pub(super) async fn run(context: &Context, command: ProtectionCommand) -> Result<Done, AppError> {
    let app = context.client().await?;
    let (vm, change) = match command {
        ProtectionCommand::List => {
            let list = app.call::<command::ProtectionList>(Empty {}).await?;
            context.output.answer(&list, text::protection);
            return Ok(Done::Well);
        }
        ProtectionCommand::Class { vm, class } => {
            let class = match class {
                ClassChoice::Critical => Some(ClassView::Critical),
                ClassChoice::Normal => Some(ClassView::Normal),
                ClassChoice::Archive => Some(ClassView::Archive),
                ClassChoice::Suggested => None,
            };
            (vm, PromiseChange::Class { class })
        }
        ProtectionCommand::Exclude { vm, reason } => (vm, PromiseChange::Exclude { reason }),
        ProtectionCommand::Include { vm } => (vm, PromiseChange::Include),
    };
    let request = SetClassRequest { vm, change };
    let view = app.call::<command::ProtectionSetClass>(request).await?;
    context.output.answer(&view, |vm| text::protected(std::slice::from_ref(vm)));
    Ok(Done::Well)
}

pub(super) async fn classes(context: &Context, args: ClassesArgs) -> Result<Done, AppError> {
    let app = context.client().await?;
    let mut classes = app.call::<command::ClassesGet>(Empty {}).await?;
    let before = classes;
    let given = [
        (args.critical, &mut classes.critical),
        (args.normal, &mut classes.normal),
        (args.archive, &mut classes.archive),
    ];
    for (given, promise) in given {
        if let Some((rpo_minutes, rto_minutes)) = given {
            *promise = PromiseView { rpo_minutes, rto_minutes };
        }
    }
    if classes != before {
        classes = app.call::<command::ClassesSet>(classes).await?;
    }
    context.output.answer(&classes, text::classes);
    Ok(Done::Well)
}

pub(super) async fn alerts(context: &Context, command: AlertsCommand) -> Result<Done, AppError> {
    let app = context.client().await?;
    let list = match command {
        AlertsCommand::List => app.call::<command::AlertsList>(Empty {}).await?,
        AlertsCommand::Release { key } => {
            app.call::<command::AlertsRelease>(AlertRequest { key }).await?
        }
    };
    context.output.answer(&list, text::alerts);
    Ok(if list.alerts.is_empty() { Done::Well } else { Done::WithWarnings })
}
