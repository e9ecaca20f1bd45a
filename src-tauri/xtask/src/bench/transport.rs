//! Reading a disk over HTTPS: the client as a backup uses it, and curl, in turn.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, ensure};
use clap::Args;

use super::{
    content::Content,
    lab::{self, Lab},
    measure::{self, Cost},
};
use crate::{paths::Paths, proc};

const EXAMPLE: &str = "datastore_read";
const DISK: u64 = 2 << 30;
/// Requests of curl at once, as many as the client has at most.
const PARTS: u64 = 4;
const PIECE: usize = 8 << 20;

#[derive(Args)]
pub(super) struct TransportArgs {
    /// Times each is measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Threads that read, as the engine has for one disk.
    #[arg(long, default_value_t = 2)]
    readers: usize,
    /// Size of one read in MiB, as the engine has it.
    #[arg(long, default_value_t = 4)]
    piece: usize,
    /// Where to work; needs room for the disk twice.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Measures and prints a table.
pub(super) fn run(paths: &Paths, args: &TransportArgs) -> Result<()> {
    ensure!(proc::on_path("time") && proc::on_path("curl"), "install the packages time and curl");
    lab::build(paths, EXAMPLE)?;
    let dir = args.dir.clone().unwrap_or_else(|| paths.cache.join("bench")).join("transport");
    fs_err::create_dir_all(&dir)?;
    let disk = dir.join("disk.raw");
    make(&disk)?;
    let vm = format!("bench={}", disk.display());
    let lab = Lab::start(paths, &dir.join("lab"), &["--off", "--vm", &vm])?;
    let jar = dir.join("session");
    lab.log_in(&jar)?;
    println!("2 GiB over TLS on this computer, server included; MB/s, processor seconds");
    println!(
        "{:>6} {:>9} {:>7} {:>9} {:>7} {:>6}",
        "round", "client", "cpu", "curl", "cpu", "ratio"
    );
    let mut ratios = Vec::new();
    for round in 1..=args.rounds.max(1) {
        let mut ours = lab::example(paths, EXAMPLE);
        lab.tell(&mut ours).arg("bench");
        ours.args([args.readers.to_string(), args.piece.to_string()]);
        let theirs = curl(&lab, &jar);
        // Whoever comes second finds the server warm, so they take turns.
        let (ours, theirs) = if round % 2 == 0 {
            let theirs = measure::cost(&theirs, &dir)?;
            (measure::cost(&ours, &dir)?, theirs)
        } else {
            (measure::cost(&ours, &dir)?, measure::cost(&theirs, &dir)?)
        };
        let ratio = theirs.wall_seconds / ours.wall_seconds;
        println!(
            "{round:>6} {:>9.0} {:>7.2} {:>9.0} {:>7.2} {ratio:>6.2}",
            speed(ours),
            ours.cpu_seconds,
            speed(theirs),
            theirs.cpu_seconds
        );
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    let middle = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
    println!("in the middle: {middle:.2} of curl's speed; 0.8 is wanted");
    Ok(())
}

fn speed(cost: Cost) -> f64 {
    DISK as f64 / 1e6 / cost.wall_seconds
}

/// A disk full of data, the same each time.
fn make(path: &Path) -> Result<()> {
    if fs_err::metadata(path).is_ok_and(|found| found.len() == DISK) {
        return Ok(());
    }
    let mut content = Content::new(7);
    let mut file = std::io::BufWriter::new(fs_err::File::create(path)?);
    let mut left = DISK;
    while left > 0 {
        for bytes in [content.media(PIECE), content.pages(PIECE), content.text(PIECE)] {
            let len = bytes.len().min(usize::try_from(left)?);
            file.write_all(&bytes[..len])?;
            left -= len as u64;
        }
    }
    Ok(file.flush()?)
}

/// One curl that reads the disk in four parts at once.
fn curl(lab: &Lab, jar: &Path) -> Command {
    let url = format!(
        "{}/folder/bench/bench-flat.vmdk?dcPath=ha-datacenter&dsName=datastore1",
        lab.address.url
    );
    let mut curl = Command::new("curl");
    curl.args(["-Z", "--parallel-immediate", "--parallel-max", &PARTS.to_string()]);
    let part = DISK / PARTS;
    for at in 0..PARTS {
        let range = format!("{}-{}", at * part, (at + 1) * part - 1);
        if at > 0 {
            curl.arg("--next");
        }
        curl.args(["-skf", "--http1.1", "--noproxy", "*", "-o", "/dev/null", "-r", &range, "-b"]);
        curl.arg(jar).arg(&url);
    }
    curl
}
