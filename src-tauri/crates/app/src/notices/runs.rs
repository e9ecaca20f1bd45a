//! Which ends of runs are told: a cause once, once more each day while it lasts, and its end.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use kuramori_jobs::job::Cause;
use kuramori_jobs::{Outcome, RunRecord, RunState, Told};

use super::{Notice, Weight};
use crate::dto::{Language, RunSummary};
use crate::messages::notices as words;
use crate::runs::{cause, summary};

/// Names that a notice has room for.
const NAMES: usize = 3;
/// How often a cause that lasts is told again.
const AGAIN: TimeDelta = TimeDelta::hours(24);

/// What failed, each with its cause.
type Causes = BTreeSet<(String, String)>;

/// What follows from the end of a run.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// What is told.
    pub(super) notice: Option<Notice>,
    /// What is then known as told; `None`: nothing any more.
    pub(super) told: Option<Told>,
    /// Whether all of a job went well.
    pub(super) all_well: bool,
}

/// Returns under which key the failures of a run are known: that of its job, where it is one's.
pub(super) fn key(run: &RunSummary) -> Option<String> {
    run.job.as_ref().map(|job| format!("job:{job}"))
}

/// Returns what follows from the end of a run, given what was told before about its job.
pub(super) fn ended(
    record: &RunRecord,
    told: Option<Told>,
    now: DateTime<Utc>,
    language: Language,
) -> Ended {
    let run = summary(record, language);
    let key = key(&run);
    let name = key.clone().unwrap_or_else(|| format!("run:{}", record.id));
    let notice = |weight, (title, body)| {
        Some(Notice { key: name.clone(), weight, title, body, run: Some(record.id) })
    };
    let before: Causes =
        told.as_ref().and_then(|t| serde_json::from_value(t.what.clone()).ok()).unwrap_or_default();
    match record.state {
        RunState::Done(Outcome::Failed) | RunState::Interrupted => {
            let causes = causes(record);
            // What was saved now is new when it fails next.
            let known: Causes =
                before.iter().filter(|(name, _)| !saved(record, name)).cloned().collect();
            let lately = told.as_ref().filter(|told| now - told.at < AGAIN);
            let lately = lately.filter(|_| !causes.is_empty() && causes.is_subset(&before));
            let at = lately.map_or(now, |told| told.at);
            let said = words::failed(&subject(&run, language), &run, language);
            Ended {
                notice: if lately.is_some() { None } else { notice(Weight::Failure, said) },
                told: key.and_then(|_| remember(&(&known | &causes), at)),
                all_well: false,
            }
        }
        RunState::Done(outcome @ (Outcome::Succeeded | Outcome::SucceededWithWarnings)) => {
            let part = matches!(record.job, Some((_, Cause::AskedForPart | Cause::Retry { .. })));
            let part = part || record.job.is_none();
            let left: Causes =
                before.iter().filter(|(name, _)| part && !saved(record, name)).cloned().collect();
            let over = !before.is_empty() && left.is_empty();
            let subject = subject(&run, language);
            let told = told.and_then(|told| remember(&left, told.at));
            let notice = match outcome {
                _ if over => notice(Weight::Recovery, words::well_again(&subject, language)),
                Outcome::Succeeded => notice(Weight::Success, words::well(&subject, language)),
                _ => notice(Weight::Warning, words::with_warnings(&subject, language)),
            };
            let all_well = told.is_none()
                && matches!(record.job, Some((_, cause)) if cause != Cause::AskedForPart);
            Ended { notice, told, all_well }
        }
        // What failed in one that was paused is tried again when it goes on, and told then.
        RunState::Done(Outcome::Cancelled)
        | RunState::Queued
        | RunState::Running
        | RunState::Paused => Ended { notice: None, told, all_well: false },
    }
}

/// Returns what is to be known as told: nothing when nothing of it lasts.
fn remember(causes: &Causes, at: DateTime<Utc>) -> Option<Told> {
    let what = serde_json::to_value(causes).ok().filter(|_| !causes.is_empty())?;
    Some(Told { what, at })
}

fn saved(run: &RunRecord, name: &str) -> bool {
    let mut items = run.items.iter();
    items.any(|item| item.name == name && item.outcome.is_some_and(Outcome::is_success))
}

fn causes(run: &RunRecord) -> Causes {
    let failed = run.items.iter().filter(|item| item.outcome == Some(Outcome::Failed));
    failed.map(|item| (item.name.clone(), cause(item))).collect()
}

/// Names the job, or the VMs as far as there is room.
fn subject(run: &RunSummary, language: Language) -> String {
    if let Some(job) = &run.job {
        return job.clone();
    }
    named(&run.vms, language)
}

/// Names as many as there is room for.
pub(crate) fn named(names: &[String], language: Language) -> String {
    let more = names.len().saturating_sub(NAMES);
    let named = names.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    words::and_more(&named, more, language)
}

#[cfg(test)]
mod tests {
    use kuramori_base::Counters;
    use kuramori_jobs::{ItemRecord, JobId, RunId, Stage};
    use serde_json::json;

    use super::*;
    use crate::dto::ErrorCode;
    use crate::error::AppError;

    type Vms<'a> = [(&'a str, Option<ErrorCode>)];

    /// A run of VMs, each with the cause for which it failed, if it did.
    fn run(job: Option<Cause>, vms: &Vms<'_>) -> RunRecord {
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
        let name = job.map(|_| "nightly");
        RunRecord {
            id: RunId::random(),
            kind: String::new(),
            spec: json!({"kind": "backup", "server": null, "repository": "nas", "job": name}),
            state: RunState::Done(Outcome::of_items(items.iter().filter_map(|i| i.outcome))),
            started_at: DateTime::UNIX_EPOCH,
            ended_at: None,
            items,
            job: job.map(|cause| (JobId::random(), cause)),
        }
    }

    /// Runs of one job, one after the other.
    #[derive(Default)]
    struct Job {
        told: Option<Told>,
        now: DateTime<Utc>,
    }

    impl Job {
        fn ran(&mut self, cause: Cause, vms: &Vms<'_>) -> Option<(Weight, String)> {
            let ended = ended(&run(Some(cause), vms), self.told.take(), self.now, Language::En);
            self.told = ended.told;
            ended.notice.map(|n| (n.weight, n.title))
        }
    }

    const GONE: Option<ErrorCode> = Some(ErrorCode::HostUnreachable);
    const FULL: Option<ErrorCode> = Some(ErrorCode::StoreFull);
    const PART: Cause = Cause::AskedForPart;

    fn failed() -> (Weight, String) {
        (Weight::Failure, "Failed: nightly".to_owned())
    }

    #[test]
    fn a_cause_is_told_once_and_its_end_too() {
        let names: Vec<String> = (1..=20).map(|n| format!("vm{n}")).collect();
        let all = |cause| names.iter().map(|n| (n.as_str(), cause)).collect::<Vec<_>>();
        let mut job = Job::default();
        assert_eq!(job.ran(Cause::Asked, &all(GONE)), Some(failed()), "twenty VMs are one notice");
        assert_eq!(job.ran(Cause::Asked, &all(GONE)), None, "it was told");
        assert_eq!(job.ran(Cause::Asked, &all(FULL)), Some(failed()), "this is something else");
        assert_eq!(job.ran(Cause::Asked, &all(GONE)), None, "and this was told before");
        job.now += AGAIN;
        assert_eq!(job.ran(Cause::Asked, &all(GONE)), Some(failed()), "once a day while it lasts");
        let well = job.ran(Cause::Asked, &all(None));
        assert_eq!(well, Some((Weight::Recovery, "Well again: nightly".to_owned())));
        assert_eq!(job.ran(Cause::Asked, &all(None)).unwrap().0, Weight::Success);
        assert_eq!(job.ran(Cause::Asked, &all(GONE)), Some(failed()), "a new failure");
    }

    #[test]
    fn a_part_that_goes_well_ends_only_what_it_tried() {
        let mut job = Job::default();
        job.ran(Cause::Asked, &[("vm1", GONE), ("vm2", FULL)]);
        assert_eq!(job.ran(PART, &[("vm3", None)]).unwrap().0, Weight::Success);
        assert_eq!(job.ran(PART, &[("vm2", None)]).unwrap().0, Weight::Success);
        assert_eq!(job.ran(Cause::Asked, &[("vm1", GONE), ("vm2", None)]), None);
        assert_eq!(job.ran(Cause::Asked, &[("vm1", GONE), ("vm2", FULL)]), Some(failed()));
        let retry = Cause::Retry { attempt: 1 };
        let again = job.ran(retry, &[("vm1", None), ("vm2", None)]);
        assert_eq!(again.unwrap().0, Weight::Recovery);
        // A VM that failed and is not in the job any more does not fail for ever.
        job.ran(Cause::Asked, &[("vm1", GONE)]);
        assert_eq!(job.ran(Cause::Asked, &[("vm2", None)]).unwrap().0, Weight::Recovery);
    }

    #[test]
    fn all_of_a_job_is_well_when_nothing_of_it_is_told_as_failed() {
        let well = |cause, told: Option<Told>| {
            let run = run(Some(cause), &[("vm2", None)]);
            ended(&run, told, DateTime::UNIX_EPOCH, Language::En).all_well
        };
        let told = Told { what: json!([["vm1", "StoreFull"]]), at: DateTime::UNIX_EPOCH };
        assert!(well(Cause::Asked, None));
        assert!(well(Cause::Asked, Some(told.clone())));
        assert!(!well(PART, None), "only a part was run");
        assert!(!well(Cause::Retry { attempt: 1 }, Some(told)), "vm1 failed still");
        let alone = run(None, &[("vm1", None)]);
        assert!(!ended(&alone, None, DateTime::UNIX_EPOCH, Language::En).all_well);
    }

    #[test]
    fn vms_without_a_job_are_named_as_far_as_there_is_room() {
        let names: Vec<String> = (1..=20).map(|n| format!("vm{n}")).collect();
        let title = |count| {
            let vms: Vec<_> = names.iter().take(count).map(|n| (n.as_str(), GONE)).collect();
            let ended = ended(&run(None, &vms), None, DateTime::UNIX_EPOCH, Language::En);
            assert!(ended.told.is_none());
            ended.notice.unwrap().title
        };
        assert_eq!(title(2), "Failed: vm1, vm2");
        assert_eq!(title(20), "Failed: vm1, vm2, vm3 and 17 more");
    }

    #[test]
    fn what_is_stopped_or_cut_off_changes_nothing_about_what_was_told() {
        let mut stopped = run(Some(Cause::Asked), &[("vm1", None)]);
        stopped.state = RunState::Done(Outcome::Cancelled);
        let told = Told { what: json!([["vm1", "StoreFull"]]), at: DateTime::UNIX_EPOCH };
        let ended = ended(&stopped, Some(told.clone()), DateTime::UNIX_EPOCH, Language::En);
        assert!(ended.notice.is_none());
        assert_eq!(ended.told, Some(told));
    }
}
