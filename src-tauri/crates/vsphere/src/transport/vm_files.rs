//! Small files of a VM that its configuration object does not hold: the vmx as it lies on the
//! datastore, and the NVRAM with the boot entries of an EFI guest.

use bytes::Bytes;
use kuramori_base::CancelToken;

use super::datastore_file::FileSource;
use super::datastore_http::{DatastoreHttp, DatastoreHttpError, ExportInstead};
use super::path::DatastorePath;
use super::wire::{Encoding, file_url};
use crate::client::cancellable;
use crate::error::VsphereError;
use crate::property::Properties;
use crate::refs::{DatastoreRef, VmRef};
use crate::service::ServerKind;

/// Larger files are none of these.
const LARGEST: usize = 2 << 20;
/// Of the log, its end is kept.
const LOG: u64 = 256 << 10;
/// Others are of earlier runs of the VM.
const LOG_NAME: &str = "/vmware.log";
const PATHS: &[&str] = &["config.files.vmPathName", "layoutEx", "datastore"];

/// What was found of a VM's small files.
#[derive(Debug, Default)]
pub struct VmFiles {
    /// The vmx file, as it is.
    pub vmx: Option<Vec<u8>>,
    /// The NVRAM. A VM that was never powered on has none.
    pub nvram: Option<Vec<u8>>,
    /// Files that are there and could not be read, each with the reason.
    pub unread: Vec<(DatastorePath, DatastoreHttpError)>,
}

/// Where the files of a VM lie.
struct Home {
    vmx: DatastorePath,
    nvram: Option<DatastorePath>,
    log: Option<DatastorePath>,
    datacenter: String,
}

impl DatastoreHttp {
    /// Reads a VM's vmx and NVRAM.
    ///
    /// # Errors
    /// When the server does not say where they lie. A file that cannot be read is no error.
    ///
    /// # Cancellation
    /// At any time; nothing stays behind.
    pub async fn vm_files(
        &self,
        vm: &VmRef,
        cancel: &CancelToken,
    ) -> Result<VmFiles, DatastoreHttpError> {
        let home = self.home(vm).await?;
        let mut found = VmFiles::default();
        for (path, is_vmx) in [(Some(&home.vmx), true), (home.nvram.as_ref(), false)] {
            let Some(path) = path else { continue };
            match cancellable(cancel, self.small_file(path, &home.datacenter)).await? {
                Ok(bytes) if is_vmx => found.vmx = Some(bytes),
                Ok(bytes) => found.nvram = Some(bytes),
                Err(error) => found.unread.push((path.clone(), error)),
            }
        }
        Ok(found)
    }

    /// Reads the end of the log of a VM that is off; `None` where there is none. That of a running
    /// VM is locked.
    ///
    /// # Errors
    /// When the server does not say where the VM's files lie, and what reading says.
    ///
    /// # Cancellation
    /// At any time; nothing stays behind.
    pub async fn log_end(
        &self,
        vm: &VmRef,
        cancel: &CancelToken,
    ) -> Result<Option<Vec<u8>>, DatastoreHttpError> {
        let home = self.home(vm).await?;
        let Some(path) = home.log.clone() else { return Ok(None) };
        let read = async {
            let url = file_url(&path, &home.datacenter, self.spelling(&home).await?);
            let source = FileSource::new(self.client().clone(), url, path);
            let length = source.length().await?;
            let start = length.saturating_sub(LOG);
            let mut end = vec![0; usize::try_from(length - start).unwrap_or_default()];
            source.read(start, &mut end).await?;
            Ok(Some(end))
        };
        cancellable(cancel, read).await?
    }

    /// Writes the NVRAM of a VM that was never powered on since it was made.
    ///
    /// # Errors
    /// [`DatastoreHttpError`]; an empty NVRAM is refused, since a host takes it for a damaged one.
    pub async fn put_nvram(&self, vm: &VmRef, nvram: Vec<u8>) -> Result<(), DatastoreHttpError> {
        let home = self.home(vm).await?;
        let path = match &home.nvram {
            Some(path) => path.clone(),
            None => beside(&home.vmx)?,
        };
        if nvram.is_empty() {
            let (what, reason) = (path.to_string(), ExportInstead::SizeMismatch);
            return Err(DatastoreHttpError::Refused { what, reason });
        }
        // The file may not be there yet, so only the folder's own spelling can be right.
        let url = file_url(&path, &home.datacenter, self.spelling(&home).await?);
        FileSource::new(self.client().clone(), url, path).put(Bytes::from(nvram)).await
    }

    /// Finds out how the server wants names of this VM's files to be spelled.
    async fn spelling(&self, home: &Home) -> Result<Encoding, DatastoreHttpError> {
        for encoding in [Encoding::Once, Encoding::Twice] {
            let url = file_url(&home.vmx, &home.datacenter, encoding);
            match FileSource::new(self.client().clone(), url, home.vmx.clone()).length().await {
                Ok(_) => return Ok(encoding),
                Err(e) if e.export_instead() == Some(ExportInstead::Missing) => {}
                Err(error) => return Err(error),
            }
        }
        let (what, reason) = (home.vmx.to_string(), ExportInstead::Missing);
        Err(DatastoreHttpError::Refused { what, reason })
    }

    async fn small_file(
        &self,
        path: &DatastorePath,
        datacenter: &str,
    ) -> Result<Vec<u8>, DatastoreHttpError> {
        let (bytes, _) = self.beginning_of(path, datacenter, LARGEST + 1).await?;
        if bytes.len() > LARGEST {
            let (what, reason) = (path.to_string(), ExportInstead::SizeMismatch);
            return Err(DatastoreHttpError::Refused { what, reason });
        }
        Ok(bytes)
    }

    async fn home(&self, vm: &VmRef) -> Result<Home, DatastoreHttpError> {
        const ACTION: &str = "find the files of a VM";
        let missing = || VsphereError::missing(ACTION, "where the files of the VM lie");
        let properties = self.client().properties(ACTION, &vm.mo(), PATHS).await?;
        let vmx: DatastorePath = properties
            .text("config.files.vmPathName")
            .and_then(|text| text.parse().ok())
            .ok_or_else(missing)?;
        let datacenter = self.datacenter_of(&properties).ok_or_else(missing)?;
        let (nvram, log) =
            (of_type(&properties, "nvram", ""), of_type(&properties, "log", LOG_NAME));
        Ok(Home { vmx, nvram, log, datacenter })
    }

    /// The datacenter of a VM is that of any of its datastores.
    fn datacenter_of(&self, properties: &Properties) -> Option<String> {
        if self.client().about().kind == ServerKind::Esxi {
            return Some(self.datacenters().first()?.path.clone());
        }
        let stores = properties.get("datastore")?.children.iter();
        let stores: Vec<_> = stores.map(|store| DatastoreRef::new(&store.text)).collect();
        let holds = |all: &[DatastoreRef]| stores.iter().any(|store| all.contains(store));
        let found = self.datacenters().iter().find(|center| holds(&center.datastores))?;
        Some(found.path.clone())
    }
}

/// Finds the first file of a type whose name ends so.
fn of_type(properties: &Properties, kind: &str, ending: &str) -> Option<DatastorePath> {
    let files = properties.get("layoutEx")?.all("file");
    let mut names =
        files.filter(|file| file.text_at("type") == Some(kind)).filter_map(|f| f.text_at("name"));
    names.find(|name| name.ends_with(ending))?.parse().ok()
}

fn beside(vmx: &DatastorePath) -> Result<DatastorePath, DatastoreHttpError> {
    let name = vmx.file().rsplit('/').next().unwrap_or_default();
    let stem = name.strip_suffix(".vmx").unwrap_or(name);
    vmx.sibling(&format!("{stem}.nvram")).ok_or_else(|| DatastoreHttpError::Refused {
        what: vmx.to_string(),
        reason: ExportInstead::UnknownLayout,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nvram_stands_beside_the_vmx() {
        let vmx: DatastorePath = "[ds] web 01/web 01.vmx".parse().unwrap();
        assert_eq!(beside(&vmx).unwrap().to_string(), "[ds] web 01/web 01.nvram");
    }
}
