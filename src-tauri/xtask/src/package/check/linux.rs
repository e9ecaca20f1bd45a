use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

use super::{PASSPHRASE, REPOSITORY};
use crate::{
    package::{
        Job, Profile, archive, payload::Payload, programs::Programs, system::System, version,
    },
    paths::Paths,
    proc::{self, cmd},
};

/// Makes the packages of a test build and uses them as a person would: unpacked in a folder with
/// an odd name, and installed by the package manager. `see` starts the window from the programs in
/// a folder, and fails when nothing is shown.
pub(crate) fn linux(paths: &Paths, see: &dyn Fn(&Path) -> Result<()>) -> Result<()> {
    let dir = paths.target.join("tmp/packages");
    if dir.exists() {
        fs_err::remove_dir_all(&dir)?;
    }
    let job = Job {
        paths,
        system: System::Linux,
        profile: Profile::Dev,
        version: version(paths)?,
        out: dir.join("out"),
    };
    let programs = Programs::brought(System::Linux, &paths.target.join("debug"))?;
    let products = job.make(&programs)?;
    let find = |end: &str| {
        let found = products.iter().find(|path| path.to_string_lossy().ends_with(end));
        found.with_context(|| format!("no {end} was made"))
    };
    bundle(&job, &programs)?;
    unpacked(&job, find(".tar.gz")?, &dir.join("蔵守 の場所"), see)?;
    installed(&job, find(".deb")?, &dir, see)
}

/// The bundle for macOS, as far as it can be laid out here: every path it names must be there.
fn bundle(linux: &Job<'_>, programs: &Programs) -> Result<()> {
    let job = Job {
        paths: linux.paths,
        system: System::Macos,
        profile: Profile::Release, // no program of this system strips those of that
        version: linux.version.clone(),
        out: linux.out.clone(),
    };
    let payload = Payload::lay_out(&job, programs)?;
    let app = payload.dir.join("Kuramori.app/Contents");
    let info = fs_err::read_to_string(app.join("Info.plist"))?;
    let value = |key: &str| {
        let rest = info.split_once(&format!("<key>{key}</key>"))?.1;
        Some(rest.split_once("<string>")?.1.split_once("</string>")?.0)
    };
    let named = |key: &str| value(key).with_context(|| format!("the bundle names no {key}"));
    ensure!(app.join("MacOS").join(named("CFBundleExecutable")?).is_file(), "no program");
    ensure!(app.join("Resources").join(named("CFBundleIconFile")?).is_file(), "no icon");
    ensure!(named("CFBundleShortVersionString")? == job.version, "another version");
    ensure!(payload.cli().is_file(), "no command line");
    let note = fs_err::read_to_string(app.join("Resources/install.json"))?;
    ensure!(note.contains("\"Contents/MacOS/kuramori-desktop\""), "not its files: {note}");
    Ok(())
}

/// The archive, unpacked anywhere.
fn unpacked(
    job: &Job<'_>,
    archive: &Path,
    place: &Path,
    see: &dyn Fn(&Path) -> Result<()>,
) -> Result<()> {
    fs_err::create_dir_all(place)?;
    proc::run(cmd("tar", &["-xzf"]).arg(archive).arg("-C").arg(place))?;
    let root = place.join(format!("kuramori-{}", job.version));
    entry_is_valid(&root.join("share"))?;
    let note = fs_err::read_to_string(root.join("install.json"))?;
    ensure!(note.contains("\"folder\""), "the archive says {note}");
    works(job, &root.join("bin/kuramori"), &place.join("state"))?;
    see(&root.join("bin"))
}

/// The Debian package, put into the system where that is allowed and free, else only unpacked.
fn installed(
    job: &Job<'_>,
    package: &Path,
    dir: &Path,
    see: &dyn Fn(&Path) -> Result<()>,
) -> Result<()> {
    let depends = proc::capture(cmd("dpkg-deb", &["--field"]).arg(package).arg("Depends"))?;
    for library in ["libc6", "libwebkit2gtk-4.1-0", "libgtk-3-0"] {
        ensure!(depends.contains(library), "the package does not depend on {library}: {depends}");
    }
    let is_root = proc::capture(&mut cmd("id", &["-u"]))?.trim() == "0";
    let known = Command::new("dpkg").args(["-s", "kuramori"]).output()?.status.success();
    if !is_root || known {
        let why = if known { "one is installed" } else { "not root" };
        eprintln!("the Debian package is unpacked, not installed: {why}");
        let root = dir.join("root");
        proc::run(cmd("dpkg-deb", &["--extract"]).arg(package).arg(&root))?;
        entry_is_valid(&root.join("usr/share"))?;
        works(job, &root.join("usr/bin/kuramori"), &dir.join("state"))?;
        return see(&root.join("usr/bin"));
    }
    proc::run(cmd("dpkg", &["--install"]).arg(package))?;
    let tried = tried_installed(job, dir, see);
    let files = listed()?;
    proc::run(&mut cmd("dpkg", &["--purge", "kuramori"]))?;
    tried?;
    let left: Vec<_> = files.iter().filter(|path| path.exists()).collect();
    ensure!(left.is_empty(), "removing the package left {left:?}");
    ensure!(dir.join("state/settings.json").is_file(), "removing the package took the state along");
    Ok(())
}

fn tried_installed(job: &Job<'_>, dir: &Path, see: &dyn Fn(&Path) -> Result<()>) -> Result<()> {
    let note = fs_err::read_to_string("/usr/lib/kuramori/install.json")?;
    ensure!(note.contains("\"system-package\""), "the package says {note}");
    entry_is_valid(Path::new("/usr/share"))?;
    works(job, Path::new("/usr/bin/kuramori"), &dir.join("state"))?;
    see(Path::new("/usr/bin"))
}

/// What the package brought that is its alone.
fn listed() -> Result<Vec<PathBuf>> {
    let list = proc::capture(&mut cmd("dpkg", &["--listfiles", "kuramori"]))?;
    let own: Vec<_> = list.lines().filter(|l| l.contains("kuramori")).map(PathBuf::from).collect();
    ensure!(own.len() > 10, "the package brought only {own:?}");
    Ok(own)
}

/// Makes a repository and lists it, with a state of its own.
fn works(job: &Job<'_>, program: &Path, state: &Path) -> Result<()> {
    let said = proc::capture(Command::new(program).arg("--version"))?;
    ensure!(said.trim() == format!("kuramori {}", job.version), "{said:?}");
    fs_err::create_dir_all(state)?;
    let key = state.join("key");
    fs_err::write(&key, [7; 32])?;
    let command = |args: &[&str]| {
        let mut command = Command::new(program);
        command.arg("--state").arg(state);
        command.arg("--secrets").arg(format!("sealed:{}", key.display()));
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    };
    let mut make = command(&["repo", "create", "--name", REPOSITORY, "--passphrase-stdin"]);
    let mut child = make.arg(state.join("repository")).spawn()?;
    let mut stdin = child.stdin.take().context("the standard input was asked for")?;
    writeln!(stdin, "{PASSPHRASE}")?;
    drop(stdin);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("repo create: {}\n{}", output.status, String::from_utf8_lossy(&output.stdout));
    }
    let list = proc::capture(&mut command(&["repo", "list"]))?;
    ensure!(list.contains(REPOSITORY), "the repository is not listed:\n{list}");
    Ok(())
}

/// Desktops must find the program, its name and its picture.
fn entry_is_valid(share: &Path) -> Result<()> {
    let file = share.join("applications/app.kuramori.desktop.desktop");
    let entry = fs_err::read_to_string(&file)?;
    let value = |key: &str| {
        let line = entry.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.with_context(|| format!("{} has no {key}", file.display()))
    };
    for key in ["Exec", "TryExec"] {
        ensure!(value(key)? == "kuramori-desktop", "{key} of the entry is {}", value(key)?);
    }
    let (icon, title) = (value("Icon")?, value("Name[ja]").or_else(|_| value("Name"))?);
    ensure!(title == "Kuramori" && value("Comment[ja]").is_ok(), "the entry is not translated");
    let name = format!("{icon}.png");
    let icons = share.join("icons/hicolor");
    ensure!(icons.join("48x48").exists() || icons.join("64x64/apps").join(&name).is_file());
    let all = archive::files(&share.join("metainfo"))?;
    let metainfo = all.iter().find(|f| f.ends_with("app.kuramori.desktop.metainfo.xml"));
    let metainfo = metainfo.context("there is no metainfo")?;
    proc::run(cmd("appstreamcli", &["validate", "--no-net"]).arg(metainfo))?;
    let text = fs_err::read_to_string(metainfo)?;
    ensure!(text.contains("app.kuramori.desktop.desktop") && !text.contains('@'), "{text}");
    Ok(())
}
