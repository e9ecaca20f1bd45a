use chrono::{DateTime, Utc};

wire! {
    /// What an alarm is about.
    #[derive(Copy, Eq, PartialOrd, Ord)]
    #[serde(rename_all = "kebab-case")]
    pub enum AlertKind {
        /// A VM was not saved for longer than promised.
        Late,
        /// A VM was not saved for twice as long as promised.
        Missed,
        /// A VM that a job saves was never saved.
        NeverSaved,
        /// A VM changed as ransomware changes one.
        UnusualChange,
        /// The past of a repository is broken.
        History,
        /// A VM has a snapshot of somebody else that is older than a day.
        OldSnapshot,
        /// The clock of this computer is behind what it wrote itself.
        Clock,
    }

    /// How weighty an alarm is.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum AlertWeight {
        /// Look at it.
        Amber,
        /// Look at it now.
        Red,
    }

    /// An alarm that is open.
    pub struct AlertView {
        /// Its key, to release it by.
        pub key: String,
        /// What it is about.
        pub kind: AlertKind,
        /// How weighty it is.
        pub weight: AlertWeight,
        /// The VM, repository or server it is about.
        pub subject: String,
        /// What happened, in a sentence.
        pub title: String,
        /// What follows from it and what to do, in a sentence or two.
        pub advice: String,
        /// Since when.
        pub since: DateTime<Utc>,
        /// When it was told.
        pub told_at: Option<DateTime<Utc>>,
        /// Whether somebody may release it; others end by themselves.
        pub can_release: bool,
        /// The recovery point after which nothing is as it was, where there is one.
        pub point_id: Option<String>,
        /// The last good recovery point before that, which is held.
        pub good_point_id: Option<String>,
    }

    /// All open alarms, oldest first.
    pub struct AlertList {
        /// The alarms.
        pub alerts: Vec<AlertView>,
    }

    /// Names an alarm.
    pub struct AlertRequest {
        /// Its key.
        pub key: String,
    }
}
