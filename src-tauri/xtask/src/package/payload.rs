//! The folder that an installation consists of.
//!
//! | system | programs | the rest |
//! |---|---|---|
//! | Linux | `bin/kuramori`, `bin/kuramori-desktop` | `share/…` |
//! | Windows | `Kuramori.exe`, `bin\kuramori.exe` (names differ in more than case) | `Kuramori.png` for notices, `WebView2Loader.dll`, `licences` |
//! | macOS | `Kuramori.app` | inside it |
//!
//! `install.json` says who keeps the installation up to date.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;

use super::{
    Job, Profile, archive, changes, licences, macos,
    programs::{self, Programs},
    source_time,
    system::System,
    template,
};
use crate::{paths::Paths, proc};

/// The system's package manager does.
pub(super) const SYSTEM_PACKAGE: &str = "{\"kind\":\"system-package\"}\n";

/// A payload that was laid out.
pub(super) struct Payload {
    pub(super) dir: PathBuf,
    system: System,
}

impl Payload {
    /// Lays out the files for one system.
    pub(super) fn lay_out(job: &Job<'_>, programs: &Programs) -> Result<Self> {
        let payload = Self { dir: job.workshop("payload")?, system: job.system };
        let kind = (job.system, job.profile);
        match job.system {
            System::Linux => {
                programs::place(&programs.cli, &payload.cli(), kind)?;
                programs::place(
                    &programs.desktop,
                    &payload.dir.join("bin/kuramori-desktop"),
                    kind,
                )?;
                share(job, &payload.dir.join("share"))?;
            }
            System::Windows => {
                programs::place(&programs.cli, &payload.cli(), kind)?;
                programs::place(&programs.desktop, &payload.dir.join("Kuramori.exe"), kind)?;
                let icon = job.paths.root.join("icons/128x128.png");
                fs_err::copy(icon, payload.dir.join("Kuramori.png"))?;
                if let Some(loader) = &programs.loader {
                    fs_err::copy(loader, payload.dir.join("WebView2Loader.dll"))?;
                }
                let licences = payload.dir.join("licences");
                licences::write(job, &licences)?;
                let sdk = "WebView2Loader-LICENSE.txt"; // also where it is linked in
                fs_err::copy(job.source("windows").join(sdk), licences.join(sdk))?;
            }
            System::Macos => macos::lay_out(job, programs, &payload.dir)?,
        }
        let note = describe(&payload.root(), &payload.note())?;
        fs_err::write(payload.note(), note)?;
        Ok(payload)
    }

    /// The command line.
    pub(super) fn cli(&self) -> PathBuf {
        self.dir.join(match self.system {
            System::Linux => "bin/kuramori",
            System::Windows => "bin/kuramori.exe",
            System::Macos => macos::CLI,
        })
    }

    /// The folder that is the installation.
    fn root(&self) -> PathBuf {
        match self.system {
            System::Macos => self.dir.join("Kuramori.app"),
            System::Linux | System::Windows => self.dir.clone(),
        }
    }

    /// The note on who keeps the installation up to date.
    fn note(&self) -> PathBuf {
        match self.system {
            System::Macos => self.dir.join(macos::RESOURCES).join("install.json"),
            System::Linux | System::Windows => self.dir.join("install.json"),
        }
    }

    /// The payload below a folder that names the version, for an archive that a person unpacks.
    pub(super) fn plain_archive(&self, job: &Job<'_>) -> Result<PathBuf> {
        let tar = job.workshop("archive")?.join("kuramori.tar");
        let top = format!("kuramori-{}", job.version);
        archive::tar(&self.dir, Path::new(&top), &tar, source_time(job.paths)?)?;
        Ok(tar)
    }
}

/// A note that the program updates itself, and which files are its own.
fn describe(root: &Path, note: &Path) -> Result<String> {
    let mut files = archive::files(root)?;
    files.insert(note.to_path_buf());
    let name = |path: &PathBuf| -> Result<String> {
        Ok(path.strip_prefix(root)?.to_string_lossy().replace('\\', "/"))
    };
    let files = files.iter().map(name).collect::<Result<Vec<_>>>()?;
    Ok(format!("{:#}\n", json!({ "kind": "folder", "files": files })))
}

/// What Linux desktops look for, and the licences.
fn share(job: &Job<'_>, dir: &Path) -> Result<()> {
    const ID: &str = "app.kuramori.desktop.metainfo.xml";
    // Named as the notices name it.
    let entry = "app.kuramori.desktop.desktop";
    fs_err::create_dir_all(dir.join("applications"))?;
    let from = job.source("linux").join(entry);
    fs_err::copy(from, dir.join("applications").join(entry))?;

    let sizes =
        [("32x32", "32x32"), ("64x64", "64x64"), ("128x128", "128x128"), ("128x128@2x", "256x256")];
    let icons = job.paths.root.join("icons");
    for (file, size) in sizes {
        put(&icons.join(format!("{file}.png")), &icon(dir, size, "png"))?;
    }
    put(&icons.join("icon.png"), &icon(dir, "512x512", "png"))?;
    put(&icons.join("icon.svg"), &icon(dir, "scalable", "svg"))?;

    let date = changes::date(job.paths, &job.version)?.map_or_else(|| today(job.paths), Ok)?;
    let values = [("VERSION", job.version.as_str()), ("DATE", &date)];
    fs_err::create_dir_all(dir.join("metainfo"))?;
    let metainfo = template::fill(&job.source("linux").join(ID), &values)?;
    fs_err::write(dir.join("metainfo").join(ID), metainfo)?;
    licences::write(job, &dir.join("licences"))
}

fn icon(dir: &Path, size: &str, kind: &str) -> PathBuf {
    dir.join(format!("icons/hicolor/{size}/apps/kuramori.{kind}"))
}

fn put(from: &Path, to: &Path) -> Result<()> {
    fs_err::create_dir_all(to.parent().unwrap_or(to))?;
    fs_err::copy(from, to).map(drop).map_err(Into::into)
}

/// The day of the checkout's last change.
fn today(paths: &Paths) -> Result<String> {
    let mut git = proc::cmd("git", &["log", "-1", "--format=%cs"]);
    Ok(proc::capture(git.current_dir(&paths.root))?.trim().to_owned())
}

/// Whether packing may take its time.
pub(super) fn thorough(profile: Profile) -> bool {
    profile == Profile::Release
}
