use std::sync::{Mutex as SyncMutex, OnceLock, PoisonError};
use std::time::Duration;

use kuramori_app::dto::{ErrorView, Language};
use kuramori_app::platform::power::PowerWatch;
use kuramori_app::{Answering, App, AppError, Clock, SystemClock};
use serde_json::Value;
use tauri::async_runtime::{spawn, spawn_blocking};
use tauri::{AppHandle, Manager, State};
use tokio::sync::Mutex;

use crate::startup;

/// The application, opened when it is first needed and again after a failure: what stood in the
/// way, such as another process with the same state folder, may be gone by then.
pub(crate) struct Opened {
    app: OnceLock<App>,
    /// Held by the one attempt to open that is being made.
    failed: Mutex<Option<Failure>>,
    clock: SystemClock,
    handle: AppHandle,
    /// Of the update that started this program to see whether it works.
    token: Option<String>,
    /// Lets runs clean up before the session ends, for as long as this lives.
    power: SyncMutex<Option<PowerWatch>>,
    /// Lets the command line ask this program, for as long as this lives.
    answering: SyncMutex<Option<Answering>>,
}

struct Failure {
    error: AppError,
    at: Duration,
}

/// How long a failure is answered without another attempt: a screen asks many things at once.
const REST: Duration = Duration::from_secs(1);

impl Opened {
    pub(crate) fn new(handle: AppHandle, token: Option<String>) -> Self {
        Self {
            app: OnceLock::new(),
            failed: Mutex::new(None),
            clock: SystemClock::new(),
            handle,
            token,
            power: SyncMutex::new(None),
            answering: SyncMutex::new(None),
        }
    }

    /// Returns the application, opening it where that has not worked yet.
    pub(crate) async fn app(&self) -> Result<App, ErrorView> {
        if let Some(app) = self.app.get() {
            return Ok(app.clone());
        }
        let mut failed = self.failed.lock().await;
        if let Some(app) = self.app.get() {
            return Ok(app.clone());
        }
        if let Some(last) = &*failed
            && self.clock.monotonic() < last.at + REST
        {
            return Err(last.error.view(Language::of_system()));
        }
        match startup::open(self.token.clone()).await {
            Ok(app) => {
                let app = self.app.get_or_init(|| app).clone();
                self.live_with(&app);
                Ok(app)
            }
            Err(error) => {
                tracing::error!(%error, causes = ?error.causes, "the application cannot be opened");
                let view = error.view(Language::of_system());
                *failed = Some(Failure { error, at: self.clock.monotonic() });
                Err(view)
            }
        }
    }

    /// Starts what goes on for as long as the program lives.
    fn live_with(&self, app: &App) {
        match app.answer_others("the Kuramori window") {
            Ok(answering) => {
                *self.answering.lock().unwrap_or_else(PoisonError::into_inner) = Some(answering);
            }
            Err(error) => tracing::warn!(%error, "the command line cannot ask this program"),
        }
        let recovering = app.clone();
        spawn(async move { recovering.keep_guard().await });
        let fresh = app.clone();
        spawn(async move { fresh.keep_inventories_fresh().await });
        let keeping = app.clone();
        spawn(async move { keeping.keep_schedules().await });
        let telling = app.clone();
        spawn(async move { telling.keep_notices().await });
        let checking = app.clone();
        spawn(async move { checking.keep_checking_for_updates().await });
        let (leaving, handle) = (app.clone(), self.handle.clone());
        spawn(async move {
            leaving.quit_wanted().await;
            handle.exit(0);
        });
        let (watching, handle) = (app.clone(), self.handle.clone());
        spawn_blocking(move || {
            let watch = watching.watch_power();
            let opened = handle.state::<Opened>();
            *opened.power.lock().unwrap_or_else(PoisonError::into_inner) = watch;
        });
    }

    /// Tells a waiting update that the window works: its page has asked something.
    fn confirm(&self, app: &App) {
        if let Some(token) = &self.token
            && let Err(error) = app.confirm_update(token)
        {
            tracing::error!(%error, "the update cannot be told that this version works");
        }
    }

    /// Returns the application if it is open right now.
    pub(crate) fn if_open(&self) -> Option<&App> {
        self.app.get()
    }
}

/// Runs any command of the application. The only way from the window to the application.
#[tauri::command]
pub(crate) async fn rpc(
    opened: State<'_, Opened>,
    command: String,
    request: Value,
) -> Result<Value, ErrorView> {
    let app = opened.app().await?;
    opened.confirm(&app);
    app.dispatch(&command, request).await
}
