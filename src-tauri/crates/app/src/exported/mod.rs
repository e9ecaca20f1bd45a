//! The settings of this installation, left in each repository it writes to, and those that others
//! left there: so that a new computer needs the repository and nothing else. No secrets.

mod import;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

pub use import::SettingsFrom;

use chrono::{DateTime, Utc};
use kuramori_jobs::job::Job;
use kuramori_jobs::protection::Classes;
use kuramori_repo::Repository;
use serde::{Deserialize, Serialize};

use crate::access;
use crate::app::App;
use crate::convert;
use crate::dto::{
    ErrorCode, ExportedRepositoryView, ExportedServerView, ExportedSettingsList,
    ExportedSettingsView, NoticeSettings, ServerKind, SettingsView,
};
use crate::error::AppError;
use crate::files;
use crate::jobs;
use crate::loss;
use crate::place::{Place, Writer};
use crate::settings::{ServerEntry, Settings, VmPromise};

/// Format of what is exported; rises when an older program would misread it.
const FORMAT: u32 = 1;
/// Nobody waits longer for a repository when the program ends.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is exported, as JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Exported {
    format: u32,
    servers: Vec<ExportedServer>,
    repositories: Vec<ExportedRepository>,
    #[serde(default)]
    pub(crate) jobs: Vec<Job>,
    /// What the user chose; versions before left it out.
    #[serde(default)]
    choices: Option<SettingsView>,
    #[serde(default)]
    notices: NoticeSettings,
    #[serde(default)]
    promised: Promised,
}

/// What is promised for VMs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Promised {
    classes: Classes,
    vms: BTreeMap<String, VmPromise>,
}

impl Promised {
    fn of(settings: &Settings) -> Self {
        Self { classes: settings.classes, vms: settings.promises.clone() }
    }
}

/// Addresses that are called often hold a secret: another computer has to be told them anew.
fn without_addresses(settings: &NoticeSettings) -> NoticeSettings {
    let mut settings = settings.clone();
    settings.webhook.on = false;
    settings.webhook.url.clear();
    settings.pings.clear();
    settings
}

/// Settings as they stand in a file.
#[derive(Serialize, Deserialize)]
struct SettingsInFile {
    /// Says what the file is.
    kuramori_settings: u32,
    computer: String,
    at: DateTime<Utc>,
    settings: serde_json::Value,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct ExportedServer {
    id: String,
    name: String,
    url: String,
    user: String,
    pin: Option<String>,
    kind: ServerKind,
    product: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct ExportedRepository {
    id: String,
    name: String,
    path: String,
}

impl Exported {
    fn of(settings: &Settings, jobs: Vec<Job>) -> Self {
        let servers = settings.servers.iter().map(|s| ExportedServer {
            id: s.id.clone(),
            name: s.name.clone(),
            url: s.url.clone(),
            user: s.user.clone(),
            pin: s.pin.clone(),
            kind: s.kind,
            product: s.product.clone(),
        });
        let repositories = settings.repositories.iter().map(|r| ExportedRepository {
            id: r.id.clone(),
            name: r.name.clone(),
            path: r.path.display().to_string(),
        });
        let (servers, repositories) = (servers.collect(), repositories.collect());
        let choices = Some(settings.view());
        let (notices, promised) = (without_addresses(&settings.notices), Promised::of(settings));
        Self { format: FORMAT, servers, repositories, jobs, choices, notices, promised }
    }

    fn read(body: &[u8]) -> Result<Self, String> {
        let exported: Self = serde_json::from_slice(body).map_err(|e| e.to_string())?;
        if exported.format == FORMAT {
            Ok(exported)
        } else {
            Err(format!("format {} is not known to this version", exported.format))
        }
    }
}

/// Which settings were left where, and who is at it.
#[derive(Default)]
pub(crate) struct Leaving {
    /// What lies in each repository, by the hash of it.
    left: Mutex<HashMap<String, blake3::Hash>>,
    /// Held by the one who notes what is due, or that it is done.
    marking: Mutex<()>,
    /// Held by the one who leaves them.
    turn: Mutex<()>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// Leaves the settings in a repository.
fn export(app: &App, repository: &Repository) -> Result<(), AppError> {
    if loss::waits_for_jobs(app) {
        // They would be taken for the newest, without the jobs that are still to come back.
        let busy = AppError::new(ErrorCode::Busy, repository.name());
        return Err(busy.detail("what was lost is not back yet").retryable(true));
    }
    let body = body(app)?;
    let (id, hash) = (repository.id().to_hex(), blake3::hash(&body));
    let left = &app.inner.leaving.left;
    if left.lock().unwrap_or_else(PoisonError::into_inner).get(&id) == Some(&hash) {
        return Ok(());
    }
    repository
        .export_settings(access::writer(app)?, &computer(), &body, &*app.inner.clock)
        .map_err(|e| convert::repository(&e, repository.name()))?;
    left.lock().unwrap_or_else(PoisonError::into_inner).insert(id, hash);
    Ok(())
}

fn body(app: &App) -> Result<Vec<u8>, AppError> {
    let exported = Exported::of(&app.inner.settings.get(), jobs::all(app)?);
    serde_json::to_vec(&exported).map_err(|e| AppError::new(ErrorCode::Internal, "").because(&e))
}

/// Leaves the settings in a repository that is open, where it has not got them. What stands in the
/// way is only told, and tried again: nothing fails by it.
pub(crate) fn leave(app: &App, repository: &Repository) {
    let id = repository.id().to_hex();
    let left = export(app, repository).and_then(|()| {
        let _marking = marking(app);
        let newest = blake3::hash(&body(app)?);
        let left = app.inner.leaving.left.lock().unwrap_or_else(PoisonError::into_inner);
        // Something changed while it was written: it stays due.
        if left.get(&id) == Some(&newest) {
            mark(app, std::slice::from_ref(&id), false)
        } else {
            Ok(())
        }
    });
    if let Err(error) = left {
        tracing::info!(%error, causes = ?error.causes, "settings are left in a repository later");
    }
}

fn marking(app: &App) -> MutexGuard<'_, ()> {
    app.inner.leaving.marking.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns whether a repository has not got the newest settings.
pub(crate) fn is_due(app: &App, id: &str) -> bool {
    app.inner.settings.get().to_leave.contains(id)
}

/// Notes that a repository has to get the settings, or has them.
fn mark(app: &App, ids: &[String], due: bool) -> Result<(), AppError> {
    let known = app.inner.settings.get().to_leave;
    if ids.iter().all(|id| known.contains(id) == due) {
        return Ok(());
    }
    app.inner.settings.change(|settings| {
        for id in ids {
            if due {
                settings.to_leave.insert(id.clone());
            } else {
                settings.to_leave.remove(id);
            }
        }
        Ok(())
    })
}

/// Something that is exported changed: every repository gets it, in the background. One that is
/// away gets it when it is back.
pub(crate) fn changed(app: &App) {
    let all = app.inner.settings.get().repositories.into_iter().map(|r| r.id);
    let all: Vec<String> = all.collect();
    if all.is_empty() {
        return;
    }
    let marked = {
        let _marking = marking(app);
        mark(app, &all, true)
    };
    if let Err(error) = marked {
        tracing::error!(%error, "a change may not come to a repository that is away");
    }
    let at_work = app.clone();
    let thread = std::thread::spawn(move || leave_due(&at_work));
    let mut threads = app.inner.leaving.threads.lock().unwrap_or_else(PoisonError::into_inner);
    threads.retain(|thread| !thread.is_finished());
    threads.push(thread);
}

/// Leaves the settings in every repository that has not got them and can be reached. Blocks.
pub(crate) fn leave_due(app: &App) {
    let _turn = app.inner.leaving.turn.lock().unwrap_or_else(PoisonError::into_inner);
    let settings = app.inner.settings.get();
    for id in &settings.to_leave {
        match access::repository(app, id) {
            Ok((_, repository)) => leave(app, &repository),
            Err(_) if settings.repository(id).is_err() => {
                // It was detached.
                if let Err(error) = mark(app, std::slice::from_ref(id), false) {
                    tracing::warn!(%error, "a repository that was detached is still looked for");
                }
            }
            Err(error) => tracing::info!(%error, "the settings are left there later"),
        }
    }
}

/// Returns when what is being left in repositories is there; after ten seconds at the latest, since
/// what is not is left at another time.
pub(crate) async fn settled(app: &App) {
    let threads = {
        let mut threads = app.inner.leaving.threads.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *threads)
    };
    let joined = tokio::task::spawn_blocking(move || {
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("leaving the settings broke off");
            }
        }
    });
    if tokio::time::timeout(PATIENCE, joined).await.is_err() {
        tracing::info!("a repository is slow; it gets the settings later");
    }
}

/// What this computer is called.
fn computer() -> String {
    gethostname::gethostname().to_string_lossy().trim().chars().take(64).collect()
}

impl App {
    /// Writes the settings to a new file that only its user can read. Passwords, keys and the places
    /// where datastores are mounted are not in it. Blocks.
    ///
    /// # Errors
    /// [`ErrorCode::FileUnwritable`] when the file is there already, among others.
    pub fn export_settings(&self, file: &Path) -> Result<(), AppError> {
        let failed = |e: &dyn std::error::Error| {
            AppError::new(ErrorCode::FileUnwritable, file.display().to_string()).because(e)
        };
        let settings = serde_json::from_slice(&body(self)?).map_err(|e| failed(&e))?;
        let in_file = SettingsInFile {
            kuramori_settings: FORMAT,
            computer: computer(),
            at: self.inner.clock.now(),
            settings,
        };
        let bytes = serde_json::to_vec_pretty(&in_file).map_err(|e| failed(&e))?;
        let made = files::create_private(file).map_err(|e| failed(&e))?;
        files::fill(made, &bytes).map_err(|e| failed(&e))
    }
}

/// Reads settings that were written to a file.
fn read_file(file: &Path) -> Result<Exported, AppError> {
    let failed = || AppError::new(ErrorCode::FileUnreadable, file.display().to_string());
    let opened = fs_err::File::open(file).map_err(|e| failed().because(&e))?;
    let mut bytes = Vec::new();
    let most = u64::try_from(2 * kuramori_repo::MAX_SETTINGS).unwrap_or(u64::MAX);
    opened.take(most).read_to_end(&mut bytes).map_err(|e| failed().because(&e))?;
    let in_file: SettingsInFile =
        serde_json::from_slice(&bytes).map_err(|e| failed().because(&e))?;
    let body = in_file.settings.to_string();
    Exported::read(body.as_bytes()).map_err(|why| failed().detail(why))
}

impl Place {
    pub(crate) fn exported(
        &self,
    ) -> Result<Vec<(kuramori_repo::ExportedSettings, Exported)>, AppError> {
        let found = self.repository.exported_settings().map_err(|e| self.failed(&e))?;
        let readable = found.into_iter().filter_map(|one| match Exported::read(&one.body) {
            Ok(exported) => Some((one, exported)),
            Err(error) => {
                tracing::warn!(error, computer = one.computer, "settings cannot be read");
                None
            }
        });
        Ok(readable.collect())
    }

    /// Returns the settings that installations left here. `app` tells what is known already.
    ///
    /// # Errors
    /// What stood in the way of reading them.
    pub fn exported_settings(&self, app: Option<&App>) -> Result<ExportedSettingsList, AppError> {
        let known = app.map(|app| app.inner.settings.get());
        let ours = app.and_then(|app| app.writer().ok());
        let installations = self.exported()?.into_iter().map(|(one, exported)| {
            let is_known = |server: &ExportedServer| {
                let same = |s: &ServerEntry| s.name == server.name || s.url == server.url;
                known.as_ref().is_some_and(|settings| settings.servers.iter().any(same))
            };
            let servers = exported.servers.iter().map(|s| ExportedServerView {
                name: s.name.clone(),
                url: s.url.clone(),
                user: s.user.clone(),
                known: is_known(s),
            });
            let repositories = exported
                .repositories
                .iter()
                .map(|r| ExportedRepositoryView { name: r.name.clone(), path: r.path.clone() });
            ExportedSettingsView {
                computer: one.computer,
                installation: one.writer.to_hex(),
                exported_at: one.time,
                ours: ours.is_some_and(|Writer(writer)| writer == one.writer),
                servers: servers.collect(),
                repositories: repositories.collect(),
                jobs: exported.jobs.into_iter().map(|job| job.name).collect(),
                notices: exported.notices != NoticeSettings::default(),
            }
        });
        Ok(ExportedSettingsList { installations: installations.collect() })
    }
}
