//! A study: what it would bring to store the changed areas of increments in pieces of 64 KiB.
//!
//! `cargo run --release -p kuramori-repo --example subchunks -- IMAGE AREAS DELTA [AREAS DELTA]...`
//!
//! Saves an image and then day after day what changed, in two ways: whole chunks of 256 KiB, as
//! repositories do, and chunks of which only changed pieces are stored anew while the rest goes on
//! pointing into the chunk before. Prints for each day what is stored and what that costs, and in
//! the end what remains when only the last day is kept, and what its restore has to unpack.
//! Encryption is left out; it costs both ways the same for each byte.
#![expect(clippy::print_stdout, reason = "it is a program that prints a table")]

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use kuramori_base::{Clock, SystemClock};
use zstd::bulk::Compressor;

const CHUNK: usize = 256 << 10;
const PIECE: usize = 64 << 10;
/// What a frame takes besides its content: head and tag, and padding to the next 512 bytes.
const FRAME: usize = 25;
/// What a piece takes in a map: the id it lies in, and which part of that it is.
const PIECE_REFERENCE: usize = 33;
const REFERENCE: usize = 32;
const LEVEL: i32 = 1;

type Id = [u8; 32];

/// What a way of storing keeps: the frames by what is in them, and the bytes of its maps.
struct Kept {
    zstd: Compressor<'static>,
    frames: HashMap<Id, u64>,
    seconds: f64,
    maps: u64,
}

impl Kept {
    fn new() -> Result<Self> {
        let zstd = Compressor::new(LEVEL)?;
        Ok(Self { zstd, frames: HashMap::new(), seconds: 0.0, maps: 0 })
    }

    fn store(&mut self, clock: &SystemClock, bytes: &[u8]) -> Result<Id> {
        let start = clock.monotonic();
        let id = *blake3::hash(bytes).as_bytes();
        if !self.frames.contains_key(&id) {
            let packed = self.zstd.compress(bytes)?.len();
            let content = if packed * 20 <= bytes.len() * 19 { packed } else { bytes.len() };
            self.frames.insert(id, (content + FRAME).next_multiple_of(512) as u64);
        }
        self.seconds += clock.monotonic().saturating_sub(start).as_secs_f64();
        Ok(id)
    }

    fn stored(&self) -> u64 {
        self.frames.values().sum::<u64>() + self.maps
    }

    fn live(&self, used: &HashSet<Id>) -> u64 {
        used.iter().filter_map(|id| self.frames.get(id)).sum()
    }
}

/// A chunk made of pieces: where each lies, and whether that is a whole chunk or a piece alone.
type Pieces = Vec<(Id, bool)>;

fn main() -> Result<()> {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (image, days) = args.split_first().context("usage: subchunks IMAGE AREAS DELTA...")?;
    ensure!(!days.is_empty() && days.len() % 2 == 0, "each day is a list of areas and a delta");
    let clock = SystemClock::new();
    let mut disk = fs_err::read(image)?;
    ensure!(disk.len() % CHUNK == 0, "the image is made of whole chunks");
    let (mut whole, mut pieces) = (Kept::new()?, Kept::new()?);
    let mut of_chunks: HashMap<usize, Id> = HashMap::new();
    let mut of_pieces: HashMap<usize, Pieces> = HashMap::new();
    for number in 0..disk.len() / CHUNK {
        let chunk = &disk[number * CHUNK..][..CHUNK];
        if chunk.iter().any(|byte| *byte != 0) {
            of_chunks.insert(number, whole.store(&clock, chunk)?);
            of_pieces.insert(number, vec![(pieces.store(&clock, chunk)?, true); CHUNK / PIECE]);
        }
    }
    println!("full: {} MiB in {} frames", whole.stored() >> 20, whole.frames.len());
    for day in days.chunks(2) {
        let before = (whole.stored(), whole.seconds, pieces.stored(), pieces.seconds);
        let (changed, areas) = apply(&mut disk, &day[0], &day[1])?;
        for (number, old) in &changed {
            let new = &disk[number * CHUNK..][..CHUNK];
            of_chunks.insert(*number, whole.store(&clock, new)?);
            whole.maps += REFERENCE as u64;
            let zero = *blake3::hash(&vec![0; PIECE]).as_bytes();
            let was =
                of_pieces.remove(number).unwrap_or_else(|| vec![(zero, false); CHUNK / PIECE]);
            of_pieces.insert(*number, renew(&mut pieces, &clock, was, old, new)?);
        }
        let name = day[0].file_name().unwrap_or_default().display().to_string();
        println!(
            "{name}: {:.1} MiB of areas; chunks {:.1} MiB, {:.2} s; pieces {:.1} MiB, {:.2} s",
            mib(areas),
            mib(whole.stored() - before.0),
            whole.seconds - before.1,
            mib(pieces.stored() - before.2),
            pieces.seconds - before.3,
        );
    }
    println!(
        "all days: chunks {:.1} MiB, pieces {:.1} MiB",
        mib(whole.stored()),
        mib(pieces.stored())
    );
    println!("entries of the index: chunks {}, pieces {}", whole.frames.len(), pieces.frames.len());
    let used: HashSet<Id> = of_chunks.values().copied().collect();
    let partly: HashSet<Id> = of_pieces.values().flatten().map(|(id, _)| *id).collect();
    println!(
        "last day alone: chunks {:.1} MiB, pieces {:.1} MiB",
        mib(whole.live(&used)),
        mib(pieces.live(&partly))
    );
    let unpacked: usize = of_pieces
        .values()
        .map(|chunk| {
            let of_it: HashSet<_> = chunk.iter().collect();
            of_it.iter().map(|(_, whole)| if *whole { CHUNK } else { PIECE }).sum::<usize>()
        })
        .sum();
    println!(
        "its restore unpacks: chunks {:.1} MiB, pieces {:.1} MiB",
        mib((of_chunks.len() * CHUNK) as u64),
        mib(unpacked as u64)
    );
    Ok(())
}

/// Stores the pieces that changed; a chunk that changed all over is stored as one.
fn renew(
    pieces: &mut Kept,
    clock: &SystemClock,
    was: Pieces,
    old: &[u8],
    new: &[u8],
) -> Result<Pieces> {
    let parts = || old.chunks(PIECE).zip(new.chunks(PIECE));
    if parts().all(|(old, new)| old != new) {
        pieces.maps += REFERENCE as u64;
        return Ok(vec![(pieces.store(clock, new)?, true); CHUNK / PIECE]);
    }
    pieces.maps += (REFERENCE + CHUNK / PIECE * PIECE_REFERENCE) as u64;
    let mut now = was;
    for (place, (_, new)) in now.iter_mut().zip(parts()).filter(|(_, (old, new))| old != new) {
        *place = (pieces.store(clock, new)?, false);
    }
    Ok(now)
}

/// Writes a day's changes into the disk and returns the chunks they touch as they were before.
fn apply(disk: &mut [u8], areas: &Path, delta: &Path) -> Result<(HashMap<usize, Vec<u8>>, u64)> {
    let delta = fs_err::read(delta)?;
    let (mut before, mut at) = (HashMap::new(), 0);
    for line in fs_err::read_to_string(areas)?.lines() {
        let (offset, len) = line.split_once(' ').context("an area is two numbers")?;
        let (offset, len): (usize, usize) = (offset.parse()?, len.trim().parse()?);
        for number in offset / CHUNK..(offset + len).div_ceil(CHUNK) {
            before.entry(number).or_insert_with(|| disk[number * CHUNK..][..CHUNK].to_vec());
        }
        disk[offset..offset + len].copy_from_slice(&delta[at..at + len]);
        at += len;
    }
    Ok((before, at as u64))
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
