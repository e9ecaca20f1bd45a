use chrono::{DateTime, Utc};

use super::{SourceKindView, UnreadableRepository};

wire! {
    /// Asks what recovery points come to.
    pub struct SumPointsRequest {
        /// Only of this repository; `null`: of all.
        pub repository_id: Option<String>,
    }

    /// What the recovery points of a VM come to.
    pub struct VmSum {
        /// What names the VM across renames.
        pub key: String,
        /// Its name, as the newest recovery point tells.
        pub name: String,
        /// Its identity.
        pub instance_uuid: Option<String>,
        /// What kind of thing it is.
        pub source: SourceKindView,
        /// The repositories in which it has recovery points, by their ids.
        pub repositories: Vec<String>,
        /// How many recovery points there are.
        pub points: u32,
        /// How many of them something went less than well with, or is known to be wrong with.
        pub warned: u32,
        /// When the data of the oldest was frozen.
        pub oldest: DateTime<Utc>,
        /// When the data of the newest was frozen.
        pub newest: DateTime<Utc>,
        /// Id of the newest.
        pub newest_point_id: String,
        /// Where the newest lies.
        pub newest_repository_id: String,
        /// Bytes they would take if each were kept in full.
        pub capacity: u64,
        /// Bytes written for them when they were made.
        pub stored: u64,
    }

    /// What was written within an hour.
    pub struct WrittenHour {
        /// When the hour began.
        pub hour: DateTime<Utc>,
        /// Recovery points that were complete in it.
        pub points: u32,
        /// Bytes written for them.
        pub stored: u64,
    }

    /// What recovery points come to, without those in the recycle bin.
    pub struct PointSums {
        /// The VMs, by name.
        pub vms: Vec<VmSum>,
        /// Hours of the last 32 days in which recovery points that are still there were made,
        /// oldest first.
        pub written: Vec<WrittenHour>,
        /// Repositories that could not be read, or not all of them: recovery points may be missing.
        pub unreadable: Vec<UnreadableRepository>,
    }
}
