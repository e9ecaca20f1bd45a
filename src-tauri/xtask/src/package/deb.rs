//! The package for Debian and what derives from it.
//!
//! The payload lies in `/usr/lib/kuramori`, as it does in the archive; `/usr/bin` has links.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{
    Job, archive,
    payload::{Payload, SYSTEM_PACKAGE, thorough},
    source_time, template,
};
use crate::proc::{self, cmd};

const HOME: &str = "usr/lib/kuramori";
const PROGRAMS: [&str; 2] = ["kuramori", "kuramori-desktop"];
/// What desktops look for in `/usr/share`, in the payload's `share`.
const SHARED: [&str; 3] = ["applications", "icons", "metainfo"];

/// Builds the package and returns its path.
pub(super) fn build(job: &Job<'_>, payload: &Payload) -> Result<PathBuf> {
    let root = job.workshop("deb")?;
    for file in archive::files(&payload.dir)? {
        let inner = file.strip_prefix(&payload.dir)?;
        let shared = SHARED.iter().any(|name| inner.starts_with(Path::new("share").join(name)));
        let to = root.join(if shared { "usr" } else { HOME }).join(inner);
        fs_err::create_dir_all(to.parent().context("a file lies in a folder")?)?;
        fs_err::copy(&file, to)?;
    }
    fs_err::write(root.join(HOME).join("install.json"), SYSTEM_PACKAGE)?;
    link(&root)?;
    documents(job, &root)?;
    let control = root.join("DEBIAN");
    fs_err::create_dir_all(&control)?;
    fs_err::write(control.join("control"), describe(job, &root)?)?;
    same_modes(&root)?;

    let ready = job.out.join(format!("kuramori_{}_{}.deb", job.version, ARCHITECTURE));
    // xz is what every Debian can read.
    let pack = if thorough(job.profile) { ["-Zxz", "-z6"] } else { ["-Zgzip", "-z1"] };
    let mut build = cmd("dpkg-deb", &["--root-owner-group"]);
    build.args(pack).arg("--build").arg(&root).arg(&ready);
    build.env("SOURCE_DATE_EPOCH", source_time(job.paths)?.to_string());
    proc::run(&mut build)?;
    Ok(ready)
}

const ARCHITECTURE: &str = "amd64";

#[cfg(unix)]
fn link(root: &Path) -> Result<()> {
    let bin = root.join("usr/bin");
    fs_err::create_dir_all(&bin)?;
    for name in PROGRAMS {
        let target = format!("../lib/kuramori/bin/{name}");
        fs_err::os::unix::fs::symlink(target, bin.join(name))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn link(_root: &Path) -> Result<()> {
    anyhow::bail!("a Debian package is made on Linux")
}

/// Folders and files as everyone may read them, whatever the mask of whoever packs.
fn same_modes(root: &Path) -> Result<()> {
    proc::capture(cmd("chmod", &["-R", "u=rwX,go=rX"]).arg(root)).map(drop)
}

fn documents(job: &Job<'_>, root: &Path) -> Result<()> {
    let doc = root.join("usr/share/doc/kuramori");
    fs_err::create_dir_all(&doc)?;
    fs_err::copy(job.source("linux/copyright"), doc.join("copyright"))?;
    let changes = doc.join("changelog");
    fs_err::copy(job.paths.root.join("CHANGELOG.md"), &changes)?;
    proc::capture(cmd("gzip", &["-9", "--no-name"]).arg(&changes)).map(drop)
}

fn describe(job: &Job<'_>, root: &Path) -> Result<String> {
    let mut bytes = 0;
    for file in archive::files(root)? {
        bytes += fs_err::symlink_metadata(file)?.len();
    }
    let values = [
        ("VERSION", job.version.as_str()),
        ("ARCHITECTURE", ARCHITECTURE),
        ("SIZE_KB", &bytes.div_ceil(1024).to_string()),
        ("DEPENDS", &depends(job, root)?),
    ];
    template::fill(&job.source("linux/control"), &values)
}

/// The packages of the libraries the programs ask for, with the versions they need.
fn depends(job: &Job<'_>, root: &Path) -> Result<String> {
    let dir = job.workshop("shlibdeps")?;
    fs_err::create_dir_all(dir.join("debian"))?;
    let source = "Source: kuramori\n\nPackage: kuramori\nArchitecture: amd64\n";
    fs_err::write(dir.join("debian/control"), source)?;
    let mut ask = cmd("dpkg-shlibdeps", &["-O"]);
    for name in PROGRAMS {
        ask.arg("-e").arg(root.join(HOME).join("bin").join(name));
    }
    let answer = proc::capture(ask.current_dir(&dir))?;
    let depends = answer.lines().find_map(|line| line.strip_prefix("shlibs:Depends="));
    Ok(depends.context("dpkg-shlibdeps named no packages")?.to_owned())
}
