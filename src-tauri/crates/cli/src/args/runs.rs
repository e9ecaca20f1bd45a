//! What was run, and how it went.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum RunsCommand {
    /// Shows runs, newest first.
    List {
        /// Only those of this job.
        #[arg(long)]
        job: Option<String>,
        /// Only those that failed, were stopped or were cut off.
        #[arg(long)]
        failed: bool,
        /// Only those that began then or later: a time such as `2026-03-01T20:00:00Z`, or a day.
        #[arg(long, value_name = "TIME", value_parser = since)]
        since: Option<DateTime<Utc>>,
        /// How many at most.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Shows one run: its VMs, their phases, speeds, and what was waited for.
    Show {
        /// Its id or a unique beginning of it, or `last`.
        run: String,
        /// Show every line of its log, not only warnings and errors.
        #[arg(long)]
        log: bool,
    },
    /// Makes a backup once more: of the VMs that failed, or of all where none did.
    Again {
        /// Its id or a unique beginning of it, or `last`.
        run: String,
    },
    /// Asks a run to stop; it cleans up after itself.
    Cancel {
        /// Its id or a unique beginning of it, or `last`.
        run: String,
    },
}

fn since(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    text.parse().map_err(|_| format!("“{text}” is neither a time nor a day"))
}
