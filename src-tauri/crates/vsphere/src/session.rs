use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, SET_COOKIE};

use crate::client::Client;
use crate::endpoint::Endpoint;
use crate::error::{Unreachable, VsphereError};
use crate::http::{self, BodyError};
use crate::refs::MoRef;
use crate::soap::{self, Answer};
use crate::xml::{Node, XmlWriter};

/// No answer may be longer.
const MAX_REPLY: usize = 64 << 20;
const CALL_TIMEOUT: Duration = Duration::from_mins(3);
const COOKIE_NAME: &str = "vmware_soap_session";

/// The login of a client. The generation tells a caller whether somebody else has logged in again
/// since it looked.
#[derive(Debug)]
pub(crate) struct Session {
    cookie: Option<Arc<str>>,
    generation: u64,
    ended: bool,
}

impl Session {
    pub(crate) fn new() -> Self {
        Self { cookie: None, generation: 0, ended: false }
    }
}

/// One call, apart from its arguments.
pub(crate) struct Outgoing<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) http: &'a reqwest::Client,
    pub(crate) soap_action: &'a str,
    pub(crate) cookie: Option<&'a str>,
    pub(crate) action: &'a str,
    pub(crate) timeout: Duration,
}

/// What came back.
pub(crate) struct Incoming {
    pub(crate) answer: Answer,
    pub(crate) cookie: Option<Arc<str>>,
}

/// Sends one envelope. HTTP 200 is a result, 500 a fault, everything else an error.
pub(crate) async fn send(out: &Outgoing<'_>, body: String) -> Result<Incoming, VsphereError> {
    let unreadable = |source| VsphereError::Reply { action: out.action.to_owned(), source };
    let mut request = out
        .http
        .post(out.endpoint.url("/sdk"))
        .header(CONTENT_TYPE, "text/xml; charset=\"utf-8\"")
        .header("SOAPAction", out.soap_action)
        .timeout(out.timeout);
    if let Some(cookie) = out.cookie.and_then(secret_header) {
        request = request.header(COOKIE, cookie);
    }
    let response = match request.body(body).send().await {
        Ok(response) => response,
        Err(error) => return Err(http::failure(out.endpoint, error).await),
    };
    let status = response.status().as_u16();
    let http_error = || VsphereError::Http {
        server: out.endpoint.to_string(),
        action: out.action.to_owned(),
        status,
    };
    if !matches!(status, 200 | 500) {
        return Err(http_error());
    }
    let cookie = session_cookie(response.headers());
    let text = match http::text(response, MAX_REPLY).await {
        Ok(text) => text,
        Err(BodyError::Http(error)) => return Err(http::failure(out.endpoint, error).await),
        Err(BodyError::Reply(source)) => return Err(unreadable(source)),
    };
    match soap::answer(&text) {
        Ok(answer) => Ok(Incoming { answer, cookie }),
        Err(_) if status == 500 => Err(http_error()),
        Err(source) => Err(unreadable(source)),
    }
}

/// Takes the session cookie as it stands, quotes and all.
fn session_cookie(headers: &HeaderMap) -> Option<Arc<str>> {
    headers.get_all(SET_COOKIE).iter().find_map(|header| {
        let pair = header.to_str().ok()?.split(';').next()?.trim();
        let (name, value) = pair.split_once('=')?;
        (name == COOKIE_NAME && !value.is_empty()).then(|| Arc::from(pair))
    })
}

/// Marks a header so that no log shows it.
pub(crate) fn secret_header(value: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(value).ok()?;
    header.set_sensitive(true);
    Some(header)
}

impl Client {
    /// Calls a method that changes nothing; it is repeated after a cut connection or a new login.
    pub(crate) async fn read(
        &self,
        action: &str,
        method: &str,
        this: &MoRef,
        arguments: impl FnOnce(&mut XmlWriter),
    ) -> Result<Node, VsphereError> {
        self.read_raw(action, soap::envelope(method, this, arguments)).await
    }

    /// As [`Client::read`], with the envelope already made.
    pub(crate) async fn read_raw(&self, action: &str, body: String) -> Result<Node, VsphereError> {
        let mut attempts = 0;
        let mut renewed = false;
        loop {
            let (generation, result) = self.once(action, body.clone()).await;
            let error = match result {
                Ok(node) => return Ok(node),
                Err(error) => error,
            };
            match error {
                VsphereError::SessionExpired { .. } if !renewed => {
                    renewed = true;
                    self.renew(generation).await?;
                }
                error if transient(&error) && attempts < 2 => {
                    attempts += 1;
                    tokio::time::sleep(Duration::from_millis(500 * attempts)).await;
                }
                error => return Err(error),
            }
        }
    }

    /// Calls a method that changes something. It is sent once; the session is looked at before,
    /// so that an expired one does not fail the call.
    pub(crate) async fn change(
        &self,
        action: &str,
        method: &str,
        this: &MoRef,
        arguments: impl FnOnce(&mut XmlWriter),
    ) -> Result<Node, VsphereError> {
        self.ensure_session().await?;
        let (_, result) = self.once(action, soap::envelope(method, this, arguments)).await;
        result
    }

    /// Sends a call with the present session and returns that session's generation too.
    pub(crate) async fn once(
        &self,
        action: &str,
        body: String,
    ) -> (u64, Result<Node, VsphereError>) {
        let (generation, cookie) = self.cookie().await;
        let outgoing = self.outgoing(action, cookie.as_deref());
        let result = match send(&outgoing, body).await {
            Ok(Incoming { answer: Answer::Result(node), .. }) => Ok(node),
            Ok(Incoming { answer: Answer::Fault(fault), .. }) => {
                Err(VsphereError::from_fault(action, fault, false))
            }
            Err(error) => Err(error),
        };
        (generation, result)
    }

    fn outgoing<'a>(&'a self, action: &'a str, cookie: Option<&'a str>) -> Outgoing<'a> {
        Outgoing {
            endpoint: &self.inner.endpoint,
            http: &self.inner.http,
            soap_action: &self.inner.soap_action,
            cookie,
            action,
            timeout: CALL_TIMEOUT,
        }
    }

    /// Returns the cookie of the present session, and which session that is.
    pub(crate) async fn cookie(&self) -> (u64, Option<Arc<str>>) {
        let session = self.inner.session.lock().await;
        (session.generation, session.cookie.clone())
    }

    /// Logs in again unless somebody did so since `generation`.
    ///
    /// Everything bound to the old session (views, filters, leases) is gone afterwards.
    pub(crate) async fn renew(&self, generation: u64) -> Result<(), VsphereError> {
        let mut session = self.inner.session.lock().await;
        if session.generation != generation {
            return Ok(());
        }
        if session.ended {
            return Err(VsphereError::SessionExpired { action: "go on after logging out".into() });
        }
        tracing::info!(server = %self.endpoint(), "the session ended; logging in again");
        self.log_in_as(&mut session).await
    }

    pub(crate) async fn log_in(&self) -> Result<(), VsphereError> {
        let mut session = self.inner.session.lock().await;
        self.log_in_as(&mut session).await
    }

    async fn log_in_as(&self, session: &mut Session) -> Result<(), VsphereError> {
        const ACTION: &str = "log in";
        let body = soap::envelope("Login", &self.service().session_manager, |w| {
            w.text("userName", &self.inner.user);
            w.text("password", self.inner.password.expose());
            w.text("locale", "en_US");
        });
        let reply = send(&self.outgoing(ACTION, None), body).await?;
        match reply.answer {
            Answer::Result(_) => {
                let cookie = reply.cookie;
                session.cookie =
                    Some(cookie.ok_or_else(|| VsphereError::missing(ACTION, "a session"))?);
                session.generation += 1;
                Ok(())
            }
            Answer::Fault(fault) if fault.is("InvalidLogin") => Err(VsphereError::WrongPassword {
                server: self.server(),
                user: self.inner.user.clone(),
            }),
            Answer::Fault(fault) => Err(VsphereError::from_fault(ACTION, fault, false)),
        }
    }

    /// Logs in again if the session has ended.
    pub(crate) async fn ensure_session(&self) -> Result<(), VsphereError> {
        let (generation, alive) = self.session_alive().await?;
        if alive { Ok(()) } else { self.renew(generation).await }
    }

    /// Asks whether the session still exists. ESXi answers expired sessions with an empty list
    /// instead of a fault, so this looks for the session itself.
    pub(crate) async fn session_alive(&self) -> Result<(u64, bool), VsphereError> {
        const ACTION: &str = "look at the session";
        let manager = &self.service().session_manager;
        let body =
            soap::envelope("RetrievePropertiesEx", &self.service().property_collector, |w| {
                crate::property::object_spec(w, manager, &["currentSession"]);
                w.group("options", |_| {});
            });
        for attempt in 0..3 {
            let (generation, result) = self.once(ACTION, body.clone()).await;
            return match result {
                Ok(node) => {
                    let found = node.path("returnval.objects.propSet.val").is_some();
                    Ok((generation, found))
                }
                Err(VsphereError::SessionExpired { .. }) => Ok((generation, false)),
                Err(error) if transient(&error) && attempt < 2 => {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    continue;
                }
                Err(error) => Err(error),
            };
        }
        Err(VsphereError::missing(ACTION, "any state"))
    }

    /// Ends the session on the server. Later calls of any clone fail.
    ///
    /// # Errors
    /// As every call; an ended session is no error.
    pub async fn logout(&self) -> Result<(), VsphereError> {
        let cookie = {
            let mut session = self.inner.session.lock().await;
            session.ended = true;
            session.cookie.take()
        };
        let Some(cookie) = cookie else { return Ok(()) };
        const ACTION: &str = "log out";
        let body = soap::envelope("Logout", &self.service().session_manager, |_| {});
        let reply = send(&self.outgoing(ACTION, Some(&cookie)), body).await?;
        match reply.answer {
            Answer::Result(_) => Ok(()),
            Answer::Fault(fault) if fault.is("NotAuthenticated") => Ok(()),
            Answer::Fault(fault) => Err(VsphereError::from_fault(ACTION, fault, false)),
        }
    }
}

/// Failures after which a reading call is sent again.
pub(crate) fn transient(error: &VsphereError) -> bool {
    match error {
        VsphereError::Unreachable { reason, .. } => *reason == Unreachable::Cut,
        VsphereError::Http { status, .. } => matches!(status, 502..=504),
        _ => false,
    }
}
