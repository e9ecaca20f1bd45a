//! Notices on their way to people: what waits survives a crash, and what was told already is known.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use crate::log::{from_text, parse_json, parse_time, to_text};
use crate::{LogError, RunLog};

/// How long it is remembered what was sent or told.
const REMEMBERED: TimeDelta = TimeDelta::days(90);

/// Where a letter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LetterState {
    /// It is to be sent.
    Waiting,
    /// Its receiver has it.
    Sent,
    /// Nobody tries any more.
    GivenUp,
}

/// A notice on one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    /// Its number; later letters have higher ones.
    pub id: i64,
    /// By which way it goes; interpreted by the writer.
    pub channel: String,
    /// What it says, as JSON; interpreted by the writer.
    pub content: serde_json::Value,
    /// When it was written.
    pub made_at: DateTime<Utc>,
    /// When it is tried next, while it waits.
    pub next_at: DateTime<Utc>,
    /// How often it was tried in vain.
    pub tries: u32,
    /// Where it stands.
    pub state: LetterState,
    /// What the other side said last.
    pub said: String,
    /// When it was sent or given up.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What is known to have been told about something.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// What it was, as JSON; interpreted by the writer.
    pub what: serde_json::Value,
    /// When.
    pub at: DateTime<Utc>,
}

const COLUMNS: &str = "id, channel, content, made_at, next_at, tries, state, said, ended_at";

impl RunLog {
    /// Writes letters that are to be sent, durably, all or none.
    ///
    /// # Errors
    /// When they could not be written.
    pub fn post(&self, letters: &[(String, serde_json::Value)]) -> Result<(), LogError> {
        let now = self.now().to_rfc3339();
        self.query("writing notices", |db| {
            let tx = db.transaction()?;
            for (channel, content) in letters {
                tx.execute(
                    "INSERT INTO letters (channel, content, made_at, next_at, state)
                     VALUES (?1, ?2, ?3, ?3, ?4)",
                    params![channel, content.to_string(), now, to_text(&LetterState::Waiting)],
                )?;
            }
            tx.commit()
        })
    }

    /// Records a letter that has ended already.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn record_letter(
        &self,
        channel: &str,
        content: &serde_json::Value,
        state: LetterState,
        said: &str,
    ) -> Result<(), LogError> {
        let now = self.now().to_rfc3339();
        self.query("recording a notice", |db| {
            db.execute(
                "INSERT INTO letters (channel, content, made_at, next_at, state, said, ended_at)
                 VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?3)",
                params![channel, content.to_string(), now, to_text(&state), said],
            )
        })?;
        Ok(())
    }

    /// Returns all letters that wait, oldest first.
    ///
    /// # Errors
    /// When they could not be read.
    pub fn waiting_letters(&self) -> Result<Vec<Letter>, LogError> {
        let sql = format!("SELECT {COLUMNS} FROM letters WHERE state = ?1 ORDER BY id");
        self.read_letters(&sql, params![to_text(&LetterState::Waiting)])
    }

    /// Returns the newest letters, newest first.
    ///
    /// # Errors
    /// When they could not be read.
    pub fn letters(&self, limit: u32) -> Result<Vec<Letter>, LogError> {
        let sql = format!("SELECT {COLUMNS} FROM letters ORDER BY id DESC LIMIT ?1");
        self.read_letters(&sql, params![limit])
    }

    fn read_letters(
        &self,
        sql: &str,
        params: &[&dyn rusqlite::ToSql],
    ) -> Result<Vec<Letter>, LogError> {
        type Row = (i64, [String; 6], u32, Option<String>);
        let rows: Vec<Row> = self.query("reading notices", |db| {
            db.prepare(sql)?
                .query_map(params, |r| {
                    let text = [r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(6)?, r.get(7)?];
                    Ok((r.get(0)?, text, r.get(5)?, r.get(8)?))
                })?
                .collect()
        })?;
        let letter = |(id, text, tries, ended): Row| {
            let [channel, content, made, next, state, said] = text;
            Ok(Letter {
                id,
                channel,
                content: parse_json(&content)?,
                made_at: parse_time(&made)?,
                next_at: parse_time(&next)?,
                tries,
                state: from_text(&state)?,
                said,
                ended_at: ended.as_deref().map(parse_time).transpose()?,
            })
        };
        rows.into_iter().map(letter).collect()
    }

    /// Records that a letter was sent or is given up.
    ///
    /// # Errors
    /// When it could not be written; a letter that was sent is then sent once more.
    pub fn end_letter(&self, id: i64, state: LetterState, said: &str) -> Result<(), LogError> {
        let now = self.now();
        self.query("recording a notice", |db| {
            db.execute(
                "UPDATE letters SET state = ?2, said = ?3, ended_at = ?4 WHERE id = ?1",
                params![id, to_text(&state), said, now.to_rfc3339()],
            )?;
            db.execute(
                "DELETE FROM letters WHERE ended_at < ?1",
                params![(now - REMEMBERED).to_rfc3339()],
            )
        })?;
        Ok(())
    }

    /// Puts off the letters of a channel that are due, after one of them was tried in vain.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn put_off_letters(
        &self,
        channel: &str,
        until: DateTime<Utc>,
        said: &str,
    ) -> Result<(), LogError> {
        let now = self.now().to_rfc3339();
        self.query("putting notices off", |db| {
            db.execute(
                "UPDATE letters SET tries = tries + 1, next_at = ?3, said = ?4
                 WHERE channel = ?1 AND state = ?2 AND next_at <= ?5",
                params![channel, to_text(&LetterState::Waiting), until.to_rfc3339(), said, now],
            )
        })?;
        Ok(())
    }

    /// Lets what waits on a channel be tried now: its settings changed.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn hurry_letters(&self, channel: &str) -> Result<(), LogError> {
        let now = self.now().to_rfc3339();
        self.query("putting notices forward", |db| {
            db.execute(
                "UPDATE letters SET next_at = ?3 WHERE channel = ?1 AND state = ?2",
                params![channel, to_text(&LetterState::Waiting), now],
            )
        })?;
        Ok(())
    }

    /// Returns what was told about something.
    ///
    /// # Errors
    /// When it could not be read.
    pub fn told(&self, key: &str) -> Result<Option<Told>, LogError> {
        Ok(self.all_told(key)?.into_iter().find(|(found, _)| found == key).map(|(_, told)| told))
    }

    /// Returns all that was told whose key begins with `prefix`.
    ///
    /// # Errors
    /// When it could not be read.
    pub fn all_told(&self, prefix: &str) -> Result<Vec<(String, Told)>, LogError> {
        let rows: Vec<(String, String, String)> = self.query("reading what was told", |db| {
            db.prepare(
                "SELECT key, what, at FROM told WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key",
            )?
            .query_map(params![prefix], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
            .collect()
        })?;
        rows.into_iter()
            .map(|(key, what, at)| {
                Ok((key, Told { what: parse_json(&what)?, at: parse_time(&at)? }))
            })
            .collect()
    }

    /// Remembers what was told about something; `None`: nothing is told about it any more.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn set_told(&self, key: &str, told: Option<&Told>) -> Result<(), LogError> {
        let old = (self.now() - REMEMBERED).to_rfc3339();
        self.query("recording what was told", |db| {
            let tx = db.transaction()?;
            tx.execute("DELETE FROM told WHERE key = ?1 OR at < ?2", params![key, old])?;
            if let Some(told) = told {
                tx.execute(
                    "INSERT INTO told (key, what, at) VALUES (?1, ?2, ?3)",
                    params![key, told.what.to_string(), told.at.to_rfc3339()],
                )?;
            }
            tx.commit()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use kuramori_base::{Clock, ManualClock};
    use serde_json::json;

    use super::*;

    fn bench() -> (tempfile::TempDir, Arc<ManualClock>, RunLog) {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new("2026-05-04T20:00:00Z".parse().unwrap()));
        let log = RunLog::open(&dir.path().join("runs.sqlite"), clock.clone()).unwrap();
        (dir, clock, log)
    }

    #[test]
    fn letters_wait_are_put_off_by_channel_and_end() {
        let (dir, clock, log) = bench();
        let one = |channel: &str, n: u32| (channel.to_owned(), json!({ "n": n }));
        log.post(&[one("mail", 1), one("mail", 2), one("webhook", 3)]).unwrap();
        let later = clock.now() + TimeDelta::minutes(5);
        log.put_off_letters("mail", later, "nobody there").unwrap();
        clock.advance(Duration::from_mins(1));
        log.post(&[one("mail", 4)]).unwrap();
        log.put_off_letters("mail", later, "still nobody").unwrap();

        drop(log);
        let log = RunLog::open(&dir.path().join("runs.sqlite"), clock.clone()).unwrap();
        let waiting = log.waiting_letters().unwrap();
        let tries: Vec<_> = waiting.iter().map(|l| (l.channel.as_str(), l.tries)).collect();
        assert_eq!(tries, [("mail", 1), ("mail", 1), ("webhook", 0), ("mail", 1)]);
        assert_eq!(waiting[0].next_at, later);
        assert_eq!(
            (waiting[0].said.as_str(), waiting[3].said.as_str()),
            ("nobody there", "still nobody")
        );

        log.hurry_letters("mail").unwrap();
        assert_eq!(log.waiting_letters().unwrap()[0].next_at, clock.now());
        log.end_letter(waiting[0].id, LetterState::Sent, "250 OK").unwrap();
        log.end_letter(waiting[1].id, LetterState::GivenUp, "535").unwrap();
        assert_eq!(log.waiting_letters().unwrap().len(), 2);
        let ended = log.letters(9).unwrap().pop().unwrap();
        assert_eq!((ended.state, ended.said.as_str()), (LetterState::Sent, "250 OK"));
        assert_eq!(ended.ended_at, Some(clock.now()));
    }

    #[test]
    fn what_was_told_is_known_until_it_is_over_or_very_old() {
        let (_dir, clock, log) = bench();
        let told = Told { what: json!(["vm1"]), at: clock.now() };
        log.set_told("job:a", Some(&told)).unwrap();
        log.set_told("job:b", Some(&told)).unwrap();
        assert_eq!(log.told("job:").unwrap(), None, "a key is no prefix");
        assert_eq!(log.told("job:a").unwrap(), Some(told.clone()));
        assert_eq!(log.told("job:c").unwrap(), None);
        log.set_told("job:a", None).unwrap();
        let keys: Vec<_> = log.all_told("job:").unwrap().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["job:b"]);
        clock.advance(Duration::from_hours(24 * 91));
        log.set_told("other", None).unwrap();
        assert_eq!(log.all_told("").unwrap(), []);
    }
}
