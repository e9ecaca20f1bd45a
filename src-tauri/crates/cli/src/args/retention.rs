//! Which recovery points are kept.

use chrono_tz::Tz;
use clap::{Args as ClapArgs, Subcommand};
use kuramori_app::{Asked, Spans};

use super::RepoArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum RetentionCommand {
    /// Shows which recovery points a rule would keep, why, and which would go. Changes nothing.
    WhatIf {
        #[command(flatten)]
        repo: RepoArgs,
        #[command(flatten)]
        rule: RuleArgs,
    },
}

/// A rule, and what it looks at.
#[derive(Debug, ClapArgs)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(true)))]
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
pub(crate) struct SpanArgs {
    /// Keep the newest N of each VM.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, group = "what")]
    pub(crate) keep_last: u32,
    /// Keep the newest of each of N days.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, group = "what")]
    pub(crate) keep_daily: u32,
    /// Keep the newest of each of N weeks.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, group = "what")]
    pub(crate) keep_weekly: u32,
    /// Keep the newest of each of N months.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, group = "what")]
    pub(crate) keep_monthly: u32,
    /// Keep the newest of each of N years.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, group = "what")]
    pub(crate) keep_yearly: u32,
}

impl RuleArgs {
    pub(crate) fn asked(&self) -> Asked<'_> {
        let spans = Spans {
            last: self.spans.keep_last,
            daily: self.spans.keep_daily,
            weekly: self.spans.keep_weekly,
            monthly: self.spans.keep_monthly,
            yearly: self.spans.keep_yearly,
        };
        Asked { spans, zone: self.zone, vm: self.vm.as_deref() }
    }
}
