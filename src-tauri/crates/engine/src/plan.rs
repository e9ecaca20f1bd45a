//! Decides how each disk will be read, as a printable value, before anything is read.

use kuramori_repo::{Manifest, ManifestDisk, TrackingDoubt};
use kuramori_vsphere::{CbtUnusable, ChangeId, DiskConfig};
use serde::{Deserialize, Serialize};

/// Why a disk is not read by its changed areas. Never a silent fallback: it goes to the run
/// report and into the recovery point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WholeReason {
    /// There is no earlier recovery point of this disk.
    First,
    /// The disk has no change id: tracking is off or not possible.
    NotTracked,
    /// The earlier recovery point was made without tracking.
    ParentNotTracked,
    /// Tracking was started over since the earlier recovery point.
    TrackingReset,
    /// The disk has another size than before.
    Resized,
    /// The earlier recovery point has lost bytes of this disk: reading it whole heals them.
    ParentDamaged,
    /// The server could not say what changed.
    QueryFailed,
    /// The server's answer contradicts itself.
    QueryInconsistent,
    /// The only way left to read the disk delivers all of it.
    WholeTransport,
    /// It was read by changed areas alone for as long as the policy allows.
    Periodic,
    /// A look at unchanged places met changes that the server had not named.
    ChangesMissing,
    /// The record of changes was caught leaving some out earlier, and is still the same.
    TrackingDoubted,
    /// The host is of a version whose record of changes is known to leave some out.
    KnownBug,
}

impl WholeReason {
    /// Returns the name recorded in recovery points.
    pub fn code(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(code)) => code,
            _ => format!("{self:?}"),
        }
    }

    /// Returns the reason a recovery point recorded, or `None` for one of another version.
    pub fn from_code(code: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::String(code.to_owned())).ok()
    }
}

impl From<CbtUnusable> for WholeReason {
    fn from(why: CbtUnusable) -> Self {
        match why {
            CbtUnusable::InconsistentAnswer => Self::QueryInconsistent,
            CbtUnusable::SizeChanged => Self::Resized,
            CbtUnusable::ForeignChangeId => Self::TrackingReset,
            _ => Self::QueryFailed,
        }
    }
}

/// How a disk will be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReadPlan {
    /// Areas changed since an earlier recovery point; the rest is taken from it.
    Changed {
        /// Change id of the earlier recovery point.
        since: ChangeId,
        /// Position of the disk in the earlier recovery point.
        parent_disk: usize,
    },
    /// Allocated areas, as far as the server can tell; the rest is zeros.
    Allocated {
        /// Why not changed areas.
        reason: WholeReason,
    },
    /// Every byte.
    Whole {
        /// Why not less.
        reason: WholeReason,
    },
}

/// The recovery point a backup builds on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parent<'a> {
    pub(crate) manifest: &'a Manifest,
    /// Positions of its disks that are known to have lost bytes.
    pub(crate) lost: &'a [usize],
    /// Records of changes that were caught leaving some out.
    pub(crate) doubts: &'a [TrackingDoubt],
    /// Whether the host is of a version that is known to leave changes out.
    pub(crate) known_bug: bool,
}

/// Plans one disk. A full backup is an incremental whose extents are the whole disk: only the
/// extents differ, never the pipeline.
pub(crate) fn plan_disk(disk: &DiskConfig, parent: Option<Parent<'_>>) -> ReadPlan {
    let Some(now) = &disk.change_id else {
        return ReadPlan::Whole { reason: WholeReason::NotTracked };
    };
    let find = |p: &Parent<'_>| {
        let (number, before) =
            p.manifest.disks.iter().enumerate().find(|(_, d)| is_same(d, disk))?;
        Some((number, before.clone(), p.lost.contains(&number)))
    };
    let Some((parent_disk, before, lost)) = parent.as_ref().and_then(find) else {
        return ReadPlan::Allocated { reason: WholeReason::First };
    };
    if lost {
        return ReadPlan::Allocated { reason: WholeReason::ParentDamaged };
    }
    if before.capacity != disk.capacity {
        // Known hosts give wrong areas after a disk grew: read it all once.
        return ReadPlan::Whole { reason: WholeReason::Resized };
    }
    let Some(since) = before.change_id.as_deref() else {
        return ReadPlan::Allocated { reason: WholeReason::ParentNotTracked };
    };
    if parent.is_some_and(|p| p.doubts.iter().any(|doubt| doubt.is_of(since))) {
        return ReadPlan::Whole { reason: WholeReason::TrackingDoubted };
    }
    if parent.is_some_and(|p| p.known_bug) {
        return ReadPlan::Whole { reason: WholeReason::KnownBug };
    }
    match since.parse::<ChangeId>() {
        Ok(since) if since.same_epoch(now) => ReadPlan::Changed { since, parent_disk },
        _ => ReadPlan::Allocated { reason: WholeReason::TrackingReset },
    }
}

/// Disks keep their UUID when they move; only disks without one are matched by key.
pub(crate) fn is_same(before: &ManifestDisk, disk: &DiskConfig) -> bool {
    match (&before.disk_uuid, &disk.uuid) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        (None, None) => before.key == disk.key.get(),
        _ => false,
    }
}
