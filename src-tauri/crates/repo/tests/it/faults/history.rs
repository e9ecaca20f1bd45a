//! What was begun and what was promised, and whether a repository keeps it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use kuramori_base::{Clock, ManualClock};
use kuramori_repo::{
    BlobStore, CheckOptions, CreateOptions, Damage, DataCheck, FormatError, OpenOptions,
    PruneOptions, RecoveryPointId, RepoError, Repository, SessionOptions, StoreError, Unlock,
    WriterId,
};

use crate::keys::passphrase;
use crate::support::{
    CHUNK, create_options, draft, key_file, noise, noon, open_options, restore, save,
};

/// One line of a history. What is begun may have happened or not; what is done is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Created,
    Saved(RecoveryPointId),
    /// On its way into the recycle bin or out of it: its data stays.
    Moving(RecoveryPointId),
    Binned(RecoveryPointId),
    TakenBack(RecoveryPointId),
    Deleting(RecoveryPointId),
    Deleted(RecoveryPointId),
    KeyAdded(u8),
    /// One passphrase in place of another.
    KeyChanging(u8, u8),
    KeyChanged(u8, u8),
    /// Index objects are damaged from outside; nothing depends on them.
    Damaging,
    Repaired,
}

/// As lines of a file, for processes that are killed.
#[cfg(unix)]
impl Event {
    pub(crate) fn write(&self) -> String {
        match self {
            Self::Created => "created".to_owned(),
            Self::Saved(p) => format!("saved {}", p.to_hex()),
            Self::Moving(p) => format!("moving {}", p.to_hex()),
            Self::Binned(p) => format!("binned {}", p.to_hex()),
            Self::TakenBack(p) => format!("taken-back {}", p.to_hex()),
            Self::Deleting(p) => format!("deleting {}", p.to_hex()),
            Self::Deleted(p) => format!("deleted {}", p.to_hex()),
            Self::KeyAdded(n) => format!("key-added {n}"),
            Self::KeyChanging(a, b) => format!("key-changing {a} {b}"),
            Self::KeyChanged(a, b) => format!("key-changed {a} {b}"),
            Self::Damaging => "damaging".to_owned(),
            Self::Repaired => "repaired".to_owned(),
        }
    }

    /// Reads a line. `None` for one that was cut off.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let kind = words.next()?;
        let rest: Vec<_> = words.collect();
        let point = || rest.first()?.parse().ok();
        let key = |n: usize| rest.get(n)?.parse().ok();
        Some(match kind {
            "created" => Self::Created,
            "saved" => Self::Saved(point()?),
            "moving" => Self::Moving(point()?),
            "binned" => Self::Binned(point()?),
            "taken-back" => Self::TakenBack(point()?),
            "deleting" => Self::Deleting(point()?),
            "deleted" => Self::Deleted(point()?),
            "key-added" => Self::KeyAdded(key(0)?),
            "key-changing" => Self::KeyChanging(key(0)?, key(1)?),
            "key-changed" => Self::KeyChanged(key(0)?, key(1)?),
            "damaging" => Self::Damaging,
            "repaired" => Self::Repaired,
            _ => return None,
        })
    }
}

/// What must be true of a recovery point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Listed,
    InBin,
    /// Listed or in the recycle bin.
    Kept,
    /// There, whole, or gone.
    Unsure,
    Gone,
}

/// What must be true of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History {
    created: bool,
    points: BTreeMap<RecoveryPointId, Fate>,
    /// Whether passphrases open it, where that is known.
    keys: BTreeMap<u8, bool>,
    /// At least one of these does.
    either: Option<(u8, u8)>,
    /// Index objects may be damaged.
    damaged: bool,
}

impl History {
    pub(crate) fn add(&mut self, event: Event) {
        let mut fate = |point, fate| {
            self.points.insert(point, fate);
        };
        match event {
            Event::Created => self.created = true,
            Event::Saved(point) | Event::TakenBack(point) => fate(point, Fate::Listed),
            Event::Moving(point) => fate(point, Fate::Kept),
            Event::Binned(point) => fate(point, Fate::InBin),
            Event::Deleting(point) => fate(point, Fate::Unsure),
            Event::Deleted(point) => fate(point, Fate::Gone),
            Event::KeyAdded(key) => drop(self.keys.insert(key, true)),
            Event::KeyChanging(old, new) => {
                self.keys.remove(&old);
                self.either = Some((old, new));
            }
            Event::KeyChanged(old, new) => {
                self.keys.extend([(old, false), (new, true)]);
                self.either = None;
            }
            Event::Damaging => self.damaged = true,
            Event::Repaired => self.damaged = false,
        }
    }

    fn listed(&self) -> impl Iterator<Item = RecoveryPointId> {
        self.points.iter().filter(|(_, fate)| **fate == Fate::Listed).map(|(point, _)| *point)
    }

    fn allows(&self, damage: &Damage) -> bool {
        self.damaged && damage.object.starts_with("index/")
    }
}

/// For processes that are killed or stopped.
#[cfg(unix)]
impl History {
    /// Says how many recovery points were promised or begun to be deleted.
    pub(crate) fn count(&self) -> usize {
        self.points.len()
    }

    /// Takes over what happened later.
    pub(crate) fn override_with(&mut self, later: &Self) {
        self.points.extend(&later.points);
    }
}

/// A repository, and who works on it.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) store: Arc<dyn BlobStore>,
    /// Of one computer.
    pub(crate) locks: PathBuf,
    pub(crate) writer: WriterId,
    pub(crate) clock: Arc<ManualClock>,
    /// How long a silent session is believed to be at work.
    pub(crate) lease: Duration,
    /// Time between two signs of life.
    pub(crate) beat: Duration,
}

impl Place {
    pub(crate) fn new(store: Arc<dyn BlobStore>, locks: &Path, computer: u8) -> Self {
        let locks = locks.join(format!("locks-{computer}"));
        fs_err::create_dir_all(&locks).expect("a folder for locks");
        let clock = Arc::new(ManualClock::new(noon()));
        let writer = WriterId::from_bytes([computer; 16]);
        let (lease, beat) = (Duration::from_mins(15), Duration::from_mins(1));
        Self { store, locks, writer, clock, lease, beat }
    }

    fn options(&self) -> OpenOptions {
        let lock_folder = Some(self.locks.clone());
        OpenOptions { lock_folder, beat: self.beat, ..open_options() }
    }

    pub(crate) fn create(&self) -> Result<Repository, RepoError> {
        let options = CreateOptions { open: self.options(), ..create_options() };
        let store = Arc::clone(&self.store);
        let created = Repository::create(store, &key_file(), options, self.clock.as_ref())?;
        Ok(created.repository)
    }

    pub(crate) fn open(&self) -> Result<Repository, RepoError> {
        self.open_with(&key_file())
    }

    pub(crate) fn open_with(&self, unlock: &Unlock) -> Result<Repository, RepoError> {
        Repository::open(Arc::clone(&self.store), unlock, self.options())
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as _
    }

    pub(crate) fn session(&self) -> SessionOptions {
        SessionOptions::new(self.writer)
    }

    pub(crate) fn back_up(
        &self,
        repository: &Repository,
        vm: u64,
    ) -> Result<RecoveryPointId, RepoError> {
        let session = repository.begin(self.session(), self.clock())?;
        let saved = save(&session, &image(vm), None)?;
        session.commit(draft(&name(vm), vec![saved]))
    }

    pub(crate) fn prune_options(&self) -> PruneOptions {
        PruneOptions { confirmed: true, lease: self.lease, ..PruneOptions::new(self.writer) }
    }

    /// Whether a passphrase opens the repository.
    fn opens(&self, key: u8) -> Result<bool> {
        match self.open_with(&key_number(key)) {
            Ok(_) => Ok(true),
            Err(RepoError::WrongKey) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }

    /// Asserts that everything is as the history says, that a check agrees, and that a backup and
    /// a collection work.
    pub(crate) fn verify(&self, history: &History) -> Result<()> {
        let repository = match self.open() {
            Ok(repository) => repository,
            Err(
                RepoError::NotARepository { .. } | RepoError::Store(StoreError::Unreachable { .. }),
            ) if !history.created => self.create().context("creation can be done again")?,
            Err(error) => return Err(error).context("it opens with no manual step"),
        };
        self.keeps(&repository, history)?;
        // The second copy of a key or of the format file is made up for by the next writer.
        self.sound(&repository, &|d| is_second_copy(d) || history.allows(d))?;
        let vm = 90;
        let point = self.back_up(&repository, vm).context("the next backup works")?;
        repository
            .prune(&self.prune_options(), self.clock.as_ref())
            .context("the next collection works")?;
        let repository = self.open()?;
        ensure!(restore(&repository, point, 0)? == image(vm), "the next backup restores");
        self.keeps(&repository, history).context("after the next collection")?;
        self.sound(&repository, &|d| history.allows(d)).context("after the next collection")
    }

    /// As [`Place::verify`] where a store has given a name to half an object: a check names that,
    /// and a collection may refuse to guess. What was promised is there, and backups go on.
    pub(crate) fn verify_beside_rubbish(&self, history: &History) -> Result<()> {
        let repository = self.open().context("it opens with no manual step")?;
        let list = repository.points()?;
        for point in history.listed() {
            ensure!(list.points.iter().any(|p| p.id == point), "recovery point {point} is lost");
        }
        for point in list.points {
            let name = &point.vm.name;
            ensure!(restore(&repository, point.id, 0)? == image_of(name)?, "wrong bytes of {name}");
        }
        let point = self.back_up(&repository, 91).context("the next backup works")?;
        ensure!(restore(&self.open()?, point, 0)? == image(91), "the next backup restores");
        Ok(())
    }

    fn sound(&self, repository: &Repository, allowed: &dyn Fn(&Damage) -> bool) -> Result<()> {
        let options = CheckOptions::new(DataCheck::All);
        let mut report = repository.check(&options, self.clock.as_ref())?;
        report.damaged.retain(|damage| !damage.hits.is_empty() || !allowed(damage));
        ensure!(report.is_sound(), "a check finds {:?}", report.damaged);
        ensure!(report.missing.is_empty(), "recovery points are missing: {:?}", report.missing);
        Ok(())
    }

    /// Every promise holds, and whatever is listed restores byte for byte.
    pub(crate) fn keeps(&self, repository: &Repository, history: &History) -> Result<()> {
        let list = repository.points()?;
        ensure!(list.damaged.is_empty(), "damaged: {:?}", list.damaged);
        let listed: Vec<_> = list.points.iter().map(|p| (p.id, p.vm.name.clone())).collect();
        let bin = list.deleted.iter().map(|d| (d.point.id, d.point.vm.name.clone()));
        let bin: Vec<_> = bin.collect();
        let in_list = |point| listed.iter().any(|(id, _)| *id == point);
        let in_bin = |point| bin.iter().any(|(id, _)| *id == point);
        for (point, fate) in &history.points {
            let holds = match fate {
                Fate::Listed => in_list(*point),
                Fate::InBin => in_bin(*point),
                Fate::Kept => in_list(*point) || in_bin(*point),
                Fate::Unsure => true,
                Fate::Gone => !in_list(*point) && !in_bin(*point),
            };
            ensure!(holds, "recovery point {point} should be {fate:?}");
        }
        for (point, name) in listed.iter().chain(&bin) {
            let restored = restore(repository, *point, 0)
                .with_context(|| format!("restoring {point} of {name}"))?;
            ensure!(restored == image_of(name)?, "wrong bytes of {name}");
        }
        for (key, opens) in &history.keys {
            ensure!(self.opens(*key)? == *opens, "passphrase {key} should open it: {opens}");
        }
        if let Some((old, new)) = history.either {
            ensure!(self.opens(old)? || self.opens(new)?, "a key was lost in its change");
        }
        Ok(())
    }
}

fn is_second_copy(damage: &Damage) -> bool {
    let copy = damage.object.rsplit_once('.').is_some_and(|(_, last)| last == "1");
    copy && damage.reason == FormatError::Missing
}

pub(crate) fn key_number(key: u8) -> Unlock {
    passphrase(&format!("passphrase number {key}"))
}

pub(crate) fn name(vm: u64) -> String {
    format!("vm-{vm}")
}

/// What a VM holds, known from its name.
fn image_of(name: &str) -> Result<Vec<u8>> {
    match name.strip_prefix("vm-").and_then(|n| n.parse().ok()) {
        Some(vm) => Ok(image(vm)),
        None => bail!("{name} is no VM of these tests"),
    }
}

/// What a VM holds: some of it like all others, some of it its own, some zeros.
pub(crate) fn image(vm: u64) -> Vec<u8> {
    [noise(1, 5 * CHUNK), vec![0; CHUNK], noise(1000 + vm, 9 * CHUNK)].concat()
}
