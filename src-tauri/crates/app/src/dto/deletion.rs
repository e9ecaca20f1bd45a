use chrono::{DateTime, Utc};

wire! {
    /// A recovery point that was deleted.
    pub struct DeletedPointView {
        /// Its id.
        pub id: String,
        /// The first digits of it, for people.
        pub short_id: String,
        /// Name of the VM or image.
        pub vm_name: String,
        /// When its data was frozen.
        pub taken_at: DateTime<Utc>,
        /// Which rule, or who, deleted it.
        pub rule: String,
        /// Seconds it stays in the recycle bin, counted while the repository is in use; 0 when it
        /// is gone for good, `null` when its record is damaged and it stays.
        pub remaining: Option<u64>,
    }

    /// Recovery points that were deleted, or would be.
    pub struct DeletedPoints {
        /// The recovery points, oldest first.
        pub points: Vec<DeletedPointView>,
    }

    /// A hold: it protects a recovery point from every deletion.
    pub struct HoldView {
        /// Its id, to release it by.
        pub id: String,
        /// The recovery point.
        pub point_id: String,
        /// When it was placed.
        pub created_at: DateTime<Utc>,
        /// Why.
        pub reason: String,
    }

    /// All holds of a repository.
    pub struct HoldList {
        /// The holds.
        pub holds: Vec<HoldView>,
    }

    /// What removing unused data did, or would do.
    pub struct PruneView {
        /// Recovery points whose time in the recycle bin was over.
        pub expired: u32,
        /// Packs that nothing used.
        pub unused_packs: u32,
        /// Packs whose used chunks were moved to new ones.
        pub rewritten_packs: u32,
        /// Bytes that were removed, or would be. They lie in the trash for a day.
        pub freed: u64,
        /// Bytes that were moved.
        pub moved: u64,
        /// Bytes of all packs before.
        pub total: u64,
        /// Bytes of unused chunks that stay.
        pub unused_left: u64,
        /// Bytes given back by emptying the trash.
        pub trash_emptied: u64,
        /// Sessions at work elsewhere: if any, nothing was removed this time.
        pub waits_for: u32,
        /// Half-written files of writers that died, which were removed.
        pub half_written: u64,
    }
}
