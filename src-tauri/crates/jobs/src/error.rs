use std::path::{Path, PathBuf};

use kuramori_base::Hint;
use rusqlite::ffi;

/// Why the run log could not be used.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file could not be opened or set up.
    #[error("opening the run log {} failed", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },
    /// The file is damaged.
    #[error("the run log {} is damaged: {finding}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the integrity check found first.
        finding: String,
    },
    /// The file was written by a newer version.
    #[error("the run log has format {found}, this version knows {known}")]
    Newer {
        /// Format of the file.
        found: i64,
        /// The newest format this version knows.
        known: i64,
    },
    /// A record could not be read or written.
    #[error("{action} in the run log failed")]
    Query {
        /// What was tried.
        action: &'static str,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },
    /// The copy that is made before a change of the format could not be made.
    #[error("the copy {} could not be made", path.display())]
    Copy {
        /// The copy.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Two jobs would be called the same.
    #[error("another job is called “{name}”")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A record makes no sense.
    #[error("a record of the run log makes no sense: {0}")]
    Record(String),
}

impl LogError {
    /// What an opening says: a file that is damaged, or one that cannot be used just now.
    pub(crate) fn opening(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        if is_damage(&source) {
            Self::Damaged { path, finding: source.to_string() }
        } else {
            Self::Open { path, source }
        }
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    // The medium does not give the bytes back, and will not.
    const UNREADABLE: [i32; 3] =
        [ffi::SQLITE_IOERR_READ, ffi::SQLITE_IOERR_SHORT_READ, ffi::SQLITE_IOERR_CORRUPTFS];
    error.sqlite_error().is_some_and(|e| {
        matches!(e.code, ffi::ErrorCode::DatabaseCorrupt | ffi::ErrorCode::NotADatabase)
            || UNREADABLE.contains(&e.extended_code)
    })
}

impl Hint for LogError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Newer { .. } => vec!["Install the newest version of Kuramori.".into()],
            Self::Damaged { .. } => vec![
                "Move the file away and start again: recovery points are not affected, only the \
                 history of runs is lost."
                    .into(),
            ],
            Self::NameTaken { .. } => vec!["Choose another name.".into()],
            Self::Open { .. } | Self::Query { .. } | Self::Copy { .. } | Self::Record(_) => {
                vec!["Check that the state folder is on a local disk with free space.".into()]
            }
        }
    }
}
