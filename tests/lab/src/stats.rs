//! What the lab has served.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::Serialize;

/// Bytes that went over one device URL or file, since the start or the last reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Served {
    /// Requests that were answered with bytes.
    pub requests: u64,
    /// Bytes of the disk that were read or written, before compression.
    pub disk_bytes: u64,
    /// Bytes that travelled in bodies.
    pub wire_bytes: u64,
}

/// Counters, as `GET /lab/v1/stats` shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LabStats {
    /// Downloads under `/folder`, by `[datastore] path`.
    pub folder: BTreeMap<String, Served>,
    /// Uploads under `/folder`.
    pub uploads: BTreeMap<String, Served>,
    /// Exports over leases, by VM name and disk, such as `web/disk-0.vmdk`.
    pub exports: BTreeMap<String, Served>,
    /// Imports over leases.
    pub imports: BTreeMap<String, Served>,
    /// SOAP calls by method.
    pub calls: BTreeMap<String, u64>,
    /// Most requests under `/folder` that were served at once.
    pub folder_peak: usize,
    /// Most bytes that one request under `/folder` was answered with.
    pub folder_largest: u64,
    /// Requests under `/folder` that were refused with 503.
    pub folder_refused: u64,
    /// Logins that succeeded.
    pub logins: u64,
    /// TLS connections that were accepted.
    pub connections: u64,
}

/// Which table of [`LabStats`] bytes belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Folder,
    Upload,
    Export,
    Import,
}

/// The counters of a running lab.
#[derive(Debug, Default)]
pub(crate) struct Stats(Mutex<LabStats>);

impl Stats {
    pub(crate) fn get(&self) -> LabStats {
        self.0.lock().expect("no holder panics").clone()
    }

    pub(crate) fn reset(&self) {
        *self.0.lock().expect("no holder panics") = LabStats::default();
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut LabStats)) {
        change(&mut self.0.lock().expect("no holder panics"));
    }

    pub(crate) fn call(&self, method: &str) {
        self.update(|s| *s.calls.entry(method.to_string()).or_default() += 1);
    }

    pub(crate) fn served(&self, table: Table, path: &str, more: Served) {
        self.update(|s| {
            let table = match table {
                Table::Folder => &mut s.folder,
                Table::Upload => &mut s.uploads,
                Table::Export => &mut s.exports,
                Table::Import => &mut s.imports,
            };
            let entry = table.entry(path.to_string()).or_default();
            entry.requests += more.requests;
            entry.disk_bytes += more.disk_bytes;
            entry.wire_bytes += more.wire_bytes;
        });
    }
}
