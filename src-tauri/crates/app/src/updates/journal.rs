//! What the helper has done so far, on disk before it does the next thing.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::error::UpdateError;
use super::launch::Launch;
use super::package::NewFile;
use crate::files;

const FORMAT: u32 = 1;
/// Name of the journal in the update's folder.
const JOURNAL: &str = "journal.json";
/// Where the new version writes its token once it works.
const CONFIRMED: &str = "confirmed";
/// How the last update ended.
const RESULT: &str = "result.json";
/// What the helper did, in words.
const LOG: &str = "log.txt";
/// What the new version wrote when it was tried.
const FIRST_START: &str = "first-start.txt";
/// Most of a log that is kept with the result, in bytes.
const LOG_TAIL: usize = 8 << 10;

/// How far an update is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Phase {
    /// The new files lie beside the old ones; nothing in the installation has changed.
    Staged,
    /// The old files are kept under a second name as well.
    Saved,
    /// The new files are in place and have not been tried to the end.
    Swapped,
    /// The new version works; what is left is clearing up.
    Confirmed,
    /// The old files are on their way back.
    RollingBack,
    /// The old files are back; what is left is clearing up.
    RolledBack,
    /// It ended before anything changed; what is left is clearing up.
    GivenUp,
}

/// One update on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Journal {
    format: u32,
    pub(super) token: String,
    pub(super) phase: Phase,
    pub(super) from: String,
    pub(super) to: String,
    /// Folder of the installation.
    pub(super) root: PathBuf,
    /// Folder for new and previous files; goes away in the end.
    pub(super) work: PathBuf,
    /// Folder whose files go to the root.
    pub(super) staged: PathBuf,
    pub(super) files: Vec<NewFile>,
    /// Files of the old version that the new one has not.
    pub(super) obsolete: Vec<String>,
    /// Files that the old version had, once they are saved.
    pub(super) saved: Vec<String>,
    /// Program to start, from the root.
    pub(super) program: String,
    pub(super) launch: Launch,
    /// Seconds the new version has for saying that it works.
    pub(super) patience: u64,
    /// How often the new version was started.
    pub(super) attempts: u32,
    /// Why it did not go on.
    pub(super) reason: Option<String>,
}

/// What a new journal needs.
pub(super) struct NewJournal {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) root: PathBuf,
    pub(super) work: PathBuf,
    pub(super) staged: PathBuf,
    pub(super) files: Vec<NewFile>,
    pub(super) obsolete: Vec<String>,
    pub(super) program: String,
    pub(super) launch: Launch,
    pub(super) patience: u64,
}

impl Journal {
    pub(super) fn new(new: NewJournal) -> Self {
        Self {
            format: FORMAT,
            token: uuid::Uuid::new_v4().to_string(),
            phase: Phase::Staged,
            from: new.from,
            to: new.to,
            root: new.root,
            work: new.work,
            staged: new.staged,
            files: new.files,
            obsolete: new.obsolete,
            saved: Vec::new(),
            program: new.program,
            launch: new.launch,
            patience: new.patience,
            attempts: 0,
            reason: None,
        }
    }

    pub(super) fn previous(&self) -> PathBuf {
        self.work.join("previous")
    }
}

/// How an update ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// The new version works.
    Installed,
    /// The new version did not start; the old one is back.
    RolledBack,
    /// It ended before anything changed.
    GivenUp,
}

/// The last update that was tried.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Finished {
    pub(crate) outcome: Outcome,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) reason: Option<String>,
    pub(crate) log: String,
    /// Whether somebody has seen it.
    pub(crate) seen: bool,
}

/// The update's folder inside the state folder.
#[derive(Clone, Debug)]
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    /// Names the folder inside a state folder; it need not exist.
    pub(super) fn of(state: &Path) -> Self {
        Self(state.join("update"))
    }

    /// Returns the state folder.
    pub(super) fn state(&self) -> &Path {
        self.0.parent().unwrap_or(&self.0)
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn journal_path(&self) -> PathBuf {
        self.file(JOURNAL)
    }

    pub(super) fn first_start(&self) -> PathBuf {
        self.file(FIRST_START)
    }

    pub(super) fn log(&self) -> PathBuf {
        self.file(LOG)
    }

    /// Returns whether an update is under way.
    pub(super) fn is_applying(&self) -> bool {
        self.journal_path().exists()
    }

    /// Reads the journal, where there is one.
    pub(super) fn journal(&self) -> Result<Option<Journal>, UpdateError> {
        read(&self.journal_path())
    }

    pub(super) fn write_journal(&self, journal: &Journal) -> Result<(), UpdateError> {
        self.write(JOURNAL, journal)
    }

    pub(super) fn remove_journal(&self) -> Result<(), UpdateError> {
        let path = self.journal_path();
        match kuramori_platform::fs::remove(&path) {
            Ok(_) => Ok(()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(UpdateError::disk("removing", &path)(e)),
        }
    }

    /// Says that the version with this token works.
    pub(super) fn confirm(&self, token: &str) -> Result<(), UpdateError> {
        let path = self.file(CONFIRMED);
        files::replace(&path, token.as_bytes()).map_err(UpdateError::disk("writing", &path))
    }

    /// Returns whether the version with this token said that it works.
    pub(super) fn is_confirmed(&self, token: &str) -> bool {
        kuramori_platform::fs::read(&self.file(CONFIRMED))
            .is_ok_and(|said| said == token.as_bytes())
    }

    pub(super) fn finished(&self) -> Option<Finished> {
        read(&self.file(RESULT)).unwrap_or_else(|error| {
            tracing::warn!(%error, "how the last update ended cannot be read");
            None
        })
    }

    pub(super) fn write_finished(&self, finished: &Finished) -> Result<(), UpdateError> {
        self.write(RESULT, finished)
    }

    /// Returns the ends of the helper's log and of what the new version wrote.
    pub(super) fn log_text(&self) -> String {
        let parts = [self.log(), self.first_start()].map(|p| fs::read(p).unwrap_or_default());
        let texts = parts.map(|p| {
            let from = p.len().saturating_sub(LOG_TAIL);
            String::from_utf8_lossy(&p[from..]).trim().to_owned()
        });
        texts.join("\n").trim().to_owned()
    }

    fn write(&self, name: &str, value: &impl Serialize) -> Result<(), UpdateError> {
        let path = self.file(name);
        let failed = UpdateError::disk("writing", &path);
        let written = serde_json::to_vec_pretty(value).map_err(std::io::Error::other);
        written.and_then(|bytes| files::replace(&path, &bytes)).map_err(failed)
    }
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<Option<T>, UpdateError> {
    let failed = UpdateError::disk("reading", path);
    let bytes = match kuramori_platform::fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed(e)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|e| failed(std::io::Error::other(e)))
}
