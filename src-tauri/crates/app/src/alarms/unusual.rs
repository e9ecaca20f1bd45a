//! Disks that changed as ransomware changes them: the alarm, what is held, and what is pinned.

use std::collections::HashSet;

use kuramori_jobs::anomaly::{Change, HISTORY, Unusual, Verdict, judge as judge_disk};
use kuramori_jobs::{AlarmRecord, DiskChange, KEPT};
use kuramori_repo::{BriefPoint, BriefVm, SourceKind};
use serde::{Deserialize, Serialize};

use super::{Detail, kind_of, record};
use crate::app::App;
use crate::dto::{AlertKind, Topic};
use crate::error::AppError;
use crate::jobs;
use crate::place::{Place, Writer};

/// VMs whose recovery points no rule ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    vms: HashSet<String>,
    /// Which is not known: none is ended.
    all: bool,
}

impl Held {
    /// Returns those of a repository.
    pub(crate) fn of(app: &App, repository: &str) -> Self {
        match app.inner.log.alarms() {
            Ok(open) => {
                let of_it = open.iter().filter_map(|alarm| unusual_in(alarm, repository));
                Self { vms: of_it.filter_map(|detail| detail.vm).collect(), all: false }
            }
            Err(error) => {
                tracing::error!(%error, "the alarms cannot be read; nothing is deleted");
                Self { vms: HashSet::new(), all: true }
            }
        }
    }

    /// Whether those of a VM stay.
    pub(crate) fn holds(&self, vm: &str) -> bool {
        self.all || self.vms.contains(vm)
    }

    /// Whether there is any.
    pub(crate) fn is_empty(&self) -> bool {
        !self.all && self.vms.is_empty()
    }
}

/// What is unusual about a disk, and between which recovery points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) disk: i32,
    pub(crate) change: Unusual,
    /// The recovery point that brought it.
    pub(crate) point: String,
    /// The last good one before.
    pub(crate) good: Option<String>,
    /// The hold on that one, once it is there.
    pub(crate) hold: Option<String>,
}

fn unusual_in(alarm: &AlarmRecord, repository: &str) -> Option<Detail> {
    let detail = Detail::of(alarm);
    let here = detail.repository.as_deref() == Some(repository);
    (here && kind_of(alarm) == Some(AlertKind::UnusualChange)).then_some(detail)
}

/// Judges what is new in a repository, before anything is deleted there. Blocks.
///
/// # Errors
/// When the repository or the log cannot be read or written: then nothing may be deleted.
pub(crate) fn look_for_unusual(app: &App, place: &Place) -> Result<(), AppError> {
    let brief = place.repository.brief().map_err(|e| place.failed(&e))?;
    judge(app, (&place.id, &place.name), &brief.vms)?;
    pin_all(app)
}

/// Judges each recovery point once. Of a VM that was never looked at only the newest is judged, by
/// all that are there.
pub(super) fn judge(
    app: &App,
    (repository, _name): (&str, &str),
    vms: &[BriefVm],
) -> Result<(), AppError> {
    let log = &app.inner.log;
    let known = log.changes(repository).map_err(|e| jobs::failed(&e))?;
    let open: HashSet<String> =
        log.alarms().map_err(|e| jobs::failed(&e))?.into_iter().map(|alarm| alarm.key).collect();
    let (mut changes, mut alarms) = (Vec::new(), Vec::new());
    for vm in vms.iter().filter(|vm| vm.source == SourceKind::Vm) {
        let before = known.get(&vm.key).map(Vec::as_slice).unwrap_or_default();
        let seen = before.last().map(|change| change.sequence);
        let new = match seen {
            Some(seen) => {
                let from = vm.points.partition_point(|point| point.sequence <= seen);
                vm.points.get(from..).unwrap_or_default()
            }
            None => vm.points.get(vm.points.len().saturating_sub(KEPT)..).unwrap_or_default(),
        };
        let mut history = before.to_vec();
        for (left, point) in new.iter().enumerate().map(|(n, p)| (new.len() - 1 - n, p)) {
            let brought = brought(point, &history);
            let is_judged = seen.is_some() || left == 0;
            let found = is_judged.then(|| unusual(point, &brought, &history)).flatten();
            history.extend(&brought);
            changes.extend(brought.into_iter().map(|change| (vm.key.clone(), change)));
            let key = format!("unusual:{repository}:{}", vm.key);
            let is_new = !open.contains(&key) && alarms.iter().all(|a: &AlarmRecord| a.key != key);
            if let Some((disk, change)) = found.filter(|_| is_new) {
                alarms.push(alarm(app, (key, repository), (vm, point), (disk, change)));
            }
        }
    }
    if changes.is_empty() && alarms.is_empty() {
        return Ok(());
    }
    log.note_changes(repository, &changes, &alarms).map_err(|e| jobs::failed(&e))?;
    if !alarms.is_empty() {
        app.inner.events.changed(Topic::Alerts, None);
    }
    Ok(())
}

/// What a recovery point brought. The first one of a disk brings all of it.
fn brought(point: &BriefPoint, history: &[DiskChange]) -> Vec<DiskChange> {
    let change = |disk: &kuramori_repo::BriefDisk| DiskChange {
        sequence: point.sequence,
        disk: disk.key,
        first: history.iter().all(|before| before.disk != disk.key),
        change: Change { new: disk.new, stored: disk.stored, used: disk.used },
    };
    point.disks.iter().map(change).collect()
}

fn unusual(
    _point: &BriefPoint,
    brought: &[DiskChange],
    history: &[DiskChange],
) -> Option<(i32, Unusual)> {
    brought.iter().find_map(|now| {
        let same = history.iter().rev().filter(|before| before.disk == now.disk && !before.first);
        let mut before: Vec<_> = same.take(HISTORY).map(|before| before.change).collect();
        before.reverse();
        match judge_disk(&before, now.change) {
            Verdict::Unusual(change) if !now.first => Some((now.disk, change)),
            _ => None,
        }
    })
}

fn alarm(
    app: &App,
    (key, repository): (String, &str),
    (vm, point): (&BriefVm, &BriefPoint),
    (disk, change): (i32, Unusual),
) -> AlarmRecord {
    let before = vm.points.iter().take_while(|before| before.sequence < point.sequence);
    let good = before.filter(|before| before.good).last();
    let found = Found {
        disk,
        change,
        point: point.id.to_hex(),
        good: good.map(|good| good.id.to_hex()),
        hold: None,
    };
    let detail = Detail {
        vm: Some(vm.key.clone()),
        repository: Some(repository.to_owned()),
        unusual: Some(found),
        as_of: Some(point.time),
        ..Detail::default()
    };
    let now = app.inner.clock.now();
    record(key, AlertKind::UnusualChange, &vm.identity.name, now, &detail)
}

/// Holds the last good recovery point of each alarm that has none held yet. One whose repository is
/// away is held by the next look; until then the alarm alone keeps it.
pub(super) fn pin_all(app: &App) -> Result<(), AppError> {
    for alarm in app.inner.log.alarms().map_err(|e| jobs::failed(&e))? {
        let mut detail = Detail::of(&alarm);
        if is_held(app, &detail) {
            continue;
        }
        let Some(found) = detail.unusual.as_mut() else { continue };
        let (Some(good), Some(repository)) = (found.good.clone(), detail.repository.clone()) else {
            continue;
        };
        match pin(app, &repository, &good, &alarm) {
            Ok(hold) => {
                found.hold = Some(hold);
                let detail = serde_json::to_value(&detail).unwrap_or_default();
                let alarm = AlarmRecord { detail, ..alarm };
                app.inner.log.put_alarm(&alarm).map_err(|e| jobs::failed(&e))?;
            }
            Err(error) => {
                tracing::warn!(%error, alarm = alarm.key, "its last good recovery point is not held yet");
            }
        }
    }
    Ok(())
}

/// Whether the hold of an alarm is there still. One that cannot be looked for counts as there.
fn is_held(app: &App, detail: &Detail) -> bool {
    let hold = detail.unusual.as_ref().and_then(|found| found.hold.as_ref());
    let (Some(hold), Some(repository)) = (hold, &detail.repository) else { return false };
    let holds = app.place(repository).and_then(|place| place.holds());
    holds.map_or(true, |list| list.holds.iter().any(|held| held.id == *hold))
}

/// Lets an alarm not know of its hold any more: should its release break off, the next look holds
/// the recovery point again.
pub(super) fn forget_hold(app: &App, alarm: &AlarmRecord) -> Result<(), AppError> {
    let mut detail = Detail::of(alarm);
    if let Some(found) = &mut detail.unusual {
        found.hold = None;
    }
    let detail = serde_json::to_value(&detail).unwrap_or_default();
    app.inner.log.put_alarm(&AlarmRecord { detail, ..alarm.clone() }).map_err(|e| jobs::failed(&e))
}

/// Holds a recovery point for an alarm; the same one when that was done already.
fn pin(app: &App, repository: &str, point: &str, alarm: &AlarmRecord) -> Result<String, AppError> {
    let place = app.place(repository)?;
    let reason = format!("unusual change, {} ({})", alarm.since.format("%Y-%m-%d"), alarm.key);
    let held = place.holds()?.holds.into_iter();
    if let Some(hold) = held.into_iter().find(|h| h.point_id == point && h.reason == reason) {
        return Ok(hold.id);
    }
    let writer = Writer(crate::access::writer(app)?);
    let point = place.find(point)?;
    Ok(place.hold(&point, &reason, writer, &*app.inner.clock)?.id)
}
