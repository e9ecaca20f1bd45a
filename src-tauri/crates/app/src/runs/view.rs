use kuramori_engine::RunEvent;
use kuramori_jobs::{ItemRecord, Level, LogEntry, Outcome, RunRecord, RunState, Stage};

use super::{ItemResult, RunSpec};
use crate::dto::{
    CountersView, ErrorCode, ItemView, Language, LogLevel, LogLine, OutcomeView, PhaseView,
    RunKind, RunStateView, RunSummary, RunView,
};
use crate::error::AppError;
use crate::messages;

/// Shows a run of the log or a live one. Rate and time left are for the caller to fill in.
pub(crate) fn render(record: &RunRecord, lines: &[LogEntry], language: Language) -> RunView {
    RunView {
        summary: summary(record, language),
        items: record.items.iter().map(|i| item(i, language)).collect(),
        bytes_per_second: 0,
        seconds_left: None,
        log: lines.iter().map(|l| line(l, &record.items, language)).collect(),
        result: record.items.iter().find_map(|i| result(i).made),
    }
}

/// Shows that a run was asked to stop and cleans up.
pub(super) fn mark_stopping(view: &mut RunView) {
    if view.summary.outcome.is_none() {
        view.summary.state = RunStateView::Stopping;
    }
}

/// Shows a run in a list.
pub(crate) fn summary(record: &RunRecord, language: Language) -> RunSummary {
    let spec: Option<RunSpec> = serde_json::from_value(record.spec.clone()).ok();
    let (state, outcome) = match record.state {
        RunState::Queued => (RunStateView::Queued, None),
        RunState::Running => (RunStateView::Running, None),
        RunState::Done(outcome) => (RunStateView::Done, Some(outcome_view(outcome))),
        RunState::Interrupted => (RunStateView::Interrupted, Some(OutcomeView::Failed)),
    };
    let vms: Vec<String> = record.items.iter().map(|i| i.name.clone()).collect();
    let error = match state {
        RunStateView::Interrupted => {
            Some(AppError::new(ErrorCode::Interrupted, vms.join(", ")).view(language))
        }
        _ => record.items.iter().find_map(|i| result(i).error).map(|e| e.view(language)),
    };
    let mut counters = CountersView::default();
    for item in &record.items {
        counters.total += item.total;
        counters.done += item.counters.done;
        counters.read += item.counters.read;
        counters.new += item.counters.new;
        counters.stored += item.counters.stored;
    }
    RunSummary {
        id: record.id.to_string(),
        kind: spec.as_ref().map_or(RunKind::Backup, |s| s.kind),
        state,
        outcome,
        vms,
        server: spec.as_ref().and_then(|s| s.server.clone()),
        job: spec.as_ref().and_then(|s| s.job.clone()),
        repository: spec.map(|s| s.repository).unwrap_or_default(),
        started_at: record.started_at,
        ended_at: record.ended_at,
        counters,
        error,
    }
}

fn result(item: &ItemRecord) -> ItemResult {
    serde_json::from_value(item.detail.clone()).unwrap_or_default()
}

/// Returns why an item failed.
pub(crate) fn error_of(item: &ItemRecord) -> Option<AppError> {
    result(item).error
}

/// Returns for what an item failed, as a word that is the same each time.
pub(crate) fn cause(item: &ItemRecord) -> String {
    result(item).error.map_or_else(String::new, |error| format!("{:?}", error.code))
}

fn item(record: &ItemRecord, language: Language) -> ItemView {
    let result = result(record);
    let c = record.counters;
    ItemView {
        name: record.name.clone(),
        phase: phase(record.stage),
        outcome: record.outcome.map(outcome_view),
        counters: CountersView {
            total: record.total,
            done: c.done,
            read: c.read,
            new: c.new,
            stored: c.stored,
        },
        capacity: result.capacity,
        point_id: result.point,
        started_at: record.started_at,
        ended_at: record.ended_at,
        timing: result.timing.as_ref().map(|timing| timing.view(language)),
        error: result.error.map(|e| e.view(language)),
    }
}

pub(super) fn phase(stage: Stage) -> PhaseView {
    match stage {
        Stage::Waiting => PhaseView::Waiting,
        Stage::Check => PhaseView::Check,
        Stage::Snapshot => PhaseView::Snapshot,
        Stage::Read => PhaseView::Read,
        Stage::Store => PhaseView::Store,
        Stage::Remove => PhaseView::Remove,
        Stage::Done => PhaseView::Done,
    }
}

fn outcome_view(outcome: Outcome) -> OutcomeView {
    match outcome {
        Outcome::Succeeded => OutcomeView::Succeeded,
        Outcome::SucceededWithWarnings => OutcomeView::SucceededWithWarnings,
        Outcome::Failed => OutcomeView::Failed,
        Outcome::Cancelled => OutcomeView::Cancelled,
    }
}

fn line(entry: &LogEntry, items: &[ItemRecord], language: Language) -> LogLine {
    let event: Result<RunEvent, _> = serde_json::from_value(entry.event.clone());
    LogLine {
        at: entry.at,
        level: match entry.level {
            Level::Info => LogLevel::Info,
            Level::Good => LogLevel::Good,
            Level::Warning => LogLevel::Warning,
            Level::Error => LogLevel::Error,
        },
        item: entry.item.and_then(|i| items.get(usize::try_from(i).ok()?)).map(|i| i.name.clone()),
        text: match event {
            Ok(event) => messages::event(&event, language),
            // A line of another version: better shown raw than dropped.
            Err(_) => entry.event.to_string(),
        },
    }
}
