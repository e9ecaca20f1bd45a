use std::collections::BTreeMap;
use std::path::PathBuf;

use kuramori_base::Secret;
use kuramori_vsphere::{Endpoint, ServerKind as Kind, probe_certificate};

use super::Handler;
use crate::access::{self, SignIn};
use crate::app::{App, keychain_error};
use crate::convert;
use crate::dto::{
    AddServerRequest, CertificateView, Empty, ErrorCode, MountDatastoreRequest, MountView,
    ProbeServerRequest, ServerKind, ServerList, ServerRequest, ServerView, Topic,
    TrustServerRequest,
};
use crate::error::AppError;
use crate::inventory;
use crate::schema::command;
use crate::settings::ServerEntry;

impl Handler for command::ServersProbe {
    async fn handle(_: &App, request: ProbeServerRequest) -> Result<CertificateView, AppError> {
        let seen = probe_certificate(&request.url)
            .await
            .map_err(|e| convert::server(&e, request.url.trim()))?;
        let endpoint =
            Endpoint::parse(&request.url).map_err(|e| convert::server(&e, request.url.trim()))?;
        Ok(CertificateView {
            url: endpoint.to_string(),
            sha256: seen.sha256.to_string(),
            trusted_by_system: seen.trusted_by_system,
            subject: seen.subject,
            not_after: seen.not_after,
        })
    }
}

impl Handler for command::ServersAdd {
    async fn handle(app: &App, request: AddServerRequest) -> Result<ServerView, AppError> {
        let name = request.name.trim().to_owned();
        if name.is_empty() {
            return Err(AppError::new(ErrorCode::InvalidInput, "an empty name"));
        }
        // One that was taken over from another computer has no password yet.
        let known = app.inner.settings.get().servers.into_iter().find(|s| s.name == name);
        let (id, mounts) = match known {
            None => (uuid::Uuid::new_v4().to_string(), BTreeMap::new()),
            Some(known) => {
                let secret = known.secret_name();
                let stored = move |app: &App| {
                    app.inner.keychain.load(&secret).map_err(|e| keychain_error(&e))
                };
                if app.blocking(stored).await?.is_some() {
                    return Err(AppError::new(ErrorCode::NameTaken, name));
                }
                (known.id, known.mounts)
            }
        };
        let endpoint =
            Endpoint::parse(&request.url).map_err(|e| convert::server(&e, &name))?.to_string();
        let password = Secret::new(request.password);
        let client = access::sign_in(SignIn {
            name: &name,
            url: &endpoint,
            user: &request.user,
            password: password.duplicate(),
            pin: request.pin.as_deref(),
        })
        .await?;
        let about = client.about();
        let entry = ServerEntry {
            id,
            name,
            url: endpoint,
            user: request.user,
            pin: request.pin,
            kind: kind(about.kind),
            product: about.full_name.clone(),
            last_seen: Some(app.inner.clock.now()),
            mounts,
        };
        let stored = entry.clone();
        let kept = app.blocking(move |app| {
            let name = stored.secret_name();
            app.inner.keychain.store(&name, &password).map_err(|e| keychain_error(&e))?;
            app.inner.settings.change(|s| {
                s.servers.retain(|known| known.id != stored.id);
                s.servers.push(stored);
                Ok(())
            })
        });
        if let Err(error) = kept.await {
            access::leave(&client, &entry.name).await;
            return Err(error);
        }
        app.inner.clients.keep(&entry.id, client);
        app.inner.events.changed(Topic::Servers, Some(entry.id.clone()));
        Ok(view(&entry))
    }
}

fn kind(kind: Kind) -> ServerKind {
    match kind {
        Kind::Esxi => ServerKind::Esxi,
        Kind::Vcenter => ServerKind::Vcenter,
    }
}

fn view(entry: &ServerEntry) -> ServerView {
    ServerView {
        id: entry.id.clone(),
        name: entry.name.clone(),
        url: entry.url.clone(),
        user: entry.user.clone(),
        kind: entry.kind,
        product: entry.product.clone(),
        pin: entry.pin.clone(),
        last_seen: entry.last_seen,
        error: None,
        mounts: entry.mounts.iter().map(mount).collect(),
    }
}

fn mount((datastore, folder): (&String, &PathBuf)) -> MountView {
    MountView { datastore: datastore.clone(), folder: folder.display().to_string() }
}

impl Handler for command::ServersMount {
    async fn handle(app: &App, request: MountDatastoreRequest) -> Result<ServerView, AppError> {
        let (entry, client) = access::client(app, &request.server_id).await?;
        let folder = request.folder.map(|folder| PathBuf::from(folder.trim()));
        if folder.is_some() {
            let stores = client.datastores().await.map_err(|e| convert::server(&e, &entry.name))?;
            if !stores.iter().any(|store| store.name == request.datastore) {
                let names: Vec<&str> = stores.iter().map(|store| store.name.as_str()).collect();
                let what =
                    format!("datastore “{}”, which {} has not", request.datastore, entry.name);
                return Err(AppError::new(ErrorCode::InvalidInput, what)
                    .detail(format!("it has {}", names.join(", "))));
            }
        }
        let id = entry.id.clone();
        let changed = app.blocking(move |app| {
            if let Some(folder) =
                folder.as_ref().filter(|folder| !folder.is_absolute() || !folder.is_dir())
            {
                let what =
                    format!("folder “{}”, since there is none of that full path", folder.display());
                return Err(AppError::new(ErrorCode::InvalidInput, what));
            }
            app.inner.settings.change(|s| {
                let found = s.servers.iter_mut().find(|s| s.id == entry.id);
                let server =
                    found.ok_or_else(|| AppError::new(ErrorCode::ServerNotFound, &entry.name))?;
                match folder {
                    Some(folder) => server.mounts.insert(request.datastore, folder),
                    None => server.mounts.remove(&request.datastore),
                };
                Ok(view(server))
            })
        });
        let changed = changed.await?;
        app.inner.events.changed(Topic::Servers, Some(id));
        Ok(changed)
    }
}

impl Handler for command::ServersList {
    async fn handle(app: &App, _: Empty) -> Result<ServerList, AppError> {
        let settings = app.inner.settings.get();
        Ok(ServerList { servers: settings.servers.iter().map(view).collect() })
    }
}

impl Handler for command::ServersTrust {
    async fn handle(app: &App, request: TrustServerRequest) -> Result<ServerView, AppError> {
        let entry = app.inner.settings.get().server(&request.server_id)?.clone();
        let seen = probe_certificate(&entry.url)
            .await
            .map_err(|e| convert::server(&e, &entry.name))?
            .sha256
            .to_string();
        if seen != request.sha256 {
            // What was compared is not what the server shows: begin again with the new one.
            let mut error = AppError::new(ErrorCode::CertificateChanged, &entry.name);
            error.seen_sha256 = Some(seen);
            return Err(error);
        }
        let id = entry.id.clone();
        let trusted = app
            .blocking(move |app| {
                app.inner.settings.change(|s| {
                    let found = s.servers.iter_mut().find(|s| s.id == entry.id);
                    let server = found
                        .ok_or_else(|| AppError::new(ErrorCode::ServerNotFound, &entry.name))?;
                    server.pin = Some(request.sha256);
                    Ok(view(server))
                })
            })
            .await?;
        access::forget_client(app, &id).await;
        app.inner.events.changed(Topic::Servers, Some(id));
        Ok(trusted)
    }
}

impl Handler for command::ServersRemove {
    async fn handle(app: &App, request: ServerRequest) -> Result<Empty, AppError> {
        let entry = app.inner.settings.get().server(&request.server_id)?.clone();
        access::forget_client(app, &entry.id).await;
        let id = entry.id.clone();
        app.blocking(move |app| {
            app.inner.settings.change(|s| {
                s.servers.retain(|s| s.id != entry.id);
                Ok(())
            })?;
            let name = entry.secret_name();
            app.inner.keychain.forget(&name).map_err(|e| keychain_error(&e))
        })
        .await?;
        inventory::forget(app, &id);
        app.inner.events.changed(Topic::Servers, Some(id));
        Ok(Empty {})
    }
}
