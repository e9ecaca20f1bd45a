//! The app bundle and the disk image for macOS.
//!
//! Signing and notarising follow the environment: `KURAMORI_MAC_IDENTITY` names the signing
//! identity, `KURAMORI_MAC_NOTARY` a keychain profile of `notarytool`. Without the first the
//! bundle is signed for this machine only, which is said.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::{
    Job, licences,
    payload::Payload,
    programs::{self, Programs},
    system::System,
    template,
};
use crate::proc::{self, cmd};

/// Names differ in more than case: the file system may not tell `Kuramori` from `kuramori`.
pub(super) const CLI: &str = "Kuramori.app/Contents/Helpers/bin/kuramori";
pub(super) const RESOURCES: &str = "Kuramori.app/Contents/Resources";
const DESKTOP: &str = "Kuramori.app/Contents/MacOS/kuramori-desktop";

/// Lays out `Kuramori.app` in `dir`.
pub(super) fn lay_out(job: &Job<'_>, programs: &Programs, dir: &Path) -> Result<()> {
    let kind = (job.system, job.profile);
    programs::place(&programs.cli, &dir.join(CLI), kind)?;
    programs::place(&programs.desktop, &dir.join(DESKTOP), kind)?;
    let resources = dir.join(RESOURCES);
    fs_err::create_dir_all(&resources)?;
    fs_err::copy(job.paths.root.join("icons/icon.icns"), resources.join("icon.icns"))?;
    licences::write(job, &resources.join("licences"))?;
    let info =
        template::fill(&job.source("macos/Info.plist"), &[("VERSION", job.version.as_str())])?;
    fs_err::write(dir.join("Kuramori.app/Contents/Info.plist"), info)?;
    Ok(())
}

/// Signs the bundle and builds the disk image that a person opens.
pub(super) fn disk_image(job: &Job<'_>, payload: &Payload) -> Result<PathBuf> {
    ensure!(System::HERE == System::Macos, "a disk image is made on macOS");
    let app = payload.dir.join("Kuramori.app");
    sign(job, &app)?;
    let folder = job.workshop("image")?;
    proc::run(&mut cmd("ditto", &[&app, &folder.join("Kuramori.app")]))?;
    proc::run(cmd("ln", &["-s", "/Applications"]).arg(folder.join("Applications")))?;
    let ready = job.product("macos-universal.dmg");
    let mut make = cmd("hdiutil", &["create", "-volname", "Kuramori", "-format", "UDZO", "-ov"]);
    proc::run(make.arg("-srcfolder").arg(&folder).arg(&ready))?;
    if let Ok(profile) = std::env::var("KURAMORI_MAC_NOTARY") {
        let args = ["notarytool", "submit", "--wait", "--keychain-profile", &profile];
        proc::run(cmd("xcrun", &args).arg(&ready))?;
        proc::run(cmd("xcrun", &["stapler", "staple"]).arg(&ready))?;
    } else {
        eprintln!("not notarised: KURAMORI_MAC_NOTARY is not set");
    }
    Ok(ready)
}

/// Inside out, as the seal of the bundle covers what is in it.
fn sign(job: &Job<'_>, app: &Path) -> Result<()> {
    let identity = std::env::var("KURAMORI_MAC_IDENTITY").unwrap_or_else(|_| {
        eprintln!("signed for this machine only: KURAMORI_MAC_IDENTITY is not set");
        "-".to_owned()
    });
    let inner = app.join("Contents/Helpers/bin/kuramori");
    for part in [inner.as_path(), app] {
        let mut sign = cmd("codesign", &["--force", "--options", "runtime", "--sign", &identity]);
        if identity != "-" {
            sign.arg("--timestamp");
        }
        sign.arg("--entitlements").arg(job.source("macos/entitlements.plist"));
        proc::run(sign.arg(part))?;
    }
    proc::run(cmd("codesign", &["--verify", "--strict", "--deep"]).arg(app))
}
