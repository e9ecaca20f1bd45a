use kuramori_base::Hint;
use kuramori_block::{ByteOffset, ReadError};

/// Why a file cannot be had from a set.
#[derive(Debug, thiserror::Error)]
pub enum FileSetError {
    /// It is not of the set. Nothing was opened.
    #[error("“{name}” lies outside of what is saved")]
    Outside {
        /// What it is called by the file that names it.
        name: String,
    },
    /// It is not there.
    #[error("“{name}” is not there")]
    Missing {
        /// What it is called.
        name: String,
    },
    /// It cannot be opened.
    #[error("“{name}” cannot be opened")]
    Unreadable {
        /// What it is called.
        name: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl Hint for FileSetError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Outside { .. } => vec![
                "Only files of the same folder are read. Make a full clone of a linked one, or \
                 copy the disk into the folder."
                    .to_owned(),
            ],
            Self::Missing { .. } => {
                vec!["Check that all files of the VM or export are there.".to_owned()]
            }
            Self::Unreadable { .. } => {
                vec![
                    "Check that this account may read the file, and that nobody uses it."
                        .to_owned(),
                ]
            }
        }
    }
}

/// Why a disk in files cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HostedError {
    /// A file it names cannot be had.
    #[error(transparent)]
    File(#[from] FileSetError),
    /// A file could not be read.
    #[error("reading “{file}” at {at} failed")]
    Read {
        /// The file.
        file: String,
        /// Where in it.
        at: ByteOffset,
        /// What the source said.
        #[source]
        source: ReadError,
    },
    /// A file is no disk of a kind that is read here.
    #[error("“{file}” is no disk that can be read: {why}")]
    NotADisk {
        /// The file.
        file: String,
        /// What is wrong.
        why: &'static str,
    },
    /// Something in a file contradicts the format.
    #[error("“{file}” is damaged at {at}: {why}")]
    Damaged {
        /// The file.
        file: String,
        /// Where in it.
        at: ByteOffset,
        /// What is wrong there.
        why: &'static str,
    },
    /// A file was not closed.
    #[error("“{file}” was not closed: somebody uses it, or did not come to an end")]
    InUse {
        /// The file.
        file: String,
    },
    /// The disk below is another one than that the snapshot was made of.
    #[error("“{parent}” was changed since “{child}” was made above it")]
    BrokenChain {
        /// The snapshot.
        child: String,
        /// What it names as the disk below.
        parent: String,
    },
}

impl Hint for HostedError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::File(error) => error.hints(),
            Self::InUse { .. } => vec![
                "Power the VM off. If it is off, power it on and off once: that repairs the disk."
                    .to_owned(),
            ],
            Self::BrokenChain { .. } => {
                vec!["Save the folder as it was before the disk below was changed.".to_owned()]
            }
            Self::NotADisk { .. } | Self::Damaged { .. } => {
                vec![
                    "Check the file with the program that made it, or copy it once more."
                        .to_owned(),
                ]
            }
            Self::Read { .. } => vec!["Check the drive the file lies on.".to_owned()],
        }
    }
}

/// What is wrong in a file, before it is known which one it is.
#[derive(Debug)]
pub(super) enum Wrong {
    Read { at: u64, source: ReadError },
    NotADisk(&'static str),
    Damaged { at: u64, why: &'static str },
    InUse,
}

impl Wrong {
    pub(super) fn of(self, file: &str) -> HostedError {
        let file = file.to_owned();
        match self {
            Self::Read { at, source } => {
                HostedError::Read { file, at: ByteOffset::new(at), source }
            }
            Self::NotADisk(why) => HostedError::NotADisk { file, why },
            Self::Damaged { at, why } => {
                HostedError::Damaged { file, at: ByteOffset::new(at), why }
            }
            Self::InUse => HostedError::InUse { file },
        }
    }
}
