//! Repairs what can be repaired. Nothing is ever removed that is not replaced, unneeded and kept
//! under `quarantine/` first.

mod heal;
mod rebuild;
mod replace;
mod salvage;

use std::sync::Arc;

use kuramori_base::Clock;

use crate::check::{CheckOptions, CheckReport, DataCheck};
use crate::error::RepoError;
use crate::format::names;
use crate::options::SessionOptions;
use crate::reader::ReadAs;
use crate::repository::Repository;
use crate::session::Session;

pub use rebuild::RebuildReport;

/// How to repair.
#[derive(Clone)]
pub struct RepairOptions {
    /// Another repository with recovery points of the same VMs, to take lost data from. What is
    /// taken proves itself: its keyed id must be the one that is wanted.
    pub from: Option<Repository>,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Who writes, who watches, and who may stop it.
    pub session: SessionOptions,
}

/// What a repair did, or would do.
#[derive(Clone, Debug, Default)]
pub struct RepairReport {
    /// What was damaged before.
    pub before: CheckReport,
    /// What was done, in order.
    pub repaired: Vec<Repaired>,
    /// Chunks and map nodes that were lost and are there again.
    pub healed: u64,
    /// What is damaged afterwards; as before after a dry run.
    pub after: CheckReport,
}

/// One object that was repaired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// Its name in the repository.
    pub object: String,
    /// What was done with it.
    pub how: RepairedHow,
}

/// What was done with a damaged object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepairedHow {
    /// Written anew from its second copy.
    FromCopy,
    /// Moved to `quarantine/`, as nothing needs it.
    SetAside,
    /// What can still be read of it was stored again.
    Salvaged,
}

/// One repair under way.
struct Repair<'a> {
    repository: &'a Repository,
    options: &'a RepairOptions,
    /// Who reads in the other repository.
    who: ReadAs,
    /// `None` in a dry run.
    session: Option<Session>,
    report: RepairReport,
}

impl Repository {
    /// Repairs what a check finds, the packs included that earlier checks found bad.
    ///
    /// Format file and key slots come back from their second copies, index objects from the packs;
    /// what can be read of damaged packs is stored again, lost chunks are taken from another
    /// repository. A damaged object is moved away only when nothing needs it any more; what cannot
    /// be healed stays as it is, and the next backup that has the data stores it again.
    ///
    /// # Errors
    /// [`RepoError::InUse`] and others as [`Repository::begin`]; what the store says. What was done
    /// until then stays done, and a second repair goes on from there.
    ///
    /// # Cancellation
    /// Between objects and chunks.
    pub fn repair(
        &self,
        options: &RepairOptions,
        clock: &Arc<dyn Clock>,
    ) -> Result<RepairReport, RepoError> {
        let look = CheckOptions {
            data: DataCheck::Structure,
            progress: Arc::clone(&options.session.progress),
            cancel: options.session.cancel.clone(),
            reader: None,
        };
        let before = self.check(&look, clock.as_ref())?;
        let damaged = !before.damaged.is_empty();
        let begin = || self.begin(options.session.clone(), Arc::clone(clock));
        let session = if damaged && !options.dry_run { Some(begin()?) } else { None };
        let report = RepairReport { after: before.clone(), before, ..RepairReport::default() };
        let who = ReadAs { writer: options.session.writer, clock: Arc::clone(clock) };
        let mut repair = Repair { repository: self, options, who, session, report };
        if !damaged {
            return Ok(repair.report);
        }
        if repair.session.is_none() {
            self.inner.load_index_to_write()?;
        }
        repair.copies()?;
        repair.packs()?;
        repair.heal()?;
        if let Some(session) = &repair.session {
            session.flush()?;
            repair.report.after = self.check(&look, clock.as_ref())?;
        }
        if repair.set_aside_unneeded()? {
            repair.report.after = self.check(&look, clock.as_ref())?;
        }
        if let Some(session) = repair.session.take() {
            session.abandon()?;
        }
        Ok(repair.report)
    }
}

impl Repair<'_> {
    fn done(&mut self, object: &str, how: RepairedHow) {
        tracing::info!(object, ?how, dry_run = self.options.dry_run, "repaired");
        self.report.repaired.push(Repaired { object: object.to_owned(), how });
    }

    fn check_cancelled(&self) -> Result<(), RepoError> {
        Ok(self.options.session.cancel.check()?)
    }

    /// Names of the damaged objects in a folder.
    fn damaged(&self, folder: &str) -> Vec<String> {
        let objects = self.report.before.damaged.iter().map(|damage| &damage.object);
        objects.filter(|object| object.starts_with(folder)).cloned().collect()
    }

    /// Moves away damaged objects that nothing needs. Returns whether there were any.
    fn set_aside_unneeded(&mut self) -> Result<bool, RepoError> {
        let before = self.report.repaired.len();
        for damage in self.report.after.damaged.clone() {
            self.check_cancelled()?;
            let unneeded = [names::INDEX, names::PACKS, names::CHECKS, names::META]
                .iter()
                .any(|folder| damage.object.starts_with(folder) && damage.object != *folder)
                || self.is_ended(&damage.object)?;
            if damage.hits.is_empty() && unneeded && self.set_aside(&damage.object)? {
                self.done(&damage.object, RepairedHow::SetAside);
            }
        }
        Ok(!self.options.dry_run && self.report.repaired.len() > before)
    }
}
