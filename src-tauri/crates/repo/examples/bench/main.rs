//! Measures saving and restoring a raw disk image.
//!
//! `cargo run --release -p kuramori-repo --example bench -- IMAGE REPO_DIR [AREAS DELTA]`
//!
//! Saves the image as a full, saves it again as a re-read, saves changed areas on top when there
//! are any (AREAS: `offset length` a line; DELTA: their new bytes in that order), restores it and
//! compares. Prints wall and CPU time, rates for each byte of data, peak memory and what was
//! stored, and what the bare parts cost on the same data. Linux only.
#![expect(clippy::print_stdout, reason = "it is a program that prints a table")]

mod meter;
mod parts;

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, bail, ensure};
use fs_err::File;
use kuramori_base::{Clock, Secret, SystemClock};
use kuramori_block::{ByteLen, ByteOffset, DiskReader, Extent};
use kuramori_repo::{
    ChunkIndex, Consistency, CreateOptions, DiskDraft, LocalStore, Manifest, OpenOptions,
    PointDraft, ReadMode, RecoveryPointId, Repository, SavedDisk, Session, SessionOptions,
    SourceKind, Unlock, VmIdentity, WriterId,
};
use meter::Meter;

const READERS: u64 = 2;
const READ: u64 = 1 << 20;

fn main() -> Result<()> {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (image, place, changes) = match args.as_slice() {
        [image, place] => (image, place, None),
        [image, place, areas, delta] => (image, place, Some((areas, delta))),
        _ => bail!("usage: bench IMAGE REPO_DIR [AREAS DELTA]"),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let unlock = Unlock::KeyFile(Secret::new(vec![7; 32]));
    let store = Arc::new(LocalStore::new(place));
    let options = CreateOptions::named("bench");
    Repository::create(store.clone(), &unlock, options, clock.as_ref())?;
    let open = || Repository::open(store.clone(), &unlock, OpenOptions::default());
    let capacity = fs_err::metadata(image)?.len();
    let mut full = None;
    for what in ["full", "re-read"] {
        let repository = open()?;
        let meter = Meter::start(&clock)?;
        let (id, saved) = back_up(&repository, &clock, |session| {
            save(session, image, capacity, repository.chunk_len().get())
        })?;
        let cpu = meter.stop(what, used(&repository, &saved))?;
        report(&repository, &saved);
        full.get_or_insert((id, cpu));
    }
    let (id, cpu) = full.context("there was a full")?;
    if let Some((areas, delta)) = changes {
        let repository = open()?;
        let parent = repository.point(id)?;
        let meter = Meter::start(&clock)?;
        let mut changed = 0;
        let (_, saved) = back_up(&repository, &clock, |session| {
            save_changes(session, &parent, image, areas, delta, &mut changed)
        })?;
        meter.stop("changes", changed)?;
        report(&repository, &saved);
    }
    let repository = open()?;
    let meter = Meter::start(&clock)?;
    let bytes = verify(&repository, id, image)?;
    meter.stop("restore", bytes)?;
    let info = repository.info()?;
    println!("repository {} MiB in {} packs", info.stored.get() >> 20, info.packs);
    let parts = parts::measure(image, repository.chunk_len().as_usize())?;
    println!("parts    {}", parts.describe());
    println!(
        "full is {:.2} x its parts (read, hash, compress, seal), {:.2} x with the proof",
        cpu / parts.chain(),
        cpu / (parts.chain() + parts.proof())
    );
    Ok(())
}

fn used(repository: &Repository, saved: &SavedDisk) -> u64 {
    saved.chunks * repository.chunk_len().get()
}

fn report(repository: &Repository, saved: &SavedDisk) {
    println!(
        "         data {} MiB, new {} MiB, stored {} MiB",
        used(repository, saved) >> 20,
        saved.new_bytes.get() >> 20,
        saved.stored_bytes.get() >> 20
    );
}

fn back_up(
    repository: &Repository,
    clock: &Arc<dyn Clock>,
    save: impl FnOnce(&Session) -> Result<SavedDisk>,
) -> Result<(RecoveryPointId, SavedDisk)> {
    let options = SessionOptions::new(WriterId::from_bytes([1; 16]));
    let session = repository.begin(options, Arc::clone(clock))?;
    let saved = save(&session)?;
    let disk = DiskDraft {
        key: 0,
        label: "image".to_owned(),
        disk_uuid: None,
        change_id: None,
        read_mode: ReadMode::Whole { reason: "bench".to_owned() },
        transport: "file".to_owned(),
        bytes_read: saved.capacity,
        saved: saved.clone(),
    };
    let draft = PointDraft {
        vm: VmIdentity::named("bench"),
        source: SourceKind::Image,
        config: Vec::new(),
        disks: vec![disk],
        consistency: Consistency::Crash,
        consistency_note: None,
        snapshot_time: clock.now(),
        started: clock.now(),
        warnings: Vec::new(),
        not_included: Vec::new(),
        tool_version: "bench".to_owned(),
        made_for: None,
        stages: Vec::new(),
    };
    Ok((session.commit(draft)?, saved))
}

/// Runs `body` on each reader thread.
fn on_readers(body: impl Fn() -> Result<()> + Sync) -> Result<()> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..READERS).map(|_| scope.spawn(&body)).collect();
        for thread in threads {
            thread.join().map_err(|_| anyhow::anyhow!("a reader panicked"))??;
        }
        Ok(())
    })
}

/// Reads the whole image in pieces of 1 MiB, from two threads in turn.
fn save(session: &Session, image: &Path, capacity: u64, chunk: u64) -> Result<SavedDisk> {
    let writer = session.disk_writer(ByteLen::new(capacity), None)?;
    let next = AtomicU64::new(0);
    on_readers(|| {
        let mut file = File::open(image)?;
        loop {
            let at = next.fetch_add(READ, Ordering::Relaxed);
            if at >= capacity {
                return Ok(());
            }
            file.seek(SeekFrom::Start(at))?;
            let run = Extent::new(at, READ.min(capacity - at));
            for piece in run.pieces(ByteLen::new(chunk)) {
                let mut buffer = writer.buffer();
                (&mut file).take(piece.len.get()).read_to_end(&mut buffer)?;
                writer.write(ChunkIndex::new(piece.offset.get() / chunk), buffer)?;
            }
        }
    })?;
    Ok(writer.finish()?)
}

/// Saves the chunks that changed areas touch; their other bytes come from the image.
fn save_changes(
    session: &Session,
    parent: &Manifest,
    image: &Path,
    areas: &Path,
    delta: &Path,
    changed: &mut u64,
) -> Result<SavedDisk> {
    let capacity = parent.disks[0].capacity;
    let chunk = parent.chunk_len.get();
    let mut pieces: BTreeMap<u64, Vec<(Extent, u64)>> = BTreeMap::new();
    for line in fs_err::read_to_string(areas)?.lines() {
        let (offset, len) = line.split_once(' ').context("an area is `offset length`")?;
        for piece in Extent::new(offset.parse()?, len.parse()?).pieces(parent.chunk_len) {
            pieces.entry(piece.offset.get() / chunk).or_default().push((piece, *changed));
            *changed += piece.len.get();
        }
    }
    let (mut image, mut delta) = (File::open(image)?, File::open(delta)?);
    let writer = session.disk_writer(capacity, Some((parent, 0)))?;
    for (index, list) in pieces {
        let len = writer.chunk_bytes(ChunkIndex::new(index)).context("an area past the end")?;
        let mut bytes = vec![0; len.as_usize()];
        image.seek(SeekFrom::Start(index * chunk))?;
        image.read_exact(&mut bytes)?;
        for (piece, at) in list {
            let from = ByteLen::new(piece.offset.get() % chunk).as_usize();
            delta.seek(SeekFrom::Start(at))?;
            delta.read_exact(&mut bytes[from..from + piece.len.as_usize()])?;
        }
        writer.write(ChunkIndex::new(index), bytes)?;
    }
    Ok(writer.finish()?)
}

/// Reads the disk back from two threads and compares it with the image.
fn verify(repository: &Repository, id: RecoveryPointId, image: &Path) -> Result<u64> {
    let manifest = repository.point(id)?;
    let view = repository.disk(&manifest, 0)?;
    let allocated = view.allocated()?.context("a view knows what it has")?;
    let pieces: Vec<Extent> = allocated.pieces(ByteLen::new(READ)).collect();
    let next = AtomicU64::new(0);
    on_readers(|| {
        let mut file = File::open(image)?;
        loop {
            let number = usize::try_from(next.fetch_add(1, Ordering::Relaxed))?;
            let Some(piece) = pieces.get(number) else { return Ok(()) };
            let mut restored = vec![0; piece.len.as_usize()];
            view.read_at(ByteOffset::new(piece.offset.get()), &mut restored)?;
            let mut original = vec![0; piece.len.as_usize()];
            file.seek(SeekFrom::Start(piece.offset.get()))?;
            file.read_exact(&mut original)?;
            ensure!(original == restored, "{} differs", piece.offset);
        }
    })?;
    Ok(allocated.total().get())
}
