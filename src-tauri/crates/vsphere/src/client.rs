use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use kuramori_base::{CancelToken, Cancelled, Secret};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;

use crate::endpoint::Endpoint;
use crate::error::VsphereError;
use crate::http;
use crate::refs::MoRef;
use crate::service::{About, ServiceContent};
use crate::session::Session;
use crate::soap;
use crate::tls::{HostPin, Thumbprint};
use crate::transport::gate::HostGate;
use crate::xml::Node;

/// Where and how to log in.
#[derive(Debug)]
pub struct ConnectOptions {
    /// Name or address of the ESXi host or vCenter, see [`Endpoint::parse`].
    pub address: String,
    /// User name; a vCenter user with its domain.
    pub user: String,
    /// Password.
    pub password: Secret<String>,
    /// The certificate to take besides those the system trusts.
    pub pin: Option<Thumbprint>,
    /// How the session introduces itself, such as `Kuramori/0.1.0`.
    pub user_agent: String,
}

/// A logged-in session on one ESXi host or vCenter. Clones share it.
///
/// While any clone lives the session is kept alive; when it ends nevertheless, it is opened again
/// once and calls that only read are repeated. Calls are `async`; the disk readers and streams of
/// [`crate::transport`] block, and belong on threads outside the runtime.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) endpoint: Endpoint,
    pub(crate) http: reqwest::Client,
    pub(crate) pin: Option<HostPin>,
    pub(crate) user: String,
    pub(crate) password: Secret<String>,
    pub(crate) user_agent: String,
    pub(crate) soap_action: String,
    pub(crate) service: ServiceContent,
    pub(crate) session: Mutex<Session>,
    pub(crate) gate: Arc<HostGate>,
    handle: Handle,
    keep_alive: OnceLock<AbortHandle>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.inner.endpoint)
            .field("user", &self.inner.user)
            .finish_non_exhaustive()
    }
}

/// Longest list of interfaces or page that is still looked at.
const SMALL_REPLY: usize = 256 << 10;
const KEEP_ALIVE: Duration = Duration::from_mins(5);

impl Client {
    /// Logs in. Must be called inside a tokio runtime, which then carries the session.
    ///
    /// The certificate is checked in the handshake of the first request; the password leaves only
    /// after that, in the third.
    ///
    /// # Errors
    /// [`VsphereError::Address`], [`VsphereError::Unreachable`],
    /// [`VsphereError::UntrustedCertificate`], [`VsphereError::ChangedCertificate`],
    /// [`VsphereError::Tls`], [`VsphereError::NotVsphere`], [`VsphereError::WrongPassword`],
    /// [`VsphereError::NoPermission`] for a user without any role.
    pub async fn connect(options: ConnectOptions) -> Result<Self, VsphereError> {
        let endpoint = Endpoint::parse(&options.address)?;
        let pin = options.pin.map(HostPin::Sha256);
        let http = http::client(pin, &options.user_agent)?;
        let version = offered_version(&endpoint, &http).await?;
        let soap_action = format!("\"urn:vim25/{version}\"");
        let service = ServiceContent::fetch(&endpoint, &http, &soap_action).await?;
        let client = Self {
            inner: Arc::new(Inner {
                endpoint,
                http,
                pin,
                user: options.user,
                password: options.password,
                user_agent: options.user_agent,
                soap_action,
                service,
                session: Mutex::new(Session::new()),
                gate: Arc::new(HostGate::new()),
                handle: Handle::current(),
                keep_alive: OnceLock::new(),
            }),
        };
        client.log_in().await?;
        client.start_keep_alive();
        Ok(client)
    }

    /// Returns what the server says about itself.
    pub fn about(&self) -> &About {
        &self.inner.service.about
    }

    /// Returns where the server listens.
    pub fn endpoint(&self) -> &Endpoint {
        &self.inner.endpoint
    }

    /// Returns the runtime that carries the session; threads outside it may `block_on` it.
    pub fn handle(&self) -> &Handle {
        &self.inner.handle
    }

    /// Returns what time it is by the server's clock.
    ///
    /// # Errors
    /// When the server does not answer, or says no time.
    pub async fn server_time(&self) -> Result<DateTime<Utc>, VsphereError> {
        let action = "read the server's clock";
        let reply = self.current_time(action).await?;
        let time = reply.text_at("returnval").and_then(|t| DateTime::parse_from_rfc3339(t).ok());
        time.map(|time| time.to_utc()).ok_or_else(|| VsphereError::missing(action, "a time"))
    }

    async fn current_time(&self, action: &str) -> Result<Node, VsphereError> {
        let instance = MoRef::new("ServiceInstance", "ServiceInstance");
        self.read(action, "CurrentTime", &instance, |_| {}).await
    }

    pub(crate) fn service(&self) -> &ServiceContent {
        &self.inner.service
    }

    pub(crate) fn server(&self) -> String {
        self.inner.endpoint.to_string()
    }

    /// Idle sessions end after 30 minutes, and traffic of disk data does not count as use.
    fn start_keep_alive(&self) {
        let inner = Arc::downgrade(&self.inner);
        let task = self.inner.handle.spawn(async move {
            loop {
                tokio::time::sleep(KEEP_ALIVE).await;
                let Some(inner) = inner.upgrade() else { break };
                let client = Self { inner };
                if let Err(error) = client.current_time("keep the session alive").await {
                    tracing::warn!(server = %client.endpoint(), %error, "keep-alive failed");
                }
            }
        });
        // Cannot be set already: this runs once, before the client is handed out.
        if let Err(task) = self.inner.keep_alive.set(task.abort_handle()) {
            task.abort();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(task) = self.keep_alive.get() {
            task.abort();
        }
    }
}

/// Asks which interface version to speak. This is the first request, so it also finds out
/// whether anything like vSphere listens there.
async fn offered_version(
    endpoint: &Endpoint,
    http: &reqwest::Client,
) -> Result<String, VsphereError> {
    let not_vsphere = |why: String| VsphereError::NotVsphere { server: endpoint.to_string(), why };
    let url = endpoint.url("/sdk/vimServiceVersions.xml");
    let response = match http.get(url).timeout(Duration::from_mins(1)).send().await {
        Ok(response) => response,
        Err(error) => return Err(http::failure(endpoint, error).await),
    };
    let status = response.status();
    if matches!(status.as_u16(), 502..=504) {
        return Err(VsphereError::Http {
            server: endpoint.to_string(),
            action: "list its interfaces".to_owned(),
            status: status.as_u16(),
        });
    }
    if !status.is_success() {
        return Err(not_vsphere(format!("it answers HTTP status {}", status.as_u16())));
    }
    let text = match http::text(response, SMALL_REPLY).await {
        Ok(text) => text,
        Err(http::BodyError::Http(error)) => return Err(http::failure(endpoint, error).await),
        Err(http::BodyError::Reply(error)) => return Err(not_vsphere(error.to_string())),
    };
    soap::offered_version(&text)
        .ok_or_else(|| not_vsphere("it lists no vSphere interface".to_owned()))
}

/// Runs `work` until it is done or a stop is asked for.
///
/// The token has no waker; looking every 100 ms is soon enough for a person.
pub(crate) async fn cancellable<T>(
    cancel: &CancelToken,
    work: impl Future<Output = T>,
) -> Result<T, Cancelled> {
    let stopped = async {
        while !cancel.is_cancelled() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        biased;
        done = work => Ok(done),
        () = stopped => Err(Cancelled),
    }
}
