//! Everything below the window for Windows: built by mingw, tested and shown under Wine.

use anyhow::{Context, Result, ensure};

use super::{
    Depth, Rust, Target,
    build::{self, Program},
    display::Display,
    places, tests,
    wine::{Programs, Wine},
};
use crate::{demo, paths::Paths, proc};

/// Packages whose tests touch the system: files, disks, drives, processes.
const QUICK: &[&str] = &[
    "kuramori-base",
    "kuramori-block",
    "kuramori-platform",
    "kuramori-vdisk",
    "kuramori-repo",
    "kuramori-cli",
    "kuramori-lab",
];

/// Their tests besides those of the libraries. A program is built when a test of its package is.
/// Those of `updates`, which start and kill hundreds of programs, take minutes: full only.
const QUICK_TESTS: &[&str] = &["cli", "it", "program"];

/// What else lies below the window.
const FULL: &[&str] =
    &["kuramori-vsphere", "kuramori-jobs", "kuramori-engine", "kuramori-restore", "kuramori-app"];

/// Builds, tests, shows.
pub(super) fn run(paths: &Paths, depth: Depth) -> Result<()> {
    let built = build(paths, depth)?;
    let display = Display::start()?;
    let wine = Wine::prefix(paths, "tests")?.on(&display);
    wine.end()?; // what an earlier run may have left
    let tested = tests::run(paths, &wine, &built, depth);
    let placed = places::run(paths, &wine, &built);
    let shown = show(paths, &wine, &built);
    wine.end()?;
    let failures: Vec<_> = [tested, placed, shown]
        .into_iter()
        .filter_map(|result| result.err().map(|error| format!("{error:#}")))
        .collect();
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

/// Builds programs and tests in one go.
fn build(paths: &Paths, depth: Depth) -> Result<Vec<Program>> {
    let mut cargo =
        Rust::find(Target::Windows).cargo(paths, Target::Windows, &["test", "--no-run"]);
    for package in QUICK {
        cargo.args(["--package", package]);
    }
    match depth {
        Depth::Quick => {
            cargo.args(["--lib", "--bins"]);
            for test in QUICK_TESTS {
                cargo.args(["--test", test]);
            }
        }
        Depth::Full => {
            for package in FULL {
                cargo.args(["--package", package]);
            }
        }
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
    let dir = paths.cross_target().join("demo");
    let (lab, _) = demo::play(paths, &host, &dir)?;
    lab.stop()?;
    ensure!(!dir.join("state/secrets.sealed").exists(), "secrets were put into a file");
    let key = r"HKCU\Software\Wine\Credential Manager";
    let entries = proc::capture(&mut wine.tool("reg", &["query", key, "/s"]))?;
    ensure!(entries.contains("Kuramori"), "no secret is in the store of Windows:\n{entries}");
    println!("The secrets are in the credential store of Windows, as Wine has it.");
    Ok(())
}
