//! Desktop notices. A failure is told once for each cause, in a plain sentence, and so is its end.

use std::sync::Once;

use kuramori_jobs::{RunId, RunLog, RunRecord};
use kuramori_platform::identity::{self, APP_NAME};

use crate::dto::{ErrorCode, Language, OutcomeView, RunSummary};
use crate::runs::{LiveRun, summary};

/// Names that a notice has room for.
const NAMES: usize = 3;

/// Tells that a run ended, where that is worth a notice.
pub(crate) fn run_ended(run: &LiveRun, log: &RunLog, language: Language) {
    let record = run.record();
    let before = run.job.and_then(|(job, _)| match log.run_before(job, run.id) {
        Ok(before) => before,
        Err(error) => {
            tracing::error!(run = %run.id, %error, "the run before cannot be read");
            None
        }
    });
    if let Some((title, body)) = words(&record, before.as_ref(), language) {
        show(&title, &body);
    }
}

/// Tells that a crash cut runs off.
pub(crate) fn interrupted(log: &RunLog, runs: &[RunId], language: Language) {
    for id in runs {
        match log.run(*id) {
            Ok(Some(record)) => {
                if let Some((title, body)) = words(&record, None, language) {
                    show(&title, &body);
                }
            }
            Ok(None) => {}
            Err(error) => tracing::error!(run = %id, %error, "an interrupted run cannot be read"),
        }
    }
}

/// Returns what a notice about a run says, if one is due: a failure is told unless the run before
/// of the same job failed for the same cause, and a success after a failure.
fn words(
    record: &RunRecord,
    before: Option<&RunRecord>,
    language: Language,
) -> Option<(String, String)> {
    let now = summary(record, language);
    let before = before.map(|before| summary(before, language));
    let failed_before = before.as_ref().is_some_and(|b| b.outcome == Some(OutcomeView::Failed));
    match now.outcome? {
        OutcomeView::Failed => {
            let told = failed_before && before.as_ref().and_then(cause) == cause(&now);
            (!told).then(|| failure(&now, language))
        }
        OutcomeView::Succeeded | OutcomeView::SucceededWithWarnings => {
            failed_before.then(|| recovery(&now, language))
        }
        OutcomeView::Cancelled => None,
    }
}

fn cause(run: &RunSummary) -> Option<ErrorCode> {
    run.error.as_ref().map(|error| error.code)
}

fn failure(run: &RunSummary, language: Language) -> (String, String) {
    let what = subject(run, language);
    let title = match language {
        Language::En => format!("Failed: {what}"),
        Language::Ja => format!("失敗: {what}"),
    };
    let body = match &run.error {
        Some(error) => format!("{} {}", error.title, error.risk),
        None => run.repository.clone(),
    };
    (title, body)
}

fn recovery(run: &RunSummary, language: Language) -> (String, String) {
    let what = subject(run, language);
    match language {
        Language::En => {
            (format!("Well again: {what}"), "The last run saved everything.".to_owned())
        }
        Language::Ja => {
            (format!("復旧しました: {what}"), "最新の実行ですべて保存できました。".to_owned())
        }
    }
}

/// Names the job, or the VMs as far as there is room.
fn subject(run: &RunSummary, language: Language) -> String {
    if let Some(job) = &run.job {
        return job.clone();
    }
    let more = run.vms.len().saturating_sub(NAMES);
    let named = run.vms.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    match (more, language) {
        (0, _) => named,
        (more, Language::En) => format!("{named} and {more} more"),
        (more, Language::Ja) => format!("{named} ほか {more} 台"),
    }
}

fn show(title: &str, body: &str) {
    announce();
    let mut notice = notify_rust::Notification::new();
    notice.appname(APP_NAME).summary(title).body(body).timeout(notify_rust::Timeout::Never);
    if let Err(error) = signed(&mut notice).show() {
        // The run itself shows its failure; only the notice is lost.
        tracing::warn!(%error, "the desktop showed no notice");
    }
}

/// Tells the system the program's name, for its windows and notices. To be called before the first
/// window; later calls do nothing. What it refuses goes to the log: everything works without.
pub fn announce() {
    static ONCE: Once = Once::new();
    ONCE.call_once(name_us);
}

fn name_us() {
    if let Err(error) = identity::announce(None) {
        tracing::warn!(%error, "notices come without our name");
    }
    #[cfg(target_os = "macos")]
    if let Err(error) = notify_rust::set_application(identity::APP_ID) {
        tracing::warn!(%error, "notices come without our name");
    }
}

/// Puts our identity on a notice, in the way of the system.
fn signed(notice: &mut notify_rust::Notification) -> &mut notify_rust::Notification {
    #[cfg(windows)]
    notice.app_id(identity::APP_ID);
    #[cfg(target_os = "linux")]
    notice.hint(notify_rust::Hint::DesktopEntry(identity::APP_ID.to_owned()));
    notice
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use kuramori_base::Counters;
    use kuramori_jobs::{ItemRecord, Outcome, RunState, Stage};
    use serde_json::json;

    use super::*;
    use crate::error::AppError;

    fn run(job: Option<&str>, vms: usize, failed_for: Option<ErrorCode>) -> RunRecord {
        let item = |n| ItemRecord {
            name: format!("vm{n}"),
            stage: Stage::Check,
            outcome: Some(Outcome::Failed),
            started_at: None,
            ended_at: None,
            total: 0,
            counters: Counters::default(),
            detail: json!({
                "capacity": 0, "point": null, "made": null,
                "error": failed_for.map(|code| AppError::new(code, "esx1")),
            }),
        };
        let outcome = if failed_for.is_some() { Outcome::Failed } else { Outcome::Succeeded };
        RunRecord {
            id: RunId::random(),
            kind: String::new(),
            spec: json!({"kind": "backup", "server": null, "repository": "nas", "job": job}),
            state: RunState::Done(outcome),
            started_at: DateTime::UNIX_EPOCH,
            ended_at: None,
            items: (1..=vms).map(item).collect(),
            job: None,
        }
    }

    #[test]
    fn a_cause_is_told_once_and_its_end_too() {
        let (gone, full) = (Some(ErrorCode::HostUnreachable), Some(ErrorCode::StoreFull));
        let tell = |now: Option<ErrorCode>, before: Option<Option<ErrorCode>>| {
            let before = before.map(|before| run(Some("nightly"), 20, before));
            words(&run(Some("nightly"), 20, now), before.as_ref(), Language::En)
        };
        let (title, body) = tell(gone, None).unwrap();
        assert_eq!(title, "Failed: nightly", "twenty VMs are one notice");
        assert!(body.contains("esx1"), "{body}");
        assert_eq!(tell(gone, Some(gone)), None, "it was told");
        assert!(tell(full, Some(gone)).is_some(), "this is something else");
        assert!(tell(gone, Some(None)).is_some());
        assert_eq!(tell(None, Some(gone)).unwrap().0, "Well again: nightly");
        assert_eq!(tell(None, Some(None)), None);
        assert_eq!(tell(None, None), None);
    }

    #[test]
    fn vms_without_a_job_are_named_as_far_as_there_is_room() {
        let failed = Some(ErrorCode::HostUnreachable);
        let title = |vms| words(&run(None, vms, failed), None, Language::En).unwrap().0;
        assert_eq!(title(2), "Failed: vm1, vm2");
        assert_eq!(title(20), "Failed: vm1, vm2, vm3 and 17 more");
    }
}
