//! What is wrong now.

use std::collections::HashSet;

use chrono::TimeDelta;
use kuramori_jobs::AlarmRecord;
use kuramori_jobs::protection::{Facts, State};

use super::{Detail, kind_of, record};
use crate::app::App;
use crate::dto::AlertKind;
use crate::inventory;
use crate::protection::{Survey, Watched};

/// Clocks may differ by this much without anything being made of it.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// What is wrong, and what could be looked at.
pub(super) struct Causes {
    pub(super) alarms: Vec<AlarmRecord>,
    /// Servers that were read: only of those it is known which snapshots are gone.
    servers: HashSet<String>,
}

/// Returns what is wrong now, besides unusual changes.
pub(super) fn now(app: &App, survey: &Survey) -> Causes {
    let mut alarms: Vec<AlarmRecord> =
        survey.vms.iter().filter_map(|vm| overdue(vm, survey)).collect();
    alarms.extend(clock(survey));
    for entry in &app.inner.settings.get().repositories {
        if app.alarm(&entry.id, &entry.name).is_some() {
            let detail = Detail { repository: Some(entry.id.clone()), ..Detail::default() };
            let key = format!("history:{}", entry.id);
            alarms.push(record(key, AlertKind::History, &entry.name, survey.now, &detail));
        }
    }
    for old in inventory::old_snapshots(app) {
        let key = format!("snapshot:{}/{}", old.server_id, old.reference);
        let detail = Detail {
            server: Some(old.server_id),
            snapshot: Some(old.name),
            as_of: old.created,
            ..Detail::default()
        };
        alarms.push(record(key, AlertKind::OldSnapshot, &old.vm, survey.now, &detail));
    }
    let servers = inventory::read_servers(app).into_iter().collect();
    Causes { alarms, servers }
}

/// A VM that is late or missed, whatever else is the matter with it. One that no job saves and that
/// never was is listed as not protected; there is nothing that it was promised.
fn overdue(vm: &Watched, survey: &Survey) -> Option<AlarmRecord> {
    if vm.jobs.is_empty() && vm.facts.newest.is_none() {
        return None;
    }
    let plain = Facts { failed: false, held: false, ..vm.facts };
    let kind = match (plain.state(survey.now), vm.facts.newest) {
        // One of a job that waits, or runs only when somebody asks, has no first window.
        (State::Missed, None) if vm.facts.next_slot.is_none() => return None,
        (State::Missed, None) => AlertKind::NeverSaved,
        (State::Missed, Some(_)) => AlertKind::Missed,
        (State::Late, _) => AlertKind::Late,
        _ => return None,
    };
    let detail = Detail {
        vm: Some(vm.key.clone()),
        as_of: vm.facts.newest.map(|newest| newest.time),
        ..Detail::default()
    };
    Some(record(format!("overdue:{}", vm.key), kind, &vm.name, survey.now, &detail))
}

/// The clock is behind what it wrote itself: nothing is deleted until it is right.
fn clock(survey: &Survey) -> Option<AlarmRecord> {
    let vms = survey.repositories.iter().map(|(id, name, vms)| ((id, name), vms));
    let newest = vms.filter_map(|(repository, vms)| {
        let points = vms.iter().flat_map(|vm| &vm.points);
        Some((points.map(|point| point.committed).max()?, repository))
    });
    let (newest, (id, name)) = newest.max_by_key(|(newest, _)| *newest)?;
    let detail = Detail { repository: Some(id.clone()), as_of: Some(newest), ..Detail::default() };
    (survey.now + SKEW < newest)
        .then(|| record("clock".to_owned(), AlertKind::Clock, name, survey.now, &detail))
}

impl Causes {
    /// Whether an alarm whose cause was not found is over: its cause could have been seen.
    pub(super) fn can_end(&self, app: &App, survey: &Survey, alarm: &AlarmRecord) -> bool {
        let detail = Detail::of(alarm);
        let settings = app.inner.settings.get();
        match kind_of(alarm) {
            // Only a person releases it, or there is nothing left to be held.
            Some(AlertKind::UnusualChange) => {
                detail.repository.is_some_and(|id| settings.repository(&id).is_err())
            }
            Some(AlertKind::Late | AlertKind::Missed | AlertKind::NeverSaved) => {
                let known = survey.vms.iter().any(|vm| Some(&vm.key) == detail.vm.as_ref());
                known || survey.unreadable.is_empty()
            }
            Some(AlertKind::Clock) => survey.unreadable.is_empty(),
            Some(AlertKind::OldSnapshot) => detail.server.is_none_or(|server| {
                self.servers.contains(&server) || settings.server(&server).is_err()
            }),
            Some(AlertKind::History) | None => true,
        }
    }
}
