//! Windows programs under Wine.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::display::Display;
use crate::{
    demo::Host,
    paths::Paths,
    proc::{self, cmd},
};

/// Stands in for a library that Wine 8 lacks.
const PRNG: &str = include_str!("prng.c");
const PRNG_DLL: &str = "drive_c/windows/system32/bcryptprimitives.dll";
/// Written last: a prefix with it is whole. Another number makes all prefixes anew.
const MARK: &str = "kuramori-1";

/// A Wine prefix of our own: registry, drives and users of one Windows.
#[derive(Debug, Clone)]
pub(crate) struct Wine {
    prefix: PathBuf,
    /// Where windows are shown; nowhere when left out.
    display: Option<String>,
}

impl Wine {
    /// Returns the prefix called `name` in the cache, made when it is not there yet.
    pub(crate) fn prefix(paths: &Paths, name: &str) -> Result<Self> {
        let wine = Self { prefix: paths.cache.join("wine").join(name), display: None };
        if !wine.prefix.join(MARK).is_file() {
            if wine.prefix.exists() {
                fs_err::remove_dir_all(&wine.prefix)?; // a broken or an older one
            }
            fs_err::create_dir_all(&wine.prefix)?;
            wine.make().context("making a Windows for Wine")?;
        }
        Ok(wine)
    }

    fn make(&self) -> Result<()> {
        // Without a display Wine waits for one.
        let mut boot = cmd("xvfb-run", &["-a", "wineboot", "--init"]);
        proc::run(self.environment(&mut boot))?;
        // Debian's says that it is Windows 7.
        proc::run(
            &mut self
                .tool("reg", &["add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f"]),
        )?;
        self.wait()?;
        let source = self.prefix.join("prng.c");
        fs_err::write(&source, PRNG)?;
        let mut compile = cmd("x86_64-w64-mingw32-gcc", &["-O1", "-shared", "-o"]);
        proc::run(compile.arg(self.prefix.join(PRNG_DLL)).arg(source).arg("-ladvapi32"))?;
        Ok(fs_err::write(self.prefix.join(MARK), "")?)
    }

    /// Shows windows on `display`. What runs already keeps to where it was.
    pub(super) fn on(mut self, display: &Display) -> Self {
        self.display = Some(display.name.clone());
        self
    }

    /// The folder that is this Windows.
    pub(crate) fn folder(&self) -> &Path {
        &self.prefix
    }

    /// Returns a command that starts a Windows program.
    pub(crate) fn start(&self, program: &Path) -> Command {
        let mut command = Command::new("wine");
        command.arg(program);
        self.environment(&mut command);
        command
    }

    /// Returns a command that starts a program that comes with Wine.
    pub(crate) fn tool<S: AsRef<OsStr>>(&self, name: &str, args: &[S]) -> Command {
        let mut command = Command::new("wine");
        command.arg(name).args(args);
        self.environment(&mut command);
        command
    }

    /// Makes `command` and all that it starts use this prefix.
    pub(crate) fn environment<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("WINEPREFIX", &self.prefix);
        command.env("WINEDEBUG", "-all");
        // No .NET, no browser, and no entries in the menus of whoever runs this.
        command.env("WINEDLLOVERRIDES", "mscoree=;mshtml=;winemenubuilder.exe=d");
        if let Some(display) = &self.display {
            command.env("DISPLAY", display).env_remove("XAUTHORITY");
        }
        // File names are UTF-8, whatever the locale of this session.
        command.env("LC_ALL", "C.UTF-8")
    }

    /// Waits until all programs of this prefix have ended and the registry is written.
    pub(crate) fn wait(&self) -> Result<()> {
        proc::run(self.environment(&mut cmd("wineserver", &["-w"])))
    }

    /// Ends every program of this prefix.
    pub(crate) fn end(&self) -> Result<()> {
        let ended = self.environment(&mut cmd("wineserver", &["-k"])).status()?;
        // It fails when none runs, and then there is nothing to wait for.
        if ended.success() { self.wait() } else { Ok(()) }
    }
}

/// How a Windows program under Wine names `path`, which must be absolute.
pub(crate) fn windows_path(path: &Path) -> String {
    format!("Z:{}", path.display().to_string().replace('/', r"\"))
}

/// The programs of a build for Windows.
pub(super) struct Programs {
    pub(super) wine: Wine,
    /// Where they lie.
    pub(super) folder: PathBuf,
}

impl Host for Programs {
    fn command(&self, program: &str) -> Command {
        self.wine.start(&self.folder.join(format!("{program}.exe")))
    }

    fn path(&self, path: &Path) -> String {
        windows_path(path)
    }

    /// The store of Windows itself, here Wine's.
    fn secrets(&self, _dir: &Path) -> String {
        "keychain".to_owned()
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_path_is_named_as_windows_names_it() {
        assert_eq!(windows_path(Path::new("/a b/ビル")), r"Z:\a b\ビル");
    }
}
