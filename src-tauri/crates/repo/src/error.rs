//! What can go wrong with a repository, in words for people and kinds for programs.

use kuramori_base::{Cancelled, Hint, Retry};
use kuramori_block::ByteLen;

use crate::format::FormatError;
use crate::ids::{RecoveryPointId, RepositoryId};
use crate::store::{BrokenPromise, StoreError};

/// Why work on a repository failed.
///
/// Clones share their sources, since one failed write ends several sessions.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepoError {
    /// The place can be reached but holds no repository.
    #[error("there is no repository at {location}")]
    NotARepository {
        /// Where we looked.
        location: String,
    },
    /// A repository cannot be made where one lies.
    #[error("{location} holds a repository already")]
    AlreadyExists {
        /// Where it should have been made.
        location: String,
    },
    /// No key slot opens with what was given. Says nothing about how close it was.
    #[error("the passphrase or key does not open this repository")]
    WrongKey,
    /// A typed recovery key fails its checksum.
    #[error("the recovery key has a typing error: its checksum does not match")]
    MistypedRecoveryKey,
    /// A key file or passphrase cannot be used to protect a repository.
    #[error("this cannot protect a repository: {reason}")]
    WeakKey {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The place breaks a promise that repositories rest on.
    #[error("{location} cannot keep a repository safely: {}", promise.words())]
    Unsuitable {
        /// The place.
        location: String,
        /// What it does not do.
        promise: BrokenPromise,
    },
    /// An object was changed after it was written, or is missing.
    #[error("`{object}` in {location} is damaged")]
    Damaged {
        /// The repository.
        location: String,
        /// The name of the file or chunk in the repository.
        object: String,
        /// What is wrong with it.
        #[source]
        source: FormatError,
    },
    /// A newer program wrote this; it may only be touched by one that understands it.
    #[error("{location} needs a newer version of Kuramori: it uses {feature}")]
    TooNew {
        /// The repository.
        location: String,
        /// The format version or feature that is unknown here.
        feature: String,
    },
    /// Another repository lies where ours was.
    #[error("{location} now holds repository {found} instead of {expected}")]
    Swapped {
        /// The place.
        location: String,
        /// The repository that was opened.
        expected: RepositoryId,
        /// The one that is there now.
        found: RepositoryId,
    },
    /// Another process on this computer writes to the repository.
    #[error("the repository {repository} is in use by {holder}")]
    InUse {
        /// The repository.
        repository: RepositoryId,
        /// The process that has it.
        holder: String,
    },
    /// No key slot has this id.
    #[error("there is no key `{wanted}`")]
    KeyNotFound {
        /// What was asked for.
        wanted: String,
    },
    /// A prefix fits more than one key slot.
    #[error("`{wanted}` fits {count} keys")]
    KeyAmbiguous {
        /// What was asked for.
        wanted: String,
        /// How many it fits.
        count: usize,
    },
    /// Without this key nobody could open the repository.
    #[error("this is the last key that a person can hold; the repository would be lost without it")]
    LastKey,
    /// No recovery point has this id.
    #[error("there is no recovery point `{wanted}`")]
    PointNotFound {
        /// What was asked for.
        wanted: String,
    },
    /// A prefix fits more than one recovery point.
    #[error("`{wanted}` fits {count} recovery points")]
    PointAmbiguous {
        /// What was asked for.
        wanted: String,
        /// How many it fits.
        count: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The session was ended by somebody else before it could commit.
    #[error("the session was ended by another computer before it was committed")]
    Revoked,
    /// Somebody took the reader for dead, and what it read may be gone.
    #[error("the reading was silent for so long that another computer took it for dead")]
    ReadingEnded,
    /// The last step of a commit got no answer; the recovery point may exist or not.
    #[error("it is unknown whether recovery point {point} was committed: the store did not answer")]
    CommitUnknown {
        /// The recovery point.
        point: RecoveryPointId,
        /// What the store said.
        #[source]
        source: StoreError,
    },
    /// A hold protects the recovery point.
    #[error("recovery point {point} is held")]
    Held {
        /// The recovery point.
        point: RecoveryPointId,
    },
    /// The recovery point was deleted for good.
    #[error("recovery point {point} is deleted")]
    Deleted {
        /// The recovery point.
        point: RecoveryPointId,
    },
    /// A collection would remove more than is usual, and nobody has confirmed it.
    #[error("{removed} of {total} would be removed at once")]
    LargePrune {
        /// What it would remove.
        removed: ByteLen,
        /// What all packs take now.
        total: ByteLen,
    },
    /// Another computer collects unused packs at this moment.
    #[error("another computer is removing unused data from the repository")]
    Collecting,
    /// The caller broke a rule of this interface, or input is out of its limits.
    #[error("{what}")]
    Invalid {
        /// Which rule.
        what: String,
    },
    /// Compression or encryption did not give back what went in; nothing of it was stored.
    #[error("a chunk did not survive its check before it was stored")]
    SelfCheck {
        /// How it failed.
        #[source]
        source: FormatError,
    },
    /// The operating system refused something that is not the store.
    #[error("the system could not provide {what}: {detail}")]
    System {
        /// What was asked for.
        what: &'static str,
        /// What it said.
        detail: String,
    },
    /// Somebody asked for the work to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// What a program can tell apart about a [`RepoError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RepoErrorKind {
    /// No repository there.
    NotARepository,
    /// A repository lies there already.
    AlreadyExists,
    /// Other files lie there already.
    Occupied,
    /// Wrong passphrase, recovery key or key file.
    WrongKey,
    /// The place breaks a promise that repositories rest on.
    Unsuitable,
    /// The recovery key was mistyped.
    MistypedKey,
    /// The key offered for a new repository is too weak.
    WeakKey,
    /// A damaged or missing object.
    Damaged,
    /// Written by a newer version.
    TooNew,
    /// The path vanished, the share is away, or another repository lies there.
    Unreachable,
    /// No space left.
    Full,
    /// No permission, or read-only.
    Denied,
    /// Another process writes.
    InUse,
    /// No such recovery point, or more than one.
    PointNotFound,
    /// No such key, or more than one.
    KeyNotFound,
    /// The last key that a person can hold.
    LastKey,
    /// The outcome of the commit is unknown.
    CommitUnknown,
    /// Another computer ended the session.
    Revoked,
    /// Another computer took the reader for dead.
    ReadingEnded,
    /// A hold protects the recovery point.
    Held,
    /// More would be removed than is usual.
    LargePrune,
    /// Wrong use or input.
    Invalid,
    /// Any other failure of the store or the computer.
    Io,
    /// Cancelled.
    Cancelled,
}

impl RepoError {
    /// Returns what a program can tell apart.
    pub fn kind(&self) -> RepoErrorKind {
        use RepoErrorKind as Kind;
        match self {
            Self::NotARepository { .. } => Kind::NotARepository,
            Self::AlreadyExists { .. } => Kind::AlreadyExists,
            Self::WrongKey => Kind::WrongKey,
            Self::MistypedRecoveryKey => Kind::MistypedKey,
            Self::Unsuitable { .. } => Kind::Unsuitable,
            Self::WeakKey { .. } => Kind::WeakKey,
            Self::Damaged { .. } => Kind::Damaged,
            Self::TooNew { .. } => Kind::TooNew,
            Self::Swapped { .. } => Kind::Unreachable,
            Self::InUse { .. } | Self::Collecting => Kind::InUse,
            Self::PointNotFound { .. } | Self::PointAmbiguous { .. } | Self::Deleted { .. } => {
                Kind::PointNotFound
            }
            Self::KeyNotFound { .. } | Self::KeyAmbiguous { .. } => Kind::KeyNotFound,
            Self::LastKey => Kind::LastKey,
            Self::Store(error) => match error {
                StoreError::Unreachable { .. } => Kind::Unreachable,
                StoreError::Full { .. } => Kind::Full,
                StoreError::Occupied { .. } => Kind::Occupied,
                StoreError::Denied { .. } => Kind::Denied,
                StoreError::NotFound { .. }
                | StoreError::Short { .. }
                | StoreError::TooLarge { .. } => Kind::Damaged,
                _ => Kind::Io,
            },
            Self::Revoked => Kind::Revoked,
            Self::ReadingEnded => Kind::ReadingEnded,
            Self::CommitUnknown { .. } => Kind::CommitUnknown,
            Self::Held { .. } => Kind::Held,
            Self::LargePrune { .. } => Kind::LargePrune,
            Self::Invalid { .. } => Kind::Invalid,
            Self::SelfCheck { .. } | Self::System { .. } => Kind::Io,
            Self::Cancelled(_) => Kind::Cancelled,
        }
    }

    /// Returns whether the same call may succeed later without anybody doing anything.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Store(error) => error.retry(),
            Self::SelfCheck { .. } | Self::CommitUnknown { .. } => Retry::Now,
            _ => Retry::Never,
        }
    }

    pub(crate) fn invalid(what: impl Into<String>) -> Self {
        Self::Invalid { what: what.into() }
    }
}

impl Hint for RepoError {
    fn hints(&self) -> Vec<String> {
        let hints: &[&str] = match self {
            Self::NotARepository { .. } => {
                &["Check the path.", "If the folder lies on a disk or share, connect it first."]
            }
            Self::AlreadyExists { .. } => {
                &["Attach the repository that is there.", "Or choose an empty folder."]
            }
            Self::WrongKey => &[
                "Type the passphrase again; upper and lower case matter.",
                "The recovery key opens the repository too.",
            ],
            Self::MistypedRecoveryKey => &["Compare each group with the recovery sheet."],
            Self::Unsuitable { .. } => &["Choose a folder on a local disk or on another share."],
            Self::WeakKey { .. } => &["Choose a longer passphrase, or a key file made for this."],
            Self::Damaged { .. } => &[
                "Other recovery points are not affected unless they share this object.",
                "Bring the file back from a copy of the repository if there is one.",
            ],
            Self::TooNew { .. } => &["Update Kuramori on this computer."],
            Self::Swapped { .. } => &["Connect the disk or share that holds the repository."],
            Self::InUse { .. } => &["Wait until the other program is done, or close it."],
            Self::PointNotFound { .. } => &["List the recovery points to see their ids."],
            Self::PointAmbiguous { .. } | Self::KeyAmbiguous { .. } => {
                &["Give more digits of the id."]
            }
            Self::KeyNotFound { .. } => &["List the keys to see their ids."],
            Self::LastKey => &["Add another key first."],
            Self::Store(error) => return error.hints(),
            Self::Revoked => &["Run the backup again."],
            Self::ReadingEnded => &["Run it again, and keep the computer awake meanwhile."],
            Self::CommitUnknown { .. } => {
                &["Connect the repository and list its recovery points to see."]
            }
            Self::Held { .. } => &["Release the hold first, if nobody needs it any more."],
            Self::Deleted { .. } => &["Another recovery point of the VM may have what you need."],
            Self::LargePrune { .. } => {
                &["Look at what was deleted. If it is as it should be, confirm and run again."]
            }
            Self::Collecting => &["Run it again later."],
            Self::SelfCheck { .. } => {
                &["Run the backup again; if this happens twice, test the memory of the computer."]
            }
            Self::Invalid { .. } | Self::System { .. } | Self::Cancelled(_) => &[],
        };
        hints.iter().map(|h| (*h).to_owned()).collect()
    }
}
