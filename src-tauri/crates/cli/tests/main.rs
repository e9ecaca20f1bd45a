//! The real program against the lab: flows, sentences, secrets, memory.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::large_stack_arrays,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail like tests"
)]

mod bench;
mod cards;
mod cold;
mod crash;
mod deletion;
mod errors;
mod flow;
#[cfg(target_os = "linux")]
mod full_disk;
mod history;
#[cfg(target_os = "linux")]
mod hot_add;
mod images;
mod in_place;
mod in_place_others;
mod inventory;
mod jobs;
mod keys;
mod loss;
mod new_vm;
mod places;
mod preflight;
mod protection;
mod reading;
mod receivers;
#[cfg(target_os = "linux")]
mod resources;
mod secrets;
#[cfg(unix)]
mod serve;
#[cfg(target_os = "linux")]
mod sources;
mod upkeep;
mod windows;
