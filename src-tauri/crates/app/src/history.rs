//! What this computer remembers of repositories, to notice when an older state of one comes back
//! or recovery points vanish. Kept when a repository is detached: it may be attached again.

use std::path::PathBuf;
use std::sync::PoisonError;

use kuramori_repo::{Alarm, LookBack, Memory, Repository};

use crate::app::App;
use crate::dto::{ErrorCode, RepositoryView, Topic};
use crate::error::AppError;
use crate::files;

/// What is wrong with the past of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It cannot have come about by its own rules.
    Rules(Alarm),
    /// What this computer remembered cannot be read, and why.
    Forgotten(String),
}

impl App {
    /// Takes a repository for right as it is now: what is missing in it is not told any more.
    /// Blocks.
    ///
    /// # Errors
    /// What stood in the way.
    pub fn accept_history(&self, wanted: &str) -> Result<RepositoryView, AppError> {
        let place = self.place(wanted)?;
        let look = place.repository.look_back(None).map_err(|e| place.failed(&e))?;
        keep(self, &place.id, &look.accepted)?;
        self.set_alarm(&place.id, None);
        self.inner.events.changed(Topic::Repositories, Some(place.id.clone()));
        self.repository_view(&place, &self.repository_path(&place.id)?)
    }

    /// Compares a repository with what is remembered of it, and remembers what it is now. What
    /// cannot be compared is told and nothing more: it must not keep anybody from a restore.
    /// Blocks.
    pub(crate) fn look_back(&self, repository: &Repository) {
        let id = repository.id().to_hex();
        let known = match load(self, &id) {
            Ok(known) => known,
            // Stays as it is, and so is told again, until somebody accepts what is there.
            Err(error) => return self.set_alarm(&id, Some(Broken::Forgotten(error.to_string()))),
        };
        match repository.look_back(known.as_ref()) {
            Ok(LookBack { alarm, remember, .. }) => {
                if known.as_ref() != Some(&remember)
                    && let Err(error) = keep(self, &id, &remember)
                {
                    tracing::warn!(%error, "what a repository holds could not be remembered");
                }
                self.set_alarm(&id, alarm.map(Broken::Rules));
            }
            Err(error) => {
                tracing::warn!(%error, repository = id, "a repository could not be compared");
            }
        }
    }

    /// Returns what is wrong with the history of a repository, as far as it was looked at.
    pub(crate) fn alarm(&self, id: &str, name: &str) -> Option<AppError> {
        let alarms = self.inner.alarms.lock().unwrap_or_else(PoisonError::into_inner);
        alarms.get(id).map(|broken| match broken {
            Broken::Rules(alarm) => told(alarm, name),
            Broken::Forgotten(why) => AppError::new(ErrorCode::HistoryForgotten, name).detail(why),
        })
    }

    fn set_alarm(&self, id: &str, alarm: Option<Broken>) {
        let mut alarms = self.inner.alarms.lock().unwrap_or_else(PoisonError::into_inner);
        match alarm {
            Some(alarm) => {
                if alarms.get(id) != Some(&alarm) {
                    tracing::error!(
                        repository = id,
                        ?alarm,
                        "the history of a repository is broken"
                    );
                }
                alarms.insert(id.to_owned(), alarm);
            }
            None => {
                alarms.remove(id);
            }
        }
    }
}

/// Says what an alarm is about, the details in English.
fn told(alarm: &Alarm, name: &str) -> AppError {
    let mut details = Vec::new();
    if alarm.missing > 0 {
        let ids = alarm.newest_missing.iter().map(ToString::to_string);
        let named = ids.collect::<Vec<_>>().join(", ");
        details.push(format!("{} recovery points are missing: {named}", alarm.missing));
    }
    if let Some((then, now)) = alarm.collections {
        details.push(format!("collection {then} was seen here, the last one is {now} now"));
    }
    for writer in &alarm.forked {
        details.push(format!("the installation {} has two histories", writer.to_hex()));
    }
    let code = if alarm.missing == 0 && alarm.collections.is_none() {
        ErrorCode::HistoryForked
    } else {
        ErrorCode::HistoryLost
    };
    AppError::new(code, name).detail(details.join("\n"))
}

fn path(app: &App, id: &str) -> PathBuf {
    app.inner.state.join("history").join(id)
}

fn load(app: &App, id: &str) -> Result<Option<Memory>, AppError> {
    let path = path(app, id);
    let failed = |e: &dyn std::error::Error| {
        AppError::new(ErrorCode::FileUnreadable, path.display().to_string()).because(e)
    };
    match fs_err::read(&path) {
        Ok(bytes) => Memory::from_bytes(&bytes).map(Some).map_err(|e| failed(&e)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(failed(&e)),
    }
}

fn keep(app: &App, id: &str, memory: &Memory) -> Result<(), AppError> {
    let path = path(app, id);
    let folder = app.inner.state.join("history");
    files::make_private_folder(&folder)
        .and_then(|()| files::replace(&path, &memory.to_bytes()))
        .map_err(|e| {
            AppError::new(ErrorCode::FileUnwritable, path.display().to_string()).because(&e)
        })
}
