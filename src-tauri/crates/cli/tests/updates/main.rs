//! Updates through the real program, against an update server on this machine.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail like tests"
)]

mod bench;
#[cfg(unix)]
mod crash;
mod feed;
mod flow;
mod offline;
mod package;
mod refused;
mod server;
#[cfg(unix)]
mod trial;
