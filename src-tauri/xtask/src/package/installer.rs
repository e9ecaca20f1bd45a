//! The installer for Windows, from the script in `src-tauri/packaging/windows`.

use std::path::PathBuf;

use anyhow::Result;

use super::{
    Job, archive,
    payload::{Payload, thorough},
    system::System,
};
use crate::proc::{self, cmd};

/// Builds `kuramori-VERSION-setup.exe` and returns its path.
pub(super) fn build(job: &Job<'_>, payload: &Payload) -> Result<PathBuf> {
    let mut bytes = 0;
    for file in archive::files(&payload.dir)? {
        bytes += fs_err::metadata(file)?.len();
    }
    let ready = job.product("setup.exe");
    // Every warning counts: a text that is missing in one language is one.
    let mut make = cmd("makensis", &["-V2", "-WX", "-INPUTCHARSET", "UTF8"]);
    if thorough(job.profile) {
        make.arg("-DMETHOD=/SOLID lzma");
    }
    for (name, value) in [
        ("VERSION", job.version.clone()),
        ("NUMBERS", numbers(&job.version)),
        ("PAYLOAD", payload.dir.display().to_string()),
        ("OUT", ready.display().to_string()),
        ("ICON", job.paths.root.join("icons/icon.ico").display().to_string()),
        ("SIZE_KB", bytes.div_ceil(1024).to_string()),
        ("STUB", stub().to_owned()),
    ] {
        make.arg(format!("-D{name}={value}"));
    }
    proc::run(make.arg(job.source("windows").join("installer.nsi")))?;
    Ok(ready)
}

/// A 64-bit installer where the tools can make one: NSIS's own packages for Windows cannot.
fn stub() -> &'static str {
    if System::HERE == System::Linux { "amd64-unicode" } else { "x86-unicode" }
}

/// Windows wants four numbers and nothing else.
fn numbers(version: &str) -> String {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let mut numbers: Vec<_> = core.split('.').map(str::to_owned).collect();
    numbers.resize(4, "0".to_owned());
    numbers.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_becomes_four_numbers() {
        assert_eq!(numbers("1.2.3"), "1.2.3.0");
        assert_eq!(numbers("0.1.0-beta.2"), "0.1.0.0");
    }
}
