//! The guardian of servers: what a crash or a server that went away left behind is put in order, at
//! every start and every hour, whatever it takes: disks that were attached to this computer are
//! detached, snapshots go, VMs shut down for a copy are switched on again, half exchanges of disks end.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kuramori_engine::{OpenIntent, RunEvent};
use kuramori_jobs::{IntentId, Level, RunId};
use kuramori_restore::{InPlaceError, OpenExchange, Settled, open_exchanges, settle_exchange};

use crate::access;
use crate::app::App;
use crate::dto::ErrorCode;
use crate::error::AppError;

/// How often it looks.
const EVERY: Duration = Duration::from_hours(1);

/// What was told of an intent, so that the same trouble is told once.
type Told = HashMap<IntentId, String>;

impl App {
    /// Cleans up on the servers what runs cut off by a crash left there. What cannot be reached
    /// stays on the list for the next time.
    pub async fn recover(&self) {
        sweep(self, &mut Told::new()).await;
    }

    /// Cleans up now and every hour, for as long as the program lives.
    pub async fn keep_guard(&self) {
        let mut told = Told::new();
        loop {
            sweep(self, &mut told).await;
            tokio::time::sleep(EVERY).await;
        }
    }
}

/// Cleans up after every intent that no live run holds. Failures stay on the list and are told in
/// the log of the run they belong to.
async fn sweep(app: &App, told: &mut Told) {
    app.inner.recovering.store(true, Ordering::Release);
    if let Err(error) = app.blocking(|app| Ok(app.rebuild_lost())).await {
        tracing::error!(%error, "what was lost is not rebuilt");
    }
    app.look_for_lost_snapshots().await;
    match kuramori_engine::open_intents(&app.inner.log) {
        Ok(intents) => {
            for intent in intents {
                clean_up(app, &intent, told).await;
            }
        }
        Err(error) => tracing::error!(%error, "the intents cannot be read"),
    }
    match open_exchanges(&app.inner.log) {
        Ok(exchanges) => {
            for exchange in exchanges {
                put_in_order(app, &exchange, told).await;
            }
        }
        Err(error) => tracing::error!(%error, "the intents cannot be read"),
    }
    if let Ok(open) = app.inner.log.intents() {
        told.retain(|id, _| open.iter().any(|intent| intent.id == *id));
    }
    app.inner.recovering.store(false, Ordering::Release);
}

async fn clean_up(app: &App, intent: &OpenIntent, told: &mut Told) {
    // A disk of the VM may be read through the snapshot just now; that run clears up itself.
    let vm = format!("vm:{}/{}", intent.server_id, intent.vm().as_str());
    if app.inner.runs.is_live(intent.run) || app.inner.runs.is_busy(&vm) {
        return;
    }
    if app.inner.settings.get().server(&intent.server_id).is_err() {
        tracing::warn!(server = intent.server_id, "something may be left on a removed server");
        return;
    }
    let log = &app.inner.log;
    let left = match access::client(app, &intent.server_id).await {
        Ok((_, client)) => {
            // A run may have begun while the server was asked.
            let free = || !app.inner.runs.is_busy(&vm);
            match kuramori_engine::recover(&client, log, intent, &*app.inner.clock, &free).await {
                Ok(true) => return tell(app, intent.run, Level::Good, &intent.done()),
                Ok(false) => return,
                Err(error) => causes(&error),
            }
        }
        Err(error) => error.to_string(),
    };
    if told.get(&intent.id) != Some(&left) {
        told.insert(intent.id, left.clone());
        tell(app, intent.run, Level::Warning, &intent.left(left));
    }
}

/// Puts in order what a broken-off restore over a VM left.
async fn put_in_order(app: &App, open: &OpenExchange, told: &mut Told) {
    let vm = format!("vm:{}/{}", open.server_id(), open.vm().as_str());
    if app.inner.runs.is_live(open.run) || app.inner.runs.is_busy(&vm) {
        return;
    }
    if app.inner.settings.get().server(open.server_id()).is_err() {
        tracing::warn!(server = open.server_id(), "a removed server may hold half a restore");
        return;
    }
    let name = open.name().to_owned();
    let left = match access::client(app, open.server_id()).await {
        Ok((_, client)) => {
            // A run may have begun while the server was asked.
            let free = || !app.inner.runs.is_busy(&vm);
            let clock = &*app.inner.clock;
            let small_left = |file: &str, reason: &InPlaceError| {
                let (file, reason) = (file.to_owned(), causes(reason));
                tell(app, open.run, Level::Warning, &RunEvent::SmallFileLeft { file, reason });
            };
            let log = &app.inner.log;
            match settle_exchange(&client, log, open, clock, &free, &small_left).await {
                Ok(Settled::Untouched { cleaned: false }) => return,
                Ok(Settled::Untouched { cleaned: true }) => {
                    let event = RunEvent::ExchangeTakenBack { name };
                    return tell(app, open.run, Level::Good, &event);
                }
                Ok(Settled::Kept { files }) => {
                    for file in files {
                        let event = RunEvent::SentDiskLeft { file };
                        tell(app, open.run, Level::Warning, &event);
                    }
                    return;
                }
                Ok(Settled::Exchanged) => {
                    return tell(app, open.run, Level::Good, &RunEvent::ExchangeEnded { name });
                }
                Err(error) => causes(&error),
            }
        }
        Err(error) => error.to_string(),
    };
    if told.get(&open.id) != Some(&left) {
        told.insert(open.id, left.clone());
        tell(app, open.run, Level::Warning, &RunEvent::ExchangeLeft { reason: left });
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    AppError::new(ErrorCode::Internal, "").because(error).causes.join(": ")
}

pub(crate) fn tell(app: &App, run: RunId, level: Level, event: &RunEvent) {
    let json = match serde_json::to_value(event) {
        Ok(json) => json,
        Err(error) => return tracing::error!(%error, "a line of the run log was lost"),
    };
    if let Err(error) = app.inner.log.append(run, level, None, &json) {
        tracing::error!(%error, "a line of the run log was lost");
    }
}
