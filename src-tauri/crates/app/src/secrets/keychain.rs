use keyring::{Entry, Error};
use kuramori_base::Secret;

use super::{Keychain, SecretError};
use crate::dto::SecretStoreKind;

/// Under which name our entries stand in the keychain.
const SERVICE: &str = "Kuramori";

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
