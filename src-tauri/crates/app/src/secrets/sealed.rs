use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use kuramori_base::Secret;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::{Keychain, SecretError};
use crate::dto::SecretStoreKind;
use crate::files;

/// First bytes of the file; the last one is the format.
const MAGIC: &[u8; 8] = b"KMSEAL\0\x01";
/// Fewest bytes of a key file: 256 bits.
const KEY_BYTES: usize = 32;
/// Context of the key derivation.
const CONTEXT: &str = "Kuramori 2026 sealed secrets file key";

/// Secrets in one file: magic, 12 bytes of nonce, then a JSON object from name to secret under
/// AES-256-GCM with the magic as associated data. Each write takes a fresh random nonce; a file
/// is written a few times in its life, far below what random nonces allow.
pub(crate) struct SealedFile {
    path: PathBuf,
    key: LessSafeKey,
    /// Serialises read-modify-write.
    turn: Mutex<()>,
}

type Entries = BTreeMap<String, Zeroizing<String>>;

impl SealedFile {
    /// Opens the sealed file, or begins one where there is none. A missing key file is made in
    /// that case only: with an existing sealed file it would lock everything in it away.
    pub(crate) fn open(path: &Path, key_file: &Path) -> Result<Self, SecretError> {
        let say = |what: &str, e: &dyn std::fmt::Display| SecretError::Sealed {
            path: key_file.to_owned(),
            reason: format!("{what}: {e}"),
        };
        if !key_file.exists() && !path.exists() {
            let mut fresh = Zeroizing::new([0u8; KEY_BYTES]);
            SystemRandom::new()
                .fill(fresh.as_mut())
                .map_err(|e| say("no random bytes for the key file", &e))?;
            files::replace(key_file, fresh.as_ref())
                .map_err(|e| say("cannot write the key file", &e))?;
        }
        let bytes = Zeroizing::new(
            fs_err::read(key_file).map_err(|e| say("cannot read the key file", &e))?,
        );
        if bytes.len() < KEY_BYTES {
            return Err(say("the key file is too short", &format!("{KEY_BYTES} bytes or more")));
        }
        let derived = Zeroizing::new(blake3::derive_key(CONTEXT, &bytes));
        let key =
            UnboundKey::new(&AES_256_GCM, derived.as_ref()).map_err(|e| say("bad key", &e))?;
        let file = Self { path: path.to_owned(), key: LessSafeKey::new(key), turn: Mutex::new(()) };
        file.read()?;
        Ok(file)
    }

    fn failed(&self, reason: String) -> SecretError {
        SecretError::Sealed { path: self.path.clone(), reason }
    }

    fn read(&self) -> Result<Entries, SecretError> {
        let mut bytes = match fs_err::read(&self.path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Entries::new()),
            Err(e) => return Err(self.failed(e.to_string())),
        };
        let wrong = || self.failed("it does not fit the key file".to_owned());
        let header = MAGIC.len() + NONCE_LEN;
        if bytes.len() < header || !bytes.starts_with(MAGIC) {
            return Err(wrong());
        }
        let (head, sealed) = bytes.split_at_mut(header);
        let nonce = Nonce::try_assume_unique_for_key(&head[MAGIC.len()..]).map_err(|_| wrong())?;
        let plain = self.key.open_in_place(nonce, Aad::from(MAGIC), sealed).map_err(|_| wrong())?;
        let entries: BTreeMap<String, String> =
            serde_json::from_slice(plain).map_err(|_| wrong())?;
        Ok(entries.into_iter().map(|(name, secret)| (name, Zeroizing::new(secret))).collect())
    }

    fn change(&self, change: impl FnOnce(&mut Entries)) -> Result<(), SecretError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entries = self.read()?;
        change(&mut entries);
        let plain: BTreeMap<&str, &str> =
            entries.iter().map(|(n, s)| (n.as_str(), s.as_str())).collect();
        let mut sealed =
            Zeroizing::new(serde_json::to_vec(&plain).map_err(|e| self.failed(e.to_string()))?);
        let failed = |_| self.failed("encryption failed".to_owned());
        let mut nonce = [0u8; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(failed)?;
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(MAGIC),
                &mut *sealed,
            )
            .map_err(failed)?;
        let content = [MAGIC.as_slice(), &nonce, &sealed].concat();
        files::replace(&self.path, &content).map_err(|e| self.failed(e.to_string()))
    }
}

impl Keychain for SealedFile {
    fn kind(&self) -> SecretStoreKind {
        SecretStoreKind::SealedFile
    }

    fn store(&self, name: &str, secret: &Secret<String>) -> Result<(), SecretError> {
        self.change(|entries| {
            entries.insert(name.to_owned(), Zeroizing::new(secret.expose().clone()));
        })
    }

    fn load(&self, name: &str) -> Result<Option<Secret<String>>, SecretError> {
        Ok(self.read()?.get(name).map(|s| Secret::new(s.as_str().to_owned())))
    }

    fn forget(&self, name: &str) -> Result<(), SecretError> {
        self.change(|entries| {
            entries.remove(name);
        })
    }
}
