//! govc, the command line of govmomi, from Debian's source package: the `-dev` package has the
//! library without its programs.

use anyhow::{Context, Result, bail};

use super::{Stamp, apt};
use crate::{
    paths::Paths,
    proc::{self, cmd},
};

/// The source package.
const SOURCE: &str = "golang-github-vmware-govmomi";

/// Downloads the source and builds the program.
pub(super) fn ensure(paths: &Paths) -> Result<()> {
    let stamp = Stamp::new(paths, "govc", &[SOURCE.as_bytes()]);
    if stamp.is_current() && paths.tool("govc").is_file() {
        return Ok(());
    }
    let folder = paths.cache.join("govc-src");
    if folder.is_dir() {
        fs_err::remove_dir_all(&folder)?; // what an earlier attempt left
    }
    fs_err::create_dir_all(&folder)?;
    apt::source(SOURCE, &folder)?;
    let archive = fs_err::read_dir(&folder)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().contains(".orig.tar"))
        .with_context(|| format!("{SOURCE} came without its sources"))?;
    let gopath = folder.join("gopath");
    let package = gopath.join("src/github.com/vmware/govmomi");
    fs_err::create_dir_all(&package)?;
    let mut unpack = cmd("tar", &["--strip-components=1", "-xf"]);
    proc::run(unpack.arg(&archive).arg("-C").arg(&package))?;
    if !package.join("govc").is_dir() {
        bail!("{} has no program govc in it", archive.display());
    }
    let mut build = cmd("go", &["build", "-o"]);
    build.arg(paths.tool("govc")).arg("github.com/vmware/govmomi/govc");
    build.env("GO111MODULE", "off").env("GOFLAGS", "");
    build.env("GOPATH", format!("{}:/usr/share/gocode", gopath.display()));
    build.env("GOCACHE", paths.cache.join("go-build"));
    proc::run(&mut build)?;
    fs_err::remove_dir_all(&folder)?;
    stamp.set()
}
