//! The catalog: what this computer keeps of a repository, so that its recovery points are listed
//! without reading all of them again.
//!
//! It is a cache of sealed objects and nothing else. Whether a recovery point exists, is deleted
//! or held is asked of the repository each time; without the catalog the same list takes longer.
//! A damaged one is set aside under another name, and a new one fills itself.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use kuramori_repo::{ObjectCache, Repository};
use rusqlite::{Connection, OptionalExtension, params};

use crate::app::App;
use crate::files;

/// Format of the file. Another one is not converted but filled anew.
const FORMAT: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE catalog (repository TEXT NOT NULL) STRICT;
CREATE TABLE objects (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
";

/// The catalog of one repository.
pub(crate) struct Catalog {
    db: Mutex<Connection>,
}

/// Why a catalog cannot be used as it is.
#[derive(Debug, thiserror::Error)]
enum CatalogError {
    /// The database says no.
    #[error("the database cannot be read")]
    Sqlite(#[from] rusqlite::Error),
    /// The file cannot be made.
    #[error("the file cannot be made or moved")]
    File(#[from] std::io::Error),
    /// The database is damaged.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// It is of another repository.
    #[error("it is of the repository {0}")]
    Foreign(String),
}

impl Catalog {
    /// Opens the catalog of a repository, made if it is not there. What is there and cannot be used
    /// is set aside and begun anew.
    fn open(folder: &Path, repository: &str, now: DateTime<Utc>) -> Result<Self, CatalogError> {
        files::make_private_folder(folder)?;
        let path = folder.join(format!("{repository}.sqlite"));
        match Self::try_open(&path, repository) {
            Ok(catalog) => Ok(catalog),
            Err(error) => {
                let aside = files::set_aside(&path, now)?;
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    path = %path.display(),
                    kept = ?aside,
                    "the catalog of a repository could not be used; a new one is begun"
                );
                Self::try_open(&path, repository)
            }
        }
    }

    fn try_open(path: &Path, repository: &str) -> Result<Self, CatalogError> {
        // The database gives its rights to the files that it makes beside itself.
        files::make_private_file(path)?;
        let db = Connection::open(path)?;
        // What a power cut takes is read again.
        db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")?;
        match db.query_row("PRAGMA user_version", [], |row| row.get(0))? {
            0 => {
                let tx = db.unchecked_transaction()?;
                tx.execute_batch(SCHEMA)?;
                tx.execute("INSERT INTO catalog (repository) VALUES (?1)", params![repository])?;
                tx.commit()?;
            }
            FORMAT => {
                let finding: String = db.query_row("PRAGMA quick_check(1)", [], |r| r.get(0))?;
                if finding != "ok" {
                    return Err(CatalogError::Damaged(finding));
                }
                let of: String =
                    db.query_row("SELECT repository FROM catalog", [], |row| row.get(0))?;
                if of != repository {
                    return Err(CatalogError::Foreign(of));
                }
            }
            other => return Err(CatalogError::Damaged(format!("format {other} is not known"))),
        }
        Ok(Self { db: Mutex::new(db) })
    }

    /// Asks the database. A catalog that fails is as good as none, so that is only told.
    fn ask<T>(&self, what: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Option<T> {
        let db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        match what(&db) {
            Ok(answer) => Some(answer),
            Err(error) => {
                tracing::warn!(%error, "the catalog of a repository failed");
                None
            }
        }
    }
}

impl ObjectCache for Catalog {
    fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.ask(|db| {
            db.prepare_cached("SELECT bytes FROM objects WHERE name = ?1")?
                .query_row(params![name], |row| row.get(0))
                .optional()
        })?
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        self.ask(|db| {
            db.prepare_cached("INSERT OR REPLACE INTO objects (name, bytes) VALUES (?1, ?2)")?
                .execute(params![name, bytes])
        });
    }

    fn remove(&self, name: &str) {
        self.ask(|db| db.execute("DELETE FROM objects WHERE name = ?1", params![name]));
    }

    fn retain(&self, names: &[String]) {
        self.ask(|db| {
            let known: Vec<String> = db
                .prepare_cached("SELECT name FROM objects")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let mut gone = known.iter().filter(|name| names.binary_search(name).is_err());
            gone.try_for_each(|name| {
                db.execute("DELETE FROM objects WHERE name = ?1", params![name]).map(drop)
            })
        });
    }
}

/// The folder of all catalogs, where copies of large indexes lie too.
pub(crate) fn folder(app: &App) -> PathBuf {
    app.inner.state.join("catalog")
}

/// Gives a repository that was opened its catalog. Without one it is slower and no less right.
pub(crate) fn keep(app: &App, repository: &Repository) {
    match Catalog::open(&folder(app), &repository.id().to_hex(), app.inner.clock.now()) {
        Ok(catalog) => repository.keep_in(Arc::new(catalog)),
        Err(error) => tracing::warn!(
            error = &error as &dyn std::error::Error,
            "there is no catalog of a repository; its recovery points are read each time"
        ),
    }
}

/// Removes what is kept of a repository that is not known here any more.
pub(crate) fn forget(app: &App, id: &str) {
    let stays = |error: io::Error| {
        if error.kind() != io::ErrorKind::NotFound {
            tracing::warn!(%error, "a part of a catalog stays behind");
        }
    };
    match fs_err::read_dir(folder(app)) {
        // One that cannot be removed does not keep the others.
        Ok(entries) => entries.filter_map(|entry| remove_part(entry, id).err()).for_each(stays),
        Err(error) => stays(error),
    }
}

fn remove_part(entry: io::Result<fs_err::DirEntry>, id: &str) -> io::Result<()> {
    let entry = entry?;
    let name = entry.file_name();
    let rest = name.to_str().and_then(|name| name.strip_prefix(id));
    // The catalog with the database's own side files, and copies of the index.
    if rest.is_some_and(|rest| rest.starts_with(".sqlite") || rest.starts_with('-')) {
        fs_err::remove_file(entry.path())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs_err::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_put_is_there_the_next_time_until_it_is_gone_from_the_repository() {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(dir.path(), "aa", now()).unwrap();
        catalog.put("points/x/1", b"one");
        catalog.put("points/x/2", b"two");
        catalog.put("points/x/2", b"2");
        drop(catalog);
        let catalog = Catalog::open(dir.path(), "aa", now()).unwrap();
        assert_eq!(catalog.get("points/x/2").as_deref(), Some(b"2".as_slice()));
        catalog.retain(&["points/x/2".to_owned(), "points/x/3".to_owned()]);
        assert_eq!(catalog.get("points/x/1"), None);
        catalog.remove("points/x/2");
        assert_eq!(catalog.get("points/x/2"), None);
    }

    #[test]
    fn a_damaged_foreign_or_newer_catalog_is_kept_aside_and_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("aa.sqlite");
        let spoil: [&dyn Fn(); 4] = [
            &|| {
                fs_err::write(&path, b"no database at all, and longer than a header of one")
                    .unwrap();
            },
            &|| {
                let mut bytes = fs_err::read(&path).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle..].fill(0x5A);
                fs_err::write(&path, bytes).unwrap();
            },
            &|| {
                let other = Catalog::open(dir.path(), "bb", now()).unwrap();
                drop(other);
                fs_err::copy(dir.path().join("bb.sqlite"), &path).unwrap();
            },
            &|| {
                let db = Connection::open(&path).unwrap();
                db.execute_batch("PRAGMA user_version = 7;").unwrap();
            },
        ];
        for (at, spoil) in (1i64..).zip(spoil) {
            let catalog = Catalog::open(dir.path(), "aa", now()).unwrap();
            for n in 0..100 {
                catalog.put(&n.to_string(), &[7; 100]);
            }
            drop(catalog);
            spoil();
            let spoiled = fs_err::read(&path).unwrap();
            let later = now() + chrono::TimeDelta::seconds(at);
            let catalog = Catalog::open(dir.path(), "aa", later).unwrap();
            assert_eq!(catalog.get("1"), None, "spoiled {at} times");
            catalog.put("1", b"new");
            assert!(catalog.get("1").is_some());
            drop(catalog);
            let aside = names(dir.path());
            let aside: Vec<_> = aside.iter().filter(|n| n.contains("damaged-")).collect();
            assert_eq!(aside.len(), usize::try_from(at).unwrap(), "{aside:?}");
            let last = dir.path().join(aside.last().unwrap());
            assert_eq!(fs_err::read(last).unwrap(), spoiled, "it is kept as it was");
        }
    }
}
