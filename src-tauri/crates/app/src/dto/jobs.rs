use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::{DiskChoiceView, RunSummary, SourceView};

wire! {
    /// A schedule of a job.
    pub struct ScheduleView {
        /// Its id; left out for a new one. Recovery points remember it.
        #[serde(default)]
        pub id: Option<String>,
        /// What makes it due.
        pub when: WhenView,
        /// First day on which it counts.
        #[serde(default)]
        pub effective_from: Option<NaiveDate>,
        /// Hours in which it may work: for each day from Monday, a bit for each hour from midnight.
        /// All when left out.
        #[serde(default)]
        pub allowed: Option<Vec<u32>>,
        /// When its window ends, which begins at its time: a run pauses then, and goes on with what
        /// it had not begun when the window opens again. No window when left out.
        #[serde(default)]
        pub until: Option<NaiveTime>,
        /// For how long what it makes is kept; only the job's spans keep it when left out.
        #[serde(default)]
        pub keep: Option<KeepForView>,
    }

    /// What makes a schedule due. Times are local to the zone of the job.
    #[serde(tag = "by", rename_all = "kebab-case")]
    pub enum WhenView {
        /// Days of the week.
        Week {
            /// Which, counted from Monday, 0 to 6.
            days: Vec<u8>,
            /// At what time.
            at: NaiveTime,
        },
        /// Once a month.
        Month {
            /// On which day.
            on: MonthDayView,
            /// At what time.
            at: NaiveTime,
        },
        /// Once a year.
        Year {
            /// In which month, 1 to 12.
            month: u8,
            /// On which day of it.
            on: MonthDayView,
            /// At what time.
            at: NaiveTime,
        },
        /// Again and again in the allowed hours.
        Interval {
            /// How far apart, 5 to 1440.
            minutes: u32,
        },
        /// When another job ended.
        After {
            /// The job's id.
            job_id: String,
            /// Whether it must have ended well.
            only_success: bool,
        },
        /// When the repository can be reached again, after it could not: its disk was plugged in.
        Plugged {
            /// How many minutes have to lie between the end of a run that saved everything and the
            /// next one.
            gap_minutes: u32,
        },
    }

    /// A day of a month.
    #[derive(Copy)]
    #[serde(tag = "day", rename_all = "kebab-case")]
    pub enum MonthDayView {
        /// A date, 1 to 31; the last day of a month that has fewer.
        Date {
            /// Which.
            date: u8,
        },
        /// The last day.
        Last,
        /// The last day from Monday to Friday.
        LastWorkingDay,
        /// The first, second, third or fourth of a day of the week.
        Nth {
            /// 1 to 4.
            nth: u8,
            /// Counted from Monday, 0 to 6.
            weekday: u8,
        },
        /// The last of a day of the week.
        LastOf {
            /// Counted from Monday, 0 to 6.
            weekday: u8,
        },
    }

    /// For how long something is kept.
    #[derive(Copy)]
    #[serde(tag = "unit", rename_all = "kebab-case")]
    pub enum KeepForView {
        /// Days.
        Days {
            /// How many.
            count: u32,
        },
        /// Weeks.
        Weeks {
            /// How many.
            count: u32,
        },
        /// Months.
        Months {
            /// How many.
            count: u32,
        },
        /// Years.
        Years {
            /// How many.
            count: u32,
        },
        /// For ever.
        Forever,
    }

    /// Of how many spans of the calendar the newest recovery point is kept.
    #[derive(Copy, Default)]
    #[serde(default)]
    pub struct SpansView {
        /// The newest ones, whatever their time.
        pub last: u32,
        /// Days.
        pub daily: u32,
        /// Weeks.
        pub weekly: u32,
        /// Months.
        pub monthly: u32,
        /// Years.
        pub yearly: u32,
    }

    /// What a job is, as somebody wishes it.
    pub struct JobDraft {
        /// What people call it.
        pub name: String,
        /// What it saves.
        pub sources: Vec<SourceView>,
        /// References or names of VMs that it leaves out.
        #[serde(default)]
        pub leave_out: Vec<String>,
        /// What else it leaves out: rules, containers, VMs. One VM that `sources` name by itself is
        /// saved all the same.
        #[serde(default)]
        pub without: Vec<SourceView>,
        /// Disks that it leaves out.
        #[serde(default)]
        pub leave_out_disks: Vec<DiskChoiceView>,
        /// Where to.
        pub repository_id: String,
        /// Mebibytes a second that its runs may read, besides the limit of all runs together.
        #[serde(default)]
        pub limit: Option<u32>,
        /// When. None: only when somebody asks.
        pub schedules: Vec<ScheduleView>,
        /// What of it is kept, besides what schedules keep.
        #[serde(default)]
        pub spans: SpansView,
        /// Time zone of its schedules and of the days of its spans, such as `Asia/Tokyo`; that of
        /// this computer when left out.
        #[serde(default)]
        pub zone: Option<String>,
        /// After how many minutes what failed is tried again, once for each.
        #[serde(default = "default_retries")]
        pub retry_minutes: Vec<u32>,
        /// For how many hours a missed run is caught up.
        #[serde(default = "default_catch_up")]
        pub catch_up_hours: u32,
        /// How old the newest recovery point may become, in minutes.
        #[serde(default)]
        pub rpo_minutes: Option<u32>,
    }

    /// Makes a job, or changes one.
    pub struct SaveJobRequest {
        /// The job to change, by id or name; a new one when left out.
        #[serde(default)]
        pub job_id: Option<String>,
        /// What it is to be.
        pub draft: JobDraft,
    }

    /// Names a job.
    pub struct JobRequest {
        /// Id or name.
        pub job_id: String,
    }

    /// Starts a run of a job.
    pub struct RunJobRequest {
        /// Id or name.
        pub job_id: String,
        /// Which of its VMs.
        #[serde(default)]
        pub scope: ScopeView,
    }

    /// Which VMs of a job a run saves.
    #[derive(Default)]
    #[serde(tag = "vms", rename_all = "kebab-case")]
    pub enum ScopeView {
        /// All.
        #[default]
        All,
        /// Those that failed in its last run.
        Failed,
        /// Those with these names or references.
        Chosen {
            /// Which.
            names: Vec<String>,
        },
    }

    /// Lets a job wait, or go on.
    pub struct PauseJobRequest {
        /// Id or name.
        pub job_id: String,
        /// Whether it waits.
        pub paused: bool,
        /// Until when; until somebody says otherwise when left out.
        #[serde(default)]
        pub until: Option<DateTime<Utc>>,
    }

    /// A job and how it stands.
    pub struct JobView {
        /// Its id.
        pub id: String,
        /// What it is.
        pub draft: JobDraft,
        /// Name of its repository; `null` when that is no longer known here.
        pub repository_name: Option<String>,
        /// What it saves, in words for each source.
        pub saves: Vec<String>,
        /// What of that it leaves out, in words.
        pub leaves_out: Vec<String>,
        /// What it does, in a sentence for each schedule.
        pub plan: Vec<String>,
        /// Whether it waits.
        pub paused: bool,
        /// Until when it waits.
        pub paused_until: Option<DateTime<Utc>>,
        /// When it is due next, if nothing else happens.
        pub next_at: Option<DateTime<Utc>>,
        /// When it goes on with what its last run had not begun before its window ended; `null` when
        /// there is no such thing.
        pub continues_at: Option<DateTime<Utc>>,
        /// The same in words, such as `continues tomorrow 20:00`.
        pub continues: Option<String>,
        /// Its last run, or the one that is under way.
        pub last_run: Option<RunSummary>,
    }

    /// All jobs, by name.
    pub struct JobList {
        /// The jobs.
        pub jobs: Vec<JobView>,
        /// Names of jobs that this version cannot read. They do not run.
        pub unreadable: Vec<String>,
    }

    /// Asks when schedules would be due.
    pub struct PreviewScheduleRequest {
        /// The schedules.
        pub schedules: Vec<ScheduleView>,
        /// Their time zone; that of this computer when left out.
        #[serde(default)]
        pub zone: Option<String>,
        /// How many days from now are looked at, up to 400.
        pub days: u32,
    }

    /// When schedules would be due.
    pub struct SchedulePreview {
        /// The time zone.
        pub zone: String,
        /// The moments, in their order; a thousand at most.
        pub slots: Vec<SlotView>,
    }

    /// A moment at which a schedule is due.
    #[derive(Copy)]
    pub struct SlotView {
        /// When.
        pub at: DateTime<Utc>,
        /// Place of the schedule in the request.
        pub schedule: u32,
    }
}

fn default_retries() -> Vec<u32> {
    vec![10, 20, 40]
}

fn default_catch_up() -> u32 {
    12
}
