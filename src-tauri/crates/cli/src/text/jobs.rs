//! Jobs and when they are due.

use kuramori_app::dto::{
    JobList, JobPlanView, JobView, PresetsView, RunStateView, SchedulePreview,
};

use super::{line, outcome, size, table};

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
            None if run.state == RunStateView::Paused => {
                format!("; last {}, paused", run.started_at.to_rfc3339())
            }
            None => "; runs now".to_owned(),
        });
        line(&mut text, format_args!("  {next}{}", last.unwrap_or_default()));
        if let Some(continues) = &job.continues {
            line(&mut text, format_args!("  {continues}"));
        }
    }
    text
}

fn saved(job: &JobView) -> String {
    let picks = job.saves.join(", ");
    match job.leaves_out.as_slice() {
        [] => picks,
        left => format!("{picks}, without {}", left.join(", ")),
    }
}

/// Shows what a job would do.
pub(crate) fn job_plan(plan: &JobPlanView) -> String {
    let mut text = String::new();
    for vm in &plan.vms {
        match &vm.error {
            Some(error) => line(&mut text, format_args!("{}: {}", vm.name, error.title)),
            None => line(&mut text, format_args!("{}", vm.name)),
        }
        for disk in &vm.disks {
            let why = disk.left_out.as_ref().map_or_else(String::new, |why| format!(" – {why}"));
            line(&mut text, format_args!("  {}, {}{why}", disk.label, size(disk.capacity)));
        }
    }
    for left in &plan.left_out {
        line(&mut text, format_args!("not {}: {}", left.name, left.reason));
    }
    for run in &plan.runs {
        let keeps = if run.keeps.is_empty() { "kept by nothing" } else { &run.keeps };
        line(&mut text, format_args!("{}  {keeps}", run.at.to_rfc3339()));
    }
    if let Some(seconds) = plan.needs_seconds {
        let minutes = seconds.div_ceil(60);
        line(&mut text, format_args!("A run needs {} h {} min.", minutes / 60, minutes % 60));
    }
    for warning in &plan.warnings {
        line(&mut text, format_args!("! {}", warning.text));
    }
    text
}

/// Shows rules and schedules to begin with.
pub(crate) fn presets(presets: &PresetsView) -> String {
    let rules = presets.retention.iter().map(|preset| vec![preset.id.clone(), preset.name.clone()]);
    let schedules = presets.schedules.iter();
    let schedules = schedules.map(|preset| vec![preset.id.clone(), preset.name.clone()]);
    let rows: Vec<Vec<String>> = rules.chain(schedules).collect();
    table(&["ID", "NAME"], &rows)
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
