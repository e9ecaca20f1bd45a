//! Runs: the live ones, their record in the run log, and how both are shown.

mod live;
mod runner;
mod speed;
mod timing;
mod view;

pub(crate) use live::{ItemObserver, ItemResult, LiveRun, RunSpec};
pub(crate) use runner::{Item, ItemEnd, Runs, Start};
pub(crate) use timing::Timing;
pub(crate) use view::{cause, error_of, render, summary};

#[cfg(test)]
mod tests;
