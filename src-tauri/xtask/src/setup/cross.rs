//! What building for Windows and macOS on Linux needs.

use anyhow::Result;

use super::{Stamp, apt, python};
use crate::{
    cross::{Rust, Target},
    paths::Paths,
};

/// A C compiler that knows macOS without Apple's kit.
const ZIG: &str = "ziglang==0.17.1";

/// Installs compilers and Wine.
pub(super) fn ensure(paths: &Paths) -> Result<()> {
    let debians = Target::ALL.iter().any(|target| Rust::find(*target) == Rust::Debian);
    apt::cross(debians)?;
    python::ensure(paths)?;
    let stamp = Stamp::new(paths, "cross-python", &[ZIG.as_bytes()]);
    if !stamp.is_current() || !paths.venv_bin("python-zig").is_file() {
        python::pip_install(paths, &[ZIG])?;
        stamp.set()?;
    }
    Ok(())
}
