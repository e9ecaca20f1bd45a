//! The lab as a program, with VMs whose disks this harness makes and remembers.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result, ensure};
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, body::Bytes};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::programs;

/// The lab's datastore.
pub const DATASTORE: &str = "datastore1";

/// A running lab; it ends with this value.
pub struct Lab {
    /// Ends the process when dropped.
    _process: Child,
    address: Address,
    http: Client<HttpConnector, Full<Bytes>>,
}

/// The line that the lab prints when it is ready.
#[derive(Debug, Clone, Deserialize)]
pub struct Address {
    /// The vSphere endpoint, `https://…`.
    pub url: String,
    /// A user who may do everything.
    pub user: String,
    /// That user's password.
    pub password: String,
    /// SHA-256 of the certificate.
    pub certificate_sha256: String,
    control_url: String,
    token: String,
}

impl Lab {
    /// Starts a lab in the new folder `dir` with a VM for each name and disk image.
    ///
    /// # Errors
    /// When the program is not built, or does not say within a minute where it listens.
    pub async fn start(dir: &Path, vms: &[(&str, &Path)]) -> Result<Self> {
        fs_err::create_dir_all(dir)?;
        let mut command = Command::new(programs::built("kuramori-lab")?);
        command.args(["--listen", "127.0.0.1:0", "--dir"]).arg(dir);
        for (name, image) in vms {
            command.arg("--vm").arg(format!("{name}={}", image.display()));
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        command.stderr(fs_err::File::create(dir.with_extension("log"))?.into_parts().0);
        let mut process = command.spawn().context("starting kuramori-lab")?;
        let stdout = process.stdout.take().context("the lab's output was asked for")?;
        let mut line = String::new();
        timeout(Duration::from_mins(1), BufReader::new(stdout).read_line(&mut line))
            .await
            .context("the lab said nothing within a minute")??;
        let address: Address = serde_json::from_str(&line)
            .with_context(|| format!("the lab did not say where it listens: {line:?}"))?;
        let http = Client::builder(TokioExecutor::new()).build_http();
        Ok(Self { _process: process, address, http })
    }

    /// Where the lab listens, and who may log in.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Plays a write of the guest at `offset` bytes on disk `disk` of `vm`.
    pub async fn write(&self, vm: &str, disk: u32, offset: u64, bytes: &[u8]) -> Result<()> {
        let path = format!("/lab/v1/vms/{vm}/disks/{disk}/write?offset={offset}");
        self.control(Method::POST, &path, bytes).await.map(drop)
    }

    /// Makes the lab fail in a way it knows; `fault` is what `POST /lab/v1/faults` takes.
    pub async fn fail(&self, fault: &serde_json::Value) -> Result<()> {
        self.control(Method::POST, "/lab/v1/faults", &serde_json::to_vec(fault)?).await.map(drop)
    }

    /// Ends all faults.
    pub async fn heal(&self) -> Result<()> {
        self.control(Method::DELETE, "/lab/v1/faults", &[]).await.map(drop)
    }

    /// Returns the VMs with their disks and snapshots, as the control API tells them.
    pub async fn vms(&self) -> Result<serde_json::Value> {
        let body = self.control(Method::GET, "/lab/v1/vms", &[]).await?;
        serde_json::from_slice(&body).context("reading the lab's VMs")
    }

    /// Returns the bytes of a disk of `vm` as its guest sees them, read on the lab's side.
    pub async fn disk(&self, vm: &str, disk: u32) -> Result<Bytes> {
        let path = format!("/lab/v1/vms/{vm}/disks/{disk}/read");
        self.control(Method::GET, &path, &[]).await
    }

    async fn control(&self, method: Method, path: &str, body: &[u8]) -> Result<Bytes> {
        let line = format!("{method} {path}");
        let base = self.address.control_url.trim_end_matches('/');
        let request = Request::builder()
            .method(method)
            .uri(format!("{base}{path}"))
            .header("authorization", format!("Bearer {}", self.address.token))
            .header("content-type", "application/json") // what is not JSON is taken as it is
            .body(Full::new(Bytes::copy_from_slice(body)))?;
        let response = self.http.request(request).await.with_context(|| line.clone())?;
        let status = response.status();
        let answer = response.into_body().collect().await.with_context(|| line.clone())?.to_bytes();
        ensure!(
            status.is_success(),
            "{line}: {status} {}",
            String::from_utf8_lossy(&answer).trim_end()
        );
        Ok(answer)
    }
}
