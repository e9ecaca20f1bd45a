//! Jobs and when they are due.

use kuramori_app::dto::{JobList, JobView, PickView, SchedulePreview};

use super::{line, outcome, table};

/// Shows all jobs, and names those that cannot be read.
pub(crate) fn job_list(list: &JobList) -> String {
    let mut text = jobs(&list.jobs);
    for name in &list.unreadable {
        line(&mut text, format_args!("{name}: this version cannot read it; it does not run"));
    }
    text
}

/// Shows jobs, each with what it saves and when.
pub(crate) fn jobs(jobs: &[JobView]) -> String {
    if jobs.is_empty() {
        return "There is no job.\n".to_owned();
    }
    let mut text = String::new();
    for job in jobs {
        let place = job.repository_name.as_deref().unwrap_or("a repository that is not known here");
        line(&mut text, format_args!("{} → {place}", job.draft.name));
        line(&mut text, format_args!("  saves {}", saved(job)));
        for plan in &job.plan {
            line(&mut text, format_args!("  {plan}"));
        }
        let next = match (job.paused, job.paused_until, job.next_at) {
            (true, Some(until), _) => format!("waits until {}", until.to_rfc3339()),
            (true, None, _) => "waits until it is told to go on".to_owned(),
            (false, _, Some(next)) => format!("next {}", next.to_rfc3339()),
            (false, _, None) => "runs when somebody asks".to_owned(),
        };
        let last = job.last_run.as_ref().map(|run| match run.outcome {
            Some(ended) => format!("; last {}, {}", run.started_at.to_rfc3339(), outcome(ended)),
            None => "; runs now".to_owned(),
        });
        line(&mut text, format_args!("  {next}{}", last.unwrap_or_default()));
    }
    text
}

fn saved(job: &JobView) -> String {
    let picks = job.draft.sources.iter().map(|source| match &source.pick {
        PickView::Vm { name, .. } => name.clone(),
        PickView::Group { name, .. } => format!("all in {name}"),
        PickView::All => "all of a server".to_owned(),
    });
    let picks = picks.collect::<Vec<_>>().join(", ");
    match job.draft.leave_out.as_slice() {
        [] => picks,
        left => format!("{picks}, without {}", left.join(", ")),
    }
}

/// Shows when schedules are due.
pub(crate) fn slots(preview: &SchedulePreview) -> String {
    let rows: Vec<Vec<String>> = preview
        .slots
        .iter()
        .map(|slot| vec![(slot.schedule + 1).to_string(), slot.at.to_rfc3339()])
        .collect();
    format!("{}Days begin in {}.\n", table(&["SCHEDULE", "DUE"], &rows), preview.zone)
}
