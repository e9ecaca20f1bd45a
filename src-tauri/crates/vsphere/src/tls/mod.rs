//! Who a server is: system roots first, else one pinned certificate, decided inside the TLS
//! handshake. No request, and so no password, leaves before that.

mod certificate;
mod probe;
mod thumbprint;
mod verifier;

pub use probe::{CertificateSeen, probe_certificate};
pub use thumbprint::{Thumbprint, ThumbprintError};
pub(crate) use verifier::{HostPin, TrustRefused, client_config};

/// Whether a certificate says anything that is read, for tests of changed bytes.
#[cfg(feature = "testing")]
pub(crate) fn takes(der: &[u8]) -> bool {
    certificate::facts(der) != certificate::Facts::default()
}
