//! Jobs and their schedules.

use clap::{Args as ClapArgs, Subcommand};
use kuramori_app::dto::{ConditionView, PowerView, ScheduleView};

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
    /// Shows what a job would save now and why not the rest, its next runs, and what is worth a look.
    Plan {
        /// Name of the job.
        job: String,
    },
    /// Makes a job like another one. It waits until `job resume`.
    Duplicate {
        /// Name of the job.
        job: String,
        /// Name of the new one; the old name with a number behind it when not given.
        #[arg(long)]
        name: Option<String>,
    },
    /// Shows rules of retention and schedules to begin with.
    Presets,
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
    /// Proposes schedules that keep to an RPO.
    Propose {
        /// How old the newest recovery point may become, in hours.
        #[arg(long, value_name = "HOURS")]
        rpo: u32,
        /// Time zone; that of this computer when not given.
        #[arg(long)]
        zone: Option<String>,
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
    /// All VMs that fit a rule: `SERVER:name=web-*,tag=Gold,in=CONTAINER,datastore=ssd-*,power=on,`
    /// `system=*Windows*`. All that is given must hold; `*` stands for anything, `?` for one character.
    #[arg(long = "rule", value_name = "SERVER:RULE", value_parser = ruled)]
    pub(crate) rules: Vec<Ruled>,
    /// A VM that is left out.
    #[arg(long, value_name = "VM")]
    pub(crate) leave_out: Vec<String>,
    /// VMs that are left out, by a rule.
    #[arg(long = "leave-out-rule", value_name = "SERVER:RULE", value_parser = ruled)]
    pub(crate) leave_out_rules: Vec<Ruled>,
    /// A disk of a VM that is left out.
    #[arg(long = "leave-out-disk", value_name = "SERVER:VM:DISK", value_parser = disked)]
    pub(crate) leave_out_disks: Vec<Disked>,
    /// Name of the repository.
    #[arg(long)]
    pub(crate) repo: Option<String>,
    /// When: `daily 20:00`, `working-days 20:00`, `mon,thu 20:00`, `monthly 1 22:00`,
    /// `monthly last-working-day 22:00`, `monthly first-sun 22:00`, `yearly 12 last 22:00`,
    /// `every 4h`, `after JOB`, `after-success JOB`, `plugged` (when the disk of the repository is
    /// plugged in; `plugged gap 4h` at most every four hours). Each may end with `until 06:00` (the
    /// run pauses then and goes on in the next window), `during mon-fri@8-18` (hours in which a run
    /// may begin; `during 8-18` for all days, several with commas), `from 2026-05-01`, and `keep 14d`,
    /// `keep 8w`, `keep 24m`, `keep 7y` or `keep forever`.
    #[arg(long = "at", value_name = "WHEN", value_parser = when::parse)]
    pub(crate) at: Vec<ScheduleView>,
    /// Rule of retention to begin with, as `job presets` names it.
    #[arg(long, value_name = "PRESET")]
    pub(crate) preset: Option<String>,
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

/// A rule about the VMs of a server.
#[derive(Clone, Debug)]
pub(crate) struct Ruled {
    pub(crate) server: String,
    /// Conditions; a container is named and not known by its id yet.
    pub(crate) conditions: Vec<ConditionView>,
}

fn ruled(text: &str) -> Result<Ruled, String> {
    let Named { server, name } = named(text)?;
    let conditions = name.split(',').map(condition).collect::<Result<_, _>>()?;
    Ok(Ruled { server, conditions })
}

fn condition(text: &str) -> Result<ConditionView, String> {
    let (what, value) = text.split_once('=').ok_or("write name=…, tag=…, in=…, …")?;
    let value = value.to_owned();
    Ok(match what {
        "name" => ConditionView::Name { pattern: value },
        "tag" => match value.split_once('/') {
            Some((category, tag)) => {
                ConditionView::Tag { category: Some(category.to_owned()), tag: tag.to_owned() }
            }
            None => ConditionView::Tag { category: None, tag: value },
        },
        "in" => ConditionView::Place { id: String::new(), name: value },
        "datastore" => ConditionView::Datastore { pattern: value },
        "system" => ConditionView::System { pattern: value },
        "power" => ConditionView::Power {
            is: match value.as_str() {
                "on" => PowerView::On,
                "off" => PowerView::Off,
                "suspended" => PowerView::Suspended,
                _ => return Err("power is on, off or suspended".to_owned()),
            },
        },
        _ => {
            return Err(format!("“{what}” is none of name, tag, in, datastore, power, system"));
        }
    })
}

/// A disk of a VM on a server.
#[derive(Clone, Debug)]
pub(crate) struct Disked {
    pub(crate) server: String,
    pub(crate) vm: String,
    pub(crate) disk: String,
}

fn disked(text: &str) -> Result<Disked, String> {
    let Named { server, name } = named(text)?;
    let (vm, disk) = name.rsplit_once(':').ok_or("write SERVER:VM:DISK")?;
    Ok(Disked { server, vm: vm.to_owned(), disk: disk.to_owned() })
}
