use std::io::{self, Read};
use std::sync::Arc;

use kuramori_base::{CancelToken, Cancelled, Hint, Progress, Retry};
use kuramori_block::ByteLen;

use super::identity::Kept;
use super::lease::Lease;
use super::placement::Placement;
use super::upload::{Meter, upload};
use super::{device_key, import_spec};
use crate::DiskKey;
use crate::client::{Client, cancellable};
use crate::error::VsphereError;
use crate::hardware::VmHardware;
use crate::refs::{DatastoreRef, FolderRef, HostRef, PoolRef, VmRef};

/// The VM to make.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// What it is made of. Each of its disks needs an [`ImportDisk`].
    pub hardware: VmHardware,
    /// Its name.
    pub name: String,
    /// Where all its files go.
    pub datastore: DatastoreRef,
    /// Its folder; else the top folder of the datastore's datacenter.
    pub folder: Option<FolderRef>,
    /// Its resource pool; else the one at the top of the host.
    pub pool: Option<PoolRef>,
    /// Its host; else the first that mounts the datastore.
    pub host: Option<HostRef>,
    /// Whether it is the original again or another one.
    pub identity: Identity,
}

/// By what a VM is known: its UUIDs and the addresses of its cards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Identity {
    /// All new: the original may still run.
    #[default]
    New,
    /// Those of the original, as far as no other VM of the server has them. Licences and leases of
    /// addresses hang on them.
    Keep,
}

/// The bytes of one disk.
pub struct ImportDisk {
    /// Which disk of the hardware.
    pub key: DiskKey,
    /// Exact length of the stream in bytes.
    pub content_length: ByteLen,
    /// A stream-optimized VMDK. Read on a blocking thread.
    pub body: Box<dyn Read + Send>,
}

impl std::fmt::Debug for ImportDisk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImportDisk")
            .field("key", &self.key)
            .field("content_length", &self.content_length)
            .finish_non_exhaustive()
    }
}

/// The VM that was made: powered off, its cards disconnected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedVm {
    /// Which.
    pub reference: VmRef,
    /// What could not be carried over, in sentences.
    pub warnings: Vec<String>,
}

/// Why a VM could not be imported. Nothing of it stays on the server.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The target lacks something.
    #[error("{what} was not found on the server")]
    NoPlace {
        /// What is missing.
        what: &'static str,
    },
    /// A disk of the hardware has no bytes.
    #[error("no bytes were given for {disk}")]
    NoBytes {
        /// Which disk.
        disk: DiskKey,
    },
    /// The lease has no place for a disk.
    #[error("the server takes no bytes for {disk}")]
    NotTaken {
        /// Which disk.
        disk: DiskKey,
    },
    /// The bytes of a disk could not be read, or were more or fewer than announced.
    #[error("the bytes of {disk} could not be read")]
    Body {
        /// Which disk.
        disk: DiskKey,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The bytes could not be sent.
    #[error("sending {disk} failed")]
    Transfer {
        /// Which disk.
        disk: DiskKey,
        /// Why.
        #[source]
        source: VsphereError,
    },
    /// A call failed.
    #[error("the import failed")]
    Call(#[from] VsphereError),
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl ImportError {
    /// Returns whether trying again can help.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Transfer { source, .. } | Self::Call(source) => source.retry(),
            _ => Retry::Never,
        }
    }
}

impl Hint for ImportError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Transfer { source: VsphereError::Unreachable { .. }, .. } => vec![
                "A vCenter takes the bytes on its hosts: each ESXi host must be reachable by the name the vCenter uses, on TCP port 443.".into(),
            ],
            Self::Transfer { source, .. } | Self::Call(source) => source.hints(),
            Self::NoPlace { .. } => vec!["Choose another datastore, host or folder.".into()],
            _ => Vec::new(),
        }
    }
}

const ACTION: &str = "import a VM";

/// Makes a new VM out of hardware and disk streams.
///
/// It is left powered off, on thin disks, with disconnected cards. `progress`
/// counts bytes of the streams as `done`.
///
/// # Errors
/// See [`ImportError`]; the half-made VM is removed by the server when the lease is aborted.
///
/// # Cancellation
/// The lease is aborted, with the same effect.
pub async fn import_vm(
    client: &Client,
    request: ImportRequest,
    disks: Vec<ImportDisk>,
    progress: Arc<dyn Progress>,
    cancel: &CancelToken,
) -> Result<ImportedVm, ImportError> {
    for shape in &request.hardware.disks {
        if !disks.iter().any(|disk| disk.key == shape.key) {
            return Err(ImportError::NoBytes { disk: shape.key });
        }
    }
    let inventory = cancellable(cancel, client.inventory()).await??;
    let place = Placement::resolve(&request, &inventory)?;
    let kept = Kept::of(&request, &inventory);
    let mut warnings = Vec::new();
    let reply = client
        .change(ACTION, "ImportVApp", &place.pool.mo(), |w| {
            warnings = import_spec::write(w, &request.hardware, &request.name, (&place, &kept));
            w.mo("folder", &place.folder.mo());
            if let Some(host) = &place.host {
                w.mo("host", &host.mo());
            }
        })
        .await?;
    let lease = Lease::ready(client, ACTION, &reply, cancel).await?;
    match transfer(client, &lease, &request.hardware, disks, progress, cancel).await {
        Ok(reference) => Ok(ImportedVm { reference, warnings }),
        Err(error) => {
            if let Err(abort) = lease.abort().await {
                tracing::warn!(error = %abort, "the failed import could not be aborted");
            }
            Err(error)
        }
    }
}

async fn transfer(
    client: &Client,
    lease: &Lease,
    hardware: &VmHardware,
    disks: Vec<ImportDisk>,
    progress: Arc<dyn Progress>,
    cancel: &CancelToken,
) -> Result<VmRef, ImportError> {
    let entity = lease.entity.as_ref().filter(|entity| entity.kind == "VirtualMachine");
    let entity = entity.ok_or_else(|| VsphereError::missing(ACTION, "the new VM"))?;
    let total: ByteLen = disks.iter().map(|disk| disk.content_length).sum();
    progress.total(total.get());
    let meter = Meter::new(total, progress);
    for disk in disks {
        cancel.check()?;
        let url = device_key::find(hardware, disk.key, &lease.disks);
        let url = url.ok_or(ImportError::NotTaken { disk: disk.key })?;
        let peer = lease.peer(url);
        let peer = peer.map_err(|source| ImportError::Transfer { disk: disk.key, source })?;
        upload(client, lease, &peer, disk, &meter, cancel).await?;
    }
    cancel.check()?;
    lease.complete(ACTION).await?;
    Ok(VmRef::new(&entity.value))
}
