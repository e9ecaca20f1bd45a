//! The settings of this installation, left in each repository it writes to, and those that others
//! left there: so that a new computer needs the repository and nothing else. No secrets.

use std::collections::BTreeMap;

use kuramori_jobs::job::{Job, Paused};
use kuramori_repo::Repository;
use serde::{Deserialize, Serialize};

use crate::access;
use crate::app::App;
use crate::dto::{
    ErrorCode, ExportedRepositoryView, ExportedServerView, ExportedSettingsList,
    ExportedSettingsView, NoticeSettings, ServerKind, SettingsImported, Topic,
};
use crate::error::AppError;
use crate::jobs;
use crate::place::{Place, Writer};
use crate::settings::{ServerEntry, Settings};

/// Format of what is exported; rises when an older program would misread it.
const FORMAT: u32 = 1;

/// What is exported, as JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Exported {
    format: u32,
    servers: Vec<ExportedServer>,
    repositories: Vec<ExportedRepository>,
    #[serde(default)]
    pub(crate) jobs: Vec<Job>,
    #[serde(default)]
    notices: NoticeSettings,
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
        let notices = settings.notices.clone();
        Self { format: FORMAT, servers, repositories, jobs, notices }
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

/// Leaves the settings in a repository. What stands in the way is only told: no run fails by it.
pub(crate) fn export(app: &App, repository: &Repository) {
    let jobs = jobs::all(app).map_err(|e| e.to_string());
    let exported = jobs.map(|jobs| Exported::of(&app.inner.settings.get(), jobs));
    let body = exported.and_then(|all| serde_json::to_vec(&all).map_err(|e| e.to_string()));
    let left = body.and_then(|body| {
        let writer = access::writer(app).map_err(|e| e.to_string())?;
        repository
            .export_settings(writer, &computer(), &body, &*app.inner.clock)
            .map_err(|e| e.to_string())
    });
    if let Err(error) = left {
        tracing::warn!(error, "the settings could not be left in a repository");
    }
}

/// Leaves the settings in every repository that is open, and in the one that is named, which is
/// opened for it. One that is not there gets them with the next run that writes to it. Blocks.
pub(crate) fn export_change(app: &App, wanted: &str) {
    if let Err(error) = access::repository(app, wanted) {
        tracing::info!(%error, "the settings are left in the repository later");
    }
    export_open(app);
}

/// Leaves the settings in every repository that is open. Blocks.
pub(crate) fn export_open(app: &App) {
    for repository in app.inner.repositories.all() {
        export(app, &repository);
    }
}

/// What this computer is called.
fn computer() -> String {
    gethostname::gethostname().to_string_lossy().trim().chars().take(64).collect()
}

impl Place {
    pub(crate) fn exported(&self) -> Result<Vec<(kuramori_repo::ExportedSettings, Exported)>, AppError> {
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

impl App {
    /// Takes over the servers of another installation that left its settings in a repository: the
    /// one whose computer or id is `from`, else the one that left them last. Servers whose name or
    /// address is known are passed over. Passwords are not there; adding a server once more, under
    /// the same name, completes it. Jobs come with their servers, and wait until somebody lets them
    /// go on: the other computer may run them still. Blocks.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidInput`] when there are no such settings; what the repository says.
    pub fn import_settings(
        &self,
        wanted: &str,
        from: Option<&str>,
    ) -> Result<SettingsImported, AppError> {
        let place = self.place(wanted)?;
        let ours = access::writer(self)?;
        let mut found = place.exported()?.into_iter().filter(|(one, _)| one.writer != ours);
        let chosen = found.find(|(one, _)| {
            from.is_none_or(|from| one.computer == from || one.writer.to_hex() == from)
        });
        let Some((_, exported)) = chosen else {
            let what = from.map_or_else(String::new, |from| format!(" of “{from}”"));
            let what = format!("no settings{what} in “{}”", place.name);
            return Err(AppError::new(ErrorCode::InvalidInput, what));
        };
        let servers = self.inner.settings.change(|settings| {
            let mut taken = Vec::new();
            for server in exported.servers {
                let same = |s: &ServerEntry| {
                    s.id == server.id || s.name == server.name || s.url == server.url
                };
                if settings.servers.iter().any(same) {
                    continue;
                }
                taken.push(server.name.clone());
                settings.servers.push(ServerEntry {
                    id: server.id,
                    name: server.name,
                    url: server.url,
                    user: server.user,
                    pin: server.pin,
                    kind: server.kind,
                    product: server.product,
                    last_seen: None,
                    // Another computer mounts in other places.
                    mounts: BTreeMap::new(),
                });
            }
            Ok(taken)
        })?;
        self.inner.events.changed(Topic::Servers, None);
        let jobs = self.import_jobs(exported.jobs)?;
        Ok(SettingsImported { servers, jobs, notices: self.import_notices(exported.notices)? })
    }

    /// Takes over who is told of what, where nobody has said so here.
    fn import_notices(&self, found: NoticeSettings) -> Result<bool, AppError> {
        let nothing = NoticeSettings::default();
        let taken = self.inner.settings.change(|settings| {
            let take = settings.notices == nothing && found != nothing;
            if take {
                settings.notices = found;
            }
            Ok(take)
        })?;
        self.inner.events.changed(Topic::Notices, None);
        Ok(taken)
    }

    /// Takes over jobs whose name and id are not known here. Returns their names.
    fn import_jobs(&self, found: Vec<Job>) -> Result<Vec<String>, AppError> {
        let known = jobs::all(self)?;
        let is_new =
            |job: &Job| known.iter().all(|known| known.id != job.id && known.name != job.name);
        let mut taken = Vec::new();
        for job in found.into_iter().filter(is_new) {
            jobs::keep(self, &Job { paused: Some(Paused { until: None }), ..job.clone() })?;
            taken.push(job.name);
        }
        Ok(taken)
    }
}
