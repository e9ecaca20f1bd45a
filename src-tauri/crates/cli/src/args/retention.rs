//! Which recovery points are kept.

use chrono_tz::Tz;
use clap::{Args as ClapArgs, Subcommand};
use kuramori_app::{Asked, Spans};

use super::{DraftArgs, RepoArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum RetentionCommand {
    /// Shows which recovery points a rule would keep, why, and which would go. Changes nothing.
    WhatIf {
        #[command(flatten)]
        repo: RepoArgs,
        #[command(flatten)]
        rule: RuleArgs,
    },
    /// Shows what the rule of a job would keep if it were changed so, why, when each goes, and what
    /// room that gives. Changes nothing.
    Job {
        /// Name of the job.
        job: String,
        #[command(flatten)]
        draft: Box<DraftArgs>,
    },
    /// Shows all recovery points that were ever deleted: which, when, by which rule, and when their
    /// room was given back.
    Ledger {
        #[command(flatten)]
        repo: RepoArgs,
    },
    /// Shows or sets for how many hours deleted recovery points stay in the recycle bin.
    Bin {
        /// 24 to 168.
        hours: Option<u32>,
    },
}

/// A rule, and what it looks at.
#[derive(Debug, ClapArgs)]
#[command(group(
    clap::ArgGroup::new("what")
        .required(true)
        .multiple(true)
        .args(["keep_last", "keep_daily", "keep_weekly", "keep_monthly", "keep_yearly"])
))]
pub(crate) struct RuleArgs {
    #[command(flatten)]
    spans: SpanArgs,
    /// Time zone in which days begin, such as `Asia/Tokyo`; that of this computer when not given.
    #[arg(long, value_name = "ZONE")]
    zone: Option<Tz>,
    /// Look at this VM alone.
    #[arg(long)]
    vm: Option<String>,
}

/// Of which spans of the calendar the newest recovery point is kept.
#[derive(Clone, Copy, Debug, ClapArgs)]
#[group(skip)]
pub(crate) struct SpanArgs {
    /// Keep the newest N of each VM.
    #[arg(long, value_name = "N")]
    pub(crate) keep_last: Option<u32>,
    /// Keep the newest of each of N days.
    #[arg(long, value_name = "N")]
    pub(crate) keep_daily: Option<u32>,
    /// Keep the newest of each of N weeks.
    #[arg(long, value_name = "N")]
    pub(crate) keep_weekly: Option<u32>,
    /// Keep the newest of each of N months.
    #[arg(long, value_name = "N")]
    pub(crate) keep_monthly: Option<u32>,
    /// Keep the newest of each of N years.
    #[arg(long, value_name = "N")]
    pub(crate) keep_yearly: Option<u32>,
}

impl RuleArgs {
    pub(crate) fn asked(&self) -> Asked<'_> {
        let spans = Spans {
            last: self.spans.keep_last.unwrap_or_default(),
            daily: self.spans.keep_daily.unwrap_or_default(),
            weekly: self.spans.keep_weekly.unwrap_or_default(),
            monthly: self.spans.keep_monthly.unwrap_or_default(),
            yearly: self.spans.keep_yearly.unwrap_or_default(),
        };
        Asked { spans, zone: self.zone, vm: self.vm.as_deref() }
    }
}
