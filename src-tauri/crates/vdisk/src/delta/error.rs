use kuramori_base::Hint;
use kuramori_block::{ByteOffset, ReadError};

/// Why a delta cannot be read, or not now.
#[derive(Debug, thiserror::Error)]
pub enum DeltaError {
    /// The file could not be read.
    #[error("reading the delta at {at} of its file failed")]
    Read {
        /// Where in the file.
        at: ByteOffset,
        /// What the source said.
        #[source]
        source: ReadError,
    },
    /// The file does not begin like a delta of a kind that is read here.
    #[error("the file is no snapshot delta that can be read: {why}")]
    NotADelta {
        /// What is wrong with its header.
        why: &'static str,
    },
    /// Something in the file contradicts the format.
    #[error("the delta is damaged at {at} of its file: {why}")]
    Damaged {
        /// Where in the file.
        at: ByteOffset,
        /// What is wrong there.
        why: &'static str,
    },
    /// Its journal was not replayed: somebody has it open, or it was not closed.
    #[error("the delta is in use: its journal was not replayed")]
    InUse,
    /// The guest unmapped a part, and nobody says what that reads as.
    #[error("the delta marks {disk} of the disk as unmapped")]
    Unmapped {
        /// The first byte of that part on the disk.
        disk: ByteOffset,
    },
}

impl Hint for DeltaError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Read { .. } => vec!["Read the disk again.".to_owned()],
            Self::NotADelta { .. } | Self::Damaged { .. } | Self::Unmapped { .. } => {
                vec!["Read the disk by export, which leaves the merging to the host.".to_owned()]
            }
            Self::InUse => {
                vec!["Read only deltas below a snapshot: the topmost one is written to.".to_owned()]
            }
        }
    }
}
