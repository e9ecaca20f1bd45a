use chrono::{DateTime, Utc};

wire! {
    /// What a rule of retention makes of recovery points.
    pub struct RetentionView {
        /// The time zone in which days, weeks, months and years begin.
        pub zone: String,
        /// The recovery points it looked at, oldest first.
        pub points: Vec<JudgedPointView>,
        /// Bytes that only those need that would go.
        pub unique: u64,
        /// Bytes that a clean-up would remove right after they are gone for good.
        pub freed: u64,
    }

    /// Asks what the rule of a job would make of the recovery points there are.
    pub struct WhatIfRequest {
        /// The job that is changed, by id or name; left out for a new one, which looks at what there
        /// is of its VMs.
        #[serde(default)]
        pub job_id: Option<String>,
        /// The job as it would be.
        pub draft: super::JobDraft,
    }

    /// Asks for the ledger of a repository.
    pub struct LedgerRequest {
        /// The repository, by id or name.
        pub repository_id: String,
    }

    /// A recovery point that was deleted.
    pub struct DisposedView {
        /// Its id.
        pub id: String,
        /// The first digits of it, for people.
        pub short_id: String,
        /// Name of the VM; `null` where nothing could be read of it any more.
        pub vm_name: Option<String>,
        /// When its data was frozen.
        pub taken_at: Option<DateTime<Utc>>,
        /// When it was deleted; `null` where that record could not be read.
        pub deleted_at: Option<DateTime<Utc>>,
        /// Which rule, or who, deleted it.
        pub rule: Option<String>,
        /// The installation that did.
        pub by: Option<String>,
        /// Whether it lies in the recycle bin and can be taken out.
        pub in_bin: bool,
        /// When its room was given back.
        pub freed_at: Option<DateTime<Utc>>,
    }

    /// All that was deleted from a repository.
    pub struct LedgerView {
        /// The recovery points: first those whose room was given back, in the order of that.
        pub disposed: Vec<DisposedView>,
        /// Numbers of collections whose record is missing, damaged or not what the next one saw.
        pub broken: Vec<u64>,
    }

    /// Names recovery points of a repository.
    pub struct PointsRequest {
        /// The repository, by id or name.
        pub repository_id: String,
        /// Ids of recovery points.
        pub points: Vec<String>,
        /// Why, for those who read it later.
        #[serde(default)]
        pub reason: String,
    }

    /// What becomes of a recovery point.
    pub struct JudgedPointView {
        /// Its id.
        pub id: String,
        /// The first digits of it, for people.
        pub short_id: String,
        /// Name of the VM or image.
        pub vm_name: String,
        /// When its data was frozen.
        pub taken_at: DateTime<Utc>,
        /// Whether it stays.
        pub kept: bool,
        /// Why it stays, a phrase each.
        pub reasons: Vec<String>,
        /// The run after which it goes, when the schedules run as planned; `null` when it goes at
        /// once, or not within what was looked at.
        pub goes_at: Option<DateTime<Utc>>,
    }
}
