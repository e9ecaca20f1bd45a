//! The guardian of snapshots: what a crash or a server that went away left behind is removed, at
//! every start and every hour, whatever it takes.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kuramori_engine::{OpenIntent, RunEvent};
use kuramori_jobs::{IntentId, Level};

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
    match kuramori_engine::open_intents(&app.inner.log) {
        Ok(intents) => {
            told.retain(|id, _| intents.iter().any(|intent| intent.id == *id));
            for intent in intents {
                clean_up(app, &intent, told).await;
            }
        }
        Err(error) => tracing::error!(%error, "the intents cannot be read"),
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
        tracing::warn!(server = intent.server_id, "a snapshot may be left on a removed server");
        return;
    }
    let log = &app.inner.log;
    let left = match access::client(app, &intent.server_id).await {
        Ok((_, client)) => {
            match kuramori_engine::recover(&client, log, intent, &*app.inner.clock).await {
                Ok(true) => return tell(app, intent, Level::Good, &RunEvent::OrphanRemoved),
                Ok(false) => return,
                Err(error) => {
                    AppError::new(ErrorCode::Internal, "").because(&error).causes.join(": ")
                }
            }
        }
        Err(error) => error.to_string(),
    };
    if told.get(&intent.id) != Some(&left) {
        told.insert(intent.id, left.clone());
        tell(app, intent, Level::Warning, &RunEvent::SnapshotLeft { reason: left });
    }
}

fn tell(app: &App, intent: &OpenIntent, level: Level, event: &RunEvent) {
    let json = match serde_json::to_value(event) {
        Ok(json) => json,
        Err(error) => return tracing::error!(%error, "a line of the run log was lost"),
    };
    if let Err(error) = app.inner.log.append(intent.run, level, None, &json) {
        tracing::error!(%error, "a line of the run log was lost");
    }
}
