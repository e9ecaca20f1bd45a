//! Keeping inventories up to date: each server that was looked at tells when something changes,
//! and its inventory is read again.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::Duration;

use kuramori_vsphere::VsphereError;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

use super::read;
use crate::access;
use crate::app::App;
use crate::convert;
use crate::dto::{ErrorCode, Topic};
use crate::error::AppError;

/// Changes come in swarms; this long is waited for the rest of one.
const SETTLE: Duration = Duration::from_millis(700);
/// Reading takes at most one part in so many of the time.
const SHARE: u32 = 10;
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

impl App {
    /// Keeps the inventories that were asked for up to date, for as long as the program lives.
    /// Whoever listens to events learns of each change under [`Topic::Inventory`].
    pub async fn keep_inventories_fresh(&self) {
        let mut events = self.subscribe();
        let mut watched: HashMap<String, JoinHandle<()>> = HashMap::new();
        loop {
            let wanted = self.inventories_wanted();
            watched.retain(|id, watch| {
                let stays = wanted.contains(id);
                if !stays {
                    watch.abort();
                }
                stays
            });
            for id in wanted {
                let app = self.clone();
                watched.entry(id.clone()).or_insert_with(|| tokio::spawn(watch(app, id)));
            }
            let changed = loop {
                match events.recv().await {
                    Ok(event) if event.topic == Topic::Servers => break None,
                    Ok(event) if event.topic == Topic::Inventory => break event.id,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => break None,
                    Err(RecvError::Closed) => return,
                }
            };
            // One that gave up, for a wrong password or certificate, is worth another try once
            // servers were changed, or somebody read that very server with success.
            let again = |id: &String| changed.as_ref().is_none_or(|changed| changed == id);
            watched.retain(|id, watch| !(watch.is_finished() && again(id)));
        }
    }

    /// Returns the servers whose inventory was asked for.
    fn inventories_wanted(&self) -> Vec<String> {
        let servers = self.inner.settings.get().servers;
        let known = self.inner.inventories.lock().unwrap_or_else(PoisonError::into_inner);
        servers.into_iter().map(|server| server.id).filter(|id| known.contains_key(id)).collect()
    }
}

/// Watches one server until it is removed, or until only a person can help.
async fn watch(app: App, id: String) {
    let mut pause = FIRST_PAUSE;
    loop {
        let Err(error) = hear(&app, &id, &mut pause).await;
        // Trying on would lock the account, or ask again what was answered already.
        let hopeless = matches!(
            error.code,
            ErrorCode::LoginRefused
                | ErrorCode::CertificateChanged
                | ErrorCode::CertificateUnknown
                | ErrorCode::SecretMissing
                | ErrorCode::ServerNotFound
        );
        tracing::info!(server = id, %error, hopeless, "the inventory is not watched");
        if hopeless {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Watches for as long as one session lasts. What changed before is read first.
async fn hear(
    app: &App,
    id: &str,
    pause: &mut Duration,
) -> Result<std::convert::Infallible, AppError> {
    let (entry, client) = access::client(app, id).await?;
    let told = |error: VsphereError| convert::server(&error, &entry.name);
    let mut watch = client.watch().await.map_err(told)?;
    let failed = loop {
        let begun = app.inner.clock.monotonic();
        if let Err(error) = read(app, id).await {
            break error;
        }
        *pause = FIRST_PAUSE;
        let took = app.inner.clock.monotonic().saturating_sub(begun);
        tokio::time::sleep(SETTLE.max(took * SHARE)).await;
        if let Err(error) = watch.changed().await {
            break told(error);
        }
        // The rest of the swarm is part of what is read now.
        tokio::time::sleep(SETTLE).await;
    };
    watch.close().await;
    Err(failed)
}
