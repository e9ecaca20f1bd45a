use std::io::{self, Read};
use std::time::Duration;

use bytes::{Buf, Bytes};
use kuramori_base::{CancelToken, Cancelled, Hint, Retry};
use reqwest::header::COOKIE;
use tokio::sync::mpsc;

use super::device_key;
use super::lease::{Lease, Peer};
use crate::DiskKey;
use crate::client::{Client, cancellable};
use crate::error::{Unreachable, VsphereError};
use crate::hardware::{VmConfig, VmHardware};
use crate::http;
use crate::refs::{MoRef, SnapshotRef, VmRef};
use crate::session::secret_header;

/// The host has to open the disk before the first byte, and to compress before each next one.
const SILENCE: Duration = Duration::from_mins(5);
/// Pieces read ahead of the consumer. A piece is what one read of the connection brings.
const AHEAD: usize = 32;

/// Why a disk could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The lease has no file for the disk.
    #[error("the server offers no export of {disk}")]
    NotOffered {
        /// Which disk.
        disk: DiskKey,
    },
    /// The host that holds the bytes could not be used.
    #[error("the export of {disk} failed")]
    Transfer {
        /// Which disk.
        disk: DiskKey,
        /// Why.
        #[source]
        source: VsphereError,
    },
    /// A call failed.
    #[error("the export failed")]
    Call(#[from] VsphereError),
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl ExportError {
    /// Returns whether trying again can help. A stream cannot be resumed: the disk begins again.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Transfer { source, .. } | Self::Call(source) => source.retry(),
            Self::NotOffered { .. } | Self::Cancelled(_) => Retry::Never,
        }
    }
}

impl ExportError {
    /// Returns whether the host lacks the memory, or another means, for one more transfer now.
    pub fn is_out_of_memory(&self) -> bool {
        let (Self::Transfer { source, .. } | Self::Call(source)) = self else { return false };
        let said = |text: &str| {
            let text = text.to_ascii_lowercase();
            text.contains("cannot allocate memory") || text.contains("nfc error 5")
        };
        source
            .fault()
            .is_some_and(|fault| fault.is("InsufficientResourcesFault") || said(&fault.message))
    }

    /// Returns whether the VM is in another's hands now: some servers give one lease for a VM at a
    /// time, and the disks of one may be asked for together.
    pub fn is_taken(&self) -> bool {
        let Self::Call(error) = self else { return false };
        let kinds = ["TaskInProgress", "InvalidState", "ConcurrentAccess"];
        error.fault().is_some_and(|fault| kinds.iter().any(|kind| fault.is(kind)))
    }
}

impl Hint for ExportError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Transfer { source: VsphereError::Unreachable { .. }, .. } => vec![
                "A vCenter sends the bytes from its hosts: each ESXi host must be reachable by the name the vCenter uses, on TCP port 443.".into(),
            ],
            Self::Transfer { source, .. } | Self::Call(source) => source.hints(),
            Self::NotOffered { .. } | Self::Cancelled(_) => Vec::new(),
        }
    }
}

/// An export that is ready: each disk can be read once, as a stream-optimized VMDK.
///
/// While it lives the VM cannot be powered on, moved or deleted. End it with
/// [`ExportLease::complete`] or [`ExportLease::abort`]; dropping it aborts it as well as possible.
#[derive(Debug)]
pub struct ExportLease {
    client: Client,
    lease: Lease,
    hardware: VmHardware,
}

impl ExportLease {
    /// Exports the disks of a snapshot; the VM may run. `config` is the snapshot's own.
    ///
    /// # Errors
    /// [`ExportError::Call`] when the server does not export it.
    ///
    /// # Cancellation
    /// The export is aborted.
    pub async fn start_snapshot(
        client: &Client,
        snapshot: &SnapshotRef,
        config: &VmConfig,
        cancel: &CancelToken,
    ) -> Result<Self, ExportError> {
        Self::start(client, &snapshot.mo(), "ExportSnapshot", config, cancel).await
    }

    /// Exports the disks of a VM that is off.
    ///
    /// # Errors
    /// [`ExportError::Call`] when the server does not export it; `InvalidPowerState` when it runs.
    ///
    /// # Cancellation
    /// The export is aborted.
    pub async fn start_vm(
        client: &Client,
        vm: &VmRef,
        config: &VmConfig,
        cancel: &CancelToken,
    ) -> Result<Self, ExportError> {
        Self::start(client, &vm.mo(), "ExportVm", config, cancel).await
    }

    async fn start(
        client: &Client,
        object: &MoRef,
        method: &str,
        config: &VmConfig,
        cancel: &CancelToken,
    ) -> Result<Self, ExportError> {
        const ACTION: &str = "export a VM";
        cancel.check()?;
        let reply = client.change(ACTION, method, object, |_| {}).await?;
        let lease = Lease::ready(client, ACTION, &reply, cancel).await?;
        Ok(Self { client: client.clone(), lease, hardware: config.hardware.clone() })
    }

    /// Begins to read a disk. May be called from any thread.
    ///
    /// # Errors
    /// [`ExportError::NotOffered`] when the lease has no file for it, [`ExportError::Transfer`]
    /// when the host that holds it cannot be reached or trusted.
    ///
    /// # Cancellation
    /// The stream looks at the token while it reads and then fails.
    pub async fn open(
        &self,
        disk: DiskKey,
        cancel: CancelToken,
    ) -> Result<ExportStream, ExportError> {
        let file = device_key::find(&self.hardware, disk, &self.lease.disks);
        let file = file.ok_or(ExportError::NotOffered { disk })?;
        let transfer = |source| ExportError::Transfer { disk, source };
        let peer = self.lease.peer(file).map_err(transfer)?;
        let response = cancellable(&cancel, self.get(&peer)).await?.map_err(transfer)?;
        let (pieces, stream) = mpsc::channel(AHEAD);
        self.client.handle().spawn(pump(response, peer, pieces, cancel));
        Ok(ExportStream { pieces: stream, current: Bytes::new(), failed: false })
    }

    async fn get(&self, peer: &Peer) -> Result<reqwest::Response, VsphereError> {
        let mut request = peer.http.get(&peer.url);
        if peer.with_session {
            let (_, cookie) = self.client.cookie().await;
            if let Some(cookie) = cookie.as_deref().and_then(secret_header) {
                request = request.header(COOKIE, cookie);
            }
        }
        let response = match tokio::time::timeout(SILENCE, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(http::failure(&peer.endpoint, error).await),
            Err(_) => return Err(silent(peer)),
        };
        match response.status().as_u16() {
            200 => Ok(response),
            status => Err(VsphereError::Http {
                server: peer.endpoint.to_string(),
                action: "send a disk".to_owned(),
                status,
            }),
        }
    }

    /// Notes how far the work is, for the task on the server's screens.
    pub fn set_percent(&self, percent: u8) {
        self.lease.set_percent(percent);
    }

    /// Ends the export after every disk was read.
    ///
    /// # Errors
    /// As every call; the server then ends it by its own time-out.
    pub async fn complete(self) -> Result<(), ExportError> {
        Ok(self.lease.complete("end the export").await?)
    }

    /// Ends the export without having read everything.
    ///
    /// # Errors
    /// As every call; the server then ends it by its own time-out.
    pub async fn abort(self) -> Result<(), ExportError> {
        Ok(self.lease.abort().await?)
    }
}

fn silent(peer: &Peer) -> VsphereError {
    VsphereError::Unreachable {
        server: peer.endpoint.to_string(),
        reason: Unreachable::TimedOut,
        source: None,
    }
}

/// Carries pieces from the connection to the reader until either ends.
async fn pump(
    mut response: reqwest::Response,
    peer: Peer,
    pieces: mpsc::Sender<io::Result<Bytes>>,
    cancel: CancelToken,
) {
    loop {
        let next = tokio::time::timeout(SILENCE, response.chunk());
        let piece = match cancellable(&cancel, next).await {
            Ok(Ok(Ok(Some(piece)))) => Ok(piece),
            Ok(Ok(Ok(None))) => return,
            Ok(Ok(Err(error))) => Err(io::Error::other(http::failure(&peer.endpoint, error).await)),
            Ok(Err(_)) => Err(io::Error::other(silent(&peer))),
            Err(cancelled) => Err(io::Error::other(VsphereError::from(cancelled))),
        };
        let failed = piece.is_err();
        // A reader that went away has no use for the rest.
        if pieces.send(piece).await.is_err() || failed {
            return;
        }
    }
}

/// The bytes of one exported disk, a stream-optimized VMDK. Reading blocks.
///
/// A connection that is cut shows as an error, and so does cancelling; both carry a
/// [`VsphereError`] inside. The end of the stream alone does not prove that it is whole: its own
/// end mark does.
#[derive(Debug)]
pub struct ExportStream {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
    failed: bool,
}

impl Read for ExportStream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            if self.failed {
                return Err(io::Error::other("the export failed before"));
            }
            match self.pieces.blocking_recv() {
                Some(Ok(piece)) => self.current = piece,
                Some(Err(error)) => {
                    self.failed = true;
                    return Err(error);
                }
                None => return Ok(0),
            }
        }
        let len = buf.len().min(self.current.len());
        self.current.split_to(len).copy_to_slice(buf.get_mut(..len).unwrap_or_default());
        Ok(len)
    }
}
