use chrono::{DateTime, Utc};

use super::{ErrorView, JobDraft, ScheduleView, SpansView};

wire! {
    /// Asks what a job would do, or one that is not made yet.
    pub struct PlanJobRequest {
        /// Id or name of the job; left out for one that is not made yet.
        #[serde(default)]
        pub job_id: Option<String>,
        /// What it is to be; as it is when left out.
        #[serde(default)]
        pub draft: Option<JobDraft>,
    }

    /// What a job would do now and in its next runs. Nothing is changed to find out.
    pub struct JobPlanView {
        /// VMs that it would save now, or try to.
        pub vms: Vec<JobPlanVm>,
        /// VMs in its containers and rules that it leaves out.
        pub left_out: Vec<JobPlanLeftOut>,
        /// Its next runs, ten at most.
        pub runs: Vec<JobPlanRun>,
        /// Seconds that a run needs by what earlier ones took; `null` when none is known.
        pub needs_seconds: Option<u64>,
        /// Of how many VMs that is known.
        pub measured_vms: u32,
        /// Length of its shortest window in seconds, where it has one.
        pub window_seconds: Option<u64>,
        /// What is worth a look.
        pub warnings: Vec<JobPlanWarning>,
    }

    /// A VM of a plan.
    pub struct JobPlanVm {
        /// The server's id; `null` for one that was not found.
        pub server_id: Option<String>,
        /// Its name.
        pub name: String,
        /// Its disks.
        pub disks: Vec<JobPlanDisk>,
        /// Seconds that it took last time.
        pub last_seconds: Option<u64>,
        /// Why it would fail; `null` when nothing is known against it.
        pub error: Option<ErrorView>,
    }

    /// A disk of a plan.
    pub struct JobPlanDisk {
        /// Its name on the server.
        pub label: String,
        /// Size as the guest sees it.
        pub capacity: u64,
        /// Why it is left out; `null` when it is saved.
        pub left_out: Option<String>,
    }

    /// A VM that is not saved.
    pub struct JobPlanLeftOut {
        /// Its name.
        pub name: String,
        /// Why.
        pub reason: String,
    }

    /// A run to come.
    pub struct JobPlanRun {
        /// When it is due.
        pub at: DateTime<Utc>,
        /// Place of its schedule in the job.
        pub schedule: u32,
        /// For how long what it makes is kept, in words.
        pub keeps: String,
    }

    /// What a warning of a plan is about.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum JobPlanAbout {
        /// What it saves.
        Source,
        /// Where to.
        Destination,
        /// When.
        Schedule,
        /// How long it is kept.
        Retention,
    }

    /// Something about a plan that is worth a look.
    pub struct JobPlanWarning {
        /// What it is about.
        pub about: JobPlanAbout,
        /// A sentence.
        pub text: String,
    }

    /// Rules and schedules to begin with.
    pub struct PresetsView {
        /// Rules of retention, what is proposed at first before the others.
        pub retention: Vec<RetentionPresetView>,
        /// Schedules, none of which begins where another job does.
        pub schedules: Vec<SchedulePresetView>,
    }

    /// A rule of retention to begin with.
    pub struct RetentionPresetView {
        /// Names it for programs.
        pub id: String,
        /// Names it for people.
        pub name: String,
        /// What it keeps.
        pub spans: SpansView,
    }

    /// A schedule to begin with.
    pub struct SchedulePresetView {
        /// Names it for programs.
        pub id: String,
        /// Names it for people.
        pub name: String,
        /// The schedule.
        pub schedule: ScheduleView,
    }

    /// Asks for schedules that keep to an RPO.
    pub struct ProposeSchedulesRequest {
        /// How old the newest recovery point may become, in minutes.
        pub rpo_minutes: u32,
        /// Their time zone; that of this computer when left out.
        #[serde(default)]
        pub zone: Option<String>,
    }

    /// Schedules that keep to an RPO.
    pub struct SchedulesProposed {
        /// The schedules.
        pub schedules: Vec<ScheduleView>,
        /// The longest time between two runs on any day of any year, in minutes.
        pub worst_gap_minutes: u32,
        /// What is proposed and why, in a sentence.
        pub sentence: String,
    }

    /// Makes a job like another one. It waits until somebody lets it go on.
    pub struct DuplicateJobRequest {
        /// Id or name of the job.
        pub job_id: String,
        /// What the new one is called; the old name with a number behind it when left out.
        #[serde(default)]
        pub name: Option<String>,
    }
}
