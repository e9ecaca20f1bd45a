use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rustls::Error;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Thumbprint;
use super::certificate;
use super::verifier::{Judge, with_judge};
use crate::endpoint::Endpoint;
use crate::error::{Unreachable, VsphereError};

/// The certificate a server shows, for a person to decide on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSeen {
    /// Its fingerprint, to be pinned once it is trusted.
    pub sha256: Thumbprint,
    /// Whether the system trusts it for this name already, so that no pin is needed.
    pub trusted_by_system: bool,
    /// Whom it names, such as `CN=esxi1.lan`. Empty where it cannot be read.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// From when it is valid.
    pub not_before: Option<DateTime<Utc>>,
    /// Until when it is valid.
    pub not_after: Option<DateTime<Utc>>,
}

const PATIENCE: Duration = Duration::from_secs(15);

/// Looks at the certificate of a server. Nothing but the TLS handshake is sent.
///
/// # Errors
/// [`VsphereError::Address`], [`VsphereError::Unreachable`], or [`VsphereError::Tls`] when the
/// server does not complete a handshake.
pub async fn probe_certificate(address: &str) -> Result<CertificateSeen, VsphereError> {
    let endpoint = Endpoint::parse(address)?;
    let timed_out = || VsphereError::Unreachable {
        server: endpoint.to_string(),
        reason: Unreachable::TimedOut,
        source: None,
    };
    tokio::time::timeout(PATIENCE, look(&endpoint)).await.unwrap_or_else(|_| Err(timed_out()))
}

async fn look(endpoint: &Endpoint) -> Result<CertificateSeen, VsphereError> {
    let tcp = crate::http::dial(endpoint).await?;
    let tls = |source: Box<dyn std::error::Error + Send + Sync>| VsphereError::Tls {
        server: endpoint.to_string(),
        source,
    };
    let name = ServerName::try_from(endpoint.host()).map_err(|e| tls(Box::new(e)))?;
    let seen = Arc::new(Mutex::new(None));
    let config = with_judge(Recorder(Arc::clone(&seen)));
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect(name, tcp).await.map_err(|e| tls(Box::new(e)))?;
    close(stream).await;
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    seen.ok_or_else(|| tls("the server showed no certificate".into()))
}

/// Says goodbye; the peer's answer does not matter.
async fn close(mut stream: tokio_rustls::client::TlsStream<TcpStream>) {
    if let Err(error) = tokio::io::AsyncWriteExt::shutdown(&mut stream).await {
        tracing::debug!(%error, "closing after a look at the certificate failed");
    }
}

/// Takes every certificate and remembers it; used only where nothing is sent afterwards.
#[derive(Debug)]
struct Recorder(Arc<Mutex<Option<CertificateSeen>>>);

impl Judge for Recorder {
    fn judge(&self, leaf: &CertificateDer<'_>, by_system: bool) -> Result<(), Error> {
        let facts = certificate::facts(leaf);
        let seen = CertificateSeen {
            sha256: Thumbprint::of_der(leaf),
            trusted_by_system: by_system,
            subject: facts.subject,
            issuer: facts.issuer,
            not_before: facts.not_before,
            not_after: facts.not_after,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        Ok(())
    }
}
