use chrono::{DateTime, Utc};

wire! {
    /// What a rule of retention makes of recovery points.
    pub struct RetentionView {
        /// The time zone in which days, weeks, months and years begin.
        pub zone: String,
        /// The recovery points it looked at, oldest first.
        pub points: Vec<JudgedPointView>,
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
    }
}
