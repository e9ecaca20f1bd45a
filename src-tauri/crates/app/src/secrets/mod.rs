//! Where passwords and passphrases are kept: the operating system's keychain or, when asked for
//! explicitly, a sealed file. Never in plain text, never one instead of the other in silence.

mod keychain;
mod sealed;

use std::path::Path;

use kuramori_base::Secret;

pub(crate) use keychain::OsKeychain;
pub(crate) use sealed::SealedFile;

use crate::dto::SecretStoreKind;

/// Why a secret could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// The keychain refused.
    #[error("the operating system's keychain refused to {action} an entry")]
    Keychain {
        /// What was tried.
        action: &'static str,
        /// What it said.
        #[source]
        source: keyring::Error,
    },
    /// The secret is longer than the keychain takes.
    #[error("the secret takes {bytes} bytes and the keychain at most {most}")]
    TooLong {
        /// Its bytes, as the keychain would keep them.
        bytes: usize,
        /// Most bytes there.
        most: usize,
    },
    /// The sealed file or its key file cannot be used.
    #[error("the sealed secrets cannot be used: {reason}")]
    Sealed {
        /// Which of the two.
        path: std::path::PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Keeps secrets by name. Calls may block for seconds while the user is asked to unlock.
pub(crate) trait Keychain: Send + Sync {
    /// Returns which kind of store it is.
    fn kind(&self) -> SecretStoreKind;

    /// Stores a secret, replacing an earlier one of this name.
    fn store(&self, name: &str, secret: &Secret<String>) -> Result<(), SecretError>;

    /// Returns a secret, or `None` when there is none of this name.
    fn load(&self, name: &str) -> Result<Option<Secret<String>>, SecretError>;

    /// Forgets a secret. Unknown names are fine.
    fn forget(&self, name: &str) -> Result<(), SecretError>;
}

/// Which store to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretsChoice {
    /// The operating system's keychain.
    Keychain,
    /// A file in the state folder, sealed with the key in this file.
    Sealed(std::path::PathBuf),
}

impl std::str::FromStr for SecretsChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "keychain" => Ok(Self::Keychain),
            Some(("sealed", path)) if !path.is_empty() => Ok(Self::Sealed(path.into())),
            _ => Err("use “keychain” or “sealed:KEYFILE”".to_owned()),
        }
    }
}

impl SecretsChoice {
    pub(crate) fn open(&self, state: &Path) -> Result<Box<dyn Keychain>, SecretError> {
        Ok(match self {
            Self::Keychain => Box::new(OsKeychain),
            Self::Sealed(key_file) => {
                Box::new(SealedFile::open(&state.join("secrets.sealed"), key_file)?)
            }
        })
    }
}

#[cfg(test)]
mod tests;
