//! Who is told of what: looked at, changed and shown.

use kuramori_base::Secret;
use kuramori_jobs::LetterState;

use super::{Notices, deliver, digest, http, mail};
use crate::app::{App, keychain_error};
use crate::dto::{
    DigestNotices, ErrorCode, LetterStateView, LetterView, MailNotices, MailSecurity,
    NoticeSettings, NoticesView, SetNoticesRequest, Topic,
};
use crate::error::AppError;
use crate::jobs;
use crate::messages::notices as words;

/// Names in the keychain.
pub(super) const MAIL_PASSWORD: &str = "notices:mail";
pub(super) const WEBHOOK_SECRET: &str = "notices:webhook";

/// Notices that are shown.
const SHOWN: u32 = 50;
/// Most receivers of a mail, and most pings.
const MOST: usize = 50;

/// Shows who is told of what, and how that goes. Blocks.
///
/// # Errors
/// What the keychain or the file of runs says.
pub(crate) fn view(app: &App) -> Result<NoticesView, AppError> {
    let settings = app.inner.settings.get().notices;
    let kept = |name| {
        let found = app.inner.keychain.load(name).map_err(|e| keychain_error(&e))?;
        Ok::<_, AppError>(found.is_some())
    };
    let (mail_password, webhook_secret) = (kept(MAIL_PASSWORD)?, kept(WEBHOOK_SECRET)?);
    let letters = app.inner.log.letters(SHOWN).map_err(|e| jobs::failed(&e))?;
    let letters = letters.into_iter().map(|letter| {
        let (way, to) = deliver::shown(&letter.channel, &settings);
        LetterView {
            way,
            to,
            title: letter.content["title"].as_str().unwrap_or_default().to_owned(),
            state: match letter.state {
                LetterState::Waiting => LetterStateView::Waiting,
                LetterState::Sent => LetterStateView::Sent,
                LetterState::GivenUp => LetterStateView::GivenUp,
            },
            made_at: letter.made_at,
            ended_at: letter.ended_at,
            tries: letter.tries,
            said: letter.said,
        }
    });
    let letters = letters.collect();
    Ok(NoticesView {
        warnings: warnings(app, &settings, mail_password),
        letters,
        next_digest: digest::next(settings.digest, app.inner.clock.now()),
        settings,
        mail_password,
        webhook_secret,
    })
}

fn warnings(app: &App, settings: &NoticeSettings, mail_password: bool) -> Vec<String> {
    let (language, mail) = (app.language(), &settings.mail);
    let mut warnings = Vec::new();
    if !mail.server.is_empty() && mail.security == MailSecurity::None {
        warnings.push(words::in_the_clear(&mail.server, language));
    }
    if mail.on && !mail.user.is_empty() && !mail_password {
        warnings.push(words::no_password(&mail.server, language));
    }
    let urls = settings.pings.iter().map(|ping| &ping.url).chain([&settings.webhook.url]);
    for url in urls.filter_map(|url| http::checked(url).ok()).filter(|url| url.scheme() == "http") {
        warnings.push(words::in_the_clear(&http::host(&url), language));
    }
    warnings
}

/// Changes who is told of what. Blocks.
///
/// # Errors
/// [`ErrorCode::InvalidInput`] for what makes no sense, and what the keychain says.
pub(crate) fn set(app: &App, request: SetNoticesRequest) -> Result<(), AppError> {
    let SetNoticesRequest { settings, mail_password, webhook_secret } = request;
    let settings = checked(app, settings)?;
    let before = app.inner.settings.get().notices;
    let moved =
        |new: &MailNotices, old: &MailNotices| new.server != old.server || new.user != old.user;
    // A password is sent to whom it was typed for and to nobody else.
    let forgotten = moved(&settings.mail, &before.mail).then(String::new);
    keep(app, MAIL_PASSWORD, mail_password.or(forgotten))?;
    keep(app, WEBHOOK_SECRET, webhook_secret)?;
    app.inner.settings.change(|all| {
        all.notices = settings;
        Ok(())
    })?;
    for channel in ["mail", "webhook"] {
        app.inner.log.hurry_letters(channel).map_err(|e| jobs::failed(&e))?;
    }
    app.inner.notices.hurry();
    app.inner.events.changed(Topic::Notices, None);
    Ok(())
}

impl Notices {
    /// Says that what waits may be tried now.
    fn hurry(&self) {
        self.posted.notify_one();
    }
}

/// Keeps a secret; an empty one is forgotten, none stays as it is.
fn keep(app: &App, name: &str, secret: Option<String>) -> Result<(), AppError> {
    let keychain = &app.inner.keychain;
    let kept = match secret {
        None => Ok(()),
        Some(text) if text.is_empty() => keychain.forget(name),
        Some(text) => keychain.store(name, &Secret::new(text)),
    };
    kept.map_err(|e| keychain_error(&e))
}

/// Returns settings that can be used: trimmed, jobs by their ids.
fn checked(app: &App, mut new: NoticeSettings) -> Result<NoticeSettings, AppError> {
    let wrong = |what: &str| AppError::new(ErrorCode::InvalidInput, what.to_owned());
    let mail = &mut new.mail;
    for text in [&mut mail.server, &mut mail.from].into_iter().chain(&mut mail.to) {
        *text = text.trim().to_owned();
    }
    mail.to.retain(|to| !to.is_empty());
    let used = mail.on || new.digest.mail;
    if used && (mail.server.is_empty() || mail.to.is_empty()) {
        return Err(wrong("mail without a server or a receiver"));
    }
    if mail.server.contains(|c: char| c.is_whitespace() || "/@".contains(c)) || mail.port == 0 {
        return Err(wrong(&format!("“{}:{}” as a mail server", mail.server, mail.port)));
    }
    if mail.from.is_empty() {
        mail.from = mail.to.first().cloned().unwrap_or_default();
    }
    for address in mail.to.iter().chain([&mail.from]).filter(|address| !address.is_empty()) {
        mail::address(address)?;
    }
    if mail.to.len() > MOST || new.pings.len() > MOST {
        return Err(wrong(&format!("more than {MOST} receivers or pings")));
    }
    let webhook = &mut new.webhook;
    webhook.url = webhook.url.trim().to_owned();
    if webhook.on || new.digest.webhook || !webhook.url.is_empty() {
        http::checked(&webhook.url)?;
    }
    for ping in &mut new.pings {
        ping.url = http::checked(&ping.url)?.to_string();
        if let Some(job) = &ping.job {
            ping.job = Some(jobs::find(app, job)?.id.to_string());
        }
    }
    let DigestNotices { weekday, hour, .. } = new.digest;
    if !(1..=7).contains(&weekday) || hour > 23 {
        return Err(wrong(&format!("day {weekday} at {hour}:00 for a digest")));
    }
    Ok(new)
}
