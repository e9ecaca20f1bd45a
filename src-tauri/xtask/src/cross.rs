//! `cargo xtask cross`: the same sources for Windows and macOS, from Linux.
//!
//! For Windows all but the window is built, its tests run under Wine, and the demo too. For macOS
//! everything is checked by the compiler and nothing runs. Build folders lie in the cache.

mod build;
mod desktop;
mod display;
mod macos;
mod places;
mod rust;
mod tests;
mod windows;
mod wine;
mod zig;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

pub(crate) use self::{rust::Rust, wine::Wine};
use crate::{
    package,
    paths::Paths,
    setup::{self, Part},
};

/// What to build for other systems.
#[derive(Args)]
pub(crate) struct CrossArgs {
    /// One system; both when left out.
    target: Option<Target>,
    /// Also what takes longer: the tests of all crates for Windows, and the desktop app there.
    #[arg(long)]
    full: bool,
}

/// Another system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// Windows on x86-64, built by mingw, run under Wine.
    Windows,
    /// macOS on Apple silicon, checked only.
    Macos,
}

impl Target {
    pub(crate) const ALL: &[Self] = &[Self::Windows, Self::Macos];

    /// The compiler's name for it.
    pub(crate) fn triple(self) -> &'static str {
        match self {
            Self::Windows => "x86_64-pc-windows-gnu",
            Self::Macos => "aarch64-apple-darwin",
        }
    }

    /// Builds or checks, and runs what can run.
    pub(crate) fn run(self, paths: &Paths, depth: Depth) -> Result<()> {
        match self {
            Self::Windows => {
                windows::run(paths, depth).and_then(|()| package::check::windows(paths, false))
            }
            Self::Macos => macos::run(paths),
        }
    }
}

/// How much is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// What touches the system: files, disks, the repository, the command line.
    Quick,
    /// All.
    Full,
}

/// Runs the task.
pub(crate) fn run(paths: &Paths, args: &CrossArgs) -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("this builds for other systems from Linux; on each of them, test natively");
    }
    let windows = args.target != Some(Target::Macos);
    let mut parts = vec![Part::System, Part::Python, Part::Cross];
    if windows && args.full {
        parts.push(Part::Npm);
    }
    setup::run(paths, &parts)?;
    for target in Target::ALL.iter().filter(|t| args.target.is_none_or(|only| only == **t)) {
        target.run(paths, if args.full { Depth::Full } else { Depth::Quick })?;
    }
    if windows && args.full {
        desktop::run(paths)?;
        package::check::windows(paths, true)?;
    }
    Ok(())
}
