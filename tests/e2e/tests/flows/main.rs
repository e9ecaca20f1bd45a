//! The real app, driven as a person would drive it.
//!
//! Pictures and logs lie in `e2e/FLOW` under the build folder's `tmp`.

mod disks;
mod failed_runs;
mod first_backup;
mod installed;
mod jobs;
mod languages;
mod refusals;
mod restart;
mod startup;
mod steps;
mod update;
