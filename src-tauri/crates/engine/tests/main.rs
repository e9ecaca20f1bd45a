//! Backups of VMs of the lab, over real TLS and SOAP, byte for byte.
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

mod audit;
mod bench;
mod byte_exact;
mod choice;
mod cold;
mod crash;
mod faults;
mod field;
mod guards;
#[cfg(target_os = "linux")]
mod hot_add;
#[cfg(target_os = "linux")]
mod hot_add_left;
#[cfg(target_os = "linux")]
mod hot_add_twins;
mod incremental;
mod mounted;
mod reach;
