//! Looks whether a repository is whole: structure always, every byte when asked to.
//!
//! Order matters: recovery points are listed before packs, so that whatever a backup commits
//! meanwhile refers to packs that are listed too.

mod damages;
mod hits;
mod maps;
mod packs;
mod places;
mod proving;
mod report;
mod state;
mod stats;
mod survey;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use kuramori_base::{CancelToken, Clock, Counters, NoProgress, Progress};
use kuramori_block::ByteLen;

use crate::error::RepoError;
use crate::format::names;
use crate::format::pack::PackEntry;
use crate::ids::{ObjectHash, RecoveryPointId};
use crate::inner::Inner;
use crate::points::Known;
use crate::reader::{ReadAs, Reads};
use crate::repository::Repository;

use damages::Damages;
use places::Places;
pub use report::{CheckReport, Damage, Hit, MissingPoint, Proof, Spare};
pub(crate) use state::CheckState;
pub use stats::{RepositoryStats, VmStats};

/// How often a check begins again because packs were removed under it.
const ATTEMPTS: usize = 3;
/// What a look at a small object counts in the progress.
const SMALL: u64 = 4096;

/// How thorough a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataCheck {
    /// Everything but the content of chunks: that each chunk is there, not that it can be read.
    Structure,
    /// All packs.
    All,
    /// The packs that were not read for the longest time, this part of all bytes.
    Percent(u8),
    /// Packs that were not read for this long.
    OlderThan(Duration),
}

/// What to check, who watches, and who may stop it.
#[derive(Clone)]
pub struct CheckOptions {
    /// Which packs are read to the end.
    pub data: DataCheck,
    /// Told of the bytes that were looked at.
    pub progress: Arc<dyn Progress>,
    /// Ends the check. What was read until then is remembered.
    pub cancel: CancelToken,
    /// Who reads: collections wait for a check that reads data. Without it they do not, and packs
    /// that they remove are no damage.
    pub reader: Option<ReadAs>,
}

impl CheckOptions {
    /// Checks that thoroughly; nobody watches and nobody stops it.
    pub fn new(data: DataCheck) -> Self {
        Self { data, progress: Arc::new(NoProgress), cancel: CancelToken::new(), reader: None }
    }
}

impl Repository {
    /// Looks whether the repository is whole and says which recovery points, disks and areas are
    /// hit where it is not.
    ///
    /// Writes nothing but a record of what was read (`checks/`), and goes without where nothing can
    /// be written. Backups may run meanwhile. Memory: 32 bytes for each place of a chunk, and two
    /// packs while reading.
    ///
    /// # Errors
    /// What the store says when it cannot be reached or listed. Damage is part of the report, not
    /// an error.
    ///
    /// # Cancellation
    /// Between objects. Packs that were read until then count as read.
    pub fn check(
        &self,
        options: &CheckOptions,
        clock: &dyn Clock,
    ) -> Result<CheckReport, RepoError> {
        self.inner.check_identity()?;
        let _reading = match &options.reader {
            Some(who) if options.data != DataCheck::Structure => {
                self.begin_reading(Reads::Everything, who)?.ok()
            }
            _ => None,
        };
        let mut attempt = 1;
        loop {
            // Nothing that was read before counts.
            let view = Arc::new(self.inner.fresh());
            let mut check = Check::new(&view, options, clock);
            check.writes = self.writable().is_ok();
            let report = check.run()?;
            if report.is_sound() || attempt >= ATTEMPTS || !check.lost_packs()? {
                return Ok(report);
            }
            tracing::info!("packs were removed during the check; it begins again");
            attempt += 1;
        }
    }

    /// Returns how far all data was proven readable by earlier checks. Lists all packs.
    ///
    /// # Errors
    /// What the store says.
    pub fn proof(&self) -> Result<Proof, RepoError> {
        let packs = self.inner.store.list(names::PACKS)?;
        let packs: Vec<_> = packs.iter().filter_map(|entry| names::hash_of(&entry.name)).collect();
        Ok(self.inner.check_state()?.proof(packs.iter()))
    }
}

impl Repository {
    /// Returns the disks of a recovery point that have lost bytes, as the last check found. A backup
    /// that builds on one of them keeps the loss; one that reads the disk whole heals it.
    ///
    /// # Errors
    /// What the store says.
    pub fn lost_disks(&self, point: RecoveryPointId) -> Result<Vec<usize>, RepoError> {
        Ok(self.inner.check_state()?.lost_disks(point))
    }
}

/// A pack as the check sees it.
struct Pack {
    hash: ObjectHash,
    size: u64,
    /// Whether there is a file; otherwise an index object names it.
    there: bool,
    /// Hash of the list of its chunks, when its footer can be read.
    digest: Option<[u8; 32]>,
    /// Whether all its frames were looked at in this check.
    proven: bool,
}

/// One check under way.
struct Check<'a> {
    inner: &'a Arc<Inner>,
    options: &'a CheckOptions,
    clock: &'a dyn Clock,
    state: CheckState,
    points: Vec<Arc<Known>>,
    packs: Vec<Pack>,
    numbers: HashMap<ObjectHash, u32>,
    places: Places,
    /// Chunks of packs that have no footer, as an index object lists them.
    told: BTreeMap<u32, Vec<PackEntry>>,
    /// Map nodes that were walked, with their height.
    walked: HashSet<(crate::index::Key, u32)>,
    damages: Damages,
    /// Whether this program may write here.
    writes: bool,
    /// Whether a recovery point needs a chunk that is nowhere.
    lost: bool,
    report: CheckReport,
}

impl<'a> Check<'a> {
    fn new(inner: &'a Arc<Inner>, options: &'a CheckOptions, clock: &'a dyn Clock) -> Self {
        Self {
            inner,
            options,
            clock,
            state: CheckState::default(),
            points: Vec::new(),
            packs: Vec::new(),
            numbers: HashMap::new(),
            places: Places::default(),
            told: BTreeMap::new(),
            walked: HashSet::new(),
            damages: Damages::default(),
            writes: false,
            lost: false,
            report: CheckReport::default(),
        }
    }

    fn run(&mut self) -> Result<CheckReport, RepoError> {
        self.survey()?;
        self.read_footers()?;
        self.compare_indexes()?;
        self.places.complete();
        self.prove_suspects()?;
        self.walk_maps()?;
        let ended = self.read_data();
        if let Err(RepoError::Cancelled(_)) = &ended {
            self.record(None);
        }
        ended?;
        if self.lost || !self.damages.is_empty() {
            self.find_hits()?;
        }
        Ok(self.finish())
    }

    fn finish(&mut self) -> CheckReport {
        let mut report = std::mem::take(&mut self.report);
        report.points = self.points.len();
        let there: Vec<_> = self.packs.iter().filter(|pack| pack.there).collect();
        report.packs = there.len() as u64;
        report.pack_bytes = ByteLen::new(there.iter().map(|pack| pack.size).sum());
        report.proof = self.state.proof(there.iter().map(|pack| &pack.hash));
        let (used, spare, bytes) = self.places.count();
        report.chunks = used;
        (report.spare.chunks, report.spare.bytes) = (spare, ByteLen::new(bytes));
        report.damaged = std::mem::take(&mut self.damages).into_list();
        report.recorded = self.record(Some(&report.damaged));
        report
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Notes that an object was looked at, and ends the check when somebody wants that.
    fn looked_at(&self, bytes: u64) -> Result<(), RepoError> {
        self.options.progress.add(Counters { done: bytes, read: bytes, ..Counters::default() });
        Ok(self.options.cancel.check()?)
    }

    /// Returns whether packs that were listed are gone by now.
    fn lost_packs(&self) -> Result<bool, RepoError> {
        let now = self.inner.store.list(names::PACKS)?;
        let now: HashSet<_> = now.iter().filter_map(|entry| names::hash_of(&entry.name)).collect();
        Ok(self.packs.iter().any(|pack| pack.there && !now.contains(&pack.hash)))
    }
}
