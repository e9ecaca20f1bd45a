//! Measures saving and restoring a raw disk image.
//!
//! `cargo run --release -p kuramori-repo --example bench -- IMAGE REPO_DIR [RESTORED]`
//!
//! Saves the image as a full, saves it again as a re-read, restores it and compares. Prints wall
//! and CPU time, rates per allocated byte, peak memory and what was stored. Linux only, since it
//! asks `/proc`.
#![expect(clippy::print_stdout, reason = "it is a program that prints a table")]

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, bail, ensure};
use fs_err::File;
use kuramori_base::{Clock, Secret, SystemClock};
use kuramori_block::{ByteLen, ByteOffset, DiskReader, Extent};
use kuramori_repo::{
    ChunkIndex, Consistency, CreateOptions, DiskDraft, LocalStore, OpenOptions, PointDraft,
    ReadMode, RecoveryPointId, Repository, SavedDisk, Session, SessionOptions, SourceKind, Unlock,
    VmIdentity, WriterId,
};

const READERS: u64 = 2;
const READ: u64 = 1 << 20;

fn main() -> Result<()> {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [image, place] = args.as_slice() else { bail!("usage: bench IMAGE REPO_DIR") };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let unlock = Unlock::KeyFile(Secret::new(vec![7; 32]));
    let store = Arc::new(LocalStore::new(place));
    let options = CreateOptions::named("bench");
    Repository::create(store.clone(), &unlock, options, clock.as_ref())?;
    let capacity = fs_err::metadata(image)?.len();
    println!("image {} MiB", capacity >> 20);
    let mut points = Vec::new();
    for what in ["full", "re-read"] {
        let repository = Repository::open(store.clone(), &unlock, OpenOptions::default())?;
        let meter = Meter::start(&clock)?;
        let (id, saved) = back_up(&repository, image, capacity, &clock)?;
        let used = saved.chunks * repository.chunk_len().get();
        meter.stop(what, used)?;
        println!(
            "         data {} MiB, new {} MiB, stored {} MiB",
            used >> 20,
            saved.new_bytes.get() >> 20,
            saved.stored_bytes.get() >> 20
        );
        points.push(id);
    }
    let repository = Repository::open(store, &unlock, OpenOptions::default())?;
    let meter = Meter::start(&clock)?;
    let bytes = verify(&repository, points[0], image)?;
    meter.stop("restore", bytes)?;
    let info = repository.info()?;
    println!("repository {} MiB in {} packs", info.stored.get() >> 20, info.packs);
    Ok(())
}

struct Meter<'a> {
    clock: &'a Arc<dyn Clock>,
    wall: std::time::Duration,
    cpu: f64,
}

impl<'a> Meter<'a> {
    fn start(clock: &'a Arc<dyn Clock>) -> Result<Self> {
        Ok(Self { clock, wall: clock.monotonic(), cpu: cpu_seconds()? })
    }

    fn stop(self, what: &str, bytes: u64) -> Result<()> {
        let wall = self.clock.monotonic().saturating_sub(self.wall).as_secs_f64();
        let cpu = cpu_seconds()? - self.cpu;
        let megabytes = bytes as f64 / 1e6;
        println!(
            "{what:8} {wall:6.2} s wall, {cpu:6.2} s CPU: {:.0} MB/s, {:.2} CPU-s/GB, peak {} MiB",
            megabytes / wall,
            cpu / megabytes * 1e3,
            peak_memory()? >> 10
        );
        Ok(())
    }
}

/// User and system time of this process; the kernel counts 100 ticks a second.
fn cpu_seconds() -> Result<f64> {
    let stat = fs_err::read_to_string("/proc/self/stat")?;
    let rest = stat.rsplit_once(')').context("no name in stat")?.1;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |at: usize| -> Result<f64> { Ok(fields[at].parse()?) };
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}

fn peak_memory() -> Result<u64> {
    let status = fs_err::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|l| l.starts_with("VmHWM")).context("no VmHWM")?;
    Ok(line.split_whitespace().nth(1).context("no number")?.parse()?)
}

fn back_up(
    repository: &Repository,
    image: &Path,
    capacity: u64,
    clock: &Arc<dyn Clock>,
) -> Result<(RecoveryPointId, SavedDisk)> {
    let options = SessionOptions::new(WriterId::from_bytes([1; 16]));
    let session = repository.begin(options, Arc::clone(clock))?;
    let saved = save(&session, image, capacity, repository.chunk_len().get())?;
    let disk = DiskDraft {
        key: 0,
        label: "image".to_owned(),
        disk_uuid: None,
        change_id: None,
        read_mode: ReadMode::Whole { reason: "bench".to_owned() },
        transport: "file".to_owned(),
        bytes_read: ByteLen::new(capacity),
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
        stages: Vec::new(),
    };
    Ok((session.commit(draft)?, saved))
}

/// Reads the whole image in pieces of 1 MiB, from two threads in turn.
fn save(session: &Session, image: &Path, capacity: u64, chunk: u64) -> Result<SavedDisk> {
    let writer = session.disk_writer(ByteLen::new(capacity), None)?;
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| -> Result<()> {
        let read = || -> Result<()> {
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
        };
        let threads: Vec<_> = (0..READERS).map(|_| scope.spawn(read)).collect();
        for thread in threads {
            thread.join().map_err(|_| anyhow::anyhow!("a reader panicked"))??;
        }
        Ok(())
    })?;
    Ok(writer.finish()?)
}

/// Reads the disk back from two threads and compares it with the image.
fn verify(repository: &Repository, id: RecoveryPointId, image: &Path) -> Result<u64> {
    let manifest = repository.point(id)?;
    let view = repository.disk(&manifest, 0)?;
    let allocated = view.allocated()?.context("a view knows what it has")?;
    let pieces: Vec<Extent> = allocated.pieces(ByteLen::new(READ)).collect();
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| -> Result<()> {
        let read = || -> Result<()> {
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
        };
        let threads: Vec<_> = (0..READERS).map(|_| scope.spawn(read)).collect();
        for thread in threads {
            thread.join().map_err(|_| anyhow::anyhow!("a reader panicked"))??;
        }
        Ok(())
    })?;
    Ok(allocated.total().get())
}
