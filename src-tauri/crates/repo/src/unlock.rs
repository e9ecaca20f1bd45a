//! Makes and opens key slots.

use chrono::{DateTime, Utc};
use kuramori_base::Secret;

use crate::crypto::{
    KdfCost, KdfParams, MasterKey, derive, parse_recovery_key, print_recovery_key, random, stretch,
};
use crate::error::RepoError;
use crate::format::FormatError;
use crate::format::slot::{Slot, SlotKind, SlotPlan};
use crate::ids::{RepositoryId, SlotId};
use crate::options::Unlock;

const MIN_PASSPHRASE: usize = 8;
const KEY_FILE_BYTES: std::ops::RangeInclusive<usize> = 32..=1 << 20;

/// Makes slots for a new master key.
pub(crate) struct SlotMaker<'a> {
    pub(crate) repository: RepositoryId,
    pub(crate) master: &'a MasterKey,
    pub(crate) now: DateTime<Utc>,
}

impl SlotMaker<'_> {
    /// Makes the slot for what the user chose to unlock with.
    pub(crate) fn chosen(&self, unlock: &Unlock, cost: KdfCost) -> Result<Slot, RepoError> {
        match unlock {
            Unlock::Passphrase(passphrase) => {
                if passphrase.expose().chars().count() < MIN_PASSPHRASE {
                    let reason = "a passphrase needs at least 8 characters";
                    return Err(RepoError::WeakKey { reason });
                }
                let plan = self.plan(SlotKind::Passphrase, Some(cost.into()))?;
                let secret = stretch(passphrase, &plan.salt, cost.into())?;
                self.wrap(plan, &secret)
            }
            Unlock::KeyFile(bytes) => {
                let secret = key_file(bytes)?;
                self.wrap(self.plan(SlotKind::KeyFile, None)?, &secret)
            }
            Unlock::RecoveryKey(_) => Err(RepoError::WeakKey {
                reason: "the recovery key is made with the repository and cannot be chosen",
            }),
        }
    }

    /// Makes a recovery key and its slot.
    pub(crate) fn recovery(&self) -> Result<(Slot, Secret<String>), RepoError> {
        let secret = Secret::new(random()?);
        let slot = self.wrap(self.plan(SlotKind::RecoveryKey, None)?, &secret)?;
        Ok((slot, print_recovery_key(secret.expose())))
    }

    fn plan(&self, kind: SlotKind, kdf: Option<KdfParams>) -> Result<SlotPlan, RepoError> {
        Ok(SlotPlan { id: SlotId::random()?, kind, kdf, salt: random()?, created: self.now })
    }

    fn wrap(&self, plan: SlotPlan, secret: &Secret<[u8; 32]>) -> Result<Slot, RepoError> {
        plan.wrap(self.repository, secret, self.master)
            .map_err(|source| RepoError::SelfCheck { source })
    }
}

fn key_file(bytes: &Secret<Vec<u8>>) -> Result<Secret<[u8; 32]>, RepoError> {
    if !KEY_FILE_BYTES.contains(&bytes.expose().len()) {
        return Err(RepoError::WeakKey { reason: "a key file needs 32 bytes to 1 MiB" });
    }
    Ok(Secret::new(derive("kuramori v1 secret of a key file", &[bytes.expose()])))
}

/// Opens the first slot that fits.
///
/// # Errors
/// [`RepoError::WrongKey`] when none does, whatever the reason.
pub(crate) fn open_slots(
    repository: RepositoryId,
    slots: &[Slot],
    unlock: &Unlock,
) -> Result<MasterKey, OpenFailure> {
    let kind = match unlock {
        Unlock::Passphrase(_) => SlotKind::Passphrase,
        Unlock::RecoveryKey(_) => SlotKind::RecoveryKey,
        Unlock::KeyFile(_) => SlotKind::KeyFile,
    };
    let mut damaged = None;
    for slot in slots.iter().filter(|slot| slot.kind == kind) {
        let secret = match (unlock, slot.kdf) {
            (Unlock::Passphrase(passphrase), Some(kdf)) => stretch(passphrase, &slot.salt, kdf)?,
            (Unlock::Passphrase(_), None) => continue,
            (Unlock::RecoveryKey(typed), _) => parse_recovery_key(typed)?,
            // A file that could protect nothing opens nothing either.
            (Unlock::KeyFile(bytes), _) => key_file(bytes).map_err(|_| RepoError::WrongKey)?,
        };
        match slot.unwrap_with(repository, &secret) {
            Ok(Some(master)) => return Ok(master),
            Ok(None) => {}
            Err(error) => damaged = Some((slot.id, error)),
        }
    }
    match damaged {
        Some((slot, source)) => Err(OpenFailure::Damaged { slot, source }),
        None => Err(OpenFailure::Other(RepoError::WrongKey)),
    }
}

/// Why no slot opened.
pub(crate) enum OpenFailure {
    /// The key fits a slot that was changed.
    Damaged { slot: SlotId, source: FormatError },
    /// Any other reason.
    Other(RepoError),
}

impl From<RepoError> for OpenFailure {
    fn from(error: RepoError) -> Self {
        Self::Other(error)
    }
}
