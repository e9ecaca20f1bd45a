//! `cargo xtask soak`: the repository's fault tests and years of a shop for as long as somebody has
//! time, with other seeds in each round, and the fuzzer.

use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;

use crate::{
    fuzz::{self, FuzzArgs},
    paths::Paths,
    proc::{self, cargo, timed},
};

/// How long to soak.
#[derive(Args)]
pub(crate) struct SoakArgs {
    /// Begins no new round after so many minutes.
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// Number of the first round: the same number gives the same seeds.
    #[arg(long, default_value_t = 1)]
    round: u64,
}

/// Seeds of the simulator in one round.
const SEEDS: u64 = 20_000;
/// How many times as long the other tests are.
const TIMES: u64 = 10;
/// Years of the shop in one round, each another one.
const YEARS: u64 = 3;
/// Seconds of the fuzzer for each parser; it goes on where the last round ended.
const FUZZED: u64 = 60;
/// What runs: the simulator, parsers of changed bytes, flipped bytes, faults of every kind, and an
/// engine that is killed at random moments.
const TESTS: &str = "(package(kuramori-repo) and (test(/^sim::no_seed/) + test(/changed_bytes/) + \
     test(/^golden::/) + test(/^faults::/))) + test(/kills_at_random_moments/)";

/// Runs rounds until the time is over. The first failure ends it, with the number of its round.
pub(crate) fn run(paths: &Paths, args: &SoakArgs) -> Result<()> {
    let mut spent = Duration::ZERO;
    let mut round = args.round;
    while spent < Duration::from_secs(60 * args.minutes) {
        let (result, took) = timed(|| one_round(paths, round));
        if let Err(error) = result {
            bail!("round {round} failed (again with `--round {round}`): {error:#}");
        }
        spent += took;
        println!("soak: round {round} passed in {:.1} min", took.as_secs_f64() / 60.0);
        round += 1;
    }
    Ok(())
}

fn one_round(paths: &Paths, round: u64) -> Result<()> {
    let from = round * SEEDS;
    let mut nextest = cargo(&paths.root, &["nextest", "run", "--package", "kuramori-repo"]);
    nextest.args(["--package", "kuramori-engine"]);
    nextest.args(["--profile", "soak", "-E", TESTS]);
    nextest.env("KURAMORI_SEEDS", format!("{from}..{}", from + SEEDS));
    nextest.env("KURAMORI_SOAK", TIMES.to_string()).env("KURAMORI_ROUND", round.to_string());
    proc::run(&mut nextest)?;
    live_years(paths, round * YEARS)?;
    fuzz::run(paths, &FuzzArgs::all(FUZZED))
}

/// Lives years of a shop from one number on.
fn live_years(paths: &Paths, from: u64) -> Result<()> {
    let mut nextest = cargo(&paths.root, &["nextest", "run", "--package", "kuramori-app"]);
    nextest.args(["--profile", "soak", "-E", "test(=jobs::year::simulated_year)"]);
    nextest.env("KURAMORI_YEARS", format!("{from}..{}", from + YEARS));
    proc::run(&mut nextest)
}
