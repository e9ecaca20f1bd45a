//! Sends what waits, puts off what does not get through, and tells of ways that do not work.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kuramori_base::Secret;
use kuramori_jobs::{Letter, LetterState, LogError, Told};
use url::Url;

use super::error::SendError;
use super::http::Caller;
use super::message::Message;
use super::{Notice, Notices, Weight, desktop, http, mail, settings, smtp};
use crate::app::{App, keychain_error};
use crate::dto::{
    ErrorCode, MailNotices, NoticeSettings, NoticeTested, NoticeWay, PingNotices, Topic,
};
use crate::error::AppError;
use crate::messages::notices as words;

/// How often it is looked what is due; sooner when something is posted.
const EVERY: Duration = Duration::from_secs(30);
/// For how long a letter is tried.
const TRIED: TimeDelta = TimeDelta::hours(24);
/// After how many minutes a letter is tried again; then each hour.
const AGAIN: [i64; 6] = [1, 2, 5, 10, 20, 40];
/// After how many tries in vain others are told, where trying again may help.
const TELL_AFTER: u32 = 3;

impl App {
    /// Sends notices and the weekly digest, for as long as the program lives.
    pub async fn keep_notices(&self) {
        let send = async {
            loop {
                self.inner.notices.deliver().await;
                // Whichever is first.
                drop(tokio::time::timeout(EVERY, self.inner.notices.posted.notified()).await);
            }
        };
        // Beside it: a share that does not answer is waited for when its room is asked.
        let sum_up = async {
            loop {
                super::digest::post_if_due(self).await;
                tokio::time::sleep(EVERY).await;
            }
        };
        tokio::join!(send, sum_up);
    }

    /// Sends what is due once, for a program that ends after it. What does not get through in that
    /// time waits for the next one.
    pub async fn deliver_notices(&self, patience: Duration) {
        if tokio::time::timeout(patience, self.inner.notices.deliver()).await.is_err() {
            tracing::info!("notices wait for the next start");
        }
    }
}

impl Notices {
    /// Sends what is due. Each way goes on until one of its letters does not get through.
    pub(super) async fn deliver(&self) {
        let _one_at_a_time = self.sending.lock().await;
        let now = self.parts.clock.now();
        let waiting = self.parts.log.waiting_letters();
        let lost = |error: &_| tracing::error!(%error, "the notices cannot be read");
        let waiting = waiting.inspect_err(lost).unwrap_or_default();
        let mut due: BTreeMap<String, Vec<Letter>> = BTreeMap::new();
        let open = |letter: &Letter| letter.next_at <= now && !self.is_done(letter.id);
        for letter in waiting.into_iter().filter(open) {
            due.entry(letter.channel.clone()).or_default().push(letter);
        }
        for (channel, letters) in due {
            if let Err(error) = self.deliver_by(&channel, &letters).await {
                tracing::error!(%error, "what became of a notice was not recorded");
            }
            self.parts.events.changed(Topic::Notices, None);
        }
    }

    async fn deliver_by(&self, channel: &str, letters: &[Letter]) -> Result<(), LogError> {
        let log = &self.parts.log;
        let settings = self.parts.settings.get().notices;
        for letter in letters {
            let Some(target) = Target::of(channel, &settings, letter) else {
                let said = words::switched_off(self.parts.settings.language());
                log.end_letter(letter.id, LetterState::GivenUp, said)?;
                continue;
            };
            let message: Message = match serde_json::from_value(letter.content.clone()) {
                Ok(message) => message,
                Err(error) => {
                    // A letter of another version.
                    log.end_letter(letter.id, LetterState::GivenUp, &error.to_string())?;
                    continue;
                }
            };
            match self.send(&target, &message).await {
                Ok(sent) => {
                    let refused = sent.refused.map(|e| (e.said(), e));
                    let said = refused.as_ref().map_or(&sent.said, |(said, _)| said);
                    self.note_done(letter.id);
                    log.end_letter(letter.id, LetterState::Sent, said)?;
                    match refused {
                        None => self.works(channel, target.way())?,
                        Some((_, error)) => self.broken(channel, target.way(), &error)?,
                    }
                }
                Err(error) => return self.failed(channel, letters, letter, target.way(), &error),
            }
        }
        Ok(())
    }

    /// Whether a letter was sent, though that could not be recorded.
    fn is_done(&self, letter: i64) -> bool {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).contains(&letter)
    }

    /// A letter that was sent is not sent again, even where its end cannot be written down.
    fn note_done(&self, letter: i64) {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).insert(letter);
    }

    /// Puts off what is due on a channel, gives up what was tried for a day, and tells of it.
    fn failed(
        &self,
        channel: &str,
        letters: &[Letter],
        tried: &Letter,
        way: NoticeWay,
        error: &SendError,
    ) -> Result<(), LogError> {
        let (log, now, said) = (&self.parts.log, self.parts.clock.now(), error.said());
        tracing::warn!(?way, said, "a notice did not get through");
        for old in letters.iter().filter(|l| l.id >= tried.id && now - l.made_at >= TRIED) {
            log.end_letter(old.id, LetterState::GivenUp, &said)?;
        }
        let tries = tried.tries.saturating_add(1);
        log.put_off_letters(channel, next(now, tries, error), &said)?;
        if tries >= TELL_AFTER || !error.passes() {
            self.broken(channel, way, error)?;
        }
        Ok(())
    }

    /// Tells by the other ways that one does not work, once.
    fn broken(&self, channel: &str, way: NoticeWay, error: &SendError) -> Result<(), LogError> {
        let (log, language) = (&self.parts.log, self.parts.settings.language());
        let key = format!("way:{channel}");
        if log.told(&key)?.is_some() {
            return Ok(());
        }
        let told = Told { what: serde_json::Value::Null, at: self.parts.clock.now() };
        log.set_told(&key, Some(&told))?;
        let view = error.for_people().view(language);
        let notice = Notice {
            key: format!("way:{way:?}").to_lowercase(),
            weight: Weight::Failure,
            title: words::way_broken(way, language),
            body: format!("{} {}", view.title, view.hints.join(" ")),
            run: None,
        };
        self.tell_but(notice, Some(way));
        Ok(())
    }

    /// Tells that a way that did not work does again.
    fn works(&self, channel: &str, way: NoticeWay) -> Result<(), LogError> {
        let (log, language) = (&self.parts.log, self.parts.settings.language());
        let key = format!("way:{channel}");
        if log.told(&key)?.is_none() {
            return Ok(());
        }
        log.set_told(&key, None)?;
        let (title, body) = words::way_mended(way, language);
        let key = format!("way:{way:?}").to_lowercase();
        let notice = Notice { key, weight: Weight::Recovery, title, body, run: None };
        self.tell_but(notice, Some(way));
        Ok(())
    }

    async fn send(&self, target: &Target<'_>, message: &Message) -> Result<smtp::Taken, SendError> {
        let said = |said| smtp::Taken { said, refused: None };
        match target {
            Target::Desktop => {
                let (title, body) = (message.title.clone(), message.body.clone());
                let shown = tokio::task::spawn_blocking(move || desktop::show(&title, &body)).await;
                shown.map_err(|e| SendError::Desktop(Box::new(e)))?.map(|()| said(String::new()))
            }
            Target::Mail(to) => {
                let password = if to.user.is_empty() {
                    None
                } else {
                    self.secret(settings::MAIL_PASSWORD).await?
                };
                if !to.user.is_empty() && password.is_none() {
                    let missing = AppError::new(ErrorCode::SecretMissing, &to.server);
                    return Err(SendError::Ours(missing));
                }
                smtp::send(to, password.as_ref(), &mail::mail(message, to)?).await
            }
            Target::Webhook(url) => {
                let secret = self.secret(settings::WEBHOOK_SECRET).await?;
                self.caller()?.post(url, secret.as_ref(), message).await.map(said)
            }
            Target::Ping(ping) => self.caller()?.ping(&ping.url, ping.method).await.map(said),
        }
    }

    fn caller(&self) -> Result<&Caller, AppError> {
        self.caller.get_or_init(Caller::new).as_ref().map_err(Clone::clone)
    }

    /// Asks the keychain, which may ask a person.
    async fn secret(&self, name: &'static str) -> Result<Option<Secret<String>>, AppError> {
        let keychain = self.parts.keychain.clone();
        let loaded = tokio::task::spawn_blocking(move || keychain.load(name)).await;
        loaded
            .map_err(|e| AppError::new(ErrorCode::Internal, "").because(&e))?
            .map_err(|e| keychain_error(&e).retryable(true))
    }

    /// Sends a notice that says it is a test, now, and returns what the other side answered.
    ///
    /// # Errors
    /// Why it did not arrive.
    pub(crate) async fn test(&self, way: NoticeWay, ping: u32) -> Result<NoticeTested, AppError> {
        let settings = self.parts.settings.get().notices;
        let nothing = |what: &str| AppError::new(ErrorCode::InvalidInput, what.to_owned());
        let target = match way {
            NoticeWay::Desktop => Target::Desktop,
            NoticeWay::Mail if settings.mail.server.is_empty() => {
                return Err(nothing("mail, which is not set up"));
            }
            NoticeWay::Mail => Target::Mail(&settings.mail),
            NoticeWay::Webhook if settings.webhook.url.is_empty() => {
                return Err(nothing("a webhook, which is not set up"));
            }
            NoticeWay::Webhook => Target::Webhook(&settings.webhook.url),
            NoticeWay::Ping => {
                let found = usize::try_from(ping).ok().and_then(|at| settings.pings.get(at));
                Target::Ping(found.ok_or_else(|| nothing("a ping, which is not set up"))?)
            }
        };
        let (title, body) = words::test(self.parts.settings.language());
        let notice =
            Notice { key: "test".to_owned(), weight: Weight::Test, title, body, run: None };
        let message = self.message(notice);
        let sent = self.send(&target, &message).await;
        let (state, said) = match &sent {
            Ok(sent) => (LetterState::Sent, sent.said.clone()),
            Err(error) => (LetterState::GivenUp, error.said()),
        };
        let content = serde_json::to_value(&message).unwrap_or_default();
        let recorded = self.parts.log.record_letter(&target.channel(), &content, state, &said);
        if let Err(error) = recorded {
            tracing::warn!(%error, "a test was not recorded");
        }
        self.parts.events.changed(Topic::Notices, None);
        match sent {
            Ok(smtp::Taken { refused: Some(error), .. }) | Err(error) => Err(error.for_people()),
            Ok(sent) => Ok(NoticeTested { said: sent.said }),
        }
    }
}

/// Where a letter goes.
enum Target<'s> {
    Desktop,
    Mail(&'s MailNotices),
    Webhook(&'s str),
    Ping(&'s PingNotices),
}

impl<'s> Target<'s> {
    /// Returns where a letter goes by the settings as they are now; `None` where nobody wants it.
    fn of(channel: &str, settings: &'s NoticeSettings, letter: &Letter) -> Option<Self> {
        let digest = letter.content["kind"] == "digest";
        let (mail, webhook) = (settings.mail.on, settings.webhook.on);
        match channel.split_once(':') {
            None if channel == "mail" => {
                let wanted = if digest { settings.digest.mail } else { mail };
                (wanted && !settings.mail.server.is_empty()).then_some(Self::Mail(&settings.mail))
            }
            None if channel == "webhook" => {
                let wanted = if digest { settings.digest.webhook } else { webhook };
                let url = &settings.webhook.url;
                (wanted && !url.is_empty()).then_some(Self::Webhook(url))
            }
            Some(("ping", url)) => {
                settings.pings.iter().find(|ping| ping.url == url).map(Self::Ping)
            }
            _ => None,
        }
    }

    fn way(&self) -> NoticeWay {
        match self {
            Self::Desktop => NoticeWay::Desktop,
            Self::Mail(_) => NoticeWay::Mail,
            Self::Webhook(_) => NoticeWay::Webhook,
            Self::Ping(_) => NoticeWay::Ping,
        }
    }

    fn channel(&self) -> String {
        match self {
            Self::Desktop => "desktop".to_owned(),
            Self::Mail(_) => "mail".to_owned(),
            Self::Webhook(_) => "webhook".to_owned(),
            Self::Ping(ping) => format!("ping:{}", ping.url),
        }
    }
}

/// Returns the way of a channel, and where it leads to without what is secret.
pub(super) fn shown(channel: &str, settings: &NoticeSettings) -> (NoticeWay, String) {
    let host = |url: &str| Url::parse(url).map(|url| http::host(&url)).unwrap_or_default();
    match channel.split_once(':') {
        Some(("ping", url)) => (NoticeWay::Ping, host(url)),
        _ if channel == "mail" => (NoticeWay::Mail, settings.mail.to.join(", ")),
        _ if channel == "webhook" => (NoticeWay::Webhook, host(&settings.webhook.url)),
        _ => (NoticeWay::Desktop, String::new()),
    }
}

/// Returns when to try again. What a person has to mend is tried each hour: a wrong password that
/// is tried more often may lock an account.
fn next(now: DateTime<Utc>, tries: u32, error: &SendError) -> DateTime<Utc> {
    let step = usize::try_from(tries.saturating_sub(1)).ok().and_then(|at| AGAIN.get(at));
    let minutes = step.copied().filter(|_| error.passes()).unwrap_or(60);
    now + TimeDelta::minutes(minutes)
}
