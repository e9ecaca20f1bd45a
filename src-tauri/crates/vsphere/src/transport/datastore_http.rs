use std::fmt;
use std::sync::Arc;

use kuramori_base::{CancelToken, Cancelled, Hint, Retry};
use kuramori_block::{ByteLen, DiskReader};
use serde::{Deserialize, Serialize};

use super::datastore_file::{DatastoreFile, FileSource};
use super::descriptor::{self, Descriptor, Layout, MAX_DESCRIPTOR};
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
    /// Its files are not those of one disk.
    BrokenChain,
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
            Self::BrokenChain => "its snapshots do not belong to each other",
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

/// The files of a frozen disk.
#[derive(Debug)]
pub struct DiskFiles {
    /// A plain file, as long as the disk.
    pub base: DatastoreFile,
    /// What was written above it from snapshot to snapshot, the oldest first.
    pub deltas: Vec<DatastoreFile>,
    /// Numbers of the links' contents, the newest first: another one once somebody wrote.
    pub contents: Vec<u32>,
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

    /// Opens the files of a disk of a snapshot.
    ///
    /// The disk must come from the configuration of a snapshot, or of a VM that is off: the link a
    /// running VM writes to is locked, and would change meanwhile.
    ///
    /// # Errors
    /// [`DatastoreHttpError::Refused`] when the disk has to be exported instead.
    ///
    /// # Cancellation
    /// The token is kept by the files and looked at while they are read.
    pub async fn open(
        &self,
        disk: &DiskConfig,
        cancel: CancelToken,
    ) -> Result<DiskFiles, DatastoreHttpError> {
        let refuse = |reason| DatastoreHttpError::Refused { what: disk.label.clone(), reason };
        let links = links(disk).map_err(refuse)?;
        let datacenter = links.first().and_then(|newest| self.datacenter(disk, newest));
        let datacenter = datacenter.ok_or_else(|| refuse(ExportInstead::UnknownLayout))?;
        cancellable(&cancel, self.open_links(&links, &datacenter, disk.capacity, &cancel)).await?
    }

    /// Opens links, the newest first. Each must name the one after it as its parent.
    async fn open_links(
        &self,
        links: &[&DatastorePath],
        datacenter: &str,
        capacity: ByteLen,
        cancel: &CancelToken,
    ) -> Result<DiskFiles, DatastoreHttpError> {
        let (mut deltas, mut contents) = (Vec::new(), Vec::new());
        let mut parent = None;
        for link in links {
            cancel.check()?;
            let refuse = |reason| DatastoreHttpError::Refused { what: link.to_string(), reason };
            let (text, encoding) = self.beginning_of(link, datacenter, MAX_DESCRIPTOR).await?;
            let found = descriptor::parse(&text);
            let found = found.ok_or_else(|| refuse(ExportInstead::UnknownLayout))?;
            if parent.is_some_and(|parent| parent != found.content) {
                return Err(refuse(ExportInstead::BrokenChain));
            }
            parent = Some(found.parent);
            contents.push(found.content);
            let file = self.open_file(link, &found, (datacenter, encoding), cancel).await?;
            match found.layout {
                _ if found.capacity != capacity => {
                    return Err(refuse(ExportInstead::SizeMismatch));
                }
                Layout::Delta => deltas.push(file),
                Layout::Flat if file.capacity() != capacity => {
                    return Err(refuse(ExportInstead::SizeMismatch));
                }
                Layout::Flat if deltas.len() + 1 == links.len() => {
                    deltas.reverse();
                    return Ok(DiskFiles { base: file, deltas, contents });
                }
                Layout::Flat => return Err(refuse(ExportInstead::BrokenChain)),
            }
        }
        let what = links.first().map(ToString::to_string).unwrap_or_default();
        Err(DatastoreHttpError::Refused { what, reason: ExportInstead::BrokenChain })
    }

    async fn open_file(
        &self,
        link: &DatastorePath,
        found: &Descriptor,
        (datacenter, encoding): (&str, Encoding),
        cancel: &CancelToken,
    ) -> Result<DatastoreFile, DatastoreHttpError> {
        let reason = ExportInstead::ObjectStorage;
        let refused = || DatastoreHttpError::Refused { what: link.to_string(), reason };
        let path = link.sibling(&found.file).ok_or_else(refused)?;
        let url = file_url(&path, datacenter, encoding);
        let source = FileSource::new(self.client.clone(), url, path);
        let length = ByteLen::new(source.length().await?);
        Ok(DatastoreFile::new(source, length, cancel.clone()))
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn datacenters(&self) -> &[DatacenterSummary] {
        &self.datacenters
    }

    /// Reads the beginning of a file, trying the other spelling of its URL when it is not there.
    pub(super) async fn beginning_of(
        &self,
        file: &DatastorePath,
        datacenter: &str,
        limit: usize,
    ) -> Result<(Vec<u8>, Encoding), DatastoreHttpError> {
        let mut missing = None;
        for encoding in [Encoding::Once, Encoding::Twice] {
            let url = file_url(file, datacenter, encoding);
            let source = FileSource::new(self.client.clone(), url, file.clone());
            match source.beginning(limit).await {
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

/// Returns the descriptors of a disk, that of the newest link first, as far as the configuration
/// tells that its links are files.
fn links(disk: &DiskConfig) -> Result<Vec<&DatastorePath>, ExportInstead> {
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
    let kinds = ["VirtualDiskFlatVer2BackingInfo", "VirtualDiskSeSparseBackingInfo"];
    if !kinds.contains(&backing.kind.as_str()) {
        return Err(ExportInstead::UnknownLayout);
    }
    let newest = backing.file.as_ref().ok_or(ExportInstead::UnknownLayout)?;
    Ok(std::iter::once(newest).chain(&backing.parents).collect())
}
