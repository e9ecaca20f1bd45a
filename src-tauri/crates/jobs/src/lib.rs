//! Jobs and runs: what is wished for, what was asked, how it went, and what still has to be cleaned up
//! after it.
//!
//! Jobs and the run log are one SQLite file that survives a crash at any moment. It knows neither
//! VMware nor repositories: the work of a job and of a run, the lines of its log and its intents are opaque records that
//! only their writer interprets.
//!
//! [`schedule`] says when a run is due, [`job`] what is to be done about it, and [`retention`] which
//! recovery points are kept: pure functions of the time.
//!
//! Non-goals: doing the work of a run.
//! Invariant guarded: an intent is durable before [`RunLog::add_intent`] returns, and stays until
//! its clean-up was confirmed by [`RunLog::clear_intent`].

mod error;
mod ids;
mod intent;
pub mod job;
mod letters;
mod log;
mod model;
pub mod retention;
pub mod schedule;

pub use error::LogError;
pub use ids::{IntentId, JobId, RunId, ScheduleId};
pub use intent::Intent;
pub use letters::{Letter, LetterState, Told};
pub use log::{PastItem, PastRun, RunLog, Salvaged};
pub use model::{
    ItemRecord, ItemUpdate, Level, LogEntry, NewRun, OfJob, Outcome, RunRecord, RunState, Stage,
};
