//! Jobs in the file of runs.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Cause, Job, LastRun};
use crate::log::{from_text, parse_time, to_text};
use crate::{JobId, LogError, Outcome, RunId, RunLog, RunRecord, RunState, ScheduleId};

/// All jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jobs {
    /// The jobs.
    pub jobs: Vec<Job>,
    /// Names of those whose records make no sense.
    pub unreadable: Vec<String>,
}

impl RunLog {
    /// Writes a job, new or changed.
    ///
    /// # Errors
    /// [`LogError::NameTaken`] when another job is called so; when it could not be written.
    pub fn save_job(&self, job: &Job) -> Result<(), LogError> {
        let taken = self.query("looking for a name", |db| {
            db.query_row(
                "SELECT 1 FROM jobs WHERE name = ?1 AND id <> ?2",
                params![job.name, job.id.to_string()],
                |_| Ok(()),
            )
            .optional()
        })?;
        if taken.is_some() {
            return Err(LogError::NameTaken { name: job.name.clone() });
        }
        let now = self.now().to_rfc3339();
        self.query("writing a job", |db| {
            db.execute(
                "INSERT INTO jobs (id, name, definition, changed_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (id) DO UPDATE SET name = ?2, definition = ?3, changed_at = ?4",
                params![job.id.to_string(), job.name, to_text(job), now],
            )
        })?;
        Ok(())
    }

    /// Returns all jobs, by name. One whose record makes no sense keeps no other from its work.
    ///
    /// # Errors
    /// When they could not be read.
    pub fn jobs(&self) -> Result<Jobs, LogError> {
        let rows: Vec<(String, String)> = self.query("reading the jobs", |db| {
            db.prepare("SELECT name, definition FROM jobs ORDER BY name")?
                .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
                .collect()
        })?;
        let mut jobs = Jobs::default();
        for (name, text) in rows {
            match from_text(&text) {
                Ok(job) => jobs.jobs.push(job),
                Err(_) => jobs.unreadable.push(name),
            }
        }
        Ok(jobs)
    }

    /// Deletes a job. Its runs stay in the log. One that is not there is fine.
    ///
    /// # Errors
    /// When it could not be done.
    pub fn delete_job(&self, job: &Job) -> Result<(), LogError> {
        self.query("deleting a job", |db| {
            let tx = db.transaction()?;
            tx.execute("DELETE FROM jobs WHERE id = ?1", params![job.id.to_string()])?;
            for schedule in &job.schedules {
                tx.execute(
                    "DELETE FROM handled WHERE schedule = ?1",
                    params![schedule.id.to_string()],
                )?;
            }
            tx.commit()
        })
    }

    /// Returns up to when schedules were dealt with.
    ///
    /// # Errors
    /// When it could not be read.
    pub fn handled(&self) -> Result<BTreeMap<ScheduleId, DateTime<Utc>>, LogError> {
        let rows: Vec<(String, String)> = self.query("reading what was dealt with", |db| {
            db.prepare("SELECT schedule, until FROM handled")?
                .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
                .collect()
        })?;
        rows.into_iter()
            .map(|(id, until)| {
                let id = id.parse().map_err(|e| LogError::Record(format!("schedule {id}: {e}")))?;
                Ok((id, parse_time(&until)?))
            })
            .collect()
    }

    /// Counts a schedule as dealt with up to a moment.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn set_handled(&self, schedule: ScheduleId, until: DateTime<Utc>) -> Result<(), LogError> {
        self.query("recording what was dealt with", |db| set_handled(db, schedule, until))
    }

    /// Returns the last run of a job that ended, of those of the whole job or of what failed of it.
    /// One that somebody stopped counts as stopped, whatever had failed before.
    ///
    /// # Errors
    /// When it could not be read.
    pub fn last_run_of(&self, job: JobId) -> Result<Option<LastRun>, LogError> {
        type Row = (String, String, Option<String>, String);
        let row: Option<Row> = self.query("reading the last run of a job", |db| {
            db.query_row(
                "SELECT ended_at, state, cause, id FROM runs
                 WHERE job = ?1 AND ended_at IS NOT NULL AND cause <> ?2
                 ORDER BY rowid DESC LIMIT 1",
                params![job.to_string(), to_text(&Cause::AskedForPart)],
                |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)),
            )
            .optional()
        })?;
        let Some((ended, state, cause, id)) = row else { return Ok(None) };
        let run = run_id(&id)?;
        let ends = self.outcomes_of(run)?;
        let outcome = match from_text(&state)? {
            RunState::Done(Outcome::Failed) if ends.contains(&Outcome::Cancelled) => {
                Some(Outcome::Cancelled)
            }
            RunState::Done(outcome) => Some(outcome),
            RunState::Queued | RunState::Running | RunState::Interrupted => None,
        };
        let attempt = match cause.as_deref().map(from_text).transpose()? {
            Some(Cause::Retry { attempt }) => attempt,
            _ => 0,
        };
        let saved = ends.iter().any(|end| end.is_success());
        Ok(Some(LastRun { run, ended: parse_time(&ended)?, outcome, attempt, saved }))
    }

    /// Returns when the last run of a job that saved all of it ended.
    ///
    /// # Errors
    /// When it could not be read.
    pub fn last_good_run_of(&self, job: JobId) -> Result<Option<DateTime<Utc>>, LogError> {
        let good = [Outcome::Succeeded, Outcome::SucceededWithWarnings];
        let [well, warned] = good.map(|outcome| to_text(&RunState::Done(outcome)));
        let ended: Option<String> = self.query("reading the last good run of a job", |db| {
            db.query_row(
                "SELECT ended_at FROM runs
                 WHERE job = ?1 AND state IN (?2, ?3) AND cause <> ?4 AND ended_at IS NOT NULL
                 ORDER BY rowid DESC LIMIT 1",
                params![job.to_string(), well, warned, to_text(&Cause::AskedForPart)],
                |r| r.get(0),
            )
            .optional()
        })?;
        ended.as_deref().map(parse_time).transpose()
    }

    fn outcomes_of(&self, run: RunId) -> Result<Vec<Outcome>, LogError> {
        let texts: Vec<String> = self.query("reading how items ended", |db| {
            db.prepare("SELECT outcome FROM items WHERE run = ?1 AND outcome IS NOT NULL")?
                .query_map(params![run.to_string()], |r| r.get(0))?
                .collect()
        })?;
        texts.iter().map(|text| from_text(text)).collect()
    }

    /// Returns the newest run of a job, whether it ended or not.
    ///
    /// # Errors
    /// When it could not be read.
    pub fn newest_run_of(&self, job: JobId) -> Result<Option<RunRecord>, LogError> {
        let id: Option<String> = self.query("reading the newest run of a job", |db| {
            db.query_row(
                "SELECT id FROM runs WHERE job = ?1 ORDER BY rowid DESC LIMIT 1",
                params![job.to_string()],
                |r| r.get(0),
            )
            .optional()
        })?;
        id.map_or(Ok(None), |id| self.run(run_id(&id)?))
    }

    /// Returns the newest run of a job that began before another of it.
    ///
    /// # Errors
    /// When it could not be read.
    pub fn run_before(&self, job: JobId, run: RunId) -> Result<Option<RunRecord>, LogError> {
        let id: Option<String> = self.query("reading the run before", |db| {
            db.query_row(
                "SELECT id FROM runs WHERE job = ?1
                   AND rowid < (SELECT rowid FROM runs WHERE id = ?2)
                 ORDER BY rowid DESC LIMIT 1",
                params![job.to_string(), run.to_string()],
                |r| r.get(0),
            )
            .optional()
        })?;
        id.map_or(Ok(None), |id| self.run(run_id(&id)?))
    }

    /// Returns the names of what did not end well in the last run of a job, see
    /// [`RunLog::last_run_of`].
    ///
    /// # Errors
    /// When they could not be read.
    pub fn failed_of(&self, job: JobId) -> Result<Vec<String>, LogError> {
        let last = self.last_run_of(job)?.map(|last| last.run);
        let run = last.map(|run| self.run(run)).transpose()?.flatten();
        let items = run.map(|run| run.items).unwrap_or_default();
        let failed = |outcome| matches!(outcome, None | Some(Outcome::Failed | Outcome::Cancelled));
        Ok(items.into_iter().filter(|i| failed(i.outcome)).map(|i| i.name).collect())
    }
}

fn run_id(text: &str) -> Result<RunId, LogError> {
    text.parse().map_err(|e| LogError::Record(format!("run id {text}: {e}")))
}

pub(crate) fn set_handled(
    db: &Connection,
    schedule: ScheduleId,
    until: DateTime<Utc>,
) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO handled (schedule, until) VALUES (?1, ?2)
         ON CONFLICT (schedule) DO UPDATE SET until = ?2",
        params![schedule.to_string(), until.to_rfc3339()],
    )?;
    Ok(())
}
