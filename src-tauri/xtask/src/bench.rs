//! `cargo xtask bench transport`: how fast a disk is read over HTTPS, against curl.
//! `cargo xtask bench inventory`: how long a long list of VMs takes, and what memory.
//! `cargo xtask bench window`: how long the app takes until its window can be used, and its memory.
//! `cargo xtask bench repo`: the repository against the tools people use instead.
//!
//! A disk image is saved whole, then day by day, restored, checked and thinned out, by the
//! product's own command line and by each peer that is installed. What counts are processor
//! seconds of the finished processes: wall time and memory are shown beside them. Nothing here
//! passes or fails; speed is looked at, not asserted.

mod content;
mod images;
mod lab;
mod measure;
mod report;
mod tools;
mod transport;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};

use self::{
    images::{Images, Size},
    report::Table,
    tools::{Round, Step, Tool},
};
use crate::{
    paths::Paths,
    proc::{self, cargo, cmd},
    test::in_session,
};

/// What to measure.
#[derive(Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The repository on disk images, against restic, borg, qemu-img and zstd where they are
    /// installed.
    Repo(RepoArgs),
    /// Reading a disk from the lab over HTTPS, against curl.
    Transport(transport::TransportArgs),
    /// How long the app takes until its window can be used, and what memory it holds.
    Window,
    /// Listing the VMs of a lab that has many.
    Inventory(InventoryArgs),
}

#[derive(Args)]
struct InventoryArgs {
    /// How many VMs.
    #[arg(long, default_value_t = 2000)]
    vms: usize,
}

#[derive(Args)]
struct RepoArgs {
    /// Which disk to make.
    #[arg(long, value_enum, default_value_t = Size::Small)]
    size: Size,
    /// Folder with `NAME.raw` and `NAME.dayN.areas` and `.delta` to use instead.
    #[arg(long, value_name = "DIR", requires = "name")]
    images: Option<PathBuf>,
    /// Which image of that folder.
    #[arg(long)]
    name: Option<String>,
    /// Only these tools.
    #[arg(long, value_enum, value_delimiter = ',')]
    tools: Vec<Tool>,
    /// Times each step is measured; the cheapest counts.
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Where to work; needs room for a few copies of the disk.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Runs the task.
pub(crate) fn run(paths: &Paths, args: &BenchArgs) -> Result<()> {
    let args = match &args.what {
        What::Repo(args) => args,
        What::Transport(args) => return transport::run(paths, args),
        What::Inventory(args) => return inventory(paths, args),
        What::Window => return window(paths),
    };
    if !cfg!(target_os = "linux") {
        bail!("processor time is read from `time`, which this system has not; measure on Linux");
    }
    ensure!(proc::on_path("time"), "install the package `time`, which measures the tools");
    let mut build = cargo(&paths.root, &["build", "--locked", "--release", "-p", "kuramori-cli"]);
    proc::run(&mut build)?;
    let dir = args.dir.clone().unwrap_or_else(|| paths.cache.join("bench"));
    let images = match (&args.images, &args.name) {
        (Some(folder), Some(name)) => Images::find(folder, name)?,
        _ => Images::made(&dir.join("images"), args.size)?,
    };
    let mut tools: Vec<Tool> = Tool::ALL.to_vec();
    tools.retain(|tool| args.tools.is_empty() || args.tools.contains(tool));
    tools.retain(|tool| {
        let there = tool.is_installed();
        if !there {
            eprintln!("{} is not installed and is left out", tool.name());
        }
        there
    });
    let kuramori = paths.target.join("release").join("kuramori");
    let mut table = Table::new(&tools);
    for round in 0..args.rounds.max(1) {
        measure_all(&kuramori, &dir.join("work"), &images, &tools, round, &mut table)?;
    }
    print!("{}", table.text(&images));
    Ok(())
}

/// Starts the release build again and again in a session of its own.
fn window(paths: &Paths) -> Result<()> {
    proc::run(cmd("npm", &["run", "--silent", "build"]).current_dir(paths.ui()))?;
    let packages = ["-p", "kuramori-desktop", "-p", "kuramori-lab", "-p", "kuramori-e2e"];
    let features = ["--features", "kuramori-desktop/custom-protocol", "--bins"];
    let mut build = cargo(&paths.root, &["build", "--locked", "--release", "--example", "window"]);
    proc::run(build.args(packages).args(features))?;
    let release = paths.target.join("release");
    let mut session = in_session(paths, &release)?;
    proc::run(session.arg(release.join("examples").join("window")))
}

/// Lists the VMs again and again, and watches them for a while.
fn inventory(paths: &Paths, args: &InventoryArgs) -> Result<()> {
    const EXAMPLE: &str = "inventory_load";
    lab::build(paths, EXAMPLE)?;
    let dir = paths.cache.join("bench").join("inventory");
    let many = args.vms.to_string();
    let lab = lab::Lab::start(paths, &dir, &["--shape", "vcenter", "--many", &many])?;
    proc::run(lab.tell(&mut lab::example(paths, EXAMPLE)))
}

/// One round: each step by each tool in turn, in an order that changes from step to step.
fn measure_all(
    kuramori: &Path,
    work: &Path,
    images: &Images,
    tools: &[Tool],
    number: usize,
    table: &mut Table,
) -> Result<()> {
    if work.exists() {
        fs_err::remove_dir_all(work)?;
    }
    fs_err::create_dir_all(work)?;
    let disk = work.join("disk.raw");
    images.copy_first(&disk)?;
    let mut rounds: Vec<Round> = tools
        .iter()
        .map(|tool| Round::begin(*tool, kuramori, work, &disk))
        .collect::<Result<_>>()?;
    for (at, step) in Step::all(images.days()).into_iter().enumerate() {
        if let Step::Day(day) = step {
            images.move_on(&disk, day)?;
        }
        for n in 0..rounds.len() {
            let turn = (n + at + number) % rounds.len();
            let round = &mut rounds[turn];
            let cost = round
                .run(step, images)
                .with_context(|| format!("{} at {}", round.tool().name(), step.name()))?;
            if let Some(cost) = cost {
                table.add(round.tool(), step, cost);
            }
            table.size(round.tool(), step, round.stored()?);
        }
    }
    Ok(())
}

/// The size of all files below a folder, or of a file, in bytes.
fn bytes_below(path: &Path) -> Result<u64> {
    let found = fs_err::metadata(path)?;
    if !found.is_dir() {
        return Ok(found.len());
    }
    fs_err::read_dir(path)?.map(|entry| bytes_below(&entry?.path())).sum()
}
