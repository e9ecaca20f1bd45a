//! What is promised for VMs, and what somebody has to look at.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum ProtectionCommand {
    /// Shows all VMs and how they stand, those at risk first. No server is asked.
    List,
    /// Says how much a VM matters.
    Class {
        /// Name or key of the VM.
        vm: String,
        /// Its class.
        #[arg(value_enum)]
        class: ClassChoice,
    },
    /// Leaves a VM out on purpose: it stays listed with the reason.
    Exclude {
        /// Name or key of the VM.
        vm: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Leaves a VM out no more.
    Include {
        /// Name or key of the VM.
        vm: String,
    },
}

/// How much a VM matters.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ClassChoice {
    /// The others do not work without it.
    Critical,
    /// As most.
    Normal,
    /// It is there to be looked up.
    Archive,
    /// As its name and guest system suggest.
    Suggested,
}

/// What classes promise. Without any of these they are shown.
#[derive(Debug, ClapArgs)]
pub(crate) struct ClassesArgs {
    /// Of critical VMs: how old the newest recovery point may become, and how long a restore may
    /// take, such as `4h/1h`, `30m/1h` or `7d/72h`.
    #[arg(long, value_name = "RPO/RTO", value_parser = promise)]
    pub(crate) critical: Option<(u32, u32)>,
    /// Of normal VMs.
    #[arg(long, value_name = "RPO/RTO", value_parser = promise)]
    pub(crate) normal: Option<(u32, u32)>,
    /// Of archived VMs.
    #[arg(long, value_name = "RPO/RTO", value_parser = promise)]
    pub(crate) archive: Option<(u32, u32)>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AlertsCommand {
    /// Shows open alarms.
    List,
    /// Releases an alarm: somebody has looked, and all is well.
    Release {
        /// Key of the alarm.
        key: String,
    },
}

fn promise(text: &str) -> Result<(u32, u32), String> {
    let (rpo, rto) = text.split_once('/').ok_or("write RPO/RTO, such as 24h/8h")?;
    Ok((minutes(rpo)?, minutes(rto)?))
}

fn minutes(text: &str) -> Result<u32, String> {
    let unit = text.chars().last().unwrap_or(' ');
    let each = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        _ => return Err(format!("“{text}” ends with none of m, h, d")),
    };
    let number = text.strip_suffix(unit).and_then(|number| number.parse::<u32>().ok());
    let minutes = number.and_then(|number| number.checked_mul(each)).filter(|minutes| *minutes > 0);
    minutes.ok_or_else(|| format!("“{text}” is no length of time"))
}
