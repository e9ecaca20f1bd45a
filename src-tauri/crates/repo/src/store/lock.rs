//! One writing process for each repository on one computer.
//!
//! Several computers may write to one repository; the format takes care of that. On one computer
//! a second writer would only do the same work twice, so it is told who is at it.

use std::fs::TryLockError;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use fs_err::{File, OpenOptions};

use crate::error::RepoError;
use crate::ids::RepositoryId;

/// How long somebody who is about to be done is waited for. The system may give a lock back a
/// moment after its holder is gone.
const PATIENCE: Duration = Duration::from_millis(300);

/// Holds the right to write until it is dropped; the system takes it back when the process ends.
#[derive(Debug)]
pub(crate) struct WriteLock {
    _file: File,
    holder: PathBuf,
}

impl WriteLock {
    /// Takes the lock of those who write recovery points, or says who has it.
    pub(crate) fn take(
        folder: Option<&PathBuf>,
        repository: RepositoryId,
    ) -> Result<Self, RepoError> {
        Self::at(path(folder, repository), repository)
    }

    /// Takes the lock of those who remove unused packs, who do not stand in the way of the others.
    pub(crate) fn for_collection(
        folder: Option<&PathBuf>,
        repository: RepositoryId,
    ) -> Result<Self, RepoError> {
        Self::at(path(folder, repository).with_extension("prune.lock"), repository)
    }

    fn at(base: PathBuf, repository: RepositoryId) -> Result<Self, RepoError> {
        let holder = base.with_extension("holder");
        let failed = |e: io::Error| RepoError::System { what: "a lock", detail: e.to_string() };
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true).open(&base).map_err(failed)?;
        match within(PATIENCE, || file.file().try_lock()) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let name = fs_err::read_to_string(&holder).unwrap_or_default();
                let known = !name.trim().is_empty();
                let holder = if known { name.trim() } else { "another process" };
                return Err(RepoError::InUse { repository, holder: holder.to_owned() });
            }
            Err(TryLockError::Error(e)) => return Err(failed(e)),
        }
        // The name of the holder is a courtesy: not being able to leave it stops nobody.
        let text = format!("process {}", std::process::id());
        if let Err(error) = File::create(&holder).and_then(|mut f| f.write_all(text.as_bytes())) {
            tracing::debug!(%error, "the lock holder could not be named");
        }
        Ok(Self { _file: file, holder })
    }
}

impl Drop for WriteLock {
    fn drop(&mut self) {
        if let Err(error) = fs_err::remove_file(&self.holder) {
            tracing::debug!(%error, "the lock holder could not be removed");
        }
    }
}

/// Tries again while somebody else has the lock.
fn within(
    patience: Duration,
    mut lock: impl FnMut() -> Result<(), TryLockError>,
) -> Result<(), TryLockError> {
    let mut waited = Duration::ZERO;
    loop {
        match lock() {
            Err(TryLockError::WouldBlock) if waited < patience => {
                std::thread::sleep(patience / 30);
                waited += patience / 30;
            }
            other => return other,
        }
    }
}

/// The lock lies on this computer, never on a share, and users do not meet each other's files.
fn path(folder: Option<&PathBuf>, repository: RepositoryId) -> PathBuf {
    let home = std::env::home_dir().unwrap_or_default();
    let user = blake3::hash(home.as_os_str().as_encoded_bytes()).to_hex();
    let user = user.get(..8).unwrap_or_default().to_owned();
    let folder = folder.cloned().unwrap_or_else(std::env::temp_dir);
    folder.join(format!("kuramori-{user}-{}.lock", repository.to_hex()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_told_who_was_first() {
        let folder = tempfile::tempdir().unwrap().keep();
        let id = RepositoryId::from_bytes([5; 16]);
        let first = WriteLock::take(Some(&folder), id).unwrap();
        match WriteLock::take(Some(&folder), id) {
            Err(RepoError::InUse { holder, .. }) => {
                assert_eq!(holder, format!("process {}", std::process::id()));
            }
            other => panic!("the second lock must fail, not {other:?}"),
        }
        let other = RepositoryId::from_bytes([6; 16]);
        assert!(WriteLock::take(Some(&folder), other).is_ok());
        drop(first);
        let last = WriteLock::take(Some(&folder), id).unwrap();
        let given_back = std::thread::spawn(move || {
            std::thread::sleep(PATIENCE / 10);
            drop(last);
        });
        assert!(WriteLock::take(Some(&folder), id).is_ok(), "it was about to be given back");
        given_back.join().unwrap();
        fs_err::remove_dir_all(folder).unwrap();
    }
}
