//! Ways disk bytes travel: file reads over HTTPS where a snapshot froze a plain file, lease export
//! everywhere else, and lease import for the way back.
//!
//! Readers and streams here block and belong on threads outside the runtime; everything else is
//! `async`.

mod datastore_http;
mod descriptor;
mod device_key;
mod export;
mod flat_disk;
pub(crate) mod gate;
mod import;
mod import_spec;
mod lease;
mod path;
mod placement;
mod upload;
mod wire;

pub use datastore_http::{DatastoreHttp, DatastoreHttpError, ExportInstead};
pub use export::{ExportError, ExportLease, ExportStream};
pub use flat_disk::FlatDisk;
pub use import::{ImportDisk, ImportError, ImportRequest, ImportedVm, import_vm};
pub use path::{DatastorePath, DatastorePathError};

/// Returns the URLs of a lease's disks, for tests of what servers send.
#[cfg(test)]
pub(crate) fn leased_urls(info: &crate::xml::Node) -> Vec<String> {
    lease::disk_urls(info).into_iter().map(|file| file.url).collect()
}
