use std::path::{Path, PathBuf};
use std::sync::Arc;

use kuramori_base::{Clock, Secret};
use kuramori_platform::paths;
use kuramori_repo::{
    CreateOptions, KeySlot, LocalStore, RepoError, RepoErrorKind, Repository, SlotKind, Unlock,
};

use super::Handler;
use crate::access;
use crate::app::App;
use crate::catalog;
use crate::convert;
use crate::device_key;
use crate::dto::{
    AttachRepositoryRequest, CreateRepositoryRequest, Empty, ErrorCode, PathRequest, PlaceView,
    RepositoryCreated, RepositoryList, RepositoryRequest, RepositoryView, Topic,
};
use crate::error::AppError;
use crate::exported;
use crate::keys::kdf_cost;
use crate::place::{Place, RepositoryKey, open_with};
use crate::schema::command;
use crate::settings::RepositoryEntry;
use crate::volume;

/// Name of the folder suggested for the first repository.
const FOLDER: &str = "Kuramori";

impl App {
    /// Returns an opened repository by id or name. Blocks.
    ///
    /// # Errors
    /// What stood in the way.
    pub fn place(&self, wanted: &str) -> Result<Place, AppError> {
        let (entry, repository) = access::repository(self, wanted)?;
        Ok(Place { id: entry.id, name: entry.name, repository, device: None })
    }

    /// Makes a repository and takes it up. Blocks.
    ///
    /// # Errors
    /// What stood in the way; nothing is taken up then.
    pub fn create_repository(
        &self,
        name: &str,
        path: &Path,
        key: RepositoryKey,
    ) -> Result<RepositoryCreated, AppError> {
        let (name, path) = (self.free_name(name)?, full_path(path)?);
        let unlock = key.into_unlock();
        let mut options = CreateOptions::named(&name);
        options.kdf = kdf_cost(Some(&unlock), &*self.inner.clock)?;
        let created = Repository::create(
            Arc::new(LocalStore::new(&path)),
            &unlock,
            options,
            &*self.inner.clock,
        )
        .map_err(|e| convert::repository(&e, &path.display().to_string()))?;
        let slot = recovery_slot(&created.repository)
            .map_err(|e| convert::repository(&e, &path.display().to_string()))?;
        let view = self.take_up(name, path, &unlock, created.repository)?;
        let recovery_key = created.recovery_key.expose().clone();
        let asked_groups = self.ask_for_words(&view.id, slot, created.recovery_key)?;
        Ok(RepositoryCreated { repository: view, recovery_key, asked_groups })
    }

    /// Takes up a repository that exists. Blocks.
    ///
    /// # Errors
    /// What stood in the way; nothing is taken up then.
    pub fn attach_repository(
        &self,
        name: &str,
        path: &Path,
        key: RepositoryKey,
    ) -> Result<RepositoryView, AppError> {
        let path = full_path(path)?;
        let (repository, unlock) = open_with(&path, key)?;
        try_place(&repository, &path, &*self.inner.clock)?;
        let id = repository.id().to_hex();
        let known = self.inner.settings.get().repositories.into_iter().find(|r| r.id == id);
        let name = match known {
            Some(known) if self.place(&id).is_ok() => {
                return Err(AppError::new(ErrorCode::NameTaken, &known.name)
                    .detail("this repository is attached already under this name"));
            }
            // It moved, or its key is gone from the keychain.
            Some(known) => known.name,
            None => self.free_name(name)?,
        };
        self.take_up(name, path, &unlock, repository)
    }

    fn free_name(&self, name: &str) -> Result<String, AppError> {
        let name = name.trim();
        if name.is_empty() {
            return Err(AppError::new(ErrorCode::InvalidInput, "an empty name"));
        }
        if self.inner.settings.get().repositories.iter().any(|r| r.name == name) {
            return Err(AppError::new(ErrorCode::NameTaken, name));
        }
        Ok(name.to_owned())
    }

    fn take_up(
        &self,
        name: String,
        path: PathBuf,
        unlock: &Unlock,
        repository: Repository,
    ) -> Result<RepositoryView, AppError> {
        let id = repository.id().to_hex();
        let entry = RepositoryEntry { id: id.clone(), name: name.clone(), path: path.clone() };
        catalog::keep(self, &repository);
        device_key::keep(self, &entry, &repository, unlock)?;
        self.inner.settings.change(|s| {
            match s.repositories.iter_mut().find(|known| known.id == entry.id) {
                Some(known) => *known = entry,
                None => s.repositories.push(entry),
            }
            Ok(())
        })?;
        let place = Place { id: id.clone(), name, repository: repository.clone(), device: None };
        self.inner.repositories.keep(&id, repository);
        self.inner.events.changed(Topic::Repositories, Some(id));
        exported::export(self, &place.repository);
        self.repository_view(&place, &path)
    }

    /// Returns what is known about a repository, compared with what this computer saw before.
    ///
    /// # Errors
    /// What stood in the way of reading it.
    pub fn repository_view(&self, place: &Place, path: &Path) -> Result<RepositoryView, AppError> {
        self.look_back(&place.repository);
        let alarm = self.alarm(&place.id, &place.name).map(|alarm| alarm.view(self.language()));
        Ok(RepositoryView { alarm, ..place.view(path)? })
    }

    fn view_repository(&self, entry: &RepositoryEntry) -> RepositoryView {
        match self.place(&entry.id).and_then(|place| self.repository_view(&place, &entry.path)) {
            Ok(view) => view,
            Err(error) => {
                // Opened once, but away now: the next look must open it anew.
                self.inner.repositories.forget(&entry.id);
                RepositoryView {
                    id: entry.id.clone(),
                    name: entry.name.clone(),
                    path: entry.path.display().to_string(),
                    created_at: None,
                    points: 0,
                    stored: 0,
                    free: None,
                    total: None,
                    error: Some(error.view(self.language())),
                    alarm: None,
                }
            }
        }
    }
}

/// Finds out whether the place keeps what it must promise. One where nothing can be written now is
/// taken up for reading.
fn try_place(repository: &Repository, path: &Path, clock: &dyn Clock) -> Result<(), AppError> {
    match repository.probe_place(clock) {
        Ok(_) => Ok(()),
        Err(error)
            if matches!(
                error.kind(),
                RepoErrorKind::Denied | RepoErrorKind::Full | RepoErrorKind::TooNew
            ) =>
        {
            tracing::warn!(%error, "the place of a repository could not be tried");
            Ok(())
        }
        Err(error) => Err(convert::repository(&error, &path.display().to_string())),
    }
}

/// The slot of the recovery key a new repository came with.
fn recovery_slot(repository: &Repository) -> Result<KeySlot, RepoError> {
    let keys = repository.keys()?.into_iter();
    let mut of_paper = keys.filter(|key| key.kind == SlotKind::RecoveryKey);
    of_paper.next().ok_or(RepoError::KeyNotFound { wanted: String::new() })
}

/// A path that stays right when the program is started elsewhere, and that the system can make.
fn full_path(path: &Path) -> Result<PathBuf, AppError> {
    let invalid = |e: &dyn std::error::Error| {
        AppError::new(ErrorCode::InvalidInput, format!("“{}” as a folder", path.display()))
            .because(e)
    };
    // Before it is made absolute: that takes away what Windows would drop from names.
    paths::check(path).map_err(|e| invalid(&e))?;
    std::path::absolute(path).map_err(|e| invalid(&e))
}

fn look_at(path: PathBuf) -> PlaceView {
    let room = volume::room(&path);
    PlaceView {
        repository: Repository::probe(&LocalStore::new(&path)).is_ok(),
        path: path.display().to_string(),
        free: room.map(|r| r.free),
        total: room.map(|r| r.total),
    }
}

impl Handler for command::RepositoriesSuggest {
    async fn handle(app: &App, _: Empty) -> Result<PlaceView, AppError> {
        app.blocking(|app| {
            let documents = dirs::document_dir().or_else(dirs::home_dir);
            let base = documents.unwrap_or_else(|| app.inner.state.clone());
            // The first free name, so that a second repository gets a folder of its own.
            let free = (1..1000)
                .map(|n| match n {
                    1 => base.join(FOLDER),
                    n => base.join(format!("{FOLDER} {n}")),
                })
                .find(|p| !p.exists());
            Ok(look_at(free.unwrap_or(base)))
        })
        .await
    }
}

impl Handler for command::RepositoriesPlace {
    async fn handle(app: &App, request: PathRequest) -> Result<PlaceView, AppError> {
        app.blocking(move |_| Ok(look_at(full_path(Path::new(&request.path))?))).await
    }
}

impl Handler for command::RepositoriesCreate {
    async fn handle(
        app: &App,
        request: CreateRepositoryRequest,
    ) -> Result<RepositoryCreated, AppError> {
        app.blocking(move |app| {
            let key = RepositoryKey::Passphrase(Secret::new(request.passphrase));
            app.create_repository(&request.name, Path::new(&request.path), key)
        })
        .await
    }
}

impl Handler for command::RepositoriesAttach {
    async fn handle(
        app: &App,
        request: AttachRepositoryRequest,
    ) -> Result<RepositoryView, AppError> {
        app.blocking(move |app| {
            let key = RepositoryKey::Passphrase(Secret::new(request.passphrase));
            app.attach_repository(&request.name, Path::new(&request.path), key)
        })
        .await
    }
}

impl Handler for command::RepositoriesList {
    async fn handle(app: &App, _: Empty) -> Result<RepositoryList, AppError> {
        app.blocking(|app| {
            let entries = app.inner.settings.get().repositories;
            let repositories = entries.iter().map(|e| app.view_repository(e)).collect();
            Ok(RepositoryList { repositories })
        })
        .await
    }
}

impl Handler for command::RepositoriesInfo {
    async fn handle(app: &App, request: RepositoryRequest) -> Result<RepositoryView, AppError> {
        app.blocking(move |app| {
            let entry = app.inner.settings.get().repository(&request.repository_id)?.clone();
            app.repository_view(&app.place(&entry.id)?, &entry.path)
        })
        .await
    }
}

impl Handler for command::RepositoriesAccept {
    async fn handle(app: &App, request: RepositoryRequest) -> Result<RepositoryView, AppError> {
        app.blocking(move |app| app.accept_history(&request.repository_id)).await
    }
}

impl Handler for command::RepositoriesDetach {
    async fn handle(app: &App, request: RepositoryRequest) -> Result<Empty, AppError> {
        app.blocking(move |app| {
            let entry = app.inner.settings.get().repository(&request.repository_id)?.clone();
            device_key::give_up(app, &entry)?;
            app.inner.settings.change(|s| {
                s.repositories.retain(|r| r.id != entry.id);
                Ok(())
            })?;
            app.inner.repositories.forget(&entry.id);
            catalog::forget(app, &entry.id);
            app.inner.events.changed(Topic::Repositories, Some(entry.id));
            Ok(Empty {})
        })
        .await
    }
}
