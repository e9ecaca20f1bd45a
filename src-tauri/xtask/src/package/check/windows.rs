use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use super::{PASSPHRASE, REPOSITORY, desk::Desk};
use crate::{
    cross::Target,
    package::{
        Job, Profile, archive, installer, payload::Payload, programs::Programs, system::System,
        version,
    },
    paths::Paths,
};

/// A version before all that were released.
const OLDER: &str = "0.0.1";
/// A file that only the older version has.
const STALE: &str = "bin/stale.txt";
const UNINSTALL: &str =
    r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\app.kuramori.desktop";
const IDENTITY: &str = r"HKCU\Software\Classes\AppUserModelId\app.kuramori.desktop";
const AT_LOGIN: &str = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run";
const CREDENTIALS: &str = r"HKCU\Software\Wine\Credential Manager";

/// Installs, upgrades and removes the product of a test build under Wine, as a user whose name is
/// Japanese. `full` brings the app itself; else the command line stands in for it under its name,
/// as the installer does not look inside.
pub(crate) fn windows(paths: &Paths, full: bool) -> Result<()> {
    let desk = Desk::tidy(paths)?;
    let (older, newer) = (installer(paths, full, Some(OLDER))?, installer(paths, full, None)?);
    let before = desk.files()?;
    let repository = desk.drive().join("バックアップ");
    if repository.exists() {
        fs_err::remove_dir_all(&repository)?;
    }

    first(&desk, &older)?;
    let state = use_it(&desk)?;
    in_use(&desk, &newer)?;
    not_writable(&desk, &newer)?;
    upgrade(&desk, &newer, &state)?;
    refusals(&desk, &older, &newer)?;
    remove(&desk, &before, &state)?;
    purge(&desk, &newer, &before)?;
    desk.settle()?;
    ensure!(!archive::files(&repository)?.is_empty(), "the repository is gone");
    let window = if full { "the app" } else { "a stand-in for the app" };
    println!("Installed, upgraded, removed and purged under Wine, with {window}.");
    Ok(())
}

/// Builds the installer of a version; `None` is the present one.
fn installer(paths: &Paths, full: bool, other: Option<&str>) -> Result<PathBuf> {
    let built = paths.cross_target().join(Target::Windows.triple()).join("debug");
    let programs = if full {
        Programs::brought(System::Windows, &built)?
    } else {
        let cli = built.join("kuramori.exe");
        Programs { desktop: cli.clone(), cli, loader: None }
    };
    let present = version(paths)?;
    let job = Job {
        paths,
        system: System::Windows,
        profile: Profile::Dev,
        version: other.unwrap_or(&present).to_owned(),
        out: paths.target.join("tmp/packages-windows"),
    };
    fs_err::create_dir_all(&job.out)?;
    let payload = Payload::lay_out(&job, &programs)?;
    if other.is_some() {
        fs_err::write(payload.dir.join(STALE), "of an older version")?;
    }
    installer::build(&job, &payload)
}

/// A first installation. The runtime for the window is missing, which must be said.
fn first(desk: &Desk, older: &Path) -> Result<()> {
    let ended = desk.run(older, &["/S"])?;
    ensure!(ended.code == 0 && ended.said.contains("is installed in"), "not installed");
    ensure!(ended.said.contains("WebView2 Runtime"), "the missing runtime was not said");
    for name in ["Kuramori.exe", "bin/kuramori.exe", "install.json", "uninstall.exe", STALE] {
        ensure!(desk.program().join(name).is_file(), "{name} was not installed");
    }
    ensure!(desk.program().join("licences/THIRD-PARTY.txt").is_file(), "no licences");
    ensure!(desk.shortcut().is_file(), "there is no entry in the start menu");
    let entry = desk.look(UNINSTALL)?;
    for text in [OLDER, "Publisher", "EstimatedSize", "InstallLocation", r"\uninstall.exe"] {
        ensure!(entry.contains(text), "{text} is not in the list of programs:\n{entry}");
    }
    // Once, under load, Wine did not show it at first.
    let pictured = || desk.look(IDENTITY).ok().filter(|shown| shown.contains("Kuramori.png"));
    ensure!(
        desk.until(pictured).is_some(),
        "notifications have no picture: {}",
        desk.look(IDENTITY)?
    );
    Ok(())
}

/// Uses the program, which makes state and a credential; returns its settings.
fn use_it(desk: &Desk) -> Result<Vec<u8>> {
    let cli = desk.program().join("bin/kuramori.exe");
    let said = desk.run(&cli, &["--version"])?.said;
    ensure!(said.starts_with("kuramori "), "{said:?}");
    let made = desk.feed(
        &cli,
        &["repo", "create", "--name", REPOSITORY, "--passphrase-stdin", r"C:\バックアップ"],
        PASSPHRASE,
    )?;
    ensure!(made.code == 0, "repo create: {}", made.said);
    ensure!(lists_repository(desk)?, "the repository is not listed");
    ensure!(desk.look(CREDENTIALS)?.contains(".Kuramori"), "no credential was saved");
    desk.set(AT_LOGIN, "app.kuramori.desktop", r"C:\somewhere\Kuramori.exe")?;
    desk.set(AT_LOGIN, "Other", r"C:\somewhere\Other.exe")?;
    Ok(fs_err::read(desk.state().join("settings.json"))?)
}

fn lists_repository(desk: &Desk) -> Result<bool> {
    let list = desk.run(&desk.program().join("bin/kuramori.exe"), &["repo", "list"])?;
    Ok(list.code == 0 && list.said.contains(REPOSITORY))
}

/// While the program runs, nothing is changed and nothing removed.
fn in_use(desk: &Desk, newer: &Path) -> Result<()> {
    let cli = desk.program().join("bin/kuramori.exe");
    let waits = ["repo", "create", "--name", "x", "--passphrase-stdin", r"C:\waits"];
    let mut child = desk.hold(&cli, &waits)?;
    let refused = desk.run(newer, &["/S"]);
    let removed = desk.run(&desk.program().join("uninstall.exe"), &["/S"]);
    // The uninstaller goes on in a copy of itself, whose answer is in the log alone.
    let log = desk.temporary().join("kuramori-setup.log");
    let said = desk.until(|| {
        let log = fs_err::read_to_string(&log).unwrap_or_default();
        (log.matches("is running").count() == 2).then_some(log)
    });
    child.kill()?;
    child.wait()?;
    let (refused, _) = (refused?, removed?);
    ensure!(refused.code == 3 && refused.said.contains("is running"), "it was installed over");
    ensure!(said.is_some(), "the uninstaller did not say that the program is running");
    ensure!(desk.program().join(STALE).is_file(), "something was changed");
    Ok(())
}

/// When the new files cannot be written, the old ones are untouched.
fn not_writable(desk: &Desk, newer: &Path) -> Result<()> {
    let bar = desk.program().join("new.tmp");
    fs_err::write(&bar, "a file where the installer wants a folder")?;
    let ended = desk.run(newer, &["/S"])?;
    fs_err::remove_file(bar)?;
    ensure!(ended.code == 4 && ended.said.contains("could not be written"), "it wrote nowhere");
    ensure!(desk.program().join(STALE).is_file() && lists_repository(desk)?, "the old is broken");
    ensure!(desk.look(UNINSTALL)?.contains(OLDER), "the list of programs tells another version");
    Ok(())
}

/// A newer version in place of the older one.
fn upgrade(desk: &Desk, newer: &Path, state: &[u8]) -> Result<()> {
    let runtime = r"HKLM\Software\Wow6432Node\Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}";
    desk.set(runtime, "pv", "130.0.2849.80")?;
    let log = desk.temporary().join("own.log");
    let option = format!("/LOG={}", windows_path(desk, &log)?);
    let ended = desk.run(newer, &["/S", &option])?;
    ensure!(ended.code == 0, "the upgrade failed");
    ensure!(!ended.said.contains("WebView2"), "the runtime is there, but was missed");
    ensure!(fs_err::read_to_string(&log)?.contains("is installed in"), "/LOG was not written");
    fs_err::remove_file(log)?;
    ensure!(!desk.program().join(STALE).exists(), "a file of the older version is left");
    for left in ["new.tmp", "old.tmp"] {
        ensure!(!desk.program().join(left).exists(), "{left} is left");
    }
    let entry = desk.look(UNINSTALL)?;
    ensure!(!entry.contains(OLDER), "the list of programs still has {OLDER}:\n{entry}");
    ensure!(fs_err::read(desk.state().join("settings.json"))? == state, "the settings changed");
    ensure!(lists_repository(desk)?, "the repository is not listed after the upgrade");
    Ok(())
}

/// What the installer does not do.
fn refusals(desk: &Desk, older: &Path, newer: &Path) -> Result<()> {
    let ended = desk.run(older, &["/S"])?;
    ensure!(ended.code == 6 && ended.said.contains("newer"), "an older version went over a newer");
    let foreign = desk.drive().join("others/bin");
    fs_err::create_dir_all(&foreign)?;
    let ended = desk.run(newer, &["/S", r"/D=C:\others"])?;
    ensure!(ended.code == 5 && foreign.is_dir(), "a folder of something else was taken");
    if let Some(ended) = desk.run_in_japanese(newer, &["/S", r"/D=C:\others"])? {
        ensure!(ended.code == 5 && ended.said.contains("別のフォルダー"), "no Japanese");
    }
    Ok(())
}

/// Removes the program; the data stays, and nothing else.
fn remove(desk: &Desk, before: &BTreeSet<PathBuf>, state: &[u8]) -> Result<()> {
    uninstall(desk, &["/S"])?;
    ensure!(fs_err::read(desk.state().join("settings.json"))? == state, "the data is gone");
    ensure!(desk.look(CREDENTIALS)?.contains(".Kuramori"), "the credentials are gone");
    let left: Vec<_> = desk
        .files()?
        .into_iter()
        .filter(|path| !before.contains(path) && !path.starts_with(desk.state()))
        .collect();
    ensure!(left.is_empty(), "removing the program left {left:?}");
    for key in [UNINSTALL, IDENTITY] {
        ensure!(desk.look(key)?.is_empty(), "{key} is left");
    }
    let login = desk.look(AT_LOGIN)?;
    ensure!(login.contains("Other") && !login.contains("kuramori"), "start at login: {login}");
    Ok(())
}

/// What the program makes where its data lies, besides what it has made in this check.
const MADE: [&str; 7] = [
    "logs/kuramori.log",
    "update/version.exe",
    "settings.damaged-20260102T030405678.json",
    "runs.lost.json",
    "plugged.json",
    "gone.json",
    "owner.json",
];

/// Installs once more and removes the program with its data; what others put there stays.
fn purge(desk: &Desk, newer: &Path, before: &BTreeSet<PathBuf>) -> Result<()> {
    ensure!(desk.run(newer, &["/S"])?.code == 0, "could not be installed again");
    let inside = desk.state().join("my repository/config");
    fs_err::create_dir_all(inside.parent().context("a file lies in a folder")?)?;
    fs_err::write(&inside, "a repository that someone put here")?;
    for ours in MADE {
        fs_err::create_dir_all(desk.state().join(ours).parent().context("a file in a folder")?)?;
        fs_err::write(desk.state().join(ours), "made by the program")?;
    }
    uninstall(desk, &["/S", "/PURGE"])?;
    let left: Vec<_> = desk.files()?.into_iter().filter(|path| !before.contains(path)).collect();
    ensure!(left == [inside], "not just the data was deleted, or not all of it: {left:?}");
    let credentials = desk.look(CREDENTIALS)?;
    ensure!(!credentials.contains(".Kuramori"), "credentials are left:\n{credentials}");
    Ok(())
}

fn uninstall(desk: &Desk, args: &[&str]) -> Result<()> {
    let ended = desk.run(&desk.program().join("uninstall.exe"), args)?;
    ensure!(ended.code == 0, "the uninstaller failed");
    desk.until_gone(&desk.program())?;
    desk.settle()
}

fn windows_path(desk: &Desk, path: &Path) -> Result<String> {
    let inner = path.strip_prefix(desk.drive())?;
    Ok(format!(r"C:\{}", inner.display().to_string().replace('/', r"\")))
}
