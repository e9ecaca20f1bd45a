//! `cargo xtask test`: every check and test, in an order that builds each thing once.
//!
//! All steps run even when one fails; the summary at the end lists what each took.

mod report;
mod steps;

pub(crate) use steps::in_session;

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use self::report::Report;
use crate::{paths::Paths, setup};

/// What to test.
#[derive(Args)]
pub(crate) struct TestArgs {
    /// Only these areas (several: `--only rust,ui`); everything when left out.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Area>,
}

/// A part of the tests that makes sense on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Area {
    /// Format, dependency rules, sizes, licences.
    Checks,
    /// The Rust tests that need no web view.
    Rust,
    /// Only the lab's own tests, with the independent checkers.
    Lab,
    /// Only the client's tests against the vSphere simulator.
    Vcsim,
    /// The front end: types, lints, tests, bundle.
    Ui,
    /// The real app in a real web view against the lab.
    E2e,
    /// The packages for Linux: unpacked, installed, started, removed.
    Packages,
    /// Windows and macOS, as far as they can be built and run here.
    Cross,
    /// Every parser under the fuzzer, for half a minute each.
    Fuzz,
    /// The lints of the whole workspace.
    Clippy,
}

/// Runs the steps and prints the summary; the exit code tells whether all passed.
pub(crate) fn run(paths: &Paths, args: &TestArgs) -> ExitCode {
    let steps = steps::plan(&args.only);
    let needs: Vec<_> = steps.iter().flat_map(|step| step.needs().iter().copied()).collect();
    let mut report = Report::default();
    report.step("setup", || setup::run(paths, &needs));
    for step in steps {
        report.step(step.name(), || step.run(paths));
    }
    report.finish()
}

/// How the workspace is built for a test run: one choice of packages and features, so that no
/// dependency is compiled twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Build {
    /// Everything, the desktop app with its bundled front end included.
    Whole,
    /// What needs no web view libraries.
    Headless,
}

impl Build {
    fn select(self) -> &'static [&'static str] {
        match self {
            Self::Whole => &["--workspace", "--features", "kuramori-desktop/custom-protocol"],
            Self::Headless => &[],
        }
    }
}
