//! Test programs under Wine.

use std::{
    process::{Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

use super::{Depth, build::Program, wine::Wine};
use crate::{paths::Paths, proc::timed};

/// How often it is looked whether a program has ended.
const LOOK: Duration = Duration::from_millis(50);
/// No program takes as many looks, which is a quarter of an hour, unless it hangs.
const LOOKS: u32 = 18_000;

/// Fewer tests than this mean that something was not built or not run. To be raised with the
/// number of tests, from time to time.
fn fewest(depth: Depth) -> usize {
    match depth {
        Depth::Quick => 220,
        Depth::Full => 450,
    }
}

/// Programs that are not run here, and why.
const PROGRAMS_LEFT_OUT: &[(&str, &str)] = &[
    ("strangers", "asks clients written in Python, which this Windows has not"),
    ("strange_deltas", "asks qemu-img, which this Windows has not"),
    ("qemu", "asks qemu-img, which this Windows has not"),
];

/// Tests that are not run here, by a part of their name, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("vcsim", "asks a simulator that is a program of Linux"),
    ("peers::field::", "reads recordings that are fetched with programs of Linux"),
    ("receivers::", "asks mail and web servers written in Python, which this Windows has not"),
    ("places::drives", "needs drives that only `places` prepares; run there"),
    ("sim::", "takes minutes; nothing in it depends on the system"),
    ("faults::", "makes folders by the thousand; its steps and calls are the same everywhere"),
    ("a_hundred_rounds", "takes minutes; nothing in it depends on the system"),
];

/// Runs all tests, those marked as ignored too: what they need is here.
pub(super) fn run(paths: &Paths, wine: &Wine, built: &[Program], depth: Depth) -> Result<()> {
    let mut failed = Vec::new();
    let mut passed = 0;
    for program in built.iter().filter(|program| runs(program)) {
        let name = format!("{} {}", program.package, program.name);
        let (counted, took) = timed(|| one(paths, wine, program));
        match counted {
            Ok(count) => {
                eprintln!("{name}: {count} passed under Wine in {:.1} s", took.as_secs_f64());
                passed += count;
            }
            Err(error) => {
                eprintln!("{name}: {error:#}");
                failed.push(name);
                wine.end()?; // what it may have left
            }
        }
    }
    if !failed.is_empty() {
        bail!("tests failed under Wine: {}", failed.join(", "));
    }
    let fewest = fewest(depth);
    ensure!(passed >= fewest, "only {passed} tests ran under Wine, of {fewest} or more");
    println!("cross windows: {passed} tests passed under Wine");
    Ok(())
}

fn runs(program: &Program) -> bool {
    program.test && !PROGRAMS_LEFT_OUT.iter().any(|(name, _)| *name == program.name)
}

/// Runs one program and returns how many tests passed. What failed is run once more by itself:
/// on a busy machine Wine refuses to start a program now and then. That is said.
fn one(paths: &Paths, wine: &Wine, program: &Program) -> Result<usize> {
    let mut command = wine.start(&program.file);
    command.current_dir(&program.folder).arg("--include-ignored");
    for (test, _) in LEFT_OUT {
        command.args(["--skip", test]);
    }
    environment(paths, &mut command);
    let Told { status, text, said } = tell(paths, &mut command)?;
    if let Some(count) = passed(&text).filter(|_| status.success()) {
        return Ok(count);
    }
    let failed = failed(&text);
    let Some((passed_then, _)) = ended(&text).filter(|(_, n)| *n == failed.len()) else {
        bail!("{status}\n{text}\n{said}");
    };
    let mut again = wine.start(&program.file);
    again.current_dir(&program.folder).args(["--include-ignored", "--exact", "--test-threads=1"]);
    environment(paths, again.args(&failed));
    let second = tell(paths, &mut again)?;
    match passed(&second.text) {
        Some(count) if second.status.success() && count == failed.len() => {
            eprintln!("{text}\n{said}\nThese passed at the second attempt: {failed:?}");
            Ok(passed_then + count)
        }
        _ => bail!("failed twice: {failed:?}\n{text}\n{said}"),
    }
}

/// What a program said until it ended.
struct Told {
    status: ExitStatus,
    text: String,
    said: String,
}

/// Runs a program to its end. One that hangs is ended, and the error says which tests had not
/// ended by then. It writes to files: what it starts may live on and keep a pipe open.
fn tell(paths: &Paths, command: &mut Command) -> Result<Told> {
    let [text, said] = ["stdout", "stderr"].map(|name| paths.cross_target().join(name));
    command.stdin(Stdio::null());
    command.stdout(fs_err::File::create(&text)?.into_parts().0);
    command.stderr(fs_err::File::create(&said)?.into_parts().0);
    let mut child = command.spawn().context("could not start wine")?;
    let mut ended = None;
    for _ in 0..LOOKS {
        ended = child.try_wait()?;
        if ended.is_some() {
            break;
        }
        thread::sleep(LOOK);
    }
    if ended.is_none() {
        child.kill()?;
        child.wait()?;
    }
    let [text, said] = [text, said].map(fs_err::read);
    let text = String::from_utf8_lossy(&text?).into_owned();
    let said = String::from_utf8_lossy(&said?).into_owned();
    let Some(status) = ended else {
        bail!("it did not end within {} s\n{text}\n{said}", (LOOK * LOOKS).as_secs());
    };
    Ok(Told { status, text, said })
}

/// Returns the names of the tests that failed.
fn failed(text: &str) -> Vec<&str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("test "));
    lines.filter_map(|line| line.trim_end().strip_suffix(" ... FAILED")).collect()
}

/// Returns how many tests passed and how many failed, if the program came to its end.
fn ended(text: &str) -> Option<(usize, usize)> {
    let line = text.lines().rfind(|line| line.starts_with("test result: FAILED."))?;
    let words: Vec<_> = line.split(' ').collect();
    Some((words.get(3)?.parse().ok()?, words.get(5)?.parse().ok()?))
}

/// What tests ask the environment for.
pub(super) fn environment(paths: &Paths, command: &mut std::process::Command) {
    // Snapshots are compared, never written.
    command.env("INSTA_WORKSPACE_ROOT", &paths.root).env("INSTA_UPDATE", "no");
}

/// Reads the last line of a test program.
pub(super) fn passed(text: &str) -> Option<usize> {
    let line = text.lines().rfind(|line| line.starts_with("test result: ok."))?;
    line.split(' ').nth(3)?.parse().ok()
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn the_count_is_read_and_a_missing_result_is_none() {
        let text = "running 3 tests\r\ntest result: ok. 3 passed; 0 failed; 0 ignored\r\n";
        assert_eq!(passed(text), Some(3));
        assert_eq!(passed("test result: FAILED. 2 passed; 1 failed"), None);
        assert_eq!(passed("thread panicked"), None);
    }

    #[test]
    fn what_failed_is_known_by_name() {
        let text = "test a::b ... ok\r\ntest c ... FAILED\r\n\
            test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured\r\n";
        assert_eq!(failed(text), ["c"]);
        assert_eq!(ended(text), Some((1, 1)));
        assert_eq!(ended("test c ... FAILED"), None);
    }
}
