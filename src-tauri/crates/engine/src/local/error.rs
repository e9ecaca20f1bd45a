use std::path::PathBuf;

use kuramori_base::Hint;
use kuramori_vdisk::hosted::{FileSetError, HostedError};
use kuramori_vsphere::FoundVmError;

/// Why a VM or disk in files cannot be saved.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// A file or folder cannot be opened.
    #[error("{} cannot be opened", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A folder does not hold just one VM.
    #[error("{} holds {count} files that end in .vmx, and a VM has one", path.display())]
    NotOneVm {
        /// The folder.
        path: PathBuf,
        /// How many there are.
        count: usize,
    },
    /// The description of the VM cannot be used.
    #[error("“{file}” cannot be used")]
    Config {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: FoundVmError,
    },
    /// There is nothing to save.
    #[error("“{file}” names no disk that can be saved")]
    NoDisk {
        /// The file.
        file: String,
    },
    /// A disk cannot be read.
    #[error("“{disk}” cannot be read")]
    Disk {
        /// The disk.
        disk: String,
        /// Why.
        #[source]
        source: HostedError,
    },
    /// A file beside the disks cannot be had.
    #[error(transparent)]
    File(#[from] FileSetError),
    /// An archive is not what an export makes.
    #[error("{} is no archive of an exported VM: {why}", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The VM runs.
    #[error("the VM is in use: {} is locked", lock.display())]
    InUse {
        /// The lock.
        lock: PathBuf,
    },
    /// A file changed while it was read.
    #[error("{} changed while it was read", file.display())]
    Changed {
        /// The file.
        file: PathBuf,
    },
    /// A file is another one than was exported.
    #[error("“{file}” does not have the checksum that its export says it has")]
    Checksum {
        /// The file.
        file: String,
    },
    /// The list of checksums makes no sense.
    #[error("line {line} of “{file}” is no checksum")]
    Manifest {
        /// The list.
        file: String,
        /// Line, from 1.
        line: usize,
    },
}

impl Hint for LocalError {
    fn hints(&self) -> Vec<String> {
        let one = |hint: &str| vec![hint.to_owned()];
        match self {
            Self::InUse { .. } => one(
                "Power the VM off or suspend it. If it does not run, open it once in the program \
                 it belongs to and close it again: that removes the lock.",
            ),
            Self::Changed { .. } => one("Let nobody use the files meanwhile, then try again."),
            Self::NotOneVm { .. } => one("Name the .vmx file of the VM instead of its folder."),
            Self::Checksum { .. } | Self::Manifest { .. } | Self::Archive { .. } => {
                one("Export the VM or copy the files once more.")
            }
            Self::Config { source: FoundVmError::Encrypted, .. } => {
                one("Remove the encryption in the settings of the VM, or back it up from inside.")
            }
            Self::Config { source: FoundVmError::SeveralVms, .. } => {
                one("Export each VM by itself.")
            }
            Self::Disk { source, .. } => source.hints(),
            Self::File(error) => error.hints(),
            Self::Open { .. } | Self::Config { .. } | Self::NoDisk { .. } => Vec::new(),
        }
    }
}
