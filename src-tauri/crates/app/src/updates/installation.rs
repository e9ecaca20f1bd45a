//! Where the program is installed, and who keeps it up to date.
//!
//! Linux and Windows: a folder with `install.json` at its root. macOS: the application bundle, which
//! is signed as a whole, so nothing of ours may lie in it.

use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::error::UpdateError;
use super::names;

/// Name of the file that says how the program was installed.
pub(super) const INSTALL: &str = "install.json";
/// How far above the program the root may lie.
const DEPTH: usize = 4;

/// Who keeps the files up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// The program itself: the folder is its own.
    Folder,
    /// The system's package manager, or whoever made the installation.
    #[serde(other)]
    SystemPackage,
}

/// The content of `install.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Install {
    pub(super) kind: Kind,
    /// All files of the installation, so that those that go away can be told from the user's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) files: Vec<String>,
    /// The window's program, where it is not at the usual place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    desktop: Option<String>,
    /// The command line's program, where it is not at the usual place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cli: Option<String>,
}

impl Install {
    /// Reads the file, taking only paths that stay in the installation.
    pub(super) fn read(path: &Path) -> Result<Self, UpdateError> {
        let broken = |why: String| UpdateError::Disk {
            doing: "reading",
            path: path.display().to_string(),
            source: std::io::Error::other(why),
        };
        let bytes = fs::read(path).map_err(UpdateError::disk("reading", path))?;
        let read: Self = serde_json::from_slice(&bytes).map_err(|e| broken(e.to_string()))?;
        for name in read.files.iter().chain(&read.desktop).chain(&read.cli) {
            names::checked(name.as_bytes()).map_err(broken)?;
        }
        Ok(read)
    }

    /// Returns the window's program.
    pub(super) fn desktop(&self) -> String {
        self.desktop.clone().unwrap_or_else(|| DESKTOP.to_owned())
    }

    /// Returns the command line's program.
    pub(super) fn cli(&self) -> String {
        self.cli.clone().unwrap_or_else(|| CLI.to_owned())
    }
}

#[cfg(windows)]
const DESKTOP: &str = "Kuramori.exe";
#[cfg(windows)]
const CLI: &str = "bin/kuramori.exe";
#[cfg(target_os = "macos")]
const DESKTOP: &str = "Contents/MacOS/kuramori-desktop";
#[cfg(target_os = "macos")]
const CLI: &str = "Contents/Helpers/bin/kuramori";
#[cfg(not(any(windows, target_os = "macos")))]
const DESKTOP: &str = "bin/kuramori-desktop";
#[cfg(not(any(windows, target_os = "macos")))]
const CLI: &str = "bin/kuramori";

/// An installation that this program runs from.
#[derive(Clone, Debug)]
pub(crate) struct Installation {
    pub(super) root: PathBuf,
    pub(super) install: Install,
}

impl Installation {
    /// Returns the installation that the running program belongs to. `None` for one that was
    /// built and started, or copied somewhere by hand.
    pub(crate) fn of_this_program() -> Option<Self> {
        let program = std::env::current_exe().and_then(fs::canonicalize);
        match program {
            Ok(program) => Self::around(&program),
            Err(error) => {
                tracing::warn!(%error, "the program does not know where it lies");
                None
            }
        }
    }

    /// Returns the installation around a program.
    pub(super) fn around(program: &Path) -> Option<Self> {
        let folders = program.parent()?.ancestors().take(DEPTH);
        for folder in folders {
            let file = described_in(folder);
            if !file.is_file() {
                continue;
            }
            match Install::read(&file) {
                Ok(install) => return Some(Self { root: folder.to_owned(), install }),
                Err(error) => {
                    let cause = crate::error::AppError::from(error).causes.join(": ");
                    tracing::warn!(cause, "the installation is not described in a readable way");
                    return None;
                }
            }
        }
        None
    }

    pub(crate) fn kind(&self) -> Kind {
        self.install.kind
    }

    /// Returns the folder that new and previous files lie in. It is on the volume of the
    /// installation, so that renaming works.
    pub(super) fn work(&self) -> PathBuf {
        if cfg!(target_os = "macos")
            && let (Some(parent), Some(name)) = (self.root.parent(), self.root.file_name())
        {
            return parent.join(format!(".{}.update", name.to_string_lossy()));
        }
        self.root.join(names::WORK)
    }

    /// Returns the command line's program.
    pub(super) fn cli(&self) -> PathBuf {
        self.root.join(names::native(&self.install.cli()))
    }

    /// Returns the files that are known to belong to the installation.
    pub(super) fn files(&self) -> Vec<String> {
        self.install.files.clone()
    }
}

/// Returns the file that describes an installation at `root`.
pub(super) fn described_in(root: &Path) -> PathBuf {
    if cfg!(target_os = "macos") && root.extension().is_some_and(|e| e == "app") {
        return root.join("Contents/Resources").join(INSTALL);
    }
    root.join(INSTALL)
}

/// Returns where the files of an installation begin in an unpacked package: at its top, in its
/// only folder, or in the application bundle.
pub(super) fn root_in(unpacked: &Path) -> Result<PathBuf, UpdateError> {
    let failed = || UpdateError::disk("reading", unpacked);
    let mut folders = vec![unpacked.to_owned()];
    for entry in fs::read_dir(unpacked).map_err(failed())? {
        let path = entry.map_err(failed())?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    if cfg!(target_os = "macos") {
        folders.retain(|f| f.extension().is_some_and(|e| e == "app"));
    }
    let found = folders.into_iter().find(|f| described_in(f).is_file());
    found.ok_or_else(|| UpdateError::not_genuine("the package", "it describes no installation"))
}
