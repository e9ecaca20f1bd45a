use chrono::{DateTime, NaiveDate, Utc};

use super::{ErrorView, UnreadableRepository};

wire! {
    /// How much a VM matters.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum ClassView {
        /// The others do not work without it.
        Critical,
        /// As most.
        Normal,
        /// It is there to be looked up.
        Archive,
    }

    /// What a class promises.
    #[derive(Copy, Eq)]
    pub struct PromiseView {
        /// How old the newest good recovery point may become, in minutes.
        pub rpo_minutes: u32,
        /// How long a restore may take, in minutes.
        pub rto_minutes: u32,
    }

    /// What all classes promise.
    #[derive(Copy, Eq)]
    pub struct ClassesView {
        /// Of critical VMs.
        pub critical: PromiseView,
        /// Of normal ones.
        pub normal: PromiseView,
        /// Of those that are there to be looked up.
        pub archive: PromiseView,
    }

    /// How a VM stands.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum ProtectionState {
        /// All is well.
        Protected,
        /// All is well, and a new recovery point will be wanted soon.
        DueSoon,
        /// Nothing was saved for longer than promised.
        Late,
        /// Nothing was saved for twice that time, or nothing at all.
        Missed,
        /// Its last run saved nothing.
        Failed,
        /// Its recovery points are not deleted, since it changed unusually.
        Held,
        /// It is left out on purpose.
        NotCovered,
        /// It is no longer on its server.
        Gone,
    }

    /// What a day of a VM was like.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum DayCell {
        /// Something was saved, and all was well.
        Ok,
        /// Something was saved, with something to look at.
        Warning,
        /// Something was planned, and nothing was saved.
        Missed,
        /// Nothing was planned, or its time has not come.
        NonePlanned,
    }

    /// A day of a VM.
    #[derive(Copy)]
    pub struct DayView {
        /// The day, in the zone of this computer.
        pub date: NaiveDate,
        /// What it was like.
        pub cell: DayCell,
    }

    /// Why a VM is left out on purpose.
    pub struct ExcludedView {
        /// Why, in the words of whoever did.
        pub reason: String,
        /// Since when.
        pub since: DateTime<Utc>,
    }

    /// A restore that was measured.
    #[derive(Copy)]
    pub struct MeasuredRestore {
        /// When it ended.
        pub at: DateTime<Utc>,
        /// How long it took.
        pub seconds: u64,
        /// Whether that is within what is promised.
        pub within: bool,
    }

    /// A VM, what is promised for it, and whether that is kept.
    pub struct VmProtection {
        /// What names it across servers and renames.
        pub key: String,
        /// Its name.
        pub name: String,
        /// The server it was last seen on.
        pub server_id: Option<String>,
        /// How much it matters.
        pub class: ClassView,
        /// Whether that is only suggested by its name and guest system.
        pub suggested: bool,
        /// Why it is left out on purpose, where it is.
        pub excluded: Option<ExcludedView>,
        /// What is promised.
        pub promise: PromiseView,
        /// How it stands.
        pub state: ProtectionState,
        /// How it stands, in a sentence.
        pub sentence: String,
        /// Why its last run saved nothing, where that is so.
        pub error: Option<ErrorView>,
        /// When its newest good recovery point was frozen.
        pub last_point_at: Option<DateTime<Utc>>,
        /// When it becomes late if nothing is saved before.
        pub late_at: DateTime<Utc>,
        /// When it becomes missed if nothing is saved before.
        pub missed_at: DateTime<Utc>,
        /// When a job saves it next.
        pub next_at: Option<DateTime<Utc>>,
        /// Whether its schedules leave longer gaps than promised.
        pub schedule_too_slow: bool,
        /// What share of the last 30 days was within what was promised, in hundredths of a per
        /// cent; `null` where nothing was.
        pub kept: Option<u32>,
        /// The last restore of it that ended well.
        pub restore: Option<MeasuredRestore>,
        /// How many recovery points there are.
        pub points: u32,
        /// Names of the jobs that save it.
        pub jobs: Vec<String>,
        /// Since when it is no longer on its server.
        pub gone_since: Option<DateTime<Utc>>,
        /// The last 14 days, oldest first.
        pub days: Vec<DayView>,
    }

    /// How many VMs stand how.
    #[derive(Copy, Default)]
    pub struct ProtectionCounts {
        /// Protected, or due soon, or with deletion paused.
        pub protected: u32,
        /// Late.
        pub late: u32,
        /// Missed.
        pub missed: u32,
        /// Failed.
        pub failed: u32,
        /// Left out on purpose.
        pub not_covered: u32,
        /// No longer on their servers.
        pub gone: u32,
    }

    /// All VMs and how they stand.
    pub struct ProtectionList {
        /// When this was so.
        pub at: DateTime<Utc>,
        /// The time zone of the days.
        pub zone: String,
        /// How the shop as a whole stands, in a sentence.
        pub sentence: String,
        /// How many stand how.
        pub counts: ProtectionCounts,
        /// What share of the last 30 days was within what was promised, over all VMs, in hundredths
        /// of a per cent.
        pub kept: Option<u32>,
        /// The VMs, those at risk first.
        pub vms: Vec<VmProtection>,
        /// Repositories that could not be read: what was saved there is known from memory only.
        pub unreadable: Vec<UnreadableRepository>,
    }

    /// A change of what is promised for a VM.
    #[serde(tag = "set", rename_all = "kebab-case")]
    pub enum PromiseChange {
        /// Its class.
        Class {
            /// `null`: as its name and guest system suggest.
            class: Option<ClassView>,
        },
        /// It is left out on purpose.
        Exclude {
            /// Why; it stays listed with that.
            reason: String,
        },
        /// It is not left out any more.
        Include,
    }

    /// Changes what is promised for a VM.
    pub struct SetClassRequest {
        /// Its key, or its name.
        pub vm: String,
        /// The change.
        pub change: PromiseChange,
    }
}
