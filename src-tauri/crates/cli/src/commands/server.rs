use kuramori_app::dto::{
    AddServerRequest, CheckServerRequest, CheckState, Empty, MountDatastoreRequest,
    ProbeServerRequest, RoleFormatView, RoleRequest, ServerCheck, ServerCheckKind, ServerRequest,
    ServerView, TrustServerRequest,
};
use kuramori_app::schema::command;
use kuramori_app::{AppError, Client};
use serde::Serialize;

use crate::args::{RoleFormat, ServerCommand};
use crate::context::Context;
use crate::input;
use crate::output::Done;
use crate::text;

pub(super) async fn run(context: &Context, command: ServerCommand) -> Result<Done, AppError> {
    let app = context.client().await?;
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
            let server = app.call::<command::ServersAdd>(request).await?;
            let checks = check(context, &app, &server.id, &CHECKS[2..]).await?;
            context.output.answer(&ServerAdded { server: &server, checks: &checks }, |added| {
                text::servers(std::slice::from_ref(added.server))
            });
            // It was added, whatever it can do.
            let well = checks.iter().all(|c| c.state == CheckState::Good);
            Ok(if well { Done::Well } else { Done::WithWarnings })
        }
        ServerCommand::List => {
            let list = app.call::<command::ServersList>(Empty {}).await?;
            context.output.answer(&list, |l| text::servers(&l.servers));
            Ok(Done::Well)
        }
        ServerCommand::Check { name } => {
            let checks = check(context, &app, &name, &CHECKS).await?;
            let left = CHECKS.get(checks.len()..).unwrap_or_default();
            // For people each line was written when its check ended.
            if !context.output.is_for_people() || !left.is_empty() {
                context.output.answer(&ServerChecks { checks: &checks }, |_| text::unchecked(left));
            }
            Ok(done(&checks))
        }
        ServerCommand::Role { format } => {
            let format = match format {
                RoleFormat::Powercli => RoleFormatView::Powercli,
                RoleFormat::Govc => RoleFormatView::Govc,
                RoleFormat::Text => RoleFormatView::Text,
            };
            let role = app.call::<command::ServersRole>(RoleRequest { format }).await?;
            context.output.answer(&role, |role| role.text.clone());
            Ok(Done::Well)
        }
        ServerCommand::Mount { name, datastore, folder } => {
            // The program may run elsewhere next time, so the full path is kept.
            let folder = std::path::absolute(&folder).unwrap_or(folder);
            mount(context, &app, name, datastore, Some(folder.display().to_string())).await
        }
        ServerCommand::Unmount { name, datastore } => {
            mount(context, &app, name, datastore, None).await
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

async fn mount(
    context: &Context,
    app: &Client,
    server_id: String,
    datastore: String,
    folder: Option<String>,
) -> Result<Done, AppError> {
    let request = MountDatastoreRequest { server_id, datastore, folder };
    let server = app.call::<command::ServersMount>(request).await?;
    context.output.answer(&server, text::mounts);
    Ok(Done::Well)
}

/// The checks in their order.
const CHECKS: [ServerCheckKind; 5] = [
    ServerCheckKind::Reach,
    ServerCheckKind::SignIn,
    ServerCheckKind::Version,
    ServerCheckKind::Licence,
    ServerCheckKind::Rights,
];

#[derive(Serialize)]
struct ServerChecks<'a> {
    checks: &'a [ServerCheck],
}

#[derive(Serialize)]
struct ServerAdded<'a> {
    server: &'a ServerView,
    checks: &'a [ServerCheck],
}

/// Makes checks one after the other and tells people of each as it ends. Without a session there
/// is nothing more to look at.
async fn check(
    context: &Context,
    app: &Client,
    server: &str,
    wanted: &[ServerCheckKind],
) -> Result<Vec<ServerCheck>, AppError> {
    let mut checks = Vec::with_capacity(wanted.len());
    for check in wanted {
        let request = CheckServerRequest { server_id: server.to_owned(), check: *check };
        let made = app.call::<command::ServersCheck>(request).await?;
        if context.output.is_for_people() {
            context.output.answer(&made, text::check);
        }
        let last = made.state == CheckState::Failed
            && matches!(check, ServerCheckKind::Reach | ServerCheckKind::SignIn);
        checks.push(made);
        if last {
            break;
        }
    }
    Ok(checks)
}

fn done(checks: &[ServerCheck]) -> Done {
    if checks.iter().any(|c| c.state == CheckState::Failed) {
        Done::Failed
    } else if checks.iter().any(|c| c.state == CheckState::Warning) {
        Done::WithWarnings
    } else {
        Done::Well
    }
}
