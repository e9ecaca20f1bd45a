//! Notices to web addresses: the webhook, and pings.

use std::net::IpAddr;
use std::time::Duration;

use kuramori_base::Secret;
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder};
use ring::hmac;
use url::{Host, Url};

use super::error::SendError;
use super::message::{Message, one_line};
use crate::dto::{ErrorCode, PingMethod};
use crate::error::AppError;
use crate::tls;

/// Header with the HMAC-SHA256 of the body under the secret, in hex after `sha256=`.
const SIGNATURE: &str = "X-Kuramori-Signature";
const CONNECT: Duration = Duration::from_secs(15);
const ALL: Duration = Duration::from_secs(30);
/// Most of an answer that is read, in bytes, and shown, in characters.
const READ: usize = 4096;
const SHOWN: usize = 200;

/// Calls web addresses.
pub(super) struct Caller {
    /// Through the proxy of the system, where there is one.
    http: reqwest::Client,
    /// For addresses of this computer or network, which a proxy knows nothing of.
    near: reqwest::Client,
}

impl Caller {
    /// Makes a client that trusts what the system trusts and follows nobody elsewhere.
    pub(super) fn new() -> Result<Self, AppError> {
        let failed = |e: &dyn std::error::Error| AppError::new(ErrorCode::Internal, "").because(e);
        let tls = tls::client(None).map_err(|e| failed(&e))?;
        let builder = || {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .redirect(Policy::none())
                .referer(false)
                .user_agent(concat!("Kuramori/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT)
                .timeout(ALL)
        };
        let http = builder().build().map_err(|e| failed(&e))?;
        let near = builder().no_proxy().build().map_err(|e| failed(&e))?;
        Ok(Self { http, near })
    }

    fn client(&self, url: &Url) -> &reqwest::Client {
        if is_near(url) { &self.near } else { &self.http }
    }

    /// Posts a notice. Returns what the other side answered.
    ///
    /// # Errors
    /// When it did not take it.
    pub(super) async fn post(
        &self,
        url: &str,
        secret: Option<&Secret<String>>,
        message: &Message,
    ) -> Result<String, SendError> {
        let url = checked(url)?;
        let body = serde_json::to_vec(message)
            .map_err(|e| AppError::new(ErrorCode::Internal, "").because(&e))?;
        let mut request =
            self.client(&url).post(url.clone()).header("Content-Type", "application/json");
        if let Some(secret) = secret {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
            let mark = data_encoding::HEXLOWER.encode(hmac::sign(&key, &body).as_ref());
            request = request.header(SIGNATURE, format!("sha256={mark}"));
        }
        call(&url, request.body(body)).await
    }

    /// Calls an address. Returns what the other side answered.
    ///
    /// # Errors
    /// When it does not answer well.
    pub(super) async fn ping(&self, url: &str, method: PingMethod) -> Result<String, SendError> {
        let url = checked(url)?;
        let method = match method {
            PingMethod::Get => Method::GET,
            PingMethod::Head => Method::HEAD,
        };
        call(&url, self.client(&url).request(method, url.clone())).await
    }
}

async fn call(url: &Url, request: RequestBuilder) -> Result<String, SendError> {
    let host = host(url);
    let mut answer = request.send().await.map_err(|e| failure(&host, e))?;
    let status = answer.status();
    let mut body = Vec::new();
    while body.len() < READ {
        match answer.chunk().await {
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            // The status is what counts.
            Ok(None) | Err(_) => break,
        }
    }
    let words: String = String::from_utf8_lossy(&body).chars().take(SHOWN).collect();
    let said = without_secrets(&one_line(&format!("{status} {words}")), url);
    if status.is_success() {
        return Ok(said);
    }
    let later = status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429);
    Err(SendError::Refused { host, said, later })
}

fn failure(host: &str, error: reqwest::Error) -> SendError {
    let (host, error) = (host.to_owned(), error.without_url());
    if let Some(why) = tls::bad_certificate(&error) {
        return SendError::Certificate { host, why: tls::in_words(why) };
    }
    if tls::cause(&error).is_some() {
        return SendError::NotEncrypted { host, source: Box::new(error) };
    }
    SendError::Unreachable { host, source: Box::new(error) }
}

/// The path of such an address often is its password; some servers repeat it.
fn without_secrets(said: &str, url: &Url) -> String {
    let parts = url.path_segments().into_iter().flatten().chain(url.query());
    parts.filter(|part| part.len() >= 6).fold(said.to_owned(), |said, part| said.replace(part, "…"))
}

/// Returns where an address leads to, without what is secret in it.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Reads an address: `https`, or `http` to this computer or a private address.
///
/// # Errors
/// [`ErrorCode::InvalidInput`].
pub(super) fn checked(text: &str) -> Result<Url, AppError> {
    let wrong = |why: &str| AppError::new(ErrorCode::InvalidInput, why.to_owned());
    let url = Url::parse(text.trim()).map_err(|e| wrong("a web address").because(&e))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("a web address with a user or password in it"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_near(&url) => Ok(url),
        "http" => Err(wrong("http:// to another network, where all can read it: use https://")),
        other => Err(wrong(&format!("{other}:// as a web address: use https://"))),
    }
}

/// Returns whether an address is of this computer or of a private network, and says so itself: what
/// a name leads to may change.
fn is_near(url: &Url) -> bool {
    let near = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => near(ip.into()),
        Some(Host::Ipv6(ip)) => near(ip.into()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_could_read_is_refused_and_secrets_are_not_repeated() {
        for good in [
            "https://hooks.example/services/T0/B0/x",
            "http://localhost:8065/hooks/x",
            "http://127.0.0.1/x",
            "http://192.168.1.9/x",
            "http://10.0.0.1/",
            "http://[::1]/",
            "http://[fd00::1]:80/",
        ] {
            assert!(checked(good).is_ok(), "{good}");
        }
        for bad in [
            "http://hooks.example/x",
            "http://8.8.8.8/",
            "http://nas.local/",
            "ftp://x.example/",
            "https://user:pass@x.example/",
            "hooks.example",
            "",
        ] {
            let error = checked(bad).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidInput, "{bad}");
            assert!(!format!("{error:?}").contains("pass@"), "{error:?}");
        }
        let url = checked("https://h.example/services/abcdef123456?token=geheim").unwrap();
        assert_eq!(host(&url), "h.example");
        let said = without_secrets("404 no /services/abcdef123456?token=geheim here", &url);
        assert_eq!(said, "404 no /…/…?… here");
    }
}
