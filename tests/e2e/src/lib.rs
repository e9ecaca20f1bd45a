//! Harness of the end-to-end tests: a lab of virtual disks, the real desktop app in a real web
//! view, and a look at what the notification daemon showed.
//!
//! Everything runs inside the private session of `session.sh`; `cargo xtask test --only e2e` sets
//! it up. Outside it the harness refuses to start, since it would use the caller's display and
//! keychain.

mod desktop;
mod driver;
mod group;
mod lab;
mod notices;
mod programs;
mod running;

pub use crate::{
    desktop::{Desktop, Setup},
    lab::{Address, DATASTORE, Lab},
    notices::{Notice, shown},
    programs::built,
    running::Running,
};
