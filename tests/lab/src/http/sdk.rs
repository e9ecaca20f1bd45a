//! `/sdk`.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;

use super::App;
use super::body::{Manners, from_bytes};
use crate::soap::{self, Answer, Request};

/// Larger requests are refused.
const MAX_REQUEST: usize = 8 << 20;

const XML: &str = "text/xml; charset=utf-8";

const VERSIONS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<namespaces version=\"1.0\">\n \
    <namespace>\n  <name>urn:vim25</name>\n  <version>8.0.3.0</version>\n  <priorVersions>\n   \
    <version>8.0.2.0</version>\n   <version>8.0.1.0</version>\n   <version>8.0.0.1</version>\n   \
    <version>7.0.3.2</version>\n   <version>7.0.3.0</version>\n   <version>7.0</version>\n   \
    <version>6.7.3</version>\n   <version>6.7</version>\n   <version>6.5</version>\n   \
    <version>6.0</version>\n   <version>5.5</version>\n  </priorVersions>\n </namespace>\n\
    </namespaces>\n";

pub(crate) async fn versions() -> Response {
    ([(header::CONTENT_TYPE, XML)], VERSIONS).into_response()
}

pub(crate) async fn welcome() -> Response {
    "Kuramori lab: a vSphere endpoint for tests\n".into_response()
}

pub(crate) async fn no_wsdl() -> StatusCode {
    StatusCode::NOT_FOUND
}

/// Returns a header as text.
pub(crate) fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_string)
}

/// Joins all `Cookie` headers.
pub(crate) fn cookies(headers: &HeaderMap) -> Option<String> {
    let all: Vec<&str> =
        headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok()).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

pub(crate) async fn call(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    let kind = text(&headers, header::CONTENT_TYPE).unwrap_or_default();
    if !kind.starts_with("text/xml") {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "text/xml is expected\n").into_response();
    }
    let limited = http_body_util::Limited::new(body, MAX_REQUEST);
    let Ok(bytes) = limited.collect().await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let Ok(body) = String::from_utf8(bytes.to_bytes().to_vec()) else {
        return (StatusCode::BAD_REQUEST, "the body is not UTF-8\n").into_response();
    };
    let request = Request {
        body,
        cookie: cookies(&headers),
        agent: text(&headers, header::USER_AGENT).unwrap_or_default(),
    };
    let core = app.core.clone();
    let answer = tokio::task::spawn_blocking(move || soap::handle(&core, &request)).await;
    match answer {
        Ok(answer) => respond(&app, answer),
        Err(error) => {
            tracing::error!(%error, "a call broke");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn respond(app: &App, answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let manners = Manners::at(&app.core, &answer.method);
    let length = answer.body.len();
    let mut response = Response::new(from_bytes(answer.body.into_bytes(), manners));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(XML));
    headers.insert(header::CONTENT_LENGTH, header::HeaderValue::from(length));
    let cookie = answer.set_cookie.and_then(|c| header::HeaderValue::from_str(&c).ok());
    if let Some(cookie) = cookie {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}
