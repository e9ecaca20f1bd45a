use kuramori_app::AppError;
use kuramori_app::dto::Empty;
use kuramori_app::schema::command;

use crate::args::LoadArgs;
use crate::context::Context;
use crate::output::Done;
use crate::text;

pub(super) async fn run(context: &Context, args: LoadArgs) -> Result<Done, AppError> {
    let app = context.client().await?;
    let mut settings = app.call::<command::SettingsGet>(Empty {}).await?;
    let before = settings.load;
    let load = &mut settings.load;
    if args.no_limit {
        load.limit = None;
    }
    load.limit = args.limit.or(load.limit);
    if args.all_day {
        (load.from, load.to) = (0, 0);
    }
    (load.from, load.to) = args.hours.unwrap_or((load.from, load.to));
    let load = &mut settings.load;
    load.per_host = args.per_host.unwrap_or(load.per_host);
    load.per_datastore = args.per_datastore.unwrap_or(load.per_datastore);
    if settings.load != before {
        settings = app.call::<command::SettingsSet>(settings).await?;
    }
    context.output.answer(&settings.load, text::load);
    Ok(Done::Well)
}
