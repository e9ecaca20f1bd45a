//! Who is told of what.

use kuramori_app::dto::{
    LetterStateView, LetterView, MailSecurity, NoticeLevel, NoticeWay, NoticesView, PingMethod,
};

const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Shows who is told of what, and what was sent lately.
pub(crate) fn notices(view: &NoticesView) -> String {
    let settings = &view.settings;
    let mut text = format!("Desktop: {}\n", taken(settings.desktop.on, settings.desktop.level));
    text += &mail(view);
    text += &webhook(view);
    for (n, ping) in (1..).zip(&settings.pings) {
        let method = match ping.method {
            PingMethod::Get => "GET",
            PingMethod::Head => "HEAD",
        };
        let job =
            ping.job.as_deref().map_or_else(|| "any job".to_owned(), |id| format!("job {id}"));
        text += &format!("Ping {n}: {method} {} after {job}\n", ping.url);
    }
    let digest = &settings.digest;
    let ways = [("mail", digest.mail), ("webhook", digest.webhook)];
    let ways: Vec<_> = ways.iter().filter(|(_, on)| *on).map(|(way, _)| *way).collect();
    text += &match (ways.is_empty(), DAYS.get(usize::from(digest.weekday).saturating_sub(1))) {
        (false, Some(day)) => {
            format!("Digest: {day} at {}:00 by {}\n", digest.hour, ways.join(" and "))
        }
        _ => "Digest: off\n".to_owned(),
    };
    view.warnings.iter().for_each(|warning| text += &format!("! {warning}\n"));
    view.letters.iter().take(10).for_each(|one| text += &letter(one));
    text
}

fn taken(on: bool, level: NoticeLevel) -> &'static str {
    match (on, level) {
        (false, _) => "off",
        (true, NoticeLevel::Failures) => "failures",
        (true, NoticeLevel::Warnings) => "failures and warnings",
        (true, NoticeLevel::EveryRun) => "every run",
    }
}

fn mail(view: &NoticesView) -> String {
    let mail = &view.settings.mail;
    if mail.server.is_empty() {
        return "Mail: not set up\n".to_owned();
    }
    let security = match mail.security {
        MailSecurity::Tls => "TLS",
        MailSecurity::StartTls => "STARTTLS",
        MailSecurity::None => "not encrypted",
    };
    let user = match (mail.user.as_str(), view.mail_password) {
        ("", _) => String::new(),
        (user, true) => format!(" as {user}"),
        (user, false) => format!(" as {user}, without a password"),
    };
    let (on, to) = (taken(mail.on, mail.level), mail.to.join(", "));
    format!("Mail: {on}, to {to} through {}:{}, {security}{user}\n", mail.server, mail.port)
}

fn webhook(view: &NoticesView) -> String {
    let webhook = &view.settings.webhook;
    if webhook.url.is_empty() {
        return "Webhook: not set up\n".to_owned();
    }
    let signed = if view.webhook_secret { ", signed" } else { "" };
    format!("Webhook: {}, to {}{signed}\n", taken(webhook.on, webhook.level), webhook.url)
}

fn letter(one: &LetterView) -> String {
    let way = match one.way {
        NoticeWay::Desktop => "desktop",
        NoticeWay::Mail => "mail",
        NoticeWay::Webhook => "webhook",
        NoticeWay::Ping => "ping",
    };
    let state = match one.state {
        LetterStateView::Waiting if one.tries == 0 => "waits".to_owned(),
        LetterStateView::Waiting => format!("waits, tried {} times", one.tries),
        LetterStateView::Sent => "sent".to_owned(),
        LetterStateView::GivenUp => "given up".to_owned(),
    };
    let at = one.made_at.format("%Y-%m-%d %H:%M:%S");
    let said = if one.said.is_empty() { String::new() } else { format!(": {}", one.said) };
    format!("  {at}  {way}  {}  {state}{said}\n", one.title)
}
