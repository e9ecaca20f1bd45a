//! Project tasks: `cargo xtask setup | test | demo | cross | soak | fuzz | package | bench | check-deps | check-sizes |
//! gen-bindings`.
//!
//! This is the first program a fresh machine builds, so it stays light: no async, no crate of
//! the product. It may call other programs; the product may not.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks to its user"
)]

mod bench;
mod bindings;
mod cross;
mod demo;
mod deps;
mod fuzz;
mod package;
mod paths;
mod proc;
mod setup;
mod sizes;
mod soak;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{paths::Paths, setup::Part};

/// Sets up, tests, checks and shows Kuramori.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Installs what building, testing and the demo need; quick when all is there.
    Setup,
    /// Runs every check and test that CI runs.
    Test(test::TestArgs),
    /// Backs up and restores two VMs of a local lab, compares every byte, then opens the app.
    Demo(demo::DemoArgs),
    /// Builds for Windows and macOS, and runs for Windows what runs under Wine.
    Cross(cross::CrossArgs),
    /// Runs the long versions of the repository's fault tests, round after round.
    Soak(soak::SoakArgs),
    /// Looks for bytes that harm a parser.
    Fuzz(fuzz::FuzzArgs),
    /// Makes installers, archives and update packages.
    Package(package::PackageArgs),
    /// Measures the repository and the client against other tools.
    Bench(bench::BenchArgs),
    /// Checks who may depend on whom.
    CheckDeps,
    /// Checks the size of files and functions.
    CheckSizes,
    /// Writes the TypeScript types of the application's commands.
    GenBindings,
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<ExitCode> {
    let paths = Paths::find()?;
    match task {
        Task::Setup => setup::run(&paths, Part::ALL)?,
        Task::Test(args) => return Ok(test::run(&paths, &args)),
        Task::Demo(args) => demo::run(&paths, &args)?,
        Task::Cross(args) => cross::run(&paths, &args)?,
        Task::Soak(args) => soak::run(&paths, &args)?,
        Task::Fuzz(args) => fuzz::run(&paths, &args)?,
        Task::Package(args) => package::run(&paths, &args)?,
        Task::Bench(args) => bench::run(&paths, &args)?,
        Task::CheckDeps => deps::check(&paths)?,
        Task::CheckSizes => sizes::check(&paths)?,
        Task::GenBindings => bindings::generate(&paths, &["--package", "kuramori-app"])?,
    }
    Ok(ExitCode::SUCCESS)
}
