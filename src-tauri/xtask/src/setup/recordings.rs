//! What real servers said: exchanges that ship with the source of an older pyVmomi. They belong to
//! others, so they are fetched and never kept among our files.

use anyhow::{Context, Result};

use super::Stamp;
use crate::{
    paths::Paths,
    proc::{self, cmd},
};

/// The newest release whose source has them, and what it must be.
const SOURCE: &str = "pyvmomi==6.7.3 \
    --hash=sha256:d639d09eb3c7b118bc83b48472c27a4567dcc128dac0ac25ee2c03ed6afbe584\n";
const INSIDE: &str = "pyvmomi-6.7.3/tests/fixtures";

/// Downloads the source and unpacks the recordings.
pub(super) fn ensure(paths: &Paths) -> Result<()> {
    let stamp = Stamp::new(paths, "recordings", &[SOURCE.as_bytes()]);
    let recordings = paths.recordings();
    if stamp.is_current() && recordings.is_dir() {
        return Ok(());
    }
    if recordings.is_dir() {
        fs_err::remove_dir_all(&recordings)?; // of another release, or broken off
    }
    fs_err::create_dir_all(&recordings)?;
    let wanted = recordings.join("wanted.txt");
    fs_err::write(&wanted, SOURCE)?;
    let mut download = cmd(
        paths.python(),
        &["-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"],
    );
    download.args(["--no-deps", "--no-binary", ":all:", "--require-hashes", "-r"]).arg(&wanted);
    proc::run(download.arg("--dest").arg(&recordings)).context("downloading recordings")?;
    let archive = recordings.join("pyvmomi-6.7.3.tar.gz");
    let mut unpack = cmd("tar", &["--strip-components=3", "-xzf"]);
    proc::run(unpack.arg(&archive).arg("-C").arg(&recordings).arg(INSIDE))?;
    fs_err::remove_file(&archive)?;
    stamp.set()
}
