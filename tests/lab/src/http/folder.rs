//! `/folder`: datastore files over HTTPS.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use tokio::sync::mpsc;

use super::App;
use super::body::{Manners, from_channel, hold};
use super::gate::{Door, admit, enter};
use super::range::{Wanted, wanted};
use super::sdk::text;
use crate::core::Core;
use crate::disk::{Link, NamedLink, usize_of};
use crate::faults::{FaultKind, FaultSpec};
use crate::soap::StorePath;
use crate::stats::{Served, Table};

const PIECE: u64 = 256 * 1024;

/// Ranges that cover a whole file no larger than this are answered with 200.
const SMALL: u64 = 4096;

/// What a URL under `/folder` names.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) at: StorePath,
    pub(crate) local: std::path::PathBuf,
}

pub(crate) async fn request(
    State(app): State<App>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let point = if method == Method::PUT { "folder-put" } else { "folder" };
    if let Some(spec) = app.core.faults.take(FaultKind::Status, point, |_| true) {
        let status = spec.status.and_then(|s| StatusCode::from_u16(s).ok());
        return status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response();
    }
    hold(&app.core, point, uri.path()).await;
    let cookie = match admit(&app.core, &method, &uri, &headers) {
        Ok(cookie) => cookie,
        Err(refused) => return refused,
    };
    let Some(target) = resolve(&app.core, &uri) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(door) = enter(&app.core) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let mut response = match method {
        Method::GET | Method::HEAD => read(&app.core, &method, target, &headers, door),
        Method::PUT => super::upload::put(&app.core, target, &headers, body, door).await,
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    };
    if let Some(cookie) = cookie.and_then(|c| HeaderValue::from_str(&c).ok()) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Finds what a URL names; `None` for a wrong datacenter, datastore or path.
fn resolve(core: &Core, uri: &Uri) -> Option<Target> {
    let path = uri.path().strip_prefix("/folder").unwrap_or_default();
    let path = percent_decode_str(path.trim_matches('/')).decode_utf8().ok()?.into_owned();
    if !crate::soap::safe(&path) {
        return None;
    }
    let mut datastore = None;
    for pair in uri.query().unwrap_or_default().split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = value.replace('+', " ");
        let value = percent_decode_str(&value).decode_utf8().ok()?.into_owned();
        match name {
            "dcPath" => {
                let right = core.world().inventory.dc_path();
                if value.trim_matches('/') != right {
                    return None;
                }
            }
            "dsName" => datastore = Some(value),
            _ => {}
        }
    }
    let at = StorePath { datastore: datastore?, path };
    let local = core.local(&at)?;
    Some(Target { at, local })
}

/// A file to be read: a link of a disk, or any other file.
enum Source {
    Link(LinkReader),
    /// The file of a delta as a host holds it; the link stays as it is meanwhile.
    Delta {
        file: std::fs::File,
        _link: LinkReader,
    },
    Plain(std::fs::File),
}

/// Keeps a link from being merged while it is read.
struct LinkReader(Arc<Link>);

impl Drop for LinkReader {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl Source {
    fn read(&self, buf: &mut [u8], offset: u64) -> std::io::Result<()> {
        match self {
            Self::Link(link) => link.0.read(buf, offset),
            Self::Delta { file, .. } | Self::Plain(file) => crate::disk::read_at(file, buf, offset),
        }
    }
}

/// Returns the link a path names and whether a running VM writes to it.
pub(crate) fn link_of(core: &Core, at: &StorePath) -> Option<(NamedLink, bool)> {
    let (folder, name) = at.path.rsplit_once('/')?;
    let world = core.world();
    world.vms.values().find_map(|vm| {
        vm.disks.iter().find_map(|disk| {
            let here = {
                let inner = disk.inner();
                inner.meta.datastore == at.datastore && inner.meta.dir == folder
            };
            let link = here.then(|| disk.link_named(name)).flatten()?;
            let active = link.is_current && vm.state.powered_on;
            Some((link, active))
        })
    })
}

fn open(core: &Core, target: &Target) -> Result<(Source, u64), StatusCode> {
    let about = |s: &FaultSpec| s.key.as_deref().is_none_or(|key| target.at.path.contains(key));
    if core.faults.take(FaultKind::Locked, "folder", about).is_some() {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    if let Some((NamedLink { link, deltas, .. }, active)) = link_of(core, &target.at) {
        let visits = |vm: &crate::world::Vm| vm.visitors.iter().any(|v| v.holds(&link));
        let visited = core.world().vms.values().any(visits);
        if active || visited || !link.enter() {
            return Err(StatusCode::INTERNAL_SERVER_ERROR);
        }
        let reader = LinkReader(Arc::clone(&link));
        let Some(deltas) = deltas else {
            let len = fs_err::metadata(&link.path).map_err(|_| StatusCode::NOT_FOUND)?.len();
            return Ok((Source::Link(reader), len));
        };
        let held = link.as_held(deltas).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (len, file) = held.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
        return Ok((Source::Delta { file, _link: reader }, len));
    }
    let file = fs_err::File::open(&target.local).map_err(|_| StatusCode::NOT_FOUND)?;
    let len = file.metadata().map_err(|_| StatusCode::NOT_FOUND)?.len();
    Ok((Source::Plain(file.into_file()), len))
}

fn read(
    core: &Arc<Core>,
    method: &Method,
    target: Target,
    headers: &HeaderMap,
    door: Door,
) -> Response {
    if target.local.is_dir() {
        return listing(&target.local, &target.at);
    }
    let (source, len) = match open(core, &target) {
        Ok(open) => open,
        Err(status) => return status.into_response(),
    };
    let ignore = core.faults.active(FaultKind::IgnoreRange).is_some();
    let range = text(headers, header::RANGE).filter(|_| !ignore);
    let (status, first, last) = match wanted(range.as_deref(), len) {
        Wanted::Nothing => {
            let range = format!("bytes */{len}");
            return (StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, range)])
                .into_response();
        }
        Wanted::Part(0, last) if last + 1 == len && len <= SMALL => (StatusCode::OK, 0, len),
        Wanted::Part(first, last) => (StatusCode::PARTIAL_CONTENT, first, last + 1),
        Wanted::All => (StatusCode::OK, 0, len),
    };
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        stream(core, &target, source, first..last, door)
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    out.insert(header::CONTENT_LENGTH, HeaderValue::from(last - first));
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {first}-{}/{len}", last - 1);
        if let Ok(value) = HeaderValue::from_str(&range) {
            out.insert(header::CONTENT_RANGE, value);
        }
    }
    response
}

fn stream(
    core: &Arc<Core>,
    target: &Target,
    source: Source,
    range: std::ops::Range<u64>,
    door: Door,
) -> Body {
    let (sender, receiver) = mpsc::channel(4);
    let name = format!("[{}] {}", target.at.datastore, target.at.path);
    let manners = Manners::at(core, "folder");
    core.stats.served(Table::Folder, &name, Served { requests: 1, ..Served::default() });
    core.stats.update(|s| s.folder_largest = s.folder_largest.max(range.end - range.start));
    let core = Arc::clone(core);
    tokio::task::spawn_blocking(move || {
        let mut at = range.start;
        while at < range.end && !core.stopping() {
            let len = PIECE.min(range.end - at);
            let mut buf = vec![0; usize_of(len)];
            let piece = source.read(&mut buf, at).map(|()| Bytes::from(buf));
            let failed = piece.is_err();
            if sender.blocking_send(piece).is_err() || failed {
                return;
            }
            at += len;
            let more = Served { requests: 0, disk_bytes: len, wire_bytes: len };
            core.stats.served(Table::Folder, &name, more);
        }
    });
    from_channel(receiver, manners, door)
}

fn listing(folder: &Path, at: &StorePath) -> Response {
    let names = fs_err::read_dir(folder).map(|entries| {
        let mut names: Vec<String> = entries
            .flatten()
            .map(|e| {
                let slash = if e.path().is_dir() { "/" } else { "" };
                format!("{}{slash}", e.file_name().to_string_lossy())
            })
            .collect();
        names.sort();
        names
    });
    let Ok(names) = names else { return StatusCode::NOT_FOUND.into_response() };
    let mut html =
        format!("<html><head><title>[{}] {}</title></head><body>", at.datastore, at.path);
    for name in names {
        let mut shown = String::new();
        crate::xml::escape(&mut shown, &name);
        html += &format!("<a href=\"{shown}\">{shown}</a><br>");
    }
    html += "</body></html>";
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}
