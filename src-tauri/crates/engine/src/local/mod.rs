//! VMs and disks that lie in files of this computer: folders of Workstation and Fusion, exports,
//! loose disks, raw images.
//!
//! What a path is follows from its name alone, which a person typed; the bytes of a file never
//! decide how it is read.

mod archive;
mod error;
mod folder;
mod sums;
mod vm;

use std::path::{Path, PathBuf};

use kuramori_base::{CancelToken, Progress};
use kuramori_block::{ByteLen, ByteOffset, DiskReader, ExtentSet, ReadError};
use kuramori_repo::{SourceKind, VmIdentity};
use kuramori_vdisk::hosted::{FileSet, HostedDisk};
use kuramori_vsphere::SavedConfig;

pub use error::LocalError;

use crate::image::{ImageError, ImageFile};
use crate::report::RunEvent;
use folder::{Folder, Stamp};
use sums::Sum;

/// A VM or a disk that lies in files.
pub struct LocalSource {
    pub(crate) vm: VmIdentity,
    pub(crate) kind: SourceKind,
    /// What a VM is built again from; nothing for a disk alone.
    pub(crate) config: Option<SavedConfig>,
    pub(crate) disks: Vec<LocalDisk>,
    /// Disks of the VM that are not here, each with its reason.
    pub(crate) left_out: Vec<String>,
    /// What a recovery point should say of it.
    pub(crate) notes: Vec<RunEvent>,
    still: Still,
    sums: Option<(Box<dyn FileSet>, Vec<Sum>)>,
}

impl std::fmt::Debug for LocalSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalSource").field("vm", &self.vm).finish_non_exhaustive()
    }
}

/// A disk and its place in the VM.
pub(crate) struct LocalDisk {
    pub(crate) key: i32,
    pub(crate) label: String,
    pub(crate) bytes: Box<dyn DiskReader>,
}

/// What has to be as it was once everything is read.
#[derive(Debug, Default)]
struct Still {
    stamps: Vec<Stamp>,
    /// The folder in which a running VM leaves locks, as it does beside the files themselves.
    locks: Option<PathBuf>,
}

impl Still {
    /// Checks that no running VM holds the files.
    fn check_locks(&self) -> Result<(), LocalError> {
        self.locks.as_ref().map_or(Ok(()), |folder| folder::check_locks(folder, &self.stamps))
    }
}

impl LocalSource {
    /// Opens what a path names: a folder with one `.vmx`, a `.vmx`, `.ovf`, `.ova` or `.vmdk`
    /// with all that belongs to it; anything else is a raw image.
    ///
    /// # Errors
    /// [`ImageError`]: above all a VM that runs, a file that lies elsewhere, and what is no such
    /// thing.
    pub fn open(path: &Path) -> Result<Self, ImageError> {
        let failed = |source| LocalError::Open { path: path.to_owned(), source };
        if fs_err::metadata(path).map_err(failed)?.is_dir() {
            return Ok(vm::from_vmx(&vm::only_vmx(path)?)?);
        }
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        Ok(match ending.as_str() {
            "vmx" => vm::from_vmx(path)?,
            "ovf" => vm::from_ovf(path)?,
            "ova" => vm::from_ova(path)?,
            "vmdk" => Self::loose(path)?,
            _ => Self::raw(path)?,
        })
    }

    /// Returns the name its recovery points go by unless another one is given.
    pub fn name(&self) -> &str {
        &self.vm.name
    }

    fn raw(path: &Path) -> Result<Self, ImageError> {
        let bytes = Box::new(ImageFile::open(path)?);
        Ok(Self::of_disk(stem(path), bytes, Still::default()))
    }

    /// A disk without a VM, with its snapshots.
    fn loose(path: &Path) -> Result<Self, LocalError> {
        let (folder, name) = beside(path)?;
        folder::check_locks(folder.root(), &[])?;
        let disk = open_disk(&folder, &name)?;
        let still = Still { stamps: folder.stamps(), locks: Some(folder.root().to_owned()) };
        still.check_locks()?;
        Ok(Self::of_disk(stem(path), Box::new(disk), still))
    }

    fn of_disk(name: String, bytes: Box<dyn DiskReader>, still: Still) -> Self {
        Self {
            disks: vec![LocalDisk { key: 0, label: name.clone(), bytes }],
            vm: VmIdentity::named(name),
            kind: SourceKind::Image,
            config: None,
            left_out: Vec::new(),
            notes: Vec::new(),
            still,
            sums: None,
        }
    }

    /// Returns how many bytes are read before those of the disks.
    pub(crate) fn bytes_to_verify(&self) -> Result<u64, LocalError> {
        self.sums.as_ref().map_or(Ok(0), |(set, sums)| sums::bytes(&**set, sums))
    }

    /// Compares the files with the checksums of their export, where it has any.
    pub(crate) fn verify(
        &self,
        progress: &dyn Progress,
        cancel: &CancelToken,
    ) -> Result<(), ImageError> {
        match &self.sums {
            Some((set, sums)) => sums::check(&**set, sums, progress, cancel),
            None => Ok(()),
        }
    }

    /// Checks that nobody used the files since they were opened.
    pub(crate) fn check_still(&self) -> Result<(), LocalError> {
        self.still.check_locks()?;
        self.still.stamps.iter().try_for_each(Stamp::check)
    }
}

/// Returns the folder a file lies in, and its name there.
fn beside(path: &Path) -> Result<(Folder, String), LocalError> {
    let failed = |source| LocalError::Open { path: path.to_owned(), source };
    let full = fs_err::canonicalize(path).map_err(failed)?;
    let folder = Folder::new(full.parent().unwrap_or(&full)).map_err(failed)?;
    let name = full.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok((folder, name))
}

fn open_disk(set: &dyn FileSet, name: &str) -> Result<HostedDisk, LocalError> {
    HostedDisk::open(set, name).map_err(|source| LocalError::Disk { disk: name.to_owned(), source })
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// A disk that was never written to.
struct Blank(ByteLen);

impl DiskReader for Blank {
    fn capacity(&self) -> ByteLen {
        self.0
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        self.check_range(offset, buf.len())?;
        buf.fill(0);
        Ok(())
    }

    fn allocated(&self) -> Result<Option<ExtentSet>, ReadError> {
        Ok(Some(ExtentSet::new()))
    }
}
