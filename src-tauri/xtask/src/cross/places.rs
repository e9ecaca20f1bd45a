//! Places that only a prepared Windows has: a drive whose root is free, a drive that fills up, a
//! drive that is read-only. The tests that use them are in `crates/cli/tests/places.rs`.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::{build::Program, tests, wine::Wine};
use crate::{
    paths::Paths,
    proc::{self, cmd},
};

/// Letters and folders of the drives.
const DRIVES: [(&str, &str); 3] = [("r:", "free"), ("s:", "small"), ("t:", "read-only")];

/// How many tests use them.
const TESTS: usize = 2;

/// Mounts what fills up and what is read-only where only the program sees it, which it then
/// becomes. The read-only drive shows what the free one holds.
const SCRIPT: &str = r#"set -e
mount -t tmpfs -o size=3m tmpfs "$1/small"
mount --bind "$1/free" "$1/read-only"
mount -o remount,bind,ro "$1/read-only"
shift
exec "$@""#;

/// Runs the tests that need the drives.
pub(super) fn run(paths: &Paths, wine: &Wine, built: &[Program]) -> Result<()> {
    let program = built.iter().find(|p| p.test && p.package == "kuramori-cli" && p.name == "cli");
    let program = program.context("the tests of the command line were not built")?;
    let folder = paths.cross_target().join("places");
    if folder.exists() {
        fs_err::remove_dir_all(&folder)?;
    }
    for (letter, name) in DRIVES {
        fs_err::create_dir_all(folder.join(name))?;
        let link = wine.folder().join("dosdevices").join(letter);
        proc::run(cmd("ln", &["-sfn"]).arg(folder.join(name)).arg(link))?;
    }
    // What runs already sees none of the mounts, and Wine's server opens all files.
    wine.end()?;
    let result = inside(paths, wine, program, &folder);
    wine.end()?;
    let count = result?;
    ensure!(count >= TESTS, "only {count} tests of drives ran");
    println!("cross windows: {count} tests of drives passed under Wine");
    Ok(())
}

fn inside(paths: &Paths, wine: &Wine, program: &Program, folder: &Path) -> Result<usize> {
    let test = wine.start(&program.file);
    let mut command = cmd("unshare", &["-Urm", "sh", "-c", SCRIPT, "sh"]);
    command.arg(folder).arg(test.get_program()).args(test.get_args());
    command.args(["places::drives", "--ignored", "--test-threads=1"]).current_dir(&program.folder);
    tests::environment(paths, wine.environment(&mut command));
    let output = command.output().context("could not start unshare")?;
    let text = String::from_utf8_lossy(&output.stdout);
    match tests::passed(&text) {
        Some(count) if output.status.success() => Ok(count),
        _ => bail!("{}\n{text}\n{}", output.status, String::from_utf8_lossy(&output.stderr)),
    }
}
