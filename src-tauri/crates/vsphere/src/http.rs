//! Plain HTTPS under everything: who is trusted, what is never followed, and what a failed
//! connection means.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use reqwest::redirect::Policy;
use tokio::net::TcpStream;

use crate::endpoint::Endpoint;
use crate::error::{ReplyError, Unreachable, VsphereError};
use crate::tls::{HostPin, TrustRefused, client_config};

const CONNECT: Duration = Duration::from_secs(15);
/// Makes a client for peers with this pin: no proxy, no redirect, no cookie store.
pub(crate) fn client(
    pin: Option<HostPin>,
    user_agent: &str,
) -> Result<reqwest::Client, VsphereError> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(client_config(pin))
        .https_only(true)
        .no_proxy()
        .redirect(Policy::none())
        .connect_timeout(CONNECT)
        .tcp_keepalive(Duration::from_secs(30))
        .pool_idle_timeout(Duration::from_mins(1))
        .tcp_nodelay(true)
        .user_agent(user_agent)
        .build()
        .map_err(|source| VsphereError::Tls {
            server: "any server".to_owned(),
            source: Box::new(source.without_url()),
        })
}

/// Opens a TCP connection, telling how it failed.
pub(crate) async fn dial(endpoint: &Endpoint) -> Result<TcpStream, VsphereError> {
    let failed = |source: io::Error, reason| VsphereError::Unreachable {
        server: endpoint.to_string(),
        reason,
        source: Some(Box::new(source)),
    };
    let found = tokio::net::lookup_host((endpoint.host(), endpoint.port())).await;
    let addresses: Vec<_> = found.map_err(|e| failed(e, Unreachable::UnknownName))?.collect();
    TcpStream::connect(&*addresses).await.map_err(|error| {
        let reason = reason_of(&error);
        failed(error, reason)
    })
}

/// Says what a failed request means. The URL is left out: it may carry a ticket.
pub(crate) async fn failure(endpoint: &Endpoint, error: reqwest::Error) -> VsphereError {
    let server = endpoint.to_string();
    let error = error.without_url();
    if let Some(refused) = find::<TrustRefused>(&error) {
        let seen = refused.seen;
        return match refused.pinned {
            Some(pinned) => {
                VsphereError::ChangedCertificate { server, pinned: pinned.to_string(), seen }
            }
            None => VsphereError::UntrustedCertificate { server, seen },
        };
    }
    if let Some(tls) = find::<rustls::Error>(&error) {
        return VsphereError::Tls { server, source: Box::new(tls.clone()) };
    }
    let mut reason = match find::<io::Error>(&error) {
        _ if error.is_timeout() => Unreachable::TimedOut,
        Some(io) => reason_of(io),
        None if error.is_connect() => Unreachable::Other,
        None => Unreachable::Cut,
    };
    if error.is_connect() && reason == Unreachable::Other {
        let known = tokio::net::lookup_host((endpoint.host(), endpoint.port())).await;
        if known.is_err() {
            reason = Unreachable::UnknownName;
        }
    }
    VsphereError::Unreachable { server, reason, source: Some(Box::new(error)) }
}

fn reason_of(error: &io::Error) -> Unreachable {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Unreachable::Refused,
        io::ErrorKind::TimedOut => Unreachable::TimedOut,
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Unreachable::Cut,
        _ => Unreachable::Other,
    }
}

/// Finds an error of a type among the causes. Some wrappers hide theirs from `source`.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| find::<T>(inner)) {
            return Some(found);
        }
        if let Some(rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other))) =
            error.downcast_ref::<rustls::Error>()
            && let Some(found) = other.0.downcast_ref::<T>()
        {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// Why a body was not collected.
pub(crate) enum BodyError {
    Http(reqwest::Error),
    Reply(ReplyError),
}

/// Collects a body as text, at most `limit` bytes.
pub(crate) async fn text(
    mut response: reqwest::Response,
    limit: usize,
) -> Result<String, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Http)? {
        if body.len() + chunk.len() > limit {
            return Err(BodyError::Reply(ReplyError::TooLong { limit }));
        }
        body.extend_from_slice(&chunk);
    }
    String::from_utf8(body).map_err(|_| BodyError::Reply(ReplyError::Missing("plain UTF-8 text")))
}
