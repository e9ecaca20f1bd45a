//! The lab's certificate, and a second one for pretending to be somebody else.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fs_err as fs;
use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::LabError;

/// Chooses the certificate of each connection.
#[derive(Debug)]
pub(crate) struct Certificates {
    right: Arc<CertifiedKey>,
    wrong: Arc<CertifiedKey>,
    use_wrong: AtomicBool,
}

impl Certificates {
    /// Reads the certificates in `dir`, making those that are not there.
    pub(crate) fn open(dir: &Path) -> Result<Self, LabError> {
        Ok(Self {
            right: load(dir, "certificate")?,
            wrong: load(dir, "wrong-certificate")?,
            use_wrong: AtomicBool::new(false),
        })
    }

    pub(crate) fn pretend(&self, wrong: bool) {
        self.use_wrong.store(wrong, Ordering::SeqCst);
    }

    /// Returns the certificate in DER.
    pub(crate) fn der(&self) -> &[u8] {
        &self.right.cert[0]
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let wrong = self.use_wrong.load(Ordering::SeqCst);
        Some(Arc::clone(if wrong { &self.wrong } else { &self.right }))
    }
}

fn fail(error: impl std::error::Error + Send + Sync + 'static) -> LabError {
    LabError::Certificate(Box::new(error))
}

fn load(dir: &Path, name: &str) -> Result<Arc<CertifiedKey>, LabError> {
    let cert_path = dir.join(format!("{name}.pem"));
    let key_path = dir.join(format!("{name}-key.pem"));
    if !cert_path.exists() || !key_path.exists() {
        let names = ["localhost".to_string(), "127.0.0.1".to_string(), "::1".to_string()];
        let mut params = CertificateParams::new(names).map_err(fail)?;
        params.distinguished_name.push(DnType::CommonName, "lab.lab.test");
        params.distinguished_name.push(DnType::OrganizationName, "Kuramori lab");
        let key = KeyPair::generate().map_err(fail)?;
        let cert = params.self_signed(&key).map_err(fail)?;
        fs::write(&key_path, key.serialize_pem()).map_err(LabError::io(&key_path))?;
        fs::write(&cert_path, cert.pem()).map_err(LabError::io(&cert_path))?;
    }
    let pem = fs::read(&cert_path).map_err(LabError::io(&cert_path))?;
    let cert = CertificateDer::from_pem_slice(&pem).map_err(fail)?;
    let pem = fs::read(&key_path).map_err(LabError::io(&key_path))?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(fail)?;
    let key = rustls::crypto::ring::sign::any_supported_type(&key).map_err(fail)?;
    Ok(Arc::new(CertifiedKey::new(vec![cert], key)))
}

/// Returns a digest in upper-case pairs joined by colons, as the API shows thumbprints.
pub(crate) fn thumbprint(algorithm: &'static ring::digest::Algorithm, der: &[u8]) -> String {
    let digest = ring::digest::digest(algorithm, der);
    let pairs: Vec<String> = digest.as_ref().iter().map(|b| format!("{b:02X}")).collect();
    pairs.join(":")
}
