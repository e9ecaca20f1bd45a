use std::fmt;
use std::sync::Arc;

use kuramori_base::{CancelToken, Cancelled, Hint, Retry};
use kuramori_block::ByteLen;
use serde::{Deserialize, Serialize};

use super::descriptor::{self, Layout, MAX_DESCRIPTOR};
use super::flat_disk::{FileSource, FlatDisk};
use super::path::DatastorePath;
use super::wire::{Encoding, file_url};
use crate::client::{Client, cancellable};
use crate::error::VsphereError;
use crate::hardware::DiskConfig;
use crate::inventory::DatacenterSummary;
use crate::service::ServerKind;

/// Why the file of a disk cannot be read and the disk has to be exported instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportInstead {
    /// The snapshot froze a delta on top of older snapshots.
    Delta,
    /// It is a raw device mapping.
    RawDevice,
    /// Its storage keeps objects, not files.
    ObjectStorage,
    /// The file holds ciphertext.
    Encrypted,
    /// The server does not say where it lies, or in a way nobody here knows.
    UnknownLayout,
    /// The file is not as large as the disk.
    SizeMismatch,
    /// The file is not there under any spelling.
    Missing,
    /// Somebody else holds the file.
    Locked,
}

impl fmt::Display for ExportInstead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Delta => "it lies on top of an older snapshot",
            Self::RawDevice => "it is a raw device mapping",
            Self::ObjectStorage => "its storage keeps objects instead of files",
            Self::Encrypted => "its file is encrypted",
            Self::UnknownLayout => "its layout is not a plain file",
            Self::SizeMismatch => "its file is not as large as the disk",
            Self::Missing => "its file is not there",
            Self::Locked => "its file is locked",
        })
    }
}

/// Why a disk cannot be read over the files of its datastore.
#[derive(Debug, thiserror::Error)]
pub enum DatastoreHttpError {
    /// Export it instead.
    #[error("{what} cannot be read as a file: {reason}")]
    Refused {
        /// Which disk or file.
        what: String,
        /// Why.
        reason: ExportInstead,
    },
    /// The server sent other bytes than were asked for.
    #[error("{file} came with the wrong bytes: {why}")]
    WrongBytes {
        /// Which file.
        file: String,
        /// What was wrong.
        why: &'static str,
    },
    /// The server stayed too busy or kept failing.
    #[error("{file} could not be read after several attempts")]
    GaveUp {
        /// Which file.
        file: String,
        /// How the last attempt failed.
        #[source]
        source: Box<VsphereError>,
    },
    /// A call failed.
    #[error("reading a file of the datastore failed")]
    Call(#[from] VsphereError),
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl DatastoreHttpError {
    /// Returns why to export the disk instead, or `None` when that would fail as well.
    pub fn export_instead(&self) -> Option<ExportInstead> {
        match self {
            Self::Refused { reason, .. } => Some(*reason),
            _ => None,
        }
    }

    /// Returns whether trying again can help.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Call(error) => error.retry(),
            Self::GaveUp { source, .. } => source.retry(),
            _ => Retry::Never,
        }
    }
}

impl Hint for DatastoreHttpError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Refused { reason: ExportInstead::Locked, .. } => {
                vec!["Check that no other backup program reads this VM.".into()]
            }
            Self::GaveUp { source, .. } => source.hints(),
            Self::Call(error) => error.hints(),
            _ => Vec::new(),
        }
    }
}

/// Reads frozen disks as files of their datastore, over `/folder` with byte ranges.
///
/// All disks of one client share its limit of four requests at once.
#[derive(Clone, Debug)]
pub struct DatastoreHttp {
    client: Client,
    datacenters: Arc<Vec<DatacenterSummary>>,
}

impl DatastoreHttp {
    /// Learns which datacenter each datastore belongs to.
    ///
    /// # Errors
    /// As every call.
    pub async fn new(client: &Client) -> Result<Self, VsphereError> {
        let datacenters = client.datacenters().await?;
        Ok(Self { client: client.clone(), datacenters: Arc::new(datacenters) })
    }

    /// Opens a disk of a snapshot for reading.
    ///
    /// The disk must come from the configuration of a snapshot: the link a running VM writes to is
    /// locked, and would change meanwhile.
    ///
    /// # Errors
    /// [`DatastoreHttpError::Refused`] when the disk has to be exported instead.
    ///
    /// # Cancellation
    /// The token is kept by the disk and looked at while it reads.
    pub async fn open(
        &self,
        disk: &DiskConfig,
        cancel: CancelToken,
    ) -> Result<FlatDisk, DatastoreHttpError> {
        let refuse = |reason| DatastoreHttpError::Refused { what: disk.label.clone(), reason };
        let descriptor = plain_file(disk).map_err(refuse)?;
        let datacenter = self.datacenter(disk, descriptor);
        let datacenter = datacenter.ok_or_else(|| refuse(ExportInstead::UnknownLayout))?;
        let open = self.open_file(descriptor, &datacenter, disk.capacity, &cancel);
        let source = cancellable(&cancel, open).await??;
        Ok(FlatDisk::new(source, disk.capacity, cancel))
    }

    async fn open_file(
        &self,
        descriptor: &DatastorePath,
        datacenter: &str,
        capacity: ByteLen,
        cancel: &CancelToken,
    ) -> Result<FileSource, DatastoreHttpError> {
        let (text, encoding) = self.descriptor(descriptor, datacenter).await?;
        cancel.check()?;
        let refuse = |reason| DatastoreHttpError::Refused { what: descriptor.to_string(), reason };
        let (file, size) = match descriptor::parse(&text) {
            Some(Layout::Flat { file, capacity }) => (file, capacity),
            Some(Layout::Other) => return Err(refuse(ExportInstead::Delta)),
            None => return Err(refuse(ExportInstead::UnknownLayout)),
        };
        if size != capacity {
            return Err(refuse(ExportInstead::SizeMismatch));
        }
        let flat = descriptor.sibling(&file);
        let flat = flat.ok_or_else(|| refuse(ExportInstead::ObjectStorage))?;
        let url = file_url(&flat, datacenter, encoding);
        let source = FileSource::new(self.client.clone(), url, flat);
        let length = source.length().await?;
        if length != capacity.get() {
            return Err(refuse(ExportInstead::SizeMismatch));
        }
        Ok(source)
    }

    /// Reads a descriptor, trying the other spelling of its URL when it is not there.
    async fn descriptor(
        &self,
        file: &DatastorePath,
        datacenter: &str,
    ) -> Result<(Vec<u8>, Encoding), DatastoreHttpError> {
        let mut missing = None;
        for encoding in [Encoding::Once, Encoding::Twice] {
            let url = file_url(file, datacenter, encoding);
            let source = FileSource::new(self.client.clone(), url, file.clone());
            match source.beginning(MAX_DESCRIPTOR).await {
                Ok(text) => return Ok((text, encoding)),
                Err(error) if error.export_instead() == Some(ExportInstead::Missing) => {
                    missing = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(missing.unwrap_or_else(|| DatastoreHttpError::Refused {
            what: file.to_string(),
            reason: ExportInstead::Missing,
        }))
    }

    fn datacenter(&self, disk: &DiskConfig, file: &DatastorePath) -> Option<String> {
        if self.client.about().kind == ServerKind::Esxi {
            return Some(self.datacenters.first()?.path.clone());
        }
        let store = disk.backing.datastore.as_ref();
        let holds = |datacenter: &&DatacenterSummary| {
            store.is_some_and(|store| datacenter.datastores.contains(store))
        };
        let found = self.datacenters.iter().find(holds);
        if found.is_none() {
            tracing::debug!(%file, "no datacenter holds the datastore of this disk");
        }
        found.map(|datacenter| datacenter.path.clone())
    }
}

/// Returns the descriptor of a disk whose newest link is a plain file, as far as the
/// configuration tells.
fn plain_file(disk: &DiskConfig) -> Result<&DatastorePath, ExportInstead> {
    let backing = &disk.backing;
    if backing.is_raw_device() {
        return Err(ExportInstead::RawDevice);
    }
    if disk.encrypted {
        return Err(ExportInstead::Encrypted);
    }
    if backing.object_id.is_some() {
        return Err(ExportInstead::ObjectStorage);
    }
    if !backing.parents.is_empty() {
        return Err(ExportInstead::Delta);
    }
    if backing.kind != "VirtualDiskFlatVer2BackingInfo" {
        return Err(ExportInstead::UnknownLayout);
    }
    backing.file.as_ref().ok_or(ExportInstead::UnknownLayout)
}
