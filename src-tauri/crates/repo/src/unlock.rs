//! Makes and opens key slots.

use chrono::{DateTime, SubsecRound, Utc};
use kuramori_base::Secret;

use crate::crypto::{
    KdfCost, KdfParams, Keys, MasterKey, derive, parse_recovery_key, print_recovery_key, random,
    stretch,
};
use crate::error::RepoError;
use crate::format::FormatError;
use crate::format::slot::{Slot, SlotKind, SlotPlan};
use crate::ids::{RepositoryId, SlotId};
use crate::key_ring::KeyRing;
use crate::options::Unlock;

const MIN_PASSPHRASE: usize = 8;
const KEY_FILE_BYTES: std::ops::RangeInclusive<usize> = 32..=1 << 20;

/// Makes slots for a master key.
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
            Unlock::Device(bytes) => {
                self.wrap(self.plan(SlotKind::Device, None)?, &Secret::new(*bytes.expose()))
            }
            Unlock::RecoveryKey(_) => {
                Err(RepoError::WeakKey { reason: "a recovery key is made, not chosen" })
            }
        }
    }

    /// Makes a recovery key and its slot.
    pub(crate) fn recovery(&self) -> Result<(Slot, Secret<String>), RepoError> {
        let secret = Secret::new(random()?);
        let slot = self.wrap(self.plan(SlotKind::RecoveryKey, None)?, &secret)?;
        Ok((slot, print_recovery_key(secret.expose())))
    }

    fn plan(&self, kind: SlotKind, kdf: Option<KdfParams>) -> Result<SlotPlan, RepoError> {
        // As it reads back: what is made here is compared with what lies in the store.
        let created = self.now.trunc_subsecs(3);
        Ok(SlotPlan { id: SlotId::random()?, kind, kdf, salt: random()?, created })
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

/// Opens the first slot in use that fits.
///
/// # Errors
/// [`RepoError::WrongKey`] when none does, whatever the reason.
pub(crate) fn open_ring(
    repository: RepositoryId,
    ring: &KeyRing,
    unlock: &Unlock,
) -> Result<Keys, OpenFailure> {
    let mut damaged = None;
    for slot in ring.slots().iter().filter(|slot| slot.kind == unlock.kind()) {
        match open_slot(repository, slot, unlock) {
            Ok(Some(master)) => {
                let keys = Keys::new(repository, master);
                if !ring.removed(&keys).contains(&slot.id) {
                    return Ok(keys);
                }
            }
            Ok(None) => {}
            Err(OpenFailure::Damaged { slot, source }) => damaged = Some((slot, source)),
            Err(other) => return Err(other),
        }
    }
    match (damaged, ring.failure()) {
        (Some((slot, source)), _) => Err(OpenFailure::Damaged { slot, source }),
        // The slot that fits may be the one that could not be read.
        (None, Some(failure)) => Err(OpenFailure::Other(failure.clone().into())),
        (None, None) => Err(OpenFailure::Other(RepoError::WrongKey)),
    }
}

/// Opens one slot, or returns `None` when the key is not the one of this slot.
pub(crate) fn open_slot(
    repository: RepositoryId,
    slot: &Slot,
    unlock: &Unlock,
) -> Result<Option<MasterKey>, OpenFailure> {
    let secret = match (unlock, slot.kdf) {
        (Unlock::Passphrase(passphrase), Some(kdf)) => stretch(passphrase, &slot.salt, kdf)?,
        (Unlock::Passphrase(_), None) => return Ok(None),
        (Unlock::RecoveryKey(typed), _) => parse_recovery_key(typed)?,
        // A file that could protect nothing opens nothing either.
        (Unlock::KeyFile(bytes), _) => key_file(bytes).map_err(|_| RepoError::WrongKey)?,
        (Unlock::Device(bytes), _) => Secret::new(*bytes.expose()),
    };
    let damaged = |source| OpenFailure::Damaged { slot: slot.id, source };
    slot.unwrap_with(repository, &secret).map_err(damaged)
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
