//! Ways disk bytes travel: file reads over HTTPS where a snapshot froze files that can be told apart, lease export
//! everywhere else, and lease import for the way back.
//!
//! Readers and streams here block and belong on threads outside the runtime; everything else is
//! `async`.

mod boot;
mod datastore_file;
mod datastore_http;
mod descriptor;
mod device_key;
mod export;
pub(crate) mod gate;
mod identity;
mod import;
mod import_spec;
mod lease;
mod path;
mod placement;
mod upload;
mod vm_files;
mod wire;

pub use datastore_file::DatastoreFile;
pub use datastore_http::{DatastoreHttp, DatastoreHttpError, DiskFiles, ExportInstead};
pub use export::{ExportError, ExportLease, ExportStream};
pub use import::{Identity, ImportDisk, ImportError, ImportRequest, ImportedVm, import_vm};
pub use path::{DatastorePath, DatastorePathError};
pub use placement::hosts_for;
pub use vm_files::VmFiles;

/// Whether a parser of this module takes a text, for tests of changed bytes.
#[cfg(feature = "testing")]
pub(crate) fn takes(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let taken = [
        descriptor::parse(bytes).is_some(),
        device_key::Place::parse(&text).is_some(),
        wire::ContentRange::parse(&text).is_some(),
        text.parse::<DatastorePath>().is_ok(),
    ];
    taken.contains(&true)
}

/// Returns the URLs of a lease's disks, for tests of what servers send.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn leased_urls(info: &crate::xml::Node) -> Vec<String> {
    lease::disk_urls(info).into_iter().map(|file| file.url).collect()
}
