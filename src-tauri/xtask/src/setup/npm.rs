//! Packages of the front end, exactly as the lock file names them.

use anyhow::{Context, Result, bail};

use super::Stamp;
use crate::{
    paths::Paths,
    proc::{self, NPM, cmd},
};

/// Runs `npm ci` when the lock file changed since the last time here.
pub(super) fn ensure(paths: &Paths) -> Result<()> {
    let ui = paths.ui();
    if !proc::on_path(NPM) {
        bail!("npm is not on the search path; install Node.js 20.19 or newer");
    }
    let lock = fs_err::read(ui.join("package-lock.json"))?;
    // One stamp per checkout: two checkouts share the cache but not node_modules.
    let place = ui.to_string_lossy().into_owned();
    let stamp = Stamp::new(paths, &format!("npm-{}", file_name(&place)), &[&lock]);
    if stamp.is_current() && ui.join("node_modules").is_dir() {
        return Ok(());
    }
    let mut install = cmd(NPM, &["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    proc::run(install.current_dir(&ui)).context("installing the front end's packages")?;
    stamp.set()
}

fn file_name(place: &str) -> String {
    place.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
