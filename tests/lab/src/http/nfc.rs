//! Device URLs of leases.

use std::io::{self, Read, Write};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use kuramori_block::{ByteLen, Extent};
use kuramori_vdisk::stream_optimized::{Adapter, GrainCompression, StreamReader, StreamWriter};
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use tokio::sync::mpsc;

use super::App;
use super::body::{Manners, from_channel, hold};
use super::upload::BodyReader;
use crate::core::Core;
use crate::disk::{BLOCK, Disk, FrozenDisk, is_zero};
use crate::faults::FaultKind;
use crate::stats::{Served, Table};
use crate::world::lease::{LeaseDisk, LeaseState, Transferred};

/// A device URL that was found.
#[derive(Clone, Debug)]
struct Device {
    lease: String,
    target: String,
    disk: LeaseDisk,
    /// What statistics call it.
    name: String,
}

fn find(core: &Core, ticket: &str, target: &str) -> Option<Device> {
    let world = core.world();
    let lease = world.leases.values().find(|l| l.ticket() == ticket)?;
    if lease.state != LeaseState::Ready {
        return None;
    }
    let file = lease.files.get(target)?;
    let vm = world.vms.get(&lease.vm).map_or("", |v| v.state.conf.name.as_str());
    Some(Device {
        lease: lease.id.clone(),
        target: target.to_string(),
        disk: file.disk.clone(),
        name: format!("{vm}/{target}"),
    })
}

fn status_fault(core: &Core, point: &str) -> Option<Response> {
    let spec = core.faults.take(FaultKind::Status, point, |_| true)?;
    let status = spec.status.and_then(|s| StatusCode::from_u16(s).ok());
    Some(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response())
}

/// Hashes what passes.
struct Hashes {
    sha1: Context,
    sha256: Context,
    size: u64,
}

impl Hashes {
    fn new() -> Self {
        let (sha1, sha256) = (Context::new(&SHA1_FOR_LEGACY_USE_ONLY), Context::new(&SHA256));
        Self { sha1, sha256, size: 0 }
    }

    fn add(&mut self, data: &[u8]) {
        self.sha1.update(data);
        self.sha256.update(data);
        self.size += data.len() as u64;
    }

    fn finish(self, populated: u64) -> Transferred {
        Transferred {
            sha1: HEXLOWER.encode(self.sha1.finish().as_ref()),
            sha256: HEXLOWER.encode(self.sha256.finish().as_ref()),
            size: self.size,
            populated,
        }
    }
}

fn record(core: &Core, device: &Device, done: Transferred) {
    let mut world = core.world();
    let lease = world.leases.get_mut(&device.lease);
    if let Some(file) = lease.and_then(|l| l.files.get_mut(&device.target)) {
        file.transferred = Some(done);
    }
}

pub(crate) async fn export(
    State(app): State<App>,
    Path((ticket, target)): Path<(String, String)>,
) -> Response {
    let core = Arc::clone(&app.core);
    hold(&core, "export", &target).await;
    if let Some(refused) = status_fault(&core, "export") {
        return refused;
    }
    let device = find(&core, &ticket, &target);
    let Some((device, LeaseDisk::Export(disk))) = device.map(|d| (d.clone(), d.disk)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let manners = Manners::at(&core, "export");
    let (sender, receiver) = mpsc::channel(4);
    core.stats.served(Table::Export, &device.name, Served { requests: 1, ..Served::default() });
    tokio::task::spawn_blocking(move || {
        let out = Wire {
            core: Arc::clone(&core),
            device,
            sender,
            hashes: Hashes::new(),
            buf: Vec::new(),
        };
        let failures = out.sender.clone();
        if let Err(error) = send_disk(&core, out, &disk) {
            tracing::debug!(%error, "an export ended early");
            drop(failures.blocking_send(Err(error)));
        }
    });
    let mut response = Response::new(from_channel(receiver, manners, ()));
    let kind = HeaderValue::from_static("application/x-vnd.vmware-streamVmdk");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// The way out for an exported stream.
struct Wire {
    core: Arc<Core>,
    device: Device,
    sender: mpsc::Sender<io::Result<Bytes>>,
    hashes: Hashes,
    buf: Vec<u8>,
}

impl Wire {
    fn send(&mut self) -> io::Result<()> {
        if self.buf.is_empty() {
            return Ok(());
        }
        let piece = std::mem::take(&mut self.buf);
        self.hashes.add(&piece);
        let wire_bytes = piece.len() as u64;
        self.sender
            .blocking_send(Ok(Bytes::from(piece)))
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        if self.core.stopping() || !self.core.lease_seen(&self.device.lease) {
            return Err(io::Error::other("the lease is not ready any more"));
        }
        let more = Served { wire_bytes, ..Served::default() };
        self.core.stats.served(Table::Export, &self.device.name, more);
        Ok(())
    }
}

impl Write for Wire {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.buf.extend_from_slice(data);
        if self.buf.len() >= 128 * 1024 {
            self.send()?;
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

fn send_disk(core: &Core, out: Wire, disk: &FrozenDisk) -> io::Result<()> {
    let capacity = ByteLen::new(disk.capacity());
    let compression = match core.options.export_level {
        0 => GrainCompression::Stored,
        level => GrainCompression::Deflate(level.min(9)),
    };
    let name = out.device.name.clone();
    let mut writer = StreamWriter::new(out, (capacity, Adapter::default()), compression)
        .map_err(io::Error::other)?;
    let mut populated = 0;
    let allocated = disk.allocated();
    for piece in allocated.iter().flat_map(|e: Extent| e.pieces(ByteLen::new(BLOCK))) {
        let mut grain = vec![0; piece.len.as_usize()];
        disk.read(&mut grain, piece.offset.get())?;
        let more = Served { disk_bytes: piece.len.get(), ..Served::default() };
        core.stats.served(Table::Export, &name, more);
        if !is_zero(&grain) {
            writer.write_grain(piece.offset, &grain).map_err(io::Error::other)?;
            populated += piece.len.get();
        }
    }
    let mut out = writer.finish().map_err(io::Error::other)?;
    out.send()?;
    record(core, &out.device, out.hashes.finish(populated));
    Ok(())
}

/// The way in for an imported stream.
struct Upload {
    core: Arc<Core>,
    device: Device,
    body: BodyReader,
    hashes: Hashes,
    manners: Manners,
}

impl Read for Upload {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.manners.cut.is_some_and(|cut| self.hashes.size >= cut) {
            return Err(io::Error::other("cut as injected"));
        }
        let n = self.body.read(buf)?;
        if let Some(rate) = self.manners.bytes_per_second {
            let micros = (n as u64).saturating_mul(1_000_000) / rate.max(1);
            std::thread::sleep(std::time::Duration::from_micros(micros));
        }
        self.hashes.add(&buf[..n]);
        Ok(n)
    }
}

pub(crate) async fn import(
    State(app): State<App>,
    Path((ticket, target)): Path<(String, String)>,
    body: Body,
) -> Response {
    let core = Arc::clone(&app.core);
    hold(&core, "import", &target).await;
    if let Some(refused) = status_fault(&core, "import") {
        return refused;
    }
    let device = find(&core, &ticket, &target);
    let Some((device, LeaseDisk::Import(disk))) = device.map(|d| (d.clone(), d.disk)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let manners = Manners::at(&core, "import");
    let cut = manners.cut.is_some();
    let body = BodyReader::start(body);
    let done = tokio::task::spawn_blocking(move || {
        let mut upload = Upload { core, device, body, hashes: Hashes::new(), manners };
        let taken = take_disk(&mut upload, &disk);
        if taken.is_err() && !cut {
            // The sender hears why only after it has sent everything.
            io::copy(&mut upload, &mut io::sink())?;
        }
        taken.map(|populated| {
            let Upload { core, device, hashes, .. } = upload;
            record(&core, &device, hashes.finish(populated));
        })
    });
    match done.await {
        Ok(Ok(())) => StatusCode::OK.into_response(),
        Ok(Err(_)) if cut => {
            // A body that breaks at once takes the connection with it.
            let (sender, receiver) = mpsc::channel(1);
            drop(sender.try_send(Err(io::Error::other("cut as injected"))));
            Response::new(from_channel(receiver, Manners::default(), ()))
        }
        Ok(Err(error)) => {
            tracing::debug!(%error, "an import was refused");
            (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Stores a stream and returns how many bytes of the disk were in it.
fn take_disk(upload: &mut Upload, disk: &Disk) -> io::Result<u64> {
    let (core, device) = (Arc::clone(&upload.core), upload.device.clone());
    let count = |requests, disk_bytes, wire_bytes| {
        let more = Served { requests, disk_bytes, wire_bytes };
        core.stats.served(Table::Import, &device.name, more);
    };
    // A repeated upload begins anew.
    disk.wipe()?;
    count(1, 0, 0);
    let capacity = disk.inner().meta.capacity;
    let mut reader = StreamReader::new(&mut *upload).map_err(io::Error::other)?;
    if reader.capacity().get() != capacity {
        let text = format!("the stream is of {}, the disk of {capacity} bytes", reader.capacity());
        return Err(io::Error::other(text));
    }
    let (mut grain, mut populated, mut wire, mut seen) = (Vec::new(), 0, 0, 0u64);
    while let Some(offset) = reader.next_grain(&mut grain).map_err(io::Error::other)? {
        disk.load(&grain, offset.get())?;
        populated += grain.len() as u64;
        let position = reader.position().get();
        count(0, grain.len() as u64, position - wire);
        wire = position;
        seen += 1;
        if seen.is_multiple_of(16) && (core.stopping() || !core.lease_seen(&device.lease)) {
            return Err(io::Error::other("the lease is not ready any more"));
        }
    }
    drop(reader);
    io::copy(upload, &mut io::sink())?;
    count(0, 0, upload.hashes.size - wire);
    core.lease_seen(&device.lease);
    Ok(populated)
}
