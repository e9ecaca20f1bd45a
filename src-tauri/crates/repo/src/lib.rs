//! The repository: encrypted, deduplicated, never rewritten.
//!
//! A [`Repository`] lies in a [`BlobStore`]. A [`Session`] writes disks chunk by chunk through
//! [`DiskWriter`]s and commits one recovery point; a [`DiskView`] reads a disk of a recovery point
//! back. `src-tauri/docs/REPOSITORY_FORMAT.md` describes the bytes.
//!
//! Non-goals: VMs and servers, schedules, when retention runs, any network protocol.
//! Invariant guarded: a recovery point is listed if and only if everything it refers to was
//! durable before one exclusive record said so; and no byte is returned that was not verified.
//!
//! | at the same time | write | list, read |
//! |---|---|---|
//! | write, same process | yes, one index, no chunk twice | yes |
//! | write, other process of this computer | no: [`RepoError::InUse`] | yes |
//! | write, other computer | yes, a chunk may be stored twice | yes |

mod beat;
mod brief;
mod cache;
mod check;
mod creation;
mod crypto;
mod deletion;
mod error;
mod format;
mod gc;
mod guard;
mod history;
mod ids;
mod index;
mod inner;
mod key_ring;
mod keys;
mod load;
mod map;
mod meta;
mod options;
mod overlay;
mod pipeline;
mod point;
mod points;
mod reader;
mod recovery_words;
mod repair;
mod repository;
mod session;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod tombs;
mod tracking;
mod unlock;
mod upkeep;
mod view;
mod writer;

pub use brief::{Brief, BriefDisk, BriefPoint, BriefVm};
pub use cache::ObjectCache;
pub use check::{
    CheckOptions, CheckReport, Damage, DataCheck, Hit, MissingPoint, Proof, RepositoryStats, Spare,
    VmStats,
};
pub use crypto::KdfCost;
pub use error::{RepoError, RepoErrorKind};
pub use format::FormatError;
pub use format::manifest::{
    Consistency, MAX_CONFIG, MAX_DISKS, MadeFor, Manifest, ManifestDisk, Promised, ReadMode,
    SourceKind, StageTime, VmIdentity,
};
pub use format::slot::SlotKind;
pub use gc::{Disposed, Ledger, PruneOptions, PruneReport};
#[cfg(feature = "testing")]
pub use guard::Guard;
pub use history::{Alarm, LookBack, Memory};
pub use ids::{
    ChunkId, ChunkIndex, HoldId, IdError, ObjectHash, RecoveryPointId, RepositoryId, SessionId,
    SlotId, WriterId,
};
pub use keys::{AddedKey, ChangedKey, KeySlot, NewKey};
pub use meta::{ExportedSettings, MAX_SETTINGS};
pub use options::{
    CreateOptions, OpenOptions, RepositoryInfo, RepositoryStub, SessionOptions, Unlock,
};
pub use point::{
    DamagedObject, DeletedPoint, DiskDraft, DiskSummary, PointDraft, PointList, RecoveryPoint,
    SavedDisk, Sizes,
};
pub use reader::{ReadAs, Reader};
pub use recovery_words::RecoveryWords;
pub use repair::{RebuildReport, RepairOptions, RepairReport, Repaired, RepairedHow};
pub use repository::{Created, Repository};
pub use session::Session;
pub use store::{
    BlobEntry, BlobName, BlobStore, BrokenPromise, Capabilities, LocalStore, MemoryStore,
    StoreError, Swept,
};
pub use tombs::{Deletion, HeldPoint, RECYCLE_BIN};
pub use tracking::TrackingDoubt;
pub use view::DiskView;
pub use writer::DiskWriter;
