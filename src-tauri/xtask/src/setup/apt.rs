//! System packages. Debian and Ubuntu through apt; elsewhere a message that names what is needed.

use std::{collections::BTreeSet, path::Path, process::Command};

use anyhow::{Context, Result, bail};

use crate::proc::{self, cmd};

/// What is needed for something, by purpose.
type Packages = &'static [(&'static str, &'static [&'static str])];

/// What building, testing and the demo need.
const NATIVE: Packages = &[
    (
        "web view of the desktop app",
        &[
            "libwebkit2gtk-4.1-dev",
            "libayatana-appindicator3-dev",
            "librsvg2-dev",
            "libxdo-dev",
            "libdbus-1-dev",
            "build-essential",
            "pkg-config",
        ],
    ),
    (
        "private test session: display, keychain, notifications",
        &[
            "webkit2gtk-driver",
            "xvfb",
            "xauth",
            "dbus-x11",
            "dbus-daemon",
            "gnome-keyring",
            "libsecret-tools",
            "dunst",
            "libnotify-bin",
            "xdotool",
            "imagemagick",
            "fonts-dejavu-core",
            "fonts-noto-cjk",
            "curl",
        ],
    ),
    (
        "independent checkers: vSphere simulator, disk images, file systems",
        &[
            "golang-go",
            "golang-github-vmware-govmomi-dev",
            "golang-github-kr-pretty-dev",
            "qemu-utils",
            "e2fsprogs",
            "ntfs-3g",
            "python3-venv",
        ],
    ),
    ("packages", &["zstd", "dpkg-dev", "appstream"]),
];

/// What building for Windows and macOS on Linux needs, and running the former.
const CROSS: Packages = &[
    ("C compilers for Windows", &["gcc-mingw-w64-x86-64", "g++-mingw-w64-x86-64"]),
    ("running Windows programs, and their installer", &["wine", "wine64", "nsis"]),
    (
        "tests",
        &["python3-venv", "xvfb", "xauth", "xdotool", "imagemagick", "util-linux", "locales"],
    ),
];

/// Debian's own compiler with its library's source: rustup's sources of a library for another
/// system may be out of reach, these never are.
const CROSS_RUST: Packages =
    &[("Rust for other systems", &["rustc-web", "cargo-web", "rust-web-src"])];

/// Programs that stand for the packages where there is no dpkg to ask.
const PROGRAMS: &[&str] = &[
    "pkg-config",
    "WebKitWebDriver",
    "Xvfb",
    "dbus-run-session",
    "gnome-keyring-daemon",
    "dunst",
    "go",
    "qemu-img",
    "mke2fs",
    "mkntfs",
    "ntfscp",
    "python3",
    "zstd",
];

/// Installs the missing system packages for work on this system.
pub(super) fn native() -> Result<()> {
    if has_apt() { ensure(NATIVE) } else { explain_elsewhere() }
}

/// Installs the missing system packages for building for other systems; with Debian's Rust where
/// the one in use has no library for them.
pub(super) fn cross(debians_rust: bool) -> Result<()> {
    if !has_apt() {
        bail!("building for other systems is set up on Debian and Ubuntu only");
    }
    ensure(CROSS)?;
    if debians_rust { ensure(CROSS_RUST) } else { Ok(()) }
}

/// Downloads the source package `name` into `folder`, over the system's own sources. The system's
/// lists and settings stay as they are: apt works with lists of its own in `folder`.
pub(super) fn source(name: &str, folder: &Path) -> Result<()> {
    if !has_apt() {
        bail!("the source of {name} comes from Debian and Ubuntu only");
    }
    let folder = std::path::absolute(folder)?;
    let (lists, cache, parts) =
        (folder.join("lists"), folder.join("cache"), folder.join("sources"));
    for made in [lists.join("partial"), cache.join("archives/partial"), parts.clone()] {
        fs_err::create_dir_all(made)?;
    }
    let mut found = false;
    for (file, text) in system_sources()? {
        fs_err::write(parts.join(file), text)?;
        found = true;
    }
    if !found {
        bail!("no source of packages is set up under /etc/apt, so {name} cannot be downloaded");
    }
    for args in [&["update"][..], &["source", "--download-only", name]] {
        let mut apt = cmd("apt-get", &["-o", "Dir::Etc::sourcelist=/dev/null"]);
        for (option, value) in [
            ("Dir::Etc::sourceparts", &parts),
            ("Dir::State::lists", &lists),
            ("Dir::Cache", &cache),
        ] {
            apt.arg("-o").arg(format!("{option}={}", value.display()));
        }
        proc::run(apt.args(args).current_dir(&folder))?;
    }
    Ok(())
}

/// The system's sources of packages, turned into sources of source packages.
fn system_sources() -> Result<Vec<(String, String)>> {
    let mut files = vec![Path::new("/etc/apt/sources.list").to_owned()];
    let parts = Path::new("/etc/apt/sources.list.d");
    if parts.is_dir() {
        files.extend(fs_err::read_dir(parts)?.filter_map(Result::ok).map(|entry| entry.path()));
    }
    let mut sources = Vec::new();
    for file in files.into_iter().filter(|file| file.is_file()) {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs_err::read_to_string(&file)?;
        let turned = match file.extension().and_then(|ending| ending.to_str()) {
            Some("sources") => text.replace("Types: deb\n", "Types: deb-src\n"),
            Some("list") => text.replace("deb ", "deb-src "),
            _ => continue,
        };
        sources.push((name, turned));
    }
    Ok(sources)
}

fn has_apt() -> bool {
    proc::on_path("apt-get") && proc::on_path("dpkg-query")
}

fn ensure(packages: Packages) -> Result<()> {
    let missing = missing(packages)?;
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("setup: installing {}", missing.join(" "));
    proc::run(&mut apt(&["update"], &missing)?)?;
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(&missing);
    proc::run(&mut apt(&install, &missing)?)?;
    // A second apt run at the same time once ended ours early with success.
    let still = self::missing(packages)?;
    if !still.is_empty() {
        bail!("apt-get ended well but these are not installed: {}", still.join(" "));
    }
    Ok(())
}

fn all(packages: Packages) -> impl Iterator<Item = &'static str> {
    packages.iter().flat_map(|(_, names)| names.iter().copied())
}

fn missing(packages: Packages) -> Result<Vec<&'static str>> {
    let names: Vec<_> = all(packages).collect();
    // Not `capture`: dpkg-query ends with 1 when it does not know one of the names.
    let output = cmd("dpkg-query", &["-W", "-f", "${Package} ${db:Status-Status}\n"])
        .args(&names)
        .output()
        .context("could not start dpkg-query")?;
    let installed = installed(&String::from_utf8_lossy(&output.stdout));
    Ok(names.into_iter().filter(|name| !installed.contains(*name)).collect())
}

fn installed(listing: &str) -> BTreeSet<String> {
    listing.lines().filter_map(|line| line.strip_suffix(" installed")).map(str::to_owned).collect()
}

fn apt(args: &[&str], missing: &[&str]) -> Result<Command> {
    let mut command = if is_root()? {
        Command::new("apt-get")
    } else if proc::on_path("sudo") {
        cmd("sudo", &["apt-get"])
    } else {
        bail!(
            "these system packages are missing and there is no sudo; install them as root:\n  {}",
            missing.join(" ")
        );
    };
    command.args(["-o", "DPkg::Lock::Timeout=600"]).args(args);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}

fn is_root() -> Result<bool> {
    Ok(proc::capture(&mut cmd("id", &["-u"]))?.trim() == "0")
}

fn explain_elsewhere() -> Result<()> {
    let absent: Vec<_> = PROGRAMS.iter().copied().filter(|name| !proc::on_path(name)).collect();
    if absent.is_empty() {
        return Ok(());
    }
    let mut text = String::from("this system has no apt-get, so nothing was installed. Needed:\n");
    for (purpose, names) in NATIVE {
        text.push_str(&format!("  {purpose} (names as in Debian):\n    {}\n", names.join(" ")));
    }
    bail!("{text}Not found on the search path: {}", absent.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_package_with_left_over_settings_is_not_installed() {
        let found = installed("curl installed\ndunst config-files\nxvfb not-installed\n");
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["curl"]);
    }

    #[test]
    fn no_package_is_listed_twice() {
        for packages in [NATIVE, CROSS, CROSS_RUST] {
            assert_eq!(all(packages).collect::<BTreeSet<_>>().len(), all(packages).count());
        }
    }
}
