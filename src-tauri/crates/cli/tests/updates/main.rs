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
mod crash;
mod flow;
mod offline;
mod package;
mod refused;
mod trial;
