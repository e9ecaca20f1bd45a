//! Plain GETs over verified TLS. Nothing is sent that says who asks.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use fs_err as fs;
use kuramori_platform::fs as durable;
use reqwest::redirect::Policy;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use tokio::io::AsyncWriteExt;
use url::Url;

use super::error::UpdateError;
use super::feed::Feed;
use crate::tls;

const CONNECT: Duration = Duration::from_secs(15);
/// Longest silence of a server that is delivering.
const SILENCE: Duration = Duration::from_secs(30);
const REDIRECTS: usize = 5;

/// Asks the update server.
pub(super) struct Fetcher {
    http: reqwest::Client,
}

impl Fetcher {
    /// Makes a client that trusts what the system trusts.
    pub(super) fn new(feed: &Feed) -> Result<Self, UpdateError> {
        let misbuilt = |e: Box<dyn Error + Send + Sync>| UpdateError::Misbuilt(e);
        let mut authority = None;
        if let Some(path) = &feed.authority {
            let pem = fs::read(path).map_err(UpdateError::disk("reading", path))?;
            let read = CertificateDer::from_pem_slice(&pem).map_err(|e| misbuilt(Box::new(e)))?;
            authority = Some(read);
        }
        let tls = tls::client(authority).map_err(|e| misbuilt(Box::new(e)))?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .redirect(Policy::limited(REDIRECTS))
            .referer(false)
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .build()
            .map_err(|e| misbuilt(Box::new(e)))?;
        Ok(Self { http })
    }

    async fn get(&self, url: &Url, what: &'static str) -> Result<reqwest::Response, UpdateError> {
        let response = self.http.get(url.clone()).send().await;
        response.and_then(reqwest::Response::error_for_status).map_err(|e| failure(url, what, e))
    }

    /// Returns a small file whole.
    pub(super) async fn small(
        &self,
        url: &Url,
        what: &'static str,
        most: u64,
    ) -> Result<Vec<u8>, UpdateError> {
        let mut response = self.get(url, what).await?;
        let mut bytes = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|e| failure(url, what, e))? {
            bytes.extend_from_slice(&piece);
            if bytes.len() as u64 > most {
                return Err(UpdateError::not_genuine(what, format!("longer than {most} bytes")));
            }
        }
        Ok(bytes)
    }

    /// Writes a file of exactly `size` bytes, durably. A part is left behind on an error.
    pub(super) async fn file(
        &self,
        url: &Url,
        size: u64,
        to: &Path,
        progress: impl Fn(u64),
    ) -> Result<(), UpdateError> {
        const WHAT: &str = "the package";
        let failed = || UpdateError::disk("writing", to);
        let mut response = self.get(url, WHAT).await?;
        let file = fs::File::create(to).map_err(failed())?;
        let mut file = tokio::fs::File::from_std(file.into_file());
        let mut done = 0;
        while let Some(piece) = response.chunk().await.map_err(|e| failure(url, WHAT, e))? {
            done += piece.len() as u64;
            if done > size {
                return Err(UpdateError::not_genuine(WHAT, format!("longer than {size} bytes")));
            }
            file.write_all(&piece).await.map_err(failed())?;
            progress(done);
        }
        if done != size {
            let why = format!("{done} bytes instead of {size}");
            return Err(UpdateError::not_genuine(WHAT, why));
        }
        file.flush().await.map_err(failed())?;
        let file = file.into_std().await;
        durable::sync_file(&file).map(drop).map_err(failed())
    }
}

fn failure(url: &Url, what: &'static str, error: reqwest::Error) -> UpdateError {
    let host = url.host_str().unwrap_or_default().to_owned();
    let error = error.without_url();
    if tls::bad_certificate(&error).is_some() {
        return UpdateError::Untrusted { host, source: Box::new(error) };
    }
    UpdateError::Unreachable { host, what, source: Box::new(error) }
}
