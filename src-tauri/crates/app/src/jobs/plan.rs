//! What a job would do now and in its next runs. Nothing is changed to find out.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use kuramori_engine::JobEvent;
use kuramori_jobs::RunRecord;
use kuramori_jobs::job::{Job, When};
use kuramori_jobs::schedule::{Schedule, worst_gap};
use kuramori_platform::volume::{self, VolumeKind};

use super::members::{self, Member, Members, Servers, is_disk};
use super::{JobWork, all, failed, find, to_job};
use crate::access;
use crate::app::App;
use crate::dto::{
    JobPlanDisk, JobPlanLeftOut, JobPlanRun, JobPlanView, JobPlanVm, JobPlanWarning, PlanJobRequest,
};
use crate::error::AppError;
use crate::messages::{self, PlanFinding as F};

/// How many runs of a job are looked at for what they took.
const RUNS: u32 = 20;
/// How many runs to come are told.
const COMING: usize = 10;
/// VMs that a run works on at once.
const AT_ONCE: u64 = 2;

/// What earlier runs of a VM took.
#[derive(Clone, Copy)]
struct Measured {
    seconds: u64,
    stored: u64,
}

/// Plans a job, or one that is not made yet.
///
/// # Errors
/// [`crate::dto::ErrorCode::JobNotFound`], and what makes no sense about a draft.
pub(crate) async fn plan(app: &App, request: PlanJobRequest) -> Result<JobPlanView, AppError> {
    let (job, others, runs) = app.blocking(move |app| known(app, &request)).await?;
    let work = JobWork::of(&job)?;
    let mut servers = Servers::default();
    let found = members::look_up(app, &work, &mut servers).await;
    let mut findings = doubles(app, &others, &found, &servers);
    app.blocking(move |app| {
        let measured = measured(&runs);
        findings.extend(of_choice(&found));
        findings.extend(of_place(app, &work, &found, &measured));
        findings.extend(of_schedules(app, &job, &work));
        let known: Vec<_> = found.vms.iter().filter_map(|vm| measured.get(&vm.name)).collect();
        let longest = known.iter().map(|m| m.seconds).max();
        let together = known.iter().map(|m| m.seconds).sum::<u64>().div_ceil(AT_ONCE);
        let needs_seconds = longest.map(|longest| longest.max(together));
        let window_seconds = window(&job);
        if let (Some(needs), Some(window)) = (needs_seconds, window_seconds)
            && needs > window
        {
            findings.push(F::Window { needs, window });
        }
        Ok(JobPlanView {
            runs: coming(app, &job),
            needs_seconds,
            measured_vms: u32::try_from(known.len()).unwrap_or(u32::MAX),
            window_seconds,
            warnings: findings.iter().map(|f| warning(f, app)).collect(),
            left_out: left_out(app, &found),
            vms: vms(app, found, &measured),
        })
    })
    .await
}

type KnownJob = (Job, Vec<Job>, Vec<RunRecord>);

fn known(app: &App, request: &PlanJobRequest) -> Result<KnownJob, AppError> {
    let wanted = request.job_id.as_deref();
    let job = match (&request.draft, wanted) {
        (Some(draft), _) => to_job(app, wanted, draft)?,
        (None, Some(wanted)) => find(app, wanted)?,
        (None, None) => return Err(super::draft::wrong("a plan of no job")),
    };
    let others = all(app)?.into_iter().filter(|other| other.id != job.id).collect();
    let runs = app.inner.log.runs_of(job.id, RUNS).map_err(|e| failed(&e))?;
    Ok((job, others, runs))
}

fn warning(finding: &F, app: &App) -> JobPlanWarning {
    let (about, text) = messages::finding(finding, app.language());
    JobPlanWarning { about, text }
}

/// Returns what the newest run that ended well took of each VM, by name.
fn measured(runs: &[RunRecord]) -> HashMap<String, Measured> {
    let mut measured = HashMap::new();
    // Oldest first, so that the newest stays.
    for item in runs.iter().rev().flat_map(|run| &run.items) {
        let well = item.outcome.is_some_and(kuramori_jobs::Outcome::is_success);
        if let (true, Some(began), Some(ended)) = (well, item.started_at, item.ended_at) {
            let seconds = u64::try_from((ended - began).num_seconds()).unwrap_or_default();
            let stored = item.counters.stored;
            measured.insert(item.name.clone(), Measured { seconds, stored });
        }
    }
    measured
}

/// Names VMs that another job saves too.
fn doubles(app: &App, others: &[Job], found: &Members, servers: &Servers) -> Vec<F> {
    let mut findings = Vec::new();
    for other in others {
        let Ok(work) = JobWork::of(other) else { continue };
        // Only servers that this job asks anyway: another one that is away tells nothing about it.
        let theirs = members::look_up_known(app, &work, servers);
        for vm in &found.vms {
            let same = |m: &&Member| m.server_id == vm.server_id && m.reference == vm.reference;
            if theirs.vms.iter().any(|m| same(&m)) {
                findings.push(F::InOtherJob { vm: vm.name.clone(), job: other.name.clone() });
            }
        }
    }
    findings
}

/// What is worth a look about the choice of VMs.
fn of_choice(found: &Members) -> Vec<F> {
    let told = found.told.iter().filter_map(|(_, event)| match event.clone() {
        JobEvent::RuleFitsNothing { rule } => Some(F::FitsNothing { rule }),
        JobEvent::RuleUnknown { rule, reason } => Some(F::Unjudged { rule, why: reason }),
        JobEvent::DiskChoiceGone { vm, disk } => Some(F::DiskGone { vm, disk }),
        _ => None,
    });
    let nothing = (found.vms.is_empty() && found.failed.is_empty()).then_some(F::Nothing);
    told.chain(nothing).collect()
}

/// What is worth a look about the repository. Blocks.
fn of_place(
    app: &App,
    work: &JobWork,
    found: &Members,
    measured: &HashMap<String, Measured>,
) -> Vec<F> {
    let name = |app: &App| {
        let settings = app.inner.settings.get();
        settings.repository(&work.repository).map(|r| r.name.clone()).unwrap_or_default()
    };
    let (entry, _) = match access::repository(app, &work.repository) {
        Ok(opened) => opened,
        Err(error) => {
            let why = error.view(app.language()).title;
            return vec![F::Unreachable { place: name(app), why }];
        }
    };
    let Some(room) = crate::volume::room(&entry.path) else { return Vec::new() };
    // Of a VM that was never saved all may be new.
    let needs: u64 = found
        .vms
        .iter()
        .map(|vm| {
            let all =
                || vm.disks.iter().filter(|d| skipped(vm, d).is_none()).map(|d| d.capacity).sum();
            measured.get(&vm.name).map_or_else(all, |m| m.stored)
        })
        .sum();
    if needs.saturating_add(needs / 5) <= room.free {
        return Vec::new();
    }
    let (free, needs) = (messages::size(room.free), messages::size(needs));
    vec![F::LittleRoom { place: entry.name, free, needs }]
}

/// What is worth a look about when it runs. Blocks.
fn of_schedules(app: &App, job: &Job, work: &JobWork) -> Vec<F> {
    let mut findings = Vec::new();
    for (number, schedule) in (1..).zip(&job.schedules) {
        let why = match &schedule.when {
            When::Time(time) => time.check().err().map(|e| e.to_string()),
            When::Plugged { .. } => {
                let settings = app.inner.settings.get();
                let stays = settings.repository(&work.repository).ok().is_some_and(|entry| {
                    volume::of(&entry.path).is_ok_and(|v| v.kind == VolumeKind::Fixed)
                });
                stays.then(|| "its repository lies on a disk that stays".to_owned())
            }
            When::After { .. } => None,
        };
        findings.extend(why.map(|why| F::NeverDue { number, why }));
    }
    findings.extend(job.rpo_minutes.and_then(|rpo_minutes| {
        let now = app.inner.clock.now();
        let days = i64::from(rpo_minutes / 1440).saturating_mul(3).clamp(60, 400);
        let worst = worst_gap(&times(job), now, now + TimeDelta::days(days));
        let worst_minutes = worst.and_then(|gap| u32::try_from(gap.num_minutes()).ok());
        let kept = worst_minutes.is_some_and(|worst| worst <= rpo_minutes);
        (!kept).then_some(F::Rpo { rpo_minutes, worst_minutes })
    }));
    findings
}

fn times(job: &Job) -> Vec<&Schedule> {
    let mut times = Vec::new();
    for schedule in &job.schedules {
        if let When::Time(time) = &schedule.when {
            times.push(time);
        }
    }
    times
}

/// Returns the length of its shortest window, in seconds.
fn window(job: &Job) -> Option<u64> {
    let windows = times(job).into_iter().filter_map(Schedule::window);
    windows.filter_map(|window| u64::try_from(window.num_seconds()).ok()).min()
}

fn coming(app: &App, job: &Job) -> Vec<JobPlanRun> {
    let now = app.inner.clock.now();
    let from: Option<DateTime<Utc>> = match job.paused {
        None => Some(now),
        Some(paused) => paused.until.map(|until| until.max(now)),
    };
    let Some(from) = from else { return Vec::new() };
    let language = app.language();
    let mut runs = Vec::new();
    for (place, schedule) in (0..).zip(&job.schedules) {
        let When::Time(time) = &schedule.when else { continue };
        let rule = messages::spans(job.spans, language);
        let kept = schedule.keep.map(|keep| messages::kept_for(keep, language));
        let keeps = kept.into_iter().chain(rule).collect::<Vec<_>>().join("; ");
        let mut slot = from;
        for _ in 0..COMING {
            let Some(next) = time.next_slot(slot) else { break };
            runs.push(JobPlanRun { at: next, schedule: place, keeps: keeps.clone() });
            slot = next;
        }
    }
    runs.sort_by_key(|run| run.at);
    runs.truncate(COMING);
    runs
}

/// Says why a disk is not saved.
fn skipped(vm: &Member, disk: &crate::dto::VmDiskView) -> Option<Skip> {
    match &disk.left_out {
        Some(why) => Some(Skip::Obstacle(why.clone())),
        None => vm.leave_out.iter().any(|choice| is_disk(choice, disk)).then_some(Skip::Choice),
    }
}

enum Skip {
    Obstacle(String),
    Choice,
}

fn left_out(app: &App, found: &Members) -> Vec<JobPlanLeftOut> {
    let wish = messages::left_out_by_wish(app.language());
    let wished = found.unwanted.iter().map(|name| (name.clone(), wish.to_owned()));
    let all: BTreeMap<String, String> = found.left_out.iter().cloned().chain(wished).collect();
    all.into_iter().map(|(name, reason)| JobPlanLeftOut { name, reason }).collect()
}

fn vms(app: &App, found: Members, measured: &HashMap<String, Measured>) -> Vec<JobPlanVm> {
    let language = app.language();
    let disk = |vm: &Member, disk: &crate::dto::VmDiskView| JobPlanDisk {
        label: disk.label.clone(),
        capacity: disk.capacity,
        left_out: skipped(vm, disk).map(|skip| match skip {
            Skip::Obstacle(why) => why,
            Skip::Choice => messages::left_out_by_choice(language).to_owned(),
        }),
    };
    let saved = found.vms.iter().map(|vm| JobPlanVm {
        server_id: Some(vm.server_id.clone()),
        name: vm.name.clone(),
        disks: vm.disks.iter().map(|d| disk(vm, d)).collect(),
        last_seconds: measured.get(&vm.name).map(|m| m.seconds),
        error: None,
    });
    let failed = found.failed.iter().map(|(name, error)| JobPlanVm {
        server_id: None,
        name: name.clone(),
        disks: Vec::new(),
        last_seconds: None,
        error: Some(error.view(language)),
    });
    saved.chain(failed).collect()
}
