//! Measures the index of a large repository, kept in a file of this computer.
//!
//! `cargo run --release -p kuramori-repo --features testing --example index -- FOLDER [TIB]`
//!
//! Writes the index of so many TiB of unique data in chunks of 256 KiB (10 TiB when left out),
//! opens it, looks chunks up at random: among all of them, and among those of blocks that are in
//! memory. Prints times and memory. Linux only.
#![expect(clippy::print_stdout, reason = "it is a program that prints a table")]

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use kuramori_base::{Clock, SystemClock};
use kuramori_repo::testing::MadeUpIndex;

const CHUNKS_OF_A_TIB: u64 = 4 << 20;
const LOOKUPS: u64 = 1_000_000;
/// Chunks of the blocks that fit into memory.
const WARM: u64 = 256 << 10;

fn main() -> Result<()> {
    let mut args = std::env::args_os().skip(1);
    let folder = PathBuf::from(args.next().context("usage: index FOLDER [TIB]")?);
    let tib = args.next().map_or(Ok(10), |n| n.to_string_lossy().parse())?;
    let chunks = CHUNKS_OF_A_TIB.checked_mul(tib).context("too many")?;
    let clock = SystemClock::new();
    let timed = |what: &str, work: &mut dyn FnMut() -> Result<u64>| -> Result<()> {
        let start = clock.monotonic();
        let times = work()?;
        let took = clock.monotonic().saturating_sub(start);
        let each = took.as_secs_f64() / times as f64;
        let memory = memory_mib()?;
        println!(
            "{what:<34} {:>8.3} s, {:>8.2} µs each, {memory} MiB resident",
            took.as_secs_f64(),
            each * 1e6
        );
        Ok(())
    };
    println!("{tib} TiB of unique data: {chunks} chunks");
    timed("write", &mut || {
        MadeUpIndex::write(&folder, chunks).map(|()| chunks).map_err(Into::into)
    })?;
    let mut index = None;
    timed("open", &mut || {
        index = Some(MadeUpIndex::open(&folder, chunks)?);
        Ok(1)
    })?;
    let index = index.context("it was opened")?;
    ensure!(!index.holds(chunks), "a chunk that is not there was found");
    for (what, among) in [("look up, all over", chunks), ("look up, in memory", WARM.min(chunks))] {
        // The first round fills the memory.
        for round in ["first", "second"] {
            timed(&format!("{what}, {round} million"), &mut || {
                let mut dice = 0x9E37_79B9_7F4A_7C15_u64;
                for _ in 0..LOOKUPS {
                    dice ^= dice << 13;
                    dice ^= dice >> 7;
                    dice ^= dice << 17;
                    ensure!(index.holds(dice % among), "a chunk was not found");
                }
                Ok(LOOKUPS)
            })?;
        }
    }
    Ok(())
}

fn memory_mib() -> Result<u64> {
    let status = fs_err::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS")).context("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).context("no number")?.parse::<u64>()? >> 10)
}
