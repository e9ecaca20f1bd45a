//! An opened repository and what can be done with it alone, with or without a state folder.

use std::path::Path;
use std::sync::Arc;

use kuramori_base::{CancelToken, Clock, Progress, Secret};
use kuramori_engine::{ImageBackup, LocalSource, Observer, RunEvent};
use kuramori_jobs::{Level, Stage};
use kuramori_platform::paths;
use kuramori_repo::{
    DamagedObject, Manifest, OpenOptions, ReadAs, Reader, RecoveryPointId, Repository, SlotId,
    Unlock, WriterId,
};

use crate::access;
use crate::alarms::Held;
use crate::commands::point_view;
use crate::convert;
use crate::dto::{ErrorCode, Language, PointList, PointView, RepositoryView, UnreadableRepository};
use crate::error::AppError;
use crate::volume;

/// What opens a repository, as typed or read by the caller.
pub enum RepositoryKey {
    /// A passphrase or, if it has that form, a recovery key.
    Passphrase(Secret<String>),
    /// A recovery key as somebody typed it.
    RecoveryKey(Secret<String>),
    /// The content of a key file.
    KeyFile(Secret<Vec<u8>>),
}

impl RepositoryKey {
    /// Returns it as a key that is set, not tried: a passphrase is nothing else then.
    pub(crate) fn into_unlock(self) -> Unlock {
        match self {
            Self::Passphrase(text) => Unlock::Passphrase(text),
            Self::RecoveryKey(text) => Unlock::RecoveryKey(text),
            Self::KeyFile(bytes) => Unlock::KeyFile(bytes),
        }
    }
}

/// An opened repository.
#[derive(Clone)]
pub struct Place {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) repository: Repository,
    /// The key this computer opens it with, where that was asked for.
    pub(crate) device: Option<SlotId>,
    /// VMs of which nothing is deleted by rules.
    pub(crate) held: Held,
}

impl Place {
    /// Opens the repository in a folder, without any state folder. Blocks.
    ///
    /// # Errors
    /// What stood in the way.
    pub fn open(path: &Path, key: RepositoryKey) -> Result<Self, AppError> {
        let (repository, _) = open_with(path, key)?;
        let (id, name) = (repository.id().to_hex(), repository.name().to_owned());
        Ok(Self { id, name, repository, device: None, held: Held::default() })
    }

    /// Returns it with no regard for alarms: rules then end also what is kept until somebody has
    /// looked at an unusual change. Holds stand.
    #[must_use]
    pub fn despite_alarms(self) -> Self {
        Self { held: Held::default(), ..self }
    }

    /// Returns the name the repository goes by here.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the id of the repository.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn failed(&self, error: &kuramori_repo::RepoError) -> AppError {
        convert::repository(error, &self.name)
    }

    /// Returns what is known about the repository.
    ///
    /// # Errors
    /// What stood in the way of reading it.
    pub fn view(&self, path: &Path) -> Result<RepositoryView, AppError> {
        let info = self.repository.info().map_err(|e| self.failed(&e))?;
        let room = volume::room(path);
        Ok(RepositoryView {
            id: self.id.clone(),
            name: self.name.clone(),
            path: path.display().to_string(),
            created_at: Some(info.created),
            points: u32::try_from(info.points).unwrap_or(u32::MAX),
            stored: info.stored.get(),
            free: room.map(|r| r.free),
            total: room.map(|r| r.total),
            error: None,
            alarm: None,
        })
    }

    /// Returns its recovery points, newest first, and what of it is damaged: a recovery point
    /// lost to damage is named there.
    ///
    /// # Errors
    /// What stood in the way of reading them.
    pub fn points(&self, language: Language) -> Result<PointList, AppError> {
        self.points_where(|_| true, language)
    }

    /// As [`Place::points`], of those recovery points that are wanted.
    pub(crate) fn points_where(
        &self,
        wanted: impl Fn(&Manifest) -> bool,
        language: Language,
    ) -> Result<PointList, AppError> {
        let list = self.repository.points_where(wanted).map_err(|e| self.failed(&e))?;
        Ok(PointList {
            points: list.points.iter().rev().map(|p| point_view(p, self, language)).collect(),
            unreadable: list.damaged.iter().map(|d| self.unreadable(d, language)).collect(),
        })
    }

    /// Says of a damaged object that recovery points may be missing.
    pub(crate) fn unreadable(
        &self,
        damaged: &DamagedObject,
        language: Language,
    ) -> UnreadableRepository {
        UnreadableRepository {
            repository_id: self.id.clone(),
            name: self.name.clone(),
            error: AppError::new(ErrorCode::RepositoryDamaged, &self.name)
                .detail(format!("{}: {}", damaged.object, damaged.reason))
                .view(language),
        }
    }

    /// Returns its recovery points as they are recorded, oldest first. Blocks.
    pub(crate) fn raw_points(&self) -> Result<Vec<kuramori_repo::RecoveryPoint>, AppError> {
        Ok(self.repository.points().map_err(|e| self.failed(&e))?.points)
    }

    /// Finds a recovery point: by id, unique prefix, `VM@latest` or `VM@first`.
    ///
    /// # Errors
    /// [`ErrorCode::PointNotFound`] or [`ErrorCode::PointAmbiguous`].
    pub fn find(&self, wanted: &str) -> Result<PointRef, AppError> {
        let id = match wanted.rsplit_once('@') {
            Some((vm, which @ ("latest" | "first"))) => {
                self.of_vm(vm, which == "latest", wanted)?
            }
            _ => self.repository.resolve_point(wanted).map_err(|e| self.failed(&e))?,
        };
        Ok(PointRef { place: self.clone(), id })
    }

    fn of_vm(&self, vm: &str, latest: bool, wanted: &str) -> Result<RecoveryPointId, AppError> {
        let list = self.repository.points().map_err(|e| self.failed(&e))?;
        let is_it = |p: &&kuramori_repo::RecoveryPoint| {
            p.vm.name == vm || p.vm.instance_uuid.as_deref() == Some(vm)
        };
        let mut of_vm = list.points.iter().filter(is_it);
        let mut machines: Vec<String> = of_vm.clone().map(|p| p.vm.key()).collect();
        machines.sort_unstable();
        machines.dedup();
        if machines.len() > 1 {
            return Err(AppError::new(ErrorCode::PointAmbiguous, wanted)
                .detail(format!("{} VMs go by this name", machines.len())));
        }
        let found = if latest { of_vm.next_back() } else { of_vm.next() };
        found.map(|p| p.id).ok_or_else(|| AppError::new(ErrorCode::PointNotFound, wanted))
    }

    /// Saves a VM or disk that lies in files as a recovery point. `areas` is the text of a list of
    /// changed areas. Blocks.
    ///
    /// # Errors
    /// What stood in the way; no recovery point exists then.
    pub fn backup_image(&self, image: ImageRequest<'_>) -> Result<PointRef, AppError> {
        let shown = image.file.display().to_string();
        let failed = |e| convert::image(&e, &shown, &self.name);
        let changed = image.areas.map(kuramori_engine::parse_areas).transpose().map_err(failed)?;
        let source = LocalSource::open(image.file).map_err(failed)?;
        let id = kuramori_engine::backup_image(ImageBackup {
            repository: &self.repository,
            source: &source,
            name: image.name,
            changed: changed.as_ref(),
            clock: image.clock,
            writer: image.writer.0,
            progress: image.progress,
            cancel: image.cancel,
            observer: &Silent,
        })
        .map_err(failed)?;
        Ok(PointRef { place: self.clone(), id })
    }
}

/// Opens a repository and says what opened it.
pub(crate) fn open_with(path: &Path, key: RepositoryKey) -> Result<(Repository, Unlock), AppError> {
    if let RepositoryKey::Passphrase(text) = &key {
        // Tried first: what is no recovery key is known at once, without any key derivation.
        let paper = Unlock::RecoveryKey(text.duplicate());
        if let Ok(repository) = access::open_folder(path, &paper, OpenOptions::default()) {
            return Ok((repository, paper));
        }
    }
    let unlock = key.into_unlock();
    Ok((access::open_folder(path, &unlock, OpenOptions::default())?, unlock))
}

/// A VM or disk in files to save.
pub struct ImageRequest<'a> {
    /// A folder of a VM, its `.vmx`, an `.ovf`, `.ova` or `.vmdk`, or a raw image.
    pub file: &'a Path,
    /// Name of its recovery points; `None` for the one it brings along.
    pub name: Option<&'a str>,
    /// Text of a list of changed areas; `None` reads everything.
    pub areas: Option<&'a str>,
    /// Who writes.
    pub writer: Writer,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Hears of bytes.
    pub progress: Arc<dyn Progress>,
    /// Stops the work.
    pub cancel: &'a CancelToken,
}

/// Names an installation in the repositories it writes to.
#[derive(Clone, Copy, Debug)]
pub struct Writer(pub(crate) WriterId);

impl Writer {
    /// Makes a writer for one use, where there is no state folder to keep it in.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn once() -> Result<Self, AppError> {
        let id =
            WriterId::random().map_err(|e| AppError::new(ErrorCode::Internal, "").because(&e))?;
        Ok(Self(id))
    }
}

/// A recovery point in an opened repository.
pub struct PointRef {
    pub(crate) place: Place,
    pub(crate) id: RecoveryPointId,
}

impl PointRef {
    /// Returns the full id.
    pub fn id(&self) -> String {
        self.id.to_hex()
    }

    /// Returns the id of the repository it lies in.
    pub fn repository_id(&self) -> &str {
        &self.place.id
    }

    pub(crate) fn manifest(&self) -> Result<Manifest, AppError> {
        self.place.repository.point(self.id).map_err(|e| self.place.failed(&e))
    }

    /// Returns the configuration of the VM as it was saved, for people and programs to read.
    ///
    /// # Errors
    /// [`ErrorCode::VmNotSupported`] for the recovery point of a disk image, which has none; what
    /// stood in the way of reading it.
    pub fn config(&self) -> Result<serde_json::Value, AppError> {
        let manifest = self.manifest()?;
        serde_json::from_slice(&manifest.config).map_err(|error| {
            AppError::new(ErrorCode::VmNotSupported, manifest.vm.name.as_str()).because(&error)
        })
    }

    /// Returns the recovery point as it stands in lists.
    ///
    /// # Errors
    /// What stood in the way of reading it.
    pub fn view(&self, language: Language) -> Result<PointView, AppError> {
        let manifest = self.manifest()?;
        let point = self.place.repository.summary(&manifest).map_err(|e| self.place.failed(&e))?;
        Ok(point_view(&point, &self.place, language))
    }

    /// Begins to read the recovery point: until the answer is dropped, nothing removes what it
    /// needs. Blocks.
    ///
    /// # Errors
    /// What stood in the way.
    pub fn read(&self, reader: Writer, clock: Arc<dyn Clock>) -> Result<OpenPoint, AppError> {
        self.read_as(&ReadAs { writer: reader.0, clock })
    }

    pub(crate) fn read_as(&self, who: &ReadAs) -> Result<OpenPoint, AppError> {
        let reader = self.place.repository.read(self.id, who).map_err(|e| self.place.failed(&e))?;
        Ok(OpenPoint { reader, place: self.place.name.clone() })
    }
}

/// A recovery point that is being read.
pub struct OpenPoint {
    pub(crate) reader: Reader,
    /// Name of the repository.
    place: String,
}

impl OpenPoint {
    /// Returns why nothing keeps the recovery point from being removed while it is read, in the
    /// words of the repository's place; `None` when it is protected.
    pub fn unprotected(&self) -> Option<String> {
        let error = self.reader.unprotected()?;
        let causes = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
        Some(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
    }

    /// Writes a disk to a new raw image file. Blocks.
    ///
    /// # Errors
    /// What stood in the way; no file is left then.
    pub fn write_disk(
        &self,
        disk: usize,
        file: &Path,
        progress: &dyn Progress,
        cancel: &CancelToken,
    ) -> Result<(), AppError> {
        paths::check(file).map_err(|e| {
            let shown = format!("“{}” as a file", file.display());
            AppError::new(ErrorCode::InvalidInput, shown).because(&e)
        })?;
        let view = self.reader.disk(disk).map_err(|e| convert::repository(&e, &self.place))?;
        kuramori_restore::write_disk_file(&view, file, progress, cancel)
            .map_err(|e| convert::disk_file(&e, &file.display().to_string(), &self.place))
    }
}

/// Nobody listens to the steps of an image: its caller blocks and sees the outcome.
struct Silent;

impl Observer for Silent {
    fn stage(&self, _: Stage) {}
    fn event(&self, _: Level, _: RunEvent) {}
}
