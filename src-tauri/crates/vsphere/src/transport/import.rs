use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use kuramori_base::{CancelToken, Cancelled, Hint, Progress, Retry};
use kuramori_block::ByteLen;

use super::identity::Kept;
use super::import_spec::Rebuilt;
use super::lease::Lease;
use super::placement::Placement;
use super::upload::{Meter, upload};
use super::{boot, device_key, import_spec};
use crate::DiskKey;
use crate::client::{Client, cancellable};
use crate::error::VsphereError;
use crate::hardware::VmHardware;
use crate::inventory::Inventory;
use crate::refs::{DatastoreRef, FolderRef, HostRef, PoolRef, VmRef};

/// The VM to make.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// What it is made of. Each of its disks needs an [`ImportDisk`].
    pub hardware: VmHardware,
    /// Its name.
    pub name: String,
    /// Names it may have instead, in this order, when somebody else has taken the one before.
    pub other_names: Vec<String>,
    /// Where its files go.
    pub datastore: DatastoreRef,
    /// Disks whose files go to another datastore.
    pub elsewhere: Vec<(DiskKey, DatastoreRef)>,
    /// Whether they may go to the VM's datastore where the server refuses that. They all have room
    /// there then.
    pub or_together: bool,
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
    /// The name it has.
    pub name: String,
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
/// It is left powered off, on thin disks, with disconnected cards. Two disks are sent at once. The
/// memory that takes is bounded: for each, 8 pieces of 256 KiB on their way and what its body holds.
/// `progress` counts bytes of the streams as `done`: their lengths are known beforehand, so a thin
/// disk counts what it holds and nothing else.
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
    let (lease, made) = begin(client, request, &inventory, cancel).await?;
    let Made { request, place, mut rebuilt } = made;
    match transfer(client, &lease, &request.hardware, disks, progress, cancel).await {
        Ok(reference) => {
            let of = (&place, &rebuilt);
            let more = boot::finish(client, &reference, &request.hardware, of).await;
            rebuilt.warnings.extend(more);
            Ok(ImportedVm { reference, name: request.name, warnings: rebuilt.warnings })
        }
        Err(error) => {
            if let Err(abort) = lease.abort().await {
                tracing::warn!(error = %abort, "the failed import could not be aborted");
            }
            Err(error)
        }
    }
}

/// How often a name is tried again that the attempt before may still have.
const WAITS_FOR_NAME: u32 = 20;

/// A VM that waits for its disks.
struct Made {
    request: ImportRequest,
    place: Placement,
    rebuilt: Rebuilt,
}

/// Has the server make the VM, under the first name that nobody has, and opens the lease.
async fn begin(
    client: &Client,
    mut request: ImportRequest,
    inventory: &Inventory,
    cancel: &CancelToken,
) -> Result<(Lease, Made), ImportError> {
    let mut names = std::mem::take(&mut request.other_names).into_iter();
    let mut apart = Vec::new();
    let mut waits = 0;
    loop {
        let place = Placement::resolve(&request, inventory)?;
        let kept = Kept::of(&request, inventory);
        let mut rebuilt = Rebuilt::default();
        let called = client
            .change(ACTION, "ImportVApp", &place.pool.mo(), |w| {
                rebuilt = import_spec::write(w, &request.hardware, &request.name, (&place, &kept));
                w.mo("folder", &place.folder.mo());
                if let Some(host) = &place.host {
                    w.mo("host", &host.mo());
                }
            })
            .await;
        // A server may look at the specification only while the lease gets ready.
        let begun = match called {
            Ok(reply) => Lease::ready(client, ACTION, &reply, cancel).await,
            Err(error) => Err(error),
        };
        let error = match begun {
            Ok(lease) => {
                rebuilt.warnings.extend(apart);
                return Ok((lease, Made { request, place, rebuilt }));
            }
            Err(error) => error,
        };
        if is_taken(&error) && !apart.is_empty() && waits < WAITS_FOR_NAME {
            // By what the server still removes of the attempt before.
            waits += 1;
            cancellable(cancel, tokio::time::sleep(Duration::from_millis(500))).await?;
        } else if is_taken(&error)
            && let Some(next) = names.next()
        {
            request.name = next;
        } else if refuses_places(&error) && request.or_together && !request.elsewhere.is_empty() {
            let only = &place.datastore;
            apart.push(format!("disks on other datastores than “{only}” ({error})"));
            request.elsewhere.clear();
        } else {
            return Err(error.into());
        }
    }
}

/// Returns whether another VM has the name.
fn is_taken(error: &VsphereError) -> bool {
    error.fault().is_some_and(|fault| fault.is("DuplicateName"))
}

/// Returns whether the server may have refused where the disks are to lie.
fn refuses_places(error: &VsphereError) -> bool {
    const REFUSALS: [&str; 5] = [
        "InvalidDeviceSpec",
        "InvalidDatastore",
        "InvalidDatastorePath",
        "InvalidArgument",
        "NotSupported",
    ];
    error.fault().is_some_and(|fault| REFUSALS.iter().any(|kind| fault.is(kind)))
}

/// Disks sent at once.
const AT_ONCE: usize = 2;

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
    // Ends the others when one fails; each still waits for its reader.
    let stop = cancel.part();
    let mut sending = stream::iter(disks)
        .map(|disk| send(client, lease, hardware, disk, &meter, &stop))
        .buffer_unordered(AT_ONCE);
    let mut failed = None::<ImportError>;
    while let Some(sent) = sending.next().await {
        if let Err(error) = sent {
            stop.cancel();
            failed.get_or_insert(error);
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    cancel.check()?;
    lease.complete(ACTION).await?;
    Ok(VmRef::new(&entity.value))
}

async fn send(
    client: &Client,
    lease: &Lease,
    hardware: &VmHardware,
    disk: ImportDisk,
    meter: &Arc<Meter>,
    stop: &CancelToken,
) -> Result<(), ImportError> {
    stop.check()?;
    let url = device_key::find(hardware, disk.key, &lease.disks);
    let url = url.ok_or(ImportError::NotTaken { disk: disk.key })?;
    let peer = lease.peer(url);
    let peer = peer.map_err(|source| ImportError::Transfer { disk: disk.key, source })?;
    upload(client, lease, &peer, disk, meter, stop).await
}
