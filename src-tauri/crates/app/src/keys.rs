//! The keys of a repository for people: list, add, change, remove, and the sheet to print.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{MutexGuard, PoisonError};

use kuramori_base::{Clock, Secret};
use kuramori_repo::{AddedKey, KdfCost, KeySlot, NewKey, RecoveryWords, SlotKind, Unlock};

use crate::app::App;
use crate::device_key;
use crate::dto::{
    ErrorCode, KeyAdded, KeyChanged, KeyKind, KeyList, KeyView, Language, RecoverySheetView,
};
use crate::error::AppError;
use crate::files;
use crate::place::{Place, RepositoryKey};
use crate::sheet::{self, Sheet};

/// A key to add, as chosen by the caller.
pub enum AddKey {
    /// A passphrase or key file. A text in the form of a recovery key is a passphrase here.
    Chosen(RepositoryKey),
    /// A recovery key, made here.
    Recovery,
}

impl AddKey {
    fn unlock(self) -> Option<Unlock> {
        match self {
            Self::Chosen(key) => Some(key.into_unlock()),
            Self::Recovery => None,
        }
    }
}

fn new_key<'a>(unlock: Option<&'a Unlock>, clock: &dyn Clock) -> Result<NewKey<'a>, AppError> {
    let cost = kdf_cost(unlock, clock)?;
    Ok(unlock.map_or(NewKey::Recovery, |unlock| NewKey::Chosen(unlock, cost)))
}

/// How much work a passphrase is to be on this computer; other keys cost none.
pub(crate) fn kdf_cost(unlock: Option<&Unlock>, clock: &dyn Clock) -> Result<KdfCost, AppError> {
    match unlock {
        Some(Unlock::Passphrase(_)) => {
            KdfCost::calibrated(clock).map_err(|e| crate::convert::repository(&e, ""))
        }
        _ => Ok(KdfCost::STANDARD),
    }
}

impl Place {
    /// Returns its keys.
    ///
    /// # Errors
    /// What stood in the way.
    pub fn keys(&self) -> Result<KeyList, AppError> {
        let keys = self.repository.keys().map_err(|e| self.failed(&e))?;
        Ok(KeyList { keys: keys.iter().map(|key| self.key_view(key)).collect() })
    }

    /// Adds a key. Blocks for the key derivation of a passphrase, twice.
    ///
    /// # Errors
    /// What stood in the way; nothing was added then.
    pub fn add_key(&self, key: AddKey, clock: &dyn Clock) -> Result<KeyAdded, AppError> {
        let unlock = key.unlock();
        let added = self.repository.add_key(new_key(unlock.as_ref(), clock)?, clock);
        Ok(self.added(&added.map_err(|e| self.failed(&e))?))
    }

    /// Adds a key and removes the one it replaces: the named one, else the only one of its kind.
    ///
    /// # Errors
    /// What stood in the way; nothing was changed then.
    pub fn change_key(
        &self,
        old: Option<&str>,
        key: AddKey,
        clock: &dyn Clock,
        language: Language,
    ) -> Result<KeyChanged, AppError> {
        let unlock = key.unlock();
        let kind = match &unlock {
            Some(Unlock::Passphrase(_)) => SlotKind::Passphrase,
            Some(Unlock::KeyFile(_)) => SlotKind::KeyFile,
            _ => SlotKind::RecoveryKey,
        };
        let old = match old {
            Some(wanted) => self.repository.resolve_key(wanted).map_err(|e| self.failed(&e))?,
            None => self.only_key(kind)?,
        };
        let changed = self
            .repository
            .change_key(old.id, new_key(unlock.as_ref(), clock)?, clock)
            .map_err(|e| self.failed(&e))?;
        let old_left = changed.removed.err().map(|e| self.failed(&e).view(language));
        Ok(KeyChanged { added: self.added(&changed.added), old_left })
    }

    /// Takes a key out of use and returns what it was.
    ///
    /// # Errors
    /// [`ErrorCode::LastKey`], [`ErrorCode::KeyNotFound`] and what stood in the way.
    pub fn remove_key(&self, wanted: &str, clock: &dyn Clock) -> Result<KeyView, AppError> {
        let key = self.repository.resolve_key(wanted).map_err(|e| self.failed(&e))?;
        self.repository.remove_key(key.id, clock).map_err(|e| self.failed(&e))?;
        Ok(self.key_view(&key))
    }

    /// Makes a new recovery key and writes a sheet about it to a new file that only its user can
    /// read. `location` is where the repository lies.
    ///
    /// # Errors
    /// What stood in the way; there is neither file nor key then.
    pub fn save_recovery_sheet(
        &self,
        location: &Path,
        file: &Path,
        language: Language,
        clock: &dyn Clock,
    ) -> Result<KeyView, AppError> {
        // First, so that no key is made for a file that cannot be.
        let out = files::create_private(file).map_err(|e| {
            AppError::new(ErrorCode::FileUnwritable, file.display().to_string()).because(&e)
        })?;
        let written = self.new_sheet(location, clock).and_then(|sheet| {
            files::fill(out, sheet.html(language).as_bytes()).map_err(|e| {
                if let Err(error) = self.repository.remove_key(sheet.slot.id, clock) {
                    tracing::warn!(%error, "a recovery key that nobody has stays");
                }
                AppError::new(ErrorCode::FileUnwritable, file.display().to_string()).because(&e)
            })?;
            Ok(self.key_view(&sheet.slot))
        });
        written.inspect_err(|_| drop(fs_err::remove_file(file)))
    }

    /// Makes a new recovery key and what a sheet says about it.
    pub(crate) fn new_sheet(&self, location: &Path, clock: &dyn Clock) -> Result<Sheet, AppError> {
        let added = self.repository.add_key(NewKey::Recovery, clock);
        let AddedKey { key, recovery_key } = added.map_err(|e| self.failed(&e))?;
        let recovery_key = recovery_key.ok_or_else(|| AppError::new(ErrorCode::Internal, ""))?;
        Ok(self.sheet(location, key, recovery_key, clock))
    }

    pub(crate) fn sheet(
        &self,
        location: &Path,
        slot: KeySlot,
        recovery_key: Secret<String>,
        clock: &dyn Clock,
    ) -> Sheet {
        Sheet {
            repository_id: self.id.clone(),
            repository_name: self.name.clone(),
            location: location.display().to_string(),
            date: sheet::date(clock),
            slot,
            recovery_key,
        }
    }

    fn only_key(&self, kind: SlotKind) -> Result<KeySlot, AppError> {
        let mut keys = self.repository.keys().map_err(|e| self.failed(&e))?;
        keys.retain(|key| key.kind == kind);
        let count = keys.len();
        match (keys.pop(), count) {
            (Some(key), 1) => Ok(key),
            _ => Err(AppError::new(ErrorCode::KeyNotFound, &self.name)
                .detail(format!("{count} keys are of this kind: name the one to replace"))),
        }
    }

    fn added(&self, added: &AddedKey) -> KeyAdded {
        KeyAdded {
            key: self.key_view(&added.key),
            recovery_key: added.recovery_key.as_ref().map(|key| key.expose().clone()),
        }
    }

    pub(crate) fn key_view(&self, key: &KeySlot) -> KeyView {
        KeyView {
            id: key.id.to_hex(),
            short_id: key.id.to_string(),
            kind: match key.kind {
                SlotKind::Passphrase => KeyKind::Passphrase,
                SlotKind::RecoveryKey => KeyKind::RecoveryKey,
                SlotKind::KeyFile => KeyKind::KeyFile,
                SlotKind::Device => KeyKind::Device,
            },
            created_at: key.created,
            this_computer: self.device == Some(key.id),
        }
    }
}

/// A recovery key that was made and not yet typed back from paper.
pub(crate) struct UnprovedKey {
    slot: KeySlot,
    key: Secret<String>,
    words: RecoveryWords,
}

impl App {
    /// Remembers a recovery key until two groups of it were typed back, and returns which.
    pub(crate) fn ask_for_words(
        &self,
        repository: &str,
        slot: KeySlot,
        key: Secret<String>,
    ) -> Result<Vec<u32>, AppError> {
        let words =
            RecoveryWords::ask().map_err(|e| AppError::new(ErrorCode::Internal, "").because(&e))?;
        let unproved = UnprovedKey { slot, key, words };
        self.unproved().insert(repository.to_owned(), unproved);
        Ok(words.groups().to_vec())
    }

    /// Says which of the two groups were typed back right. The key is forgotten when both were.
    pub(crate) fn check_words(
        &self,
        repository: &str,
        typed: &[Secret<String>],
    ) -> Option<Vec<bool>> {
        let [first, second] = typed else { return None };
        let mut unproved = self.unproved();
        let asked = unproved.get(repository)?;
        let right = asked.words.check(&asked.key, [first, second]);
        if right == [true, true] {
            unproved.remove(repository);
        }
        Some(right.to_vec())
    }

    /// Makes the sheet of the recovery key that waits to be typed back, else of a new one. Blocks.
    pub(crate) fn recovery_sheet(&self, repository: &str) -> Result<RecoverySheetView, AppError> {
        let place = self.place_with_keys(repository)?;
        let (location, clock) = (self.repository_path(repository)?, &*self.inner.clock);
        let known = self
            .unproved()
            .get(&place.id)
            .map(|asked| (asked.slot.clone(), asked.key.duplicate(), asked.words.groups()));
        let (sheet, asked_groups) = if let Some((slot, key, groups)) = known {
            (place.sheet(&location, slot, key, clock), groups.to_vec())
        } else {
            let sheet = place.new_sheet(&location, clock)?;
            let key = sheet.recovery_key.duplicate();
            let groups = self.ask_for_words(&place.id, sheet.slot.clone(), key)?;
            (sheet, groups)
        };
        let html = sheet.html(self.language());
        Ok(RecoverySheetView { html, key: place.key_view(&sheet.slot), asked_groups })
    }

    fn unproved(&self) -> MutexGuard<'_, HashMap<String, UnprovedKey>> {
        self.inner.unproved_keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns an opened repository that knows which of its keys is the one of this computer.
    /// Blocks.
    ///
    /// # Errors
    /// What stood in the way.
    pub fn place_with_keys(&self, wanted: &str) -> Result<Place, AppError> {
        let mut place = self.place(wanted)?;
        let entry = self.inner.settings.get().repository(&place.id)?.clone();
        place.device = device_key::load(self, &entry)?.slot;
        Ok(place)
    }
}

#[cfg(test)]
mod tests;
