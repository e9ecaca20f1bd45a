//! What this installation knows: servers, repositories and the user's choices. One JSON file,
//! replaced whole on each change. It holds no secret.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use kuramori_base::Clock;
use kuramori_engine::Mounts;
use kuramori_jobs::Salvaged;
use serde::{Deserialize, Serialize};

use crate::dto::{ErrorCode, Language, LoadView, NoticeSettings, ServerKind, SettingsView, Theme};
use crate::error::AppError;
use crate::files;
use crate::loss::Lost;

/// Format of the file; rises when a change needs a conversion.
const FORMAT: u32 = 1;

/// The content of the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    format: u32,
    /// Names this installation in the repositories it writes to.
    pub(crate) writer: String,
    pub(crate) language: Option<Language>,
    pub(crate) theme: Theme,
    pub(crate) servers: Vec<ServerEntry>,
    pub(crate) repositories: Vec<RepositoryEntry>,
    #[serde(default)]
    pub(crate) updates: UpdateSettings,
    #[serde(default)]
    pub(crate) load: LoadView,
    #[serde(default)]
    pub(crate) notices: NoticeSettings,
}

/// What is remembered about updates.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct UpdateSettings {
    /// Whether a newer version is looked for once a day.
    pub(crate) check_daily: bool,
    /// The highest version that was ever offered, signed; no older one is taken.
    pub(crate) highest_seen: Option<String>,
    /// When the update server last answered.
    pub(crate) checked_at: Option<DateTime<Utc>>,
    /// When it was last asked.
    pub(crate) asked_at: Option<DateTime<Utc>>,
}

impl Default for UpdateSettings {
    fn default() -> Self {
        Self { check_daily: true, highest_seen: None, checked_at: None, asked_at: None }
    }
}

/// A server that was added.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ServerEntry {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) user: String,
    pub(crate) pin: Option<String>,
    pub(crate) kind: ServerKind,
    pub(crate) product: String,
    pub(crate) last_seen: Option<DateTime<Utc>>,
    /// Folders of this computer in which its datastores are mounted, by their names.
    #[serde(default)]
    pub(crate) mounts: BTreeMap<String, PathBuf>,
}

/// A repository that is known here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RepositoryEntry {
    /// The repository's own id, so that another one at the same path is noticed.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

impl ServerEntry {
    /// Name of the password in the keychain.
    pub(crate) fn secret_name(&self) -> String {
        format!("server:{}", self.id)
    }

    /// Returns where its datastores are mounted.
    pub(crate) fn mounts(&self) -> Mounts {
        self.mounts.clone().into_iter().collect()
    }
}

impl RepositoryEntry {
    /// Name of the key in the keychain.
    pub(crate) fn secret_name(&self) -> String {
        format!("repository:{}", self.id)
    }
}

/// The file and what it holds.
pub(crate) struct SettingsFile {
    path: PathBuf,
    current: Mutex<Settings>,
}

impl SettingsFile {
    /// Reads the file, or its copy where the file is damaged or gone, or begins a new one with the
    /// given writer id.
    ///
    /// # Errors
    /// [`ErrorCode::StateNewer`]; [`ErrorCode::StateDamaged`] when the copy is of no use either.
    pub(crate) fn open(
        path: &Path,
        new_writer: &str,
        clock: &dyn Clock,
    ) -> Result<(Self, Option<Lost>), AppError> {
        let (current, lost) = match read(path) {
            Ok(Some(settings)) => (settings, None),
            Err(error) if error.code == ErrorCode::StateNewer => return Err(error),
            found => match read(&copy_of(path))? {
                Some(copy) => (copy, Some(replaced(path, found.err(), clock)?)),
                None => match found {
                    Err(error) => return Err(error),
                    Ok(_) => (Settings::new(new_writer), None),
                },
            },
        };
        let file = Self { path: path.to_owned(), current: Mutex::new(current) };
        file.change(|_| Ok(()))?;
        Ok((file, lost))
    }

    /// Returns a copy of what the file holds.
    pub(crate) fn get(&self) -> Settings {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns how much of the network reading may take.
    pub(crate) fn load(&self) -> LoadView {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).load
    }

    /// Changes the file. Nothing changes when `change` or the write fails.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut Settings) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = current.clone();
        let result = change(&mut next)?;
        let internal =
            |e: &dyn std::error::Error| AppError::new(ErrorCode::Internal, "").because(e);
        let bytes = serde_json::to_vec_pretty(&next).map_err(|e| internal(&e))?;
        files::replace(&self.path, &bytes).map_err(|e| {
            AppError::new(ErrorCode::StateDamaged, self.path.display().to_string()).because(&e)
        })?;
        *current = next;
        // After the file, so that one of the two is always whole.
        if let Err(error) = files::replace(&copy_of(&self.path), &bytes) {
            tracing::warn!(%error, "the copy of the settings is older than they are");
        }
        Ok(result)
    }

    /// Returns the language for sentences: the chosen one, else the operating system's.
    pub(crate) fn language(&self) -> Language {
        self.get().language.unwrap_or_else(Language::of_system)
    }

    pub(crate) fn view(&self) -> SettingsView {
        let settings = self.get();
        SettingsView {
            language: settings.language,
            theme: settings.theme,
            check_updates: settings.updates.check_daily,
            load: settings.load,
        }
    }
}

/// Where a copy of the file lies, for the day on which the file is damaged.
fn copy_of(path: &Path) -> PathBuf {
    path.with_extension("copy.json")
}

/// Reads a file of settings; `None` when there is none.
fn read(path: &Path) -> Result<Option<Settings>, AppError> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let about = |code| AppError::new(code, path.display().to_string());
    let damaged = |e: &dyn std::error::Error| about(ErrorCode::StateDamaged).because(e);
    let bytes = match fs_err::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(damaged(&e)),
    };
    // Looked at first: a newer version may write what this one cannot read.
    let head: Head = serde_json::from_slice(&bytes).map_err(|e| damaged(&e))?;
    if head.format > FORMAT {
        let detail = format!("it has format {}, this version knows {FORMAT}", head.format);
        return Err(about(ErrorCode::StateNewer).detail(detail));
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|e| damaged(&e))
}

/// Sets a file aside that its copy stands in for.
fn replaced(path: &Path, why: Option<AppError>, clock: &dyn Clock) -> Result<Lost, AppError> {
    let aside = files::set_aside(path, clock.now()).map_err(|e| {
        AppError::new(ErrorCode::StateDamaged, path.display().to_string()).because(&e)
    })?;
    let why = why.map_or_else(|| "it was gone".to_owned(), |error| error.causes.join(": "));
    tracing::error!(why, aside = ?aside, "the settings come from their copy");
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Lost { file: name, aside, why, salvaged: Salvaged::default() })
}

impl Settings {
    /// The settings of a new installation.
    fn new(writer: &str) -> Self {
        Self {
            format: FORMAT,
            writer: writer.to_owned(),
            language: None,
            theme: Theme::System,
            servers: Vec::new(),
            repositories: Vec::new(),
            updates: UpdateSettings::default(),
            load: LoadView::default(),
            notices: NoticeSettings::default(),
        }
    }

    /// Finds a server by id or name.
    pub(crate) fn server(&self, wanted: &str) -> Result<&ServerEntry, AppError> {
        self.servers
            .iter()
            .find(|s| s.id == wanted || s.name == wanted)
            .ok_or_else(|| AppError::new(ErrorCode::ServerNotFound, wanted))
    }

    /// Finds a repository by id or name.
    pub(crate) fn repository(&self, wanted: &str) -> Result<&RepositoryEntry, AppError> {
        self.repositories
            .iter()
            .find(|r| r.id == wanted || r.name == wanted)
            .ok_or_else(|| AppError::new(ErrorCode::RepositoryNotFound, wanted))
    }
}

impl Language {
    /// Returns the language of the system, for what is said before there are settings.
    pub fn of_system() -> Self {
        match sys_locale::get_locale() {
            Some(locale) if locale.to_ascii_lowercase().starts_with("ja") => Self::Ja,
            _ => Self::En,
        }
    }
}

#[cfg(test)]
mod tests;
