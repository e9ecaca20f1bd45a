//! A notice as a mail: plain text and the same as simple HTML.

use std::time::SystemTime;

use chrono::Local;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart, SinglePart};

use super::message::Message;
use crate::dto::{ErrorCode, MailNotices};
use crate::error::AppError;
use crate::messages::notices as words;

/// One part of a mail.
enum Part {
    /// A sentence.
    Said(String),
    /// A name and what belongs to it.
    Named(&'static str, String),
    /// A name and a list.
    List(&'static str, Vec<String>),
}

/// Makes a mail of a notice.
///
/// # Errors
/// [`ErrorCode::InvalidInput`] for an address that is none.
pub(super) fn mail(message: &Message, settings: &MailNotices) -> Result<lettre::Message, AppError> {
    let from = address(&settings.from)?;
    let (_, domain) = settings.from.rsplit_once('@').unwrap_or(("", "localhost"));
    let domain = domain.trim_end_matches('>');
    let mut builder = lettre::Message::builder()
        .from(from)
        .subject(format!("[Kuramori] {}", message.title))
        .message_id(Some(format!("<{}@{domain}>", message.id)))
        .date(SystemTime::from(message.at))
        // No out-of-office answers to a program.
        .header(Automatic);
    for to in &settings.to {
        builder = builder.to(address(to)?);
    }
    let parts = parts(message);
    let signature =
        words::signature(&message.computer, message.at.with_timezone(&Local), message.language);
    let plain = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(plain(
        &message.title,
        &parts,
        &signature,
    ));
    let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(html(
        &message.title,
        &parts,
        &signature,
    ));
    let body = MultiPart::alternative().singlepart(plain).singlepart(html);
    builder.multipart(body).map_err(|e| {
        AppError::new(ErrorCode::InvalidInput, "a mail without sender or receiver").because(&e)
    })
}

/// Reads an address, with a name or without.
///
/// # Errors
/// [`ErrorCode::InvalidInput`].
pub(super) fn address(text: &str) -> Result<Mailbox, AppError> {
    text.parse().map_err(|e: lettre::address::AddressError| {
        AppError::new(ErrorCode::InvalidInput, format!("“{text}” as a mail address")).because(&e)
    })
}

/// `Auto-Submitted: auto-generated`, RFC 3834.
#[derive(Clone)]
struct Automatic;

impl lettre::message::header::Header for Automatic {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

fn parts(message: &Message) -> Vec<Part> {
    let words = words::mail_words(message.language);
    let Some(run) = &message.run else { return vec![Part::Said(message.body.clone())] };
    let mut parts = Vec::new();
    if let Some(error) = &run.error {
        parts.push(Part::Said(error.title.clone()));
        parts.push(Part::Named(words.risk, error.risk.clone()));
        parts.extend(error.why.clone().map(|why| Part::Named(words.why, why)));
        parts.push(Part::List(words.to_do, error.hints.clone()));
    } else {
        parts.push(Part::Said(message.body.clone()));
    }
    let about = [
        (words.job, run.job.clone().unwrap_or_default()),
        (words.server, run.server.clone().unwrap_or_default()),
        (words.repository, run.repository.clone()),
        (words.vms, run.vms.join(", ")),
    ];
    let about = about.into_iter().filter(|(_, what)| !what.is_empty());
    parts.extend(about.map(|(name, what)| Part::Named(name, what)));
    parts
}

fn plain(title: &str, parts: &[Part], signature: &str) -> String {
    let mut text = format!("{title}\n");
    for part in parts {
        match part {
            Part::Said(said) => text += &format!("\n{said}\n"),
            Part::Named(name, what) => text += &format!("\n{name}: {what}\n"),
            Part::List(name, list) => {
                text += &format!("\n{name}:\n");
                for line in list {
                    text += &format!("- {line}\n");
                }
            }
        }
    }
    format!("{text}\n-- \n{signature}\n").replace('\n', "\r\n")
}

fn html(title: &str, parts: &[Part], signature: &str) -> String {
    let mut text = format!("<h2>{}</h2>\n", escaped(title));
    for part in parts {
        match part {
            Part::Said(said) => text += &format!("<p>{}</p>\n", escaped(said)),
            Part::Named(name, what) => {
                text += &format!("<p><b>{}</b><br>{}</p>\n", escaped(name), escaped(what));
            }
            Part::List(name, list) => {
                text += &format!("<p><b>{}</b></p>\n<ul>\n", escaped(name));
                for line in list {
                    text += &format!("<li>{}</li>\n", escaped(line));
                }
                text += "</ul>\n";
            }
        }
    }
    let page = format!(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head><body>\n{text}<hr>\n<p>{}</p>\n\
         </body></html>\n",
        escaped(signature)
    );
    page.replace('\n', "\r\n")
}

/// Text that is no HTML, with its line breaks.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\n', "<br>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_calls_a_vm_is_no_html() {
        let parts = [Part::Said("<script>&\"x\"</script>\nnext".to_owned())];
        let page = html("a<b", &parts, "s");
        assert!(page.contains("<h2>a&lt;b</h2>"), "{page}");
        let said = "&lt;script&gt;&amp;&quot;x&quot;&lt;/script&gt;<br>\r\nnext";
        assert!(page.contains(said), "{page}");
    }

    #[test]
    fn what_is_no_address_is_refused_by_name() {
        for wrong in ["", "nobody", "a@b@c", "a b@c.example", "a@x.example\r\nBcc: b@x.example"] {
            let error = address(wrong).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidInput, "{wrong}");
        }
        assert!(address("Büro <office@shop.example>").is_ok());
    }
}
