//! Keeping jobs: what is due begins, what nobody was there for is told, and what the rules do not
//! keep any more goes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use kuramori_base::CancelToken;
use kuramori_engine::{JobEvent, RunEvent};
use kuramori_jobs::job::{Act, Cause, Job, JobState, LastRun, acts};
use kuramori_jobs::{JobId, Level, RunId, ScheduleId};

use super::begin::{self, Asked, broken};
use super::clock::ClockWatch;
use super::reach::{Folders, Plugs, Reach};
use super::{JobWork, all, failed};
use crate::alarms;
use crate::app::App;
use crate::deletion::{Forget, ForgetHow};
use crate::dto::{ErrorCode, RunKind, ScopeView, Topic};
use crate::error::AppError;
use crate::place::Writer;
use crate::retention::OfJob;
use crate::runs::{RunSpec, Start};

/// How often it is looked what is due; sooner when a job or a run changes.
const EVERY: Duration = Duration::from_secs(20);
/// How often where a job waits for a disk.
const OFTEN: Duration = Duration::from_secs(4);

/// What is under way or done already.
#[derive(Clone)]
pub(super) struct Kept {
    /// The run after which each job was cleaned up.
    tidied: Arc<Mutex<HashMap<JobId, RunId>>>,
    /// Held while one is.
    tidying: Arc<tokio::sync::Mutex<()>>,
    /// Jobs whose run is about to begin: servers are asked first, and one may not answer for long.
    beginning: Arc<Mutex<HashSet<JobId>>>,
    /// The clock.
    pub(super) clock: ClockWatch,
    /// Disks that come and go.
    pub(super) plugs: Plugs,
}

impl Kept {
    pub(super) fn new(reach: Arc<dyn Reach>) -> Self {
        Self {
            tidied: Arc::default(),
            tidying: Arc::default(),
            beginning: Arc::default(),
            clock: ClockWatch::default(),
            plugs: Plugs::new(reach),
        }
    }

    /// Returns whether nothing is about to begin, is asked or is cleaned up.
    #[cfg(test)]
    pub(in crate::jobs) fn is_idle(&self) -> bool {
        // Whoever cleans up, or begins, holds a part of this.
        let tidies = Arc::strong_count(&self.tidying) > 1;
        self.beginning().is_empty() && self.plugs.is_idle() && !tidies
    }

    fn tidied(&self) -> MutexGuard<'_, HashMap<JobId, RunId>> {
        self.tidied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn beginning(&self) -> MutexGuard<'_, HashSet<JobId>> {
        self.beginning.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job that is about to begin, until this is dropped.
struct Begins {
    kept: Kept,
    job: JobId,
}

impl Begins {
    fn of(kept: &Kept, job: JobId) -> Self {
        kept.beginning().insert(job);
        Self { kept: kept.clone(), job }
    }
}

impl Drop for Begins {
    fn drop(&mut self) {
        self.kept.beginning().remove(&self.job);
    }
}

impl App {
    /// Begins what is due, deletes what rules do not keep, and raises and ends alarms, for as long as
    /// the program lives.
    pub async fn keep_schedules(&self) {
        tokio::join!(self.keep_jobs(), self.keep_alarms());
    }

    async fn keep_jobs(&self) {
        let mut events = self.subscribe();
        let mut kept = Kept::new(Arc::new(Folders));
        loop {
            let every = self.look_at_jobs(&mut kept).await.unwrap_or_else(|error| {
                tracing::error!(%error, "the jobs could not be looked at");
                EVERY
            });
            let changed = async {
                while let Ok(event) = events.recv().await {
                    if event.topic == Topic::Jobs {
                        break;
                    }
                }
            };
            // Whichever is first; an event missed is made good for by the next look.
            drop(tokio::time::timeout(every, changed).await);
        }
    }

    /// Does what is to be done about jobs now. Returns after how long it is looked again.
    pub(in crate::jobs) async fn look_at_jobs(
        &self,
        kept: &mut Kept,
    ) -> Result<Duration, AppError> {
        // Before what is recorded is read: a run that begins or ends in between counts as live.
        let mut busy: HashSet<JobId> = kept.beginning().clone();
        busy.extend(self.inner.runs.all().iter().filter_map(|run| Some(run.job?.0)));
        let (jobs, handled, last) = self.blocking(known).await?;
        let clock = &self.inner.clock;
        if kept.clock.look(clock.now(), clock.monotonic()) {
            kept.clock.ask(self, &jobs);
        }
        if let (Some(wrong), Some(job)) = (kept.clock.to_tell(), jobs.first()) {
            self.tell_clock(job, wrong).await?;
        }
        let waits_for_disks = kept.plugs.look(self, &jobs);
        for job in &jobs {
            self.tidy_once(job, last.get(&job.id).copied(), kept);
        }
        let state = |job| JobState {
            job,
            handled: &handled,
            running: busy.contains(&job.id),
            last: last.get(&job.id).copied(),
            plugged: kept.plugs.since(job),
        };
        let states: Vec<_> = jobs.iter().map(state).collect();
        for act in acts(&states, self.inner.clock.now()) {
            // What stands in the way of one job keeps no other from its turn.
            if let Err(error) = self.act(&jobs, act, kept).await {
                tracing::error!(%error, causes = ?error.causes, "a job could not be kept");
            }
        }
        Ok(if waits_for_disks { OFTEN } else { EVERY })
    }

    /// A clock that is wrong is told like a run that failed: nothing is deleted meanwhile.
    async fn tell_clock(
        &self,
        job: &Job,
        (server, minutes): (String, i64),
    ) -> Result<(), AppError> {
        let error = AppError::new(ErrorCode::ClockWrong, server)
            .detail(format!("this computer is {minutes} minutes ahead"));
        self.tell_failed(job, error).await
    }

    async fn act(&self, jobs: &[Job], act: Act, kept: &Kept) -> Result<(), AppError> {
        let job = |id| jobs.iter().find(|job: &&Job| job.id == id);
        match act {
            Act::Begin { job: id, cause, slots } => {
                let Some(job) = job(id) else { return Ok(()) };
                self.begin_aside(job.clone(), cause, slots, kept);
                Ok(())
            }
            Act::Pass { job: id, schedule, slot, missed } => {
                let Some(job) = job(id) else { return Ok(()) };
                self.tell_missed(job, slot, missed).await?;
                self.settle(schedule, slot).await
            }
            Act::Settle { schedule, .. } => self.settle(schedule, self.inner.clock.now()).await,
        }
    }

    /// Begins a run without waiting for it: another job does not wait for a server of this one.
    fn begin_aside(
        &self,
        job: Job,
        cause: Cause,
        slots: Vec<(ScheduleId, DateTime<Utc>)>,
        kept: &Kept,
    ) {
        let begins = Begins::of(kept, job.id);
        let app = self.clone();
        drop(tokio::spawn(async move {
            let rest = matches!(cause, Cause::Retry { .. } | Cause::Continued);
            let scope = if rest { ScopeView::Failed } else { ScopeView::All };
            let begun = begin::begin(&app, &job, Asked { cause, slots, scope }).await;
            drop(begins);
            if let Err(error) = begun {
                // An update is put in place: its turn comes.
                let waits = error.code == ErrorCode::UpdateApplying;
                tracing::warn!(%error, waits, job = job.name, "a job could not begin");
            }
        }));
    }

    async fn settle(&self, schedule: ScheduleId, until: DateTime<Utc>) -> Result<(), AppError> {
        let set =
            move |app: &Self| app.inner.log.set_handled(schedule, until).map_err(|e| failed(&e));
        self.blocking(set).await
    }

    /// A slot that passed while nobody was there is told like a run that failed.
    async fn tell_missed(
        &self,
        job: &Job,
        slot: DateTime<Utc>,
        missed: u32,
    ) -> Result<(), AppError> {
        let error = AppError::new(ErrorCode::SlotMissed, &job.name)
            .detail(format!("due at {}, and {missed} times before", slot.to_rfc3339()));
        self.tell_failed(job, error).await
    }

    /// Makes a run of a failure of a job that belongs to none: it is shown and told like any other,
    /// and nothing of it is tried again.
    async fn tell_failed(&self, job: &Job, error: AppError) -> Result<(), AppError> {
        let repository = JobWork::of(job).ok().and_then(|work| {
            let settings = self.inner.settings.get();
            settings.repository(&work.repository).ok().map(|r| r.name.clone())
        });
        let spec = RunSpec {
            job: Some(job.name.clone()),
            ..RunSpec::of(RunKind::Backup, repository.unwrap_or_default())
        };
        let start = Start::of(spec, vec![broken(job.name.clone(), error)]);
        self.blocking(move |app| app.inner.runs.start(start)).await.map(drop)
    }

    /// Deletes what a job's rule does not keep, once after each of its runs that saved something.
    fn tidy_once(&self, job: &Job, last: Option<LastRun>, kept: &Kept) {
        let Some(last) = last.filter(|last| last.saved) else { return };
        if !kept.clock.is_believed() {
            return; // it is done when a server's clock agrees
        }
        if kept.tidied().insert(job.id, last.run) == Some(last.run) {
            return;
        }
        // Giving back space may take long; what is due does not wait for it.
        let (app, job, kept) = (self.clone(), job.clone(), kept.clone());
        drop(tokio::spawn(async move {
            let _turn = kept.tidying.lock().await;
            if !kept.clock.is_believed() {
                // It was set, or the computer slept, while another job was cleaned up.
                kept.tidied().remove(&job.id);
                return;
            }
            let tidied = job.clone();
            let told = app.blocking(move |app| Ok(tidy(app, &tidied))).await;
            let (events, failed) = told.unwrap_or_else(|error| (Vec::new(), Some(error)));
            for event in events {
                tell(&app, last.run, Level::Info, &event);
            }
            let Some(error) = failed else { return };
            let reason = error.to_string();
            let event = RunEvent::Job(JobEvent::TidyFailed { reason });
            tell(&app, last.run, Level::Warning, &event);
            if let Err(error) = app.tell_failed(&job, error).await {
                tracing::error!(%error, "a failure to clean up could not be told");
            }
        }));
    }
}

type Known = (Vec<Job>, BTreeMap<ScheduleId, DateTime<Utc>>, HashMap<JobId, LastRun>);

fn known(app: &App) -> Result<Known, AppError> {
    let (jobs, log) = (all(app)?, &app.inner.log);
    let handled = log.handled().map_err(|e| failed(&e))?;
    let mut last = HashMap::new();
    for job in &jobs {
        last.extend(log.last_run_of(job.id).map_err(|e| failed(&e))?.map(|run| (job.id, run)));
    }
    Ok((jobs, handled, last))
}

/// Moves what the rule of a job does not keep to the recycle bin, and gives back the space of what
/// was in there long enough. Returns what was done, and what stood in the way of the rest. Blocks.
fn tidy(app: &App, job: &Job) -> (Vec<RunEvent>, Option<AppError>) {
    let mut events = Vec::new();
    let failed = tidy_into(app, job, &mut events).err();
    (events, failed)
}

fn tidy_into(app: &App, job: &Job, events: &mut Vec<RunEvent>) -> Result<(), AppError> {
    let work = JobWork::of(job)?;
    let place = app.place(&work.repository)?;
    if let Some(alarm) = app.alarm(&work.repository, &place.name) {
        // Somebody has to look first: what is gone may be needed, what is there may be all there is.
        return Err(alarm);
    }
    // What the last run brought is judged before anything goes, and what is held stays.
    alarms::look_for_unusual(app, &place)?;
    let place = app.place(&work.repository)?;
    let writer = Writer(crate::access::writer(app)?);
    let clock = &*app.inner.clock;
    let rule = Forget::OfJob(OfJob { id: job.id.to_string(), rule: job.retention() });
    let how = ForgetHow { bin: Some(app.recycle_bin()), ..ForgetHow::default() };
    let deleted = place.forget(&rule, how, writer, clock)?;
    if !deleted.points.is_empty() {
        app.inner.events.changed(Topic::Points, None);
        let count = u32::try_from(deleted.points.len()).unwrap_or(u32::MAX);
        events.push(RunEvent::Job(JobEvent::PointsDeleted { count }));
    }
    let pruned = place.prune((false, false), writer, clock, &CancelToken::new())?;
    if pruned.freed > 0 {
        events.push(RunEvent::Job(JobEvent::SpaceFreed { bytes: pruned.freed }));
    }
    Ok(())
}

fn tell(app: &App, run: RunId, level: Level, event: &RunEvent) {
    match serde_json::to_value(event) {
        Ok(json) => {
            if let Err(error) = app.inner.log.append(run, level, None, &json) {
                tracing::error!(%error, "a line of the run log was lost");
            }
        }
        Err(error) => tracing::error!(%error, "a line of the run log was lost"),
    }
    app.inner.events.changed(Topic::Run, Some(run.to_string()));
}
