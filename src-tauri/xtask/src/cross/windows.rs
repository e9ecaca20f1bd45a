//! Everything below the window for Windows: built by mingw, tested and shown under Wine.

use anyhow::{Context, Result, ensure};

use super::{
    Rust, Target,
    build::{self, Program},
    display::Display,
    places, tests,
    wine::{Programs, Wine},
};
use crate::{demo, paths::Paths, proc};

/// What is built: all but the window and what drives it.
const PACKAGES: &[&str] = &[
    "kuramori-base",
    "kuramori-block",
    "kuramori-platform",
    "kuramori-vsphere",
    "kuramori-vdisk",
    "kuramori-repo",
    "kuramori-jobs",
    "kuramori-engine",
    "kuramori-restore",
    "kuramori-app",
    "kuramori-cli",
    "kuramori-lab",
];

/// Builds, tests, shows.
pub(super) fn run(paths: &Paths) -> Result<()> {
    let built = build(paths)?;
    let display = Display::start()?;
    let wine = Wine::prefix(paths, "tests")?.on(&display);
    wine.end()?; // what an earlier run may have left
    let tested = tests::run(paths, &wine, &built);
    let placed = places::run(paths, &wine, &built);
    let shown = show(paths, &wine, &built);
    wine.end()?;
    tested?;
    placed?;
    shown
}

/// Builds programs and tests in one go.
fn build(paths: &Paths) -> Result<Vec<Program>> {
    let mut cargo =
        Rust::find(Target::Windows).cargo(paths, Target::Windows, &["test", "--no-run"]);
    for package in PACKAGES {
        cargo.args(["--package", package]);
    }
    build::watch(&mut cargo, &paths.root)
}

/// The demo, entirely with Windows programs; what is compared is compared by this system.
fn show(paths: &Paths, wine: &Wine, built: &[Program]) -> Result<()> {
    let program = |name: &str| built.iter().find(|p| !p.test && p.name == name);
    let kuramori = program("kuramori").context("kuramori.exe was not built")?;
    program("kuramori-lab").context("kuramori-lab.exe was not built")?;
    let folder = kuramori.file.parent().context("a program lies in a folder")?.to_path_buf();
    let host = Programs { wine: wine.clone(), folder };
    let dir = Target::Windows.folder(paths).join("demo");
    let (lab, _) = demo::play(paths, &host, &dir)?;
    lab.stop()?;
    ensure!(!dir.join("state/secrets.sealed").exists(), "secrets were put into a file");
    let key = r"HKCU\Software\Wine\Credential Manager";
    let entries = proc::capture(&mut wine.tool("reg", &["query", key, "/s"]))?;
    ensure!(entries.contains("Kuramori"), "no secret is in the store of Windows:\n{entries}");
    println!("The secrets are in the credential store of Windows, as Wine has it.");
    Ok(())
}
