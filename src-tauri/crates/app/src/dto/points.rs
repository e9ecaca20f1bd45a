use chrono::{DateTime, Utc};

use super::ErrorView;

wire! {
    /// Asks for recovery points.
    pub struct ListPointsRequest {
        /// Only of this repository; `null`: of all.
        pub repository_id: Option<String>,
        /// Only of VMs with this name or instance UUID; `null`: of all.
        pub vm: Option<String>,
    }

    /// Names a recovery point.
    pub struct PointRequest {
        /// Where it lies.
        pub repository_id: String,
        /// Its id.
        pub point_id: String,
    }

    /// Looks for recovery points.
    pub struct FindPointsRequest {
        /// Words, each of which may be a part of the name of its VM, or what its id begins with.
        pub text: String,
        /// How many at most, newest first; no more than 500.
        pub limit: u32,
    }

    /// How a disk was read for a recovery point. Every recovery point is complete.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum ReadModeView {
        /// Every byte.
        Whole,
        /// Only allocated areas.
        Allocated,
        /// Only areas changed since an earlier recovery point.
        Changed,
    }

    /// What was asked of the guest before the disks were frozen, as achieved.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum ConsistencyView {
        /// As after a power cut.
        Crash,
        /// File systems were quiet.
        FileSystem,
        /// Applications were quiet.
        Application,
    }

    /// What a recovery point was made of.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum SourceKindView {
        /// A VM on a server.
        Vm,
        /// A disk image file.
        Image,
    }

    /// One disk in a recovery point.
    pub struct PointDiskView {
        /// Position, from 0.
        pub index: u32,
        /// Name on the server, such as `Hard disk 1`.
        pub label: String,
        /// Size as the guest sees it.
        pub capacity: u64,
        /// How it was read.
        pub read_mode: ReadModeView,
        /// Why it was read so, where there is a reason.
        pub reason: Option<String>,
        /// Whether the record of changes it was read by was caught leaving some out later.
        pub unproven: bool,
        /// Which way its bytes came.
        pub transport: String,
        /// Read from the source.
        pub read: u64,
        /// New to the repository.
        pub new: u64,
        /// Written to the store.
        pub stored: u64,
    }

    /// A recovery point.
    pub struct PointView {
        /// Its id.
        pub id: String,
        /// The id's short form.
        pub short_id: String,
        /// Where it lies.
        pub repository_id: String,
        /// The repository's name.
        pub repository_name: String,
        /// What it was made of.
        pub source: SourceKindView,
        /// Name of the VM or image.
        pub vm_name: String,
        /// The VM's identity.
        pub instance_uuid: Option<String>,
        /// When its data was frozen.
        pub taken_at: DateTime<Utc>,
        /// When it was complete.
        pub finished_at: DateTime<Utc>,
        /// Consistency, as achieved.
        pub consistency: ConsistencyView,
        /// Its disks.
        pub disks: Vec<PointDiskView>,
        /// Sum of the disks' sizes.
        pub capacity: u64,
        /// Read from the source.
        pub read: u64,
        /// New to the repository.
        pub new: u64,
        /// Written to the store.
        pub stored: u64,
        /// Worth a look.
        pub warnings: Vec<String>,
        /// Disks that are not in it, each with the reason.
        pub not_included: Vec<String>,
    }

    /// Recovery points, newest first.
    pub struct PointList {
        /// The recovery points.
        pub points: Vec<PointView>,
        /// Repositories that could not be read, or not all of them: recovery points may be missing.
        pub unreadable: Vec<UnreadableRepository>,
    }

    /// A repository of which recovery points may be missing from a list.
    pub struct UnreadableRepository {
        /// Its id.
        pub repository_id: String,
        /// Its name.
        pub name: String,
        /// Why.
        pub error: ErrorView,
    }
}
