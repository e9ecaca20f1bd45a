//! Packages tried out: installed, started, upgraded, removed.

mod desk;
mod linux;
mod windows;

pub(crate) use self::{linux::linux, windows::windows};

/// What the command line is asked to make: proof that an installed program works.
const REPOSITORY: &str = "本棚";
/// Opens it.
const PASSPHRASE: &str = "quiet lantern over the river";
