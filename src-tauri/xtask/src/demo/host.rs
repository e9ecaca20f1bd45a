//! Where the programs of the demo run.

use std::{path::Path, process::Command};

use crate::paths::Paths;

/// Starts the programs of the workspace and knows how they name files.
pub(crate) trait Host {
    /// Returns a command that starts `kuramori` or `kuramori-lab`, before its arguments.
    fn command(&self, program: &str) -> Command;

    /// Returns how a program started here names `path`.
    fn path(&self, path: &Path) -> String;

    /// Returns the `--secrets` of a demo in `dir`.
    fn secrets(&self, dir: &Path) -> String;
}

/// This system itself.
pub(super) struct Native<'a>(pub(super) &'a Paths);

impl Host for Native<'_> {
    fn command(&self, program: &str) -> Command {
        Command::new(self.0.built(program))
    }

    fn path(&self, path: &Path) -> String {
        path.display().to_string()
    }

    /// A file sealed with a key of the demo: the keychain of whoever runs it stays untouched.
    fn secrets(&self, dir: &Path) -> String {
        format!("sealed:{}", dir.join("secrets.key").display())
    }
}
