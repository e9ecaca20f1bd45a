//! What is watched: open alarms, what was promised when, what was saved when, how disks changed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rusqlite::{Transaction, params};

use super::{from_text, parse_json, parse_time, to_integer};
use crate::anomaly::{Change, HISTORY};
use crate::protection::{Promised, Saved};
use crate::{LogError, Outcome, RunId, RunLog};

/// An alarm that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmRecord {
    /// What it is about; the same cause has the same key.
    pub key: String,
    /// What kind it is; interpreted by the writer.
    pub kind: String,
    /// What it is about, for people.
    pub subject: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it was told.
    pub told_at: Option<DateTime<Utc>>,
    /// What else is known, as JSON; interpreted by the writer.
    pub detail: serde_json::Value,
}

/// What a recovery point brought to a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskChange {
    /// The order of the recovery point in its repository.
    pub sequence: u64,
    /// The disk's key on its VM.
    pub disk: i32,
    /// Whether it brought the whole disk.
    pub first: bool,
    /// What came.
    pub change: Change,
}

/// An item of a run that ended.
#[derive(Clone, Debug)]
pub struct EndedItem {
    /// Its run.
    pub run: RunId,
    /// Its name.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// What came of it.
    pub detail: serde_json::Value,
}

/// Recovery points of a VM of which it is kept what they brought.
pub const KEPT: usize = HISTORY + 2;

impl RunLog {
    /// Returns all open alarms, oldest first.
    ///
    /// # Errors
    /// When they could not be read.
    pub fn alarms(&self) -> Result<Vec<AlarmRecord>, LogError> {
        type Row = (String, String, String, String, Option<String>, String);
        let rows: Vec<Row> = self.query("reading the alarms", |db| {
            db.prepare(
                "SELECT key, kind, subject, since, told_at, detail FROM alarms ORDER BY since, key",
            )?
            .query_map([], |r| {
                Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?))
            })?
            .collect()
        })?;
        rows.into_iter()
            .map(|(key, kind, subject, since, told, detail)| {
                let told_at = told.as_deref().map(parse_time).transpose()?;
                let (since, detail) = (parse_time(&since)?, parse_json(&detail)?);
                Ok(AlarmRecord { key, kind, subject, since, told_at, detail })
            })
            .collect()
    }

    /// Writes an alarm, new or changed.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn put_alarm(&self, alarm: &AlarmRecord) -> Result<(), LogError> {
        self.query("writing an alarm", |db| {
            let tx = db.transaction()?;
            put_alarm(&tx, alarm)?;
            tx.commit()
        })
    }

    /// Ends an alarm. One that is not open is fine.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn end_alarm(&self, key: &str) -> Result<(), LogError> {
        self.query("ending an alarm", |db| {
            db.execute("DELETE FROM alarms WHERE key = ?1", params![key]).map(drop)
        })
    }

    /// Returns what was promised for each VM, oldest first.
    ///
    /// # Errors
    /// When it could not be read.
    pub fn promised(&self) -> Result<BTreeMap<String, Vec<Promised>>, LogError> {
        let rows: Vec<(String, String, Option<u32>)> =
            self.query("reading what was promised", |db| {
                db.prepare("SELECT vm, since, rpo FROM promised")?
                    .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
                    .collect()
            })?;
        let mut all: BTreeMap<String, Vec<Promised>> = BTreeMap::new();
        for (vm, since, rpo) in rows {
            all.entry(vm).or_default().push(Promised { from: parse_time(&since)?, rpo });
        }
        for promises in all.values_mut() {
            promises.sort_by_key(|p| p.from);
        }
        Ok(all)
    }

    /// Notes what is promised for VMs from a moment on.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn note_promised(&self, promises: &[(String, Promised)]) -> Result<(), LogError> {
        self.query("writing what is promised", |db| {
            let tx = db.transaction()?;
            for (vm, promised) in promises {
                tx.prepare_cached(
                    "INSERT OR REPLACE INTO promised (vm, since, rpo) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![vm, promised.from.to_rfc3339(), promised.rpo])?;
            }
            tx.commit()
        })
    }

    /// Notes when VMs were saved, and forgets what was saved before a moment.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn note_saved(
        &self,
        saved: &[(String, Saved)],
        before: DateTime<Utc>,
    ) -> Result<(), LogError> {
        self.query("writing what was saved", |db| {
            let tx = db.transaction()?;
            for (vm, point) in saved {
                let (time, ready) = (point.time.timestamp_millis(), point.ready.timestamp_millis());
                tx.prepare_cached(
                    "INSERT OR IGNORE INTO saved (vm, time, ready) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![vm, time, ready])?;
            }
            let before = before.timestamp_millis();
            tx.execute("DELETE FROM saved WHERE ready < ?1", params![before])?;
            tx.commit()
        })
    }

    /// Returns when VMs were saved, as far as that was noted, oldest first.
    ///
    /// # Errors
    /// When it could not be read.
    pub fn saved(&self) -> Result<BTreeMap<String, Vec<Saved>>, LogError> {
        let rows: Vec<(String, i64, i64)> = self.query("reading what was saved", |db| {
            db.prepare("SELECT vm, time, ready FROM saved")?
                .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
                .collect()
        })?;
        let mut all: BTreeMap<String, Vec<Saved>> = BTreeMap::new();
        for (vm, time, ready) in rows {
            let moment = |millis| {
                let outside = || LogError::Record(format!("time {millis}"));
                DateTime::from_timestamp_millis(millis).ok_or_else(outside)
            };
            all.entry(vm).or_default().push(Saved { time: moment(time)?, ready: moment(ready)? });
        }
        Ok(all)
    }

    /// Returns how the disks of VMs in a repository changed, oldest first.
    ///
    /// # Errors
    /// When it could not be read.
    pub fn changes(&self, repository: &str) -> Result<BTreeMap<String, Vec<DiskChange>>, LogError> {
        let rows: Vec<(String, i64, i32, bool, [i64; 3])> =
            self.query("reading how disks changed", |db| {
                db.prepare(
                    "SELECT vm, sequence, disk, first, new, stored, used FROM changes
                     WHERE repository = ?1 ORDER BY vm, sequence, disk",
                )?
                .query_map(params![repository], |r| {
                    let change = [r.get(4)?, r.get(5)?, r.get(6)?];
                    Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, change))
                })?
                .collect()
            })?;
        let mut all: BTreeMap<String, Vec<DiskChange>> = BTreeMap::new();
        for (vm, sequence, disk, first, sums) in rows {
            let [new, stored, used] = sums.map(i64::cast_unsigned);
            let (sequence, change) = (sequence.cast_unsigned(), Change { new, stored, used });
            all.entry(vm).or_default().push(DiskChange { sequence, disk, first, change });
        }
        Ok(all)
    }

    /// Notes what recovery points of a repository brought to the disks of VMs and, at the same
    /// moment, the alarms that this raises: each is judged once, and none is lost in between.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn note_changes(
        &self,
        repository: &str,
        changes: &[(String, DiskChange)],
        alarms: &[AlarmRecord],
    ) -> Result<(), LogError> {
        let kept = i64::try_from(KEPT).unwrap_or(i64::MAX);
        let vms: BTreeSet<&str> = changes.iter().map(|(vm, _)| vm.as_str()).collect();
        self.query("writing how disks changed", |db| {
            let tx = db.transaction()?;
            for (vm, DiskChange { sequence, disk, first, change }) in changes {
                tx.prepare_cached(
                    "INSERT OR REPLACE INTO changes
                       (repository, vm, sequence, disk, first, new, stored, used)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    repository,
                    vm,
                    to_integer(*sequence),
                    disk,
                    first,
                    to_integer(change.new),
                    to_integer(change.stored),
                    to_integer(change.used)
                ])?;
            }
            for vm in vms {
                tx.prepare_cached(
                    "DELETE FROM changes WHERE repository = ?1 AND vm = ?2 AND sequence NOT IN (
                       SELECT DISTINCT sequence FROM changes WHERE repository = ?1 AND vm = ?2
                       ORDER BY sequence DESC LIMIT ?3)",
                )?
                .execute(params![repository, vm, kept])?;
            }
            alarms.iter().try_for_each(|alarm| put_alarm(&tx, alarm))?;
            tx.commit()
        })
    }

    /// Returns how each item name ended last in runs whose `spec` has one of `kinds` as its kind.
    ///
    /// # Errors
    /// When it could not be read.
    pub fn last_items(&self, kinds: &[&str]) -> Result<Vec<EndedItem>, LogError> {
        type Row = (String, String, String, Option<String>, String, String);
        let kinds: BTreeSet<&str> = kinds.iter().copied().collect();
        let kinds = serde_json::to_string(&kinds).unwrap_or_default();
        let rows: Vec<Row> = self.query("reading how items ended", |db| {
            // Of the columns that are not summed up SQLite takes those of the row with the highest.
            db.prepare(
                "SELECT run, name, outcome, items.started_at, items.ended_at, detail,
                   max(runs.rowid)
                 FROM items JOIN runs ON runs.id = items.run
                 WHERE outcome IS NOT NULL AND items.ended_at IS NOT NULL
                   AND json_extract(spec, '$.kind') IN (SELECT value FROM json_each(?1))
                 GROUP BY name",
            )?
            .query_map(params![kinds], |r| {
                Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?))
            })?
            .collect()
        })?;
        rows.into_iter()
            .map(|(run, name, outcome, started, ended, detail)| {
                let id = run.parse().map_err(|e| LogError::Record(format!("run id {run}: {e}")))?;
                let ended_at = parse_time(&ended)?;
                Ok(EndedItem {
                    run: id,
                    name,
                    outcome: from_text(&outcome)?,
                    started_at: started.as_deref().map_or(Ok(ended_at), parse_time)?,
                    ended_at,
                    detail: parse_json(&detail)?,
                })
            })
            .collect()
    }
}

fn put_alarm(tx: &Transaction<'_>, alarm: &AlarmRecord) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT OR REPLACE INTO alarms (key, kind, subject, since, told_at, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            alarm.key,
            alarm.kind,
            alarm.subject,
            alarm.since.to_rfc3339(),
            alarm.told_at.map(|told| told.to_rfc3339()),
            alarm.detail.to_string()
        ],
    )
    .map(drop)
}
