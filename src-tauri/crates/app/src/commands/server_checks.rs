//! What is looked at before anything is backed up from a server, and the role for its account.

use kuramori_vsphere::{
    Function, LicenceVerdict, MissingRights, ROLE_NAME, RoleFormat, VsphereError,
    probe_certificate, role,
};

use super::Handler;
use crate::access;
use crate::app::App;
use crate::convert;
use crate::dto::{
    CheckServerRequest, CheckState, ErrorCode, MissingRightsView, RightView, RightsFunction,
    RoleFormatView, RoleRequest, RoleView, ServerCheck, ServerCheckKind, Topic,
};
use crate::error::AppError;
use crate::messages::{self, Found};
use crate::schema::command;
use crate::settings::ServerEntry;

/// What a check found, and rights that are missing.
struct Outcome {
    found: Result<Found, AppError>,
    missing: Vec<MissingRightsView>,
}

impl From<Result<Found, AppError>> for Outcome {
    fn from(found: Result<Found, AppError>) -> Self {
        Self { found, missing: Vec::new() }
    }
}

impl Handler for command::ServersCheck {
    async fn handle(app: &App, request: CheckServerRequest) -> Result<ServerCheck, AppError> {
        let entry = app.inner.settings.get().server(&request.server_id)?.clone();
        let outcome: Outcome = match request.check {
            ServerCheckKind::Reach => reach(app, &entry).await.into(),
            ServerCheckKind::SignIn => sign_in(app, &entry).await.into(),
            ServerCheckKind::Version => version(app, &entry).await.into(),
            ServerCheckKind::Licence => licence(app, &entry).await.into(),
            ServerCheckKind::Rights => rights(app, &entry).await,
        };
        let missing = outcome.missing;
        Ok(match outcome.found {
            Ok(Found { state, text }) => {
                ServerCheck { check: request.check, state, found: text, error: None, missing }
            }
            Err(error) => ServerCheck {
                check: request.check,
                state: CheckState::Failed,
                found: String::new(),
                error: Some(error.view(app.language())),
                missing,
            },
        })
    }
}

async fn reach(app: &App, entry: &ServerEntry) -> Result<Found, AppError> {
    probe_certificate(&entry.url).await.map_err(|e| convert::server(&e, &entry.name))?;
    let text = messages::seen(&entry.url, None, app.language());
    Ok(Found { state: CheckState::Good, text })
}

/// Signs in anew: a session from before would prove nothing about now.
async fn sign_in(app: &App, entry: &ServerEntry) -> Result<Found, AppError> {
    access::forget_client(app, &entry.id).await;
    let (_, client) = access::client(app, &entry.id).await?;
    let (product, seen) = (client.about().full_name.clone(), app.inner.clock.now());
    let id = entry.id.clone();
    app.blocking(move |app| {
        app.inner.settings.change(|s| {
            if let Some(server) = s.servers.iter_mut().find(|s| s.id == id) {
                server.product = product;
                server.last_seen = Some(seen);
            }
            Ok(())
        })
    })
    .await?;
    app.inner.events.changed(Topic::Servers, Some(entry.id.clone()));
    let text = messages::seen(&entry.url, Some(&entry.user), app.language());
    Ok(Found { state: CheckState::Good, text })
}

async fn version(app: &App, entry: &ServerEntry) -> Result<Found, AppError> {
    let (_, client) = access::client(app, &entry.id).await?;
    let about = client.about();
    messages::version_found(about, app.language()).ok_or_else(|| {
        AppError::new(ErrorCode::VersionTooOld, &entry.name).detail(&about.full_name)
    })
}

async fn licence(app: &App, entry: &ServerEntry) -> Result<Found, AppError> {
    let (_, client) = access::client(app, &entry.id).await?;
    let verdict = client.licence().await.map_err(|e| convert::server(&e, &entry.name))?;
    let (kind, now) = (client.about().kind, app.inner.clock.now());
    messages::licence_found(&verdict, kind, now, app.language()).ok_or_else(|| {
        let error = AppError::new(ErrorCode::LicenceRestricted, &entry.name);
        match verdict {
            LicenceVerdict::Free { name } => error.detail(name),
            _ => error,
        }
    })
}

async fn rights(app: &App, entry: &ServerEntry) -> Outcome {
    let asked = async {
        let (_, client) = access::client(app, &entry.id).await?;
        client.rights().await.map_err(|e: VsphereError| convert::server(&e, &entry.name))
    };
    let rights = match asked.await {
        Ok(rights) => rights,
        Err(error) => return Err(error).into(),
    };
    let language = app.language();
    let found = messages::rights_found(rights.verdict(), language).ok_or_else(|| {
        let ids: Vec<&str> =
            rights.missing.iter().flat_map(|m| m.privileges.iter().map(|p| p.id)).collect();
        AppError::new(ErrorCode::RightsMissing, &entry.name).detail(ids.join("\n"))
    });
    let missing = rights.missing.iter().map(|missing| missing_view(missing, language));
    Outcome { found, missing: missing.collect() }
}

fn missing_view(missing: &MissingRights, language: crate::dto::Language) -> MissingRightsView {
    let right = |p: &&kuramori_vsphere::Privilege| RightView {
        id: p.id.to_owned(),
        label: p.label.to_owned(),
    };
    MissingRightsView {
        function: match missing.function {
            Function::Inventory => RightsFunction::Inventory,
            Function::Snapshots => RightsFunction::Snapshots,
            Function::ChangeTracking => RightsFunction::ChangeTracking,
            Function::ReadDatastore => RightsFunction::ReadDatastore,
            Function::HotAdd => RightsFunction::HotAdd,
            Function::Export => RightsFunction::Export,
            Function::ShutDown => RightsFunction::ShutDown,
            Function::Restore => RightsFunction::Restore,
            Function::RestoreInPlace => RightsFunction::RestoreInPlace,
            Function::Tags => RightsFunction::Tags,
        },
        name: messages::function(missing.function, language).to_owned(),
        effect: messages::function_effect(missing.function, language).to_owned(),
        rights: missing.privileges.iter().map(right).collect(),
    }
}

impl Handler for command::ServersRole {
    async fn handle(app: &App, request: RoleRequest) -> Result<RoleView, AppError> {
        let format = match request.format {
            RoleFormatView::Powercli => RoleFormat::PowerCli,
            RoleFormatView::Govc => RoleFormat::Govc,
            RoleFormatView::Text => RoleFormat::Text,
        };
        let text = role(format, &messages::role_words(app.language()));
        Ok(RoleView { name: ROLE_NAME.to_owned(), text })
    }
}
