//! The desktop app for Windows: linked, and started where there is no WebView2. Wine has none, so
//! its window never opens here; what it says about that is what can be seen.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result, bail, ensure};

use super::{
    Rust, Target, build,
    wine::{Wine, windows_path},
};
use crate::{
    paths::Paths,
    proc::{self, cmd, timed},
};

const SCRIPT: &str = include_str!("desktop.sh");
/// From here on the script speaks of itself.
const SCRIPTS_CODES: i32 = 100;

/// Builds and starts the app.
pub(super) fn run(paths: &Paths) -> Result<()> {
    proc::run(cmd("npm", &["run", "--silent", "build"]).current_dir(paths.ui()))?;
    let args = ["build", "--package", "kuramori-desktop"];
    let mut cargo = Rust::find(Target::Windows).cargo(paths, Target::Windows, &args);
    cargo.args(["--features", "kuramori-desktop/custom-protocol"]);
    let (built, took) = timed(|| build::watch(&mut cargo, &paths.root));
    let app = built?.into_iter().find(|program| program.name == "kuramori-desktop");
    let app = app.context("kuramori-desktop.exe was not built")?;
    let size = fs_err::metadata(&app.file)?.len() >> 20;
    eprintln!("kuramori-desktop.exe: {size} MiB, built in {}", seconds(took));
    start(paths, &app.file)
}

/// Starts the app without WebView2: it must say so in a message and in its log, and fail.
fn start(paths: &Paths, app: &Path) -> Result<()> {
    let folder = paths.cross_target().join("start");
    if folder.exists() {
        fs_err::remove_dir_all(&folder)?;
    }
    fs_err::create_dir_all(&folder)?;
    let wine = Wine::prefix(paths, "tests")?;
    let screen = "-screen 0 1280x900x24 -nolisten tcp";
    let mut command = cmd("xvfb-run", &["-a", "-s", screen, "bash", "-c", SCRIPT, "bash"]);
    command.arg(app).arg(&folder);
    command.env("KURAMORI_STATE", windows_path(&folder.join("state")));
    let status = wine.environment(&mut command).status().context("could not start xvfb-run")?;
    wine.end()?;
    let printed = fs_err::read_to_string(folder.join("output")).unwrap_or_default();
    match status.code() {
        Some(0) => bail!("the app ended well although it could not open its window\n{printed}"),
        Some(code) if code < SCRIPTS_CODES => {}
        _ => bail!("{status}: see {}\n{printed}", folder.display()),
    }
    ensure!(!printed.contains("panicked"), "the app panicked:\n{printed}");
    let mut log = String::new();
    for file in fs_err::read_dir(folder.join("state/logs")).context("the app wrote no log")? {
        log += &fs_err::read_to_string(file?.path())?;
    }
    let line = log.lines().find(|line| line.contains("WebView2"));
    let line = line.with_context(|| format!("the log does not name WebView2:\n{log}"))?;
    println!("Without WebView2 the app shows {} and logs:", folder.join("message.png").display());
    println!("{line}");
    Ok(())
}

fn seconds(took: Duration) -> String {
    format!("{} s", took.as_secs())
}
