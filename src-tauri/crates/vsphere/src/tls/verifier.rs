use std::fmt;
use std::sync::{Arc, OnceLock};

use ring::digest;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, ring as provider, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
};

use super::Thumbprint;
use super::thumbprint::{parse_hex, write_hex};

/// The one certificate taken besides those the system trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostPin {
    /// A fingerprint a person confirmed.
    Sha256(Thumbprint),
    /// A fingerprint a vCenter gave for one of its hosts over its own verified connection.
    Sha1([u8; 20]),
}

impl HostPin {
    /// Reads a fingerprint in either length, as servers write them.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let sha256 = || text.parse().ok().map(Self::Sha256);
        sha256().or_else(|| parse_hex(text).map(Self::Sha1))
    }

    fn matches(&self, certificate: &[u8]) -> bool {
        match self {
            Self::Sha256(print) => *print == Thumbprint::of_der(certificate),
            Self::Sha1(print) => {
                let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, certificate);
                digest.as_ref() == print
            }
        }
    }
}

impl fmt::Display for HostPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(print) => print.fmt(f),
            Self::Sha1(print) => write_hex(print, f),
        }
    }
}

/// Why a certificate was not taken. Travels through the TLS library to the caller.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the certificate {seen} is not trusted")]
pub(crate) struct TrustRefused {
    pub(crate) seen: Thumbprint,
    pub(crate) pinned: Option<HostPin>,
}

/// Returns the verifier of the roots the system trusts, or `None` where it has none.
fn system_verifier() -> Option<Arc<WebPkiServerVerifier>> {
    static SYSTEM: OnceLock<Option<Arc<WebPkiServerVerifier>>> = OnceLock::new();
    let load = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let builder = WebPkiServerVerifier::builder_with_provider(
            Arc::new(roots),
            Arc::new(provider::default_provider()),
        );
        builder.build().ok()
    };
    SYSTEM.get_or_init(load).clone()
}

/// Decides about the certificate a peer shows.
pub(super) trait Judge: fmt::Debug + Send + Sync {
    /// Takes or refuses `leaf`; `by_system` tells whether the system trusts it for this name.
    fn judge(&self, leaf: &CertificateDer<'_>, by_system: bool) -> Result<(), Error>;
}

/// Takes what the system trusts, else the pinned certificate, else nothing.
#[derive(Debug)]
struct Pin(Option<HostPin>);

impl Judge for Pin {
    fn judge(&self, leaf: &CertificateDer<'_>, by_system: bool) -> Result<(), Error> {
        if by_system || self.0.is_some_and(|pin| pin.matches(leaf)) {
            return Ok(());
        }
        let refused = TrustRefused { seen: Thumbprint::of_der(leaf), pinned: self.0 };
        Err(Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refused)))))
    }
}

/// Leaves the certificate to a judge, and lets the peer prove that it holds its key: without that
/// a pinned certificate proves nothing.
#[derive(Debug)]
struct Verifier<J> {
    judge: J,
    provider: Arc<CryptoProvider>,
}

impl<J: Judge> ServerCertVerifier for Verifier<J> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let by_system = system_verifier().is_some_and(|system| {
            system.verify_server_cert(end_entity, intermediates, server_name, ocsp, now).is_ok()
        });
        self.judge.judge(end_entity, by_system).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Returns the TLS settings for a peer with this pin: TLS 1.2 or newer.
pub(crate) fn client_config(pin: Option<HostPin>) -> ClientConfig {
    with_judge(Pin(pin))
}

pub(super) fn with_judge(judge: impl Judge + 'static) -> ClientConfig {
    let provider = Arc::new(provider::default_provider());
    ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("the provider supports TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { judge, provider }))
        .with_no_client_auth()
}
