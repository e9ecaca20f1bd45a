use chrono::{DateTime, Utc};

use super::ErrorView;

wire! {
    /// Starts a backup of VMs of one server.
    pub struct StartBackupRequest {
        /// The server's id.
        pub server_id: String,
        /// References of the VMs.
        pub vms: Vec<String>,
        /// Where to keep the recovery points.
        pub repository_id: String,
        /// Mebibytes a second this run may read, besides the limit of all runs together.
        #[serde(default)]
        #[ts(optional)]
        pub limit: Option<u32>,
        /// Copies VMs that are off, without a snapshot; left out for a backup by snapshot.
        #[serde(default)]
        #[ts(optional)]
        pub cold: Option<ColdBackup>,
    }

    /// How VMs are copied that are off.
    pub struct ColdBackup {
        /// Whether running guests are shut down before and their VMs switched on again after.
        pub shut_down: bool,
    }

    /// A run was queued or began.
    pub struct RunStarted {
        /// Its id.
        pub run_id: String,
    }

    /// Names a run by its id.
    pub struct RunRequest {
        /// The run's id.
        pub run_id: String,
    }

    /// Asks for past and present runs.
    #[derive(Default)]
    pub struct ListRunsRequest {
        /// How many at most, newest first.
        pub limit: u32,
        /// Only those of the job with this name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        pub job: Option<String>,
        /// Only those that began then or later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        pub since: Option<DateTime<Utc>>,
        /// Only those that failed, were stopped or were cut off.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        pub failed: Option<bool>,
    }

    /// What a run does.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum RunKind {
        /// Backs VMs up.
        Backup,
        /// Makes a new VM of a recovery point.
        RestoreVm,
        /// Puts the disks of a recovery point into the VM it was made of.
        RestoreInPlace,
        /// Writes a disk of a recovery point to a file.
        RestoreDisk,
    }

    /// Where a run stands.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum RunStateView {
        /// Waits for its turn.
        Queued,
        /// Works.
        Running,
        /// Was asked to stop and cleans up.
        Stopping,
        /// Ended.
        Done,
        /// Was cut off: the program or the machine stopped.
        Interrupted,
    }

    /// How a run or one of its items ended.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum OutcomeView {
        /// All well.
        Succeeded,
        /// Done, with something to look at.
        SucceededWithWarnings,
        /// Not done.
        Failed,
        /// Stopped by somebody.
        Cancelled,
    }

    /// Where one item of a run stands.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum PhaseView {
        /// Has not begun.
        Waiting,
        /// Looks whether it can work.
        Check,
        /// The server makes the snapshot.
        Snapshot,
        /// Bytes are read, saved or sent.
        Read,
        /// The recovery point is written, or the new VM completed.
        Store,
        /// The snapshot is removed.
        Remove,
        /// Ended.
        Done,
    }

    /// Sums of a run or an item, in bytes.
    #[derive(Copy, Default)]
    pub struct CountersView {
        /// Work to do; 0 until known.
        pub total: u64,
        /// Work done.
        pub done: u64,
        /// Read from the source.
        pub read: u64,
        /// New to the repository.
        pub new: u64,
        /// Written to the store.
        pub stored: u64,
    }

    /// How weighty a line of the log is.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum LogLevel {
        /// For information.
        Info,
        /// Done well.
        Good,
        /// Worth a look.
        Warning,
        /// Failed.
        Error,
    }

    /// A line of a run's log.
    pub struct LogLine {
        /// When.
        pub at: DateTime<Utc>,
        /// How weighty.
        pub level: LogLevel,
        /// Which VM it is about, where it is about one.
        pub item: Option<String>,
        /// What happened, in the language of the settings.
        pub text: String,
    }

    /// How long a phase took.
    #[derive(Copy)]
    pub struct PhaseTimeView {
        /// Which.
        pub phase: PhaseView,
        /// In milliseconds; the phases of one name together.
        pub millis: u64,
    }

    /// Where the time of an item went. What was waited for is of all its threads together, so it may
    /// be more than its phases took.
    pub struct TimingView {
        /// Its phases in their order.
        pub phases: Vec<PhaseTimeView>,
        /// For how long bytes were waited for from the server, in milliseconds.
        pub server_millis: u64,
        /// For how long the limit of speed held it back.
        pub limit_millis: u64,
        /// For how long the processor of this computer was waited for.
        pub processor_millis: u64,
        /// For how long the repository was waited for.
        pub repository_millis: u64,
        /// For what it waited longest, in the language of the settings; `null` when it read nothing.
        pub bottleneck: Option<String>,
    }

    /// One VM or disk inside a run.
    pub struct ItemView {
        /// Name of the VM.
        pub name: String,
        /// Where it stands; where it failed or was stopped, for one that did.
        pub phase: PhaseView,
        /// How it ended; `null` while it has not.
        pub outcome: Option<OutcomeView>,
        /// Its sums.
        pub counters: CountersView,
        /// Size of its disks.
        pub capacity: u64,
        /// The recovery point it made.
        pub point_id: Option<String>,
        /// When it began.
        pub started_at: Option<DateTime<Utc>>,
        /// When it ended.
        pub ended_at: Option<DateTime<Utc>>,
        /// Why it failed.
        pub error: Option<ErrorView>,
        /// Where its time went, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        pub timing: Option<TimingView>,
    }

    /// A run in a list.
    pub struct RunSummary {
        /// Its id.
        pub id: String,
        /// What it does.
        pub kind: RunKind,
        /// Where it stands.
        pub state: RunStateView,
        /// How it ended; `null` while it has not.
        pub outcome: Option<OutcomeView>,
        /// Names of its VMs.
        pub vms: Vec<String>,
        /// Name of the server, where one takes part.
        pub server: Option<String>,
        /// Name of the repository.
        pub repository: String,
        /// Name of the job it is a run of; `null` when somebody asked for it alone.
        pub job: Option<String>,
        /// When it began.
        pub started_at: DateTime<Utc>,
        /// When it ended.
        pub ended_at: Option<DateTime<Utc>>,
        /// Its sums.
        pub counters: CountersView,
        /// The first error of its items.
        pub error: Option<ErrorView>,
    }

    /// A run in full.
    pub struct RunView {
        /// The facts of the list.
        #[serde(flatten)]
        pub summary: RunSummary,
        /// Its VMs.
        pub items: Vec<ItemView>,
        /// Bytes of work a second, over the last seconds.
        pub bytes_per_second: u64,
        /// Seconds left, where they can be told.
        pub seconds_left: Option<u64>,
        /// What happened, oldest first.
        pub log: Vec<LogLine>,
        /// For a restored VM: its name on the server. For a disk: the file.
        pub result: Option<String>,
    }

    /// Runs, newest first.
    pub struct RunList {
        /// The runs.
        pub runs: Vec<RunSummary>,
    }
}
