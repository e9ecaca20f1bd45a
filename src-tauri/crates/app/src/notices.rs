//! Desktop notices. A run that failed is told once, in a plain sentence.

use kuramori_jobs::{Outcome, RunId, RunLog, RunState};

use crate::dto::Language;
use crate::runs::{LiveRun, summary};

/// How the notices name their sender.
const APP_NAME: &str = "Kuramori";

/// Tells that a run ended, where that is worth a notice.
pub(crate) fn run_ended(run: &LiveRun, language: Language) {
    let record = run.record();
    if let RunState::Done(Outcome::Failed) = record.state {
        tell(&summary(&record, language), language);
    }
}

/// Tells that a crash cut runs off.
pub(crate) fn interrupted(log: &RunLog, runs: &[RunId], language: Language) {
    for id in runs {
        match log.run(*id) {
            Ok(Some(record)) => tell(&summary(&record, language), language),
            Ok(None) => {}
            Err(error) => tracing::error!(run = %id, %error, "an interrupted run cannot be read"),
        }
    }
}

fn tell(run: &crate::dto::RunSummary, language: Language) {
    let vms = run.vms.join(", ");
    let title = match language {
        Language::En => format!("Failed: {vms}"),
        Language::Ja => format!("失敗: {vms}"),
    };
    let body = match &run.error {
        Some(error) => format!("{} {}", error.title, error.risk),
        None => run.repository.clone(),
    };
    let shown = notify_rust::Notification::new()
        .appname(APP_NAME)
        .summary(&title)
        .body(&body)
        .timeout(notify_rust::Timeout::Never)
        .show();
    if let Err(error) = shown {
        // The run itself shows its failure; only the notice is lost.
        tracing::warn!(%error, "the desktop showed no notice");
    }
}
