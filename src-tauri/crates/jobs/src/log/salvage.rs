//! What can still be read of a damaged file, taken over into a new one; and runs that are known
//! from what they left elsewhere.

use std::path::Path;

use chrono::{DateTime, Utc};
use kuramori_base::Counters;
use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params, params_from_iter};

use super::{RunLog, parse_json, parse_time, to_integer, to_text};
use crate::job::Cause;
use crate::{IntentId, JobId, LogError, Outcome, RunId, RunState, ScheduleId, Stage};

/// The tables, those first that others refer to.
const TABLES: [&str; 12] = [
    "runs", "items", "lines", "intents", "jobs", "handled", "alarms", "changes", "promised",
    "saved", "letters", "told",
];

/// What was taken over from a damaged file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// Whether every job it held came over.
    pub jobs: bool,
    /// Whether every promise it held came over.
    pub intents: bool,
    /// How many runs came over.
    pub runs: usize,
}

/// A run that is known from what it left elsewhere, such as recovery points.
#[derive(Clone, Debug)]
pub struct PastRun {
    /// What was asked, as JSON; interpreted by the writer.
    pub spec: serde_json::Value,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// The job it is a run of, if any, and why it began.
    pub job: Option<(JobId, Cause)>,
    /// What it worked on.
    pub items: Vec<PastItem>,
}

/// One item of a [`PastRun`].
#[derive(Clone, Debug)]
pub struct PastItem {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// Sums.
    pub counters: Counters,
    /// What came of it, as JSON; interpreted by the writer.
    pub detail: serde_json::Value,
}

impl RunLog {
    /// Takes over from a damaged file, row by row, what can be read and makes sense. The file is
    /// left as it is.
    ///
    /// # Errors
    /// When this log could not be written. What cannot be read of the other is left out.
    pub fn take_over(&self, damaged: &Path) -> Result<Salvaged, LogError> {
        let mut salvaged = Salvaged::default();
        let Some(from) = open_damaged(damaged) else { return Ok(salvaged) };
        for table in TABLES {
            let whole = self.query("taking over what a damaged file holds", |db| {
                let tx = db.transaction()?;
                let whole = copy_rows(&from, &tx, table);
                tx.commit()?;
                Ok(whole)
            })?;
            salvaged.jobs |= whole && table == "jobs";
            salvaged.intents |= whole && table == "intents";
        }
        self.drop_senseless("runs")?;
        for table in ["handled", "alarms", "letters", "told", "promised"] {
            self.drop_senseless(table)?;
        }
        salvaged.jobs &= self.drop_senseless("jobs")?;
        salvaged.intents &= self.drop_senseless("intents")?;
        salvaged.runs = self
            .query("counting runs", |db| {
                db.query_row("SELECT count(*) FROM runs", [], |r| r.get::<_, i64>(0))
            })?
            .try_into()
            .unwrap_or(usize::MAX);
        Ok(salvaged)
    }

    /// Removes rows that would keep the others from being read. Returns whether there were none.
    fn drop_senseless(&self, table: &str) -> Result<bool, LogError> {
        type Row = (String, [String; 3]);
        let columns = match table {
            "runs" => "id, id, started_at, spec",
            "intents" => "id, run, made_at, payload",
            "handled" => "schedule, schedule, until, '0'",
            "jobs" => "id, id, changed_at, definition",
            "alarms" => "key, coalesce(told_at, since), since, detail",
            "letters" => "CAST(id AS TEXT), next_at, made_at, content",
            "told" => "key, key, at, what",
            "promised" => "vm, vm, since, '0'",
            _ => return Ok(true),
        };
        let rows: Vec<Row> = self.query("looking at what was taken over", |db| {
            db.prepare(&format!("SELECT {columns} FROM {table}"))?
                .query_map([], |r| Ok((r.get(0)?, [r.get(1)?, r.get(2)?, r.get(3)?])))?
                .collect()
        })?;
        let key = match table {
            "handled" => "schedule",
            "alarms" | "told" => "key",
            "promised" => "vm",
            _ => "id",
        };
        let mut sound = true;
        for (id, [other, time, json]) in rows {
            let plain = parse_time(&time).is_ok() && parse_json(&json).is_ok();
            let readable = plain
                && match table {
                    "runs" => {
                        let run: Option<RunId> = id.parse().ok();
                        run.is_some_and(|run| self.run(run).is_ok() && self.lines(run).is_ok())
                    }
                    "intents" => id.parse::<IntentId>().is_ok() && other.parse::<RunId>().is_ok(),
                    "handled" => id.parse::<ScheduleId>().is_ok(),
                    "alarms" | "letters" => parse_time(&other).is_ok(),
                    "told" | "promised" => true,
                    _ => serde_json::from_str::<crate::job::Job>(&json).is_ok(),
                };
            if !readable {
                sound = false;
                self.query("dropping what makes no sense", |db| {
                    db.execute(&format!("DELETE FROM {table} WHERE {key} = ?1"), params![id])
                })?;
            }
        }
        Ok(sound)
    }

    /// Adds runs that ended before any that is known here, the oldest first. Returns their ids.
    ///
    /// # Errors
    /// When they could not be written; then none of them is.
    pub fn add_past(&self, runs: &[PastRun]) -> Result<Vec<RunId>, LogError> {
        self.query("adding runs of the past", |db| {
            let tx = db.transaction()?;
            let first: i64 =
                tx.query_row("SELECT coalesce(min(rowid), 1) FROM runs", [], |r| r.get(0))?;
            let count = i64::try_from(runs.len()).unwrap_or(i64::MAX);
            let mut ids = Vec::with_capacity(runs.len());
            for (run, rowid) in runs.iter().zip(first.saturating_sub(count)..) {
                ids.push(add_one(&tx, run, rowid)?);
            }
            tx.commit()?;
            Ok(ids)
        })
    }

    /// Records a run that is over already, as the newest. Returns its id.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn add_ended(&self, run: &PastRun) -> Result<RunId, LogError> {
        self.query("recording what happened", |db| {
            let tx = db.transaction()?;
            let last: i64 =
                tx.query_row("SELECT coalesce(max(rowid), 0) FROM runs", [], |r| r.get(0))?;
            let id = add_one(&tx, run, last.saturating_add(1))?;
            tx.commit()?;
            Ok(id)
        })
    }
}

fn add_one(db: &Connection, run: &PastRun, rowid: i64) -> rusqlite::Result<RunId> {
    let id = RunId::random();
    let outcome = Outcome::of_items(run.items.iter().map(|item| item.outcome));
    db.execute(
        "INSERT INTO runs (rowid, id, kind, spec, state, started_at, ended_at, job, cause)
         VALUES (?1, ?2, '', ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            rowid,
            id.to_string(),
            run.spec.to_string(),
            to_text(&RunState::Done(outcome)),
            run.started_at.to_rfc3339(),
            run.ended_at.to_rfc3339(),
            run.job.as_ref().map(|(job, _)| job.to_string()),
            run.job.as_ref().map(|(_, cause)| to_text(cause)),
        ],
    )?;
    for (position, item) in (0u32..).zip(&run.items) {
        let c = item.counters;
        let stage = if item.outcome.is_success() { Stage::Done } else { Stage::Check };
        db.execute(
            "INSERT INTO items (run, position, name, stage, outcome, started_at, ended_at,
               total, done, read, new, stored, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10, ?11, ?12)",
            params![
                id.to_string(),
                position,
                item.name,
                to_text(&stage),
                to_text(&item.outcome),
                item.started_at.to_rfc3339(),
                item.ended_at.to_rfc3339(),
                to_integer(c.done),
                to_integer(c.read),
                to_integer(c.new),
                to_integer(c.stored),
                item.detail.to_string(),
            ],
        )?;
    }
    Ok(id)
}

/// Opens a damaged file to read of it what can be read; `None` when nothing can.
fn open_damaged(path: &Path) -> Option<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).ok()?;
    // It is evidence: what its journal holds must not be written into it.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).ok()?;
    db.execute_batch("PRAGMA query_only = ON;").ok()?;
    Some(db)
}

/// Copies rows until one cannot be read. Returns whether the table was read to its end.
fn copy_rows(from: &Connection, to: &Connection, table: &str) -> bool {
    let Ok(columns) = common_columns(from, to, table) else { return false };
    if columns.is_empty() {
        return false;
    }
    let (names, count) = (columns.join(", "), columns.len());
    let places = vec!["?"; count].join(", ");
    let insert = format!("INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})");
    let read = || -> rusqlite::Result<bool> {
        // As they were written; the order of those that have no number does not matter.
        let numbered = !matches!(table, "changes" | "promised" | "saved");
        let order = if numbered { " ORDER BY rowid" } else { "" };
        let mut rows = from.prepare(&format!("SELECT {names} FROM {table}{order}"))?;
        let mut rows = rows.query([])?;
        let mut whole = true;
        while let Some(row) = rows.next()? {
            let values = (0..count).map(|n| row.get::<_, Value>(n));
            let values = values.collect::<rusqlite::Result<Vec<_>>>()?;
            // One that refers to what is not there any more, or is no text, is left out.
            whole &= to.execute(&insert, params_from_iter(values)).is_ok();
        }
        Ok(whole)
    };
    read().unwrap_or(false)
}

fn common_columns(
    from: &Connection,
    to: &Connection,
    table: &str,
) -> rusqlite::Result<Vec<String>> {
    let of = |db: &Connection| -> rusqlite::Result<Vec<String>> {
        db.prepare("SELECT name FROM pragma_table_info(?1)")?
            .query_map(params![table], |r| r.get(0))?
            .collect()
    };
    let known = of(from)?;
    Ok(of(to)?.into_iter().filter(|name| known.contains(name)).collect())
}
