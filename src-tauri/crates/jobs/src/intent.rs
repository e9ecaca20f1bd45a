use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::log::{parse_json, parse_time};
use crate::{IntentId, LogError, RunId, RunLog};

/// A journalled promise to clean something up.
#[derive(Clone, Debug)]
pub struct Intent {
    /// Its id.
    pub id: IntentId,
    /// The run it was made in.
    pub run: RunId,
    /// Which crate's clean-up it is for.
    pub tag: String,
    /// What to clean up, as JSON; only the writer interprets it.
    pub payload: serde_json::Value,
    /// When it was made.
    pub made_at: DateTime<Utc>,
}

impl RunLog {
    /// Writes an intent durably. Call this before doing what the intent is about.
    ///
    /// # Errors
    /// When the record could not be made durable; then do not act.
    pub fn add_intent(
        &self,
        id: IntentId,
        run: RunId,
        tag: &str,
        payload: &serde_json::Value,
    ) -> Result<(), LogError> {
        self.query("adding an intent", |db| {
            db.execute(
                "INSERT INTO intents (id, run, tag, payload, made_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    id.to_string(),
                    run.to_string(),
                    tag,
                    payload.to_string(),
                    self.now().to_rfc3339()
                ],
            )
        })?;
        Ok(())
    }

    /// Replaces what an intent says, durably: its work has come to a point from which it is cleaned
    /// up in another way. Call this before going on.
    ///
    /// # Errors
    /// When the record could not be made durable, or is not there; then do not go on.
    pub fn update_intent(&self, id: IntentId, payload: &serde_json::Value) -> Result<(), LogError> {
        let changed = self.query("changing an intent", |db| {
            db.execute(
                "UPDATE intents SET payload = ?2 WHERE id = ?1",
                params![id.to_string(), payload.to_string()],
            )
        })?;
        match changed {
            1 => Ok(()),
            _ => Err(LogError::Record(format!("there is no intent {id}"))),
        }
    }

    /// Forgets an intent after its clean-up was confirmed. Unknown ids are fine.
    ///
    /// # Errors
    /// When the record could not be removed; the clean-up will then be tried once more.
    pub fn clear_intent(&self, id: IntentId) -> Result<(), LogError> {
        self.query("clearing an intent", |db| {
            db.execute("DELETE FROM intents WHERE id = ?1", params![id.to_string()])
        })?;
        Ok(())
    }

    /// Returns all intents that are still open, oldest first.
    ///
    /// # Errors
    /// When the records could not be read.
    pub fn intents(&self) -> Result<Vec<Intent>, LogError> {
        type Row = (String, String, String, String, String);
        let rows: Vec<Row> = self.query("reading the intents", |db| {
            db.prepare("SELECT id, run, tag, payload, made_at FROM intents ORDER BY rowid")?
                .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?)))?
                .collect()
        })?;
        rows.into_iter()
            .map(|(id, run, tag, payload, made_at)| {
                Ok(Intent {
                    id: id.parse().map_err(|e| LogError::Record(format!("intent id {id}: {e}")))?,
                    run: run.parse().map_err(|e| LogError::Record(format!("run id {run}: {e}")))?,
                    tag,
                    payload: parse_json(&payload)?,
                    made_at: parse_time(&made_at)?,
                })
            })
            .collect()
    }
}
