//! A Rust compiler for another system.

use std::{ffi::OsStr, process::Command};

use super::Target;
use crate::{
    paths::Paths,
    proc::{self, cargo, cmd},
};

/// Which compiler builds for a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rust {
    /// The one in use, which has the target's library (`rustup target add`).
    Own,
    /// Debian's, which compiles the library from the sources that come with it.
    Debian,
}

impl Rust {
    /// Prefers the compiler in use.
    pub(crate) fn find(target: Target) -> Self {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let args = ["--print", "target-libdir", "--target", target.triple()];
        let dir = proc::capture(&mut cmd(rustc, &args)).unwrap_or_default();
        let own = !dir.is_empty() && std::path::Path::new(dir.trim()).is_dir();
        if own { Self::Own } else { Self::Debian }
    }

    /// Returns a cargo command for `target`, before the options that are its alone.
    pub(crate) fn cargo<S: AsRef<OsStr>>(
        self,
        paths: &Paths,
        target: Target,
        args: &[S],
    ) -> Command {
        let mut command = match self {
            Self::Own => cargo(&paths.root, args),
            Self::Debian => {
                let mut command = cmd("/usr/bin/cargo", args);
                command.current_dir(&paths.root);
                command.env("RUSTC", "/usr/bin/rustc");
                // What the compiler needs to build its own library, and nothing of ours.
                command.env("RUSTC_BOOTSTRAP", "1");
                command.env("CARGO_UNSTABLE_BUILD_STD", "std,panic_unwind");
                for key in ["CARGO", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH", "CARGO_MANIFEST_DIR"] {
                    command.env_remove(key);
                }
                command
            }
        };
        command.args(["--locked", "--target", target.triple()]);
        command.env("CARGO_TARGET_DIR", paths.cross_target());
        // No debugger looks at these, and they link in a fraction of the time without.
        command.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_INCREMENTAL", "0");
        command
    }
}
