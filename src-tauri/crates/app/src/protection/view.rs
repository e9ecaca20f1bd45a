//! How VMs stand, in words.

use chrono::{DateTime, Utc};
use kuramori_jobs::protection::{Cell, State};

use super::{Survey, Watched, class_view, promise_view};
use crate::dto::{
    DayCell, DayView, ExcludedView, Language, ProtectionCounts, ProtectionList, ProtectionState,
    VmProtection,
};
use crate::messages;

pub(super) fn list(survey: &Survey, language: Language) -> ProtectionList {
    let mut counts = ProtectionCounts::default();
    for vm in &survey.vms {
        let count = match vm.state {
            State::Protected | State::DueSoon | State::Held => &mut counts.protected,
            State::Late => &mut counts.late,
            State::Missed => &mut counts.missed,
            State::Failed => &mut counts.failed,
            State::NotCovered => &mut counts.not_covered,
            State::Gone => &mut counts.gone,
        };
        *count += 1;
    }
    let promised = |vm: &&Watched| !matches!(vm.state, State::NotCovered | State::Gone);
    let shares: Vec<u64> =
        survey.vms.iter().filter(promised).filter_map(|vm| Some(vm.kept?.into())).collect();
    let kept = shares.iter().sum::<u64>().checked_div(shares.len() as u64);
    ProtectionList {
        at: survey.now,
        zone: survey.zone.name().to_owned(),
        sentence: messages::shop(counts, survey.vms.iter().find(promised), survey.now, language),
        counts,
        kept: kept.and_then(|kept| u32::try_from(kept).ok()),
        vms: survey.vms.iter().map(|v| vm(v, survey.now, language)).collect(),
        unreadable: survey.unreadable.clone(),
    }
}

pub(super) fn vm(vm: &Watched, now: DateTime<Utc>, language: Language) -> VmProtection {
    let deadlines = vm.facts.deadlines();
    let excluded = vm.chosen.excluded.clone();
    VmProtection {
        key: vm.key.clone(),
        name: vm.name.clone(),
        server_id: vm.server_id.clone(),
        class: class_view(vm.class),
        suggested: vm.chosen.class.is_none(),
        excluded: excluded.map(|(reason, since)| ExcludedView { reason, since }),
        promise: promise_view(vm.promise),
        state: state_view(vm.state),
        sentence: messages::standing(vm, now, language),
        error: vm.error.as_ref().map(|error| error.clone().view(language)),
        last_point_at: vm.facts.newest.map(|newest| newest.time),
        late_at: deadlines.late,
        missed_at: deadlines.missed,
        next_at: vm.next_at,
        schedule_too_slow: deadlines.late
            > vm.facts.newest.map_or(vm.facts.since, |n| n.time) + vm.facts.rpo + vm.facts.run_time,
        kept: vm.kept,
        restore: vm.restore,
        points: vm.points,
        jobs: vm.jobs.clone(),
        gone_since: vm.gone_since,
        days: vm.days.iter().map(|day| DayView { date: day.date, cell: cell(day.cell) }).collect(),
    }
}

fn state_view(state: State) -> ProtectionState {
    match state {
        State::Protected => ProtectionState::Protected,
        State::DueSoon => ProtectionState::DueSoon,
        State::Late => ProtectionState::Late,
        State::Missed => ProtectionState::Missed,
        State::Failed => ProtectionState::Failed,
        State::Held => ProtectionState::Held,
        State::NotCovered => ProtectionState::NotCovered,
        State::Gone => ProtectionState::Gone,
    }
}

fn cell(cell: Cell) -> DayCell {
    match cell {
        Cell::Ok => DayCell::Ok,
        Cell::Warning => DayCell::Warning,
        Cell::Missed => DayCell::Missed,
        Cell::NonePlanned => DayCell::NonePlanned,
    }
}
