//! Taking over what another installation left, or what this one left before a loss.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kuramori_jobs::job::{Job, Paused};

use super::{Exported, ExportedServer, Promised, read_file};
use crate::access;
use crate::app::App;
use crate::dto::{
    ErrorCode, LoadView, NoticeSettings, SettingsImported, SettingsView, Theme, Topic,
    default_recycle_bin,
};
use crate::error::AppError;
use crate::jobs;
use crate::settings::{ServerEntry, Settings};

/// Where settings come from.
#[derive(Clone, Debug)]
pub enum SettingsFrom {
    /// A file that [`App::export_settings`] wrote.
    File(PathBuf),
    /// A repository in which installations left them.
    Repository {
        /// Its name or id.
        repository: String,
        /// The computer or id of the installation; without it, the one that left them last.
        computer: Option<String>,
    },
}

/// What the user chose, who is told of what, and what is promised: where there is nothing here yet.
type Chosen = (Option<SettingsView>, Option<NoticeSettings>, Option<Promised>);

impl App {
    /// Takes over servers, jobs and what the user chose. What is known here by name or address is
    /// passed over. Passwords are not there; adding a server once more, under the same name,
    /// completes it. Jobs wait until somebody lets them go on: the other computer may run them
    /// still. With `look_only` nothing is changed. Blocks.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidInput`] when there are no such settings; what the repository or the file
    /// says.
    pub fn import_settings(
        &self,
        from: &SettingsFrom,
        look_only: bool,
    ) -> Result<SettingsImported, AppError> {
        let exported = match from {
            SettingsFrom::File(file) => read_file(file)?,
            SettingsFrom::Repository { repository, computer } => {
                self.in_repository(repository, computer.as_deref())?
            }
        };
        let settings = self.inner.settings.get();
        let (servers, known_servers): (Vec<_>, Vec<_>) =
            exported.servers.into_iter().partition(|server| !is_known(&settings, server));
        let known_jobs = jobs::all(self)?;
        let is_new =
            |job: &Job| known_jobs.iter().all(|known| known.id != job.id && known.name != job.name);
        let (jobs, passed_jobs): (Vec<_>, Vec<_>) = exported.jobs.into_iter().partition(is_new);
        let is_away = |id: &str| settings.repositories.iter().all(|known| known.id != id);
        let repositories = exported.repositories.iter().filter(|r| is_away(&r.id));
        let choices = exported.choices.filter(|choices| is_untouched(&settings.view(), choices));
        let nothing = NoticeSettings::default();
        let notices = exported.notices;
        let notices = (settings.notices == nothing && notices != nothing).then_some(notices);
        let nothing = Promised::default();
        let promised = exported.promised;
        let promised =
            (Promised::of(&settings) == nothing && promised != nothing).then_some(promised);
        let imported = SettingsImported {
            servers: servers.iter().map(|server| server.name.clone()).collect(),
            jobs: jobs.iter().map(|job| job.name.clone()).collect(),
            passed_over: known_servers
                .into_iter()
                .map(|server| server.name)
                .chain(passed_jobs.into_iter().map(|job| job.name))
                .collect(),
            to_attach: repositories.map(|r| format!("{} ({})", r.name, r.path)).collect(),
            choices: choices.is_some(),
            notices: notices.is_some(),
            look_only,
        };
        if !look_only {
            self.take_over(servers, jobs, (choices, notices, promised))?;
        }
        Ok(imported)
    }

    fn in_repository(&self, wanted: &str, from: Option<&str>) -> Result<Exported, AppError> {
        let place = self.place(wanted)?;
        let ours = access::writer(self)?;
        let mut found = place.exported()?.into_iter().filter(|(one, _)| one.writer != ours);
        let chosen = found.find(|(one, _)| {
            from.is_none_or(|from| one.computer == from || one.writer.to_hex() == from)
        });
        chosen.map(|(_, exported)| exported).ok_or_else(|| {
            let what = from.map_or_else(String::new, |from| format!(" of “{from}”"));
            let what = format!("no settings{what} in “{}”", place.name);
            AppError::new(ErrorCode::InvalidInput, what)
        })
    }

    fn take_over(
        &self,
        servers: Vec<ExportedServer>,
        jobs: Vec<Job>,
        (choices, notices, promised): Chosen,
    ) -> Result<(), AppError> {
        self.inner.settings.change(|settings| {
            for server in servers {
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
            if let Some(choices) = choices {
                settings.choose(choices);
            }
            if let Some(notices) = notices {
                settings.notices = notices;
            }
            if let Some(Promised { classes, vms }) = promised {
                (settings.classes, settings.promises) = (classes, vms);
            }
            Ok(())
        })?;
        self.inner.events.changed(Topic::Servers, None);
        self.inner.events.changed(Topic::Settings, None);
        self.inner.events.changed(Topic::Notices, None);
        for job in jobs {
            jobs::keep(self, &Job { paused: Some(Paused { until: None }), ..job })?;
        }
        super::changed(self);
        Ok(())
    }
}

fn is_known(settings: &Settings, server: &ExportedServer) -> bool {
    let same = |s: &ServerEntry| s.id == server.id || s.name == server.name || s.url == server.url;
    settings.servers.iter().any(same)
}

/// Whether nobody chose anything here yet, and there is something to choose.
fn is_untouched(here: &SettingsView, there: &SettingsView) -> bool {
    let new = SettingsView {
        language: None,
        theme: Theme::System,
        check_updates: true,
        load: LoadView::default(),
        recycle_bin_hours: default_recycle_bin(),
    };
    *here == new && *there != new
}
