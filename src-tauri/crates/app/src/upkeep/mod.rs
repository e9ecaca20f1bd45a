//! Looking after a repository: check, repair, rebuilding of the index, numbers.

mod view;

use std::sync::Arc;
use std::time::Duration;

use kuramori_base::{CancelToken, Clock, Progress};
use kuramori_repo::{CheckOptions, DataCheck, ReadAs, RepairOptions, RepoError, SessionOptions};

use crate::dto::Language;
use crate::error::AppError;
use crate::place::{Place, Writer};

pub use view::{
    CheckView, DamageView, HitView, MissingView, RangeView, RebuildView, RepairView, RepairedView,
    StatsView, VmStatsView,
};

/// How much of the data a check reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thoroughness {
    /// None: what must be there is there.
    Structure,
    /// All of it.
    AllData,
    /// This part of it, in percent, what was not read for the longest time first.
    Percent(u8),
    /// What was not read for this long.
    OlderThan(Duration),
}

/// Who watches long work on a repository, and who may stop it.
pub struct Upkeep {
    /// Who writes.
    pub writer: Writer,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Hears of bytes.
    pub progress: Arc<dyn Progress>,
    /// Stops the work.
    pub cancel: CancelToken,
    /// The language of sentences in answers.
    pub language: Language,
}

impl Upkeep {
    fn look(&self, data: DataCheck) -> CheckOptions {
        let reader = ReadAs { writer: self.writer.0, clock: self.clock.clone() };
        CheckOptions {
            progress: self.progress.clone(),
            cancel: self.cancel.clone(),
            reader: Some(reader),
            ..CheckOptions::new(data)
        }
    }

    fn session(&self) -> SessionOptions {
        SessionOptions {
            progress: self.progress.clone(),
            cancel: self.cancel.clone(),
            ..SessionOptions::new(self.writer.0)
        }
    }
}

impl Place {
    /// Looks whether the repository is whole. Damage is part of the answer. Blocks.
    ///
    /// # Errors
    /// What stood in the way of looking.
    pub fn check(&self, how: Thoroughness, upkeep: &Upkeep) -> Result<CheckView, AppError> {
        let data = match how {
            Thoroughness::Structure => DataCheck::Structure,
            Thoroughness::AllData => DataCheck::All,
            Thoroughness::Percent(percent) => DataCheck::Percent(percent),
            Thoroughness::OlderThan(age) => DataCheck::OlderThan(age),
        };
        let report = self.repository.check(&upkeep.look(data), &*upkeep.clock);
        report.map(|r| view::check(&r, upkeep.language)).map_err(|e| self.failed(&e))
    }

    /// Repairs what a check finds, with data of another repository where there is one. Blocks.
    ///
    /// # Errors
    /// What stood in the way; a second repair goes on from there.
    pub fn repair(
        &self,
        from: Option<&Self>,
        dry_run: bool,
        upkeep: &Upkeep,
    ) -> Result<RepairView, AppError> {
        let from = from.map(|place| place.repository.clone());
        let options = RepairOptions { from, dry_run, session: upkeep.session() };
        let report = self.repository.repair(&options, &upkeep.clock);
        report.map(|r| view::repair(&r, upkeep.language)).map_err(|e| self.failed(&e))
    }

    /// Writes the index of the repository anew. Blocks.
    ///
    /// # Errors
    /// What stood in the way; the old index is whole then.
    pub fn rebuild_index(&self, upkeep: &Upkeep) -> Result<RebuildView, AppError> {
        let report = self.repository.rebuild_index(&upkeep.session(), &upkeep.clock);
        report.map(|r| view::rebuild(&r)).map_err(|e: RepoError| self.failed(&e))
    }

    /// Counts what is in the repository. Blocks.
    ///
    /// # Errors
    /// What stood in the way.
    pub fn stats(&self, upkeep: &Upkeep) -> Result<StatsView, AppError> {
        let options = upkeep.look(DataCheck::Structure);
        let stats = self.repository.stats(&options, &*upkeep.clock);
        stats.map(|s| view::stats(&s)).map_err(|e| self.failed(&e))
    }
}
