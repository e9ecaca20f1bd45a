mod salvage;
mod schema;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use kuramori_base::{Clock, Counters};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use salvage::{PastItem, PastRun, Salvaged};

use crate::job::{self, Cause};
use crate::{
    ItemRecord, ItemUpdate, JobId, Level, LogEntry, LogError, NewRun, Outcome, RunId, RunRecord,
    RunState, Stage,
};

/// The jobs of this machine, the log of all runs, and the intents that are still open.
pub struct RunLog {
    db: Mutex<Connection>,
    clock: Arc<dyn Clock>,
    /// Whether there was nothing before.
    made: bool,
}

impl RunLog {
    /// Opens the log, making it where there is none.
    ///
    /// # Errors
    /// [`LogError::Damaged`] for a file that is none of ours any more; [`LogError::Newer`]; when the
    /// file cannot be used.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, LogError> {
        let open = |source| LogError::opening(path, source);
        let db = Connection::open(path).map_err(open)?;
        // Full: an intent must be on the disk before the snapshot it is about exists.
        db.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
             PRAGMA busy_timeout = 5000;",
        )
        .map_err(open)?;
        let made = schema::bring_up(&db, path)?;
        Ok(Self { db: Mutex::new(db), clock, made })
    }

    /// Returns whether it was made by this opening: nothing is known from before.
    pub fn is_new(&self) -> bool {
        self.made
    }

    /// Begins a run.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn begin(&self, run: &NewRun) -> Result<RunId, LogError> {
        let id = RunId::random();
        let now = self.now().to_rfc3339();
        self.query("beginning a run", |db| {
            let tx = db.transaction()?;
            tx.execute(
                "INSERT INTO runs (id, kind, spec, state, started_at, job, cause)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    id.to_string(),
                    run.kind,
                    run.spec.to_string(),
                    to_text(&RunState::Queued),
                    now,
                    run.job.as_ref().map(|of| of.job.to_string()),
                    run.job.as_ref().map(|of| to_text(&of.cause)),
                ],
            )?;
            // In one transaction: a slot is dealt with exactly once, whatever happens in between.
            for (schedule, slot) in run.job.iter().flat_map(|of| &of.slots) {
                job::store::set_handled(&tx, *schedule, *slot)?;
            }
            for (position, name) in (0u32..).zip(&run.items) {
                tx.execute(
                    "INSERT INTO items (run, position, name, stage) VALUES (?1, ?2, ?3, ?4)",
                    params![id.to_string(), position, name, to_text(&Stage::Waiting)],
                )?;
            }
            tx.commit()
        })?;
        Ok(id)
    }

    /// Records where a run stands; [`RunState::Done`] also records when it ended.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn set_state(&self, run: RunId, state: RunState) -> Result<(), LogError> {
        let ended = matches!(state, RunState::Done(_) | RunState::Interrupted)
            .then(|| self.now().to_rfc3339());
        self.query("recording the state of a run", |db| {
            db.execute(
                "UPDATE runs SET state = ?2, ended_at = coalesce(?3, ended_at) WHERE id = ?1",
                params![run.to_string(), to_text(&state), ended],
            )
        })?;
        Ok(())
    }

    /// Records what changed about an item. Begin and end times follow from stage and outcome.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn update_item(
        &self,
        run: RunId,
        position: u32,
        update: &ItemUpdate,
    ) -> Result<(), LogError> {
        let now = self.now().to_rfc3339();
        let (began, ended) = (update.stage != Stage::Waiting, update.outcome.is_some());
        let c = update.counters;
        self.query("recording an item of a run", |db| {
            db.execute(
                "UPDATE items SET stage = ?3, outcome = ?4, total = ?5, done = ?6, read = ?7,
                   new = ?8, stored = ?9, detail = ?10,
                   started_at = coalesce(started_at, iif(?11, ?13, NULL)),
                   ended_at = coalesce(ended_at, iif(?12, ?13, NULL))
                 WHERE run = ?1 AND position = ?2",
                params![
                    run.to_string(),
                    position,
                    to_text(&update.stage),
                    update.outcome.as_ref().map(to_text),
                    to_integer(update.total),
                    to_integer(c.done),
                    to_integer(c.read),
                    to_integer(c.new),
                    to_integer(c.stored),
                    update.detail.to_string(),
                    began,
                    ended,
                    now
                ],
            )
        })?;
        Ok(())
    }

    /// Adds a line to a run's log.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn append(
        &self,
        run: RunId,
        level: Level,
        item: Option<u32>,
        event: &serde_json::Value,
    ) -> Result<LogEntry, LogError> {
        let at = self.now();
        self.query("writing a line of a run", |db| {
            db.execute(
                "INSERT INTO lines (run, at, level, item, event) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![run.to_string(), at.to_rfc3339(), to_text(&level), item, event.to_string()],
            )
        })?;
        Ok(LogEntry { at, level, item, event: event.clone() })
    }

    /// Returns the newest runs, newest first.
    ///
    /// # Errors
    /// When they could not be read.
    pub fn runs(&self, limit: u32) -> Result<Vec<RunRecord>, LogError> {
        let ids: Vec<String> = self.query("listing the runs", |db| {
            db.prepare("SELECT id FROM runs ORDER BY rowid DESC LIMIT ?1")?
                .query_map(params![limit], |r| r.get(0))?
                .collect()
        })?;
        let mut runs = Vec::with_capacity(ids.len());
        for id in ids {
            let id = id.parse().map_err(|e| LogError::Record(format!("run id {id}: {e}")))?;
            runs.extend(self.run(id)?);
        }
        Ok(runs)
    }

    /// Returns the runs that began at or after a moment, oldest first.
    ///
    /// # Errors
    /// When they could not be read.
    pub fn runs_since(&self, moment: DateTime<Utc>) -> Result<Vec<RunRecord>, LogError> {
        let ids: Vec<String> = self.query("listing the runs since a moment", |db| {
            db.prepare("SELECT id FROM runs WHERE started_at >= ?1 ORDER BY rowid")?
                .query_map(params![moment.to_rfc3339()], |r| r.get(0))?
                .collect()
        })?;
        let mut runs = Vec::with_capacity(ids.len());
        for id in ids {
            let id = id.parse().map_err(|e| LogError::Record(format!("run id {id}: {e}")))?;
            runs.extend(self.run(id)?);
        }
        Ok(runs)
    }

    /// Returns one run, or `None` when there is none of this id.
    ///
    /// # Errors
    /// When it could not be read.
    pub fn run(&self, id: RunId) -> Result<Option<RunRecord>, LogError> {
        type Job = (Option<String>, Option<String>);
        type Row = (String, String, String, String, Option<String>, Job);
        let row: Option<Row> = self.query("reading a run", |db| {
            db.query_row(
                "SELECT kind, spec, state, started_at, ended_at, job, cause FROM runs WHERE id = ?1",
                params![id.to_string()],
                |r| {
                    let job = (r.get(5)?, r.get(6)?);
                    Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, job))
                },
            )
            .optional()
        })?;
        let Some((kind, spec, state, started_at, ended_at, job)) = row else { return Ok(None) };
        Ok(Some(RunRecord {
            id,
            kind,
            spec: parse_json(&spec)?,
            state: from_text(&state)?,
            started_at: parse_time(&started_at)?,
            ended_at: ended_at.as_deref().map(parse_time).transpose()?,
            items: self.items(id)?,
            job: of_job(job)?,
        }))
    }

    /// Returns the log of a run, oldest line first.
    ///
    /// # Errors
    /// When it could not be read.
    pub fn lines(&self, run: RunId) -> Result<Vec<LogEntry>, LogError> {
        type Row = (String, String, Option<u32>, String);
        let rows: Vec<Row> = self.query("reading the log of a run", |db| {
            db.prepare("SELECT at, level, item, event FROM lines WHERE run = ?1 ORDER BY rowid")?
                .query_map(params![run.to_string()], |r| {
                    Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))
                })?
                .collect()
        })?;
        rows.into_iter()
            .map(|(at, level, item, event)| {
                Ok(LogEntry {
                    at: parse_time(&at)?,
                    level: from_text(&level)?,
                    item,
                    event: parse_json(&event)?,
                })
            })
            .collect()
    }

    /// Marks the runs that a crash left unfinished as interrupted and returns them.
    /// Call it once at start-up, before anything new begins.
    ///
    /// # Errors
    /// When the log could not be read or written.
    pub fn interrupt_unfinished(&self) -> Result<Vec<RunId>, LogError> {
        let open: Vec<String> = self.query("looking for unfinished runs", |db| {
            db.prepare("SELECT id FROM runs WHERE ended_at IS NULL")?
                .query_map([], |r| r.get(0))?
                .collect()
        })?;
        let mut runs = Vec::with_capacity(open.len());
        for id in open {
            let id = id.parse().map_err(|e| LogError::Record(format!("run id {id}: {e}")))?;
            self.set_state(id, RunState::Interrupted)?;
            runs.push(id);
        }
        Ok(runs)
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Runs one statement or transaction and says what was tried when it fails.
    pub(crate) fn query<T>(
        &self,
        action: &'static str,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LogError> {
        // A panic elsewhere leaves no half transaction behind: SQLite rolls it back.
        let mut db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut db).map_err(|source| LogError::Query { action, source })
    }

    fn items(&self, run: RunId) -> Result<Vec<ItemRecord>, LogError> {
        struct Row {
            text: (String, String, Option<String>, Option<String>, Option<String>, String),
            sums: [i64; 5],
        }
        let rows: Vec<Row> = self.query("reading the items of a run", |db| {
            db.prepare(
                "SELECT name, stage, outcome, started_at, ended_at, detail,
                   total, done, read, new, stored FROM items WHERE run = ?1 ORDER BY position",
            )?
            .query_map(params![run.to_string()], |r| {
                Ok(Row {
                    text: (r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?),
                    sums: [r.get(6)?, r.get(7)?, r.get(8)?, r.get(9)?, r.get(10)?],
                })
            })?
            .collect()
        })?;
        rows.into_iter()
            .map(|Row { text: (name, stage, outcome, started_at, ended_at, detail), sums }| {
                let [total, done, read, new, stored] = sums.map(i64::cast_unsigned);
                Ok(ItemRecord {
                    name,
                    stage: from_text(&stage)?,
                    outcome: outcome.as_deref().map(from_text::<Outcome>).transpose()?,
                    started_at: started_at.as_deref().map(parse_time).transpose()?,
                    ended_at: ended_at.as_deref().map(parse_time).transpose()?,
                    total,
                    counters: Counters { done, read, new, stored },
                    detail: parse_json(&detail)?,
                })
            })
            .collect()
    }
}

fn of_job(columns: (Option<String>, Option<String>)) -> Result<Option<(JobId, Cause)>, LogError> {
    let (Some(job), Some(cause)) = columns else { return Ok(None) };
    let id = job.parse().map_err(|e| LogError::Record(format!("job id {job}: {e}")))?;
    Ok(Some((id, from_text(&cause)?)))
}

fn to_integer(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

pub(crate) fn to_text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain enums always serialise")
}

pub(crate) fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, LogError> {
    serde_json::from_str(text).map_err(|e| LogError::Record(format!("{text}: {e}")))
}

pub(crate) fn parse_json(text: &str) -> Result<serde_json::Value, LogError> {
    from_text(text)
}

pub(crate) fn parse_time(text: &str) -> Result<DateTime<Utc>, LogError> {
    DateTime::parse_from_rfc3339(text)
        .map(|t| t.with_timezone(&Utc))
        .map_err(|e| LogError::Record(format!("time {text}: {e}")))
}

#[cfg(test)]
mod tests;
