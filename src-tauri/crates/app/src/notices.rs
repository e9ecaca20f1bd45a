//! Desktop notices. A failure is told once for each cause, in a plain sentence, and so is its end.

use std::collections::BTreeSet;
use std::sync::Once;

use kuramori_jobs::{Outcome, RunId, RunLog, RunRecord, RunState};
use kuramori_platform::identity::{self, APP_NAME};

use crate::dto::{Language, RunSummary};
use crate::runs::{LiveRun, cause, summary};

/// Names that a notice has room for.
const NAMES: usize = 3;

/// Tells that a run ended, where that is worth a notice.
pub(crate) fn run_ended(run: &LiveRun, log: &RunLog, language: Language) {
    let record = run.record();
    if record.state == RunState::Interrupted {
        return; // the session ends, and the next start makes good for it
    }
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

/// Tells of runs that are over and were recorded without having been live: those that a crash cut
/// off, and what belongs to no run.
pub(crate) fn recorded(log: &RunLog, runs: &[RunId], language: Language) {
    for id in runs {
        match log.run(*id) {
            Ok(Some(record)) => {
                if let Some((title, body)) = words(&record, None, language) {
                    show(&title, &body);
                }
            }
            Ok(None) => {}
            Err(error) => tracing::error!(run = %id, %error, "a run cannot be read"),
        }
    }
}

/// Returns what a notice about a run says, if one is due: a failure is told unless all of it failed
/// for the same cause in the run before of the same job, and the end of it once all that failed then
/// succeeded.
fn words(
    record: &RunRecord,
    before: Option<&RunRecord>,
    language: Language,
) -> Option<(String, String)> {
    let failed_before = before.map(causes).unwrap_or_default();
    match record.state {
        RunState::Done(Outcome::Failed) | RunState::Interrupted => {
            let now = causes(record);
            let told = !now.is_empty() && now.is_subset(&failed_before);
            (!told).then(|| failure(&summary(record, language), language))
        }
        RunState::Done(Outcome::Succeeded | Outcome::SucceededWithWarnings) => {
            let saved = |name: &str| {
                let mut items = record.items.iter();
                items.any(|i| i.name == name && i.outcome.is_some_and(Outcome::is_success))
            };
            let all_well = failed_before.iter().all(|(name, _)| saved(name));
            let over = !failed_before.is_empty() && all_well;
            over.then(|| recovery(&summary(record, language), language))
        }
        RunState::Done(Outcome::Cancelled) | RunState::Queued | RunState::Running => None,
    }
}

/// What failed in a run, each with its cause.
fn causes(run: &RunRecord) -> BTreeSet<(&str, String)> {
    let failed = run.items.iter().filter(|item| item.outcome == Some(Outcome::Failed));
    failed.map(|item| (item.name.as_str(), cause(item))).collect()
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
    use kuramori_jobs::{ItemRecord, Stage};
    use serde_json::json;

    use super::*;
    use crate::dto::ErrorCode;
    use crate::error::AppError;

    /// A run of VMs, each with the cause for which it failed, if it did.
    fn run(job: Option<&str>, vms: &[(&str, Option<ErrorCode>)]) -> RunRecord {
        let item = |(name, failed_for): &(&str, Option<ErrorCode>)| ItemRecord {
            name: (*name).to_owned(),
            stage: Stage::Check,
            outcome: Some(if failed_for.is_some() { Outcome::Failed } else { Outcome::Succeeded }),
            started_at: None,
            ended_at: None,
            total: 0,
            counters: Counters::default(),
            detail: json!({
                "capacity": 0, "point": null, "made": null,
                "error": failed_for.map(|code| AppError::new(code, "esx1")),
            }),
        };
        let items: Vec<_> = vms.iter().map(item).collect();
        RunRecord {
            id: RunId::random(),
            kind: String::new(),
            spec: json!({"kind": "backup", "server": null, "repository": "nas", "job": job}),
            state: RunState::Done(Outcome::of_items(items.iter().filter_map(|i| i.outcome))),
            started_at: DateTime::UNIX_EPOCH,
            ended_at: None,
            items,
            job: None,
        }
    }

    #[test]
    fn a_cause_is_told_once_and_its_end_too() {
        let (gone, full) = (Some(ErrorCode::HostUnreachable), Some(ErrorCode::StoreFull));
        let names: Vec<String> = (1..=20).map(|n| format!("vm{n}")).collect();
        let all = |cause| {
            let vms: Vec<_> = names.iter().map(|name| (name.as_str(), cause)).collect();
            run(Some("nightly"), &vms)
        };
        let one = |name, cause| run(Some("nightly"), &[("vm1", gone), (name, cause)]);
        let tell = |now: RunRecord, before: Option<RunRecord>| {
            words(&now, before.as_ref(), Language::En).map(|(title, _)| title)
        };
        let failed = Some("Failed: nightly".to_owned());
        let (title, body) = words(&all(gone), None, Language::En).unwrap();
        assert_eq!(title, "Failed: nightly", "twenty VMs are one notice");
        assert!(body.contains("esx1"), "{body}");
        assert_eq!(tell(all(gone), Some(all(gone))), None, "it was told");
        assert_eq!(tell(all(full), Some(all(gone))), failed, "this is something else");
        assert_eq!(tell(all(gone), Some(all(None))), failed);
        assert_eq!(tell(all(gone), Some(one("vm2", None))), failed, "now it is more of them");
        assert_eq!(tell(one("vm2", full), Some(one("vm2", None))), failed, "behind an old failure");
        assert_eq!(tell(one("vm2", None), Some(one("vm2", full))), None);
        assert_eq!(tell(all(None), Some(all(gone))), Some("Well again: nightly".to_owned()));
        let part = run(Some("nightly"), &[("vm2", None)]);
        assert_eq!(tell(part, Some(one("vm2", None))), None, "what failed was not tried");
        assert_eq!(tell(all(None), Some(all(None))), None);
        assert_eq!(tell(all(None), None), None);
    }

    #[test]
    fn vms_without_a_job_are_named_as_far_as_there_is_room() {
        let failed = Some(ErrorCode::HostUnreachable);
        let names: Vec<String> = (1..=20).map(|n| format!("vm{n}")).collect();
        let title = |count| {
            let vms: Vec<_> =
                names.iter().take(count).map(|name| (name.as_str(), failed)).collect();
            words(&run(None, &vms), None, Language::En).unwrap().0
        };
        assert_eq!(title(2), "Failed: vm1, vm2");
        assert_eq!(title(20), "Failed: vm1, vm2, vm3 and 17 more");
    }
}
