//! The tables, and how those of earlier versions become today's.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fs_err as fs;
use rusqlite::{Connection, params};

use crate::LogError;

/// Format of the file; rises when a change needs a conversion.
const FORMAT: i64 = 3;

const FIRST: &str = "
CREATE TABLE runs (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, spec TEXT NOT NULL, state TEXT NOT NULL,
  started_at TEXT NOT NULL, ended_at TEXT
) STRICT;
CREATE TABLE items (
  run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, position INTEGER NOT NULL,
  name TEXT NOT NULL, stage TEXT NOT NULL, outcome TEXT, started_at TEXT, ended_at TEXT,
  total INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0,
  read INTEGER NOT NULL DEFAULT 0, new INTEGER NOT NULL DEFAULT 0,
  stored INTEGER NOT NULL DEFAULT 0, detail TEXT NOT NULL DEFAULT 'null',
  PRIMARY KEY (run, position)
) STRICT;
CREATE TABLE lines (
  run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, at TEXT NOT NULL,
  level TEXT NOT NULL, item INTEGER, event TEXT NOT NULL
) STRICT;
CREATE INDEX lines_of_run ON lines (run);
CREATE TABLE intents (
  id TEXT PRIMARY KEY, run TEXT NOT NULL, tag TEXT NOT NULL, payload TEXT NOT NULL,
  made_at TEXT NOT NULL
) STRICT;
";

/// Jobs. What was dealt with outlives a job that is changed, not one that is deleted.
const JOBS: &str = "
CREATE TABLE jobs (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, definition TEXT NOT NULL,
  changed_at TEXT NOT NULL
) STRICT;
CREATE TABLE handled (schedule TEXT PRIMARY KEY, until TEXT NOT NULL) STRICT;
ALTER TABLE runs ADD COLUMN job TEXT;
ALTER TABLE runs ADD COLUMN cause TEXT;
CREATE INDEX runs_of_job ON runs (job);
";

/// Notices on their way, and what was told already.
const LETTERS: &str = "
CREATE TABLE letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, content TEXT NOT NULL,
  made_at TEXT NOT NULL, next_at TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL, said TEXT NOT NULL DEFAULT '', ended_at TEXT
) STRICT;
CREATE INDEX letters_by_state ON letters (state);
CREATE TABLE told (key TEXT PRIMARY KEY, what TEXT NOT NULL, at TEXT NOT NULL) STRICT;
";

/// Makes the tables, or converts those of an earlier version after a copy of the file was made
/// beside it, and checks the file. Returns whether there were none.
///
/// # Errors
/// [`LogError::Newer`] for a file of a later version, which is left as it is;
/// [`LogError::Damaged`], and what SQLite says.
pub(super) fn bring_up(db: &Connection, path: &Path) -> Result<bool, LogError> {
    let open = |source| LogError::opening(path, source);
    let found: i64 = db.query_row("PRAGMA user_version", [], |r| r.get(0)).map_err(open)?;
    if found > FORMAT {
        return Err(LogError::Newer { found, known: FORMAT });
    }
    let steps = match found {
        0 => [FIRST, JOBS, LETTERS].concat(),
        1 => [JOBS, LETTERS].concat(),
        2 => LETTERS.to_owned(),
        _ => String::new(),
    };
    if found > 0 {
        check(db, path)?;
    }
    if steps.is_empty() {
        return Ok(false);
    }
    if found > 0 {
        keep_copy(db, path, found)?;
    }
    db.execute_batch(&format!("BEGIN; {steps} PRAGMA user_version = {FORMAT}; COMMIT;"))
        .map_err(open)?;
    Ok(found == 0)
}

/// Copies the file beside itself, as `….v1`: should the conversion turn out wrong, nothing is lost.
fn keep_copy(db: &Connection, path: &Path, format: i64) -> Result<(), LogError> {
    let beside = |ending: String| {
        let mut name = OsString::from(path);
        name.push(ending);
        PathBuf::from(name)
    };
    let (half, copy) = (beside(format!(".v{format}.part")), beside(format!(".v{format}")));
    if copy.exists() {
        return Ok(()); // of an attempt that broke off later
    }
    let failed = |source| LogError::Copy { path: copy.clone(), source };
    drop(fs::remove_file(&half)); // of one that broke off here; if it stays, the copy fails
    let text = half.to_str().ok_or_else(|| failed(std::io::ErrorKind::InvalidFilename.into()))?;
    db.execute("VACUUM INTO ?1", params![text])
        .map_err(|source| LogError::Query { action: "copying itself before a change", source })?;
    // As private as the file itself, and on the disk before anything is changed.
    let private = fs::metadata(path).map_err(failed)?.permissions();
    fs::set_permissions(&half, private).map_err(failed)?;
    let file = fs::OpenOptions::new().write(true).open(&half).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    drop(file);
    fs::rename(&half, &copy).map_err(failed)
}

/// Tables that are in a file of every version.
const OLDEST: i64 = 4;

fn check(db: &Connection, path: &Path) -> Result<(), LogError> {
    let opening = |source| LogError::opening(path, source);
    let damaged = |finding| LogError::Damaged { path: path.to_owned(), finding };
    let finding: String =
        db.query_row("PRAGMA quick_check(1)", [], |r| r.get(0)).map_err(opening)?;
    if finding != "ok" {
        return Err(damaged(finding));
    }
    let tables: i64 = db
        .query_row(
            "SELECT count(*) FROM sqlite_schema
             WHERE type = 'table' AND name IN ('runs', 'items', 'lines', 'intents')",
            [],
            |r| r.get(0),
        )
        .map_err(opening)?;
    if tables == OLDEST { Ok(()) } else { Err(damaged("tables are missing".to_owned())) }
}
