//! Sessions on servers and opened repositories, made when they are needed and kept for the next.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kuramori_base::Secret;
use kuramori_repo::{LocalStore, OpenOptions, ReadAs, Repository, Unlock, WriterId};
use kuramori_vsphere::{Client, ConnectOptions, Thumbprint};

use crate::app::{App, keychain_error};
use crate::catalog;
use crate::convert;
use crate::device_key;
use crate::dto::ErrorCode;
use crate::error::AppError;
use crate::exported;
use crate::settings::{RepositoryEntry, ServerEntry};

/// How sessions introduce themselves to servers.
const USER_AGENT: &str = concat!("Kuramori/", env!("CARGO_PKG_VERSION"));

/// Nobody waits longer for a server to take note that a session ended.
const LEAVING: Duration = Duration::from_secs(2);

/// What is needed to sign in.
pub(crate) struct SignIn<'a> {
    pub(crate) name: &'a str,
    pub(crate) url: &'a str,
    pub(crate) user: &'a str,
    pub(crate) password: Secret<String>,
    pub(crate) pin: Option<&'a str>,
}

/// Signs in to a server.
pub(crate) async fn sign_in(to: SignIn<'_>) -> Result<Client, AppError> {
    let pin: Option<Thumbprint> = match to.pin {
        Some(text) => Some(text.parse().map_err(|e| {
            AppError::new(ErrorCode::InvalidInput, format!("“{text}” as a SHA-256")).because(&e)
        })?),
        None => None,
    };
    let options = ConnectOptions {
        address: to.url.to_owned(),
        user: to.user.to_owned(),
        password: to.password,
        pin,
        user_agent: USER_AGENT.to_owned(),
    };
    Client::connect(options).await.map_err(|e| convert::server(&e, to.name))
}

/// A slot is held while the program signs in.
type ClientSlot = Arc<tokio::sync::Mutex<Option<Client>>>;

/// The sessions on servers, by id of the server. A server that does not answer holds up no other.
#[derive(Default)]
pub(crate) struct Clients {
    slots: Mutex<HashMap<String, ClientSlot>>,
}

impl Clients {
    /// Keeps a session.
    pub(crate) fn keep(&self, server: &str, client: Client) {
        let slot = Arc::new(tokio::sync::Mutex::new(Some(client)));
        self.slots().insert(server.to_owned(), slot);
    }

    fn slot(&self, server: &str) -> ClientSlot {
        self.slots().entry(server.to_owned()).or_default().clone()
    }

    fn take(&self, server: &str) -> Option<ClientSlot> {
        self.slots().remove(server)
    }

    fn take_all(&self) -> HashMap<String, ClientSlot> {
        std::mem::take(&mut *self.slots())
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<String, ClientSlot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a session on a server, the one from before where there is one.
pub(crate) async fn client(app: &App, wanted: &str) -> Result<(ServerEntry, Client), AppError> {
    let entry = app.inner.settings.get().server(wanted)?.clone();
    let slot = app.inner.clients.slot(&entry.id);
    let mut slot = slot.lock().await;
    if let Some(client) = &*slot {
        return Ok((entry, client.clone()));
    }
    let (secret, name) = (entry.secret_name(), entry.name.clone());
    let password = app
        .blocking(move |app| app.inner.keychain.load(&secret).map_err(|e| keychain_error(&e)))
        .await?
        .ok_or_else(|| AppError::new(ErrorCode::SecretMissing, name))?;
    let client = sign_in(SignIn {
        name: &entry.name,
        url: &entry.url,
        user: &entry.user,
        password,
        pin: entry.pin.as_deref(),
    })
    .await?;
    *slot = Some(client.clone());
    Ok((entry, client))
}

/// Ends the session on a server, where there is one.
pub(crate) async fn forget_client(app: &App, id: &str) {
    if let Some(slot) = app.inner.clients.take(id) {
        leave_slot(&slot, id).await;
    }
}

/// Ends a session that nothing will use.
pub(crate) async fn leave(client: &Client, server: &str) {
    match tokio::time::timeout(LEAVING, client.logout()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::info!(server, %error, "signing out failed; the session expires by itself");
        }
        Err(_) => tracing::info!(server, "signing out took too long; the session expires"),
    }
}

/// Ends all sessions on servers. Servers have room for so many.
pub(crate) async fn leave_all(app: &App) {
    let mut leaving = tokio::task::JoinSet::new();
    for (id, slot) in app.inner.clients.take_all() {
        leaving.spawn(async move { leave_slot(&slot, &id).await });
    }
    leaving.join_all().await;
}

/// Ends the session of a slot. One that is being opened is waited for as long as for leaving.
async fn leave_slot(slot: &ClientSlot, server: &str) {
    let Ok(mut slot) = tokio::time::timeout(LEAVING, slot.lock()).await else {
        return tracing::info!(server, "a session is being opened; it expires by itself");
    };
    if let Some(client) = slot.take() {
        leave(&client, server).await;
    }
}

/// Opens a repository in a folder.
pub(crate) fn open_folder(
    path: &Path,
    unlock: &Unlock,
    options: OpenOptions,
) -> Result<Repository, AppError> {
    let store = Arc::new(LocalStore::new(path));
    Repository::open(store, unlock, options)
        .map_err(|e| convert::repository(&e, &path.display().to_string()))
}

/// Returns an opened repository, the one from before where there is one. Blocks.
pub(crate) fn repository(
    app: &App,
    wanted: &str,
) -> Result<(RepositoryEntry, Repository), AppError> {
    let entry = app.inner.settings.get().repository(wanted)?.clone();
    // One at a time: two callers must not derive the same key twice at 256 MiB each.
    let open = || open_entry(app, &entry);
    let (repository, is_new) = app.inner.repositories.get_or_open(&entry.id, open)?;
    if is_new {
        app.look_back(&repository);
        if exported::is_due(app, &entry.id) {
            exported::leave(app, &repository);
        }
    }
    Ok((entry, repository))
}

fn open_entry(app: &App, entry: &RepositoryEntry) -> Result<Repository, AppError> {
    let stored = device_key::load(app, entry)?;
    let options =
        OpenOptions { index_folder: Some(catalog::folder(app)), ..OpenOptions::default() };
    let repository = open_folder(&entry.path, &stored.unlock, options)?;
    if repository.id().to_hex() != entry.id {
        return Err(AppError::new(ErrorCode::RepositorySwapped, entry.path.display().to_string())
            .detail(format!("another repository lies there now: {}", repository.id())));
    }
    catalog::keep(app, &repository);
    if stored.slot.is_none() {
        device_key::keep(app, entry, &repository, &stored.unlock)?;
    }
    Ok(repository)
}

/// Returns the id this installation writes under.
pub(crate) fn writer(app: &App) -> Result<WriterId, AppError> {
    let text = app.inner.settings.get().writer;
    text.parse().map_err(|e| {
        AppError::new(ErrorCode::StateDamaged, app.inner.state.display().to_string()).because(&e)
    })
}

/// Returns as whom this installation reads.
pub(crate) fn reader(app: &App) -> Result<ReadAs, AppError> {
    Ok(ReadAs { writer: writer(app)?, clock: app.inner.clock.clone() })
}
