use std::io;
use std::sync::Arc;
use std::time::Duration;

use kuramori_base::{Hint, Retry};

/// Why a store could not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such object.
    #[error("`{name}` is missing in {location}")]
    NotFound {
        /// The store.
        location: String,
        /// The object.
        name: String,
    },
    /// An exclusive create lost: the object is there.
    #[error("`{name}` exists already in {location}")]
    Exists {
        /// The store.
        location: String,
        /// The object.
        name: String,
    },
    /// A new repository cannot be made among other files.
    #[error("{location} is not empty: {found} is there already")]
    Occupied {
        /// The store.
        location: String,
        /// What lies there.
        found: String,
    },
    /// The object ends before the bytes asked for.
    #[error("`{name}` in {location} is shorter than it should be")]
    Short {
        /// The store.
        location: String,
        /// The object.
        name: String,
    },
    /// The object is larger than any of its kind may be.
    #[error("`{name}` in {location} has {size} bytes, more than such an object can have")]
    TooLarge {
        /// The store.
        location: String,
        /// The object.
        name: String,
        /// Its size in bytes.
        size: u64,
    },
    /// The place is gone: unplugged, unmounted, not connected.
    #[error("{location} cannot be reached")]
    Unreachable {
        /// The store.
        location: String,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// No space, or over a quota.
    #[error("{location} is full: `{name}` could not be written ({size} bytes)")]
    Full {
        /// The store.
        location: String,
        /// The object.
        name: String,
        /// How many bytes it has.
        size: u64,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// The system forbids it, or the place is read-only.
    #[error("access to {location} was denied (`{name}`)")]
    Denied {
        /// The store.
        location: String,
        /// The object.
        name: String,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// What was read back is not what was written.
    #[error("`{name}` in {location} did not read back as it was written")]
    ReadBack {
        /// The store.
        location: String,
        /// The object.
        name: String,
    },
    /// Any other failure.
    #[error("{action} `{name}` in {location} failed")]
    Io {
        /// The store.
        location: String,
        /// What was tried, such as "reading".
        action: &'static str,
        /// The object.
        name: String,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
}

impl StoreError {
    /// Returns whether the same call may succeed later by itself.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Io { .. } | Self::ReadBack { .. } => Retry::Now,
            Self::Unreachable { .. } => Retry::After(Duration::from_secs(30)),
            _ => Retry::Never,
        }
    }
}

impl Hint for StoreError {
    fn hints(&self) -> Vec<String> {
        let hints: &[&str] = match self {
            Self::Unreachable { .. } => {
                &["Connect the disk or share that holds the repository, then try again."]
            }
            Self::Full { .. } => &[
                "Make space on the destination, then run again.",
                "Nothing that was saved before is lost.",
            ],
            Self::Denied { .. } => {
                &["Give your user the right to read and write there, or choose another folder."]
            }
            Self::Occupied { .. } => &["Choose an empty folder."],
            Self::NotFound { .. } | Self::Short { .. } | Self::TooLarge { .. } => {
                &["Bring the file back from a copy of the repository if there is one."]
            }
            Self::ReadBack { .. } => &["Test the disk, cable and network of the destination."],
            Self::Exists { .. } | Self::Io { .. } => &[],
        };
        hints.iter().map(|h| (*h).to_owned()).collect()
    }
}
