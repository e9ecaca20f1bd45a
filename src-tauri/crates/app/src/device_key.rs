//! How this installation opens its repositories: by a key of its own in the keychain.
//!
//! So no passphrase is kept, opening costs no key derivation, and the key of a lost computer can
//! be removed alone. Only where a repository can't be written is what was given kept instead, and
//! changed for a key of our own as soon as it can.

use data_encoding::BASE64;
use kuramori_base::Secret;
use kuramori_repo::{KdfCost, NewKey, RepoError, RepoErrorKind, Repository, SlotId, Unlock};

use crate::app::{App, keychain_error};
use crate::convert;
use crate::dto::ErrorCode;
use crate::error::AppError;
use crate::settings::RepositoryEntry;

/// What the keychain holds about a repository.
pub(crate) struct Stored {
    pub(crate) unlock: Unlock,
    /// The slot of a key of our own.
    pub(crate) slot: Option<SlotId>,
}

/// Returns what opens a repository here.
///
/// # Errors
/// [`ErrorCode::SecretMissing`], and what the keychain says.
pub(crate) fn load(app: &App, entry: &RepositoryEntry) -> Result<Stored, AppError> {
    let secret = app.inner.keychain.load(&entry.secret_name()).map_err(|e| keychain_error(&e))?;
    let secret = secret.ok_or_else(|| AppError::new(ErrorCode::SecretMissing, &entry.name))?;
    parse(&secret).ok_or_else(|| {
        AppError::new(ErrorCode::SecretMissing, &entry.name)
            .detail("the entry in the keychain has an unknown form")
    })
}

/// Adds a key of our own to a repository that `given` opened, and keeps it.
///
/// # Errors
/// What stood in the way; the keychain is as it was then.
pub(crate) fn keep(
    app: &App,
    entry: &RepositoryEntry,
    repository: &Repository,
    given: &Unlock,
) -> Result<(), AppError> {
    let failed = |e: RepoError| convert::repository(&e, &entry.name);
    let own = Unlock::new_device().map_err(failed)?;
    let store = |secret: Secret<String>| {
        app.inner.keychain.store(&entry.secret_name(), &secret).map_err(|e| keychain_error(&e))
    };
    match repository.add_key(NewKey::Chosen(&own, KdfCost::STANDARD), &*app.inner.clock) {
        Ok(added) => store(text(&own, Some(added.key.id))).inspect_err(|_| {
            remove(app, repository, added.key.id);
        }),
        Err(e) if matches!(e.kind(), RepoErrorKind::Denied | RepoErrorKind::Full) => {
            tracing::info!(repository = entry.id, "no key of our own can be added: {e}");
            store(text(given, None))
        }
        Err(e) => Err(failed(e)),
    }
}

/// Removes our own key from the repository, where it can be reached, and from the keychain.
///
/// # Errors
/// What the keychain says.
pub(crate) fn give_up(app: &App, entry: &RepositoryEntry) -> Result<(), AppError> {
    if let Ok(Stored { slot: Some(slot), .. }) = load(app, entry) {
        match app.place(&entry.id) {
            Ok(place) => remove(app, &place.repository, slot),
            Err(error) => tracing::warn!(%error, "our key stays in a repository out of reach"),
        }
    }
    app.inner.keychain.forget(&entry.secret_name()).map_err(|e| keychain_error(&e))
}

fn remove(app: &App, repository: &Repository, slot: SlotId) {
    if let Err(error) = repository.remove_key(slot, &*app.inner.clock) {
        tracing::warn!(%error, slot = slot.to_hex(), "our key could not be removed");
    }
}

/// Writes what opens a repository in the form kept in the keychain.
fn text(unlock: &Unlock, slot: Option<SlotId>) -> Secret<String> {
    Secret::new(match unlock {
        Unlock::Passphrase(text) => format!("passphrase:{}", text.expose()),
        Unlock::RecoveryKey(text) => format!("recovery-key:{}", text.expose()),
        Unlock::KeyFile(bytes) => format!("key-file:{}", BASE64.encode(bytes.expose())),
        Unlock::Device(bytes) => {
            let slot = slot.map(|id| id.to_hex()).unwrap_or_default();
            format!("device:{slot}:{}", BASE64.encode(bytes.expose()))
        }
    })
}

fn parse(secret: &Secret<String>) -> Option<Stored> {
    let (kind, text) = secret.expose().split_once(':')?;
    let bytes = |text: &str| BASE64.decode(text.as_bytes()).ok();
    let (unlock, slot) = match kind {
        "passphrase" => (Unlock::Passphrase(text.into()), None),
        "recovery-key" => (Unlock::RecoveryKey(text.into()), None),
        "key-file" => (Unlock::KeyFile(Secret::new(bytes(text)?)), None),
        "device" => {
            let (slot, key) = text.split_once(':')?;
            let key = Secret::new(bytes(key)?);
            let key = Secret::new(key.expose().as_slice().try_into().ok()?);
            (Unlock::Device(key), Some(slot.parse().ok()?))
        }
        _ => return None,
    };
    Some(Stored { unlock, slot })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_reads_back() {
        let slot = SlotId::from_bytes([7; 16]);
        for (unlock, slot) in [
            (Unlock::Passphrase("a:b c".into()), None),
            (Unlock::RecoveryKey("AB-CD".into()), None),
            (Unlock::KeyFile(Secret::new(vec![0, 1, 255])), None),
            (Unlock::Device(Secret::new([3; 32])), Some(slot)),
        ] {
            let kept = text(&unlock, slot);
            let stored = parse(&kept).unwrap();
            assert_eq!(stored.slot, slot);
            assert_eq!(text(&stored.unlock, stored.slot), kept);
        }
        for odd in ["", "passphrase", "device:", "device:07:AA==", "device::", "key-file:§", "x:y"]
        {
            assert!(parse(&Secret::from(odd)).is_none(), "{odd}");
        }
    }
}
