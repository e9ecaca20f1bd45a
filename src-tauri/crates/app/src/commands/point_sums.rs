//! Recovery points summed up: there may be too many to show each.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use kuramori_repo::{BriefPoint, BriefVm};

use super::Handler;
use super::points::{source_view, unreadable};
use crate::app::App;
use crate::dto::{PointSums, SumPointsRequest, VmSum, WrittenHour};
use crate::error::AppError;
use crate::schema::command;

/// How far back what was written is told.
const WRITTEN: TimeDelta = TimeDelta::days(32);

impl Handler for command::PointsSums {
    async fn handle(app: &App, request: SumPointsRequest) -> Result<PointSums, AppError> {
        app.blocking(move |app| {
            let now = app.inner.clock.now();
            let mut sums = Sums { since: now - WRITTEN, ..Sums::default() };
            let mut missing = Vec::new();
            let all = app.inner.settings.get().repositories;
            let wanted = request.repository_id;
            for entry in all.iter().filter(|e| wanted.as_ref().is_none_or(|id| *id == e.id)) {
                let place = app.place(&entry.id);
                let brief = place.and_then(|place| {
                    let brief = place.repository.brief().map_err(|e| place.failed(&e))?;
                    Ok((place, brief))
                });
                match brief {
                    Ok((place, brief)) => {
                        brief.vms.iter().for_each(|vm| sums.add(vm, &place.id));
                        let damaged = brief.damaged.iter();
                        missing.extend(damaged.map(|d| place.unreadable(d, app.language())));
                    }
                    Err(error) => missing.push(unreadable(entry, &error, app.language())),
                }
            }
            Ok(sums.told(missing))
        })
        .await
    }
}

#[derive(Default)]
struct Sums {
    since: DateTime<Utc>,
    vms: HashMap<String, VmSum>,
    written: BTreeMap<DateTime<Utc>, WrittenHour>,
}

impl Sums {
    fn add(&mut self, vm: &BriefVm, repository: &str) {
        let Some(first) = vm.points.first() else { return };
        let sum = self.vms.entry(vm.key.clone()).or_insert_with(|| VmSum {
            key: vm.key.clone(),
            name: vm.identity.name.clone(),
            instance_uuid: vm.identity.instance_uuid.clone(),
            source: source_view(vm.source),
            repositories: Vec::new(),
            points: 0,
            warned: 0,
            oldest: first.time,
            newest: DateTime::<Utc>::MIN_UTC,
            newest_point_id: String::new(),
            newest_repository_id: String::new(),
            capacity: 0,
            stored: 0,
        });
        sum.repositories.push(repository.to_owned());
        for point in &vm.points {
            sum.points = sum.points.saturating_add(1);
            sum.warned = sum.warned.saturating_add(u32::from(point.warned || !point.good));
            sum.oldest = sum.oldest.min(point.time);
            if point.time > sum.newest {
                sum.newest = point.time;
                sum.name.clone_from(&vm.identity.name);
                sum.newest_point_id = point.id.to_hex();
                repository.clone_into(&mut sum.newest_repository_id);
            }
            sum.capacity =
                point.disks.iter().fold(sum.capacity, |s, d| s.saturating_add(d.capacity));
            sum.stored = sum.stored.saturating_add(stored(point));
            if point.committed >= self.since
                && let Ok(hour) = point.committed.duration_trunc(TimeDelta::hours(1))
            {
                let none = WrittenHour { hour, points: 0, stored: 0 };
                let written = self.written.entry(hour).or_insert(none);
                written.points = written.points.saturating_add(1);
                written.stored = written.stored.saturating_add(stored(point));
            }
        }
    }

    fn told(self, unreadable: Vec<crate::dto::UnreadableRepository>) -> PointSums {
        let mut vms: Vec<_> = self.vms.into_values().collect();
        vms.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.key.cmp(&b.key)));
        PointSums { vms, written: self.written.into_values().collect(), unreadable }
    }
}

fn stored(point: &BriefPoint) -> u64 {
    point.disks.iter().fold(0, |sum, disk| sum.saturating_add(disk.stored))
}

#[cfg(test)]
mod tests;
