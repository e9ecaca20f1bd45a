//! Collection: removes the packs that no recovery point needs any more.
//!
//! It never blocks a backup. What keeps both safe is an order, not a clock:
//!
//! | collection | session |
//! |---|---|
//! | writes its plan: packs it wants to remove | writes its open record |
//! | lists sessions, ends or waits for each | reads plans, refers to none of their packs |
//! | looks once more what is in use, read or written | writes packs, index, manifest |
//! | decides by creating its final record | decides by creating its outcome |
//! | removes exactly what the final record says | |
//!
//! Either the session sees the plan, or the collection sees the session. Both records are created
//! exclusively, so whoever slept meanwhile finds that it lost. Interrupted at any point, the next
//! collection goes on: from the final record when there is one, else by giving the plan up.

mod ledger;
mod mark;
mod repack;
mod sessions;
mod state;
mod sweep;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use kuramori_base::{CancelToken, Clock};
use kuramori_block::ByteLen;

pub use self::ledger::{Disposed, Ledger};
use self::mark::{Marks, Roots};
use crate::deletion::ObservedTime;
use crate::error::RepoError;
use crate::format::collection::{Final, Plan};
use crate::format::envelope::ObjectType;
use crate::format::names::{self, Step};
use crate::guard::Guard;
use crate::ids::{ObjectHash, RecoveryPointId, SessionId, WriterId};
use crate::inner::Inner;
use crate::points::Committed;
use crate::repository::Repository;
use crate::store::{StoreError, Swept, WriteLock};

/// A session that gave no sign of life for this long counts as dead. Safety does not depend on it.
const LEASE: Duration = Duration::from_mins(15);
/// Share of the packs that may be unused before some are rewritten, in per cent.
const MAX_UNUSED: u64 = 5;
/// A run that would remove more than this share wants to be confirmed, in per cent.
const LARGE_SHARE: u64 = 30;

/// How a collection is to be done.
#[derive(Clone, Debug)]
pub struct PruneOptions {
    /// The installation that collects.
    pub writer: WriterId,
    /// Only says what would be removed.
    pub dry_run: bool,
    /// Somebody has seen that it removes a large share and wants it.
    pub confirmed: bool,
    /// Less than this may go without confirmation, however large its share.
    pub unconfirmed: ByteLen,
    /// How long a session may be silent before it counts as dead.
    pub lease: Duration,
    /// Recovery points that stay in the recycle bin though their time there is over.
    pub keep: HashSet<RecoveryPointId>,
    /// With `dry_run`: recovery points that count as gone already.
    pub without: HashSet<RecoveryPointId>,
    /// Ends it between two steps; the next run goes on.
    pub cancel: CancelToken,
}

impl PruneOptions {
    /// Takes the installation that collects.
    pub fn new(writer: WriterId) -> Self {
        Self {
            writer,
            dry_run: false,
            confirmed: false,
            unconfirmed: ByteLen::from_mib(256),
            lease: LEASE,
            keep: HashSet::new(),
            without: HashSet::new(),
            cancel: CancelToken::new(),
        }
    }
}

/// What a collection did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PruneReport {
    /// Recovery points whose time in the recycle bin was over.
    pub expired: Vec<RecoveryPointId>,
    /// Recovery points whose last records were removed.
    pub retired: usize,
    /// Packs that nothing used.
    pub unused_packs: usize,
    /// Packs whose used chunks were moved to new ones.
    pub rewritten_packs: usize,
    /// Bytes that were removed; at least 24 hours later they are free on local disks and shares.
    pub freed: ByteLen,
    /// Bytes that were moved.
    pub moved: ByteLen,
    /// Bytes of all packs before.
    pub total: ByteLen,
    /// Bytes of unused chunks that stay in packs in use.
    pub unused_left: ByteLen,
    /// Bytes of all chunks that nothing uses, in whatever packs they lie.
    pub unused: ByteLen,
    /// Sessions that are at work. If any, nothing was removed; the next run will.
    pub waits_for: Vec<SessionId>,
    /// Bytes given back by emptying the trash of earlier runs.
    pub trash_emptied: ByteLen,
    /// What writers that died left half written, and was removed.
    pub swept: Swept,
}

/// One collection under way.
struct Collector<'a> {
    inner: &'a Inner,
    options: &'a PruneOptions,
    clock: &'a dyn Clock,
    report: PruneReport,
}

impl Repository {
    /// Ends recovery points whose time in the recycle bin is over, and removes the packs nothing
    /// needs. Backups and restores may run at the same time, here and on other computers.
    ///
    /// # Errors
    /// [`RepoError::LargePrune`] before anything is changed; [`RepoError::Collecting`];
    /// [`RepoError::InUse`] when another process of this computer collects;
    /// [`RepoError::Damaged`] when a recovery point cannot be read, since nobody knows what it
    /// needs; what the store says. After any error every recovery point is whole.
    ///
    /// # Cancellation
    /// Between two steps; the next run goes on.
    pub fn prune(
        &self,
        options: &PruneOptions,
        clock: &dyn Clock,
    ) -> Result<PruneReport, RepoError> {
        self.writable()?;
        let folder = self.inner.options.lock_folder.as_ref();
        let collect = || WriteLock::for_collection(folder, self.inner.id);
        // Who only looks writes nothing, and stands in nobody's way.
        let _only_one = (!options.dry_run).then(collect).transpose()?;
        let collector =
            Collector { inner: &self.inner, options, clock, report: PruneReport::default() };
        collector.run()
    }
}

impl Collector<'_> {
    fn run(mut self) -> Result<PruneReport, RepoError> {
        let number = if self.options.dry_run { 0 } else { self.finish_earlier()? };
        self.go_on()?;
        let view = Arc::new(self.inner.fresh());
        // Points first: what is committed before they are listed has its index already.
        let committed = view.committed()?;
        readable(&view, &committed)?;
        view.load_index_to_write()?;
        view.index.compact();
        let due = self.due(&committed);
        self.report.expired = due.iter().map(|(point, _)| *point).collect();
        let marks = self.mark(&view, &committed, &due)?;
        let mut choice = repack::choose(&view, &marks)?;
        self.count(&choice)?;
        if self.options.dry_run {
            return Ok(self.report);
        }
        // First, since that needs no room and may make some.
        self.empty_trash()?;
        self.expire(&due)?;
        if choice.packs().is_empty() && committed.gone.is_empty() && due.is_empty() {
            self.tidy(number.saturating_sub(1))?;
            return Ok(self.report);
        }
        let (moved, bytes) = match repack::move_chunks(&self, &view, &marks, &choice) {
            // What nothing uses can go without room for copies.
            Err(RepoError::Store(error @ StoreError::Full { .. })) if choice.keep_sparse() => {
                tracing::warn!(%error, "no room to move what is used out of packs used in part");
                self.count(&choice)?;
                (HashSet::new(), ByteLen::ZERO)
            }
            other => other?,
        };
        self.report.moved = bytes;
        drop(marks);
        drop(view);
        self.decide(number, choice.packs(), &moved)?;
        Ok(self.report)
    }

    /// From the plan on.
    fn decide(
        &mut self,
        number: u64,
        packs: Vec<ObjectHash>,
        moved: &HashSet<ObjectHash>,
    ) -> Result<(), RepoError> {
        self.go_on()?;
        let early = if self.inner.options.keeps(Guard::PlanBeforeSessions) {
            None
        } else {
            Some(self.sessions()?)
        };
        let plan = Plan {
            number,
            writer: self.options.writer,
            time: self.clock.now(),
            packs,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        match self.put(number, Step::Plan, &plan) {
            Err(RepoError::Store(StoreError::Exists { .. })) => return Err(RepoError::Collecting),
            other => other?,
        }
        let sessions = early.map_or_else(|| self.sessions(), Ok)?;
        let at_work = self.end_dead(number, &sessions)?;
        if !at_work.is_empty() {
            self.report.waits_for = at_work;
            self.report.freed = ByteLen::ZERO;
            return self.put(number, Step::Final, &Final::Aborted);
        }
        let decision = self.look_again(&plan, moved)?;
        self.go_on()?;
        match self.put(number, Step::Final, &decision) {
            // A later collection gave this one up.
            Err(RepoError::Store(StoreError::Exists { .. }))
                if self.inner.options.keeps(Guard::FinalRegister) =>
            {
                return Err(RepoError::Collecting);
            }
            Err(RepoError::Store(StoreError::Exists { .. })) => {}
            other => other?,
        }
        self.sweep(number, &decision)?;
        self.tidy(number)
    }

    /// Looks what is in use now that the sessions have ended: what the plan names and somebody
    /// came to need is kept.
    fn look_again(&self, plan: &Plan, moved: &HashSet<ObjectHash>) -> Result<Final, RepoError> {
        let planned: HashSet<_> = plan.packs.iter().copied().collect();
        if !self.inner.options.keeps(Guard::MarkAgain) {
            let (packs, previous) = (plan.packs.clone(), None);
            return Ok(Final::Decided { packs, points: Vec::new(), previous });
        }
        let view = Arc::new(self.inner.fresh());
        // Points first: what is committed before they are listed has its index already.
        let committed = view.committed()?;
        readable(&view, &committed)?;
        view.load_index_to_write()?;
        view.index.compact();
        let read = self.being_read()?;
        let roots = Roots { committed: &committed, due: &HashSet::new(), read: &read };
        let marks = Marks::of(&view, &roots, &planned, &self.options.cancel)?;
        let needed = marks.packs(&view);
        repack::prove_copies(&view, &marks, (&planned, &needed, moved), &self.options.cancel)?;
        let packs = plan.packs.iter().copied().filter(|pack| !needed.contains(pack)).collect();
        let mut gone = committed.gone.clone();
        gone.retain(|gone| !read.contains(&gone.point));
        let points = view.retirees(&committed, &gone)?;
        Ok(Final::Decided { packs, points, previous: view.final_before(plan.number)? })
    }

    /// Marks what recovery points need that are not due, or are being read.
    fn mark(
        &self,
        view: &Arc<Inner>,
        committed: &Committed,
        due: &[(RecoveryPointId, u32)],
    ) -> Result<Marks, RepoError> {
        let (mut due, read) =
            (due.iter().map(|(id, _)| *id).collect::<HashSet<_>>(), self.being_read()?);
        if self.options.dry_run {
            due.extend(&self.options.without);
        }
        let roots = Roots { committed, due: &due, read: &read };
        Marks::of(view, &roots, &HashSet::new(), &self.options.cancel)
    }

    /// Returns the recovery points whose time in the recycle bin is over, with the number of their
    /// deletion.
    fn due(&self, committed: &Committed) -> Vec<(RecoveryPointId, u32)> {
        let Some(observed) = ObservedTime::of(committed).with_now(self.clock.now()) else {
            return Vec::new();
        };
        let may_go = committed.bin.iter().filter(|(point, _)| !self.options.keep.contains(point));
        let over = may_go.filter_map(|(point, binned)| {
            let tomb = binned.tomb.as_ref()?;
            let delay = Duration::from_secs(u64::from(tomb.delay));
            (observed.since(tomb.created, delay) >= delay).then_some((*point, binned.number))
        });
        let mut due: Vec<_> = over.collect();
        due.sort_unstable();
        due
    }

    /// Ends them. One that was taken out of the recycle bin meanwhile simply stays.
    fn expire(&mut self, due: &[(RecoveryPointId, u32)]) -> Result<(), RepoError> {
        let mut expired = Vec::new();
        for (point, number) in due {
            let held = self.inner.is_held(*point)?;
            if !held && self.inner.end_tomb(*point, *number, self.options.writer, self.clock)? {
                expired.push(*point);
            }
        }
        self.report.expired = expired;
        Ok(())
    }

    /// Says what the choice comes to, and stops before too much goes at once.
    fn count(&mut self, choice: &repack::Choice) -> Result<(), RepoError> {
        let report = &mut self.report;
        report.unused_packs = choice.unused.len();
        report.rewritten_packs = choice.sparse.len();
        report.freed = choice.freed;
        report.total = choice.total;
        report.unused_left = choice.unused_left;
        report.unused = choice.idle;
        let share = u128::from(choice.freed.get()) * 100;
        let large = share > u128::from(choice.total.get()) * u128::from(LARGE_SHARE);
        if large
            && choice.freed > self.options.unconfirmed
            && !self.options.confirmed
            && !self.options.dry_run
        {
            return Err(RepoError::LargePrune { removed: choice.freed, total: choice.total });
        }
        Ok(())
    }

    fn go_on(&self) -> Result<(), RepoError> {
        Ok(self.options.cancel.check()?)
    }

    fn nanos(&self) -> i64 {
        self.clock.now().timestamp_nanos_opt().unwrap_or_default()
    }

    /// Creates a record of this collection where there is none.
    fn put<T: minicbor::Encode<()>>(
        &self,
        number: u64,
        step: Step,
        record: &T,
    ) -> Result<(), RepoError> {
        let object = match step {
            Step::Plan => ObjectType::CollectionPlan,
            Step::Final => ObjectType::CollectionFinal,
            Step::Done => ObjectType::CollectionDone,
        };
        self.inner.put_record(&names::collection(number, step), object, record, self.clock)
    }
}

/// What a damaged recovery point needs is not known, so nothing may be removed.
fn readable(view: &Inner, committed: &Committed) -> Result<(), RepoError> {
    match committed.unreadable.first() {
        None => Ok(()),
        Some(lost) => {
            let object = format!("manifest {}", lost.manifest.to_hex());
            Err(view.damaged(object, crate::format::FormatError::Missing))
        }
    }
}
