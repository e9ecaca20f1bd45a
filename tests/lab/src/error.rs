//! What can go wrong with the lab itself, as opposed to what it answers.

use std::io;
use std::path::PathBuf;

use kuramori_base::Hint;

/// Why the lab could not do what its owner asked.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A folder or file of the lab could not be used.
    #[error("cannot use {path}")]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The remembered state cannot be read.
    #[error("the lab's state in {path} is not readable")]
    State {
        /// The state file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The address could not be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The lab must not be reachable from elsewhere.
    #[error("{0} is not a loopback address; the lab listens nowhere else")]
    NotLoopback(std::net::SocketAddr),
    /// The certificate could not be made or read.
    #[error("cannot prepare the certificate")]
    Certificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no such VM.
    #[error("there is no VM called {0}")]
    NoVm(String),
    /// The VM has no such disk.
    #[error("the VM {vm} has no disk {disk}")]
    NoDisk {
        /// The VM.
        vm: String,
        /// The number of the disk, from 0.
        disk: usize,
    },
    /// The VM has no such snapshot, or the snapshot has no such disk.
    #[error("the VM {vm} has no snapshot {snapshot} with that disk")]
    NoSnapshot {
        /// The VM.
        vm: String,
        /// The snapshot's identifier.
        snapshot: String,
    },
    /// The bytes do not lie on the disk.
    #[error("{len} bytes at {offset} do not lie on a disk of {capacity} bytes")]
    PastEnd {
        /// Where they begin.
        offset: u64,
        /// How many.
        len: u64,
        /// The size of the disk.
        capacity: u64,
    },
    /// A disk cannot have that size.
    #[error("a disk cannot have {0} bytes: {1}")]
    Size(u64, &'static str),
    /// A fault cannot be injected as asked.
    #[error("no such fault: {0}")]
    Fault(String),
    /// A client would have been answered with a fault.
    #[error("the VM {vm} answers {fault}: {message}")]
    Refused {
        /// The VM.
        vm: String,
        /// The name of the fault.
        fault: String,
        /// Its message.
        message: String,
    },
    /// Tracking cannot say what changed since a snapshot.
    #[error("the changes of {vm} since {snapshot} are not known")]
    Untracked {
        /// The VM.
        vm: String,
        /// The snapshot.
        snapshot: String,
    },
    /// The disk is busy: a chain is being merged.
    #[error("the disk's files are being merged")]
    Busy,
}

impl Hint for LabError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::NotLoopback(_) => vec!["Use an address such as 127.0.0.1:0.".to_string()],
            Self::Listen { .. } => vec!["Choose another port, or 0 for any.".to_string()],
            Self::State { path, .. } => {
                vec![format!("Remove {} and its folder to begin with a new lab.", path.display())]
            }
            _ => Vec::new(),
        }
    }
}

impl LabError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
