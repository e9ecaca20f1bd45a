//! Jobs and their schedules.

use clap::{Args as ClapArgs, Subcommand};
use kuramori_app::dto::ScheduleView;

use super::retention::SpanArgs;
use super::when;

#[derive(Debug, Subcommand)]
pub(crate) enum JobCommand {
    /// Makes a job.
    Create {
        /// Name to call it by.
        name: String,
        #[command(flatten)]
        draft: DraftArgs,
        /// Run it now.
        #[arg(long)]
        run: bool,
    },
    /// Changes a job: what is given replaces what was there.
    Edit {
        /// Name of the job.
        job: String,
        /// New name.
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        #[command(flatten)]
        draft: DraftArgs,
    },
    /// Shows all jobs.
    List,
    /// Shows a job.
    Show {
        /// Name of the job.
        job: String,
    },
    /// Runs a job now.
    Run {
        /// Name of the job.
        job: String,
        /// Only what failed in its last run.
        #[arg(long, conflicts_with = "vms")]
        failed: bool,
        /// Only these of its VMs.
        #[arg(long = "vm", value_name = "NAME")]
        vms: Vec<String>,
    },
    /// Lets a job wait.
    Pause {
        /// Name of the job.
        job: String,
        /// Until when, as `2026-05-04T06:00:00Z`; until `job resume` when not given.
        #[arg(long, value_name = "TIME")]
        until: Option<chrono::DateTime<chrono::Utc>>,
    },
    /// Lets a job that waits go on.
    Resume {
        /// Name of the job.
        job: String,
    },
    /// Deletes a job. Its recovery points stay, and no rule ends them any more.
    Delete {
        /// Name of the job.
        job: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// Shows when schedules would be due.
    Preview {
        /// When, as for `job create`.
        #[arg(long = "at", value_name = "WHEN", value_parser = when::parse, required = true)]
        at: Vec<ScheduleView>,
        /// Time zone; that of this computer when not given.
        #[arg(long)]
        zone: Option<String>,
        /// How many days to look ahead.
        #[arg(long, default_value_t = 14)]
        days: u32,
    },
}

/// What a job is.
#[derive(Debug, ClapArgs)]
pub(crate) struct DraftArgs {
    /// A VM, by name or reference.
    #[arg(long = "vm", value_name = "SERVER:VM", value_parser = named)]
    pub(crate) vms: Vec<Named>,
    /// All VMs in a container, by its name: a folder, host, cluster, datastore, tag …
    #[arg(long = "in", value_name = "SERVER:CONTAINER", value_parser = named)]
    pub(crate) groups: Vec<Named>,
    /// All VMs of a server.
    #[arg(long = "all", value_name = "SERVER")]
    pub(crate) servers: Vec<String>,
    /// A VM that is left out.
    #[arg(long, value_name = "VM")]
    pub(crate) leave_out: Vec<String>,
    /// Name of the repository.
    #[arg(long)]
    pub(crate) repo: Option<String>,
    /// When: `daily 20:00`, `working-days 20:00`, `mon,thu 20:00`, `monthly 1 22:00`,
    /// `monthly last-working-day 22:00`, `monthly first-sun 22:00`, `yearly 12 last 22:00`,
    /// `every 4h`, `after JOB`, `after-success JOB`; each may end with `keep 14d`, `keep 8w`,
    /// `keep 24m`, `keep 7y` or `keep forever`.
    #[arg(long = "at", value_name = "WHEN", value_parser = when::parse)]
    pub(crate) at: Vec<ScheduleView>,
    #[command(flatten)]
    pub(crate) spans: SpanArgs,
    /// Time zone of its schedules; that of this computer when not given.
    #[arg(long)]
    pub(crate) zone: Option<String>,
    /// Mebibytes a second that its runs may read, besides the limit of all runs together.
    #[arg(long, value_name = "MIB")]
    pub(crate) limit: Option<u32>,
    /// How old the newest recovery point may become, in hours.
    #[arg(long, value_name = "HOURS")]
    pub(crate) rpo: Option<u32>,
}

/// Something on a server.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) server: String,
    pub(crate) name: String,
}

fn named(text: &str) -> Result<Named, String> {
    match text.split_once(':') {
        Some((server, name)) if !server.is_empty() && !name.is_empty() => {
            Ok(Named { server: server.to_owned(), name: name.to_owned() })
        }
        _ => Err("write SERVER:NAME".to_owned()),
    }
}
