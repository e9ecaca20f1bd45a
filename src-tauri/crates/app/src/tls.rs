//! TLS to servers that a public or company authority vouches for.

use std::error::Error;
use std::io;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

/// Makes a client that trusts what the system trusts, and `authority`.
///
/// # Errors
/// When the authority's certificate makes no sense.
pub(crate) fn client(
    authority: Option<CertificateDer<'static>>,
) -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(authority) = authority {
        roots.add(authority)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Looks for the TLS library's word, which may lie inside an I/O error.
pub(crate) fn cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(word) = error.downcast_ref() {
            return Some(word);
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(word) = inner.and_then(|inner| cause(inner)) {
            return Some(word);
        }
        next = error.source();
    }
    None
}

/// Looks for what is wrong with a certificate.
pub(crate) fn bad_certificate<'e>(
    error: &'e (dyn Error + 'static),
) -> Option<&'e rustls::CertificateError> {
    match cause(error) {
        Some(rustls::Error::InvalidCertificate(why)) => Some(why),
        _ => None,
    }
}

/// Says what is wrong with a certificate.
pub(crate) fn in_words(why: &rustls::CertificateError) -> String {
    use rustls::CertificateError as C;
    let words = match why {
        C::UnknownIssuer => "no authority that this computer trusts has signed it",
        C::Expired | C::ExpiredContext { .. } => "it has expired",
        C::NotValidYet | C::NotValidYetContext { .. } => "it is not valid yet",
        C::NotValidForName | C::NotValidForNameContext { .. } => "it is for another name",
        C::Revoked => "it was withdrawn",
        other => return other.to_string(),
    };
    words.to_owned()
}
