use kuramori_app::AppError;
use kuramori_app::dto::{
    AddServerRequest, Empty, ProbeServerRequest, ServerChecked, ServerRequest, TrustServerRequest,
};
use kuramori_app::schema::command;

use crate::args::ServerCommand;
use crate::context::Context;
use crate::input;
use crate::output::Done;
use crate::text;

pub(super) async fn run(context: &Context, command: ServerCommand) -> Result<Done, AppError> {
    let app = context.app().await?;
    match command {
        ServerCommand::Add { name, url, user, password_stdin: _, pin, accept_new_pin } => {
            let password = input::secret()?;
            let pin = if accept_new_pin {
                let request = ProbeServerRequest { url: url.clone() };
                let seen = app.call::<command::ServersProbe>(request).await?;
                (!seen.trusted_by_system).then_some(seen.sha256)
            } else {
                pin
            };
            let password = password.expose().clone();
            let request = AddServerRequest { name, url, user, password, pin };
            let checked = app.call::<command::ServersAdd>(request).await?;
            context.output.answer(&checked, text::checked);
            Ok(done(&checked))
        }
        ServerCommand::List => {
            let list = app.call::<command::ServersList>(Empty {}).await?;
            context.output.answer(&list, |l| text::servers(&l.servers));
            Ok(Done::Well)
        }
        ServerCommand::Test { name } => {
            let request = ServerRequest { server_id: name };
            let checked = app.call::<command::ServersTest>(request).await?;
            context.output.answer(&checked, text::checked);
            Ok(done(&checked))
        }
        ServerCommand::Trust { name, sha256 } => {
            let request = TrustServerRequest { server_id: name, sha256 };
            let server = app.call::<command::ServersTrust>(request).await?;
            context.output.answer(&server, |s| text::servers(std::slice::from_ref(s)));
            Ok(Done::Well)
        }
        ServerCommand::Remove { name } => {
            let request = ServerRequest { server_id: name };
            let gone = app.call::<command::ServersRemove>(request).await?;
            context.output.answer(&gone, |_| "Removed.".to_owned());
            Ok(Done::Well)
        }
    }
}

fn done(checked: &ServerChecked) -> Done {
    if checked.checks.iter().all(|c| c.passed) { Done::Well } else { Done::WithWarnings }
}
