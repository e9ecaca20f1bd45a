//! The lease behind export and import: a task of the server that lives while it is told of
//! progress, and holds the VM until it is ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use kuramori_base::CancelToken;
use tokio::task::AbortHandle;

use crate::client::{Client, cancellable};
use crate::endpoint::Endpoint;
use crate::error::VsphereError;
use crate::fault::Fault;
use crate::http;
use crate::refs::MoRef;
use crate::tls::HostPin;
use crate::xml::Node;

/// A server may have to make files first, on slow storage.
const READY: Duration = Duration::from_mins(30);
/// Far below the five minutes after which a silent lease ends.
const PROGRESS: Duration = Duration::from_secs(15);

/// One file of a lease.
#[derive(Clone, Debug)]
pub(super) struct DeviceUrl {
    pub(super) key: String,
    pub(super) import_key: String,
    pub(super) url: String,
    pin: Option<HostPin>,
    disk: bool,
}

impl DeviceUrl {
    /// A file known by its key alone.
    #[cfg(test)]
    pub(super) fn with_key(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            import_key: String::new(),
            url: String::new(),
            pin: None,
            disk: true,
        }
    }

    fn from_node(node: &Node) -> Option<Self> {
        Some(Self {
            key: node.string_at("key").unwrap_or_default(),
            import_key: node.string_at("importKey").unwrap_or_default(),
            url: node.string_at("url")?,
            pin: node.text_at("sslThumbprint").and_then(HostPin::parse),
            disk: node.bool_at("disk").unwrap_or(true),
        })
    }
}

/// Returns the disks among the files of a lease.
pub(super) fn disk_urls(info: &Node) -> Vec<DeviceUrl> {
    let urls = info.all("deviceUrl").filter_map(DeviceUrl::from_node);
    urls.filter(|url| url.disk).collect()
}

/// A lease that is ready. Ending it by [`Lease::complete`] or [`Lease::abort`] is the rule;
/// dropping it aborts it as well as possible.
#[derive(Debug)]
pub(super) struct Lease {
    client: Client,
    reference: MoRef,
    pub(super) entity: Option<MoRef>,
    pub(super) disks: Vec<DeviceUrl>,
    percent: Arc<AtomicU8>,
    keeper: AbortHandle,
    ended: AtomicBool,
}

/// Where and through which connection a file of a lease is reached.
pub(super) struct Peer {
    pub(super) endpoint: Endpoint,
    pub(super) http: reqwest::Client,
    pub(super) url: String,
    /// Only the server itself gets the session; a host that it names does not.
    pub(super) with_session: bool,
}

impl Lease {
    /// Waits until a lease is ready.
    ///
    /// On failure and cancellation the lease is aborted.
    pub(super) async fn ready(
        client: &Client,
        action: &str,
        reply: &Node,
        cancel: &CancelToken,
    ) -> Result<Self, VsphereError> {
        let reference = reply.mo_at("returnval");
        let reference = reference.ok_or_else(|| VsphereError::missing(action, "a lease"))?;
        let mut lease = Self {
            client: client.clone(),
            keeper: keep(client, reference.clone(), Arc::default()),
            reference,
            entity: None,
            disks: Vec::new(),
            percent: Arc::default(),
            ended: AtomicBool::new(false),
        };
        let waited = tokio::time::timeout(READY, lease.wait(action));
        let info = match cancellable(cancel, waited).await {
            Ok(Ok(Ok(info))) => info,
            Ok(Ok(Err(error))) => return Err(lease.failed(error).await),
            Ok(Err(_)) => {
                let error = VsphereError::TimedOut { action: action.to_owned(), after: READY };
                return Err(lease.failed(error).await);
            }
            Err(cancelled) => return Err(lease.failed(cancelled.into()).await),
        };
        lease.entity = info.mo_at("entity");
        lease.disks = disk_urls(&info);
        lease.keeper.abort();
        lease.keeper = keep(client, lease.reference.clone(), Arc::clone(&lease.percent));
        Ok(lease)
    }

    async fn wait(&self, action: &str) -> Result<Node, VsphereError> {
        let mut pause = Duration::from_millis(100);
        loop {
            let paths = ["state", "error", "info"];
            let lease = self.client.properties(action, &self.reference, &paths).await?;
            match lease.text("state") {
                Some("ready") => {
                    let info = lease.get("info").cloned();
                    return info.ok_or_else(|| VsphereError::missing(action, "the lease's files"));
                }
                Some("error" | "done") => {
                    let fault = lease.get("error").map(Fault::from_localized);
                    let fault = fault.unwrap_or_else(|| Fault::of("MethodFault"));
                    return Err(VsphereError::from_fault(action, fault, true));
                }
                _ => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    /// Ends the lease after a failure and gives the failure back.
    async fn failed(&self, error: VsphereError) -> VsphereError {
        if let Err(abort) = self.abort().await {
            tracing::debug!(error = %abort, "the failed lease could not be aborted");
        }
        error
    }

    /// Notes how far the work is; the server hears of it within 15 seconds.
    pub(super) fn set_percent(&self, percent: u8) {
        self.percent.store(percent.min(100), Ordering::Relaxed);
    }

    /// Ends the lease well.
    pub(super) async fn complete(&self, action: &str) -> Result<(), VsphereError> {
        self.keeper.abort();
        let said = self.client.read(action, "HttpNfcLeaseProgress", &self.reference, |w| {
            w.text("percent", 100);
        });
        said.await?;
        self.client.change(action, "HttpNfcLeaseComplete", &self.reference, |_| {}).await?;
        self.ended.store(true, Ordering::Release);
        Ok(())
    }

    /// Ends the lease after a failure; an import then leaves nothing behind.
    pub(super) async fn abort(&self) -> Result<(), VsphereError> {
        self.keeper.abort();
        if self.ended.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        abort(&self.client, &self.reference).await
    }

    /// Finds out where a file is reached: on the server itself with its trust, or on a host that
    /// the server named together with the host's certificate.
    pub(super) fn peer(&self, file: &DeviceUrl) -> Result<Peer, VsphereError> {
        let own = self.client.endpoint();
        let odd = |why| VsphereError::Address { address: "a lease URL".to_owned(), why };
        let rest = file.url.strip_prefix("https://").ok_or_else(|| odd("it is not https"))?;
        let (authority, path) = rest.split_once('/').ok_or_else(|| odd("it has no path"))?;
        let star = authority == "*" || authority.starts_with("*:");
        let named = if star { own.clone() } else { Endpoint::parse(authority)? };
        let same = named == *own;
        let pin = if same { self.client.inner.pin } else { file.pin };
        Ok(Peer {
            http: http::client(pin, &self.client.inner.user_agent)?,
            url: named.url(&format!("/{path}")),
            endpoint: named,
            with_session: same,
        })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.keeper.abort();
        if !*self.ended.get_mut() {
            let (client, reference) = (self.client.clone(), self.reference.clone());
            self.client.handle().spawn(async move {
                if let Err(error) = abort(&client, &reference).await {
                    tracing::warn!(%error, lease = %reference, "a lease was left to its time-out");
                }
            });
        }
    }
}

async fn abort(client: &Client, lease: &MoRef) -> Result<(), VsphereError> {
    match client.change("abort a transfer", "HttpNfcLeaseAbort", lease, |_| {}).await {
        Ok(_) | Err(VsphereError::NotFound { .. }) => Ok(()),
        Err(VsphereError::Fault { fault, .. })
            if fault.is("InvalidState") || fault.is("Timedout") =>
        {
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Tells the server every 15 seconds that somebody is there.
fn keep(client: &Client, lease: MoRef, percent: Arc<AtomicU8>) -> AbortHandle {
    let client_of_task = client.clone();
    let task = client.handle().spawn(async move {
        loop {
            tokio::time::sleep(PROGRESS).await;
            let now = percent.load(Ordering::Relaxed);
            let action = "report the progress of a transfer";
            let said = client_of_task.read(action, "HttpNfcLeaseProgress", &lease, |w| {
                w.text("percent", now);
            });
            if let Err(error) = said.await {
                tracing::warn!(%error, lease = %lease, "the server did not take the progress");
            }
        }
    });
    task.abort_handle()
}
