//! Deleting recovery points, taking them back, and protecting them.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kuramori_base::Clock;

use crate::error::RepoError;
use crate::format::envelope::ObjectType;
use crate::format::names;
use crate::format::tomb::Hold;
use crate::ids::{HoldId, RecoveryPointId, WriterId};
use crate::point::{DeletedPoint, RecoveryPoint};
use crate::points::{Committed, Unreadable};
use crate::repository::Repository;
use crate::store::StoreError;
use crate::tombs::{Deletion, HeldPoint};

/// Between two signs of use, at most this much time counts, and at most half of the time in the
/// recycle bin: no single wrong time ends it.
const LONGEST_GAP: Duration = Duration::from_hours(48);
/// Clocks of computers that use one repository may differ by this much.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// The times at which a repository was seen in use, and what a clock may make of them.
///
/// Time alone never ends a recovery point: a clock that jumps a year ahead adds one gap, and of a
/// gap only [`LONGEST_GAP`] counts. A clock behind what is already written counts nothing.
pub(crate) struct ObservedTime {
    /// Rising.
    seen: Vec<DateTime<Utc>>,
}

impl ObservedTime {
    /// Takes all times the recovery points tell.
    pub(crate) fn of(committed: &Committed) -> Self {
        let points = committed.all.iter().map(|known| known.manifest.committed);
        let tombs = committed.bin.values().filter_map(|b| b.tomb.as_ref()).map(|t| t.created);
        Self::new(points.chain(tombs))
    }

    fn new(times: impl Iterator<Item = DateTime<Utc>>) -> Self {
        let mut seen: Vec<_> = times.collect();
        seen.sort_unstable();
        Self { seen }
    }

    /// Adds the present; `None` when the clock is behind what is written already, since then no
    /// time of it means anything.
    pub(crate) fn with_now(mut self, now: DateTime<Utc>) -> Option<Self> {
        if self.seen.last().is_some_and(|newest| now + SKEW < *newest) {
            return None;
        }
        self.seen.push(now);
        Some(self)
    }

    /// Returns how much time counts since `start`, for something that lasts `delay`.
    pub(crate) fn since(&self, start: DateTime<Utc>, delay: Duration) -> Duration {
        let longest = LONGEST_GAP.min(delay / 2);
        let later = self.seen.iter().filter(|time| **time > start);
        let (_, counted) = later.fold((start, Duration::ZERO), |(before, sum), time| {
            let gap = (*time - before).to_std().unwrap_or_default();
            (*time, sum.saturating_add(gap.min(longest)))
        });
        counted
    }
}

/// Lists the recycle bin, newest last.
pub(crate) fn recycle_bin(committed: &Committed) -> Vec<DeletedPoint> {
    let observed = ObservedTime::of(committed);
    let deleted = committed.all.iter().filter_map(|known| {
        let binned = committed.bin.get(&known.manifest.id)?;
        let tomb = binned.tomb.as_ref();
        let remaining = tomb.map_or(Duration::MAX, |tomb| {
            let delay = Duration::from_secs(u64::from(tomb.delay));
            delay.saturating_sub(observed.since(tomb.created, delay))
        });
        Some(DeletedPoint {
            point: RecoveryPoint::from(&known.manifest),
            deleted: tomb.map(|tomb| tomb.created),
            rule: tomb.map_or_else(String::new, |tomb| tomb.rule.clone()),
            remaining,
        })
    });
    deleted.collect()
}

impl Repository {
    /// Puts recovery points into the recycle bin, or ends them at once when the delay is zero.
    /// Their packs go with a later [`Repository::prune`]. One that is deleted already is fine, and
    /// so is a damaged one.
    ///
    /// # Errors
    /// [`RepoError::PointNotFound`] before any is touched;
    /// [`RepoError::Held`] for the first that a hold protects, before any is touched;
    /// [`RepoError::TooNew`] when the repository uses features this program cannot write; what the
    /// store says. After an error, those before it are deleted.
    pub fn delete_points(
        &self,
        points: &[RecoveryPointId],
        deletion: &Deletion,
        clock: &dyn Clock,
    ) -> Result<(), RepoError> {
        self.writable()?;
        let committed = self.inner.committed()?;
        let is_gone = |point| committed.gone.iter().any(|gone| gone.point == point);
        let mut there = points.iter().filter(|point| !is_gone(**point));
        there.try_for_each(|point| known(&committed, *point))?;
        let holds = self.inner.holds()?;
        if let Some(held) = holds.iter().find(|hold| points.contains(&hold.point)) {
            return Err(RepoError::Held { point: held.point });
        }
        points.iter().try_for_each(|point| self.inner.delete_point(*point, deletion, clock))
    }

    /// Takes a recovery point out of the recycle bin. One that is not in it is fine.
    ///
    /// # Errors
    /// [`RepoError::Deleted`] when it is gone for good, [`RepoError::PointNotFound`] when its
    /// records are gone too; what the store says.
    pub fn undelete(
        &self,
        point: RecoveryPointId,
        writer: WriterId,
        clock: &dyn Clock,
    ) -> Result<(), RepoError> {
        self.writable()?;
        let deletions = self.inner.all_deletions()?;
        if deletions.gone(point) {
            return Err(RepoError::Deleted { point });
        }
        if let Some(binned) = deletions.bin.get(&point)
            && !self.inner.take_back(point, binned.number, writer, clock)?
        {
            return Err(RepoError::Deleted { point });
        }
        // Its records may have gone for good while we looked.
        known(&self.inner.committed()?, point)
    }

    /// Protects a recovery point from every deletion until the hold is released. One in the
    /// recycle bin is taken out.
    ///
    /// # Errors
    /// [`RepoError::PointNotFound`]; [`RepoError::Deleted`] when it is gone; what the store says.
    pub fn hold(
        &self,
        point: RecoveryPointId,
        reason: &str,
        writer: WriterId,
        clock: &dyn Clock,
    ) -> Result<HoldId, RepoError> {
        self.writable()?;
        known(&self.inner.committed()?, point)?;
        let id = HoldId::random()?;
        let hold =
            Hold { id, point, writer, created: clock.now(), reason: reason.trim().to_owned() };
        self.inner.put_record(&names::hold(id), ObjectType::Hold, &hold, clock)?;
        match self.undelete(point, writer, clock) {
            Ok(()) => Ok(id),
            Err(error) => {
                self.release(id)?;
                Err(error)
            }
        }
    }

    /// Releases a hold. One that is gone is fine.
    ///
    /// # Errors
    /// What the store says.
    pub fn release(&self, hold: HoldId) -> Result<(), RepoError> {
        match self.inner.store.delete(&names::hold(hold)) {
            Err(StoreError::NotFound { .. }) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Returns all holds.
    ///
    /// # Errors
    /// [`RepoError::Damaged`] when one cannot be read, since it protects something; what the store
    /// says.
    pub fn holds(&self) -> Result<Vec<HeldPoint>, RepoError> {
        self.inner.holds()
    }
}

/// Fails for a recovery point that does not exist. One that is damaged does.
fn known(committed: &Committed, point: RecoveryPointId) -> Result<(), RepoError> {
    let readable = committed.all.iter().any(|known| known.manifest.id == point);
    let known = |lost: &Unreadable| lost.point == point;
    if readable || committed.unreadable.iter().any(known) {
        return Ok(());
    }
    Err(RepoError::PointNotFound { wanted: point.to_hex() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(n)
    }

    const WEEK: Duration = Duration::from_hours(7 * 24);

    #[test]
    fn a_clock_that_jumps_counts_as_two_days_and_one_that_goes_back_as_nothing() {
        let used = |now: i64| ObservedTime::new((0..4).map(day)).with_now(day(now));
        assert!(used(-365).is_none(), "a clock behind what is written is not believed");
        let used = |now| used(now).unwrap();
        assert_eq!(used(4).since(day(1), WEEK), Duration::from_hours(3 * 24), "days in use count");
        assert_eq!(used(369).since(day(1), WEEK), Duration::from_hours(4 * 24), "a year is a gap");
        assert_eq!(used(4).since(day(9), WEEK), Duration::ZERO, "what lies ahead has not begun");
    }

    #[test]
    fn a_year_ahead_counts_once_however_often_it_is_asked() {
        let mut times: Vec<_> = (0..4).map(day).collect();
        times.extend([day(368), day(368), day(368)]); // written with the wrong clock
        let observed = ObservedTime::new(times.into_iter()).with_now(day(368)).unwrap();
        assert_eq!(observed.since(day(3), WEEK), Duration::from_hours(48));
        let short = Duration::from_hours(24);
        assert!(observed.since(day(3), short) <= short / 2, "nor does it end a short time");
    }
}
