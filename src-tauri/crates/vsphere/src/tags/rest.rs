//! The few questions to the REST interface, in its two spellings.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::error::VsphereError;
use crate::http::{self, BodyError};
use crate::session::secret_header;

/// No answer may be longer.
const MAX_REPLY: usize = 8 << 20;
const TIMEOUT: Duration = Duration::from_secs(30);
const SESSION: &str = "vmware-api-session-id";

/// Why a question was not answered.
#[derive(Debug)]
pub(super) enum RestError {
    /// An HTTP status that is no success.
    Status(u16),
    /// What came back is not what the question is answered with.
    Unreadable(String),
    /// The server was not reached.
    Server(VsphereError),
}

/// How the interface is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    /// `/api`, from 7.0 U2 on: answers are plain.
    Api,
    /// `/rest`: answers are wrapped.
    Rest,
}

#[derive(Deserialize)]
struct Wrapped<T> {
    value: T,
}

/// A session on the REST interface.
pub(super) struct Rest<'a> {
    client: &'a Client,
    dialect: Dialect,
    token: String,
}

impl<'a> Rest<'a> {
    /// Logs in, in the newer spelling if the server knows it.
    pub(super) async fn log_in(client: &'a Client) -> Result<Self, RestError> {
        match Self::log_in_as(client, Dialect::Api).await {
            // 6.5 to 7.0 U1 answer either of the two for a path they do not have.
            Err(RestError::Status(400 | 404 | 405)) => Self::log_in_as(client, Dialect::Rest).await,
            other => other,
        }
    }

    async fn log_in_as(client: &'a Client, dialect: Dialect) -> Result<Self, RestError> {
        let mut rest = Self { client, dialect, token: String::new() };
        let (user, password) = (&client.inner.user, client.inner.password.expose());
        let request =
            rest.request(Method::POST, rest.session_path()).basic_auth(user, Some(password));
        rest.token = rest.answer(request).await?;
        Ok(rest)
    }

    /// Ends the session. One that cannot be ended expires by itself.
    pub(super) async fn log_out(&self) {
        let request = self.request(Method::DELETE, self.session_path());
        if let Err(error) = request.send().await {
            tracing::debug!(error = %error.without_url(), "a REST session was left behind");
        }
    }

    fn session_path(&self) -> &'static str {
        match self.dialect {
            Dialect::Api => "/api/session",
            Dialect::Rest => "/rest/com/vmware/cis/session",
        }
    }

    /// Lists what there is of a kind, or reads one of it.
    pub(super) async fn get<T: for<'d> Deserialize<'d>>(
        &self,
        kind: &str,
        id: Option<&str>,
    ) -> Result<T, RestError> {
        let id = id.map(|id| utf8_percent_encode(id, NON_ALPHANUMERIC).to_string());
        let path = match (self.dialect, id) {
            (Dialect::Api, None) => format!("/api/cis/tagging/{kind}"),
            (Dialect::Api, Some(id)) => format!("/api/cis/tagging/{kind}/{id}"),
            (Dialect::Rest, None) => format!("/rest/com/vmware/cis/tagging/{kind}"),
            (Dialect::Rest, Some(id)) => format!("/rest/com/vmware/cis/tagging/{kind}/id:{id}"),
        };
        self.answer(self.request(Method::GET, &path)).await
    }

    /// Asks about what tags are attached to.
    pub(super) async fn act<T: for<'d> Deserialize<'d>>(
        &self,
        action: &str,
        question: &impl Serialize,
    ) -> Result<T, RestError> {
        let path = match self.dialect {
            Dialect::Api => format!("/api/cis/tagging/tag-association?action={action}"),
            Dialect::Rest => {
                format!("/rest/com/vmware/cis/tagging/tag-association?~action={action}")
            }
        };
        let body = serde_json::to_vec(question)
            .map_err(|error| RestError::Unreadable(error.to_string()))?;
        let request = self.request(Method::POST, &path);
        self.answer(request.header("Content-Type", "application/json").body(body)).await
    }

    /// Does something with one tag. Nothing comes back.
    pub(super) async fn act_on(
        &self,
        tag: &str,
        action: &str,
        question: &impl Serialize,
    ) -> Result<(), RestError> {
        let id = utf8_percent_encode(tag, NON_ALPHANUMERIC);
        let path = match self.dialect {
            Dialect::Api => format!("/api/cis/tagging/tag-association/{id}?action={action}"),
            Dialect::Rest => {
                format!("/rest/com/vmware/cis/tagging/tag-association/id:{id}?~action={action}")
            }
        };
        let body = serde_json::to_vec(question)
            .map_err(|error| RestError::Unreadable(error.to_string()))?;
        let request = self.request(Method::POST, &path);
        let request = request.header("Content-Type", "application/json").body(body);
        match request.send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(RestError::Status(response.status().as_u16())),
            Err(error) => {
                let endpoint = &self.client.inner.endpoint;
                Err(RestError::Server(http::failure(endpoint, error).await))
            }
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = self.client.inner.endpoint.url(path);
        let request = self.client.inner.http.request(method, url).timeout(TIMEOUT);
        match secret_header(&self.token).filter(|_| !self.token.is_empty()) {
            Some(token) => request.header(SESSION, token),
            None => request,
        }
    }

    async fn answer<T: for<'d> Deserialize<'d>>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, RestError> {
        let endpoint = &self.client.inner.endpoint;
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Err(RestError::Server(http::failure(endpoint, error).await)),
        };
        let status = response.status();
        if !matches!(status, StatusCode::OK | StatusCode::CREATED) {
            return Err(RestError::Status(status.as_u16()));
        }
        let text = match http::text(response, MAX_REPLY).await {
            Ok(text) => text,
            Err(BodyError::Http(error)) => {
                return Err(RestError::Server(http::failure(endpoint, error).await));
            }
            Err(BodyError::Reply(error)) => return Err(RestError::Unreadable(error.to_string())),
        };
        let unreadable = |error: serde_json::Error| RestError::Unreadable(error.to_string());
        match self.dialect {
            Dialect::Api => serde_json::from_str(&text).map_err(unreadable),
            Dialect::Rest => serde_json::from_str::<Wrapped<T>>(&text)
                .map(|wrapped| wrapped.value)
                .map_err(unreadable),
        }
    }
}
