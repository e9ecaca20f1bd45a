//! `PUT` of whole files under `/folder`.

use std::io::{self, Read, Write};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::mpsc;

use super::folder::{Target, link_of};
use super::gate::Door;
use super::sdk::text;
use crate::core::Core;
use crate::disk::Disk;
use crate::soap::StorePath;
use crate::stats::{Served, Table};

/// A request body as something a blocking thread can read.
pub(crate) struct BodyReader {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    now: Bytes,
}

impl BodyReader {
    /// Starts to read a body.
    pub(crate) fn start(body: Body) -> Self {
        let (sender, pieces) = mpsc::channel(8);
        tokio::spawn(async move {
            let mut data = body.into_data_stream();
            while let Some(piece) = data.next().await {
                let piece = piece.map_err(io::Error::other);
                let failed = piece.is_err();
                if sender.send(piece).await.is_err() || failed {
                    return;
                }
            }
        });
        Self { pieces, now: Bytes::new() }
    }
}

impl Read for BodyReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.now.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.now = piece?,
                None => return Ok(0),
            }
        }
        let n = buf.len().min(self.now.len());
        buf[..n].copy_from_slice(&self.now.split_to(n));
        Ok(n)
    }
}

pub(crate) async fn put(
    core: &Arc<Core>,
    target: Target,
    headers: &HeaderMap,
    body: Body,
    door: Door,
) -> Response {
    let length = text(headers, header::CONTENT_LENGTH).and_then(|t| t.parse::<u64>().ok());
    let reader = BodyReader::start(body);
    let worker = Arc::clone(core);
    let done = tokio::task::spawn_blocking(move || {
        let _door = door;
        store(&worker, &target, length, reader)
    });
    match done.await {
        Ok(Ok(status)) => status.into_response(),
        Ok(Err(error)) => {
            tracing::debug!(%error, "an upload failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn store(
    core: &Core,
    target: &Target,
    length: Option<u64>,
    mut reader: BodyReader,
) -> io::Result<StatusCode> {
    let there = target.local.exists();
    let bytes = match link_of(core, &target.at) {
        Some((_, true)) => return Ok(StatusCode::INTERNAL_SERVER_ERROR),
        Some((_, false)) => {
            let Some(disk) = current_disk(core, &target.at) else {
                return Ok(StatusCode::INTERNAL_SERVER_ERROR);
            };
            if length != Some(disk.inner().meta.capacity) {
                return Ok(StatusCode::BAD_REQUEST);
            }
            replace_disk(&disk, &mut reader)?
        }
        None => {
            if let Some(folder) = target.local.parent() {
                fs_err::create_dir_all(folder)?;
            }
            let mut part = target.local.clone().into_os_string();
            part.push(".part");
            let mut file = fs_err::File::create(&part)?;
            let bytes = io::copy(&mut reader, &mut file)?;
            file.flush()?;
            if length.is_some_and(|l| l != bytes) {
                fs_err::remove_file(&part)?;
                return Ok(StatusCode::BAD_REQUEST);
            }
            fs_err::rename(&part, &target.local)?;
            bytes
        }
    };
    let name = format!("[{}] {}", target.at.datastore, target.at.path);
    let more = Served { requests: 1, disk_bytes: bytes, wire_bytes: bytes };
    core.stats.served(Table::Upload, &name, more);
    Ok(if there { StatusCode::OK } else { StatusCode::CREATED })
}

/// Finds the disk whose current link a path names.
fn current_disk(core: &Core, at: &StorePath) -> Option<Arc<Disk>> {
    let (folder, name) = at.path.rsplit_once('/')?;
    let world = core.world();
    let mut disks = world.vms.values().flat_map(|v| &v.disks);
    disks
        .find(|disk| {
            let meta = disk.meta();
            let current = meta.link(meta.current).map(|l| l.extent.as_str());
            meta.datastore == at.datastore && meta.dir == folder && current == Some(name)
        })
        .map(Arc::clone)
}

fn replace_disk(disk: &Disk, reader: &mut BodyReader) -> io::Result<u64> {
    disk.wipe()?;
    let mut buf = vec![0; 1 << 20];
    let mut at = 0;
    loop {
        let mut filled = 0;
        while filled < buf.len() {
            match reader.read(&mut buf[filled..])? {
                0 => break,
                n => filled += n,
            }
        }
        if filled == 0 {
            return Ok(at);
        }
        disk.load(&buf[..filled], at)?;
        at += filled as u64;
    }
}
