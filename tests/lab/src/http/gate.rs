//! Who may use `/folder`, and how many at once.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;

use super::sdk::{cookies, text};
use crate::core::Core;
use crate::soap;

/// Lets a request in by ticket, session cookie or Basic credentials. Returns the cookie of a new
/// session.
#[expect(clippy::result_large_err, reason = "the refusal is the answer itself")]
pub(crate) fn admit(
    core: &Core,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Option<String>, Response> {
    let cookies = cookies(headers);
    if let Some(ticket) = cookies.as_deref().and_then(ticket) {
        let asked = format!("{method} {}", uri.path_and_query().map_or("/", |p| p.as_str()));
        // A ticket is good once, whether it fits or not.
        let granted = core.world().tickets.remove(&ticket);
        return match granted {
            Some(grant) if grant == asked => Ok(None),
            _ => Err(unauthorized()),
        };
    }
    if soap::cookie_session(core, cookies.as_deref()).is_some() {
        return Ok(None);
    }
    let agent = text(headers, header::USER_AGENT).unwrap_or_default();
    let basic = text(headers, header::AUTHORIZATION);
    let session = basic
        .as_deref()
        .and_then(credentials)
        .and_then(|(user, password)| soap::login_basic(core, &user, &password, &agent));
    session.map(|key| Some(soap::set_cookie(&key))).ok_or_else(unauthorized)
}

fn unauthorized() -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"VMware HTTP server\"")];
    (StatusCode::UNAUTHORIZED, challenge).into_response()
}

fn ticket(cookies: &str) -> Option<String> {
    cookies.split(';').find_map(|part| {
        let (name, value) = part.trim().split_once('=')?;
        (name == "vmware_cgi_ticket").then(|| value.trim_matches('"').to_string())
    })
}

pub(super) fn credentials(header: &str) -> Option<(String, String)> {
    let encoded = header.trim().strip_prefix("Basic ")?;
    let text = String::from_utf8(BASE64.decode(encoded.trim().as_bytes()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_string(), password.to_string()))
}

/// One of the places for requests under `/folder`; free again when dropped.
#[derive(Debug)]
pub(crate) struct Door(Arc<Core>);

/// Takes a place; `None` when all are taken.
pub(crate) fn enter(core: &Arc<Core>) -> Option<Door> {
    let inside = core.folder_active.fetch_add(1, Ordering::SeqCst) + 1;
    let door = Door(Arc::clone(core));
    if inside > core.options.folder_requests {
        core.stats.update(|s| s.folder_refused += 1);
        return None;
    }
    core.stats.update(|s| s.folder_peak = s.folder_peak.max(inside));
    Some(door)
}

impl Drop for Door {
    fn drop(&mut self) {
        self.0.folder_active.fetch_sub(1, Ordering::SeqCst);
    }
}
