//! Bodies that are read from disks, cut short, or slowed down.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::mpsc;

use crate::core::Core;
use crate::faults::FaultKind;

/// How a body misbehaves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manners {
    /// The connection breaks after that many bytes.
    pub(crate) cut: Option<u64>,
    pub(crate) bytes_per_second: Option<u64>,
}

impl Manners {
    /// Asks the injected faults how bodies at `point` are to behave.
    pub(crate) fn at(core: &Core, point: &str) -> Self {
        Self {
            cut: core.faults.take(FaultKind::Cut, point, |_| true).map(|s| s.after_bytes),
            bytes_per_second: core
                .faults
                .take(FaultKind::Slow, point, |_| true)
                .and_then(|s| s.bytes_per_second),
        }
    }

    /// Returns whether nothing is wrong.
    pub(crate) fn good(&self) -> bool {
        self.cut.is_none() && self.bytes_per_second.is_none()
    }
}

/// Makes a body from pieces that a blocking thread sends. `guard` is dropped with the body.
pub(crate) fn from_channel<G: Send + 'static>(
    receiver: mpsc::Receiver<io::Result<Bytes>>,
    manners: Manners,
    guard: G,
) -> Body {
    let state = (receiver, manners, 0u64, false, guard);
    Body::from_stream(stream::unfold(state, |state| async move {
        let (mut receiver, manners, sent, over, guard) = state;
        if over {
            return None;
        }
        let mut piece = match receiver.recv().await? {
            Ok(piece) => piece,
            Err(error) => return Some((Err(error), (receiver, manners, sent, true, guard))),
        };
        if let Some(rate) = manners.bytes_per_second {
            let micros = (piece.len() as u64).saturating_mul(1_000_000) / rate.max(1);
            tokio::time::sleep(Duration::from_micros(micros)).await;
        }
        if let Some(limit) = manners.cut {
            let left = limit.saturating_sub(sent);
            if (piece.len() as u64) >= left {
                piece.truncate(crate::disk::usize_of(left));
                if piece.is_empty() {
                    // What was sent so far gets its chance to leave first.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    let cut = io::Error::other("cut as injected");
                    return Some((Err(cut), (receiver, manners, sent, true, guard)));
                }
            }
        }
        let sent = sent + piece.len() as u64;
        Some((Ok(piece), (receiver, manners, sent, false, guard)))
    }))
}

/// Makes a body of bytes that are there already.
pub(crate) fn from_bytes(bytes: Vec<u8>, manners: Manners) -> Body {
    if manners.good() {
        return Body::from(bytes);
    }
    let (sender, receiver) = mpsc::channel(64);
    tokio::spawn(async move {
        let bytes = Bytes::from(bytes);
        let mut at = 0;
        while at < bytes.len() {
            let end = (at + 16 * 1024).min(bytes.len());
            if sender.send(Ok(bytes.slice(at..end))).await.is_err() {
                return;
            }
            at = end;
        }
    });
    from_channel(receiver, manners, ())
}

/// Waits while a `hold` at `point` is in place for a file.
pub(crate) async fn hold(core: &Arc<Core>, point: &'static str, file: &str) {
    if core.faults.active(FaultKind::Hold).is_none() {
        return;
    }
    let (core, file) = (Arc::clone(core), file.to_owned());
    let held = tokio::task::spawn_blocking(move || {
        core.faults.hold_file((point, &file), |_| true, || core.stopping());
    });
    if let Err(error) = held.await {
        tracing::error!(%error, "a held request broke");
    }
}
