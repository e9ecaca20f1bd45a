//! The composition root.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kuramori_base::Clock;
use kuramori_engine::{Budgets, HotAdd, Throttle};
use kuramori_jobs::{RunId, RunLog};
use kuramori_platform::guest::Roots;
use kuramori_repo::{Repository, WriterId};
use tokio::sync::broadcast;

use crate::access;
use crate::alarms;
use crate::dto::{ErrorCode, Event, Language};
use crate::error::AppError;
use crate::events::EventHub;
use crate::exported::{self, Leaving};
use crate::files;
use crate::history::Broken;
use crate::inventory::KnownInventory;
use crate::keys::UnprovedKey;
use crate::load;
use crate::loss::{self, Lost};
use crate::notices::{self, Notices};
use crate::opened::Opened;
use crate::owner;
use crate::place::Writer;
use crate::runs::{LiveRun, Runs};
use crate::secrets::{Keychain, SecretError, SecretsChoice};
use crate::settings::SettingsFile;
use crate::updates::{self, Updates};

/// How to open the application.
pub struct AppOptions {
    /// Folder of everything this installation knows. Made where there is none.
    pub state: PathBuf,
    /// Where passwords are kept.
    pub secrets: SecretsChoice,
    /// Whether failures are told by desktop notices.
    pub notices: bool,
    /// Where the system shows its hardware.
    pub hardware: Roots,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// The application. Clones share it. One process at a time owns a state folder.
#[derive(Clone)]
pub struct App {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) state: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Arc<SettingsFile>,
    pub(crate) keychain: Arc<dyn Keychain>,
    pub(crate) log: Arc<RunLog>,
    pub(crate) events: Arc<EventHub>,
    pub(crate) runs: Arc<Runs>,
    pub(crate) clients: access::Clients,
    pub(crate) repositories: Opened<Repository>,
    /// Recovery keys that were made and not yet typed back from paper, by repository.
    pub(crate) unproved_keys: Mutex<HashMap<String, UnprovedKey>>,
    /// What is wrong with the history of repositories, by id.
    pub(crate) alarms: Mutex<HashMap<String, Broken>>,
    pub(crate) inventories: Mutex<HashMap<String, KnownInventory>>,
    /// Held while it is noted which VMs are gone.
    pub(crate) gone: Mutex<()>,
    /// Holds back all that is read from servers.
    pub(crate) throttle: Arc<Throttle>,
    /// How much is done at once on servers.
    pub(crate) budgets: Budgets,
    /// This computer as a VM to which disks can be attached.
    pub(crate) hot_add: HotAdd,
    pub(crate) recovering: AtomicBool,
    /// Held while alarms are looked at.
    pub(crate) looking: Mutex<()>,
    pub(crate) updates: Updates,
    pub(crate) notices: Arc<Notices>,
    /// What was lost when this was opened.
    losses: Vec<AppError>,
    pub(crate) leaving: Leaving,
    /// Held for as long as the application lives.
    _owner: File,
}

impl App {
    /// Opens the application. Blocks for as long as a look into the state folder takes.
    ///
    /// Runs that a crash left unfinished are marked as interrupted here; what they left on servers
    /// is cleaned up by [`App::recover`].
    ///
    /// # Errors
    /// [`ErrorCode::StateInUse`] when another process owns the folder,
    /// [`ErrorCode::UpdateApplying`] while an update is put in place,
    /// [`ErrorCode::StateDamaged`] and [`ErrorCode::KeychainUnavailable`].
    pub fn open(options: AppOptions) -> Result<Self, AppError> {
        Self::open_to_confirm(options, None)
    }

    /// As [`App::open`], for a version that was started to see whether it works. No run begins
    /// until [`App::confirm_update`] is called with the same token.
    ///
    /// # Errors
    /// As [`App::open`].
    pub fn open_to_confirm(options: AppOptions, token: Option<&str>) -> Result<Self, AppError> {
        updates::guard(&options.state, token)?;
        let AppOptions { state, secrets, notices, hardware, clock } = options;
        let damaged = |e: &dyn std::error::Error| {
            AppError::new(ErrorCode::StateDamaged, state.display().to_string()).because(e)
        };
        files::make_private_folder(&state).map_err(|e| damaged(&e))?;
        let owner = own_within(&state, PATIENCE).map_err(|e| owner::named(e, &state))?;
        let writer = WriterId::random().map_err(|e| damaged(&e))?;
        let path = state.join("settings.json");
        let (settings, no_settings) = SettingsFile::open(&path, &writer.to_hex(), &*clock)?;
        let settings = Arc::new(settings);
        let keychain: Arc<dyn Keychain> =
            secrets.open(&state).map_err(|e| keychain_error(&e))?.into();
        let (log, no_log) = loss::open_log(&state, &settings.get(), &clock)?;
        let interrupted = log.interrupt_unfinished().map_err(|e| damaged(&e))?;
        let log = Arc::new(log);
        let events = Arc::new(EventHub::new());
        let language = settings.clone();
        let notices = Arc::new(Notices::open(notices::Parts {
            settings: settings.clone(),
            log: log.clone(),
            keychain: keychain.clone(),
            clock: clock.clone(),
            events: events.clone(),
            desktop: notices,
        }));
        let tells = notices.clone();
        let tell = Box::new(move |run: &LiveRun| tells.run_ended(run));
        let language = Box::new(move || language.language());
        let runs = Runs::new(log.clone(), clock.clone(), events.clone(), language, tell);
        let runs = Arc::new(runs);
        if updates::guard(&state, None).is_err() {
            runs.close_if_idle();
        }
        let updates = updates_of(&state, &settings, &events, &clock);
        let throttle = Arc::new(load::throttle(settings.clone(), clock.clone()));
        notices.recorded(&interrupted);
        let losses: Vec<Lost> = no_settings.into_iter().chain(no_log).collect();
        let app = Self {
            inner: Arc::new(Inner {
                state,
                clock,
                budgets: load::budgets(settings.clone()),
                settings,
                keychain,
                log,
                events,
                runs,
                clients: access::Clients::default(),
                repositories: Opened::default(),
                unproved_keys: Mutex::default(),
                alarms: Mutex::default(),
                inventories: Mutex::default(),
                gone: Mutex::default(),
                throttle,
                hot_add: HotAdd::new(hardware),
                recovering: AtomicBool::new(false),
                notices,
                looking: Mutex::default(),
                updates,
                losses: losses.iter().map(Lost::error).collect(),
                leaving: Leaving::default(),
                _owner: owner,
            }),
        };
        loss::settle(&app, &losses)?;
        Ok(app)
    }

    /// Returns what was found lost or damaged when this was opened.
    pub fn losses(&self) -> &[AppError] {
        &self.inner.losses
    }

    /// Returns the folder an installation uses when none is named.
    ///
    /// # Errors
    /// [`ErrorCode::StateDamaged`] where the system names no folder for a user's data.
    pub fn default_state() -> Result<PathBuf, AppError> {
        let data = dirs::data_local_dir();
        data.map(|d| d.join("Kuramori")).ok_or_else(|| {
            AppError::new(ErrorCode::StateDamaged, "").detail("the system names no data folder")
        })
    }

    /// Returns the folder of the program's own log under a state folder, made if it is not there.
    ///
    /// # Errors
    /// [`ErrorCode::StateDamaged`] when it can't be made.
    pub fn log_folder(state: &Path) -> Result<PathBuf, AppError> {
        let folder = state.join("logs");
        files::make_private_folder(state)
            .and_then(|()| files::make_private_folder(&folder))
            .map_err(|e| {
                AppError::new(ErrorCode::StateDamaged, folder.display().to_string()).because(&e)
            })?;
        Ok(folder)
    }

    /// Returns whether a crash left something to clean up.
    pub fn needs_recovery(&self) -> bool {
        self.inner.log.intents().map_or(true, |open| !open.is_empty())
    }

    /// Returns what names this installation in the repositories it writes to.
    ///
    /// # Errors
    /// [`ErrorCode::StateDamaged`].
    pub fn writer(&self) -> Result<Writer, AppError> {
        access::writer(self).map(Writer)
    }

    /// Returns the names or ids of all repositories known here.
    pub fn repository_names(&self) -> Vec<String> {
        self.inner.settings.get().repositories.into_iter().map(|r| r.name).collect()
    }

    /// Returns where a repository lies, by id or name.
    ///
    /// # Errors
    /// [`ErrorCode::RepositoryNotFound`].
    pub fn repository_path(&self, wanted: &str) -> Result<PathBuf, AppError> {
        Ok(self.inner.settings.get().repository(wanted)?.path.clone())
    }

    /// Listens to what changes from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.inner.events.subscribe()
    }

    /// Returns how long deleted recovery points stay in the recycle bin.
    pub fn recycle_bin(&self) -> Duration {
        let hours = self.inner.settings.get().recycle_bin_hours;
        Duration::from_hours(u64::from(hours.clamp(24, 7 * 24)))
    }

    /// Looks whether VMs changed unusually, before anything of a repository is deleted. Blocks.
    ///
    /// # Errors
    /// When the repository or the log cannot be read or written: then nothing may be deleted.
    pub fn look_before_deletion(&self, wanted: &str) -> Result<(), AppError> {
        let place = self.place(wanted)?;
        alarms::look_for_unusual(self, &place)
    }

    /// Returns the language for sentences.
    pub fn language(&self) -> Language {
        self.inner.settings.language()
    }

    /// Returns when a run has ended; at once for one that has.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidInput`] for something that is no run id.
    pub async fn wait(&self, run: &str) -> Result<(), AppError> {
        self.inner.runs.wait(parse_run(run)?).await;
        Ok(())
    }

    /// Returns whether a run is live.
    pub fn is_working(&self) -> bool {
        !self.inner.runs.all().is_empty()
    }

    /// Returns when no run is live any more.
    pub async fn idle(&self) {
        while let Some(run) = self.inner.runs.all().first() {
            self.inner.runs.wait(run.id).await;
        }
    }

    /// Asks all live runs to stop and returns when they have cleaned up after themselves.
    pub async fn stop(&self) {
        let live = self.inner.runs.all();
        for run in &live {
            self.inner.runs.cancel(run.id);
        }
        for run in live {
            self.inner.runs.wait(run.id).await;
        }
    }

    /// Leaves the settings in repositories that have not got them, and signs out of all servers; to
    /// be called before the process ends, when no run is live. Takes twelve seconds at most. A
    /// server that is used again is signed in to again.
    pub async fn sign_out(&self) {
        exported::settled(self).await;
        access::leave_all(self).await;
    }

    /// Runs blocking work away from the threads that serve sockets.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let app = self.clone();
        tokio::task::spawn_blocking(move || work(&app))
            .await
            .unwrap_or_else(|e| Err(AppError::new(ErrorCode::Internal, "").because(&e)))
    }
}

fn updates_of(
    state: &Path,
    settings: &Arc<SettingsFile>,
    events: &Arc<EventHub>,
    clock: &Arc<dyn Clock>,
) -> Updates {
    let (settings, events, clock) = (settings.clone(), events.clone(), clock.clone());
    Updates::open(updates::Parts { state: state.to_owned(), settings, events, clock })
}

/// How long a process that is on its way out may still hold the state folder.
const PATIENCE: Duration = Duration::from_secs(3);

/// Takes the state folder for this process. Waits for one that is being closed.
pub(crate) fn own_within(state: &Path, patience: Duration) -> Result<File, AppError> {
    let failed = |e: &dyn std::error::Error| {
        AppError::new(ErrorCode::StateDamaged, state.display().to_string()).because(e)
    };
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(state.join("owner.lock"))
        .map_err(|e| failed(&e))?;
    let mut waited = Duration::ZERO;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) if waited < patience => {
                std::thread::sleep(PATIENCE / 20);
                waited += PATIENCE / 20;
            }
            Err(TryLockError::WouldBlock) => {
                let busy = AppError::new(ErrorCode::StateInUse, state.display().to_string());
                return Err(busy.retryable(true));
            }
            Err(TryLockError::Error(e)) => return Err(failed(&e)),
        }
    }
}

pub(crate) fn keychain_error(error: &SecretError) -> AppError {
    match error {
        SecretError::Keychain { .. } => AppError::new(ErrorCode::KeychainUnavailable, ""),
        SecretError::TooLong { most, .. } => {
            AppError::new(ErrorCode::SecretTooLong, (most / 2).to_string())
        }
        SecretError::Sealed { path, .. } => {
            AppError::new(ErrorCode::FileUnreadable, path.display().to_string())
        }
    }
    .because(error)
}

pub(crate) fn parse_run(text: &str) -> Result<RunId, AppError> {
    text.parse().map_err(|_| AppError::new(ErrorCode::InvalidInput, format!("“{text}” as a run")))
}
