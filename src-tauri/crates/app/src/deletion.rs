//! Deleting recovery points of an opened repository, protecting them, and removing unused data.

use std::collections::HashSet;
use std::time::Duration;

use kuramori_base::{CancelToken, Clock};
use kuramori_repo::{Deletion, HoldId, PruneOptions, RECYCLE_BIN, RecoveryPoint, RecoveryPointId};

use crate::dto::{
    DeletedPointView, DeletedPoints, DisposedView, ErrorCode, HoldList, HoldView, LedgerView,
    PruneView,
};
use crate::error::AppError;
use crate::place::{Place, PointRef, Writer};
use crate::retention::{Asked, OfJob, words};

/// Which recovery points are to go.
pub enum Forget<'a> {
    /// These.
    Points(&'a [PointRef]),
    /// All that a rule does not keep.
    Except(Asked<'a>),
    /// What a job made and its rule does not keep.
    OfJob(OfJob),
}

/// How they are to go.
#[derive(Clone, Copy, Debug, Default)]
pub struct ForgetHow {
    /// Past the recycle bin: nothing brings them back.
    pub at_once: bool,
    /// Only say which.
    pub dry_run: bool,
    /// How long they stay in the recycle bin otherwise; as long as they can when it is not said.
    pub bin: Option<Duration>,
}

impl Place {
    /// Deletes recovery points, or says which would be deleted. Held ones are left out of what a
    /// rule deletes.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidInput`] for a rule that keeps nothing, [`ErrorCode::PointHeld`], and
    /// what the repository says.
    pub fn forget(
        &self,
        what: &Forget<'_>,
        how: ForgetHow,
        writer: Writer,
        clock: &dyn Clock,
    ) -> Result<DeletedPoints, AppError> {
        let list = self.repository.points().map_err(|e| self.failed(&e))?;
        let (ids, rule) = match what {
            Forget::Points(points) => {
                (points.iter().map(|point| point.id).collect(), "by hand".to_owned())
            }
            Forget::Except(asked) => {
                (self.refused(&list.points, asked, clock)?, words(asked.spans))
            }
            Forget::OfJob(job) => {
                let ids = self.refused_by_job(&list.points, job, clock)?;
                (ids, format!("job {}", job.id))
            }
        };
        let bin = how.bin.unwrap_or(RECYCLE_BIN);
        let delay = if how.at_once { Duration::ZERO } else { bin };
        if !how.dry_run {
            let deletion = Deletion { writer: writer.0, rule: rule.clone(), delay };
            self.repository.delete_points(&ids, &deletion, clock).map_err(|e| self.failed(&e))?;
        }
        let deleted = list.points.iter().chain(list.deleted.iter().map(|d| &d.point));
        let points = deleted
            .filter(|point| ids.contains(&point.id))
            .map(|point| view(point, &rule, Some(delay)))
            .collect();
        Ok(DeletedPoints { points })
    }

    /// Lists the recycle bin, oldest first.
    ///
    /// # Errors
    /// What the repository says.
    pub fn recycle_bin(&self) -> Result<DeletedPoints, AppError> {
        let list = self.repository.points().map_err(|e| self.failed(&e))?;
        let points = list
            .deleted
            .iter()
            .map(|d| view(&d.point, &d.rule, d.deleted.map(|_| d.remaining)))
            .collect();
        Ok(DeletedPoints { points })
    }

    /// Takes a recovery point out of the recycle bin.
    ///
    /// # Errors
    /// [`ErrorCode::PointNotFound`] when it is gone; what the repository says.
    pub fn undelete(
        &self,
        point: &PointRef,
        writer: Writer,
        clock: &dyn Clock,
    ) -> Result<(), AppError> {
        self.repository.undelete(point.id, writer.0, clock).map_err(|e| self.failed(&e))
    }

    /// Protects a recovery point from every deletion.
    ///
    /// # Errors
    /// What the repository says.
    pub fn hold(
        &self,
        point: &PointRef,
        reason: &str,
        writer: Writer,
        clock: &dyn Clock,
    ) -> Result<HoldView, AppError> {
        let id =
            self.repository.hold(point.id, reason, writer.0, clock).map_err(|e| self.failed(&e))?;
        Ok(HoldView {
            id: id.to_hex(),
            point_id: point.id(),
            created_at: clock.now(),
            reason: reason.to_owned(),
        })
    }

    /// Releases a hold by its id.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidInput`] when that is no id; what the repository says.
    pub fn release(&self, hold: &str) -> Result<(), AppError> {
        let id: HoldId =
            hold.parse().map_err(|e| AppError::new(ErrorCode::InvalidInput, hold).because(&e))?;
        self.repository.release(id).map_err(|e| self.failed(&e))
    }

    /// Lists all holds.
    ///
    /// # Errors
    /// What the repository says.
    pub fn holds(&self) -> Result<HoldList, AppError> {
        let holds = self.repository.holds().map_err(|e| self.failed(&e))?;
        let holds = holds.into_iter().map(|hold| HoldView {
            id: hold.id.to_hex(),
            point_id: hold.point.to_hex(),
            created_at: hold.created,
            reason: hold.reason,
        });
        Ok(HoldList { holds: holds.collect() })
    }

    /// Returns what was deleted, by whom, and when its room was given back.
    ///
    /// # Errors
    /// What the repository says.
    pub fn ledger(&self) -> Result<LedgerView, AppError> {
        let ledger = self.repository.ledger().map_err(|e| self.failed(&e))?;
        let disposed = ledger.disposed.into_iter().map(|d| DisposedView {
            id: d.point.to_hex(),
            short_id: d.point.to_string(),
            vm_name: d.vm,
            taken_at: d.time,
            deleted_at: d.deleted,
            rule: d.rule,
            by: d.writer.map(|writer| writer.to_hex()),
            in_bin: d.in_bin,
            freed_at: d.freed.map(|(time, _)| time),
        });
        Ok(LedgerView { disposed: disposed.collect(), broken: ledger.broken })
    }

    /// Returns what stays in the recycle bin beyond its time, since somebody has to look first.
    fn kept_in_bin(&self) -> Result<HashSet<RecoveryPointId>, AppError> {
        if self.held.is_empty() {
            return Ok(HashSet::new());
        }
        let list = self.repository.points().map_err(|e| self.failed(&e))?;
        let held = list.deleted.iter().filter(|deleted| self.held.holds(&deleted.point.vm.key()));
        Ok(held.map(|deleted| deleted.point.id).collect())
    }

    /// Ends what has been in the recycle bin long enough and removes what nothing needs any more.
    ///
    /// # Errors
    /// [`ErrorCode::LargePrune`] when that is a large share and `confirmed` is not set; what the
    /// repository says.
    ///
    /// # Cancellation
    /// Between two steps; the next call goes on.
    pub fn prune(
        &self,
        (dry_run, confirmed): (bool, bool),
        writer: Writer,
        clock: &dyn Clock,
        cancel: &CancelToken,
    ) -> Result<PruneView, AppError> {
        let options = PruneOptions {
            dry_run,
            confirmed,
            cancel: cancel.clone(),
            keep: self.kept_in_bin()?,
            ..PruneOptions::new(writer.0)
        };
        let report = self.repository.prune(&options, clock).map_err(|e| self.failed(&e))?;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Ok(PruneView {
            expired: count(report.expired.len()),
            unused_packs: count(report.unused_packs),
            rewritten_packs: count(report.rewritten_packs),
            freed: report.freed.get(),
            moved: report.moved.get(),
            total: report.total.get(),
            unused_left: report.unused_left.get(),
            trash_emptied: report.trash_emptied.get(),
            waits_for: count(report.waits_for.len()),
            half_written: report.swept.files,
        })
    }
}

fn view(point: &RecoveryPoint, rule: &str, remaining: Option<Duration>) -> DeletedPointView {
    DeletedPointView {
        id: point.id.to_hex(),
        short_id: point.id.to_string(),
        vm_name: point.vm.name.clone(),
        taken_at: point.time,
        rule: rule.to_owned(),
        remaining: remaining.map(|time| time.as_secs()),
    }
}
