//! `cargo xtask fuzz`: every parser of bytes from outside under libFuzzer, which looks for new
//! paths by itself.
//!
//! One program holds all parsers (`src-tauri/fuzz`). What it learned is kept in the cache, so that
//! each run goes on where the last one ended; what broke a parser once lies in
//! `src-tauri/fuzz/regressions` and is tried first.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::{
    paths::Paths,
    proc::{self, cargo, cmd},
};

/// How long each parser is fuzzed in a test run.
pub(crate) const SMOKE: u64 = 30;

/// What a fuzzed program counts: branches taken, and what they compared.
const COVERAGE: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
];

/// More is no parser but a leak, an endless loop, or trust in a number of the input.
const LIMITS: &[&str] = &["-rss_limit_mb=512", "-timeout=10", "-max_len=131072"];

/// What to fuzz.
#[derive(Args)]
pub(crate) struct FuzzArgs {
    /// Seconds for each parser.
    #[arg(long, default_value_t = SMOKE)]
    seconds: u64,
    /// Only these parsers (several: `--only chunk,soap`).
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

impl FuzzArgs {
    /// All parsers, each for so many seconds.
    pub(crate) fn all(seconds: u64) -> Self {
        Self { seconds, only: Vec::new() }
    }
}

/// Fuzzes as many parsers at a time as there are processors.
pub(crate) fn run(paths: &Paths, args: &FuzzArgs) -> Result<()> {
    if cfg!(windows) {
        println!("fuzz: left out, libFuzzer does not run on this system");
        return Ok(());
    }
    let fuzzer = Fuzzer { program: build(paths)?, paths };
    let names = proc::capture(Command::new(&fuzzer.program).env("KURAMORI_FUZZ", "list"))?;
    let wanted = |name: &&str| args.only.is_empty() || args.only.iter().any(|one| one == name);
    let names: Vec<String> = names.lines().filter(wanted).map(str::to_owned).collect();
    ensure!(!names.is_empty() && args.only.len() <= names.len(), "no such parser");
    let (queue, failed) = (Mutex::new(names.iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(name) = next(&queue) {
                    match fuzzer.fuzz(name, args.seconds) {
                        Ok(figures) => println!("fuzz: {name:<24} {figures}"),
                        Err(error) => {
                            eprintln!("fuzz: {name} FAILED: {error:#}");
                            lock(&failed).push(name.clone());
                        }
                    }
                }
            });
        }
    });
    let failed = std::mem::take(&mut *lock(&failed));
    ensure!(failed.is_empty(), "harmed by what the fuzzer found: {}", failed.join(", "));
    println!("fuzz: {} parsers, {} s each", names.len(), args.seconds);
    Ok(())
}

fn next<'a>(queue: &Mutex<std::slice::Iter<'a, String>>) -> Option<&'a String> {
    lock(queue).next()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Builds the program with the fuzzer's flags, apart from everything else.
fn build(paths: &Paths) -> Result<PathBuf> {
    let version = proc::capture(&mut cmd("rustc", &["-vV"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc does not say what it builds for")?;
    let target = paths.cache.join("target-fuzz");
    let mut build = cargo(&paths.root, &["build", "--locked", "--profile", "fuzz"]);
    build.args(["--package", "kuramori-fuzz", "--features", "libfuzzer"]);
    // Naming the target keeps the flags from what runs while compiling.
    build.args(["--target", host, "--target-dir"]).arg(&target);
    build.env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\u{1f}"));
    proc::run(&mut build)?;
    Ok(target.join(host).join("fuzz").join("kuramori-fuzz"))
}

struct Fuzzer<'a> {
    program: PathBuf,
    paths: &'a Paths,
}

impl Fuzzer<'_> {
    /// Fuzzes one parser and returns what was done, in words.
    fn fuzz(&self, name: &str, seconds: u64) -> Result<String> {
        let folder = self.paths.cache.join("fuzz").join(name);
        let (corpus, found) = (folder.join("corpus"), folder.join("found"));
        fs_err::create_dir_all(&corpus)?;
        fs_err::create_dir_all(&found)?;
        let log = folder.join("log");
        let mut fuzz = Command::new(&self.program);
        fuzz.env("KURAMORI_FUZZ", name).env("KURAMORI_FUZZ_SAMPLES", &corpus);
        fuzz.args(LIMITS).args(["-print_final_stats=1", &format!("-max_total_time={seconds}")]);
        fuzz.arg(prefix(&found)).arg(&corpus);
        let regressions = self.paths.root.join("src-tauri/fuzz/regressions").join(name);
        if regressions.is_dir() {
            fuzz.arg(regressions);
        }
        fuzz.stdout(Stdio::null()).stderr(fs_err::File::create(&log)?.into_file());
        let status = fuzz.status().context("the fuzzer does not start")?;
        let said = String::from_utf8_lossy(&fs_err::read(&log)?).into_owned();
        if !status.success() {
            let lines: Vec<_> = said.lines().collect();
            let end = lines.get(lines.len().saturating_sub(40)..).unwrap_or_default();
            bail!("{status}; all of it in {}\n{}", log.display(), end.join("\n"));
        }
        figures(&said).with_context(|| format!("nothing was counted; see {}", log.display()))
    }
}

/// Where inputs that do harm are written.
fn prefix(found: &Path) -> std::ffi::OsString {
    let mut argument = std::ffi::OsString::from("-artifact_prefix=");
    argument.push(found.join(""));
    argument
}

/// Reads executions, coverage and size of the corpus out of what libFuzzer says.
fn figures(said: &str) -> Option<String> {
    let done = |line: &&str| line.starts_with("stat::number_of_executed_units:");
    let executed = said.lines().find(done)?.rsplit(' ').next()?;
    let mut words = said.lines().rfind(|line| line.contains(" cov: "))?.split_whitespace();
    let covered = words.by_ref().skip_while(|word| *word != "cov:").nth(1)?;
    let corpus = words.skip_while(|word| *word != "corp:").nth(1)?;
    Some(format!("{executed:>10} inputs, {covered:>5} places reached, {corpus} kept"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_the_fuzzers_words() {
        let said = "#1 INITED cov: 3 ft: 4 corp: 1/9b exec/s: 0 rss: 30Mb\n\
                    #99 DONE   cov: 120 ft: 240 corp: 31/2Kb lim: 9 exec/s: 3 rss: 31Mb\n\
                    Done 99 runs in 31 second(s)\nstat::number_of_executed_units: 99\n";
        let figures = figures(said).unwrap();
        assert_eq!(
            figures.split_whitespace().collect::<Vec<_>>().join(" "),
            "99 inputs, 120 places reached, 31/2Kb kept"
        );
        assert!(super::figures("stat::number_of_executed_units: 99\n").is_none());
    }
}
