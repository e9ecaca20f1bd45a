use keyring::{Entry, Error};
use kuramori_base::Secret;

use super::{Keychain, SecretError};
use crate::dto::SecretStoreKind;

/// Under which name our entries stand in the keychain.
const SERVICE: &str = "Kuramori";

/// Most bytes of a secret, in the form the system keeps it in. Windows keeps UTF-16 in the few
/// kilobytes of a "credential blob"; the others have no limit that a person reaches.
const MOST: Option<usize> = if cfg!(windows) { Some(2560) } else { None };

/// Fails when a secret does not fit the system's store.
fn check_size(secret: &str, most: Option<usize>) -> Result<(), SecretError> {
    let bytes = secret.encode_utf16().count() * 2;
    match most {
        Some(most) if bytes > most => Err(SecretError::TooLong { bytes, most }),
        _ => Ok(()),
    }
}

/// The keychain of the operating system: Secret Service, Credential Manager or Keychain.
pub(crate) struct OsKeychain;

fn entry(name: &str) -> Result<Entry, SecretError> {
    Entry::new(SERVICE, name).map_err(|source| SecretError::Keychain { action: "open", source })
}

impl Keychain for OsKeychain {
    fn kind(&self) -> SecretStoreKind {
        SecretStoreKind::Keychain
    }

    fn store(&self, name: &str, secret: &Secret<String>) -> Result<(), SecretError> {
        check_size(secret.expose(), MOST)?;
        entry(name)?
            .set_password(secret.expose())
            .map_err(|source| SecretError::Keychain { action: "store", source })
    }

    fn load(&self, name: &str) -> Result<Option<Secret<String>>, SecretError> {
        match entry(name)?.get_password() {
            Ok(secret) => Ok(Some(Secret::new(secret))),
            Err(Error::NoEntry) => Ok(None),
            Err(source) => Err(SecretError::Keychain { action: "read", source }),
        }
    }

    fn forget(&self, name: &str) -> Result<(), SecretError> {
        match entry(name)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(source) => Err(SecretError::Keychain { action: "delete", source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_secret_is_checked_before_the_system_is_asked() {
        let windows = Some(2560);
        check_size(&"x".repeat(1280), windows).unwrap();
        check_size(&"鍵".repeat(1280), windows).unwrap();
        for long in ["x".repeat(1281), "𝕂".repeat(641)] {
            match check_size(&long, windows) {
                Err(SecretError::TooLong { bytes, most: 2560 }) => assert!(bytes > 2560),
                other => panic!("{other:?}"),
            }
            check_size(&long, None).unwrap();
        }
    }

    #[cfg(windows)]
    #[test]
    fn windows_is_not_asked_to_keep_too_much() {
        let long = Secret::new("x".repeat(1281));
        let refused = OsKeychain.store("test:too-long", &long);
        assert!(matches!(refused, Err(SecretError::TooLong { .. })));
    }
}
