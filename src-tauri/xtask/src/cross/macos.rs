//! The whole workspace, window and tests included, as the compiler for macOS sees it.

use anyhow::Result;

use super::{Rust, Target, build, zig};
use crate::paths::Paths;

/// Checks every package and every test; nothing is linked and nothing runs.
pub(super) fn run(paths: &Paths) -> Result<()> {
    // As a development build, which embeds no front end.
    let args = ["check", "--workspace", "--all-targets"];
    let mut check = Rust::find(Target::Macos).cargo(paths, Target::Macos, &args);
    build::watch(zig::environment(paths, &mut check)?, &paths.root)?;
    println!("cross macos: all packages and tests pass the compiler");
    Ok(())
}
