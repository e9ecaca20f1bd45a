//! Notices: one for each cause and one for its end, on the desktop, by mail, to a webhook; pings
//! after what went well; a digest each week.
//!
//! What is told is written down before anything is sent, in the file of runs, and sent by whoever
//! keeps jobs: no run waits for a mail server, and none fails by one. What does not arrive is tried
//! again for a day, and told by the other ways.

mod deliver;
mod desktop;
mod digest;
mod error;
mod http;
mod mail;
mod message;
mod runs;
mod settings;
mod smtp;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, OnceLock};

use kuramori_base::Clock;
use kuramori_jobs::{LetterState, RunId, RunLog, RunRecord, RunState, Told};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use self::http::Caller;
use self::message::Message;
use crate::app::App;
use crate::dto::{NoticeLevel, NoticeWay, Topic};
use crate::error::AppError;
use crate::events::EventHub;
use crate::runs::{LiveRun, summary};
use crate::secrets::Keychain;
use crate::settings::SettingsFile;

pub use desktop::announce;
pub(crate) use digest::Week;
pub(crate) use runs::named;
pub(crate) use settings::{set, view};

/// How weighty a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Weight {
    /// Something failed or is late: told by every way.
    Failure,
    /// Something to look at.
    Warning,
    /// The end of what was told as failed: told by every way.
    Recovery,
    /// Something ended well.
    Success,
    /// Somebody wants to see whether notices arrive.
    Test,
    /// The sum of a week.
    Digest,
}

/// Something that people are told.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// What it is about; the same for its end.
    pub(crate) key: String,
    /// How weighty it is.
    pub(crate) weight: Weight,
    /// In one line.
    pub(crate) title: String,
    /// In a few sentences.
    pub(crate) body: String,
    /// The run it is about.
    pub(crate) run: Option<RunId>,
}

/// Tells people something, by each way that takes it. Whoever calls sees to it that one cause is
/// told once. Returns at once; what stands in the way goes to the program's log.
pub(crate) fn tell(app: &App, notice: Notice) {
    app.inner.notices.tell(notice);
}

/// What notices need.
pub(crate) struct Parts {
    pub(crate) settings: Arc<SettingsFile>,
    pub(crate) log: Arc<RunLog>,
    pub(crate) keychain: Arc<dyn Keychain>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) events: Arc<EventHub>,
    /// Whether this program shows notices on the desktop.
    pub(crate) desktop: bool,
}

/// The notices of one opened application.
pub(crate) struct Notices {
    parts: Parts,
    caller: OnceLock<Result<Caller, AppError>>,
    /// Says that there is something to send.
    posted: Notify,
    /// Letters that were sent by this process.
    done: Mutex<HashSet<i64>>,
    /// Held by whoever sends.
    sending: tokio::sync::Mutex<()>,
    /// Where the desktop's notices are shown one after the other.
    screen: Option<Sender<Message>>,
}

impl Notices {
    pub(crate) fn open(parts: Parts) -> Self {
        let screen = parts.desktop.then(|| screen(parts.log.clone()));
        Self {
            parts,
            caller: OnceLock::new(),
            posted: Notify::new(),
            done: Mutex::default(),
            sending: tokio::sync::Mutex::default(),
            screen,
        }
    }

    /// Tells people something.
    pub(crate) fn tell(&self, notice: Notice) {
        self.tell_but(notice, None);
    }

    /// Tells by every way but the one that is broken.
    fn tell_but(&self, notice: Notice, broken: Option<NoticeWay>) {
        let weight = notice.weight;
        let message = self.message(notice);
        let settings = self.parts.settings.get().notices;
        let takes = |way, on, level| on && broken != Some(way) && takes(level, weight);
        let desktop = settings.desktop;
        if takes(NoticeWay::Desktop, desktop.on, desktop.level)
            && let Some(screen) = &self.screen
        {
            // It ends with the program only.
            drop(screen.send(message.clone()));
        }
        let mut channels = Vec::new();
        if takes(NoticeWay::Mail, settings.mail.on, settings.mail.level) {
            channels.push("mail");
        }
        if takes(NoticeWay::Webhook, settings.webhook.on, settings.webhook.level) {
            channels.push("webhook");
        }
        self.post(&channels, &message);
    }

    /// Writes a message down for each channel.
    fn post(&self, channels: &[&str], message: &Message) {
        if channels.is_empty() {
            return;
        }
        let posted = serde_json::to_value(message).map_err(|e| e.to_string()).and_then(|content| {
            let letters: Vec<_> =
                channels.iter().map(|c| ((*c).to_owned(), content.clone())).collect();
            self.parts.log.post(&letters).map_err(|e| e.to_string())
        });
        match posted {
            Ok(()) => self.posted.notify_one(),
            Err(error) => tracing::error!(error, "a notice is lost"),
        }
        self.parts.events.changed(Topic::Notices, None);
    }

    fn message(&self, notice: Notice) -> Message {
        let run = notice.run.and_then(|id| {
            let found = self.parts.log.run(id);
            let lost = |error: &_| tracing::error!(run = %id, %error, "a run cannot be read");
            found.inspect_err(lost).ok().flatten()
        });
        let (language, now) = (self.parts.settings.language(), self.parts.clock.now());
        Message::of(notice, run.as_ref(), language, now)
    }

    /// Tells that a run ended, where that is worth a notice.
    pub(crate) fn run_ended(&self, run: &LiveRun) {
        let record = run.record();
        // When the session ends, the next start makes good for it.
        if record.state != RunState::Interrupted {
            self.ended(&record);
        }
    }

    /// Tells of runs that are over and were recorded without having been live: those that a crash cut
    /// off, and what belongs to no run.
    pub(crate) fn recorded(&self, runs: &[RunId]) {
        for id in runs {
            match self.parts.log.run(*id) {
                Ok(Some(record)) => self.ended(&record),
                Ok(None) => {}
                Err(error) => tracing::error!(run = %id, %error, "a run cannot be read"),
            }
        }
    }

    fn ended(&self, record: &RunRecord) {
        let (log, language) = (&self.parts.log, self.parts.settings.language());
        let key = runs::key(&summary(record, language));
        let before = key.as_ref().and_then(|key| self.told(key));
        let ended = runs::ended(record, before.clone(), self.parts.clock.now(), language);
        if let Some(key) = key.filter(|_| ended.told != before)
            && let Err(error) = log.set_told(&key, ended.told.as_ref())
        {
            tracing::error!(%error, "what was told may be told once more");
        }
        if let Some(notice) = ended.notice {
            self.tell(notice);
        }
        if let Some((job, _)) = record.job.filter(|_| ended.all_well) {
            self.post_pings(&job.to_string());
        }
    }

    fn told(&self, key: &str) -> Option<Told> {
        let told = self.parts.log.told(key);
        told.inspect_err(|error| tracing::error!(%error, "what was told cannot be read"))
            .ok()
            .flatten()
    }

    /// Writes down that addresses are to be called: those of a job whose run went well, and those
    /// of all jobs unless another one failed last.
    fn post_pings(&self, job: &str) {
        let failed = self.parts.log.all_told("job:");
        let all_well = failed.is_ok_and(|failed| failed.is_empty());
        let settings = self.parts.settings.get().notices;
        let mine = settings.pings.iter().filter(|ping| match &ping.job {
            Some(of) => of == job,
            None => all_well,
        });
        let channels: Vec<String> = mine.map(|ping| format!("ping:{}", ping.url)).collect();
        let notice = Notice {
            key: "ping".to_owned(),
            weight: Weight::Success,
            title: "ping".to_owned(),
            body: String::new(),
            run: None,
        };
        let channels: Vec<&str> = channels.iter().map(String::as_str).collect();
        self.post(&channels, &self.message(notice));
    }
}

/// Returns whether a way takes a notice.
fn takes(level: NoticeLevel, weight: Weight) -> bool {
    match weight {
        Weight::Failure | Weight::Recovery | Weight::Test => true,
        Weight::Warning => level != NoticeLevel::Failures,
        Weight::Success => level == NoticeLevel::EveryRun,
        Weight::Digest => false,
    }
}

/// Shows what it is given on the desktop, on a thread of its own: a desktop may take its time.
fn screen(log: Arc<RunLog>) -> Sender<Message> {
    let (sender, messages) = mpsc::channel::<Message>();
    std::thread::spawn(move || {
        for message in messages {
            let (state, said) = match desktop::show(&message.title, &message.body) {
                Ok(()) => (LetterState::Sent, String::new()),
                Err(error) => {
                    // The run itself shows its failure; only the notice is lost.
                    tracing::warn!(error = error.said(), "the desktop showed no notice");
                    (LetterState::GivenUp, error.said())
                }
            };
            let content = serde_json::to_value(&message).unwrap_or_default();
            if let Err(error) = log.record_letter("desktop", &content, state, &said) {
                tracing::warn!(%error, "a notice was not recorded");
            }
        }
    });
    sender
}
