//! Key slots: each wraps the master key under one secret.

use chrono::{DateTime, Utc};
use kuramori_base::Secret;
use minicbor::{Decode, Encode};
use subtle::ConstantTimeEq;

use super::envelope::{ObjectType, open_plain, plain_object};
use super::{FormatError, cbor};
use crate::crypto::{KdfParams, MasterKey, Opener, Sealer, TAG_LEN, derive};
use crate::ids::{RepositoryId, SlotId};

/// Largest key slot object, in bytes.
pub(crate) const MAX_SLOT: u64 = 4096;

/// What opens a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum SlotKind {
    /// A passphrase, stretched by Argon2id.
    #[n(0)]
    Passphrase,
    /// The printed recovery key.
    #[n(1)]
    RecoveryKey,
    /// The bytes of a key file.
    #[n(2)]
    KeyFile,
    /// 32 random bytes that a computer keeps in its keychain.
    #[n(3)]
    Device,
}

impl SlotKind {
    /// Returns whether a person can hold the key, apart from any one computer.
    pub fn is_held_by_people(self) -> bool {
        !matches!(self, Self::Device)
    }
}

/// One wrapped master key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Slot {
    #[n(0)]
    pub(crate) id: SlotId,
    #[n(1)]
    pub(crate) kind: SlotKind,
    #[n(2)]
    pub(crate) kdf: Option<KdfParams>,
    #[cbor(n(3), with = "minicbor::bytes")]
    pub(crate) salt: [u8; 32],
    /// Tells the right key from a wrong one, and that there is no second key for these bytes.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub(crate) commitment: [u8; 32],
    #[cbor(n(5), with = "minicbor::bytes")]
    pub(crate) wrapped: [u8; 48],
    #[cbor(n(6), with = "crate::format::cbor::time")]
    pub(crate) created: DateTime<Utc>,
}

/// Takes a slot out of use. Sealed, so that only somebody who has the master key can.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct SlotRemoval {
    #[n(0)]
    pub(crate) slot: SlotId,
    #[cbor(n(1), with = "crate::format::cbor::time")]
    pub(crate) removed: DateTime<Utc>,
}

/// A slot before its key is wrapped.
pub(crate) struct SlotPlan {
    pub(crate) id: SlotId,
    pub(crate) kind: SlotKind,
    pub(crate) kdf: Option<KdfParams>,
    pub(crate) salt: [u8; 32],
    pub(crate) created: DateTime<Utc>,
}

struct SlotKeys {
    wrapping: Secret<[u8; 32]>,
    commitment: [u8; 32],
    aad: Vec<u8>,
}

impl SlotPlan {
    fn keys(&self, repository: RepositoryId, secret: &Secret<[u8; 32]>) -> SlotKeys {
        let kind = [self.kind as u8];
        let parts: [&[u8]; 5] =
            [secret.expose(), repository.as_bytes(), self.id.as_bytes(), &self.salt, &kind];
        let kdf = self.kdf.map_or([0; 3], |k| [k.memory_kib, k.passes, k.lanes]);
        let mut aad = [repository.as_bytes(), self.id.as_bytes().as_slice(), &kind].concat();
        for number in kdf {
            aad.extend_from_slice(&number.to_le_bytes());
        }
        SlotKeys {
            wrapping: Secret::new(derive("kuramori v1 wrapping key of a slot", &parts)),
            commitment: derive("kuramori v1 commitment of a slot", &parts),
            aad,
        }
    }

    /// Wraps the master key under 32 secret bytes.
    pub(crate) fn wrap(
        self,
        repository: RepositoryId,
        secret: &Secret<[u8; 32]>,
        master: &MasterKey,
    ) -> Result<Slot, FormatError> {
        let keys = self.keys(repository, secret);
        let mut wrapped = [0; 32 + TAG_LEN];
        for (to, from) in wrapped.iter_mut().zip(master.expose()) {
            *to = *from;
        }
        Sealer::new(&keys.wrapping).seal(&keys.aad, &mut wrapped)?;
        Ok(Slot {
            id: self.id,
            kind: self.kind,
            kdf: self.kdf,
            salt: self.salt,
            commitment: keys.commitment,
            wrapped,
            created: self.created,
        })
    }
}

impl Slot {
    /// Returns the master key, or `None` when the secret is not the one of this slot.
    ///
    /// # Errors
    /// [`FormatError::Authentication`] when the secret is right but the wrapped key was changed.
    pub(crate) fn unwrap_with(
        &self,
        repository: RepositoryId,
        secret: &Secret<[u8; 32]>,
    ) -> Result<Option<MasterKey>, FormatError> {
        let plan = SlotPlan {
            id: self.id,
            kind: self.kind,
            kdf: self.kdf,
            salt: self.salt,
            created: self.created,
        };
        let keys = plan.keys(repository, secret);
        if !bool::from(keys.commitment.ct_eq(&self.commitment)) {
            return Ok(None);
        }
        let mut wrapped = self.wrapped;
        let plain = Opener::new(&keys.wrapping).open(0, &keys.aad, &mut wrapped)?;
        let master = (*plain).try_into().map_err(|_| FormatError::Length)?;
        Ok(Some(MasterKey::from_bytes(master)))
    }

    pub(crate) fn write(&self, repository: RepositoryId) -> Vec<u8> {
        plain_object(ObjectType::KeySlot, repository, &cbor::encode(self))
    }

    /// Reads the object that lies under the name of slot `id`.
    pub(crate) fn read(
        bytes: &[u8],
        repository: RepositoryId,
        id: SlotId,
    ) -> Result<Self, FormatError> {
        let (header, body) = open_plain(ObjectType::KeySlot, bytes)?;
        if header.repository != repository {
            return Err(FormatError::Repository);
        }
        let slot: Self = cbor::decode(body)?;
        if slot.id != id {
            return Err(FormatError::Misplaced);
        }
        slot.check()?;
        Ok(slot)
    }

    /// Refuses hostile parameters, and a kind without the parameters it needs.
    pub(crate) fn check(&self) -> Result<(), FormatError> {
        match (self.kind, &self.kdf) {
            (SlotKind::Passphrase, Some(kdf)) => kdf.check(),
            (SlotKind::RecoveryKey | SlotKind::KeyFile | SlotKind::Device, None) => Ok(()),
            _ => Err(FormatError::Limit("the key derivation of a slot")),
        }
    }
}

#[cfg(test)]
mod tests;
