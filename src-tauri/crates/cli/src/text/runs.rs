//! Runs.

use kuramori_app::dto::{ItemView, LogLevel, PhaseView, RunStateView, RunSummary, RunView};

use super::{error, line, outcome, size, table};

pub(crate) fn run(run: &RunView) -> String {
    let rows: Vec<Vec<String>> = run
        .items
        .iter()
        .map(|i| {
            let outcome = match i.outcome {
                Some(ended) => outcome(ended),
                None => "–",
            };
            vec![
                i.name.clone(),
                outcome.to_owned(),
                size(i.counters.read),
                size(i.counters.new),
                size(i.counters.stored),
                i.point_id.as_deref().and_then(|p| p.get(..12)).unwrap_or("–").to_owned(),
            ]
        })
        .collect();
    let mut text = table(&["VM", "OUTCOME", "READ", "NEW", "STORED", "POINT"], &rows);
    for entry in &run.log {
        let item = entry.item.as_deref().unwrap_or_default();
        line(&mut text, format_args!("  {} {item}: {}", entry.at.format("%H:%M:%S"), entry.text));
    }
    for view in run.items.iter().filter_map(|i| i.error.as_ref()) {
        text.push_str(&error(view));
    }
    text
}

/// Shows runs as a table.
pub(crate) fn runs(runs: &[RunSummary]) -> String {
    if runs.is_empty() {
        return "There is no such run.\n".to_owned();
    }
    let row = |run: &RunSummary| {
        let took = run.ended_at.map_or_else(|| "–".to_owned(), |end| span(end - run.started_at));
        vec![
            run.id.get(..8).unwrap_or(&run.id).to_owned(),
            run.started_at.format("%Y-%m-%d %H:%M:%SZ").to_string(),
            took,
            state(run).to_owned(),
            run.job.clone().unwrap_or_else(|| "–".to_owned()),
            run.vms.join(", "),
            size(run.counters.read),
            size(run.counters.stored),
        ]
    };
    let rows: Vec<Vec<String>> = runs.iter().map(row).collect();
    table(&["RUN", "BEGAN", "TOOK", "STATE", "JOB", "VMS", "READ", "STORED"], &rows)
}

fn state(run: &RunSummary) -> &'static str {
    match (run.state, run.outcome) {
        (RunStateView::Queued, _) => "waits",
        (RunStateView::Running, _) => "runs",
        (RunStateView::Stopping, _) => "stops",
        (RunStateView::Interrupted, _) => "cut off",
        (RunStateView::Done, Some(ended)) => outcome(ended),
        (RunStateView::Done, None) => "done",
    }
}

/// Shows a run with the phases of its VMs and what was waited for; all of its log where asked.
pub(crate) fn run_report(run: &RunView, log: bool) -> String {
    let summary = &run.summary;
    let mut text = runs(std::slice::from_ref(summary));
    for item in &run.items {
        report_item(&mut text, item);
    }
    for entry in &run.log {
        if log || matches!(entry.level, LogLevel::Warning | LogLevel::Error) {
            let item = entry.item.as_deref().unwrap_or_default();
            let at = entry.at.format("%H:%M:%S");
            line(&mut text, format_args!("  {at} {item}: {}", entry.text));
        }
    }
    match &summary.error {
        Some(view) if run.items.iter().all(|item| item.error.is_none()) => {
            text.push_str(&error(view));
        }
        _ => {}
    }
    text
}

fn report_item(text: &mut String, item: &ItemView) {
    let ended = item.outcome.map_or("–", outcome);
    let c = item.counters;
    let sums = format!("{} read, {} new, {} stored", size(c.read), size(c.new), size(c.stored));
    line(text, format_args!("{}: {ended}; {sums}", item.name));
    if let Some(timing) = &item.timing {
        let phases = timing.phases.iter().map(|p| format!("{} {}", phase(p.phase), millis(p.millis)));
        line(text, format_args!("  {}", phases.collect::<Vec<_>>().join(", ")));
        let reading = timing.phases.iter().find(|p| p.phase == PhaseView::Read);
        if let Some(reading) = reading.filter(|p| p.millis > 0 && c.read > 0) {
            let speed = u128::from(c.read) * 1000 / u128::from(reading.millis);
            let speed = size(u64::try_from(speed).unwrap_or(u64::MAX));
            line(text, format_args!("  {speed}/s while reading"));
        }
        if let Some(words) = &timing.bottleneck {
            line(text, format_args!("  {words}"));
        }
    }
    if let Some(view) = &item.error {
        text.push_str(&error(view));
    }
}

fn phase(phase: PhaseView) -> &'static str {
    match phase {
        PhaseView::Waiting => "waiting",
        PhaseView::Check => "checks",
        PhaseView::Snapshot => "snapshot",
        PhaseView::Read => "reading",
        PhaseView::Store => "committing",
        PhaseView::Remove => "removing the snapshot",
        PhaseView::Done => "done",
    }
}

fn span(took: chrono::TimeDelta) -> String {
    millis(u64::try_from(took.num_milliseconds()).unwrap_or_default())
}

fn millis(millis: u64) -> String {
    let seconds = millis / 1000;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}.{} s", millis % 1000 / 100),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}
