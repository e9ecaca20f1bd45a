//! Runs that were lost, as far as their recovery points tell.

use std::collections::{BTreeMap, HashSet};

use chrono::TimeDelta;
use kuramori_base::Counters;
use kuramori_jobs::job::Cause;
use kuramori_jobs::{JobId, Outcome, PastItem, PastRun};
use kuramori_repo::RecoveryPoint;

use crate::access;
use crate::app::App;
use crate::dto::{ErrorCode, RunKind};
use crate::error::AppError;
use crate::place::Place;
use crate::runs::{ItemResult, RunSpec};

/// Longer than from the end of one VM to the beginning of the next in a run.
const PAUSE: TimeDelta = TimeDelta::minutes(10);
/// As many runs as are looked through for what is known already.
const ALL: u32 = u32::MAX;

/// Returns one run for each group of recovery points of this installation that were made together
/// and that no known run tells of, the oldest first.
pub(super) fn of_points(
    app: &App,
    places: &[Place],
    jobs: &BTreeMap<String, JobId>,
) -> Result<Vec<PastRun>, AppError> {
    let known = known_points(app)?;
    let ours = access::writer(app)?;
    let mut runs = Vec::new();
    for place in places {
        let points = place.raw_points()?.into_iter();
        let points = points.filter(|p| p.writer == ours && !known.contains(&p.id.to_hex()));
        for group in groups(points.collect()) {
            runs.extend(run_of(place, &group, jobs)?);
        }
    }
    runs.sort_by_key(|run| run.started_at);
    Ok(runs)
}

fn known_points(app: &App) -> Result<HashSet<String>, AppError> {
    let runs = app.inner.log.runs(ALL).map_err(|e| crate::jobs::failed(&e))?;
    let items = runs.into_iter().flat_map(|run| run.items);
    let result = |detail| serde_json::from_value::<ItemResult>(detail).ok();
    Ok(items.filter_map(|item| result(item.detail)?.point).collect())
}

/// Puts together what one run made: recovery points for the same job, each of another VM, without a
/// long pause between them.
fn groups(mut points: Vec<RecoveryPoint>) -> Vec<Vec<RecoveryPoint>> {
    points.sort_by_key(|point| point.started);
    let mut groups: Vec<Vec<RecoveryPoint>> = Vec::new();
    for point in points {
        let job = |p: &RecoveryPoint| p.made_for.as_ref().map(|made| made.job.clone());
        let fits = |group: &Vec<RecoveryPoint>| {
            let end = group.iter().map(|p| p.committed).max();
            let same = group.first().map(job) == Some(job(&point)) && job(&point).is_some();
            let another = group.iter().all(|p| p.vm.key() != point.vm.key());
            same && another && end.is_some_and(|end| point.started <= end + PAUSE)
        };
        match groups.iter_mut().rev().find(|group| fits(group)) {
            Some(group) => group.push(point),
            None => groups.push(vec![point]),
        }
    }
    groups
}

fn run_of(
    place: &Place,
    group: &[RecoveryPoint],
    jobs: &BTreeMap<String, JobId>,
) -> Result<Option<PastRun>, AppError> {
    let Some(first) = group.first() else { return Ok(None) };
    let made_for = first.made_for.as_ref();
    let json = |e: serde_json::Error| AppError::new(ErrorCode::Internal, "").because(&e);
    let spec = RunSpec {
        job: made_for.map(|made| made.name.clone()),
        schedules: made_for.map(|made| made.schedules.clone()).unwrap_or_default(),
        ..RunSpec::of(RunKind::Backup, place.name.clone())
    };
    let items = group.iter().map(|point| {
        let sizes = point.sizes();
        let counters = Counters {
            done: sizes.read.get(),
            read: sizes.read.get(),
            new: sizes.new.get(),
            stored: sizes.stored.get(),
        };
        let detail = ItemResult {
            capacity: point.disks.iter().map(|disk| disk.capacity.get()).sum(),
            point: Some(point.id.to_hex()),
            ..ItemResult::default()
        };
        let warned = !point.warnings.is_empty();
        Ok(PastItem {
            name: point.vm.name.clone(),
            outcome: if warned { Outcome::SucceededWithWarnings } else { Outcome::Succeeded },
            started_at: point.started,
            ended_at: point.committed,
            counters,
            detail: serde_json::to_value(detail).map_err(json)?,
        })
    });
    let job = made_for.and_then(|made| jobs.get(&made.job)).map(|id| (*id, Cause::Due));
    Ok(Some(PastRun {
        spec: serde_json::to_value(spec).map_err(json)?,
        started_at: first.started,
        ended_at: group.iter().map(|p| p.committed).max().unwrap_or(first.committed),
        job,
        items: items.collect::<Result<_, AppError>>()?,
    }))
}
