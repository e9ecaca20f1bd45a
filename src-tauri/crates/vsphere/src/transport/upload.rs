//! Sending one disk: a blocking reader on one side, a request body of known length on the other.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use kuramori_base::{CancelToken, Counters, Progress};
use kuramori_block::ByteLen;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE};
use tokio::sync::mpsc;

use super::import::{ImportDisk, ImportError};
use super::lease::{Lease, Peer};
use crate::client::{Client, cancellable};
use crate::error::{Unreachable, VsphereError};
use crate::http;
use crate::session::secret_header;

const PIECE: usize = 256 << 10;
/// Pieces read ahead of the connection.
const AHEAD: usize = 8;
/// How often the lease learns of the progress, and a stalled connection is looked for.
const LOOK: Duration = Duration::from_secs(1);
/// A host that takes no byte for so long will not take any more.
const STALLED: u32 = 600;

/// Counts the bytes of all disks.
pub(super) struct Meter {
    total: u64,
    sent: AtomicU64,
    progress: Arc<dyn Progress>,
}

impl Meter {
    pub(super) fn new(total: ByteLen, progress: Arc<dyn Progress>) -> Arc<Self> {
        Arc::new(Self { total: total.get().max(1), sent: AtomicU64::new(0), progress })
    }

    fn add(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
        self.progress.add(Counters { done: bytes, ..Counters::default() });
    }

    fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The last percent belongs to the end of the lease.
    fn percent(&self) -> u8 {
        let percent = u128::from(self.sent()) * 100 / u128::from(self.total);
        u8::try_from(percent.min(99)).unwrap_or(99)
    }
}

/// What one disk has sent, which shows whether it moves while others do.
#[derive(Clone)]
struct Flow {
    all: Arc<Meter>,
    own: Arc<AtomicU64>,
}

impl Flow {
    fn add(&self, bytes: u64) {
        self.own.fetch_add(bytes, Ordering::Relaxed);
        self.all.add(bytes);
    }

    fn sent(&self) -> u64 {
        self.own.load(Ordering::Relaxed)
    }
}

/// Sends one disk and waits for the host to accept it.
pub(super) async fn upload(
    client: &Client,
    lease: &Lease,
    peer: &Peer,
    disk: ImportDisk,
    meter: &Arc<Meter>,
    cancel: &CancelToken,
) -> Result<(), ImportError> {
    let key = disk.key;
    let length = disk.content_length;
    let (pieces, body) = mpsc::channel::<io::Result<Bytes>>(AHEAD);
    let read_error: Arc<Mutex<Option<io::Error>>> = Arc::default();
    let reader = client.handle().spawn_blocking({
        let (read_error, cancel) = (Arc::clone(&read_error), cancel.clone());
        move || {
            if let Err(error) = feed(disk, &pieces, &cancel) {
                let copy = io::Error::from(error.kind());
                *read_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                // Breaks the request off, so that the host sees it is incomplete.
                let _closed = pieces.blocking_send(Err(copy));
            }
        }
    });
    let flow = Flow { all: Arc::clone(meter), own: Arc::default() };
    let request = request(client, peer, length, counted(body, flow.clone())).await;
    let sent = watch(lease, peer, request.send(), &flow);
    let result = cancellable(cancel, sent).await;
    // The channel is closed by now, so the reader ends with its present read.
    if reader.await.is_err() {
        tracing::warn!(%key, "the reader of a disk ended badly");
    }
    let transfer = |source| ImportError::Transfer { disk: key, source };
    let answer = result?;
    if let Some(source) = read_error.lock().unwrap_or_else(PoisonError::into_inner).take() {
        cancel.check()?;
        return Err(ImportError::Body { disk: key, source });
    }
    let response = answer.map_err(transfer)?;
    match response.status().as_u16() {
        200 | 201 => Ok(()),
        status => Err(transfer(VsphereError::Http {
            server: peer.endpoint.to_string(),
            action: "take a disk".to_owned(),
            status,
        })),
    }
}

async fn request(
    client: &Client,
    peer: &Peer,
    length: ByteLen,
    body: reqwest::Body,
) -> reqwest::RequestBuilder {
    let request = peer
        .http
        .post(&peer.url)
        .header(CONTENT_TYPE, "application/x-vnd.vmware-streamVmdk")
        .header(CONTENT_LENGTH, length.get())
        .body(body);
    if !peer.with_session {
        return request;
    }
    let (_, cookie) = client.cookie().await;
    match cookie.as_deref().and_then(secret_header) {
        Some(cookie) => request.header(COOKIE, cookie),
        None => request,
    }
}

/// Waits for the answer while telling the lease how far it is.
async fn watch(
    lease: &Lease,
    peer: &Peer,
    sending: impl Future<Output = Result<reqwest::Response, reqwest::Error>>,
    flow: &Flow,
) -> Result<reqwest::Response, VsphereError> {
    tokio::pin!(sending);
    let (mut seen, mut still) = (flow.sent(), 0);
    loop {
        match tokio::time::timeout(LOOK, &mut sending).await {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(error)) => return Err(http::failure(&peer.endpoint, error).await),
            Err(_) => {
                lease.set_percent(flow.all.percent());
                still = if flow.sent() == seen { still + 1 } else { 0 };
                seen = flow.sent();
            }
        }
        if still >= STALLED {
            let server = peer.endpoint.to_string();
            return Err(VsphereError::Unreachable {
                server,
                reason: Unreachable::TimedOut,
                source: None,
            });
        }
    }
}

/// Makes a request body that counts what the connection takes.
fn counted(body: mpsc::Receiver<io::Result<Bytes>>, flow: Flow) -> reqwest::Body {
    let pieces = stream::unfold((body, flow), |(mut body, flow)| async move {
        let piece = body.recv().await?;
        if let Ok(bytes) = &piece {
            flow.add(bytes.len() as u64);
        }
        Some((piece, (body, flow)))
    });
    reqwest::Body::wrap_stream(pieces)
}

/// Reads the disk and hands it over piece by piece; ends early when nobody takes it any more.
fn feed(
    mut disk: ImportDisk,
    pieces: &mpsc::Sender<io::Result<Bytes>>,
    cancel: &CancelToken,
) -> io::Result<()> {
    let mut left = disk.content_length.get();
    while left > 0 {
        cancel.check().map_err(io::Error::other)?;
        let want = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let mut piece = vec![0; want];
        disk.body.read_exact(&mut piece)?;
        left -= want as u64;
        if pieces.blocking_send(Ok(Bytes::from(piece))).is_err() {
            return Ok(());
        }
    }
    match disk.body.read(&mut [0; 1])? {
        0 => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "it is longer than announced")),
    }
}
