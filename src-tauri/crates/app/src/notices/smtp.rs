//! Hands a mail to a server, step by step, so that it is known which step was refused. RFC 5321,
//! 3207 (STARTTLS), 8314 (TLS from the first byte), 4954 (sign-in).

use std::time::Duration;

use kuramori_base::Secret;
use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Response;

use super::error::SendError;
use crate::dto::{MailNotices, MailSecurity};
use crate::tls;

/// How long a server may take to pick up.
const CONNECT: Duration = Duration::from_secs(15);
/// How long all of it may take.
const ALL: Duration = Duration::from_mins(1);

/// How long a server may take to say good-bye.
const GOOD_BYE: Duration = Duration::from_secs(5);

/// What a server said when it took a mail.
#[derive(Debug)]
pub(super) struct Taken {
    /// In its words.
    pub(super) said: String,
    /// For whom it took none though it did for others.
    pub(super) refused: Option<SendError>,
}

/// Sends a mail.
///
/// # Errors
/// When the server has it for nobody.
pub(super) async fn send(
    settings: &MailNotices,
    password: Option<&Secret<String>>,
    mail: &Message,
) -> Result<Taken, SendError> {
    let whole = Session { settings, password };
    tokio::time::timeout(ALL, whole.send(mail)).await.unwrap_or_else(|late| {
        Err(SendError::Unreachable { host: settings.server.clone(), source: Box::new(late) })
    })
}

struct Session<'s> {
    settings: &'s MailNotices,
    password: Option<&'s Secret<String>>,
}

impl Session<'_> {
    async fn send(&self, mail: &Message) -> Result<Taken, SendError> {
        let mut connection = self.connect().await?;
        let sent = self.hand_over(&mut connection, mail).await;
        // It has the mail, or it has not; how it says good-bye changes nothing.
        drop(tokio::time::timeout(GOOD_BYE, connection.quit()).await);
        sent
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let MailNotices { server, port, security, user, .. } = self.settings;
        let hello = ClientId::default();
        let tls = || TlsParameters::builder(server.clone()).build_rustls();
        let tls = || tls().map_err(|e| self.connecting(e));
        let implicit = if *security == MailSecurity::Tls { Some(tls()?) } else { None };
        let at = (server.as_str(), *port);
        let connected =
            AsyncSmtpConnection::connect_tokio1(at, Some(CONNECT), &hello, implicit, None);
        let mut connection = connected.await.map_err(|e| self.connecting(e))?;
        if *security == MailSecurity::StartTls {
            let started = connection.starttls(tls()?, &hello).await;
            started.map_err(|e| self.encrypting(e))?;
        }
        if !user.is_empty() {
            let password = self.password.map_or("", |p| p.expose());
            let credentials = Credentials::new(user.clone(), password.to_owned());
            let signed_in = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials);
            signed_in.await.map_err(|e| self.signing_in(e))?;
        }
        Ok(connection)
    }

    async fn hand_over(
        &self,
        connection: &mut AsyncSmtpConnection,
        mail: &Message,
    ) -> Result<Taken, SendError> {
        let envelope = mail.envelope();
        let mut options = Vec::new();
        let mut addresses = envelope.from().into_iter().chain(envelope.to());
        if !addresses.all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                let said = "it takes addresses in ASCII only (no SMTPUTF8)".to_owned();
                return Err(SendError::Refused { host: self.host(), said, later: false });
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        let from = Mail::new(envelope.from().cloned(), options);
        connection.command(from).await.map_err(|e| self.step(e))?;
        let mut refused: Option<SendError> = None;
        let mut taken = 0;
        for to in envelope.to() {
            match connection.command(Rcpt::new(to.clone(), Vec::new())).await {
                Ok(_) => taken += 1,
                Err(error) if error.is_permanent() => {
                    let said = said(&error);
                    refused = Some(SendError::Recipient {
                        host: self.host(),
                        who: match refused {
                            Some(SendError::Recipient { who, .. }) => format!("{who}, {to}"),
                            _ => to.to_string(),
                        },
                        said,
                    });
                }
                Err(error) => return Err(self.step(error)),
            }
        }
        if let (0, Some(refused)) = (taken, refused.take_if(|_| taken == 0)) {
            return Err(refused);
        }
        connection.command(Data).await.map_err(|e| self.step(e))?;
        let body = mail.formatted();
        let answer = connection.message(&body).await.map_err(|e| self.step(e))?;
        Ok(Taken { said: words(&answer), refused })
    }

    fn host(&self) -> String {
        self.settings.server.clone()
    }

    fn connecting(&self, error: Error) -> SendError {
        if let Some(why) = tls::bad_certificate(&error) {
            return SendError::Certificate { host: self.host(), why: tls::in_words(why) };
        }
        // A server that speaks in the clear where TLS is expected, or the other way round.
        let mixed = tls::cause(&error).is_some() || error.is_tls() || error.is_response();
        let (host, source) = (self.host(), Box::new(error));
        if mixed {
            return SendError::NotEncrypted { host, source };
        }
        SendError::Unreachable { host, source }
    }

    fn encrypting(&self, error: Error) -> SendError {
        let refused = error.is_client() || error.status().is_some();
        if refused {
            return SendError::NotEncrypted { host: self.host(), source: Box::new(error) };
        }
        self.connecting(error)
    }

    fn signing_in(&self, error: Error) -> SendError {
        if error.is_permanent() || error.is_client() {
            return SendError::Login { host: self.host(), said: said(&error) };
        }
        self.step(error)
    }

    fn step(&self, error: Error) -> SendError {
        match error.status() {
            Some(_) => SendError::Refused {
                host: self.host(),
                said: said(&error),
                later: error.is_transient(),
            },
            None => SendError::Unreachable { host: self.host(), source: Box::new(error) },
        }
    }
}

/// What the server said, with its code.
fn said(error: &Error) -> String {
    let words = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    match error.status() {
        Some(code) => format!("{code} {words}").trim().to_owned(),
        None => words,
    }
}

fn words(answer: &Response) -> String {
    let lines: Vec<_> = answer.message().collect();
    format!("{} {}", answer.code(), lines.join(" ")).trim().to_owned()
}
