//! What the actors do, and what must hold afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kuramori_base::ManualClock;
use kuramori_repo::{
    BlobStore, Deletion, Guard, MemoryStore, OpenOptions, PruneOptions, ReadAs, RecoveryPointId,
    RepoError, Repository, SessionOptions, StoreError, WriterId,
};

use super::turn::{Rng, SimStore, Turn};
use crate::support::{
    CHUNK, clock, create_options, draft, key_file, noise, noon, read_disk, restore, save, vm,
};

const CHUNKS: u64 = 6;
/// Different chunks there are; images share most of theirs.
const POOL: u64 = 10;

/// What everybody remembers, whatever became of the store.
#[derive(Default)]
struct History {
    /// What each VM's recovery point holds; each VM is backed up once.
    images: BTreeMap<String, Vec<u8>>,
    /// Recovery points whose commit was reported.
    committed: BTreeSet<RecoveryPointId>,
    /// Recovery points that somebody wanted gone, whatever came of it.
    deleted: BTreeSet<RecoveryPointId>,
    /// Recovery points that were reported as taken back, after which nobody deleted them.
    taken_back: BTreeSet<RecoveryPointId>,
    violations: Vec<String>,
}

/// Who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crowd {
    /// Two that back up, two that collect, one that deletes, one that reads.
    Mixed,
    /// Those who would back up read too, and all who read take long.
    Readers,
}

struct World {
    memory: Arc<MemoryStore>,
    turn: Arc<Turn>,
    history: Mutex<History>,
    without: Option<Guard>,
    folder: std::path::PathBuf,
    always_dead: bool,
    crowd: Crowd,
}

fn image(rng: &mut Rng) -> Vec<u8> {
    (0..CHUNKS).flat_map(|_| noise(rng.below(POOL), CHUNK)).collect()
}

fn writer(n: usize) -> WriterId {
    WriterId::from_bytes([u8::try_from(n).unwrap_or(0xFF); 16])
}

/// Runs a seed. The error says which invariant broke.
pub(super) fn run(seed: u64, crowd: Crowd, without: Option<Guard>) -> Result<(), String> {
    let mut rng = Rng::new(seed);
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let memory = Arc::new(MemoryStore::new());
    let mut history = History::default();
    let points = prepare(&memory, &mut rng, &mut history, folder.path());
    const ACTORS: usize = 6;
    let turn = Turn::new(Rng::new(seed ^ 0xABCD), ACTORS);
    let world = World {
        memory,
        turn,
        history: Mutex::new(history),
        without,
        folder: folder.path().to_owned(),
        always_dead: rng.chance(80),
        crowd,
    };
    std::thread::scope(|scope| {
        for actor in 0..ACTORS {
            let (world, points) = (&world, &points);
            let mut rng = Rng::new(seed.wrapping_mul(31).wrapping_add(actor as u64));
            scope.spawn(move || {
                // An actor that cannot go on has failed, which it may.
                let _failed = world.act(actor, points, &mut rng);
                world.turn.finish(actor);
            });
        }
    });
    world.check()
}

/// A repository with three recovery points, of which some are in the recycle bin.
fn prepare(
    memory: &Arc<MemoryStore>,
    rng: &mut Rng,
    history: &mut History,
    folder: &std::path::Path,
) -> Vec<RecoveryPointId> {
    let mut options = create_options();
    options.open = open_options(folder, 99, None);
    let store: Arc<dyn BlobStore> = Arc::clone(memory) as Arc<dyn BlobStore>;
    let created = Repository::create(store, &key_file(), options, clock().as_ref());
    let repository = created.expect("a repository").repository;
    let mut points = Vec::new();
    for n in 0..3 {
        let (name, image) = (format!("old-{n}"), image(rng));
        let session = repository.begin(SessionOptions::new(writer(99)), clock()).expect("begin");
        let saved = save(&session, &image, None).expect("save");
        let point = session.commit(draft(&name, vec![saved])).expect("commit");
        history.images.insert(name, image);
        history.committed.insert(point);
        points.push(point);
    }
    if rng.chance(70) {
        let delay = if rng.chance(70) { Duration::ZERO } else { Duration::from_secs(1) };
        let deletion = Deletion { writer: writer(99), rule: String::new(), delay };
        repository.delete_points(&points[..1], &deletion, clock().as_ref()).expect("delete");
        history.deleted.insert(points[0]);
    }
    points
}

fn open_options(folder: &std::path::Path, actor: usize, without: Option<Guard>) -> OpenOptions {
    let folder = folder.join(actor.to_string());
    fs_err::create_dir_all(&folder).expect("a folder for locks");
    OpenOptions {
        lock_folder: Some(folder),
        // A pack is closed by the flush alone, so that one thread of an actor works at a time.
        pack_len: kuramori_block::ByteLen::from_mib(1),
        workers: Some(1),
        without,
        ..OpenOptions::default()
    }
}

impl World {
    fn act(
        &self,
        actor: usize,
        points: &[RecoveryPointId],
        rng: &mut Rng,
    ) -> Result<(), kuramori_repo::RepoError> {
        let dies = if rng.chance(25) { 5 + rng.below(60) } else { u64::MAX };
        let store = SimStore {
            memory: Arc::clone(&self.memory),
            turn: Arc::clone(&self.turn),
            actor,
            calls_left: Mutex::new(dies),
        };
        let options = open_options(&self.folder, actor, self.without);
        let repository = Repository::open(Arc::new(store), &key_file(), options)?;
        match actor {
            0 | 1 if self.crowd == Crowd::Mixed => self.back_up(&repository, actor, rng),
            2 | 3 => self.collect(&repository, actor, rng),
            4 => self.delete(&repository, points, rng),
            _ => {
                for _ in 0..2 {
                    let at = usize::try_from(rng.below(3)).unwrap_or(0);
                    // It may be gone, or be found dead; then the reading fails, and never gives
                    // other bytes.
                    let _failed = self.read(&repository, points[at], (actor, rng));
                }
                Ok(())
            }
        }
    }

    fn back_up(
        &self,
        repository: &Repository,
        actor: usize,
        rng: &mut Rng,
    ) -> Result<(), kuramori_repo::RepoError> {
        for round in 0..2 {
            let name = format!("new-{actor}-{round}");
            let mut image = image(rng);
            // Chosen before the session: it may be gone by the time the session is open.
            let parent = if rng.chance(60) {
                repository.latest(&vm(&format!("old-{}", rng.below(3))))?
            } else {
                None
            };
            let session = repository.begin(SessionOptions::new(writer(actor)), clock())?;
            let saved = match &parent {
                None => save(&session, &image, None)?,
                Some(parent) => {
                    let old = self.history.lock().expect("not poisoned");
                    let whole = old.images[&parent.vm.name].clone();
                    drop(old);
                    let keep = CHUNK * usize::try_from(CHUNKS).unwrap_or(1) / 2;
                    image.truncate(keep);
                    image.extend_from_slice(&whole[keep..]);
                    let len = kuramori_block::ByteLen::new(image.len() as u64);
                    let writer = session.disk_writer(len, Some((parent, 0)))?;
                    for (chunk, index) in image[..keep].chunks(CHUNK).zip(0..) {
                        writer.write(kuramori_repo::ChunkIndex::new(index), chunk.to_vec())?;
                    }
                    writer.finish()?
                }
            };
            self.history.lock().expect("not poisoned").images.insert(name.clone(), image);
            let point = session.commit(draft(&name, vec![saved]))?;
            self.history.lock().expect("not poisoned").committed.insert(point);
        }
        Ok(())
    }

    fn collect(
        &self,
        repository: &Repository,
        actor: usize,
        rng: &mut Rng,
    ) -> Result<(), kuramori_repo::RepoError> {
        for _ in 0..=rng.below(2) {
            let mut options = PruneOptions::new(writer(actor));
            options.confirmed = true;
            if self.always_dead {
                options.lease = Duration::from_secs(self.lateness());
            }
            let now = noon() + Duration::from_secs(self.lateness());
            repository.prune(&options, &ManualClock::new(now))?;
        }
        Ok(())
    }

    fn delete(
        &self,
        repository: &Repository,
        points: &[RecoveryPointId],
        rng: &mut Rng,
    ) -> Result<(), kuramori_repo::RepoError> {
        let point = points[usize::try_from(rng.below(3)).unwrap_or(0)];
        let seconds = if rng.chance(50) { 0 } else { 600 };
        let delay = Duration::from_secs(seconds);
        self.history.lock().expect("not poisoned").deleted.insert(point);
        let deletion = Deletion { writer: writer(4), rule: String::new(), delay };
        repository.delete_points(&[point], &deletion, clock().as_ref())?;
        if rng.chance(60) {
            repository.undelete(point, writer(4), clock().as_ref())?;
            self.history.lock().expect("not poisoned").taken_back.insert(point);
        }
        Ok(())
    }

    /// By how many seconds collections come after everything else.
    fn lateness(&self) -> u64 {
        u64::from(self.crowd == Crowd::Readers)
    }

    /// Whoever began to read reads to the end, whatever is deleted and collected meanwhile, unless
    /// a collection took it for dead.
    fn read(
        &self,
        repository: &Repository,
        point: RecoveryPointId,
        (actor, rng): (usize, &mut Rng),
    ) -> anyhow::Result<()> {
        // Collections that take everybody for dead may see signs of life of this one.
        let alive = Duration::from_secs(self.lateness() * rng.below(2));
        let clock = ManualClock::new(noon() + alive);
        let reader =
            repository.read(point, &ReadAs { writer: writer(actor), clock: Arc::new(clock) })?;
        if reader.unprotected().is_some() {
            return Ok(()); // the actor died
        }
        let name = reader.manifest().vm.name.clone();
        if self.crowd == Crowd::Readers {
            self.turn.sleep(actor, 1 + rng.below(600));
        }
        let bytes = read_disk(&reader.disk(0)?);
        let mut history = self.history.lock().expect("not poisoned");
        let violation = match bytes {
            Ok(bytes) if history.images[&name] == bytes => None,
            Ok(_) => Some("read wrong bytes"),
            Err(error) => match error.source().and_then(|e| e.downcast_ref::<RepoError>()) {
                Some(RepoError::ReadingEnded) if self.always_dead && alive.is_zero() => None,
                Some(RepoError::Store(StoreError::Unreachable { .. })) => None, // it died
                _ => Some("was taken from under its reader"),
            },
        };
        history.violations.extend(violation.map(|how| format!("{name} {how}")));
        Ok(())
    }

    /// The invariants, on the store as it is now and after two more collections.
    fn check(&self) -> Result<(), String> {
        self.look("at the end")?;
        let words = |e: kuramori_repo::RepoError| format!("a collection at the end: {e:?}");
        let mut unused = 0;
        for day in 1..=3 {
            let repository = self.open().map_err(words)?;
            let mut options = PruneOptions::new(writer(50));
            options.confirmed = true;
            options.lease = Duration::ZERO;
            let later = ManualClock::new(noon() + Duration::from_hours(25 * day));
            unused = repository.prune(&options, &later).map_err(words)?.unused_packs;
            self.look("after collecting")?;
        }
        let trash = self.memory.list("trash/").map_err(|e| e.to_string())?.len();
        if unused == 0 && trash == 0 {
            Ok(())
        } else {
            Err(format!("{unused} packs, {trash} in trash"))
        }
    }

    fn open(&self) -> Result<Repository, kuramori_repo::RepoError> {
        let store: Arc<dyn BlobStore> = Arc::clone(&self.memory) as Arc<dyn BlobStore>;
        Repository::open(store, &key_file(), open_options(&self.folder, 50, None))
    }

    fn look(&self, when: &str) -> Result<(), String> {
        let history = self.history.lock().map_err(|e| e.to_string())?;
        if let Some(violation) = history.violations.first() {
            return Err(violation.clone());
        }
        let repository = self.open().map_err(|e| format!("{when}: {e:?}"))?;
        let list = repository.points().map_err(|e| format!("{when}: {e:?}"))?;
        if !list.damaged.is_empty() {
            return Err(format!("{when}: damaged {:?}", list.damaged));
        }
        let listed: Vec<_> =
            list.points.iter().chain(list.deleted.iter().map(|d| &d.point)).collect();
        for point in &listed {
            let bytes = restore(&repository, point.id, 0)
                .map_err(|e| format!("{when}: {} does not restore: {e:?}", point.vm.name))?;
            if history.images[&point.vm.name] != bytes {
                return Err(format!("{when}: {} restores other bytes", point.vm.name));
            }
        }
        let exists = |id: &RecoveryPointId| listed.iter().any(|point| point.id == *id);
        let kept = history
            .committed
            .iter()
            .filter(|id| !history.deleted.contains(id) || history.taken_back.contains(id));
        match kept.into_iter().find(|id| !exists(id)) {
            Some(lost) => Err(format!("{when}: {lost} was committed and is gone")),
            None => Ok(()),
        }
    }
}
