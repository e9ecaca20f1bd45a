//! The programs that go into a package.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use super::{Profile, System};
use crate::{
    cross::{Rust, Target},
    paths::Paths,
    proc::{self, NPM, cargo, cmd},
};

/// The two programs of the product, and what the window's needs beside it.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    pub(super) cli: PathBuf,
    pub(super) desktop: PathBuf,
    /// Where a build for Windows does not carry the loader of the web view in itself.
    pub(super) loader: Option<PathBuf>,
}

/// Which key must have signed updates, and where they lie: part of the programs.
const UPDATES: [&str; 2] = ["KURAMORI_UPDATE_PUBLIC_KEY", "KURAMORI_UPDATE_FEED"];

/// By these the tests of a whole program choose another key and server; a release knows none.
const OF_TESTS: [&str; 5] = [
    "KURAMORI_UPDATE_KEY",
    "KURAMORI_UPDATE_URL",
    "KURAMORI_UPDATE_CA",
    "KURAMORI_UPDATE_HOLD",
    "KURAMORI_UPDATE_PATIENCE",
];

const LOADER: &str = "WebView2Loader.dll";
const PRODUCT: &[&str] = &[
    "--package",
    "kuramori-cli",
    "--package",
    "kuramori-desktop",
    "--features",
    "kuramori-desktop/custom-protocol",
];

impl Programs {
    /// Takes programs that were built before.
    pub(super) fn brought(system: System, dir: &Path) -> Result<Self> {
        let find = |name: &str| {
            let path = dir.join(system.program(name));
            ensure!(path.is_file(), "{} is missing", path.display());
            Ok(path)
        };
        let desktop = find("kuramori-desktop")?;
        Ok(Self { cli: find("kuramori")?, loader: loader(system, &desktop)?, desktop })
    }

    /// Copies them into a folder, from which [`Programs::brought`] takes them.
    pub(super) fn copy_to(&self, dir: &Path) -> Result<()> {
        fs_err::create_dir_all(dir)?;
        for file in
            [Some(&self.cli), Some(&self.desktop), self.loader.as_ref()].into_iter().flatten()
        {
            let name = file.file_name().context("a program has a name")?;
            fs_err::copy(file, dir.join(name))?;
        }
        Ok(())
    }

    /// Checks that the programs of a release have no way around the key of updates.
    pub(super) fn know_no_tests(&self) -> Result<()> {
        for file in [&self.cli, &self.desktop] {
            if let Some(name) = name_of_tests(&fs_err::read(file)?) {
                bail!("{} reads {name}, which only tests may set", file.display());
            }
        }
        Ok(())
    }

    /// Builds the front end and the programs.
    pub(super) fn build(paths: &Paths, system: System, profile: Profile) -> Result<Self> {
        crate::setup::run(paths, &[crate::setup::Part::Npm])?;
        proc::run(cmd(NPM, &["run", "--silent", "build"]).current_dir(paths.ui()))?;
        match (system, System::HERE) {
            (System::Macos, System::Macos) => universal(paths, profile),
            (System::Windows, System::Linux) => {
                let target = Target::Windows;
                let mut build = Rust::find(target).cargo(paths, target, &["build"]);
                proc::run(without_empty(build.args(PRODUCT).args(flags(profile))))?;
                let dir = paths.cross_target().join(target.triple());
                Self::brought(system, &dir.join(folder(profile)))
            }
            (system, here) if system == here => {
                let mut build = cargo(&paths.root, &["build", "--locked"]);
                proc::run(match profile {
                    Profile::Release => without_empty(build.args(PRODUCT).args(flags(profile))),
                    // As the tests build it, or everything would be compiled once more.
                    Profile::Dev => {
                        let whole = ["--workspace", "--all-targets"];
                        build.args(whole).args(&PRODUCT[PRODUCT.len() - 2..])
                    }
                })?;
                Self::brought(system, &paths.target.join(folder(profile)))
            }
            (system, _) => bail!("packages for {} are made on that system", system.name()),
        }
    }
}

/// Builds for both kinds of Mac and joins the results.
fn universal(paths: &Paths, profile: Profile) -> Result<Programs> {
    const MACS: [&str; 2] = ["aarch64-apple-darwin", "x86_64-apple-darwin"];
    for mac in MACS {
        let mut build = cargo(&paths.root, &["build", "--locked", "--target", mac]);
        proc::run(without_empty(build.args(PRODUCT).args(flags(profile))))?;
    }
    let dir = paths.target.join("universal-apple-darwin").join(folder(profile));
    fs_err::create_dir_all(&dir)?;
    for name in ["kuramori", "kuramori-desktop"] {
        let mut join = cmd("lipo", &["-create", "-output"]);
        join.arg(dir.join(name));
        for mac in MACS {
            join.arg(paths.target.join(mac).join(folder(profile)).join(name));
        }
        proc::run(&mut join)?;
    }
    Programs::brought(System::Macos, &dir)
}

/// A variable that was set to nothing counts as not set, and the program then says that it has no
/// updates.
fn without_empty(build: &mut Command) -> &mut Command {
    for name in UPDATES {
        if std::env::var_os(name).is_some_and(|value| value.is_empty()) {
            build.env_remove(name);
        }
    }
    build
}

fn flags(profile: Profile) -> &'static [&'static str] {
    match profile {
        Profile::Release => &["--release"],
        Profile::Dev => &[],
    }
}

fn folder(profile: Profile) -> &'static str {
    match profile {
        Profile::Release => "release",
        Profile::Dev => "debug",
    }
}

/// Finds the loader beside a program that asks for it.
fn loader(system: System, desktop: &Path) -> Result<Option<PathBuf>> {
    if system != System::Windows {
        return Ok(None);
    }
    if !contains(&fs_err::read(desktop)?, LOADER) {
        return Ok(None);
    }
    let dir = desktop.parent().context("a program lies in a folder")?;
    let loader = dir.join(LOADER);
    ensure!(loader.is_file(), "{} asks for {LOADER}, which is not beside it", desktop.display());
    Ok(Some(loader))
}

fn name_of_tests(program: &[u8]) -> Option<&'static str> {
    OF_TESTS.into_iter().find(|name| contains(program, name))
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Copies a program; one of a test build without what only a debugger reads.
pub(super) fn place(from: &Path, to: &Path, (system, profile): (System, Profile)) -> Result<()> {
    fs_err::create_dir_all(to.parent().context("a program lies in a folder")?)?;
    fs_err::copy(from, to)?;
    let strip = match (profile, system, System::HERE) {
        (Profile::Dev, System::Linux, System::Linux) => "strip",
        (Profile::Dev, System::Windows, System::Linux) => "x86_64-w64-mingw32-strip",
        _ => return Ok(()), // the release profile says so itself
    };
    proc::capture(cmd(strip, &["--strip-all"]).arg(to)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_reads_what_tests_set_is_found() {
        assert_eq!(name_of_tests(b"..KURAMORI_UPDATE_CA.."), Some("KURAMORI_UPDATE_CA"));
        assert_eq!(name_of_tests(b"..KURAMORI_UPDATE_PUBLIC_KEY.."), None);
    }
}
