//! Whether the clock of this computer is believed.
//!
//! Rules delete by the calendar, so a clock that is set ahead ends what it should not. A clock that
//! moved ahead of the time that passed, by more than an hour, was set, or the computer slept: nothing
//! is deleted until the clock of a server agrees.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kuramori_jobs::job::Job;

use super::JobWork;
use crate::access;
use crate::app::App;
use crate::dto::Topic;

/// Clocks may move or differ by this much without anything being made of it.
const MOST: TimeDelta = TimeDelta::hours(1);
/// How long after servers were asked they are asked again.
const AGAIN: Duration = Duration::from_mins(5);

/// What is known of the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Nothing speaks against it.
    Agrees,
    /// It moved, and no server was asked yet, or none answered.
    Unsure,
    /// It differs from that of a server.
    Differs {
        /// The server's name.
        server: String,
        /// How far it is ahead, in minutes.
        minutes: i64,
        /// Whether that was told.
        told: bool,
    },
}

/// Watches the clock for as long as the program runs.
#[derive(Clone)]
pub(super) struct ClockWatch(Arc<Mutex<Watched>>);

struct Watched {
    last: Option<(DateTime<Utc>, Duration)>,
    trust: Trust,
    asked: Option<Duration>,
}

impl Default for ClockWatch {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Watched { last: None, trust: Trust::Agrees, asked: None })))
    }
}

impl ClockWatch {
    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the clock. Returns whether servers are to be asked for theirs now.
    pub(super) fn look(&self, now: DateTime<Utc>, passed: Duration) -> bool {
        let mut watched = self.watched();
        if let Some((then, at)) = watched.last.replace((now, passed)) {
            let ran = TimeDelta::from_std(passed.saturating_sub(at)).unwrap_or(TimeDelta::MAX);
            let by_clock = now - then;
            if by_clock.checked_sub(&ran).is_some_and(|ahead| ahead > MOST) {
                tracing::warn!(%then, %now, "the clock moved ahead, or the computer slept");
                (watched.trust, watched.asked) = (Trust::Unsure, None);
            }
        }
        let due = watched.asked.is_none_or(|asked| passed.saturating_sub(asked) >= AGAIN);
        let ask = watched.trust != Trust::Agrees && due;
        if ask {
            watched.asked = Some(passed);
        }
        ask
    }

    /// Returns whether rules may delete.
    pub(super) fn is_believed(&self) -> bool {
        self.watched().trust == Trust::Agrees
    }

    /// Takes what servers said. One that agrees is enough: there, time goes as it does here.
    /// Returns whether that changed anything.
    pub(super) fn hear(&self, answers: &[(String, TimeDelta)]) -> bool {
        let mut watched = self.watched();
        let agrees = answers.iter().any(|(_, ahead)| ahead.abs() <= MOST);
        let before = watched.trust.clone();
        if agrees {
            watched.trust = Trust::Agrees;
        } else if let Some((server, ahead)) = answers.first() {
            let told = matches!(before, Trust::Differs { told: true, .. });
            let (server, minutes) = (server.clone(), ahead.num_minutes());
            watched.trust = Trust::Differs { server, minutes, told };
        }
        watched.trust != before
    }

    /// Returns by how many minutes the clock is ahead of which server, once for each time it is
    /// found to be wrong.
    pub(super) fn to_tell(&self) -> Option<(String, i64)> {
        match &mut self.watched().trust {
            Trust::Differs { server, minutes, told: told @ false } => {
                *told = true;
                Some((server.clone(), *minutes))
            }
            _ => None,
        }
    }

    /// Asks the servers of jobs for their time, aside.
    pub(super) fn ask(&self, app: &App, jobs: &[Job]) {
        let works = jobs.iter().filter_map(|job| JobWork::of(job).ok());
        let servers: BTreeSet<String> =
            works.flat_map(|work| work.sources).map(|source| source.server_id).collect();
        let (watch, app) = (self.clone(), app.clone());
        drop(tokio::spawn(async move {
            let mut answers = Vec::new();
            for id in servers {
                match ahead(&app, &id).await {
                    Ok(answer) => answers.push(answer),
                    Err(error) => tracing::info!(server = id, %error, "no time from a server"),
                }
            }
            if watch.hear(&answers) {
                app.inner.events.changed(Topic::Jobs, None);
            }
        }));
    }
}

/// Returns by how much the clock of this computer is ahead of that of a server.
async fn ahead(app: &App, id: &str) -> Result<(String, TimeDelta), crate::error::AppError> {
    let (server, client) = access::client(app, id).await?;
    let time = client.server_time().await;
    let time = time.map_err(|e| crate::convert::server(&e, &server.name))?;
    Ok((server.name, app.inner.clock.now() - time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_ahead_is_not_believed_until_a_server_agrees() {
        let watch = ClockWatch::default();
        let at = |hours: i64| DateTime::UNIX_EPOCH + TimeDelta::hours(hours);
        let ran = Duration::from_hours;
        assert!(!watch.look(at(0), ran(0)));
        assert!(!watch.look(at(30), ran(30)), "time that passes moves no clock");
        assert!(!watch.look(at(31), ran(30)) && watch.is_believed(), "an hour is no jump");
        assert!(!watch.look(at(20), ran(31)) && watch.is_believed(), "back is for others to see");
        assert!(watch.look(at(40), ran(32)));
        assert!(!watch.is_believed());
        assert!(!watch.look(at(40), ran(32)), "they were asked");
        assert!(!watch.hear(&[]), "nobody answered");
        assert!(watch.look(at(41), ran(33)), "they are asked again");
        let far = |hours| ("vc".to_owned(), TimeDelta::hours(hours));
        assert!(watch.hear(&[far(8)]) && !watch.is_believed());
        assert_eq!(watch.to_tell(), Some(("vc".to_owned(), 480)));
        assert_eq!(watch.to_tell(), None, "once");
        assert!(!watch.hear(&[far(8)]), "nothing new");
        assert_eq!(watch.to_tell(), None);
        assert!(watch.hear(&[far(8), far(0)]) && watch.is_believed());
    }
}
